package capacity

import (
	"math"
	"testing"
	"time"

	"plimsoll/runner/latency"
)

// The mean of what is left after a drift is exact, and so is the slowest call:
// windows have kept them.
func TestMeanAfterADrift(t *testing.T) {
	cold := made(t, func(due time.Duration) (time.Duration, latency.Fate) {
		took := 10*time.Millisecond + due%(7*time.Millisecond) // 13 ms, on average
		if due < 2*time.Second {
			took += 200 * time.Millisecond
		}
		return took, latency.OK
	})
	seen, _ := judge(t, cold, "mean < 14ms", "max < 17ms")
	if seen.SkippedS == 0 || seen.SkippedS > 3 {
		t.Fatalf("%v s were left out", seen.SkippedS)
	}
	for i, want := range []float64{0.013, 0.016} {
		if math.Abs(seen.Measured[i]/want-1) > 0.001 {
			t.Errorf("measured %v s, want %v s", seen.Measured[i], want)
		}
	}
}
