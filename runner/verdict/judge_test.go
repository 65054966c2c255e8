package verdict

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/result"
)

// measured is one mode of 2 s and two repetitions, every figure of which is
// known: successes of 10 ms (×60), 20 ms (×30) and 40 ms (×10), served in
// 5 ms; errors of 100 ms (×2) and 300 ms (×2, of another class), 4 of 104;
// lateness 1 ms but for one call.
func measured(t *testing.T) *result.Run {
	at := result.Point{Requests: 52}
	lateness := append(times(51, ms), 3*ms)
	half := func(repeat int, errors map[string][]time.Duration) trial {
		return trial{
			mode: "base", at: at, repeat: repeat, makespan: time.Duration(1+2*repeat) * time.Second,
			ok: append(append(times(30, 10*ms), times(15, 20*ms)...), times(5, 40*ms)...), service: times(50, 5*ms),
			errors: errors, lateness: lateness,
		}
	}
	run := runOf(t,
		half(0, map[string][]time.Duration{"status-503": times(2, 100*ms)}),
		half(1, map[string][]time.Duration{"status-500": times(1, 300*ms), "timeout": times(1, 300*ms)}),
		trial{mode: "fast", at: at, makespan: time.Second, ok: times(52, ms)},
		trial{mode: "fast", at: at, repeat: 1, makespan: time.Second, ok: times(52, ms)},
	)
	speedups(t, run)
	return run
}

// Every metric with its true value; a histogram tells 10 ms as up to 0.1 % more.
func TestMetricsOnEitherSide(t *testing.T) {
	run := measured(t)
	for _, c := range []struct {
		metric Rule
		want   float64
		within float64 // a relative difference
	}{
		{Rule{Family: "response", Stat: "p", P: 50}, 0.010, 0.001},
		{Rule{Family: "response", Stat: "p", P: 60}, 0.010, 0.001},
		{Rule{Family: "response", Stat: "p", P: 60.1}, 0.020, 0.001},
		{Rule{Family: "response", Stat: "p", P: 99.9}, 0.040, 0},
		{Rule{Family: "response", Stat: "mean"}, 0.016, 0},
		{Rule{Family: "response", Stat: "max"}, 0.040, 0},
		{Rule{Family: "response", Stat: "min"}, 0.010, 0},
		{Rule{Family: "all", Stat: "p", P: 99}, 0.300, 0},
		{Rule{Family: "all", Stat: "p", P: 97}, 0.100, 0.001},
		{Rule{Family: "all", Stat: "mean"}, (1.6 + 0.8) / 104, 0},
		{Rule{Family: "all", Stat: "max"}, 0.300, 0},
		{Rule{Family: "service", Stat: "p", P: 99}, 0.005, 0},
		{Rule{Family: "service", Stat: "mean"}, 0.005, 0},
		{Rule{Family: "lateness", Stat: "p", P: 50}, 0.001, 0.001},
		{Rule{Family: "lateness", Stat: "max"}, 0.003, 0},
		{Rule{Family: "errors"}, 4.0 / 104, 0},
		{Rule{Family: "errors", Class: "status-503"}, 2.0 / 104, 0},
		{Rule{Family: "errors", Class: "status-5xx"}, 3.0 / 104, 0},
		{Rule{Family: "errors", Class: "status-4xx"}, 0, 0},
		{Rule{Family: "errors", Class: "timeout"}, 1.0 / 104, 0},
		{Rule{Family: "rate"}, 100.0 / 4, 0},
		{Rule{Family: "makespan"}, 2, 0},
		{Rule{Family: "goodput", Within: 20 * ms}, 90.0 / 4, 0},
		{Rule{Family: "goodput", Within: 9 * ms}, 0, 0},
		{Rule{Family: "goodput", Within: time.Second}, 100.0 / 4, 0},
		{Rule{Family: "speedup"}, 1, 0},
	} {
		ask := func(op string, value float64) result.Verdict {
			rule := c.metric
			rule.Op, rule.Value, rule.Text = op, value, "as written"
			verdicts, err := Judge(run, []Threshold{{Scenario: "s", Mode: "base", Rule: rule}}, nil, failing)
			if err != nil || len(verdicts) != 1 {
				t.Fatal(verdicts, err)
			}
			return verdicts[0]
		}
		v := ask("<", 1e9)
		if math.Abs(v.Measured-c.want) > (c.within+1e-12)*c.want || v.Reason != "" || v.Rule != "as written" || v.Requests != 52 || v.Kind != result.KindThreshold {
			t.Errorf("%+v: %#v, want %v", c.metric, v, c.want)
		}
		off := 1e-6
		if c.metric.Stat == "p" {
			off = 2e-3 // its bucket is a thousandth wide
		}
		above, below := v.Measured*(1+off)+1e-12, v.Measured*(1-off)-1e-12
		for op, passes := range map[string][3]bool{ // of values below, equal, above
			"<": {false, false, true}, "<=": {false, true, true}, ">": {true, false, false}, ">=": {true, true, false}, "==": {false, true, false},
		} {
			for i, value := range []float64{below, v.Measured, above} {
				if got := ask(op, value).Pass; got != passes[i] {
					t.Errorf("%+v: %v %s %v is %v", c.metric, v.Measured, op, value, got)
				}
			}
		}
	}
}

