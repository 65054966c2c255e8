package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// The halves of an entry: what their scenarios' names begin with.
var halves = []string{"simulated", "real"}

// part is what one row has of one half: all repetitions of a mode at one place,
// or of one step of it.
type part struct {
	run    *result.Run
	trials []*result.Trial
	of     []*result.Measure
}

// figure is what a table of the gallery's page shows of each half.
type figure struct {
	title string
	of    func(p, baseline part) string
}

var figureOf = map[string]figure{
	"makespan":      {"makespan (s)", func(p, _ part) string { return digits(p.mean(makespanOf)) }},
	"speedup":       {"speedup", speedupOf},
	"own":           {"by Python's clock (s)", func(p, _ part) string { return digits(p.mean(own)) }},
	"own-ratio":     {"speedup by Python's clock", ownRatio},
	"rate":          {"throughput (/s)", func(p, _ part) string { return digits(p.trials[0].ThroughputPerS) }},
	"calls":         {"calls", func(p, _ part) string { return whole(p.of[0].Started) }},
	"ok":            {"ok", func(p, _ part) string { return whole(p.of[0].OK) }},
	"errors":        {"errors", func(p, _ part) string { return whole(p.of[0].Failed()) }},
	"cancelled":     {"cancelled", func(p, _ part) string { return whole(p.of[0].Cancelled) }},
	"classes":       {"errors by class", func(p, _ part) string { return classes(p.of[0]) }},
	"max":           {"longest (s)", func(p, _ part) string { return digits(max(p.of[0].Response.MaxS, p.of[0].ErrorResponse.MaxS)) }},
	"median":        {"median (s)", func(p, _ part) string { return digits(p.of[0].Response.P50S) }},
	"first":         {"first event or row (s)", func(p, _ part) string { return digits(firstOf(p.of[0])) }},
	"memory":        {"memory (MB)", func(p, _ part) string { return digits(memoryOf(p.trials[0])) }},
	"pages":         {"pages", func(p, _ part) string { return whole(p.trials[0].Crawl.Pages) }},
	"first-answer":  {"first (s)", func(p, _ part) string { return reached(curve(p).FirstS) }},
	"half":          {"half (s)", func(p, _ part) string { return reached(curve(p).HalfS) }},
	"last":          {"last (s)", func(p, _ part) string { return reached(curve(p).LastS) }},
	"first-ordered": {"in order, first (s)", func(p, _ part) string { return reached(p.trials[0].Completions.InOrder.FirstS) }},
	"half-ordered":  {"in order, half (s)", func(p, _ part) string { return reached(p.trials[0].Completions.InOrder.HalfS) }},
	"queue":         {"items that wait, mean", func(p, _ part) string { return digits(p.trials[0].Queue.LengthMean) }},
	"blocked":       {"producers blocked (s)", func(p, _ part) string { return digits(p.trials[0].Queue.BlockedS) }},
	"busy":          {"consumers busy (%)", func(p, _ part) string { return digits(100 * p.trials[0].Queue.ConsumersBusy) }},
}

func makespanOf(t *result.Trial) float64 { return t.MakespanS }

// own is the time that a program took by its own clock.
func own(t *result.Trial) float64 {
	for _, s := range t.Steps {
		if d, kept := s.Records["working_ms"]; kept {
			return d.MeanS / 1000
		}
	}
	return 0
}

func memoryOf(t *result.Trial) float64 {
	for _, s := range t.Steps {
		if s.Memory.Count > 0 {
			return s.Memory.MaxS * 1000 // as if a byte were a nanosecond
		}
	}
	return 0
}

func firstOf(m *result.Measure) float64 {
	return cmp.Or(m.Phases[result.FirstEvent].P50S, m.Phases["first_row"].P50S)
}

func classes(m *result.Measure) string {
	var list []string
	for class, e := range m.Errors {
		list = append(list, fmt.Sprintf("%d %s", e.Count, class))
	}
	slices.Sort(list)
	return cmp.Or(strings.Join(list, ", "), "–")
}

func curve(p part) result.Curve { return p.trials[0].Completions.Curve }

