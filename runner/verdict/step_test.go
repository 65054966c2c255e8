package verdict

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// part is a step of a trial of iterations.
type part struct {
	path    string
	block   bool
	outside bool
	perS    float64
	records map[string][]time.Duration // numbers, as seconds
	trial
}

// journey is a trial of iterations with steps; elapsed are its successes' times
// with their pauses.
func journey(t testing.TB, m trial, elapsed []time.Duration, parts ...part) result.Trial {
	t.Helper()
	out := m.result(t)
	all, failed := dist(t, elapsed), out.ErrorResponse
	out.Unit, out.Elapsed, out.ErrorElapsed = result.UnitIteration, &all, &failed
	out.Attempts = 0
	for _, p := range parts {
		p.mode, p.makespan, p.duration = m.mode, m.makespan, m.duration
		name := p.path[strings.LastIndex(p.path, "/")+1:]
		step := result.Step{Name: name, Path: p.path, Kind: "sim", Outside: p.outside, ThroughputPerS: p.perS, Measure: p.result(t).Measure}
		step.Begin = step.Response // of as many
		if p.block {
			step.Kind, step.Attempts = "", 0
		}
		for name, numbers := range p.records {
			if step.Records == nil {
				step.Records = map[string]result.Dist{}
			}
			step.Records[name] = dist(t, numbers)
		}
		if !p.outside {
			out.Attempts += step.Attempts
		}
		out.Steps = append(out.Steps, step)
	}
	if err := out.Check(); err != nil {
		t.Fatalf("the test's own trial: %v", err)
	}
	return out
}

// shopping is two repetitions of 2 s with 10 iterations each, of which all
// succeed. Of its steps, log in is one of `enter`.
func shopping(t testing.TB) *result.Run {
	one := func(repeat int, pay time.Duration) result.Trial {
		return journey(t, trial{mode: "m", repeat: repeat, makespan: 2 * time.Second, ok: times(10, 100*ms)}, times(10, 3*time.Second),
			part{path: "log in", outside: true, perS: 500, trial: trial{errors: map[string][]time.Duration{"timeout": times(10, ms)}}},
			part{path: "buy", block: true, perS: 4, trial: trial{ok: times(9, 80*ms), errors: map[string][]time.Duration{"check": times(1, ms)}}},
			part{path: "buy/pay", perS: 4, records: map[string][]time.Duration{"cost": times(4, 250*time.Second)}, trial: trial{
				ok: times(8, pay), service: times(8, 7*ms), lateness: times(10, 2*ms),
				errors: map[string][]time.Duration{"check": times(1, ms), "status-503": times(1, ms)},
			}},
			part{path: "buy/never"},
			part{path: "buy/look", perS: 15, trial: trial{ok: times(30, 5*ms)}},
		)
	}
	run := &result.Run{Trials: []result.Trial{one(0, 20*ms), one(1, 60*ms)}}
	if err := run.Check(); err != nil {
		t.Fatal(err)
	}
	return run
}

// ask is the verdict on a rule, of a step or of iterations.
func ask(t testing.TB, run *result.Run, step, text string) result.Verdict {
	t.Helper()
	rule, err := ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	rule.Step = step
	verdicts, err := Judge(run, []Threshold{{Scenario: "s", Rule: rule}}, nil, failing)
	if err != nil || len(verdicts) != 1 {
		t.Fatal(verdicts, err)
	}
	run.Verdicts = verdicts
	if err := run.Check(); err != nil {
		t.Fatalf("not fit to be saved: %v", err)
	}
	if v := verdicts[0]; v.Step != step || v.Rule != text {
		t.Errorf("%s: %s: the verdict is on %s: %s", step, text, v.Step, v.Rule)
	}
	return verdicts[0]
}

