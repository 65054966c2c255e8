package capacity

import (
	"math"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// A promise on what a monitor saw is judged by its mean once the target had settled,
// or by the highest; one that nobody could see is broken, and the step says why.
func TestMonitorsAreJudged(t *testing.T) {
	watched := func() *result.Trial {
		trial := made(t, steadily(20*time.Millisecond))
		trial.Monitor = []result.Series{
			{Name: "server", Series: "cores", Mean: 0.6, Max: 0.9, Points: [][2]float64{{5, 0.9}, {10, 0.3}}},
			{Name: "db", Problem: "connection refused"},
		}
		return trial
	}
	for rule, want := range map[string]struct {
		measured float64
		pass     bool
		reason   string
	}{
		"monitor.server.cores < 0.7":      {0.6, true, ""},
		"monitor.server.cores < 0.6":      {0.6, false, "monitor.server.cores < 0.6"},
		"monitor.server.cores <= 0.6":     {0.6, true, ""},
		"monitor.server.cores.max < 0.7":  {0.9, false, "monitor.server.cores.max < 0.7"},
		"monitor.server.cores.max <= 0.9": {0.9, true, ""},
		"monitor.db.connections < 5":      {0, false, "monitor.db.connections < 5: the monitor saw nothing of it: connection refused"},
		"monitor.nobody.cores < 5":        {0, false, "monitor.nobody.cores < 5: the monitor saw nothing of it"},
	} {
		seen, step := judge(t, watched(), rule)
		if seen.Measured[0] != want.measured || step.Pass() != want.pass || seen.Reason != want.reason {
			t.Errorf("%s: measured %v, margin %v, %q, want %+v", rule, seen.Measured, step.Margin, seen.Reason, want)
		}
	}
	series := watched().Monitor[0]
	for from, want := range map[float64]float64{0: 0.6, 5: 0.3, 7: 0.6} { // beyond the last point all of it is all there is
		if got := series.Since(from); math.Abs(got-want) > 1e-9 {
			t.Errorf("since %v s: %v, want %v", from, got, want)
		}
	}
}

// The load at which a server that takes 2 ms of a processor for each call comes to
// half a core is 250 a second: found by promises of that alone.
func TestTheLoadThatTakesHalfACore(t *testing.T) {
	slo := promises(t, "monitor.server.cores < 0.5")
	search := New(Settings{From: 10, To: 5000, Precision: 0.05})
	for {
		level, repeat, more := search.Next()
		if !more {
			break
		}
		trial := made(t, steadily(20*time.Millisecond))
		trial.Repeat = repeat
		cores := level * 0.002 * (1 + 0.02*float64(repeat%3-1))
		trial.Monitor = []result.Series{{Name: "server", Series: "cores", Mean: cores, Max: cores, Points: [][2]float64{{10, cores}}}}
		_, step, err := Judge(trial, slo)
		if err != nil {
			t.Fatal(err)
		}
		step.Level = level
		search.Saw(step)
	}
	if a := search.Answer(); a.Bound != Found || a.Low > 252 || a.High < 248 || math.Abs(a.Value/250-1) > 0.05 || a.Limit != slo[0].Rule {
		t.Errorf("%+v", a)
	}
}
