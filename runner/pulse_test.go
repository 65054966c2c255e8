package runner

import (
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
