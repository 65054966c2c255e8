package wait

import (
	"math"
	"runtime"
	"sync/atomic"
	"time"
)

// Doze is the real clock of a loop whose calls end on other goroutines: while
// nothing is due soon it waits like any of them, which the processor goes to and
// fro between at next to no cost. No thread is ever its own. Wait belongs to the
// loop, Wake to everybody.
type Doze struct {
	budget
	zero    time.Time
	last    time.Duration // the last reading
	posture atomic.Int32
	news    atomic.Bool   // Wake was called since the last Wait returned
	bell    chan struct{} // rings once for each time that the loop has dozed off
	alarm   *time.Timer   // rings it, too
	rings   time.Duration // when it does; not, if that is past
	sleeper Sleeper
}

// Postures of a Doze.
const (
	up       int32 = iota
	dozing         // as a goroutine, for the bell
	watching       // in the kernel, at the sleeper
)

// soon is what is too near for Go's timers, which may be more than a
// millisecond late.
const soon = 10 * time.Millisecond

// farthest bounds one wait; what lies beyond is waited for piece by piece.
const farthest = time.Hour

// NewDoze makes a clock that shows 0, and may spin for the given share of one
// core, 0 to 1.
func NewDoze(spin float64) *Doze {
	d := &Doze{budget: newBudget(spin), zero: time.Now(), bell: make(chan struct{}, 1), rings: math.MinInt64, sleeper: newSleeper()}
	d.alarm = time.AfterFunc(farthest, d.Wake)
	return d
}

// Align has the clock show 0 at that time. Nobody waits yet.
func (d *Doze) Align(zero time.Time) {
	d.zero, d.rings = zero, math.MinInt64
	d.seen = d.Now()
}

// Now reads the clock, for the loop.
func (d *Doze) Now() time.Duration {
	d.last = time.Since(d.zero)
	return d.last
}

// Last is the last reading.
func (d *Doze) Last() time.Duration { return d.last }

// At is what the clock showed at a time.
func (d *Doze) At(t time.Time) time.Duration { return t.Sub(d.zero) }

// Wait returns the clock's reading at `until`, or sooner when Wake is called, or
// was called since the last Wait; the last reading where `until` was past then.
func (d *Doze) Wait(until time.Duration) time.Duration {
	if until <= d.last {
		return d.last
	}
	now := d.Now()
	if now < until && !d.news.Load() {
		runtime.Gosched() // let the calls that were just sent begin
		now = d.Now()
	}
	for now < until && !d.news.Load() {
		if until-now > soon {
			d.doze(min(until, now+farthest)-soon/2, now)
		} else {
			d.watch(until, now)
		}
		now = d.Now()
	}
	if d.news.Load() {
		d.news.Store(false)
	}
	return now
}

// doze waits as a goroutine, until then at the latest.
func (d *Doze) doze(until, now time.Duration) {
	if d.rings <= now || until < d.rings { // else it has been set to an earlier time, and may ring in vain
		d.rings = until
		d.alarm.Reset(until - now)
	}
	d.posture.Store(dozing)
	if d.news.Load() && d.posture.Swap(up) == dozing {
		return // nobody rings any more
	}
	<-d.bell
}

// watch waits precisely: in the kernel, and the last stretch awake if it may.
func (d *Doze) watch(until, now time.Duration) {
	left := until - now
	if d.mayspin(now) {
		if left <= stretch {
			d.spin(until, now)
			return
		}
		left -= stretch
	}
	d.posture.Store(watching)
	if !d.news.Load() {
		sharpen()
		d.sleeper.Sleep(left)
	}
	d.posture.Store(up)
}

func (d *Doze) spin(until, since time.Duration) {
	now := since
	for now < until && !d.news.Load() {
		now = d.Now()
	}
	d.pay(now - since)
}

// Wake makes the Wait under way, or else the next one, return at once. It costs
// next to nothing while nobody waits.
func (d *Doze) Wake() {
	if !d.news.Load() {
		d.news.Store(true)
	}
	if d.posture.Load() == up {
		return
	}
	switch d.posture.Swap(up) {
	case dozing:
		d.bell <- struct{}{}
	case watching:
		d.sleeper.Rouse()
	}
}

// Close gives timer and descriptor back.
func (d *Doze) Close() {
	d.alarm.Stop()
	d.sleeper.Close()
}
