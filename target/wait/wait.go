// Package wait waits in real time, precisely: Go's timers fire up to a
// millisecond late, a thread that sleeps by itself some 30 µs, and one that
// spins through the last stretch well below one. The one loop, the simulated
// port under the real clock and the simulated server all wait here.
package wait

import (
	"sync/atomic"
	"time"
)

// DefaultSpin is the share of one core that waiting may burn by default.
const DefaultSpin = 0.10

// stretch is how long before the instant a sleeper gets up to spin: about
// what a kernel's wake-up takes at the slow end.
const stretch = 50 * time.Microsecond

// Waiter waits for instants. Wait and Close belong to one goroutine, which the
// first Wait locks to its thread; Wake may be called from anywhere.
type Waiter struct {
	sleeper sleeper
	spin    float64
	state   atomic.Int32

	budget time.Duration // what may still be spun
	seen   time.Time     // up to when the budget has been filled
	spun   atomic.Int64
}

// States of a waiter.
const (
	awake int32 = iota
	asleep
	woken // somebody called Wake since the last Wait returned
)

// New makes a waiter that may spin for the given share of one core, 0 to 1:
// the last stretch before an instant is spun as long as the budget lasts, and
// slept through otherwise.
func New(spin float64) *Waiter {
	return &Waiter{spin: spin, seen: time.Now(), budget: stretch}
}

// Wait returns false at the instant or soon after it, or true at once when
// Wake is called, or was called since the last Wait.
func (w *Waiter) Wait(until time.Time) bool {
	w.sleeper.bind()
	for {
		if w.state.CompareAndSwap(woken, awake) {
			return true
		}
		now := time.Now()
		left := until.Sub(now)
		if left <= 0 {
			return false
		}
		if w.mayspin(now) {
			if left <= stretch {
				return w.spinUntil(until, now)
			}
			left -= stretch
		}
		if w.state.CompareAndSwap(awake, asleep) {
			w.sleeper.sleep(left)
			w.state.CompareAndSwap(asleep, awake)
		}
	}
}

// mayspin fills the budget up to now and tells whether it lasts for a stretch.
// It saves up for at most 20 stretches, so that a long sleep buys no long spin.
func (w *Waiter) mayspin(now time.Time) bool {
	if w.spin <= 0 {
		return false
	}
	w.budget = min(w.budget+time.Duration(w.spin*float64(now.Sub(w.seen))), 20*stretch)
	w.seen = now
	return w.budget >= stretch
}

func (w *Waiter) spinUntil(until, since time.Time) (wokenUp bool) {
	now := since
	for now.Before(until) && !wokenUp {
		wokenUp = w.state.CompareAndSwap(woken, awake)
		now = time.Now()
	}
	w.budget -= now.Sub(since)
	w.spun.Add(int64(now.Sub(since)))
	return wokenUp
}

// Wake makes the Wait under way, or else the next one, return at once.
func (w *Waiter) Wake() {
	if w.state.Swap(woken) == asleep {
		w.sleeper.rouse()
	}
}

// Spun is how long the waiter has spun so far.
func (w *Waiter) Spun() time.Duration { return time.Duration(w.spun.Load()) }

// Close gives thread and descriptors back.
func (w *Waiter) Close() { w.sleeper.release() }
