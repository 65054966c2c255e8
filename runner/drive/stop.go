package drive

import (
	"context"
	"sync/atomic"
	"time"
)

// Stop asks loops to end early, from any goroutine.
type Stop struct {
	level atomic.Int32
	halt  atomic.Pointer[halt] // nil: what is looked at is well
	wake  atomic.Pointer[func()]
}

// Gently lets nothing more start; what is in flight gets a few seconds.
func (s *Stop) Gently() { s.raise(1) }

// AtOnce cancels what is in flight.
func (s *Stop) AtOnce() { s.raise(2) }

// halt is why a trial ends early, and which of its seconds was the last.
type halt struct {
	at     time.Duration
	reason string
}

// Halt ends the trial whose seconds are looked at, so many of which have passed.
// Only the first reason counts.
func (s *Stop) Halt(second int64, reason string) {
	s.halt.CompareAndSwap(nil, &halt{time.Duration(second) * time.Second, reason})
	s.rouse()
}

func (s *Stop) raise(level int32) {
	if s.level.Load() < level {
		s.level.Store(level)
	}
	s.rouse()
}

func (s *Stop) rouse() {
	if wake := s.wake.Load(); wake != nil {
		(*wake)()
	}
}

// OnWake sets what rouses clocks that wait.
func (s *Stop) OnWake(wake func()) { s.wake.Store(&wake) }

// Follow ties a Stop to two contexts: the first to be done stops gently, the
// second at once. The returned function unties them.
func (s *Stop) Follow(gently, atOnce context.Context) func() {
	first := context.AfterFunc(gently, s.Gently)
	second := context.AfterFunc(atOnce, s.AtOnce)
	return func() { first(); second() }
}
