package wire

import (
	"math"
	"sync"
	"time"

	"plimsoll/target/wait"
)

// inbox is where connections tell the loop what has become of them, and where
// the loop waits for that.
//
// When a call is due soon it waits for that precisely, on a thread of its own.
// But to hand such a thread the processor costs several microseconds; so while
// none is, it waits like any other goroutine, which those of the connections
// hand over to at next to no cost.
type inbox struct {
	mu      sync.Mutex
	notices []notice
	woken   bool // wake was called
	loop    posture

	waiter *wait.Waiter
	bell   chan struct{} // rings once for each time that the loop has dozed off
	alarm  *time.Timer   // rings it, too
	rings  time.Duration // when it does; not, if that is past

	taken []notice // the memory for the next ones
}

// notice says what has become of a connection.
type notice struct {
	conn *netConn
	what event
}

type event uint8

const (
	answered event = iota // its call has ended, and it may take another
	lost                  // its call has ended, and so has it
	unused                // it has ended without a call
)

// posture is how the loop waits.
type posture uint8

const (
	awake    posture = iota
	dozing           // as a goroutine, for the bell
	watching         // on a thread of its own, at the waiter
)

// soon is what is too near for Go's timers, which may be more than a
// millisecond late.
const soon = 10 * time.Millisecond

// farthest bounds one wait; what lies beyond is waited for piece by piece.
const farthest = time.Hour

func newInbox(spin float64) *inbox {
	b := &inbox{waiter: wait.New(spin), bell: make(chan struct{}, 1), rings: math.MinInt64}
	b.alarm = time.AfterFunc(farthest, func() { b.mu.Lock(); b.rouse() })
	return b
}

// put adds a notice, from anywhere.
func (b *inbox) put(n notice) {
	b.mu.Lock()
	b.notices = append(b.notices, n)
	b.rouse()
}

// wake makes wait return at once, from anywhere.
func (b *inbox) wake() {
	b.mu.Lock()
	b.woken = true
	b.rouse()
}

// rouse unlocks, and ends the loop's waiting.
func (b *inbox) rouse() {
	was := b.loop
	b.loop = awake
	b.mu.Unlock()
	switch was {
	case dozing:
		b.bell <- struct{}{}
	case watching:
		b.waiter.Wake()
	}
}

// take returns what has come since the last time; it is valid until the next
// one. woken tells whether wake was called.
func (b *inbox) take() (notices []notice, woken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken, b.notices = b.notices, b.taken[:0]
	woken, b.woken = b.woken, false
	return b.taken, woken
}

// wait returns when something has come, or at `until`, or a bit after `due`;
// both are offsets from zero, as `now` is.
func (b *inbox) wait(zero time.Time, until, due, now time.Duration) {
	until, due = min(until, now+farthest), min(until, due, now+farthest)
	b.mu.Lock()
	switch {
	case len(b.notices) > 0 || b.woken || due <= now:
	case until-now > soon:
		b.loop = dozing
	default:
		b.loop = watching
	}
	how := b.loop
	b.mu.Unlock()
	switch how {
	case dozing:
		b.waiter.Release()
		b.setAlarm(min(until-soon/2, due), now)
		<-b.bell
	case watching:
		b.waiter.Wait(zero.Add(due))
		b.mu.Lock()
		b.loop = awake
		b.mu.Unlock()
	}
}

// setAlarm sees to it that the bell rings at that time at the latest. Mostly
// it has been set to an earlier one already, and rings in vain.
func (b *inbox) setAlarm(at, now time.Duration) {
	if b.rings <= now || at < b.rings {
		b.rings = at
		b.alarm.Reset(at - now)
	}
}

// close gives the thread and the timer back.
func (b *inbox) close() {
	b.alarm.Stop()
	b.waiter.Close()
}
