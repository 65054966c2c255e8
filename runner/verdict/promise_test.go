package verdict

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// judged is what comes of one rule on one trial.
func judged(t *testing.T, m trial, rule string) result.Verdict {
	t.Helper()
	r, err := ParseRule(rule)
	if err != nil {
		t.Fatal(err)
	}
	if m.mode == "" {
		m.mode = "m"
	}
	if m.makespan == 0 && m.duration == 0 {
		m.makespan = time.Second
	}
	verdicts, err := Judge(runOf(t, m), []Threshold{{Scenario: "s", Rule: r}}, nil, func(string) bool { return true })
	if err != nil || len(verdicts) != 1 {
		t.Fatal(verdicts, err)
	}
	return verdicts[0]
}

// repeated are n calls of a duration, and more of others.
func repeated(n int, d time.Duration, more ...time.Duration) (list []time.Duration) {
	for range n {
		list = append(list, d)
	}
	return append(list, more...)
}

// At its very limit a promise is neither kept nor broken by the histogram's
// buckets: what shares the limit's bucket is the limit, and what is known
// exactly is compared exactly.
func TestPromisesAtTheirLimit(t *testing.T) {
	const us = time.Microsecond
	for _, c := range []struct {
		calls []time.Duration
		rule  string
		pass  bool
	}{
		{repeated(99, 100*ms, 900*ms), "p50 <= 100ms", true},
		{repeated(99, 100*ms, 900*ms), "p50 < 100ms", false},
		{repeated(99, 100*ms, 900*ms), "p50 >= 100ms", true},
		{repeated(99, 100*ms, 900*ms), "p50 > 100ms", false},
		{repeated(99, 100*ms, 900*ms), "p50 == 100ms", true},
		{repeated(99, 99_990*us, 900*ms, ms), "p50 < 100ms", false}, // 99.94 … 100.008 ms is one bucket
		{repeated(99, 99_990*us, 900*ms, ms), "p50 <= 100ms", true},
		{repeated(99, 100_040*us, 900*ms, ms), "p50 <= 100ms", false},
		{repeated(99, 99_900*us, 900*ms, ms), "p50 < 100ms", true},
		{repeated(99, 99_999_999), "p50 < 100ms", true}, // all alike: known exactly
		{repeated(99, 100_000_001), "p50 <= 100ms", false},
		{repeated(99, 100*ms), "p99.9 <= 100ms", true},
		{repeated(99, 100*ms), "max <= 100ms", true},
		{repeated(99, 100*ms), "mean < 100ms", false},
		{repeated(99, 100*ms, 100_000_001), "max <= 100ms", false},
		{repeated(99, 3*time.Hour, ms), "p50 <= 3h", true},
	} {
		v := judged(t, trial{ok: c.calls}, c.rule)
		if v.Pass != c.pass || v.AtLeast {
			t.Errorf("%s of %v …: measured %v, pass %v", c.rule, c.calls[0], v.Measured, v.Pass)
		}
	}
}

// No percentile lies outside of what was measured, and what is shown of one is
// on the side of its limit that the verdict says.
func TestMeasuredAgreesWithTheVerdict(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := latency.New(latency.Fine)
		for _, v := range rapid.SliceOfN(rapid.Int64Range(0, 2_000_000_000), 1, 40).Draw(rt, "values") {
			h.Record(time.Duration(v))
		}
		f := result.NewTimes(h, nil).Quantile(rapid.Float64Range(0, 100).Draw(rt, "percent"))
		if f.Least.Low < h.Min().Seconds() || f.Least.High > h.Max().Seconds() || !f.Known() {
			rt.Fatalf("%+v of %v to %v", f, h.Min(), h.Max())
		}
		limit := rapid.OneOf(rapid.Float64Range(0, 2), rapid.Just(f.Least.Low), rapid.Just(f.Least.High)).Draw(rt, "limit")
		shown := Shown(f, limit)
		for op, right := range map[string]bool{"<": shown < limit, "<=": shown <= limit, ">": shown > limit, ">=": shown >= limit, "==": shown == limit} {
			if Keeps(f, op, limit) != right {
				rt.Fatalf("%v %s %v is %v, and shown as %v", f, op, limit, !right, shown)
			}
		}
	})
}

