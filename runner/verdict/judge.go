package verdict

import (
	"fmt"
	"math"
	"time"

	"plimsoll/runner/result"
	"plimsoll/target/quantity"
)

// Threshold is a promise about one scenario; Mode "" makes it for every mode.
type Threshold struct {
	Scenario, Mode string
	Rule           Rule
	Watch          Watch
}

// Expectation is one published figure to reproduce.
type Expectation struct {
	Scenario, Mode string
	At             result.Point
	Metric         string  // "makespan" (seconds), "rate" (per second) or "speedup"
	Value          float64 // above 0
	Tolerance      float64 // a share of 1
	Source         string
}

// Judge gives the verdicts, in the order of the promises: for each threshold
// one per mode and sweep value, on merged repetitions, then one for each
// expectation. The run's speedups must have been filled in. A promise about
// something that was not run, or without anything measured, is broken, and
// the verdict's reason says so: silence never passes.
//
// A threshold on `speedup` for every mode is not asked of the baseline.
//
// Unless failing calls are expected of a mode, each of its trials must have a
// success, and what failing makes fast, makespans, speedups and published
// figures, is judged only where hardly any failed. They are expected where a
// threshold names `errors`, and in the scenarios that mayFail names (nil: in
// none).
func Judge(run *result.Run, thresholds []Threshold, expectations []Expectation, mayFail func(scenario string) bool) ([]result.Verdict, error) {
	groups, err := result.Groups(run.Trials)
	if err != nil {
		return nil, err
	}
	j := judge{run: run, groups: groups, thresholds: thresholds, mayFail: mayFail}
	var verdicts []result.Verdict
	for _, t := range thresholds {
		judged, err := t.judge(j)
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, judged...)
	}
	verdicts = append(verdicts, j.successes()...)
	for _, e := range expectations {
		verdicts = append(verdicts, e.judge(j))
	}
	return verdicts, nil
}

// judge is what a promise is judged by.
type judge struct {
	run        *result.Run
	groups     []result.Group
	thresholds []Threshold
	mayFail    func(scenario string) bool
}

const notRun = "it was not run"

func (t Threshold) judge(j judge) ([]result.Verdict, error) {
	var verdicts []result.Verdict
	for i := range j.groups {
		g := &j.groups[i]
		if !t.isOn(g) || t.spares(g, j.run.Speedups) {
			continue
		}
		measured, at, err := j.watched(g, t)
		if err != nil {
			return nil, err
		}
		v := t.verdict(g.Mode, measured.missing)
		v.Point, v.WorstAtS, v.Note = g.Sweep, at, measured.note
		v.Measured, v.AtLeast = Shown(measured.Figure, t.Rule.Value), measured.atLeast || atLeast(measured.Figure)
		v.Pass = measured.missing == "" && !measured.broken && !g.Partial && Keeps(measured.Figure, t.Rule.Op, t.Rule.Value)
		verdicts = append(verdicts, v)
	}
	if verdicts == nil {
		return []result.Verdict{t.verdict(t.Mode, notRun)}, nil
	}
	return verdicts, nil
}

// verdict is one on a mode, without what was measured.
func (t Threshold) verdict(mode, reason string) result.Verdict {
	looks := t.Watch.looks()
	return result.Verdict{
		Scenario: t.Scenario, Mode: mode, Kind: result.KindThreshold, Step: t.Rule.Step, Rule: t.Rule.Text, Limit: t.Rule.Value,
		OverS: looks.OverS, AfterS: looks.AfterS, Stop: looks.Stop, Reason: reason,
	}
}

// isOn tells whether the threshold is a promise of the group's.
func (t Threshold) isOn(g *result.Group) bool {
	return g.Scenario == t.Scenario && (t.Mode == "" || g.Mode == t.Mode)
}

// spares tells whether what was asked of every mode cannot be asked of the
// group's: a speedup of the baseline, a queue's length of a mode without one.
func (t Threshold) spares(g *result.Group, speedups []result.Speedup) bool {
	switch {
	case t.Mode != "":
		return false
	case t.Rule.OfQueues():
		return g.Queue == nil && !g.Partial
	case t.Rule.Family != "speedup":
		return false
	}
	for _, s := range speedups {
		if s.Scenario == g.Scenario && s.Baseline == g.Mode {
			return true
		}
	}
	return false
}

