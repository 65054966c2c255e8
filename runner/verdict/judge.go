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
func Judge(run *result.Run, thresholds []Threshold, expectations []Expectation) ([]result.Verdict, error) {
	groups, err := result.Groups(run.Trials)
	if err != nil {
		return nil, err
	}
	var verdicts []result.Verdict
	for _, t := range thresholds {
		verdicts = append(verdicts, t.judge(run, groups)...)
	}
	for _, e := range expectations {
		verdicts = append(verdicts, e.judge(run, groups))
	}
	return verdicts, nil
}

const notRun = "it was not run"

func (t Threshold) judge(run *result.Run, groups []result.Group) []result.Verdict {
	var verdicts []result.Verdict
	for i := range groups {
		g := &groups[i]
		if g.Scenario != t.Scenario || t.Mode != "" && g.Mode != t.Mode || t.spares(g, run.Speedups) {
			continue
		}
		measured := measure(g, t.Rule, run.Speedups)
		verdicts = append(verdicts, result.Verdict{
			Scenario: g.Scenario, Mode: g.Mode, Point: g.Sweep,
			Kind: result.KindThreshold, Rule: t.Rule.Text, Limit: t.Rule.Value,
			Measured: measured.value, Reason: measured.missing, Note: measured.note,
			Pass: measured.missing == "" && holds(measured.value, t.Rule.Op, t.Rule.Value),
		})
	}
	if verdicts == nil {
		return []result.Verdict{{
			Scenario: t.Scenario, Mode: t.Mode, Kind: result.KindThreshold, Rule: t.Rule.Text, Limit: t.Rule.Value, Reason: notRun,
		}}
	}
	return verdicts
}

// spares tells whether the group is a baseline that a speedup was asked of
// only because it was asked of every mode.
func (t Threshold) spares(g *result.Group, speedups []result.Speedup) bool {
	if t.Rule.Family != "speedup" || t.Mode != "" {
		return false
	}
	for _, s := range speedups {
		if s.Scenario == g.Scenario && s.Baseline == g.Mode {
			return true
		}
	}
	return false
}

func (e Expectation) judge(run *result.Run, groups []result.Group) result.Verdict {
	v := result.Verdict{
		Scenario: e.Scenario, Mode: e.Mode, Point: e.At, Kind: result.KindExpect, Rule: e.String(),
		Metric: e.Metric, Expected: e.Value, Tolerance: e.Tolerance, Source: e.Source, Reason: notRun,
	}
	if g := find(groups, e.Scenario, e.Mode, e.At); g != nil {
		measured := measure(g, Rule{Family: e.Metric}, run.Speedups)
		v.Measured, v.Reason = measured.value, measured.missing
	}
	v.Pass = v.Reason == "" && math.Abs(v.Measured/e.Value-1) <= e.Tolerance+rounding
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

// holds compares a measured value with a promised one. Values that differ by
// less than a part in 10⁹ are equal: 0.3 % written as 0.003 and 3 failures of
// 1,000 calls are the same, whatever the last bit of their floats says. So of
// <, == and > exactly one always holds, and <= and >= are the unions.
func holds(measured float64, op string, value float64) bool {
	equal := math.Abs(measured-value) <= rounding*max(math.Abs(measured), math.Abs(value))
	switch op {
	case "<":
		return measured < value && !equal
	case "<=":
		return measured < value || equal
	case ">":
		return measured > value && !equal
	case ">=":
		return measured > value || equal
	case "==":
		return equal
	}
	return false
}
