package wait

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// pulse is a timer that goes on by itself, and how a loop sleeps that has one.
//
// Sleeps that end within a beat are raw: they keep the processor, which Go's
// scheduler would take some microseconds to give back, and which the collector of
// garbage may want in the meantime. While answers keep coming sleeps are without an
// end of their own, which costs the kernel less than a timer for each: the pulse ends
// those that last.
type pulse struct {
	timer   int // -1: there is none
	beating bool
}

// beat is the longest that anything of the process waits for a raw sleep.
const beat = 2 * time.Millisecond

// forEver is how long a sleep lasts that has no end of its own. It is raw, as all are
// that are shorter than a beat.
const forEver time.Duration = -1

// sleeping is what can wait for something to happen, and tells whether it has.
type sleeping interface {
	waitFor(d time.Duration) (seen bool)
}

func newPulse() (pulse, error) {
	timer, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return pulse{timer: -1}, fmt.Errorf("a timer: %w", err)
	}
	return pulse{timer: timer}, nil
}

// sleep waits for something to happen, at most for d, and may return before without
// anything.
func (p *pulse) sleep(d time.Duration, on sleeping) (seen bool) {
	if d >= beat && p.beating {
		if seen = on.waitFor(forEver); !seen { // nothing has come for a while: time to let go of the processor
			p.every(0)
		}
		return seen
	}
	seen = on.waitFor(d)
	if seen && d >= beat {
		p.every(beat)
	}
	return seen
}

// every sets the pulse going, or with 0 stops it.
func (p *pulse) every(beat time.Duration) {
	interval := unix.NsecToTimespec(int64(beat))
	err := unix.TimerfdSettime(p.timer, 0, &unix.ItimerSpec{Interval: interval, Value: interval}, nil)
	p.beating = beat > 0 && err == nil
}

// heard has the timer go on to the next beat.
func (p *pulse) heard() {
	var count [8]byte
	_, _ = unix.Read(p.timer, count[:])
}

// close gives the timer back.
func (p *pulse) close() {
	if p.timer >= 0 { // else it is somebody else's by now
		_ = unix.Close(p.timer)
		p.timer = -1
	}
}
