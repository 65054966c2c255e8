package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"plimsoll/runner"
)

// askingToEnd are the signals that ask a program to end. SIGHUP comes when the
// terminal is gone; whoever starts us with nohup wants us to stay.
func askingToEnd() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// sameInterrupt is how long after a signal another one counts as the same:
// timeout(1) and some supervisors send it to the process and to its group.
const sameInterrupt = 200 * time.Millisecond

// attention decides what a signal does. It ends the process at once, whatever
// that is at, unless somebody attends to it, who then ends what is under way in
// good order; a third one ends even that.
type attention struct {
	exit   func()
	cancel context.CancelFunc

	mu       sync.Mutex
	attended int // by how many
	heard    int // signals while it was
	last     time.Time
}

// listening is the name of an attention in its context.
type listening struct{}

// insist is how many signals it takes to end what does not end in good order:
// the second cuts it short (see secondInterrupt), the third does not ask.
const insist = 3

// listen begins to listen to signals. Its context is done when one came that
// somebody attends to.
func listen() (ctx context.Context, stop func()) {
	a := &attention{exit: func() { os.Exit(runner.ExitInterrupted) }}
	ctx, a.cancel = context.WithCancel(context.Background())
	heard := make(chan os.Signal, 8)
	signal.Notify(heard, askingToEnd()...)
	go func() {
		for range heard {
			a.hear(time.Now())
		}
	}()
	return context.WithValue(ctx, listening{}, a), func() { signal.Stop(heard) }
}

func (a *attention) hear(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.heard > 0 && now.Sub(a.last) < sameInterrupt {
		return
	}
	a.last = now
	a.heard++
	if a.attended == 0 || a.heard >= insist {
		a.exit()
	}
	a.cancel()
}

// attend takes it on to end in good order when the context is done, until the
// returned function is called.
func attend(ctx context.Context) (done func()) {
	a, heard := ctx.Value(listening{}).(*attention)
	if !heard {
		return func() {}
	}
	add := func(n int) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.attended += n
	}
	add(1)
	return func() { add(-1) }
}

// secondInterrupt is a context that is done when, after the first interrupt
// has ended ctx, another comes.
func secondInterrupt(ctx context.Context, first func()) (context.Context, func()) {
	atOnce, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		first()
		time.Sleep(sameInterrupt)
		again := make(chan os.Signal, 1)
		signal.Notify(again, askingToEnd()...)
		defer signal.Stop(again)
		select {
		case <-again:
			cancel()
		case <-atOnce.Done():
		}
	})
	return atOnce, func() { stop(); cancel() }
}
