package verdict

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// fruitlessTrial has calls, and no success.
func fruitlessTrial(mode string, repeat int) trial {
	return trial{mode: mode, repeat: repeat, makespan: ms, errors: map[string][]time.Duration{"connect": times(4, ms)}}
}

// A trial in which nothing succeeded fails also where nothing was promised, and
// what failing makes fast is not judged, unless failing calls are expected.
func TestNothingSucceeded(t *testing.T) {
	errors := Rule{Text: "errors <= 100%", Family: "errors", Op: "<=", Value: 1}
	ofClass := Rule{Text: "errors.timeout < 1%", Family: "errors", Class: "timeout", Op: "<", Value: 0.01}
	fruitful := trial{mode: "base", makespan: ms, ok: times(1, ms), errors: map[string][]time.Duration{"connect": times(300, ms)}}
	second := fruitful
	second.repeat = 1
	for _, c := range []struct {
		name       string
		trials     []trial
		thresholds []Threshold
		mayFail    bool
		fails      []string // the modes that are told to have failed
	}{
		{"nothing promised", []trial{fruitlessTrial("base", 0)}, nil, false, []string{"base"}},
		{"each mode for itself", []trial{fruitlessTrial("base", 0), {mode: "fast", makespan: ms, ok: times(1, ms)}}, nil, false, []string{"base"}},
		{"one success is enough", []trial{fruitful}, nil, false, nil},
		{"one repetition of two", []trial{second, fruitlessTrial("base", 0)}, nil, false, []string{"base"}},
		{"all given up", []trial{{mode: "base", makespan: ms, cancelled: 3}}, nil, false, []string{"base"}},
		{"no call was due", []trial{{mode: "base", makespan: ms}}, nil, false, nil},
		{"interrupted", []trial{{mode: "base", makespan: ms, errors: map[string][]time.Duration{"connect": times(4, ms)}, ended: result.Interrupted}}, nil, false, nil},
		{"not made by the generator", []trial{{mode: "base", makespan: ms, lacking: 4}}, nil, false, nil},
		{"errors are promised", []trial{fruitlessTrial("base", 0)}, []Threshold{{Scenario: "s", Rule: errors}}, false, nil},
		{"errors are promised of this mode", []trial{fruitlessTrial("base", 0)}, []Threshold{{Scenario: "s", Mode: "base", Rule: errors}}, false, nil},
		{"errors are promised of another mode", []trial{fruitlessTrial("base", 0), {mode: "fast", makespan: ms, ok: times(1, ms)}}, []Threshold{{Scenario: "s", Mode: "fast", Rule: errors}}, false, []string{"base"}},
		{"only one class is promised", []trial{fruitlessTrial("base", 0)}, []Threshold{{Scenario: "s", Rule: ofClass}}, false, []string{"base"}},
		{"the scenario ends by errors", []trial{fruitlessTrial("base", 0)}, nil, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			verdicts, err := Judge(runOf(t, c.trials...), c.thresholds, nil, func(string) bool { return c.mayFail })
			if err != nil {
				t.Fatal(err)
			}
			var fails []string
			for _, v := range verdicts[len(verdicts)-len(c.fails):] {
				if v.Rule != "errors < 100%" || v.Kind != result.KindThreshold || v.Pass || !strings.Contains(v.Note+v.Reason, "no call succeeded") {
					t.Errorf("%#v", v)
				}
				fails = append(fails, v.Mode)
			}
			if !slices.Equal(fails, c.fails) || len(verdicts) < len(c.fails) {
				t.Errorf("%#v, want %v", verdicts, c.fails)
			}
		})
	}
}

// Of a search's steps only one needs a success, and of a dead target one is
// told.
func TestNothingSucceededInASearch(t *testing.T) {
	dead := runOf(t,
		trial{mode: "m", at: result.Point{RatePerS: 10}, duration: ms, errors: map[string][]time.Duration{"connect": times(4, ms)}},
		trial{mode: "m", at: result.Point{RatePerS: 20}, duration: ms, errors: map[string][]time.Duration{"connect": times(4, ms)}})
	dead.Capacities = []result.Capacity{{Scenario: "s"}}
	verdicts, err := Judge(dead, nil, nil, nil)
	if err != nil || len(verdicts) != 1 || verdicts[0].RatePerS != 10 || verdicts[0].Pass {
		t.Errorf("%#v, %v", verdicts, err)
	}
	alive := trial{mode: "m", at: result.Point{RatePerS: 5}, duration: ms, ok: times(1, ms)}
	dead.Trials = append(dead.Trials, alive.result(t))
	if verdicts, err := Judge(dead, nil, nil, nil); err != nil || len(verdicts) != 0 {
		t.Errorf("%#v, %v", verdicts, err)
	}
}

