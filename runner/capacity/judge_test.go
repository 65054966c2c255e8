package capacity

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
)

// made is a trial of ten seconds with a call every millisecond, whose response
// times and fates are made up.
func made(t *testing.T, call func(due time.Duration) (took time.Duration, fate latency.Fate)) *result.Trial {
	t.Helper()
	return madeIn(t, latency.MaxWindows, call)
}

// madeIn is made with a timeline of so many windows.
func madeIn(t *testing.T, windows int, call func(due time.Duration) (took time.Duration, fate latency.Fate)) *result.Trial {
	t.Helper()
	const length = 10 * time.Second
	trial := &result.Trial{
		DurationS: length.Seconds(), Ended: result.Complete, Health: result.Health{KeptPace: true}, Measure: result.Measure{Errors: map[string]result.Error{}},
	}
	line, response, givenUp := latency.NewTimeline(windows), latency.New(latency.Fine), latency.New(latency.Fine)
	inTime, failed := 0, int64(0)
	for due := time.Duration(0); due < length; due += time.Millisecond {
		took, fate := call(due)
		line.Call(due, due, due+took, 0, 0, fate)
		trial.Started++
		switch fate {
		case latency.OK:
			trial.OK++
			response.Record(took)
			if due+took <= length {
				inTime++
			}
		case latency.Failed:
			failed++
		case latency.Cancelled:
			trial.Cancelled++
			givenUp.Record(took)
		}
	}
	if failed > 0 {
		trial.Errors["timeout"] = result.Error{Count: failed}
	}
	trial.Scheduled = trial.Started
	trial.ThroughputPerS = float64(inTime) / length.Seconds()
	var err error
	if trial.Response, err = result.NewDist(response); err != nil {
		t.Fatal(err)
	}
	if trial.CancelledResponse, err = result.NewDist(givenUp); err != nil {
		t.Fatal(err)
	}
	for i, w := range line.Windows() {
		width := line.Width().Seconds()
		window := result.Window{AtS: float64(i) * width, WidthS: width, Scheduled: w.Scheduled, Started: w.Started, OK: w.OKs, Errors: w.Failures}
		if w.Response != nil {
			window.MeanS, window.MaxS = w.Response.Mean()/1e9, w.Response.Max().Seconds()
			if window.HDR, err = w.Response.Encode(); err != nil {
				t.Fatal(err)
			}
		}
		trial.Timeline = append(trial.Timeline, window)
	}
	return trial
}

func promises(t *testing.T, rules ...string) (slo []result.Promise) {
	t.Helper()
	for _, text := range rules {
		r, err := verdict.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := NewPromise(r)
		if err != nil {
			t.Fatal(err)
		}
		slo = append(slo, p)
	}
	return slo
}

func judge(t *testing.T, trial *result.Trial, rules ...string) (result.CapacityStep, Step) {
	t.Helper()
	seen, step, err := Judge(trial, promises(t, rules...))
	if err != nil {
		t.Fatal(err)
	}
	return seen, step
}

func steadily(took time.Duration) func(time.Duration) (time.Duration, latency.Fate) {
	return func(time.Duration) (time.Duration, latency.Fate) { return took, latency.OK }
}

// The beginning of a trial that drifts is left out, and judged is the rest.
func TestDriftIsLeftOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	cold := made(t, func(due time.Duration) (time.Duration, latency.Fate) {
		took := time.Duration((0.5 + rng.Float64()) * 20e6)
		if due < 2*time.Second {
			took += 200*time.Millisecond - due/10
		}
		return took, latency.OK
	})
	seen, step := judge(t, cold, "p99 < 40ms")
	if seen.SkippedS < 1.5 || seen.SkippedS > 3 || seen.Drifting {
		t.Errorf("%v s were left out, drifting %v", seen.SkippedS, seen.Drifting)
	}
	if seen.Verdict != result.Pass || !step.Pass() || math.Abs(seen.P99S/0.0298-1) > 0.02 || math.Abs(seen.ThroughputPerS/1000-1) > 0.02 {
		t.Errorf("the rest: %+v", seen)
	}
}

// A trial that never settles says so, and its second half is judged, with the
// calls that ended after it.
func TestDriftWithoutEnd(t *testing.T) {
	growing := made(t, func(due time.Duration) (time.Duration, latency.Fate) { return 10*time.Millisecond + due, latency.OK })
	seen, _ := judge(t, growing, "p99 < 40ms")
	if !seen.Drifting || seen.SkippedS < 4 || seen.SkippedS > 6 || seen.Verdict != result.Fail || seen.P99S < 9.5 {
		t.Errorf("%+v", seen)
	}
}

// What does not drift is judged whole: a constant, and noise with memory, of
// which chance bursts at the beginning must not be cut off.
func TestNoDriftIsNoneLeftOut(t *testing.T) {
	if seen, _ := judge(t, made(t, steadily(20*time.Millisecond)), "p99 < 40ms"); seen.SkippedS != 0 {
		t.Errorf("of a constant %v s were left out", seen.SkippedS)
	}
	cut := 0
	for seed := range uint64(40) {
		rng, level := rand.New(rand.NewPCG(seed, 2)), 0.0
		seen, _ := judge(t, made(t, func(time.Duration) (time.Duration, latency.Fate) {
			level = 0.99*level + 0.14*rng.NormFloat64() // remembers 0.1 s
			return time.Duration(20e6 * math.Exp(0.3*level)), latency.OK
		}), "p99 < 80ms")
		if seen.SkippedS > 0 {
			cut++
		}
	}
	if cut > 4 {
		t.Errorf("%d of 40 steady trials had something left out", cut)
	}
}

