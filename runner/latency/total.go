package latency

import (
	"math/bits"
	"time"
)

// Total is the sum of durations, none of them below 0. It is exact and never
// overflows: 700,000 calls in flight for a day are beyond 64 bits of
// nanoseconds.
type Total struct{ high, low uint64 }

// Add adds one duration.
func (t *Total) Add(d time.Duration) {
	low, carry := bits.Add64(t.low, uint64(max(0, d)), 0)
	t.low, t.high = low, t.high+carry
}

// Merge adds another total.
func (t *Total) Merge(o Total) {
	low, carry := bits.Add64(t.low, o.low, 0)
	t.low, t.high = low, t.high+o.high+carry
}

// Seconds is the total in seconds.
func (t Total) Seconds() float64 { return (float64(t.high)*(1<<64) + float64(t.low)) / 1e9 }
