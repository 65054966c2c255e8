//go:build !linux

package wait

import "time"

func bindThread()    {}
func releaseThread() {}

// sleeper sleeps by Go's own timers where we know no better: about a
// millisecond late, which the lateness of the calls shows.
type sleeper struct {
	timer *time.Timer
	call  chan struct{}
}

func newSleeper() Sleeper {
	return &sleeper{timer: time.NewTimer(time.Hour), call: make(chan struct{}, 1)}
}

func (s *sleeper) Sleep(d time.Duration) bool {
	s.timer.Reset(d)
	select {
	case <-s.timer.C:
	case <-s.call:
	}
	return false
}

func (s *sleeper) Look() bool { return false }

func (s *sleeper) Rouse() {
	select {
	case s.call <- struct{}{}:
	default: // it has been called already
	}
}

func (s *sleeper) Close() { s.timer.Stop() }