func TestVerdicts(t *testing.T) {
	nth := func(n int, fate latency.Fate) func(time.Duration) (time.Duration, latency.Fate) {
		count := 0
		return func(time.Duration) (time.Duration, latency.Fate) {
			if count++; count%n == 0 {
				return time.Millisecond, fate
			}
			return 20 * time.Millisecond, latency.OK
		}
	}
	change := func(trial *result.Trial, how func(*result.Trial)) *result.Trial { how(trial); return trial }
	for _, c := range []struct {
		name    string
		trial   *result.Trial
		rules   []string
		verdict string
		reason  string
	}{
		{"kept", made(t, steadily(20*time.Millisecond)), []string{"p99 < 40ms", "errors < 1%"}, result.Pass, ""},
		{"the limit itself is broken by <", made(t, steadily(20*time.Millisecond)), []string{"max < 20ms"}, result.Fail, "max < 20ms"},
		{"and kept by <=", made(t, steadily(20*time.Millisecond)), []string{"max <= 20ms", "mean <= 20ms", "min <= 20ms"}, result.Pass, ""},
		{"few given up", made(t, nth(200, latency.Cancelled)), []string{"p99 < 40ms"}, result.Pass, ""},
		{"few given up are the slowest", made(t, nth(200, latency.Cancelled)), []string{"p99.9 < 40ms"}, result.Fail, "p99.9 < 40ms"},
		{"and might have taken for ever", made(t, nth(1000, latency.Cancelled)), []string{"p99 < 40ms", "max < 40ms"}, result.Fail, "max < 40ms"},
		{"broken by the most, beyond all margins", made(t, nth(2, latency.Failed)), []string{"p99 < 2ms", "errors < 0.1%"}, result.Fail, "errors < 0.1%"},
		{"in whatever order", made(t, nth(2, latency.Failed)), []string{"errors < 0.1%", "p99 < 2ms"}, result.Fail, "errors < 0.1%"},
		{"by a response time", made(t, nth(200, latency.Failed)), []string{"errors < 0.1%", "p99 < 1ms"}, result.Fail, "p99 < 1ms"},
		{"no success is first of all errors", made(t, nth(1, latency.Failed)), []string{"p99 < 40ms", "errors < 1%"}, result.Fail, "errors < 1%"},
		{"the promise broken by the most", made(t, nth(10, latency.Failed)), []string{"p50 < 19ms", "errors < 1%"}, result.Fail, "errors < 1%"},
		{"few enough errors", made(t, nth(200, latency.Failed)), []string{"errors < 1%"}, result.Pass, ""},
		{"no success is not fast", made(t, nth(1, latency.Failed)), []string{"p99 < 40ms"}, result.Fail, "p99 < 40ms"},
		{"given up after the drain", made(t, nth(10, latency.Cancelled)), []string{"p99 < 40ms"}, result.Fail, "1000 of 10000 calls not served"},
		{"held back", change(made(t, steadily(20*time.Millisecond)), func(tr *result.Trial) {
			tr.Health.LimitedBy, tr.Held.P50S = "max_in_flight", 0.1
		}), []string{"p99 < 40ms"}, result.Fail, "max_in_flight"},
		{"held back now and then", change(made(t, steadily(20*time.Millisecond)), func(tr *result.Trial) {
			tr.Health.LimitedBy = "max_in_flight"
		}), []string{"p99 < 40ms"}, result.Pass, ""},
		{"the generator fell behind", change(made(t, steadily(90*time.Millisecond)), func(tr *result.Trial) {
			tr.Health = result.Health{Why: "lateness p99 was 3ms"}
		}), []string{"p99 < 40ms"}, result.Void, "lateness p99 was 3ms"},
	} {
		seen, step := judge(t, c.trial, c.rules...)
		if seen.Verdict != c.verdict || seen.Reason != c.reason || step.Void != (c.verdict == result.Void) || step.Pass() != (c.verdict == result.Pass) {
			t.Errorf("%s: %s (%s), %+v", c.name, seen.Verdict, seen.Reason, step)
		}
	}
}

func TestPromisesThatCannotBeSearched(t *testing.T) {
	for _, text := range []string{"rate >= 100/s", "p99 > 1s", "errors == 0%", "service.p99 < 1s", "all.p99 < 1s", "errors.timeout < 1%", "makespan < 3s", "goodput(1s) < 100/s", "lateness.p99 < 1ms", "elapsed.p95 < 1s", "calls.errors.check < 1%", "calls.rate < 1/s", "record.cost.p95 < 1"} {
		r, err := verdict.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := NewPromise(r); err == nil {
			t.Errorf("%s became %+v", text, p)
		}
	}
}

// A warm-up's calls are the first to end, and count for nothing: the windows
// before the first success are no reason not to look for a drift.
func TestADriftShowsAfterAWarmUp(t *testing.T) {
	trial := &result.Trial{DurationS: 20}
	for i := range 200 {
		w := result.Window{AtS: float64(i) / 10, WidthS: 0.1}
		if i >= 10 {
			w.OK, w.MeanS = 20, 0.01*float64(i)
		}
		trial.Timeline = append(trial.Timeline, w)
	}
	if skipped, drifting := transient(trial); !drifting || skipped < 100 {
		t.Errorf("left out %d windows, drifting %t", skipped, drifting)
	}
}
