//go:build !linux

package wait

import "time"

// sleeper sleeps by Go's own timers where we know no better: about a
// millisecond late, which the lateness of the calls shows.
type sleeper struct {
	timer *time.Timer
	call  chan struct{}
}

func (s *sleeper) bind() {
	if s.timer == nil {
		s.timer = time.NewTimer(time.Hour)
		s.call = make(chan struct{}, 1)
	}
}

func (s *sleeper) sleep(d time.Duration) {
	s.timer.Reset(d)
	select {
	case <-s.timer.C:
	case <-s.call:
	}
}

func (s *sleeper) rouse() {
	select {
	case s.call <- struct{}{}:
	default: // it has been called already
	}
}

func (s *sleeper) release() {
	if s.timer != nil {
		s.timer.Stop()
	}
}
