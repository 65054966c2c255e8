package verdict

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/result"
)

func TestSpeedupIsTheRatioOfMakespans(t *testing.T) {
	run := runOf(t,
		trial{mode: "base", at: result.Point{Requests: 5}, makespan: 5200 * ms, ok: times(5, time.Second)},
		trial{mode: "fast", at: result.Point{Requests: 5}, makespan: 1040 * ms, ok: times(5, time.Second)},
		trial{mode: "slow", at: result.Point{Requests: 5}, makespan: 10400 * ms, ok: times(5, time.Second)},
		trial{mode: "base", at: result.Point{Requests: 10}, makespan: 10400 * ms, ok: times(10, time.Second)},
		trial{mode: "fast", at: result.Point{Requests: 10}, makespan: 1300 * ms, ok: times(10, time.Second)},
	)
	const note = "1 repetition: no interval (needs 3)"
	want := []result.Speedup{
		{Scenario: "s", Mode: "fast", Baseline: "base", Point: result.Point{Requests: 5}, Ratio: 5, Note: note},
		{Scenario: "s", Mode: "slow", Baseline: "base", Point: result.Point{Requests: 5}, Ratio: 0.5, Note: note},
		{Scenario: "s", Mode: "fast", Baseline: "base", Point: result.Point{Requests: 10}, Ratio: 8, Note: note},
	}
	if got := speedups(t, run); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
	none, err := Speedups(run, func(string) string { return "" })
	if err != nil || none != nil {
		t.Errorf("without a baseline: %v, %v", none, err)
	}
}

func TestSpeedupOfDurationsIsTheRatioOfThroughputs(t *testing.T) {
	run := runOf(t,
		trial{mode: "base", duration: 10 * time.Second, makespan: 20 * time.Second, ok: times(50, ms)},
		trial{mode: "fast", duration: 10 * time.Second, makespan: 10 * time.Second, ok: times(150, ms)},
	)
	if got := speedups(t, run)[0]; got.Ratio != 3 {
		t.Errorf("%#v", got)
	}
}

func TestSpeedupNotes(t *testing.T) {
	rep := func(mode string, repeat int, ended string) trial {
		span := 4 * time.Second
		if mode == "fast" {
			span = time.Second
		}
		return trial{mode: mode, repeat: repeat, makespan: span + time.Duration(repeat)*ms, ok: times(4, time.Second), ended: ended}
	}
	pair := func(repeats int) (trials []trial) {
		for r := range repeats {
			trials = append(trials, rep("base", r, ""), rep("fast", r, ""))
		}
		return trials
	}
	failing := rep("fast", 0, "")
	failing.ok, failing.errors = times(1, time.Second), map[string][]time.Duration{"reset": times(3, ms)}
	hopeless := rep("fast", 0, "")
	hopeless.ok, hopeless.errors = nil, map[string][]time.Duration{"reset": times(4, ms)}
	hopelessBase := hopeless
	hopelessBase.mode = "base"
	instant := rep("fast", 0, "")
	instant.makespan = 0
	idle := func(mode string) trial { return trial{mode: mode, duration: time.Second, makespan: time.Second} }
	for _, c := range []struct {
		name     string
		trials   []trial
		ratio    float64
		interval bool
		note     string
	}{
		{"two", pair(2), 4000.5 / 1000.5, false, "2 repetitions: no interval (needs 3)"},
		{"three", pair(3), 4001.0 / 1001, true, ""},
		{"one failed in the mode", append(pair(2), rep("base", 2, ""), rep("fast", 2, result.Failed)), 4000.5 / 1000.5, false, "2 of 3 repetitions complete: no interval (needs 3)"},
		{"one interrupted in the baseline", append(pair(3), rep("base", 3, result.Interrupted), rep("fast", 3, "")), 4001.0 / 1001, true, ""},
		{"stopped by its scenario", []trial{rep("base", 0, result.Stopped), rep("fast", 0, result.Stopped)}, 4, false, "1 repetition: no interval (needs 3)"},
		{"no pair", []trial{rep("base", 0, ""), rep("fast", 0, result.Interrupted)}, 0, false, "no repetition came to its end in both modes"},
		{"other repetitions", []trial{rep("base", 0, ""), rep("fast", 1, "")}, 0, false, "no repetition came to its end in both modes"},
		{"no baseline", []trial{rep("fast", 0, "")}, 0, false, "the baseline base was not run here"},
		{"failures", []trial{rep("base", 0, ""), failing}, 4, false, "1 repetition: no interval (needs 3); 3 of the 8 calls of both failed"},
		{"nothing but failures", []trial{rep("base", 0, ""), hopeless}, 0, false, "no ratio: every call failed"},
		{"nothing but failures in the baseline", []trial{hopelessBase, rep("fast", 0, "")}, 0, false, "no ratio: every call of the baseline failed"},
		{"no time", []trial{rep("base", 0, ""), instant}, 0, false, "no ratio: a makespan is 0 s"},
		{"no success", []trial{idle("base"), idle("fast")}, 0, false, "no ratio: a throughput is 0/s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := speedups(t, runOf(t, c.trials...))[0]
			if math.Abs(s.Ratio-c.ratio) > 1e-9 || s.Note != c.note {
				t.Errorf("ratio %v, note %q; want %v, %q", s.Ratio, s.Note, c.ratio, c.note)
			}
			if has := s.Low > 0 && s.Low < s.Ratio && s.Ratio < s.High; has != c.interval || !has && s.Low+s.High != 0 {
				t.Errorf("interval %v to %v", s.Low, s.High)
			}
		})
	}
}

