package capacity

import (
	"math"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
)

// withStep adds a step to a trial that measured what another trial did.
func withStep(trial *result.Trial, step result.Step, of *result.Trial) *result.Trial {
	step.Measure = of.Measure
	trial.Unit = result.UnitIteration
	trial.Steps = append(trial.Steps, step)
	return trial
}

var pay = result.Step{Name: "pay", Path: "buy/pay", Kind: "sim"}

// judgeStep judges a trial by promises of its step buy/pay.
func judgeStep(t *testing.T, trial *result.Trial, rules ...string) (result.CapacityStep, Step) {
	t.Helper()
	slo := promises(t, rules...)
	for i := range slo {
		slo[i].Step = pay.Path
	}
	seen, step, err := Judge(trial, slo)
	if err != nil {
		t.Fatal(err)
	}
	return seen, step
}

// some are calls of a duration of which every n-th fails.
func some(n int, took time.Duration) func(time.Duration) (time.Duration, latency.Fate) {
	count := 0
	return func(time.Duration) (time.Duration, latency.Fate) {
		if count++; count%n == 0 {
			return time.Millisecond, latency.Failed
		}
		return took, latency.OK
	}
}

// A step is judged by what it measured, as a trial is that measured the same.
func TestStepsAreJudgedAsTrialsAre(t *testing.T) {
	of := madeIn(t, 60, some(50, 20*time.Millisecond))
	for _, rule := range []string{"p99 < 40ms", "p50 < 19ms", "max < 20ms", "max <= 20ms", "mean < 25ms", "min < 1ms", "errors < 2%", "errors <= 2%", "errors < 5%"} {
		want, voted := judge(t, of, rule)
		trial := withStep(made(t, steadily(90*time.Millisecond)), pay, of)
		got, step := judgeStep(t, trial, rule)
		if got.Verdict != want.Verdict || got.Measured[0] != want.Measured[0] || step.Margin != voted.Margin || step.Pass() != voted.Pass() {
			t.Errorf("%s: %s, measured %v, margin %v; as a trial %s, %v, %v", rule, got.Verdict, got.Measured, step.Margin, want.Verdict, want.Measured, voted.Margin)
		}
		if got.P50S < 0.089 {
			t.Errorf("%s: the p50 %v is not that of the iterations", rule, got.P50S)
		}
		if got.Verdict == result.Fail && (got.Reason != "buy/pay: "+rule || step.Limit != got.Reason) {
			t.Errorf("%s: broken is %q (%q)", rule, got.Reason, step.Limit)
		}
	}
}

// What is left out of iterations while they drift is left out of their steps: a
// cold beginning of 2 s, during which the step is slow and fails.
func TestStepsAreJudgedOnTheSteadyState(t *testing.T) {
	cold := func(slow, then time.Duration) func(time.Duration) (time.Duration, latency.Fate) {
		count := 0
		return func(due time.Duration) (time.Duration, latency.Fate) {
			count++
			took := then + time.Duration(count%7)*100*time.Microsecond // so that chance has a part
			if due >= 2*time.Second {
				return took, latency.OK
			}
			if count%2 == 0 {
				return took + slow, latency.Failed
			}
			return took + slow, latency.OK
		}
	}
	trial := withStep(made(t, cold(200*time.Millisecond, 20*time.Millisecond)), pay, madeIn(t, 60, cold(100*time.Millisecond, 10*time.Millisecond)))
	trial.Errors = map[string]result.Error{} // the iterations go on after a failed call
	for rule, most := range map[string]float64{"p99 < 12ms": 0.011, "max < 12ms": 0.0107, "errors < 0.1%": 0} {
		seen, step := judgeStep(t, trial, rule)
		if seen.SkippedS < 1.9 || seen.SkippedS > 3 || !step.Pass() || seen.Measured[0] > most {
			t.Errorf("%s: left out %v s, measured %v: %s", rule, seen.SkippedS, seen.Measured[0], seen.Reason)
		}
	}
}

// The calls of all steps are those of iterations: no blocks, and none outside.
func TestCallErrorsOfAllSteps(t *testing.T) {
	trial := made(t, steadily(time.Millisecond))
	for _, s := range []struct {
		step result.Step
		nth  int
	}{
		{result.Step{Path: "log in", Kind: "sim", Outside: true}, 1},
		{result.Step{Path: "buy"}, 1},
		{pay, 10},
		{result.Step{Path: "search", Kind: "http"}, 1 << 30},
	} {
		trial = withStep(trial, s.step, madeIn(t, 60, some(s.nth, time.Millisecond)))
	}
	for rule, pass := range map[string]bool{"calls.errors < 5%": false, "calls.errors <= 5%": true, "errors < 0.1%": true} {
		seen, step := judge(t, trial, rule)
		want := map[bool]float64{true: 0.05}[strings.HasPrefix(rule, "calls.")]
		if step.Pass() != pass || math.Abs(seen.Measured[0]-want) > 1e-9 {
			t.Errorf("%s: %v, measured %v (%s)", rule, step.Pass(), seen.Measured[0], seen.Reason)
		}
	}
}

// A step that nobody came to keeps no promise, and the reason says so; but what a
// server did not serve is told first.
func TestStepsThatNobodyCameTo(t *testing.T) {
	for _, trial := range []*result.Trial{
		made(t, steadily(time.Millisecond)),
		withStep(made(t, steadily(time.Millisecond)), pay, &result.Trial{}),
	} {
		for _, rule := range []string{"p99 < 1h", "errors <= 100%"} {
			seen, step := judgeStep(t, trial, rule)
			if step.Pass() || step.Margin != 1 || seen.Measured[0] != 0 || seen.Reason != "buy/pay: "+rule+": no iteration came to it" || step.Limit != "buy/pay: "+rule {
				t.Errorf("%s: %+v, %+v", rule, seen, step)
			}
		}
	}
}

// Elapsed times are kept beside the others, and steps tell trials apart.
func TestElapsedAndFingerprint(t *testing.T) {
	one := withStep(made(t, steadily(time.Millisecond)), pay, madeIn(t, 60, steadily(time.Millisecond)))
	other := withStep(made(t, steadily(time.Millisecond)), pay, madeIn(t, 60, steadily(2*time.Millisecond)))
	one.Elapsed = &result.Dist{P95S: 12.5}
	seen, a := judge(t, one, "p99 < 1s")
	if seen.ElapsedP95S != 12.5 {
		t.Errorf("elapsed p95 %v", seen.ElapsedP95S)
	}
	if _, b := judge(t, other, "p99 < 1s"); a.Print == b.Print {
		t.Error("trials whose steps differ look the same")
	}
	if _, c := judge(t, withStep(made(t, steadily(time.Millisecond)), pay, madeIn(t, 60, steadily(time.Millisecond))), "p99 < 1s"); a.Print != c.Print {
		t.Error("trials that are the same look different")
	}
}

func TestPromisesOfCallsCanBeSearched(t *testing.T) {
	r, err := verdict.ParseRule("calls.errors <= 1%")
	if err != nil {
		t.Fatal(err)
	}
	r.Step = ""
	if p, err := NewPromise(r); err != nil || p.Metric != "calls.errors" || !p.OrEqual || p.OfTimes() {
		t.Errorf("%+v, %v", p, err)
	}
	if r, err = verdict.ParseRule("p95 < 1s"); err != nil {
		t.Fatal(err)
	}
	r.Step = "buy/pay"
	if p, err := NewPromise(r); err != nil || p.String() != "buy/pay: p95 < 1s" || p.Percentile != 95 || !p.OfTimes() {
		t.Errorf("%+v, %v", p, err)
	}
}
