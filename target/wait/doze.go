package wait

import (
	"math"
	"runtime"
	"sync/atomic"
	"time"
)

// Doze is the real clock of a loop whose calls end on other goroutines. Those
// put what they have to say on lists of their own, and Wake it.
//
// To hand over to a goroutine that is bound to a thread costs several
// microseconds, so the loop never is: while nothing is due soon it waits like
// any other goroutine, which others hand over to at next to no cost, and else
// in the kernel, on whatever thread it runs.
type Doze struct {
	state  atomic.Int32
	last   time.Duration // the last reading
	blind  int           // so many waits since then
	starts int           // so many readings since the last sleep
	lone   int           // so many sleeps after a single one, since it gave way

	zero  time.Time
	bell  chan struct{} // rings once for each time that the loop has dozed off
	alarm *time.Timer   // rings it, too
	rings time.Duration // when it does; not, if that is past
	nap   Sleeper
	budget
}

// States of a clock that dozes, besides those of a waiter.
const (
	dozing   = woken + 1 + iota // as a goroutine, for the bell
	watching                    // in the kernel
)

const (
	// soon is what is too near for Go's timers, which may be more than a
	// millisecond late.
	soon = 10 * time.Millisecond
	// farthest bounds one sleep; what lies beyond is waited for piece by piece.
	farthest = time.Hour
	// blindly is how often in a row a wait for what is past spares reading the
	// clock.
	blindly = 16
	// alone is how often in a row a loop may doze after a single start before it
	// gives way.
	alone = 16
)

// NewDoze makes a clock that shows the time since now, until Align. Waiting may
// spin for the given share of one core, 0 to 1.
func NewDoze(spin float64) *Doze {
	d := &Doze{zero: time.Now(), bell: make(chan struct{}, 1), rings: math.MinInt64, nap: newNap(), budget: full(spin)}
	d.alarm = time.AfterFunc(farthest, d.ring)
	return d
}

// Align has the clock show the time since zero from now on. Several loops of a
// trial share one.
func (d *Doze) Align(zero time.Time) {
	shift := d.zero.Sub(zero)
	d.zero = zero
	d.last += shift
	d.seen += shift
	d.rings = math.MinInt64 // what it is set to rings in vain
}

// Zero is when the clock shows 0.
func (d *Doze) Zero() time.Time { return d.zero }

// At is what the clock showed at a time. It may be called from anywhere.
func (d *Doze) At(t time.Time) time.Duration { return t.Sub(d.zero) }

// Now reads the clock.
func (d *Doze) Now() time.Duration {
	d.starts++
	return d.read()
}

func (d *Doze) read() time.Duration {
	d.blind = 0
	d.last = time.Since(d.zero)
	return d.last
}

// Wait returns at the instant or soon after it, or at once when Wake is called,
// or was called since the last Wait for what was to come. Where the instant is
// past, it returns the last reading, if that is no older than a few
// microseconds.
func (d *Doze) Wait(until time.Duration) time.Duration {
	if until <= d.last && d.blind < blindly {
		d.blind++
		return d.last
	}
	now := d.read()
	for until > now && !d.called() {
		switch left := min(until, now+farthest) - now; {
		case d.giveWay(left):
		case left > soon:
			d.doze(now+left-soon/2, now)
		default:
			d.watch(left, now)
		}
		now = d.read()
	}
	return now
}

// called takes a Wake in.
func (d *Doze) called() bool {
	return d.state.Load() == woken && d.state.CompareAndSwap(woken, awake)
}

// giveWay lets goroutines run that can, and tells whether it did. Among them
// are those of calls just started: a loop that spins, or goes to sleep with its
// processor, would keep them from it. And if it dozed at once it would be
// handed the processor by the first of them that ends, before the others have
// begun.
func (d *Doze) giveWay(left time.Duration) bool {
	starts := d.starts
	d.starts = 0
	switch {
	case starts == 0:
		return false
	case starts == 1 && left > soon && d.lone < alone:
		d.lone++
		return false
	}
	d.lone = 0
	runtime.Gosched()
	return true
}

// doze waits as a goroutine, for the bell or until then.
func (d *Doze) doze(at, now time.Duration) {
	if d.rings <= now || at < d.rings { // mostly it is set to an earlier time, and rings in vain
		d.rings = at
		d.alarm.Reset(at - now)
	}
	if !d.state.CompareAndSwap(awake, dozing) {
		return
	}
	// The alarm may have rung before anybody dozed.
	if d.read() >= d.rings && d.state.CompareAndSwap(dozing, awake) {
		return
	}
	<-d.bell
}

// ring ends dozing, but is no Wake.
func (d *Doze) ring() {
	if d.state.CompareAndSwap(dozing, awake) {
		d.bell <- struct{}{}
	}
}

// watch sleeps in the kernel for what is left, the last stretch of it spinning.
func (d *Doze) watch(left, now time.Duration) {
	if d.mayspin(now) {
		if left <= stretch {
			d.spinUntil(now+left, now)
			return
		}
		left -= stretch
	}
	if d.state.CompareAndSwap(awake, watching) {
		d.nap.Sleep(left)
		d.state.CompareAndSwap(watching, awake)
	}
}

func (d *Doze) spinUntil(until, since time.Duration) {
	now := since
	for now < until && d.state.Load() == awake {
		now = d.read()
	}
	d.pay(now - since)
}

// Wake makes the Wait under way, or else the next one, return at once. It may
// be called from anywhere, and costs a look where it was called already.
func (d *Doze) Wake() {
	if d.state.Load() == woken {
		return
	}
	switch d.state.Swap(woken) {
	case dozing:
		d.bell <- struct{}{}
	case watching:
		d.nap.Rouse()
	}
}

// Close gives timer and descriptors back.
func (d *Doze) Close() {
	d.alarm.Stop()
	d.nap.Close()
}
