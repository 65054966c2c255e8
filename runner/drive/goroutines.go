package drive

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

// Goroutines is the port of targets whose calls block: a worker for each call
// in flight, kept for the next. The pool grows as the schedule asks and never
// holds a call back.
type Goroutines struct {
	target target.Target
	clock  *realTime
	ctx    context.Context
	cancel context.CancelFunc

	work    chan *errand
	idle    atomic.Int32 // workers without work
	workers sync.WaitGroup

	mu      sync.Mutex
	ended   []*errand       // by the workers, not yet seen by the loop
	begun   []time.Duration // starts not yet announced
	pending atomic.Int32    // how many of both there are

	announce func(time.Duration) // nil: nobody asks for starts
	out      []*errand           // those that have not come back
	seen     []*errand           // taken over from ended, handed out one by one
	next     int
	last     *errand   // what Await handed out last
	spare    []*errand // to be used again
	number   uint64
}

// errand is a call on its way through the hands of a worker, who alone writes
// to it meanwhile.
type errand struct {
	Call
	began atomic.Int64 // the Start, for whoever must know before the end
	place int          // in out
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
		work:  make(chan *errand, waiting),
	}
}

// Issue hands a call to an idle worker, or to a new one, and leaves it to
// Announce to tell when it begins.
func (g *Goroutines) Issue(intended, ready time.Duration) time.Duration {
	e := g.fresh()
	e.Call = Call{Number: g.number, Intended: intended, Ready: ready}
	e.began.Store(int64(agenda.Never))
	e.place = len(g.out)
	g.out = append(g.out, e)
	g.number++
	if g.idle.Add(-1) < 0 {
		g.idle.Add(1)
		g.workers.Go(g.worker)
	}
	g.work <- e
	return agenda.Never
}

func (g *Goroutines) fresh() *errand {
	if n := len(g.spare); n > 0 {
		e := g.spare[n-1]
		g.spare = g.spare[:n-1]
		return e
	}
	return new(errand)
}

func (g *Goroutines) worker() {
	for e := range g.work {
		g.carryOut(e)
		g.idle.Add(1) // before the loop can hear of the end
		g.mu.Lock()
		g.ended = append(g.ended, e)
		g.mu.Unlock()
		g.pending.Add(1)
		g.clock.waiter.Wake()
	}
}

// begin stamps a call's start.
func (g *Goroutines) begin(e *errand) {
	e.Start = g.clock.now()
	e.began.Store(int64(e.Start))
	if g.announce != nil {
		g.mu.Lock()
		g.begun = append(g.begun, e.Start)
		g.mu.Unlock()
		g.pending.Add(1)
		g.clock.waiter.Wake()
	}
}

// Announce has starts told, from the first call on.
func (g *Goroutines) Announce(began func(at time.Duration)) { g.announce = began }

// Left are the calls that have not come back: their workers go on with them.
// One that no worker has picked up began when it was given up.
func (g *Goroutines) Left(now time.Duration) (left []Call) {
	for _, e := range g.out {
		call := Call{Number: e.Number, Intended: e.Intended, Ready: e.Ready, Start: time.Duration(e.began.Load()), End: now}
		call.Start = min(call.Start, now)
		call.Class = target.Cancelled
		left = append(left, call)
	}
	return left
}

// carryOut makes the call, and reads the clock where it begins and ends.
func (g *Goroutines) carryOut(call *errand) {
	defer func() {
		if broken := recover(); broken != nil {
			call.End = g.clock.now()
			call.Outcome = target.Outcome{Class: target.Broken, Example: fmt.Sprintf("the target panicked: %v\n%s", broken, debug.Stack())}
		}
	}()
	g.begin(call)
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
		g.back(g.last)
		return &g.last.Call, now
	}
	return nil, now
}

// back takes a call out of those that have not come back.
func (g *Goroutines) back(e *errand) {
	end := len(g.out) - 1
	g.out[e.place] = g.out[end]
	g.out[e.place].place = e.place
	g.out = g.out[:end]
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
	for _, at := range g.begun {
		g.announce(at)
	}
	taken := len(g.seen) + len(g.begun)
	g.begun = g.begun[:0]
	g.mu.Unlock()
	g.pending.Add(-int32(taken))
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
