package view

import (
	"testing"

	"plimsoll/report/sample"
	"plimsoll/runner/result"
)

// Steps are shown at the last place of a sweep, and of a search at the highest
// load that it says is borne.
func TestWhereStepsAreShown(t *testing.T) {
	var places []result.Point
	for _, rate := range []float64{100, 200, 300, 400} {
		places = append(places, result.Point{RatePerS: rate})
	}
	for _, c := range []struct {
		searched bool
		value    float64
		want     float64
	}{{false, 0, 400}, {true, 0, 400}, {true, 299, 200}, {true, 300, 300}, {true, 999, 400}, {true, 50, 100}} {
		s := &Scenario{Places: places}
		if c.searched {
			s.Capacity = &searched{&result.Capacity{Value: c.value}, "iteration"}
		}
		if got := s.closer(); got.RatePerS != c.want {
			t.Errorf("%+v: at %v", c, got.RatePerS)
		}
	}
}

// A search of iterations has their steps too, and loads in their unit.
func TestSearchesOfIterations(t *testing.T) {
	run := sample.Journey()
	run.Trials = run.Trials[:2]
	run.Verdicts = nil
	for i := range run.Trials {
		run.Trials[i].Mode = "rate-limited"
		run.Trials[i].Sweep = result.Point{RatePerS: run.Trials[i].RatePerS}
	}
	run.Capacities = []result.Capacity{{Scenario: "saturday", Mode: "rate-limited", Find: result.FindRate, Bound: result.Found, Value: 12, Low: 11, High: 13, Most: 24,
		Steps: []result.CapacityStep{{Level: 10, Verdict: result.Pass, P50S: 0.1, P99S: 0.4, ThroughputPerS: 9.8}, {Level: 40, Verdict: result.Fail, Reason: "p99 < 500ms", P50S: 0.2, P99S: 0.9, ThroughputPerS: 38}}}}
	v, err := New(run)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := v.Answer[0].Text, "saturday: capacity 12 it/s (11 … 13)"; got != want {
		t.Errorf("says %q, want %q", got, want)
	}
	var titles []string
	for _, table := range v.Sections[0].Tables {
		titles = append(titles, table.Title)
	}
	if len(titles) < 4 || titles[0] != "Steps" || titles[1] != "Steps of iterations at 10/s" {
		t.Errorf("tables are %q", titles)
	}
}

// A step of enter and one of iterations may have one path, and are two.
func TestPartsAreTheirOwn(t *testing.T) {
	trial := sample.Journey().Trials[0]
	inside := trial.Steps[0]
	inside.Outside, inside.Measure = false, trial.Steps[1].Measure
	trial.Steps = append(trial.Steps, inside)
	for _, s := range []*result.Step{&trial.Steps[0], &inside} {
		if got := partOf(&trial, &result.StepSum{Path: s.Path, Outside: s.Outside}); got.OK != s.OK || got.Unit != "" || got.Steps != nil {
			t.Errorf("outside %v: %d ok, want %d", s.Outside, got.OK, s.OK)
		}
	}
}
