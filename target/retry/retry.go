// Package retry says which failures are tried again, when, and how many of
// them. It decides; the loop waits and sends.
package retry

import (
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"plimsoll/target"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
)

// Settings are those of `retry:`. Attempts counts the first one too; 0 and 1
// mean no retry. Before the k-th retry comes a pause of Backoff × Factor^(k−1),
// drawn from [0, that] with full jitter.
type Settings struct {
	Attempts int
	Backoff  time.Duration // default 1 s
	Factor   float64       // default 2
	Jitter   bool          // full (default) or none
	On       []string      // classes: timeout, connect, reset, 5xx, 429, 503 …; default timeout, connect, 5xx, 429
	// Budget bounds the retries: at every time they are at most that share of
	// the calls so far; with 0 there is none. nil: no bound.
	Budget *float64
}

// Policy decides on second tries. It belongs to one loop.
type Policy struct {
	Settings
	seed           uint64
	calls, retries int64
}

// New makes the policy of settings, whose jitter the streams' "retry" draws;
// nil where nothing is ever tried again.
func (s Settings) New(streams random.Source) *Policy {
	if s.Attempts < 2 {
		return nil
	}
	return &Policy{Settings: s, seed: streams("retry").Uint64()}
}

// Call notes a call that begins.
func (p *Policy) Call() { p.calls++ }

// Again tells whether a call that failed for the k-th time is tried again, and
// notes that it is.
func (p *Policy) Again(class string, k int) bool {
	if k >= p.Attempts || !p.on(class) {
		return false
	}
	if p.Budget != nil && float64(p.retries+1) > *p.Budget*float64(p.calls) {
		return false
	}
	p.retries++
	return true
}

func (p *Policy) on(class string) bool {
	for _, on := range p.On {
		if matches(on, class) {
			return true
		}
	}
	return false
}

// matches tells whether an entry of `on` means a class: "503" and "5xx" mean
// "status-503", and what a simulated server would say so.
func matches(on, class string) bool {
	if on == class {
		return true
	}
	switch class {
	case target.Rejected:
		class = "status-503"
	case target.Throttled:
		class = "status-429"
	}
	status, isStatus := strings.CutPrefix(class, "status-")
	return isStatus && (on == status || len(on) == 3 && on[1:] == "xx" && on[0] == status[0])
}

// Pause is how long call n waits after its k-th failure. The jitter depends on
// seed, n and k alone: not on the order in which calls fail.
func (p *Policy) Pause(n uint64, k int) time.Duration {
	most := min(float64(p.Backoff)*math.Pow(p.Factor, float64(k-1)), float64(quantity.Longest))
	if p.Jitter {
		most *= rand.New(rand.NewPCG(p.seed+n, uint64(k))).Float64()
	}
	return time.Duration(most)
}
