package runner

import (
	"runtime"
	"testing"
	"time"
)

// A machine that was suspended for as long as a nap lasts, or longer, slept;
// for less than that it may have been anything.
func TestNaps(t *testing.T) {
	for nap, want := range map[time.Duration]time.Duration{aNap - 1: 0, aNap: aNap, aNap + 1: aNap + 1} {
		p := &pulse{waits: func() map[string]time.Duration { return nil }, slept: time.Hour}
		p.feel(beat, time.Hour)
		p.feel(2*beat, time.Hour+nap)
		p.feel(3*beat, time.Hour+nap)
		if p.asleep.For != want || want > 0 && p.asleep.At != beat {
			t.Errorf("suspended for %v: %+v", nap, p.asleep)
		}
	}
}

// The pulse is felt from when its goroutine first had a processor: what kept
// those before it is no standstill of the trial's.
func TestThePulseBeginsWhenItIsFelt(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that the goroutine has to wait
	var seen standstill
	for range 10 { // a busy machine may stand still, but not always
		runtime.Gosched() // for a time slice of our own, of 10 ms
		stop := feelPulse(0)
		for began := time.Now(); time.Since(began) < 8*time.Millisecond; {
		}
		time.Sleep(2 * beat)
		if seen = stop(); seen.stopped.For == 0 && seen.starved.For == 0 {
			return
		}
	}
	t.Errorf("always a standstill, such as %+v", seen)
}