// Calls that were given up took at least as long as they were under way: a
// promise holds only if it does however long they would have taken.
func TestGivenUpCallsHaveAPart(t *testing.T) {
	hung := trial{ok: repeated(970, 5*ms), cancelled: 30, givenUp: repeated(30, 2*time.Second), dropped: 250}
	mostly := trial{cancelled: 100, givenUp: repeated(100, 2*time.Second)}
	stopped := trial{ok: repeated(970, 5*ms), cancelled: 30}
	failing := trial{errors: map[string][]time.Duration{"timeout": repeated(400, 5*ms)}}
	for _, c := range []struct {
		of      trial
		rule    string
		pass    bool
		shown   float64
		atLeast bool
	}{
		{hung, "p50 < 6ms", true, 0.005, false},
		{hung, "p97 < 6ms", true, 0.005, false},
		{hung, "p99 < 3s", false, 2, true},
		{hung, "p99 > 1s", true, 2, true},
		{hung, "p99 > 3s", false, 2, true},
		{hung, "p99 < 6ms", false, 2, true},
		{hung, "all.p99 < 3s", false, 2, true},
		{hung, "service.p99 < 3s", false, 2, true},
		{hung, "max < 1h", false, 2, true},
		{hung, "mean < 1h", false, (970*0.005 + 60) / 1000, true},
		{hung, "min < 6ms", true, 0.005, false},
		{hung, "errors == 0%", true, 0, false},
		{hung, "cancelled <= 2.4%", true, 0.024, false},
		{hung, "cancelled < 2%", false, 0.024, false},
		{hung, "dropped < 20%", false, 0.2, false},
		{hung, "dropped <= 20%", true, 0.2, false},
		{mostly, "all.p50 < 1h", false, 2, true},
		{stopped, "p99 < 6ms", true, 0.005, false},
		{stopped, "max < 6ms", true, 0.005, false},
		{stopped, "cancelled < 1%", false, 0.03, false},
		{failing, "all.p99 < 6ms", true, 0.005, false},
		{failing, "all.max < 4ms", false, 0.005, false},
	} {
		v := judged(t, c.of, c.rule)
		if v.Pass != c.pass || v.Measured < c.shown*0.999 || v.Measured > c.shown*1.001 || v.AtLeast != c.atLeast || v.Reason != "" {
			t.Errorf("%s: %v, measured %v (at least: %v) %s, want %v, %v, %v", c.rule, v.Pass, v.Measured, v.AtLeast, v.Reason, c.pass, c.shown, c.atLeast)
		}
		if v.AtLeast != strings.Contains(v.Note, "given up") {
			t.Errorf("%s: the note is %q", c.rule, v.Note)
		}
	}
	for _, rule := range []string{"p99 < 1h", "service.p50 < 1h"} {
		if v := judged(t, mostly, rule); v.Pass || v.Reason != "no call succeeded" {
			t.Errorf("%s without a success: %+v", rule, v)
		}
	}
}

// Calls that took no time have no limit to their rate; 0/s they are not.
func TestCallsThatTakeNoTime(t *testing.T) {
	m := trial{mode: "m", ok: repeated(10, 0)}.result(t)
	m.MakespanS, m.ThroughputPerS, m.Requests = 0, 0, 10
	for rule, pass := range map[string]bool{"rate > 1/s": true, "rate >= 1/s": true, "rate < 1/s": false, "goodput(1s) > 1/s": true, "makespan <= 1s": true} {
		r, err := ParseRule(rule)
		if err != nil {
			t.Fatal(err)
		}
		verdicts, err := Judge(&result.Run{Trials: []result.Trial{m}}, []Threshold{{Scenario: "s", Rule: r}}, nil, nil)
		if err != nil || verdicts[0].Pass != pass {
			t.Errorf("%s: %+v, %v", rule, verdicts, err)
		}
	}
}
