package view

import (
	"slices"
	"strconv"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// Rows of steps, which runs with iterations have behind those of their trials.

func (v *View) iterates() bool {
	return slices.ContainsFunc(v.Sections, func(sec Section) bool {
		return sec.Scenario.iterates() || slices.ContainsFunc(sec.Scenario.behind(), func(t result.Trial) bool { return t.Unit == result.UnitIteration })
	})
}

// stepNames are the columns that come last where there are steps. In the rows
// of steps, `step` is the path, and all before it is the step's own.
func (v *View) stepNames() []string {
	names := append(append([]string{"unit"}, v.distNames("elapsed")...), "step", "outside", "hops")
	names = append(names, v.distNames("begin")...)
	return append(names, "record", "record_count", "record_min", "record_mean", "record_max",
		"record_p50", "record_p90", "record_p95", "record_p99", "record_p99.9")
}

// Those of a row that are empty.
func (v *View) noDist() []string { return make([]string, len(v.distNames(""))) }
func noRecord() []string         { return make([]string, 10) }

// whole ends the row of a trial, or of a group.
func (v *View) whole(row []string, unit string, elapsed []string) []string {
	if unit != result.UnitIteration {
		elapsed = v.noDist()
	}
	row = append(append(row, result.Noun(unit)), elapsed...)
	return slices.Concat(row, []string{"", "", ""}, v.noDist(), noRecord())
}

// withSteps ends a trial's row, the last one, and adds those of its steps.
func (v *View) withSteps(rows Records, t *result.Trial) (Records, error) {
	last := len(rows) - 1
	if t.Unit != result.UnitIteration {
		rows[last] = v.whole(rows[last], t.Unit, nil)
		return rows, nil
	}
	groups, err := result.Groups([]result.Trial{*t})
	if err != nil {
		return nil, err
	}
	alone := &Group{Group: groups[0]}
	rows[last] = v.whole(rows[last], t.Unit, v.trialFields(elapsed, t, alone))
	sums, err := alone.Steps()
	if err != nil {
		return nil, err
	}
	for i := range sums {
		part := partOf(t, &sums[i])
		row, err := v.trialRecord(part)
		if err != nil {
			return nil, err
		}
		if rows, err = v.withStep(rows, row, &sums[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// withMergedSteps is withSteps for the row of all repetitions.
func (v *View) withMergedSteps(rows Records, g *Group) (Records, error) {
	last := len(rows) - 1
	if g.Unit != result.UnitIteration {
		rows[last] = v.whole(rows[last], g.Unit, nil)
		return rows, nil
	}
	fields, err := v.groupFields(elapsed, g)
	if err != nil {
		return nil, err
	}
	rows[last] = v.whole(rows[last], g.Unit, fields)
	sums, err := g.Steps()
	if err != nil {
		return nil, err
	}
	for i := range sums {
		part := *g
		part.Sum, part.Unit, part.InFlightMean, part.Trials = sums[i].Sum, "", 0, nil
		for _, t := range g.Trials {
			part.Trials = append(part.Trials, partOf(t, &sums[i]))
		}
		part.ThroughputPerS = result.Throughput(part.Trials)
		row, err := v.groupRecord(&part)
		if err != nil {
			return nil, err
		}
		if rows, err = v.withStep(rows, row, &sums[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// partOf is a trial as one of its steps had it.
func partOf(t *result.Trial, of *result.StepSum) *result.Trial {
	part := *t
	part.Measure, part.ThroughputPerS, part.InFlightMean = result.Measure{}, 0, 0
	part.Unit, part.Elapsed, part.ErrorElapsed, part.Steps, part.Completions = "", nil, nil, nil, nil
	part.Monitor = nil // it saw all of them
	for i := range t.Steps {
		if s := &t.Steps[i]; s.Path == of.Path && s.Outside == of.Outside {
			part.Measure, part.ThroughputPerS = s.Measure, s.ThroughputPerS
		}
	}
	return &part
}

// withStep ends a step's row, and adds one for each number that it recorded.
func (v *View) withStep(rows Records, row []string, s *result.StepSum) (Records, error) {
	const identity = 12 // of scenario, mode … kept_pace
	begin, err := result.NewDist(s.Begin)
	if err != nil {
		return nil, err
	}
	took := v.noDist()
	if s.Elapsed != nil {
		d, err := result.NewDist(s.Elapsed)
		if err != nil {
			return nil, err
		}
		took = v.distOf(d, s.Elapsed)
	}
	unit := result.Noun("")
	if s.Kind == "" {
		unit = "block"
	}
	own := append(append([]string{unit}, took...), s.Path, strconv.FormatBool(s.Outside), strconv.FormatInt(s.Hops, 10))
	rows = append(rows, slices.Concat(row, own, v.distOf(begin, s.Begin), noRecord()))
	for _, r := range s.Records {
		d, err := result.NewDist(r.Values)
		if err != nil {
			return nil, err
		}
		empty := slices.Concat(row[:identity], make([]string, len(row)-identity), []string{""}, v.noDist(), []string{s.Path, strconv.FormatBool(s.Outside), ""}, v.noDist())
		rows = append(rows, append(empty, r.Name, strconv.FormatInt(d.Count, 10), exact(d.MinS), exact(d.MeanS), exact(d.MaxS),
			exact(Percentile(r.Values, 50)), exact(Percentile(r.Values, 90)), exact(Percentile(r.Values, 95)), exact(Percentile(r.Values, 99)), exact(Percentile(r.Values, 99.9))))
	}
	return rows, nil
}

// distOf are the figures of a distribution that nobody was given up in.
func (v *View) distOf(d result.Dist, h *latency.Histogram) []string {
	var between []bounds
	if v.confidence {
		between = ranked(h, recordedPercents[:])
	}
	return distFields(d, result.NewTimes(h, nil), between)
}