// failing are scenarios in which calls may fail.
func failing(string) bool { return true }

func TestWhatWasNotMeasuredNeverPasses(t *testing.T) {
	latencyRule := Rule{Family: "response", Stat: "p", P: 99, Op: "<", Value: 1e9}
	of := func(family string) Rule { r := latencyRule; r.Family = family; return r }
	refused := trial{mode: "base", makespan: ms, errors: map[string][]time.Duration{"connect": times(3, ms)}}
	for _, c := range []struct {
		name   string
		rule   Rule
		trials []trial
		reason string
	}{
		{"only errors", latencyRule, []trial{refused}, "no call succeeded"},
		{"only errors, service", of("service"), []trial{refused}, "no call succeeded"},
		{"only errors, lateness", of("lateness"), []trial{refused}, ""}, // the generator's own
		{"only errors, share", Rule{Family: "errors", Op: "==", Value: 1}, []trial{refused}, ""},
		{"only errors, rate", Rule{Family: "rate", Op: "==", Value: 0}, []trial{refused}, ""},
		{"only errors, goodput", Rule{Family: "goodput", Within: ms, Op: "==", Value: 0}, []trial{refused}, ""},
		{"no call", of("lateness"), []trial{{mode: "base", duration: ms}}, "no call was started"},
		{"only cancelled", Rule{Family: "errors", Op: "<", Value: 1}, []trial{{mode: "base", makespan: ms, cancelled: 2}}, "no call ended"},
		{"interrupted", latencyRule, []trial{{mode: "base", makespan: ms, ended: result.Interrupted}}, "no repetition came to its end: interrupted"},
		{"failed", Rule{Family: "errors", Op: "<", Value: 1}, []trial{{mode: "base", ended: result.Failed}}, "no repetition came to its end: failed"},
		{"not run", latencyRule, []trial{{mode: "other", makespan: ms, ok: times(1, ms)}}, "it was not run"},
		{"alone", Rule{Family: "speedup", Op: ">", Value: 0}, []trial{{mode: "base", makespan: ms, ok: times(1, ms)}}, "there is no other mode to compare it with"},
		{"unknown metric", Rule{Family: "luck", Op: ">", Value: 0}, []trial{{mode: "base", makespan: ms, ok: times(1, ms)}}, `"luck" is no metric`},
		{"unknown figure", Rule{Family: "response", Stat: "mode", Op: ">", Value: 0}, []trial{{mode: "base", makespan: ms, ok: times(1, ms)}}, `"mode" is no figure of a latency`},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := runOf(t, c.trials...)
			speedups(t, run)
			verdicts, err := Judge(run, []Threshold{{Scenario: "s", Mode: "base", Rule: c.rule}}, nil, failing)
			if err != nil || len(verdicts) != 1 {
				t.Fatal(verdicts, err)
			}
			if v := verdicts[0]; v.Reason != c.reason || v.Pass != (c.reason == "") || c.reason != "" && v.Measured != 0 {
				t.Errorf("%#v, want reason %q", v, c.reason)
			}
			run.Verdicts = verdicts
			if err := run.Check(); err != nil {
				t.Errorf("not fit to be saved: %v", err)
			}
		})
	}
}

