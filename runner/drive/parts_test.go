package drive

import (
	"testing"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/random"
	"plimsoll/target/retry"
	"plimsoll/target/wait"
)

// telling is a carrier whose calls end at once, fail as often as it says, and tell
// which try they are of. It writes into the same memory every time.
type telling struct {
	fails int
	tries map[uint64]int
	ready []target.ID
	done  target.Done
	parts target.Parts
	of    map[target.ID]uint64
}

func (c *telling) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	c.of[id] = r.Number
	c.ready = append(c.ready, id)
	return now
}

func (c *telling) Take(now time.Duration) (*target.Done, time.Duration) {
	if len(c.ready) == 0 {
		return nil, agenda.Never
	}
	id := c.ready[0]
	c.ready = c.ready[1:]
	n := c.of[id]
	c.tries[n]++
	c.parts = target.Parts{Phases: []time.Duration{time.Duration(c.tries[n]) * time.Millisecond, target.None}, Memory: int64(n+1) * 1000}
	c.done = target.Done{ID: id, Ended: now, Outcome: target.Outcome{Parts: &c.parts}}
	if c.tries[n] <= c.fails {
		c.done.Class = target.Timeout
	}
	return &c.done, now
}

func (c *telling) Cancel(target.ID, time.Duration) {}
func (c *telling) CancelAll(time.Duration)         {}
func (c *telling) Close()                          {}

// What a kind tells of the parts of calls is kept of successes: of the last try,
// where there were several.
func TestPartsAreThoseOfTheLastTry(t *testing.T) {
	for _, c := range []struct {
		fails, attempts int
		timeout         time.Duration
		calls           int64
		try             time.Duration // whose phase is kept
	}{
		{0, 1, 0, 10, time.Millisecond},
		{0, 1, time.Second, 10, time.Millisecond},
		{2, 3, 0, 10, 3 * time.Millisecond},
		{3, 3, 0, 0, 0},
	} {
		carrier := &telling{fails: c.fails, tries: map[uint64]int{}, of: map[target.ID]uint64{}}
		policy := retry.Settings{Attempts: c.attempts, Factor: 1, On: []string{target.Timeout}}.New(random.New(1))
		rec := NewRecorder(schedule.Never, nil)
		end := Loop{
			Clock: wait.NewVirtual(0), Carrier: carrier, Recorder: rec, Timeout: c.timeout, Retry: policy, Until: schedule.Never, Stop: &Stop{},
			Schedule: schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: schedule.Never, Requests: 10}, Users: 2}, schedule.StopOn{}),
		}.Run()
		if end.Err != nil {
			t.Fatal(end.Err)
		}
		whole := NewInterval()
		whole.Merge(rec.Interval)
		count := func(h *latency.Histogram) int64 {
			if h == nil {
				return 0
			}
			return h.Count()
		}
		if len(whole.Phases) > 1 || c.calls > 0 && (count(whole.Phases[0]) != c.calls || whole.Phases[0].Min() != c.try || whole.Phases[0].Max() != c.try) {
			t.Errorf("%+v: %d phases", c, len(whole.Phases))
		}
		if count(whole.Memory) != c.calls || c.calls > 0 && whole.Memory.Max() != 10_000 {
			t.Errorf("%+v: memory of %d calls", c, count(whole.Memory))
		}
	}
}
