package wait

import (
	"runtime"
	"testing"
	"time"
)

// The pulse ends a sleep when it is over and not before, and when nothing has
// come until then it stops: the next sleep ends by itself.
func TestPulseEndsSleeps(t *testing.T) {
	byPolls(t, func(t *testing.T, p *Poll) {
		if p.ring != nil {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			testPulseEndsSleeps(t, p.ring, &p.ring.pulse)
		} else {
			epoll := p.poller.(*epoll)
			testPulseEndsSleeps(t, epoll, &epoll.pulse)
		}
	})
}

func testPulseEndsSleeps(t *testing.T, on Sleeper, p *pulse) {
	longest := time.Duration(0)
	for try := 0; try < 50 && longest < beat/2; try++ { // a signal may end a sleep, too
		p.every(beat)
		if !p.beating {
			t.Fatal("the pulse does not go")
		}
		began := time.Now()
		if on.Sleep(time.Hour) {
			t.Error("nothing was to be seen")
		}
		longest = max(longest, time.Since(began))
		if p.beating {
			t.Fatal("the pulse goes on, though nothing comes")
		}
	}
	if longest < beat/2 {
		t.Errorf("the pulse is over after %v at most", longest)
	}
	if on.Sleep(3 * beat) {
		t.Error("nothing was to be seen, still")
	}
}