func TestASpeedupThatThereIsNotIsBroken(t *testing.T) {
	run := runOf(t,
		trial{mode: "base", makespan: ms, ok: times(1, ms)},
		trial{mode: "fast", ok: times(1, 0)})
	speedups(t, run)
	verdicts, err := Judge(run, []Threshold{{Scenario: "s", Rule: Rule{Family: "speedup", Op: "<=", Value: 2}}}, nil, nil)
	if err != nil || len(verdicts) != 1 || verdicts[0].Pass || verdicts[0].Reason != "no ratio: a makespan is 0 s" {
		t.Errorf("%#v, %v", verdicts, err)
	}
}

// A repetition that was left out is not judged: two of 1 s count, 9 s do not.
func TestOnlyFinishedRepetitionsAreJudged(t *testing.T) {
	run := runOf(t,
		trial{mode: "base", makespan: time.Second, ok: times(1, ms)},
		trial{mode: "base", repeat: 1, makespan: time.Second, ok: times(1, ms), ended: result.Stopped},
		trial{mode: "base", repeat: 2, makespan: 9 * time.Second, ok: times(1, time.Second), ended: result.Interrupted})
	verdicts, err := Judge(run, []Threshold{
		{Scenario: "s", Rule: Rule{Family: "makespan", Op: "==", Value: 1}},
		{Scenario: "s", Rule: Rule{Family: "response", Stat: "max", Op: "==", Value: 0.001}},
	}, nil, nil)
	if err != nil || len(verdicts) != 2 || !verdicts[0].Pass || !verdicts[1].Pass {
		t.Errorf("%#v, %v", verdicts, err)
	}
}

