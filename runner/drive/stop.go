package drive

import (
	"context"
	"sync/atomic"
)

// Stop asks loops to end early, from any goroutine.
type Stop struct {
	level atomic.Int32
	wake  atomic.Pointer[func()]
}

// Gently lets nothing more start; what is in flight gets a few seconds.
func (s *Stop) Gently() { s.raise(1) }

// AtOnce cancels what is in flight.
func (s *Stop) AtOnce() { s.raise(2) }

func (s *Stop) raise(level int32) {
	if s.level.Load() < level {
		s.level.Store(level)
	}
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