// Makespans, speedups and published figures are judged from 99 % of successes
// on, of the baseline too; rates and latencies, which failing does not better,
// always.
func TestFastFailuresAreNotJudged(t *testing.T) {
	mixed := func(mode string, ok, failed int, makespan time.Duration) trial {
		m := trial{mode: mode, at: result.Point{Requests: 1000}, makespan: makespan, ok: times(ok, ms)}
		if failed > 0 {
			m.errors = map[string][]time.Duration{"reset": times(failed, ms)}
		}
		return m
	}
	for _, c := range []struct {
		name             string
		base, fast       trial
		makespan, ratios string
	}{
		{"well", mixed("base", 1000, 0, 10*time.Second), mixed("fast", 1000, 0, time.Second), "", ""},
		{"99 %", mixed("base", 990, 10, 10*time.Second), mixed("fast", 990, 10, time.Second), "", ""},
		{"just below", mixed("base", 1000, 0, 10*time.Second), mixed("fast", 989, 11, time.Second), "not judged: 1.1 % failed", "not judged: 1.1 % failed"},
		{"all", mixed("base", 1000, 0, 10*time.Second), mixed("fast", 0, 1000, time.Second), "not judged: 100 % failed", "not judged: 100 % failed"},
		{"all but one", mixed("base", 1000, 0, 10*time.Second), mixed("fast", 1, 2999, time.Second), "not judged: 99.9 % failed", "not judged: 99.9 % failed"},
		{"the baseline", mixed("base", 500, 500, 10*time.Second), mixed("fast", 1000, 0, time.Second), "", "not judged: 50 % failed of the baseline"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := runOf(t, c.base, c.fast)
			speedups(t, run)
			at := result.Point{Requests: 1000}
			thresholds := []Threshold{
				{Scenario: "s", Mode: "fast", Rule: Rule{Family: "makespan", Op: "<", Value: 5}},
				{Scenario: "s", Mode: "fast", Rule: Rule{Family: "speedup", Op: ">", Value: 2}},
				{Scenario: "s", Mode: "fast", Rule: Rule{Family: "rate", Op: ">=", Value: 0}},
			}
			expectations := []Expectation{
				{Scenario: "s", Mode: "fast", At: at, Metric: "makespan", Value: 1, Tolerance: 0.05},
				{Scenario: "s", Mode: "fast", At: at, Metric: "rate", Value: run.Trials[1].ThroughputPerS + 1e-9, Tolerance: 1},
				{Scenario: "s", Mode: "fast", At: at, Metric: "speedup", Value: 10, Tolerance: 0.05},
			}
			for _, expected := range []bool{false, true} {
				verdicts, err := Judge(run, thresholds, expectations, func(string) bool { return expected })
				if err != nil {
					t.Fatal(err)
				}
				verdicts = slices.DeleteFunc(verdicts, func(v result.Verdict) bool { return v.Rule == nothing.Text })
				for i, want := range []string{c.makespan, c.ratios, "", c.makespan, c.makespan, c.ratios} {
					if expected {
						want = ""
					}
					if expected && len(c.fast.ok) == 0 && (i == 1 || i == 5) { // nothing of it is any speed
						want = "no ratio: every call failed"
					}
					if v := verdicts[i]; v.Reason != want || v.Pass != (want == "") {
						t.Errorf("expected %v: %#v, want %q", expected, v, want)
					}
				}
			}
		})
	}
}

// What an interrupted or invalid trial measured is shown, and is no
// measurement: an interrupted one never passes.
func TestInvalidVerdictsAreMarked(t *testing.T) {
	rule := Rule{Family: "makespan", Op: "<", Value: 9}
	cut := trial{mode: "base", makespan: ms, ok: times(1, ms), ended: result.Interrupted}
	verdicts, err := Judge(runOf(t, cut), []Threshold{{Scenario: "s", Rule: rule}}, nil, nil)
	if v := verdicts[0]; err != nil || v.Pass || v.Reason != "" || v.Measured != 0.001 || v.Note != "not valid: no repetition came to its end: interrupted" {
		t.Errorf("%#v, %v", v, err)
	}
	cut.ended = ""
	run := runOf(t, cut)
	run.Trials[0].Health = result.Health{Why: "it was late"}
	verdicts, err = Judge(run, []Threshold{{Scenario: "s", Rule: rule}, {Scenario: "s", Rule: Rule{Family: "response", Stat: "p", P: 99, Op: "<", Value: 9}}}, nil, nil)
	for _, v := range verdicts {
		if err != nil || !v.Pass || v.Measured != 0.001 || !strings.HasPrefix(v.Note, "not valid: the generator was the limit: it was late") {
			t.Errorf("%#v, %v", v, err)
		}
	}
}