func TestVerdictsPerModeAndSweepValue(t *testing.T) {
	var trials []trial
	for _, n := range []int{5, 10} {
		for i, mode := range []string{"base", "fast", "faster"} {
			trials = append(trials, trial{mode: mode, at: result.Point{Requests: n}, makespan: time.Duration(n) * time.Second / time.Duration(1+i), ok: times(n, ms)})
		}
	}
	run := runOf(t, trials...)
	speedups(t, run)
	places := func(thresholds ...Threshold) string {
		verdicts, err := Judge(run, thresholds, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, v := range verdicts {
			text += fmt.Sprintf("%s %d %.3g %v; ", v.Mode, v.Requests, v.Measured, v.Pass)
		}
		return text
	}
	makespan, speedup := Rule{Family: "makespan", Op: "<=", Value: 5}, Rule{Family: "speedup", Op: ">=", Value: 2.5}
	for _, c := range []struct {
		threshold Threshold
		want      string
	}{
		{Threshold{Scenario: "s", Rule: makespan}, "base 5 5 true; fast 5 2.5 true; faster 5 1.67 true; base 10 10 false; fast 10 5 true; faster 10 3.33 true; "},
		{Threshold{Scenario: "s", Mode: "fast", Rule: makespan}, "fast 5 2.5 true; fast 10 5 true; "},
		{Threshold{Scenario: "s", Rule: speedup}, "fast 5 2 false; faster 5 3 true; fast 10 2 false; faster 10 3 true; "}, // not asked of the baseline
		{Threshold{Scenario: "s", Mode: "base", Rule: speedup}, "base 5 1 false; base 10 1 false; "},                      // unless by name
		{Threshold{Scenario: "other", Rule: makespan}, " 0 0 false; "},
	} {
		if got := places(c.threshold); got != c.want {
			t.Errorf("%+v\n got %s\nwant %s", c.threshold, got, c.want)
		}
	}
}

func TestExpectations(t *testing.T) {
	at := result.Point{Requests: 5}
	run := runOf(t,
		trial{mode: "base", at: at, makespan: 5200 * ms, ok: times(5, time.Second)},
		trial{mode: "fast", at: at, makespan: 1100 * ms, ok: times(5, time.Second)})
	speedups(t, run)
	for _, c := range []struct {
		expect Expectation
		pass   bool
		rule   string
		reason string
	}{
		{Expectation{"s", "base", at, "makespan", 5.2, 0.05, "asyncio guide"}, true, "makespan = 5.2s ± 5% (asyncio guide)", ""},
		{Expectation{"s", "base", at, "makespan", 5.2, 0, ""}, true, "makespan = 5.2s ± 0%", ""},
		{Expectation{"s", "base", at, "makespan", 104.5, 0.001, ""}, false, "makespan = 104.5s ± 0.1%", ""},
		{Expectation{"s", "base", at, "makespan", 0.05, 0.05, ""}, false, "makespan = 50ms ± 5%", ""},
		{Expectation{"s", "base", at, "makespan", 5.2 / 1.0501, 0.05, "x"}, false, "makespan = 4.951909342s ± 5% (x)", ""},
		{Expectation{"s", "base", at, "makespan", 5.2 / 1.0499, 0.05, "x"}, true, "makespan = 4.952852653s ± 5% (x)", ""},
		{Expectation{"s", "base", at, "makespan", 4, 0.3, ""}, true, "makespan = 4s ± 30%", ""}, // exactly as far as allowed
		{Expectation{"s", "base", at, "makespan", 5.2 / 0.9499, 0.05, ""}, false, "makespan = 5.474260448s ± 5%", ""},
		{Expectation{"s", "base", at, "makespan", 5.2 / 0.9501, 0.05, ""}, true, "makespan = 5.473108094s ± 5%", ""},
		{Expectation{"s", "fast", at, "speedup", 4.7, 0.05, ""}, true, "speedup = 4.7 ± 5%", ""},
		{Expectation{"s", "fast", at, "speedup", 4, 0.05, ""}, false, "speedup = 4 ± 5%", ""},
		{Expectation{"s", "fast", at, "rate", 4.5, 0.02, ""}, true, "rate = 4.5/s ± 2%", ""},
		{Expectation{"s", "fast", result.Point{Requests: 6}, "rate", 4.5, 9, ""}, false, "rate = 4.5/s ± 900%", "it was not run"},
		{Expectation{"s", "slow", at, "rate", 4.5, 9, ""}, false, "rate = 4.5/s ± 900%", "it was not run"},
	} {
		verdicts, err := Judge(run, nil, []Expectation{c.expect}, nil)
		if err != nil || len(verdicts) != 1 {
			t.Fatal(verdicts, err)
		}
		v := verdicts[0]
		if v.Pass != c.pass || v.Rule != c.rule || v.Reason != c.reason || v.Kind != result.KindExpect {
			t.Errorf("%#v\nwant %v, %q, %q", v, c.pass, c.rule, c.reason)
		}
		if v.Point != c.expect.At || v.Expected != c.expect.Value || v.Tolerance != c.expect.Tolerance || v.Source != c.expect.Source || v.Metric != c.expect.Metric {
			t.Errorf("%#v does not repeat %+v", v, c.expect)
		}
	}
}

func TestExactlyOneOfLessEqualGreaterHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float64Range(0, 1e6).Draw(t, "a")
		b := rapid.OneOf(rapid.Float64Range(0, 1e6), rapid.Just(a), rapid.Just(a*(1+1e-10)), rapid.Just(a*(1-1e-8))).Draw(t, "b")
		wide := rapid.SampledFrom([]float64{0, 1e-3}).Draw(t, "width") * a
		span := result.Span{Low: a - wide, High: a}
		less, equal, greater := holds(span, "<", b), holds(span, "==", b), holds(span, ">", b)
		n := 0
		for _, h := range []bool{less, equal, greater} {
			if h {
				n++
			}
		}
		if n != 1 || holds(span, "<=", b) != (less || equal) || holds(span, ">=", b) != (greater || equal) {
			t.Fatalf("%v and %v: less %v, equal %v, greater %v", a, b, less, equal, greater)
		}
	})
	for _, c := range []struct {
		a, b  float64
		equal bool
	}{
		{0.3 / 100, 3.0 / 1000, true}, {0.1 + 0.2, 0.3, true}, {0, 0, true}, {0, 1e-300, false},
		{1, 1 + 0.9e-9, true}, {1, 1 + 1.1e-9, false}, {1, 1 - 0.9e-9, true}, {1, 1 - 1.1e-9, false},
	} {
		if got := holds(result.Span{Low: c.a, High: c.a}, "==", c.b); got != c.equal {
			t.Errorf("%v == %v is %v", c.a, c.b, got)
		}
	}
	if holds(result.Span{Low: 1, High: 1}, "≈", 1) {
		t.Error("an unknown comparison holds")
	}
}

