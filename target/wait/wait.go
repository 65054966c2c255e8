// Package wait waits in real time, precisely: Go's timers fire up to a
// millisecond late, a thread that sleeps by itself some 30 µs, and one that
// spins through the last stretch well below one. The one loop, its ports under
// the real clock and the simulated server all wait here.
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
	sleeper Sleeper
	bound   bool
	state   atomic.Int32
	zero    time.Time // offsets count from it: cheaper to read than a time of day
	budget
}

// Sleeper is what a Waiter sleeps on: the system's clock, or an event loop's
// sockets.
type Sleeper interface {
	// Sleep returns after d, or earlier when something happens. It tells
	// whether its owner wants to see to what has happened.
	Sleep(d time.Duration) bool
	// Look tells the same at once.
	Look() bool
	// Rouse makes the Sleep under way, or the next one, return. It may be
	// called from anywhere.
	Rouse()
	// Close gives descriptors back.
	Close()
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
func New(spin float64) *Waiter { return On(newSleeper(), spin) }

// On makes a waiter that sleeps on something of its owner's. Its Wait returns
// true also when something has happened there.
func On(sleeper Sleeper, spin float64) *Waiter {
	return &Waiter{sleeper: sleeper, zero: time.Now(), budget: full(spin)}
}

// Wait returns false at the instant or soon after it, or true at once when
// Wake is called, or was called since the last Wait.
func (w *Waiter) Wait(until time.Time) bool {
	return w.wait(until.Sub(w.zero))
}

func (w *Waiter) wait(until time.Duration) bool {
	w.bind()
	for {
		if w.state.CompareAndSwap(woken, awake) {
			return true
		}
		now := time.Since(w.zero)
		left := until - now
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
			happened := w.sleeper.Sleep(left)
			w.state.CompareAndSwap(asleep, awake)
			if happened {
				return true
			}
		}
	}
}

// bind locks the goroutine to its thread.
func (w *Waiter) bind() {
	if !w.bound {
		bindThread()
		w.bound = true
	}
}

func (w *Waiter) spinUntil(until, since time.Duration) (early bool) {
	now := since
	for now < until && !early {
		early = w.state.CompareAndSwap(woken, awake) || w.sleeper.Look()
		now = time.Since(w.zero)
	}
	w.pay(now - since)
	return early
}

// Wake makes the Wait under way, or else the next one, return at once.
func (w *Waiter) Wake() {
	if w.state.Swap(woken) == asleep {
		w.sleeper.Rouse()
	}
}

// Release gives the thread back, until the next Wait.
func (w *Waiter) Release() {
	if w.bound {
		releaseThread()
		w.bound = false
	}
}

// Close gives thread and descriptors back.
func (w *Waiter) Close() {
	w.sleeper.Close()
	w.Release()
}