func TestPromisesOfSteps(t *testing.T) {
	run := shopping(t)
	for _, c := range []struct {
		step, rule string
		pass       bool
		measured   float64
	}{
		{"", "p99 <= 100ms", true, 0.1}, // of iterations
		{"", "elapsed.p95 <= 3s", true, 3},
		{"", "elapsed.max < 3s", false, 3},
		{"", "errors == 0%", true, 0}, // though calls failed
		{"", "calls.errors <= 5%", true, 4.0 / 80},
		{"", "calls.errors < 5%", false, 4.0 / 80},
		{"", "calls.errors.check <= 2.5%", true, 2.0 / 80},
		{"", "calls.rate >= 19/s", true, 19}, // neither the block nor what is outside
		{"", "calls.rate > 19/s", false, 19},
		{"buy/pay", "p50 <= 20ms", true, 0.02},
		{"buy/pay", "p51 > 20ms", true, 0.06},
		{"buy/pay", "max <= 60ms", true, 0.06},
		{"buy/pay", "max < 60ms", false, 0.06},
		{"buy/pay", "mean <= 40ms", true, 0.04},
		{"buy/pay", "all.min <= 1ms", true, 0.001},
		{"buy/pay", "service.max < 7ms", false, 0.007},
		{"buy/pay", "lateness.max <= 2ms", true, 0.002},
		{"buy/pay", "errors <= 20%", true, 0.2},
		{"buy/pay", "errors < 20%", false, 0.2},
		{"buy/pay", "errors.status-5xx <= 10%", true, 0.1},
		{"buy/pay", "rate >= 4/s", true, 4},
		{"buy/pay", "rate > 4/s", false, 4},
		{"buy/pay", "record.cost.p95 <= 250", true, 250},
		{"buy/pay", "record.cost.p95 < 250", false, 250},
		{"buy", "max <= 80ms", true, 0.08},
		{"buy", "errors <= 10%", true, 0.1},
		{"log in", "errors == 100%", true, 1},
	} {
		v := ask(t, run, c.step, c.rule)
		if v.Pass != c.pass || math.Abs(v.Measured-c.measured) > 0.001*c.measured || v.Reason != "" {
			t.Errorf("%s: %s: %v, measured %v (%s), want %v, %v", c.step, c.rule, v.Pass, v.Measured, v.Reason, c.pass, c.measured)
		}
	}
}

// A step that nobody came to keeps no promise, whatever it is; nor does one
// without what the promise is about.
func TestStepsWithoutAMeasureNeverPass(t *testing.T) {
	run := shopping(t)
	single := runOf(t, trial{mode: "m", makespan: time.Second, ok: times(3, ms)})
	slow := &result.Run{Trials: []result.Trial{journey(t, trial{mode: "m", makespan: time.Second, ok: times(1, ms), cancelled: 1, givenUp: times(1, ms)}, times(1, ms))}}
	slow.Trials[0].OK, slow.Trials[0].Cancelled = 0, 2
	slow.Trials[0].Response, slow.Trials[0].Service, *slow.Trials[0].Elapsed = result.Dist{}, result.Dist{}, result.Dist{}
	for _, c := range []struct {
		run                *result.Run
		step, rule, reason string
	}{
		{run, "buy/never", "p99 < 1h", "no iteration came to it"},
		{run, "buy/never", "errors <= 100%", "no iteration came to it"},
		{run, "buy/never", "rate >= 0/s", "no iteration came to it"},
		{run, "buy/never", "record.cost.max >= 0", "no iteration came to it"},
		{run, "buy/gone", "p99 < 1h", "no iteration came to it"},
		{run, "log in", "p99 < 1h", "no call succeeded"},
		{run, "buy/look", "record.cost.max >= 0", "no answer had a number to record"},
		{run, "buy/pay", "record.time.max >= 0", "no answer had a number to record"},
		{slow, "", "elapsed.p95 < 1h", "no call succeeded"}, // though one was given up
		{single, "", "elapsed.p95 < 1h", "its calls are no iterations of steps"},
		{single, "", "calls.errors <= 100%", "no iteration came to it"},
		{single, "", "calls.rate >= 0/s", "no iteration came to it"},
	} {
		if v := ask(t, c.run, c.step, c.rule); v.Pass || v.Reason != c.reason || v.Measured != 0 {
			t.Errorf("%s: %s: %+v, want %q", c.step, c.rule, v, c.reason)
		}
	}
}

