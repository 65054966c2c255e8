package view

import (
	"math"
	"slices"
	"strconv"

	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// Records are the rows of a CSV file, the header first: every figure in full
// precision, in the unit that its column's name ends with, and empty where
// there is none.
type Records [][]string

// SpeedupRecords has a row for each group.
func (v *View) SpeedupRecords() Records {
	records := Records{slices.Concat([]string{"scenario", "mode", "baseline"}, v.placeNames(""), []string{"repetitions", "kept_pace",
		"makespan_s", "throughput_per_s", "speedup", "speedup_low", "speedup_high", "note",
		"published_makespan_s", "published_throughput_per_s", "published_speedup"})}
	for _, sec := range v.Sections {
		for _, g := range sec.Scenario.Groups {
			row := []string{g.Scenario, g.Mode, sec.Scenario.Baseline}
			row = append(row, v.placeFields(g.Sweep)...)
			row = append(row, strconv.Itoa(len(g.Trials)), strconv.FormatBool(g.Health.KeptPace), exact(g.MakespanS), exact(g.ThroughputPerS))
			row = append(row, speedupFields(g, sec.Scenario.Baseline)...)
			for _, metric := range []string{Makespan, Rate, Speedup} {
				expected := math.NaN()
				if e := g.Expected[metric]; e != nil {
					expected = e.Expected
				}
				row = append(row, exact(expected))
			}
			records = append(records, row)
		}
	}
	return records
}

func (v *View) placeFields(p result.Point) []string {
	return v.withVaried([]string{positive(float64(p.Requests)), positive(float64(p.Concurrency)), positive(p.RatePerS)}, p)
}

// withVaried adds what is varied, where a scenario varies something.
func (v *View) withVaried(fields []string, p result.Point) []string {
	if v.varies() {
		return append(fields, p.Vary)
	}
	return fields
}

// placeNames are the columns of placeFields.
func (v *View) placeNames(prefix string) []string {
	names := []string{prefix + "requests", prefix + "concurrency", prefix + "rate_per_s"}
	if v.varies() {
		names = append(names, prefix+"vary")
	}
	return names
}

func (v *View) varies() bool {
	return slices.ContainsFunc(v.Sections, func(sec Section) bool {
		return slices.ContainsFunc(sec.Scenario.Places, func(p result.Point) bool { return p.Vary != "" })
	})
}

func speedupFields(g *Group, baseline string) []string {
	switch {
	case g.Speedup != nil && hasInterval(g):
		return []string{exact(g.Measured(Speedup)), exact(g.Speedup.Low), exact(g.Speedup.High), g.Speedup.Note}
	case g.Speedup != nil:
		return []string{exact(g.Measured(Speedup)), "", "", g.Speedup.Note}
	case g.Mode == baseline:
		return []string{"1", "", "", "baseline"}
	}
	return []string{"", "", "", ""}
}

// merged stands for the repetition in the row of all repetitions together.
const merged = "merged"

// recorded are the distributions of a row, in its order, by their names in
// run.json, and the percentiles of each.
var (
	recorded = [...]struct {
		name string
		family
	}{{"response", response}, {"service", service}, {"error_response", failure}, {"cancelled_response", givenUpCalls}, {"held", held}, {"lateness", lateness}}
	recordedPercents = [...]float64{50, 90, 95, 99, 99.9}
)

// LatencyRecords has a row for each trial and, after them, one for all
// repetitions of the group merged. A percentile that the calls do not support
// is empty. What went on in the background of the group has its rows behind them.
// Where confidence is asked for, each is followed by its interval:
// of a trial by the ranks of its calls, of the group as its tables have it.
func (v *View) LatencyRecords() (Records, error) {
	header := []string{"scenario", "mode", "target", "clock", "engine", "requests", "duration_s", "concurrency", "rate_per_s"}
	if v.varies() {
		header = append(header, "vary")
	}
	header = append(header, "repeat", "ended", "kept_pace", "makespan_s", "throughput_per_s", "in_flight_mean",
		"scheduled", "started", "dropped", "held_calls", "ok", "errors", "cancelled", "generator", "attempts", "resent")
	for _, r := range recorded {
		header = append(header, v.distNames(r.name)...)
	}
	if v.streams() {
		header = append(header, v.streamNames()...)
	}
	if v.completes() {
		header = append(header, completionNames()...)
	}
	if v.queues() {
		header = append(header, queueNames()...)
	}
	header = append(header, v.watchedNames()...)
	if v.iterates() {
		header = append(header, v.stepNames()...)
	}
	background := slices.ContainsFunc(v.Sections, func(sec Section) bool { return len(sec.Scenario.behind()) > 0 })
	if background {
		header = append(header, v.besideNames()...)
	}
	records := Records{header}
	for _, sec := range v.Sections {
		for _, g := range sec.Scenario.Groups {
			rows, err := v.groupRecords(g)
			if err == nil && background {
				rows, err = v.withBeside(rows, g)
			}
			if err != nil {
				return nil, err
			}
			records = append(records, rows...)
		}
	}
	return records, nil
}

// distNames are the columns of a distribution.
func (v *View) distNames(of string) (names []string) {
	for _, figure := range []string{"count", "min_s", "mean_s", "stddev_s", "max_s"} {
		names = append(names, of+"_"+figure)
	}
	for _, p := range recordedPercents {
		name := of + "_" + percentileName(p)
		names = append(names, name+"_s")
		if v.confidence {
			names = append(names, name+"_low_s", name+"_high_s")
		}
	}
	return names
}

// groupRecords are the rows of a group: its trials' and the merged one, each
// with those of its steps behind it.
func (v *View) groupRecords(g *Group) (rows Records, err error) {
	for _, t := range g.all() {
		row, err := v.trialRecord(t)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
		if v.iterates() {
			if rows, err = v.withSteps(rows, t); err != nil {
				return nil, err
			}
		}
	}
	row, err := v.groupRecord(g)
	if err != nil {
		return nil, err
	}
	rows = append(rows, row)
	if v.iterates() {
		return v.withMergedSteps(rows, g)
	}
	return rows, nil
}

func (v *View) trialRecord(t *result.Trial) ([]string, error) {
	row := v.withVaried([]string{t.Scenario, t.Mode, t.Target, t.Clock, t.Engine,
		positive(float64(t.Requests)), positive(t.DurationS), positive(float64(t.Concurrency)), positive(t.RatePerS)}, t.Sweep)
	row = append(row, strconv.Itoa(t.Repeat+1), string(t.Ended), strconv.FormatBool(t.Health.KeptPace),
		exact(t.MakespanS), exact(t.ThroughputPerS), exact(t.InFlightMean))
	row = append(row, countFields(t.Scheduled, t.Started, t.Dropped, t.HeldCalls, t.OK, t.Failed(), t.Cancelled, t.Lacking(), t.Attempts, t.Resent)...)
	groups, err := result.Groups([]result.Trial{*t})
	if err != nil {
		return nil, err
	}
	alone := &Group{Group: groups[0]}
	for _, r := range recorded {
		row = append(row, v.trialFields(r.family, t, alone)...)
	}
	return v.withKinds(row, alone, func(f family) ([]string, error) { return v.trialFields(f, t, alone), nil })
}

// trialFields are the figures of one of a trial's distributions, which is all
// there is of the group.
func (v *View) trialFields(f family, t *result.Trial, alone *Group) []string {
	var between []bounds
	if v.confidence {
		between = ranked(f.of(alone), recordedPercents[:])
	}
	return distFields(*f.dist(t), f.times(alone), between)
}

func (v *View) groupRecord(g *Group) ([]string, error) {
	row := v.withVaried([]string{g.Scenario, g.Mode, g.Target, g.Clock, g.Engine,
		positive(float64(g.Requests)), positive(g.DurationS), positive(float64(g.Concurrency)), positive(g.RatePerS)}, g.Sweep)
	row = append(row, merged, "", strconv.FormatBool(g.Health.KeptPace),
		exact(g.MakespanS), exact(g.ThroughputPerS), exact(g.InFlightMean))
	row = append(row, countFields(g.Scheduled, g.Started, g.Dropped, g.HeldCalls, g.OK, g.Failed, g.Cancelled, g.Lacking, g.Attempts, g.Resent)...)
	for _, r := range recorded {
		fields, err := v.groupFields(r.family, g)
		if err != nil {
			return nil, err
		}
		row = append(row, fields...)
	}
	return v.withKinds(row, g, func(f family) ([]string, error) { return v.groupFields(f, g) })
}

// withKinds adds to a row what only runs with streams, with batches or with queues have.
func (v *View) withKinds(row []string, g *Group, times func(family) ([]string, error)) ([]string, error) {
	if v.streams() {
		fields, err := v.streamFields(g, times)
		if err != nil {
			return nil, err
		}
		row = append(row, fields...)
	}
	if v.completes() {
		row = append(row, completionFields(g)...)
	}
	if v.queues() {
		row = append(row, queueFields(g)...)
	}
	return append(row, v.watchedFields(g)...), nil
}

func (v *View) groupFields(f family, g *Group) ([]string, error) {
	d, err := result.NewDist(f.of(g))
	if err != nil {
		return nil, err
	}
	var between []bounds
	if v.confidence {
		between, _ = g.intervals(f, recordedPercents[:])
	}
	return distFields(d, f.times(g), between), nil
}

func countFields(counts ...int64) []string {
	fields := make([]string, len(counts))
	for i, n := range counts {
		fields[i] = strconv.FormatInt(n, 10)
	}
	return fields
}

// distFields are the figures of a distribution, in the header's order, and its
// percentiles' intervals, if there are any.
func distFields(d result.Dist, times result.Times, between []bounds) []string {
	none := func(figure float64) float64 {
		if times.Count() == 0 {
			return math.NaN()
		}
		return figure
	}
	stddev := d.StddevS
	if times.GivenUp != nil {
		stddev = math.NaN()
	}
	fields := append(countFields(d.Count), boundField(none(d.MinS), times.Min()), boundField(none(d.MeanS), times.Mean()),
		exact(none(stddev)), boundField(none(d.MaxS), times.Max()))
	for i, figure := range []float64{d.P50S, d.P90S, d.P95S, d.P99S, d.P999S} {
		if !statistics.Supports(times.Count(), recordedPercents[i]/100) {
			figure = math.NaN()
		}
		f := times.Quantile(recordedPercents[i])
		if times.GivenUp != nil && !math.IsNaN(figure) {
			figure = f.Least.High // of another rank than among the successes
		}
		fields = append(fields, boundField(figure, f))
		if between != nil {
			fields = append(fields, exact(between[i].low), exact(between[i].high))
		}
	}
	return fields
}

// exact prints a number so that it reads back the same; "" where there is
// none.
func exact(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// positive prints what is left out of the scenario file where it is 0.
func positive(v float64) string {
	if v == 0 {
		return ""
	}
	return exact(v)
}
