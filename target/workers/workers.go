// Package workers carries calls that block: a goroutine for each call in
// flight, kept for the next. There are as many as the schedule asks for, and
// none holds a call back.
package workers

import (
	"context"
	"sync"
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

	idle []*worker // who was busy last comes last
	of   []*worker // by the slot of their call
	last *worker   // whose call Take handed out last
	seen *link     // taken over from ended, handed out one by one

	ended, begun list                // by the workers, not yet seen by the loop
	announce     func(time.Duration) // nil: nobody asks for starts

	all   []*worker
	alive sync.WaitGroup
}

// New makes a carrier for a loop that goes by the clock. Close gives the
// workers back.
func New(caller target.Caller, clock target.Clock) *Carrier {
	c := &Carrier{caller: caller, clock: clock}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Announce has starts told, from the first call on.
func (c *Carrier) Announce(began func(at time.Duration)) { c.announce = began }

// Send hands the call to an idle worker, or to a new one.
func (c *Carrier) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	slot := int(id.Slot())
	for slot >= len(c.of) {
		c.of = append(c.of, nil)
	}
	w := c.free()
	c.of[slot] = w
	w.turn(id, r, now)
	if c.seen != nil {
		return now // ends are waiting
	}
	return agenda.Never
}

// free is a worker without a call.
func (c *Carrier) free() *worker {
	if last := len(c.idle) - 1; last >= 0 {
		w := c.idle[last]
		c.idle = c.idle[:last]
		return w
	}
	w := newWorker(c)
	c.all = append(c.all, w)
	c.alive.Go(w.work)
	return w
}

// Take returns the next call that has ended. Of others the clock will tell.
func (c *Carrier) Take(now time.Duration) (*target.Done, time.Duration) {
	if c.last != nil {
		c.idle = append(c.idle, c.last)
		c.last = nil
	}
	if c.seen == nil && !c.look() {
		return nil, agenda.Never
	}
	c.last, c.seen = c.seen.worker, c.seen.next
	if c.seen == nil {
		now = agenda.Never
	}
	return &c.last.done, now
}

// look takes over what the workers have to say, and tells whether calls have
// ended. It asks for starts after ends, so that no end comes before its start.
func (c *Carrier) look() bool {
	c.seen = c.ended.take()
	if c.announce != nil {
		for k := c.begun.take(); k != nil; k = k.next {
			c.announce(k.start())
		}
	}
	return c.seen != nil
}

// Began is when a call that has not come back began; now where no worker has
// got round to it.
func (c *Carrier) Began(id target.ID, now time.Duration) time.Duration {
	if slot := int(id.Slot()); slot < len(c.of) && c.of[slot].done.ID == id {
		return min(now, c.of[slot].start())
	}
	return now
}

// Cancel ends the context of a call.
func (c *Carrier) Cancel(id target.ID, _ time.Duration) {
	if slot := int(id.Slot()); slot < len(c.of) && c.of[slot].done.ID == id {
		c.of[slot].giveUp()
	}
}

// CancelAll ends the context of every call.
func (c *Carrier) CancelAll(time.Duration) { c.cancel() }

// grace is how long Close waits for workers whose call was given up.
const grace = 2 * time.Second

// Close ends the workers, and waits a moment for those still in a call that was
// given up. They go on with it, and what becomes of it meets nobody.
func (c *Carrier) Close() {
	c.cancel()
	for _, w := range c.all {
		close(w.turns)
	}
	gone := make(chan struct{})
	go func() { c.alive.Wait(); close(gone) }()
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-gone:
	case <-patience.C:
	}
}
