package http

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"plimsoll/target"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
)

// retrier decides on second tries and the pauses before them.
type retrier struct {
	Retry
	seed uint64
}

func newRetrier(r Retry, streams random.Source) retrier {
	return retrier{Retry: r, seed: streams("retry").Uint64()}
}

// again tells whether a call that failed for the k-th time is tried again.
func (r retrier) again(class string, k int) bool {
	if k >= r.Attempts || class == target.Cancelled {
		return false
	}
	for _, on := range r.On {
		if matches(on, class) {
			return true
		}
	}
	return false
}

// matches tells whether an entry of `on` means a class: "503" and "5xx" mean
// "status-503".
func matches(on, class string) bool {
	status, isStatus := strings.CutPrefix(class, "status-")
	if !isStatus {
		return on == class
	}
	return on == status || len(on) == 3 && on[1:] == "xx" && on[0] == status[0]
}

// backoff is the pause after the k-th failure of call n. Its jitter depends
// on seed, n and k alone: not on the order in which calls fail.
func (r retrier) backoff(n uint64, k int) time.Duration {
	most := min(float64(r.Backoff)*math.Pow(r.Factor, float64(k-1)), float64(quantity.Longest))
	if r.Jitter {
		most *= rand.New(rand.NewPCG(r.seed+n, uint64(k))).Float64()
	}
	return time.Duration(most)
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) (waited bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
