package view

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/runner/result"
)

// Thresholds are drawn beside the figures that they are of, each once; what
// cannot be read as one is no line.
func TestPromisesOfCharts(t *testing.T) {
	run := sample.Failing()
	s := must(t, run)
	modes := s.Modes
	s.verdicts = nil
	add := func(rule string, modes ...string) {
		for _, mode := range modes {
			s.verdicts = append(s.verdicts, &result.Verdict{Scenario: s.Name, Mode: mode, Kind: result.KindThreshold, Rule: rule})
		}
	}
	add("p99 < 200ms", modes...)
	add("all.p99.9 <= 1s", modes[0])
	add("service.max < 5s", modes...)
	add("lateness.p99 < 1ms", modes...)
	add("errors < 1%", modes...)
	add("rate >= 5/2s", modes...)
	add("goodput(200ms) > 300/min", modes...)
	add("makespan < 1m", modes...)
	add("(<", modes...)
	s.verdicts = append(s.verdicts, &result.Verdict{Kind: result.KindExpect, Rule: "makespan 5"})
	for want, figures := range map[string][]string{
		"p99 < 200ms 0.2, " + modes[0] + ": all.p99.9 <= 1s 1":                     {Response},
		"p99 < 200ms 0.2, " + modes[0] + ": all.p99.9 <= 1s 1, service.max < 5s 5": {Response, Service},
		"rate >= 5/2s 2.5, goodput(200ms) > 300/min 5":                             {Rate},
		"makespan < 1m 60": {Makespan},
		"":                 {Speedup},
	} {
		var got []string
		for _, p := range s.Promises(figures...) {
			got = append(got, p.Text+" "+plainScale("").asWritten(p.Limit))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%v: got %q, want %q", figures, got, want)
		}
	}
}

func must(t *testing.T, run *result.Run) *Scenario {
	t.Helper()
	v, err := New(run)
	if err != nil {
		t.Fatal(err)
	}
	return v.Sections[0].Scenario
}

// Where the text says that no law fits, charts get none, and otherwise they
// get the one that the text is about.
func TestChartsGetNoLawThatTheTextRefuses(t *testing.T) {
	run := sample.Published()
	for off, fits := range map[float64]bool{0: true, 0.1: true, 0.11: false, 3: false} {
		for i := range run.Scaling {
			run.Scaling[i].Off = off
		}
		s := must(t, run)
		refused := slices.ContainsFunc(s.scalingSentences(), func(s string) bool { return strings.Contains(strings.ToLower(s), "no law fits") })
		if law := s.Fitting("concurrent"); refused == fits || (law != nil) != fits || fits && law != s.Law("concurrent") {
			t.Errorf("a law that misses by %v: refused in the text: %v, on charts: %v", off, refused, law)
		}
	}
}
