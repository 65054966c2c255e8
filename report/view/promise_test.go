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
	s.verdicts = append(s.verdicts, &result.Verdict{Kind: result.KindExpect, Rule: "makespan 5"},
		&result.Verdict{Kind: result.KindThreshold, Step: "pay", Rule: "p99 < 100ms"}) // the charts are of iterations
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

// A promise on a step is told with the step, and in its own unit.
func TestPromisesOnStepsNameThem(t *testing.T) {
	s := must(t, sample.Failing())
	mode, at := s.Modes[0], s.Places[0]
	for _, c := range []struct {
		step, rule      string
		measured, limit float64
		told            string
	}{
		{"buy/pay", "p99 < 300ms", 0.4, 0.3, "buy/pay: p99 of " + mode + " 400.0 ms, 33 % above 300 ms"},
		{"pay", "errors < 1%", 0.02, 0.01, "pay: errors of " + mode + " 2.000 %, 100 % above 1 %"},
		{"pay", "rate > 5/s", 4, 5, "pay: rate of " + mode + " 4.000/s, 20 % below 5/s"},
		{"pay", "record.cost.p95 < 250", 300, 250, "pay: record.cost.p95 of " + mode + " 300.0, 20 % above 250"},
		{"GET /a=1<2", "service.max < 1s", 2, 1, "GET /a=1<2: service.max of " + mode + " 2.000 s, 100 % above 1 s"},
		{"", "elapsed.p95 < 5s", 6, 5, "elapsed.p95 of " + mode + " 6.000 s, 20 % above 5 s"},
		{"", "elapsed.mean < 5s", 6, 5, "elapsed.mean of " + mode + " 6.000 s, 20 % above 5 s"},
		{"", "calls.errors.check < 1%", 0.02, 0.01, "calls.errors.check of " + mode + " 2.000 %, 100 % above 1 %"},
		{"", "calls.rate > 5/s", 4, 5, "calls.rate of " + mode + " 4.000/s, 20 % below 5/s"},
	} {
		v := &result.Verdict{Scenario: s.Name, Mode: mode, Point: at, Kind: result.KindThreshold, Step: c.step, Rule: c.rule, Measured: c.measured, Limit: c.limit}
		if got := s.marginOf(v); got != c.told {
			t.Errorf("%q, want %q", got, c.told)
		}
		s.verdicts = []*result.Verdict{v}
		whole := c.rule
		if c.step != "" {
			whole = c.step + ": " + c.rule
		}
		table := s.verdictTable()
		rule := slices.IndexFunc(table.Columns, func(c Column) bool { return c.Name == "rule" })
		if got := table.Rows[0][rule].Text; got != whole {
			t.Errorf("the table has %q, want %q", got, whole)
		}
		if got := s.check(v, true).Name; !strings.HasSuffix(got, whole) {
			t.Errorf("the test case is called %q, want %q at its end", got, whole)
		}
	}
}

// Two promises of one rule, on different steps, are two along a sweep.
func TestLimitsOfSteps(t *testing.T) {
	s := must(t, sample.Published())
	mode := s.Modes[0]
	s.verdicts = nil
	for i, at := range s.Places {
		for step, pass := range map[string]bool{"pay": i < 1, "find": true} {
			s.verdicts = append(s.verdicts, &result.Verdict{Scenario: s.Name, Mode: mode, Point: at, Kind: result.KindThreshold, Step: step, Rule: "p99 < 1s", Pass: pass})
		}
	}
	told := strings.Join(s.limits(), "; ")
	if !strings.Contains(told, "find: p99 < 1s holds all the way") || !strings.Contains(told, "pay: p99 < 1s holds up to") {
		t.Error(told)
	}
}

func TestPromiseNames(t *testing.T) {
	for by, want := range map[string]string{
		"p99 < 200ms": "p99", "errors <= 0.1%": "errors", "buy/pay: p99.9<=2s": "buy/pay: p99.9", "GET /x?a=1: max < 1s": "GET /x?a=1: max", "max_in_flight": "max_in_flight",
	} {
		if got := promiseName(by); got != want {
			t.Errorf("%q is called %q, want %q", by, got, want)
		}
	}
}