// The worked example of the statistics' own test, makespans 10, 12, 11 against
// 5, 5, 6, of which the longer side reaches further: the logarithms without one
// have G₁ = −0.80848, pairing took out nothing (their variance is 1.013 times
// the sum of both), and 0.356992 × (1 + 0.25 × 0.80848/√3) = 0.398650, of which
// e to the power is 1.489812.
func TestSpeedupIntervalIsTheJackknifes(t *testing.T) {
	var trials []trial
	for r, span := range []time.Duration{10, 12, 11} {
		trials = append(trials, trial{mode: "base", repeat: r, makespan: span * time.Second, ok: times(1, ms)})
	}
	for r, span := range []time.Duration{5, 5, 6} {
		trials = append(trials, trial{mode: "fast", repeat: r, makespan: span * time.Second, ok: times(1, ms)})
	}
	s := speedups(t, runOf(t, trials...))[0]
	if math.Abs(s.Ratio-33.0/16) > 1e-12 || math.Abs(s.Low-1.443292) > 5e-6 || math.Abs(s.High-3.072738) > 2e-5 {
		t.Errorf("%v, %v to %v", s.Ratio, s.Low, s.High)
	}
}

func TestEqualRepetitionsHaveADegenerateInterval(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		base := time.Duration(rapid.Int64Range(1, 1e12).Draw(rt, "base"))
		mode := time.Duration(rapid.Int64Range(1, 1e12).Draw(rt, "mode"))
		var trials []trial
		for r := range rapid.IntRange(3, 12).Draw(rt, "repeat") {
			trials = append(trials, trial{mode: "base", repeat: r, makespan: base}, trial{mode: "fast", repeat: r, makespan: mode})
		}
		s := speedups(t, runOf(t, trials...))[0]
		if want := base.Seconds() / mode.Seconds(); s.Ratio != want || s.Low != want || s.High != want || s.Note != "" {
			rt.Fatalf("%#v, want %v three times", s, want)
		}
	})
}

// drawSpans draws makespans of both modes for some repetitions.
func drawSpans(t *rapid.T) (base, mode []time.Duration) {
	span := rapid.Int64Range(int64(time.Millisecond), int64(time.Minute))
	for range rapid.IntRange(1, 6).Draw(t, "repeat") {
		base = append(base, time.Duration(span.Draw(t, "base")))
		mode = append(mode, time.Duration(span.Draw(t, "mode")))
	}
	return base, mode
}

func spans(t *testing.T, base, mode []time.Duration, scale time.Duration) result.Speedup {
	var trials []trial
	for r := range base {
		trials = append(trials,
			trial{mode: "base", repeat: r, makespan: scale * base[r]},
			trial{mode: "fast", repeat: r, makespan: scale * mode[r]})
	}
	return speedups(t, runOf(t, trials...))[0]
}

func TestSpeedupProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		base, mode := drawSpans(rt)
		s := spans(t, base, mode, 1)
		if self := spans(t, base, base, 1); self.Ratio != 1 || len(base) >= 3 && (self.Low != 1 || self.High != 1) {
			rt.Fatalf("of a mode with itself: %#v", self)
		}
		same := func(what string, a, b float64) {
			if math.Abs(a-b) > 1e-9*math.Abs(b) {
				rt.Fatalf("%s: %v, %v", what, a, b)
			}
		}
		scaled := spans(t, base, mode, time.Duration(rapid.IntRange(2, 1000).Draw(rt, "scale")))
		same("scaled ratio", scaled.Ratio, s.Ratio)
		same("scaled low", scaled.Low, s.Low)
		same("scaled high", scaled.High, s.High)
		swapped := spans(t, mode, base, 1)
		same("swapped ratio", swapped.Ratio, 1/s.Ratio)
		if s.High > 0 {
			same("swapped low", swapped.Low, 1/s.High)
			same("swapped high", swapped.High, 1/s.Low)
		} else if len(base) >= 3 && !strings.Contains(s.Note, "no interval") {
			rt.Fatalf("no interval and no word about it: %#v", s)
		}
	})
}
