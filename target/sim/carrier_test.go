package sim

import (
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/delay"
	"plimsoll/target/random"
)

// A call that is cancelled ends at once for its caller; in the server it keeps
// its place, so that those behind it leave when they would have.
func TestCancelEndsTheCallersWaitAlone(t *testing.T) {
	c := NewCarrier(Settings{Delay: delay.Of(time.Second), Servers: 1}, random.New(1))
	for n := range uint32(3) {
		c.Send(target.NewID(n, uint64(n)), &target.Request{}, 0)
	}
	if d, due := c.Take(500 * time.Millisecond); d != nil || due != time.Second {
		t.Fatalf("%+v, due %v", d, due)
	}
	c.Cancel(target.NewID(1, 1), 500*time.Millisecond)
	type end struct {
		slot  uint32
		at    time.Duration
		class string
	}
	seen := map[uint32]bool{} // of a call that has ended nobody hears again
	var ends []end
	for now := 500 * time.Millisecond; now != agenda.Never; {
		d, due := c.Take(now)
		if d == nil {
			now = due
		} else if !seen[d.ID.Slot()] {
			seen[d.ID.Slot()] = true
			ends = append(ends, end{d.ID.Slot(), d.Ended, d.Class})
		}
	}
	want := []end{{1, 500 * time.Millisecond, target.Cancelled}, {0, time.Second, ""}, {2, 3 * time.Second, ""}}
	if len(ends) != 3 || ends[0] != want[0] || ends[1] != want[1] || ends[2] != want[2] {
		t.Errorf("%v, want %v", ends, want)
	}
}