func (e Expectation) judge(j judge) result.Verdict {
	v := result.Verdict{
		Scenario: e.Scenario, Mode: e.Mode, Point: e.At, Kind: result.KindExpect, Rule: e.String(),
		Metric: e.Metric, Expected: e.Value, Tolerance: e.Tolerance, Source: e.Source, Reason: notRun,
	}
	g := find(j.groups, e.Scenario, e.Mode, e.At)
	if g != nil {
		measured := j.published(g, Rule{Family: e.Metric})
		v.Measured, v.Reason, v.Note = Shown(measured.Figure, math.NaN()), measured.missing, measured.note
	}
	v.Pass = v.Reason == "" && !g.Partial && math.Abs(v.Measured/e.Value-1) <= e.Tolerance+rounding
	return v
}

// String is the expectation as a rule: "makespan = 5.2s ± 5% (source)".
func (e Expectation) String() string {
	text := fmt.Sprintf("%s = %s ± %.4g%%", e.Metric, e.figure(), 100*e.Tolerance)
	if e.Source != "" {
		text += " (" + e.Source + ")"
	}
	return text
}

// figure prints the published value in its unit, seconds as a table has them
// (104.5s and not 1m44.5s).
func (e Expectation) figure() string {
	switch {
	case e.Metric == "rate":
		return fmt.Sprintf("%.10g/s", e.Value)
	case e.Metric == "makespan" && e.Value < 1:
		return quantity.Duration(time.Duration(math.Round(e.Value * 1e9)))
	case e.Metric == "makespan":
		return fmt.Sprintf("%.10gs", e.Value)
	}
	return fmt.Sprintf("%.10g", e.Value)
}

// rounding is the relative difference below which two values are the same.
const rounding = 1e-9

// same tells whether two values differ by no more than rounding.
func same(a, b float64) bool {
	return a == b || math.Abs(a-b) <= rounding*max(math.Abs(a), math.Abs(b)) && !math.IsInf(a, 0)
}

// Keeps tells whether a figure keeps a promise, whatever the calls that were
// given up would have taken: an upper limit holds by the most that it may be, a
// lower one by the least.
func Keeps(f result.Figure, op string, limit float64) bool {
	switch op {
	case "<", "<=":
		return holds(f.Most, op, limit)
	case ">", ">=":
		return holds(f.Least, op, limit)
	}
	return holds(f.Least, op, limit) && holds(f.Most, op, limit)
}

// Shown is what a figure is told as: the least that it may be, and its limit
// where at the histogram's resolution it is that. What has no bound is 0, and
// its note says so.
func Shown(f result.Figure, limit float64) float64 {
	switch {
	case holds(f.Least, "==", limit):
		return limit
	case math.IsInf(f.Least.High, 1):
		return 0
	}
	return f.Least.High
}

// atLeast tells whether a figure may be more than it is told as, so that one
// can see it in four digits.
func atLeast(f result.Figure) bool {
	return math.IsInf(f.Least.High, 1) || fmt.Sprintf("%.4g", f.Least.High) != fmt.Sprintf("%.4g", f.Most.High)
}

// holds compares a measured value with a promised one. A percentile is known to
// its bucket: what is in it is equal. So are values that differ by less than a
// part in 10⁹: 0.3 % written as 0.003 and 3 failures of 1,000 calls are the
// same, whatever the last bit of their floats says. So of <, == and > exactly
// one always holds, and <= and >= are the unions.
func holds(measured result.Span, op string, value float64) bool {
	equal := measured.Low <= value && value <= measured.High || same(measured.Low, value) || same(measured.High, value)
	switch op {
	case "<":
		return measured.High < value && !equal
	case "<=":
		return measured.High < value || equal
	case ">":
		return measured.Low > value && !equal
	case ">=":
		return measured.Low > value || equal
	case "==":
		return equal
	}
	return false
}