func TestStatusFamilies(t *testing.T) {
	for _, c := range []struct {
		class, wanted string
		in            bool
	}{
		{"status-503", "status-5xx", true}, {"status-404", "status-5xx", false}, {"status-503", "status-503", true},
		{"status-5", "status-5xx", false}, {"timeout", "", true}, {"timeout", "reset", false}, {"body", "bodyxx", false},
	} {
		if got := inClass(c.class, c.wanted); got != c.in {
			t.Errorf("%s in %s: %v", c.class, c.wanted, got)
		}
	}
}

func TestBrokenDistributionsAreAnError(t *testing.T) {
	run := measured(t)
	run.Trials[0].Response.HDR = "!"
	if _, err := Judge(run, nil, nil, nil); err == nil {
		t.Error("judged all the same")
	}
	if _, err := Speedups(run, func(string) string { return "base" }); err == nil {
		t.Error("compared all the same")
	}
}

// A percentile of too few calls is judged all the same, for silence would let
// a slow target pass; the verdict says how little stands behind it.
func TestPercentilesOfTooFewCallsAreToldSo(t *testing.T) {
	for _, c := range []struct {
		calls int
		rule  Rule
		note  string
	}{
		{50, Rule{Family: "response", Stat: "p", P: 99}, "the sample is too small: 50 calls, p99 needs 368"},
		{50, Rule{Family: "service", Stat: "p", P: 99.9}, "the sample is too small: 50 calls, p99.9 needs 3688"},
		{367, Rule{Family: "response", Stat: "p", P: 99}, "the sample is too small: 367 calls, p99 needs 368"},
		{368, Rule{Family: "response", Stat: "p", P: 99}, ""},
		{1, Rule{Family: "response", Stat: "p", P: 50}, ""},
		{1, Rule{Family: "response", Stat: "p", P: 100}, ""},
		{1, Rule{Family: "response", Stat: "max"}, ""},
		{1, Rule{Family: "rate"}, ""},
	} {
		run := runOf(t, trial{mode: "base", makespan: time.Second, ok: times(c.calls, ms)})
		for op, pass := range map[string]bool{"<": true, ">": false} {
			c.rule.Op, c.rule.Value = op, 1e9
			verdicts, err := Judge(run, []Threshold{{Scenario: "s", Mode: "base", Rule: c.rule}}, nil, nil)
			if err != nil || len(verdicts) != 1 || verdicts[0].Note != c.note || verdicts[0].Pass != pass {
				t.Errorf("%d calls, %+v: %+v, %v", c.calls, c.rule, verdicts, err)
			}
		}
	}
}
