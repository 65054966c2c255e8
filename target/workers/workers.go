// Package workers carries calls that block: a goroutine for each call in
// flight, kept for the next. There are as many as the schedule asks for, and
// none holds a call back.
package workers

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
)

// Carrier has workers carry out a Caller's calls, and takes in their ends.
type Carrier struct {
	caller target.Caller
	clock  target.Clock
	ctx    context.Context
	cancel context.CancelFunc

	ended list    // by the workers, not yet seen by the loop
	seen  *worker // taken over from ended, handed out one by one
	last  *worker // what Take handed out last
	idle  []*worker
	of    []*worker // by the slot of their call
	all   []*worker
	alive sync.WaitGroup

	announce func(time.Duration) // nil: nobody asks for starts
	mu       sync.Mutex
	begun    []time.Duration // starts not yet announced
}

// New makes a carrier for a loop that goes by the clock. Close gives the
// workers back.
func New(caller target.Caller, clock target.Clock) *Carrier {
	c := &Carrier{caller: caller, clock: clock}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// worker carries out one call at a time, and is the place of that call.
type worker struct {
	*Carrier
	turn    chan struct{} // its next call is set; it takes one, so that nobody waits
	next    *worker       // in the list of ends
	request target.Request
	sent    time.Duration
	began   atomic.Int64 // of whoever must know before the end
	done    target.Done
}

// Send hands the call to an idle worker, or to a new one.
func (c *Carrier) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	w := c.free()
	w.request, w.sent, w.done.ID = *r, now, id
	w.began.Store(int64(agenda.Never))
	for int(id.Slot()) >= len(c.of) {
		c.of = append(c.of, nil)
	}
	c.of[id.Slot()] = w
	w.turn <- struct{}{}
	return c.due()
}

func (c *Carrier) free() *worker {
	if last := len(c.idle) - 1; last >= 0 {
		w := c.idle[last]
		c.idle = c.idle[:last]
		return w
	}
	w := &worker{Carrier: c, turn: make(chan struct{}, 1)}
	c.all = append(c.all, w)
	c.alive.Go(w.work)
	return w
}

// due tells that something can be taken now, or that the clock will tell.
func (c *Carrier) due() time.Duration {
	if c.seen != nil {
		return 0
	}
	return agenda.Never
}

// Take returns the next call that has ended.
func (c *Carrier) Take(time.Duration) (*target.Done, time.Duration) {
	if c.last != nil {
		c.idle = append(c.idle, c.last)
		c.last = nil
	}
	if c.announce != nil {
		c.tellStarts()
	}
	if c.seen == nil {
		if c.seen = c.ended.take(); c.seen == nil {
			return nil, agenda.Never
		}
	}
	w := c.seen
	c.last, c.seen = w, w.next
	return &w.done, c.due()
}

// Announce has starts told, from the first call on.
func (c *Carrier) Announce(began func(at time.Duration)) { c.announce = began }

func (c *Carrier) tellStarts() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, at := range c.begun {
		c.announce(at)
	}
	c.begun = c.begun[:0]
}

// Began is when a call that has not come back began; now where no worker has
// got round to it.
func (c *Carrier) Began(id target.ID, now time.Duration) time.Duration {
	return min(now, time.Duration(c.of[id.Slot()].began.Load()))
}

// work carries out calls until there are no more.
func (w *worker) work() {
	for range w.turn {
		w.carryOut()
		w.ended.push(w)
		w.clock.Wake()
	}
}

// carryOut makes the call, and reads the clock where it begins and ends.
func (w *worker) carryOut() {
	start := w.begin()
	w.done.Late = start - w.sent
	defer func() {
		if broken := recover(); broken != nil {
			w.done.Ended = w.clock.At(time.Now())
			w.done.Outcome = target.Outcome{Class: target.Broken, Example: fmt.Sprintf("the target panicked: %v\n%s", broken, debug.Stack())}
		}
	}()
	w.done.Outcome = w.caller.Call(w.ctx, &w.request)
	if w.done.Outcome.Ended.IsZero() {
		w.done.Ended = w.clock.At(time.Now())
	} else {
		w.done.Ended = w.clock.At(w.done.Outcome.Ended)
	}
	if !w.done.OK() && w.ctx.Err() != nil {
		w.done.Class = target.Cancelled
	}
}

// begin stamps the call's start.
func (w *worker) begin() time.Duration {
	start := w.clock.At(time.Now())
	w.began.Store(int64(start))
	if w.announce != nil {
		w.mu.Lock()
		w.begun = append(w.begun, start)
		w.mu.Unlock()
		w.clock.Wake()
	}
	return start
}

// Cancel ends the context of every call.
func (c *Carrier) Cancel(time.Duration) { c.cancel() }

// grace is how long Close waits for workers whose call was given up.
const grace = 2 * time.Second

// Close ends the workers, and waits a moment for those still in a call that was
// given up.
func (c *Carrier) Close() {
	c.cancel()
	for _, w := range c.all {
		close(w.turn)
	}
	gone := make(chan struct{})
	go func() { c.alive.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-time.After(grace):
	}
}

// list is of workers whose calls have ended; many put some in, one takes all.
type list struct{ newest atomic.Pointer[worker] }

func (l *list) push(w *worker) {
	for {
		newest := l.newest.Load()
		w.next = newest
		if l.newest.CompareAndSwap(newest, w) {
			return
		}
	}
}

// take takes all out, the one that ended first ahead; nil if there is none.
func (l *list) take() (first *worker) {
	if l.newest.Load() == nil {
		return nil
	}
	for w := l.newest.Swap(nil); w != nil; {
		w.next, first, w = first, w, w.next
	}
	return first
}
