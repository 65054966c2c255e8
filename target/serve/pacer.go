package serve

import (
	"context"
	"sync"
	"time"

	"plimsoll/target/agenda"
	"plimsoll/target/wait"
)

// pacer lets any number of goroutines sleep until an instant. One goroutine
// waits for all of them, precisely; Go's own timers would be up to a
// millisecond late. It is bound to no thread, so that whoever gets up does so
// on the one that it waited on: to wake another takes the system far longer.
type pacer struct {
	clock *wait.Doze
	ended chan struct{}

	mu       sync.Mutex
	sleepers agenda.Agenda[chan<- struct{}] // each has room for what wakes it up
	stopped  bool
}

// newPacer starts the goroutine, which may spin for the given share of a core.
func newPacer(spin float64) *pacer {
	p := &pacer{clock: wait.NewDoze(spin), ended: make(chan struct{})}
	go p.run()
	return p
}

// sleep returns true at the instant, or false as soon as ctx is done.
func (p *pacer) sleep(ctx context.Context, until time.Time) bool {
	if !time.Now().Before(until) {
		return true
	}
	return p.sleeps(ctx).sleep(until)
}

// sleeps are those of one goroutine, one after the other, until ctx is done.
func (p *pacer) sleeps(ctx context.Context) sleeps {
	return sleeps{p, ctx, make(chan struct{}, 1)}
}

type sleeps struct {
	pacer *pacer
	ctx   context.Context
	up    chan struct{}
}

// sleep is pacer.sleep for an instant to come. After it was false there is none.
func (s sleeps) sleep(until time.Time) bool {
	p := s.pacer
	p.mu.Lock()
	p.sleepers.Push(p.clock.At(until), s.up)
	first := p.sleepers[0].What == s.up
	p.mu.Unlock()
	if first {
		p.clock.Wake() // it waits for a later instant
	}
	select {
	case <-s.up:
		return true
	case <-s.ctx.Done():
		return false
	}
}

func (p *pacer) run() {
	defer close(p.ended)
	defer p.clock.Close()
	for now := p.clock.Now(); ; {
		next, stopped := p.rouse(now)
		if stopped {
			return
		}
		now = p.clock.Wait(next)
	}
}

// rouse wakes everybody whose instant has come, and returns the next instant.
func (p *pacer) rouse(now time.Duration) (next time.Duration, stopped bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.sleepers.Len() > 0 && p.sleepers.First() <= now {
		p.sleepers.Pop().What <- struct{}{}
		now = p.clock.Now() // has it give way to who gets up
	}
	if p.sleepers.Len() == 0 {
		return agenda.Never, p.stopped
	}
	return p.sleepers.First(), p.stopped
}

// stop ends the goroutine. Whoever still sleeps is left to its context.
func (p *pacer) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.clock.Wake()
	<-p.ended
}