// reached is a time of a curve, which may never have come.
func reached(at *float64) string {
	if at == nil {
		return ""
	}
	return digits(*at)
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// digits are three digits, or as many as there are before the point.
func digits(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// without is the mean of a figure over repetitions, without one of them.
func (p part) without(of func(*result.Trial) float64, left int) float64 {
	sum, n := 0.0, 0
	for i, t := range p.trials {
		if i != left {
			sum, n = sum+of(t), n+1
		}
	}
	return sum / float64(n)
}

func (p part) mean(of func(*result.Trial) float64) float64 { return p.without(of, statistics.None) }

// speedupOf is what the run says of it.
func speedupOf(p, baseline part) string {
	t := p.trials[0]
	for _, s := range p.run.Speedups {
		if s.Scenario == t.Scenario && s.Mode == t.Mode && s.Point == t.Sweep {
			return interval(s.Ratio, s.Low, s.High)
		}
	}
	if t.Mode == baseline.trials[0].Mode {
		return "1"
	}
	return "–"
}

// ownRatio is the speedup by the clocks of the programs themselves.
func ownRatio(p, baseline part) string {
	if p.trials[0].Mode == baseline.trials[0].Mode {
		return "1"
	}
	over := func(left int) float64 { return baseline.without(own, left) }
	under := func(left int) float64 { return p.without(own, left) }
	e, err := statistics.PairedRatio(len(p.trials), over, under)
	if err != nil {
		return digits(over(statistics.None) / under(statistics.None))
	}
	return interval(e.Value, e.Low, e.High)
}

func interval(value, low, high float64) string {
	if low == 0 && high == 0 {
		return digits(value)
	}
	return fmt.Sprintf("%s (%s … %s)", digits(value), digits(low), digits(high))
}

// rowsOf are the rows of a half, by their labels, in the order of the run.
func rowsOf(run *result.Run, half string, steps bool) (labels []string, rows map[string]part) {
	rows = map[string]part{}
	add := func(label string, t *result.Trial, m *result.Measure) {
		p, known := rows[label]
		if !known {
			labels = append(labels, label)
		}
		rows[label] = part{run, append(p.trials, t), append(p.of, m)}
	}
	for i := range run.Trials {
		t := &run.Trials[i]
		if !strings.HasPrefix(t.Scenario, half) {
			continue
		}
		label := labelOf(run, t, half)
		if !steps {
			add(label, t, &t.Measure)
			continue
		}
		for j := range t.Steps {
			add(label+", "+t.Steps[j].Path, t, &t.Steps[j].Measure)
		}
	}
	return labels, rows
}

// labelOf names a row: what its scenario is called behind the half's name, the
// place in a sweep, the mode.
func labelOf(run *result.Run, t *result.Trial, half string) string {
	words := []string{strings.TrimPrefix(strings.TrimPrefix(t.Scenario, half), "-")}
	for _, other := range run.Trials {
		if other.Scenario == t.Scenario && other.Sweep != t.Sweep {
			_, value, _ := t.Sweep.Varied()
			words = append(words, cmp.Or(value, strconv.Itoa(t.Sweep.Requests)))
			break
		}
	}
	words = slices.DeleteFunc(append(words, t.Mode), func(w string) bool { return w == "" })
	return strings.Join(words, ", ")
}

// baselineOf is the first mode of the same scenario at the same place.
func baselineOf(rows map[string]part, p part) part {
	first := p
	for _, other := range rows {
		t := other.trials[0]
		if t.Scenario == p.trials[0].Scenario && t.Sweep == p.trials[0].Sweep && before(p.run, t, first.trials[0]) {
			first = other
		}
	}
	return first
}

// before tells whether a trial stands before another one in its run.
func before(run *result.Run, t, other *result.Trial) bool {
	for i := range run.Trials {
		switch &run.Trials[i] {
		case t:
			return t != other
		case other:
			return false
		}
	}
	return false
}

// published is what a source expects of a row, where it does.
func published(rows map[string]part, label, metric, source string) string {
	p, there := rows[label]
	if !there {
		return ""
	}
	t := p.trials[0]
	for _, v := range p.run.Verdicts {
		if v.Kind == result.KindExpect && v.Metric == metric && v.Scenario == t.Scenario && v.Mode == t.Mode && v.Point == t.Sweep && strings.HasPrefix(v.Source, source) {
			return strconv.FormatFloat(v.Expected, 'g', -1, 64)
		}
	}
	return ""
}
