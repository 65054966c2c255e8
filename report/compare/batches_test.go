package compare

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// steady makes a run of one trial with a timeline: calls one after the other,
// whose mean delay follows the given shape from 0 to 1 along the trial.
func steady(t *testing.T, rng *rand.Rand, calls int, mean func(along float64) time.Duration) *result.Run {
	t.Helper()
	whole, timeline := latency.New(latency.Fine), latency.NewTimeline(latency.MaxWindows)
	now := time.Duration(0)
	for i := range calls {
		d := time.Duration(float64(mean(float64(i)/float64(calls))) * rng.ExpFloat64())
		whole.Record(d)
		timeline.Call(now, now, now+d, 0, 0, latency.OK)
		now += d
	}
	trial := trialOf(whole, 0)
	var err error
	if trial.Response, err = result.NewDist(whole); err != nil {
		t.Fatal(err)
	}
	var encoder latency.Encoder
	for i, w := range timeline.Windows() {
		window := result.Window{AtS: (time.Duration(i) * timeline.Width()).Seconds(), WidthS: timeline.Width().Seconds(), OK: w.OKs}
		if w.Response != nil {
			if window.HDR, err = encoder.Encode(w.Response); err != nil {
				t.Fatal(err)
			}
		}
		trial.Timeline = append(trial.Timeline, window)
	}
	return &result.Run{Trials: []result.Trial{*trial}, Planned: 1}
}

func constantly(d time.Duration) func(float64) time.Duration {
	return func(float64) time.Duration { return d }
}

// One long trial's windows stand in for repetitions under the virtual clock,
// and their interval is about that of as many repetitions.
func TestWindowsStandIn(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	was, is := steady(t, rng, 40_000, constantly(10*time.Millisecond)), steady(t, rng, 40_000, constantly(12*time.Millisecond))
	c := mustCompare(t, was, is, Options{})
	same(t, verdicts(c), map[string]Verdict{Makespan: Worse, P50: Worse, P99: Worse, Errors: NoChange})
	for _, ch := range c.Changes[:3] {
		if *ch.Low > 1.2 || *ch.High < 1.2 || *ch.High / *ch.Low > 1.2 || !strings.Contains(ch.Reason, "20 parts of a trial stand in") {
			t.Errorf("%s: %v to %v, %s", ch.Metric, *ch.Low, *ch.High, ch.Reason)
		}
	}
	// The standard error of a mean of n exponentials is 1/√n of it.
	makespan := c.Changes[0]
	if width := *makespan.High / *makespan.Low; width < 1.015 || width > 1.045 {
		t.Errorf("the makespan's interval spans a factor of %v, about 1.028 would be right", width)
	}
	for _, run := range []*result.Run{was, is} {
		run.Trials[0].Clock = "real"
	}
	for _, ch := range mustCompare(t, was, is, Options{}).Changes[:3] {
		if ch.Verdict != CannotTell || ch.More != 2 {
			t.Errorf("in real time: %+v", ch)
		}
	}
}

// Their intervals cover the truth, too.
func TestWindowsCoverTheTruth(t *testing.T) {
	n := size(25, 300)
	covered := map[string]int{}
	rng := rand.New(rand.NewPCG(6, 6))
	for range n {
		was, is := steady(t, rng, 4_000, constantly(10*time.Millisecond)), steady(t, rng, 4_000, constantly(11*time.Millisecond))
		for _, ch := range mustCompare(t, was, is, Options{}).Changes[:3] {
			if ch.Low == nil || *ch.Low <= 1.1 && 1.1 <= *ch.High { // dependent by chance: nothing is claimed
				covered[ch.Metric]++
			}
		}
	}
	for metric, times := range covered {
		if times*100 < 88*n {
			t.Errorf("the interval of %s covers %d of %d", metric, times, n)
		}
	}
	if len(covered) != 3 {
		t.Error(covered)
	}
}

// A trial that is not the same all along has no independent parts.
func TestWhatCannotStandIn(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	even := steady(t, rng, 40_000, constantly(10*time.Millisecond))
	ramp := steady(t, rng, 40_000, func(along float64) time.Duration {
		return time.Duration((5 + 10*along) * float64(time.Millisecond))
	})
	short := steady(t, rng, 400, constantly(10*time.Microsecond))
	idle := steady(t, rng, 40_000, constantly(10*time.Millisecond))
	for i := range 20 {
		idle.Trials[0].Timeline[i] = result.Window{AtS: idle.Trials[0].Timeline[i].AtS, WidthS: idle.Trials[0].Timeline[i].WidthS}
	}
	for want, run := range map[string]*result.Run{
		"depend on each other": ramp, "and 20 would be needed": short, "parts of the trial have no success": idle,
	} {
		for _, ch := range mustCompare(t, even, run, Options{}).Changes[:3] {
			if ch.Verdict != CannotTell || !strings.Contains(ch.Reason, want) {
				t.Errorf("%s: %+v", want, ch)
			}
		}
	}
	broken := steady(t, rng, 40_000, constantly(10*time.Millisecond))
	broken.Trials[0].Timeline[3].HDR = "nonsense"
	if ch := mustCompare(t, even, broken, Options{}).Changes[0]; ch.Verdict != CannotTell || !strings.Contains(ch.Reason, "its timeline") {
		t.Errorf("%+v", ch)
	}
}

// The last window reaches beyond the trial's end, and only what of it lies
// before counts as time: the batches' lengths add up to the trial's, and a
// steady rate is the same in each.
func TestTheLastWindowIsCut(t *testing.T) {
	const rate, length = 40, 24.25
	trial := &result.Trial{DurationS: length}
	for at := 0.0; at < length; at++ {
		h := latency.New(latency.Coarse)
		for range int(rate * min(1, length-at)) {
			h.Record(10 * time.Millisecond)
		}
		hdr, err := h.Encode()
		if err != nil {
			t.Fatal(err)
		}
		trial.Timeline = append(trial.Timeline, result.Window{AtS: at, WidthS: 1, OK: h.Count(), HDR: hdr})
	}
	batches, err := batchesOf(trial)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, b := range batches {
		if sum += b.DurationS; b.ThroughputPerS != rate {
			t.Errorf("batch %d of %v s has %v/s", i, b.DurationS, b.ThroughputPerS)
		}
	}
	if sum != length {
		t.Errorf("the batches take %v s of %v", sum, length)
	}
}
