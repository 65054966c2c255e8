package wait

import (
	"testing"
	"time"
)

// The pulse ends a sleep when it is over and not before, and when nothing has
// come until then it stops: the next sleep ends by itself.
func TestPulseEndsSleeps(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	longest := time.Duration(0)
	for try := 0; try < 50 && longest < pulse/2; try++ { // a signal may end a sleep, too
		p.beat(pulse)
		if !p.beating {
			t.Fatal("the pulse does not go")
		}
		began := time.Now()
		if p.Sleep(time.Hour) {
			t.Error("nothing was to be seen")
		}
		longest = max(longest, time.Since(began))
		if p.beating {
			t.Fatal("the pulse goes on, though nothing comes")
		}
	}
	if longest < pulse/2 {
		t.Errorf("the pulse is over after %v at most", longest)
	}
	if p.Sleep(3 * pulse) {
		t.Error("nothing was to be seen, still")
	}
}