// A promise on the errors of a step, or of all calls, does not say that
// iterations may fail.
func TestPromisesOfStepsExpectNoFailures(t *testing.T) {
	failing := journey(t, trial{mode: "m", makespan: time.Second, errors: map[string][]time.Duration{"check": times(4, ms)}}, nil,
		part{path: "pay", trial: trial{ok: times(4, ms)}})
	for _, c := range []struct {
		step, rule string
		verdicts   int
	}{{"", "errors <= 100%", 1}, {"pay", "errors <= 100%", 2}, {"", "calls.errors <= 100%", 2}} {
		rule, _ := ParseRule(c.rule)
		rule.Step = c.step
		verdicts, err := Judge(&result.Run{Trials: []result.Trial{failing}}, []Threshold{{Scenario: "s", Rule: rule}}, nil, nil)
		if err != nil || len(verdicts) != c.verdicts || !verdicts[0].Pass {
			t.Errorf("%s: %s: %+v, %v, want %d", c.step, c.rule, verdicts, err, c.verdicts)
		}
	}
}

// Iterations that were given up took at least as long, pauses or not.
func TestElapsedOfIterationsGivenUp(t *testing.T) {
	run := &result.Run{Trials: []result.Trial{journey(t, trial{
		mode: "m", makespan: time.Second, ok: times(90, 5*ms), cancelled: 10, givenUp: times(10, 2*time.Second),
	}, times(90, time.Second))}}
	for rule, pass := range map[string]bool{"elapsed.p90 <= 1s": true, "elapsed.p95 < 1h": false, "elapsed.p95 > 1.9s": true, "elapsed.min <= 1s": true} {
		v := ask(t, run, "", rule)
		if v.Pass != pass || v.AtLeast != strings.Contains(rule, "p95") {
			t.Errorf("%s: %+v", rule, v)
		}
	}
}

// Whatever a step measured, its verdict is the very one that a trial which
// measured the same gets.
func TestAStepIsJudgedAsATrialIs(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := func(name string) []time.Duration {
			var all []time.Duration
			for _, v := range rapid.SliceOfN(rapid.Int64Range(1, int64(time.Second)), 0, 30).Draw(rt, name) {
				all = append(all, time.Duration(v))
			}
			return all
		}
		m := trial{mode: "m", makespan: 3 * time.Second, ok: list("ok"), errors: map[string][]time.Duration{}}
		if failed := list("errors"); len(failed) > 0 {
			m.errors["timeout"] = failed
		}
		if m.givenUp = list("given up"); len(m.givenUp) > 0 {
			m.cancelled = int64(len(m.givenUp))
		}
		if len(m.ok)+len(m.errors)+len(m.givenUp) == 0 {
			return
		}
		alone := m.result(t)
		whole := journey(t, trial{mode: "m", makespan: 3 * time.Second, ok: times(5, ms)}, times(5, ms),
			part{path: "other", trial: trial{ok: times(3, time.Second)}}, part{path: "a/b", perS: alone.ThroughputPerS, trial: m})
		text := rapid.SampledFrom([]string{"p50", "p90", "p99.9", "mean", "max", "min", "all.p90", "service.p50", "lateness.max", "errors", "errors.timeout", "rate"}).Draw(rt, "metric")
		text += rapid.SampledFrom([]string{" < ", " <= ", " > ", " >= ", " == "}).Draw(rt, "op")
		switch {
		case strings.HasPrefix(text, "errors"):
			text += rapid.SampledFrom([]string{"0%", "50%", "100%"}).Draw(rt, "share")
		case strings.HasPrefix(text, "rate"):
			text += rapid.SampledFrom([]string{"0/s", "1/s", "5/s"}).Draw(rt, "rate")
		default:
			text += time.Duration(rapid.OneOf(rapid.Int64Range(1, int64(time.Second)), rapid.SampledFrom(append(slices.Clone(nanos(m.ok)), 1))).Draw(rt, "limit")).String()
		}
		rule, err := ParseRule(text)
		if err != nil {
			rt.Fatal(err)
		}
		judge := func(trial result.Trial) result.Verdict {
			verdicts, err := Judge(&result.Run{Trials: []result.Trial{trial}}, []Threshold{{Scenario: "s", Rule: rule}}, nil, func(string) bool { return true })
			if err != nil || len(verdicts) != 1 {
				rt.Fatal(verdicts, err)
			}
			return verdicts[0]
		}
		want := judge(alone)
		rule.Step, want.Step = "a/b", "a/b"
		if got := judge(whole); got != want {
			rt.Fatalf("%s:\n%+v, want\n%+v", text, got, want)
		}
	})
}

