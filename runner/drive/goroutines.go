package drive

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"plimsoll/target"
)

// Goroutines is the port of targets whose calls block: a worker for each call
// in flight, kept for the next. The pool grows as the schedule asks and never
// holds a call back.
type Goroutines struct {
	target target.Target
	clock  *realTime
	ctx    context.Context
	cancel context.CancelFunc

	work    chan *Call
	idle    atomic.Int32 // workers without work
	workers sync.WaitGroup

	mu      sync.Mutex
	ended   []*Call      // by the workers, not yet seen by the loop
	pending atomic.Int32 // how many those are

	seen   []*Call // taken over from ended, handed out one by one
	next   int
	last   *Call   // what Await handed out last
	spare  []*Call // to be used again
	number uint64
}

// waiting bounds the calls handed to workers that have not picked them up; a
// burst beyond it waits for them a few microseconds.
const waiting = 1 << 14

// NewGoroutines makes a port whose clock shows from now. Waiting may spin for
// the given share of a core, 0 to 1. Close gives the workers back.
func NewGoroutines(t target.Target, from time.Duration, spin float64) *Goroutines {
	ctx, cancel := context.WithCancel(context.Background())
	return &Goroutines{
		target: t, ctx: ctx, cancel: cancel,
		clock: newRealTime(from, spin),
		work:  make(chan *Call, waiting),
	}
}

// Issue hands a call to an idle worker, or to a new one.
func (g *Goroutines) Issue(intended, ready time.Duration) {
	call := g.fresh()
	*call = Call{Number: g.number, Intended: intended, Ready: ready}
	g.number++
	if g.idle.Add(-1) < 0 {
		g.idle.Add(1)
		g.workers.Go(g.worker)
	}
	g.work <- call
}

func (g *Goroutines) fresh() *Call {
	if n := len(g.spare); n > 0 {
		call := g.spare[n-1]
		g.spare = g.spare[:n-1]
		return call
	}
	return new(Call)
}

func (g *Goroutines) worker() {
	for call := range g.work {
		g.carryOut(call)
		g.idle.Add(1) // before the loop can hear of the end
		g.mu.Lock()
		g.ended = append(g.ended, call)
		g.mu.Unlock()
		g.pending.Add(1)
		g.clock.waiter.Wake()
	}
}

// carryOut makes the call, and reads the clock where it begins and ends.
func (g *Goroutines) carryOut(call *Call) {
	defer func() {
		if broken := recover(); broken != nil {
			call.End = g.clock.now()
			call.Outcome = target.Outcome{Class: target.Broken, Example: fmt.Sprintf("the target panicked: %v\n%s", broken, debug.Stack())}
		}
	}()
	call.Start = g.clock.now()
	call.Outcome = g.target.Call(g.ctx, call.Number)
	if call.Ended.IsZero() {
		call.End = g.clock.now()
	} else {
		call.End = call.Ended.Sub(g.clock.zero)
	}
	if !call.OK() && g.ctx.Err() != nil {
		call.Class = target.Cancelled
	}
}

// Await returns the next call that has ended.
func (g *Goroutines) Await(until time.Duration) (*Call, time.Duration) {
	if g.last != nil {
		g.spare = append(g.spare, g.last)
		g.last = nil
	}
	now := g.clock.now()
	if !g.look() && until > now {
		g.clock.wait(until)
		now = g.clock.now()
		g.look()
	}
	if g.next < len(g.seen) {
		g.last = g.seen[g.next]
		g.next++
		return g.last, now
	}
	return nil, now
}

// look takes over what the workers have ended, and tells whether there is
// anything to hand out.
func (g *Goroutines) look() bool {
	if g.next < len(g.seen) {
		return true
	}
	if g.pending.Load() == 0 {
		return false
	}
	g.mu.Lock()
	g.seen, g.ended = g.ended, g.seen[:0]
	g.mu.Unlock()
	g.pending.Add(-int32(len(g.seen)))
	g.next = 0
	return len(g.seen) > 0
}

// Cancel ends the context of every call in flight.
func (g *Goroutines) Cancel() { g.cancel() }

// Wake makes Await return early, from anywhere.
func (g *Goroutines) Wake() { g.clock.waiter.Wake() }

// Spun is how long waiting has spun so far.
func (g *Goroutines) Spun() time.Duration { return g.clock.waiter.Spun() }

// Close ends the workers, and waits a moment for those still in a call that
// was given up.
func (g *Goroutines) Close() {
	g.cancel()
	close(g.work)
	gone := make(chan struct{})
	go func() { g.workers.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-time.After(cancelGrace):
	}
	g.clock.waiter.Close()
}
