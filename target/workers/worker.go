package workers

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
)

// worker carries out one call at a time, and is the place of that call: from
// its turn until it is in the list of ends everything but began is its own.
type worker struct {
	*Carrier
	turns   chan struct{} // takes one, so that the loop never waits
	request target.Request
	sent    time.Duration
	done    target.Done
	began   atomic.Int64 // for whoever must know before the end
	own     context.Context
	giveUp  context.CancelFunc // ends it
	asEnded link
	asBegun link
}

func newWorker(c *Carrier) *worker {
	w := &worker{Carrier: c, turns: make(chan struct{}, 1)}
	w.own, w.giveUp = context.WithCancel(c.ctx)
	w.asEnded.worker, w.asBegun.worker = w, w
	return w
}

// turn gives an idle worker a call.
func (w *worker) turn(id target.ID, r *target.Request, now time.Duration) {
	w.request, w.sent, w.done.ID = *r, now, id
	w.began.Store(int64(agenda.Never))
	if w.own.Err() != nil { // the call before was given up
		w.own, w.giveUp = context.WithCancel(w.ctx)
	}
	w.turns <- struct{}{}
}

// start is when the call began; agenda.Never as long as it has not.
func (w *worker) start() time.Duration { return time.Duration(w.began.Load()) }

// work carries out calls until there are no more.
func (w *worker) work() {
	for range w.turns {
		w.carryOut()
		w.ended.push(&w.asEnded)
		w.clock.Wake()
	}
}

// carryOut makes the call, and reads the clock where it begins and ends.
func (w *worker) carryOut() {
	w.begin()
	d := &w.done
	defer func() {
		if broken := recover(); broken != nil {
			d.Outcome = target.Outcome{Class: target.Broken, Example: fmt.Sprintf("the target panicked: %v\n%s", broken, debug.Stack())}
			d.Ended = w.clock.At(time.Now())
		}
	}()
	d.Outcome = w.caller.Call(w.own, &w.request)
	if d.Outcome.Ended.IsZero() {
		d.Ended = w.clock.At(time.Now())
	} else {
		d.Ended = w.clock.At(d.Outcome.Ended)
	}
	if !d.OK() && w.own.Err() != nil {
		d.Class = target.Cancelled
	}
}

func (w *worker) begin() {
	at := w.clock.At(time.Now())
	w.done.Late = at - w.sent
	w.began.Store(int64(at))
	if w.announce != nil {
		w.begun.push(&w.asBegun)
		w.clock.Wake()
	}
}