func nanos(times []time.Duration) (all []int64) {
	for _, d := range times {
		all = append(all, int64(d))
	}
	return all
}

// A distribution that cannot be read is an error, not a promise kept or broken.
func TestUnreadableStepsAreErrors(t *testing.T) {
	run := shopping(t)
	run.Trials[0].Steps[2].Response.HDR = latencyText(t)
	rule, _ := ParseRule("p99 < 1s")
	rule.Step = "buy/pay"
	if verdicts, err := Judge(run, []Threshold{{Scenario: "s", Rule: rule}}, nil, nil); err == nil {
		t.Errorf("%+v", verdicts)
	}
}

// latencyText is a histogram of another number of values.
func latencyText(t testing.TB) string {
	h := latency.New(latency.Fine)
	h.Record(ms)
	text, err := h.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Makespans, throughputs, speedups and published figures are of iterations as they
// are of calls: steps make no difference.
func TestWhatIsSaidOfCallsHoldsOfIterations(t *testing.T) {
	calls, iterations := measured(t), measured(t)
	for i := range iterations.Trials {
		trial := &iterations.Trials[i]
		elapsed := trial.Response
		trial.Unit, trial.Elapsed, trial.ErrorElapsed = result.UnitIteration, &elapsed, &trial.ErrorResponse
		pay := journeyStep(t, trial.Attempts)
		trial.Steps = []result.Step{{Name: "pay", Path: "pay", Kind: "sim", ThroughputPerS: 3, Measure: pay, Begin: pay.Lateness}}
	}
	speedups(t, iterations)
	var thresholds []Threshold
	for _, text := range []string{"makespan < 2s", "rate >= 25/s", "speedup > 1", "p99 < 30ms", "goodput(20ms) > 1/s", "errors < 5%", "cancelled < 1%"} {
		rule, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		thresholds = append(thresholds, Threshold{Scenario: "s", Rule: rule})
	}
	at := result.Point{Requests: 52}
	expect := []Expectation{
		{Scenario: "s", Mode: "base", At: at, Metric: "makespan", Value: 2, Tolerance: 0.01},
		{Scenario: "s", Mode: "fast", At: at, Metric: "rate", Value: 52, Tolerance: 0.01},
		{Scenario: "s", Mode: "fast", At: at, Metric: "speedup", Value: 2, Tolerance: 0.01},
	}
	want, err := Judge(calls, thresholds, expect, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Judge(iterations, thresholds, expect, nil)
	if err != nil || !slices.Equal(got, want) || len(got) < 15 {
		t.Errorf("%v: of iterations\n%+v\nof calls\n%+v", err, got, want)
	}
}

// journeyStep is a measure of so many calls.
func journeyStep(t *testing.T, calls int64) result.Measure {
	return trial{mode: "m", makespan: time.Second, ok: times(int(calls), 700*ms)}.result(t).Measure
}
