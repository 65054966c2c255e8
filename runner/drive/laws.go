package drive

import (
	"fmt"

	"plimsoll/runner/latency"
	"plimsoll/target"
)

// lawful tells which law of results an interval breaks that somebody else has sent:
// merged into a trial's, it would break that one's. See result.Trial.Check.
func (i *Interval) lawful(of Shape) error {
	if err := i.whole(i.Timeline); err != nil {
		return err
	}
	elapsed, failed := int64(0), int64(0)
	if of.Rows != nil {
		elapsed, failed = i.OK, i.Failures()
	}
	if err := i.extent(elapsed, failed, 0); err != nil {
		return err
	}
	if err := i.tellsSlowest(of.Rows == nil); err != nil {
		return err
	}
	var sum Tally
	for n, row := range i.Rows {
		if row == nil {
			continue
		}
		elapsed = 0
		if of.Rows[n].Kind == "" {
			elapsed = row.OK
		}
		err := row.whole(i.RowTimelines[n])
		if err == nil {
			err = row.extent(elapsed, 0, row.OK)
		}
		if err != nil {
			return fmt.Errorf("step %s: %w", of.Rows[n].Path, err)
		}
		if !of.Rows[n].Outside {
			sum.Attempts, sum.BytesIn, sum.BytesOut = sum.Attempts+row.Attempts, sum.BytesIn+row.BytesIn, sum.BytesOut+row.BytesOut
		}
	}
	if of.Rows != nil && (sum.Attempts != i.Attempts || sum.BytesIn != i.BytesIn || sum.BytesOut != i.BytesOut) {
		return fmt.Errorf("attempts %d and bytes %d, %d are not those of its steps", i.Attempts, i.BytesIn, i.BytesOut)
	}
	return nil
}

// held is a distribution, how many values it has, and how many it must have; or at
// most.
type held struct {
	name   string
	of     *latency.Histogram
	values int64
	fewer  bool
}

// whole tells whether the counts of an interval are those of its distributions and of
// its timeline.
func (i *Interval) whole(line *latency.Timeline) error {
	started := i.Started()
	all := []held{
		{"response", i.Response, i.OK, false}, {"service", i.Service, i.OK, false}, {"error response", i.ErrorResponse, i.Failures(), false},
		{"cancelled response", i.CancelledResponse, i.Cancelled, true}, {"held", i.Held, started, false}, {"lateness", i.Lateness, started, false},
		{"memory", i.Memory, i.OK, true},
	}
	for _, h := range i.Records {
		all = append(all, held{"record", h, i.OK, true})
	}
	for _, h := range i.Phases {
		all = append(all, held{"phase", h, i.OK, true})
	}
	if s := i.Streams; s != nil {
		all = append(all, held{"first event", s.FirstEvent, i.OK, true}, held{"first event's service", s.ServiceFirstEvent, s.FirstEvent.Count(), false},
			held{"gap", s.Gap, s.Events.All - s.FirstEvent.Count(), false})
	}
	for _, h := range all {
		if err := h.check(); err != nil {
			return err
		}
	}
	for _, c := range i.Kept {
		if c.All > i.OK {
			return fmt.Errorf("%d calls kept a promise, of %d successes", c.All, i.OK)
		}
	}
	if i.HeldCalls > started || i.Resent > i.Attempts {
		return fmt.Errorf("%d calls were held of %d, and %d sent again of %d", i.HeldCalls, started, i.Resent, i.Attempts)
	}
	for class, e := range i.Errors {
		for _, c := range e.Calls {
			if c.Class != class || c.Ended > e.Last {
				return fmt.Errorf("of class %s a failure of class %s ended at %v, and the last at %v", class, c.Class, c.Ended, e.Last)
			}
		}
	}
	return i.adds(line)
}

func (h held) check() error {
	if h.of == nil {
		return nil
	}
	if n := h.of.Count(); n != h.values && !(h.fewer && n < h.values) || h.of.Digits() != latency.Fine {
		return fmt.Errorf("%s has %d values, of %d calls", h.name, n, h.values)
	}
	return nil
}

// extent tells whether as many times are there as iterations, blocks and rows have.
func (i *Interval) extent(elapsed, failed, begin int64) error {
	for _, h := range []held{{"elapsed", i.Elapsed, elapsed, false}, {"error elapsed", i.ErrorElapsed, failed, false}, {"begin", i.Begin, begin, false}} {
		if err := h.check(); err != nil {
			return err
		}
	}
	return nil
}

// adds tells whether the windows of a timeline add up to the counts; nil: nothing may
// have been counted.
func (i *Interval) adds(line *latency.Timeline) error {
	var sum latency.Window
	if line != nil {
		sum = line.Counted()
	}
	started := i.Started()
	if sum.Scheduled != started+i.Dropped || sum.Started != started || sum.Dropped != i.Dropped || sum.OKs != i.OK || sum.Failures != i.Failures() {
		return fmt.Errorf("the timeline adds up to %d scheduled, %d started, %d dropped, %d ok, %d failures, and the whole is %d, %d, %d, %d, %d",
			sum.Scheduled, sum.Started, sum.Dropped, sum.OKs, sum.Failures, started+i.Dropped, started, i.Dropped, i.OK, i.Failures())
	}
	for class, e := range i.Errors {
		if class != target.Generator && sum.Classes[class] != e.Count {
			return fmt.Errorf("the timeline has %d failures of class %s, and the whole %d", sum.Classes[class], class, e.Count)
		}
	}
	return nil
}

// tellsSlowest tells whether the slowest calls can be those; where calls are what is
// counted, the slowest is the slowest there was.
func (i *Interval) tellsSlowest(calls bool) error {
	all := i.Slowest.Calls()
	for _, c := range all {
		if c.Class == target.Cancelled || c.Class == target.Generator {
			return fmt.Errorf("a call of class %s is among the slowest", c.Class)
		}
	}
	if !calls {
		return nil
	}
	if ended := i.OK + i.Failures(); int64(len(all)) != min(ended, MostSlowest) {
		return fmt.Errorf("%d calls are the slowest of %d", len(all), ended)
	}
	if longest := max(i.Response.Max(), i.ErrorResponse.Max()); len(all) > 0 && all[0].Response != longest {
		return fmt.Errorf("the slowest call took %v, and the longest response time is %v", all[0].Response, longest)
	}
	return nil
}
