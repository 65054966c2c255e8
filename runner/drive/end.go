package drive

import (
	"time"

	"plimsoll/runner/crawl"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/agenda"
)

// How long calls in flight get after an interrupt, and after they have been
// cancelled, before the loop goes on without them.
const (
	interruptGrace = 3 * time.Second
	cancelGrace    = 2 * time.Second
)

// End is how a loop ended.
type End struct {
	// Interrupted by Stop, or Stopped by the schedule, which says why.
	Interrupted bool
	Stopped     string
	// Halted is since when nothing was offered any more, where a look ended the trial;
	// 0: none did.
	Halted time.Duration
	// Queue is what the schedule's queue was like; nil where it has none.
	Queue *schedule.Queue
	// Crawl is how far a crawl came; nil where it was none.
	Crawl *crawl.Told
	// Next is above the numbers of all iterations of the loop's journeys.
	Next uint64
	// At is when, on the trial's clock.
	At time.Duration
	// Err tells that the harness or a target broke.
	Err error
}

// broken ends the trial for a reason that is no measurement.
func (d *driver) broken(reason string, err error) {
	if d.err == nil {
		d.err = err
		d.Schedule.Stop(reason)
		d.cancel()
		d.abandon()
	}
}

// interrupt obeys Stop.
func (d *driver) interrupt() {
	if !d.interrupted {
		d.interrupted = true
		d.drop()
		d.Schedule.Stop("interrupted")
		if d.walk == nil || !d.walk.left {
			d.deadline = min(d.deadline, agenda.Later(d.now, interruptGrace))
		}
	}
	if d.Stop.level.Load() > 1 {
		d.cancel()
		d.abandon()
	}
}

// abandon gives up what outlives cancelling: users who go.
func (d *driver) abandon() {
	if d.walk != nil {
		d.walk.abandon()
	}
}

// look has whoever looks told of the seconds that have passed, and ends the trial
// where that was asked for.
func (d *driver) look(now time.Duration) {
	s := d.seconds
	if d.dropped || d.Schedule.Stopped() != "" {
		s.next = schedule.Never
		return
	}
	s.stir(now, d.inFlight > 0)
	if now >= s.next {
		s.look(int64(min(now, s.Until)/time.Second), d.inFlight > 0)
	}
	if h := d.Stop.halt.Load(); h != nil && h.at < s.Until { // else it is over by itself
		d.halt(h)
	}
}

// halt ends the trial as if it had been to last until now: nothing is sent any
// more, but by users who go, and what is in flight has the drain to end.
func (d *driver) halt(h *halt) {
	d.halted, d.haltedAt, d.dropped = true, d.now, true
	d.Recorder.cutOff(d.now)
	if d.seconds != nil {
		d.seconds.shut, d.seconds.next = true, schedule.Never
	}
	d.leaveOut(h.at, h.at)
	d.Schedule.Stop(h.reason)
	d.deadline = min(d.deadline, agenda.Later(d.now, d.Drain))
	switch {
	case d.walk != nil:
		d.walk.callOff()
		d.due = d.now
	case d.again != nil:
		d.again.endPauses(d)
	}
}

// cancel gives up what is in flight, which then has a moment to end.
func (d *driver) cancel() {
	if d.cancelled {
		return
	}
	d.cancelled = true
	d.drop()
	d.Schedule.Stop(d.Schedule.Stopped())
	grace := cancelGrace
	switch {
	case d.walk != nil:
		if d.walk.j.Program.Leaves() {
			grace = max(grace, d.Drain)
		} else {
			d.walk.abandoned = true
		}
		d.walk.callOff()
	case d.again != nil:
		d.again.cancelAll(d.now)
	default:
		d.carrier.CancelAll(d.now)
	}
	d.due = d.now
	d.deadline = agenda.Later(d.now, grace)
}

// drop counts the calls that were due and never started, once: no more become due.
func (d *driver) drop() {
	if d.dropped {
		return
	}
	d.dropped = true
	d.leaveOut(d.now, schedule.Never)
}

// leaveOut counts the calls that were due by a time, and before another.
func (d *driver) leaveOut(by, before time.Duration) {
	d.Schedule.Overdue(by, before, func(due time.Duration) { d.Recorder.Drop(due, max(due, d.now)) })
}

// expired is called when the deadline has passed: the first time for what is
// in flight, the last time for what would not be cancelled, which is left behind
// and counted; between them, where there are any, for users who go.
func (d *driver) expired() (over bool) {
	switch {
	case !d.cancelled && (d.walk == nil || !d.walk.left):
		if !d.interrupted {
			d.Recorder.GiveUp()
		}
		d.cancel()
	case d.walk != nil && !d.walk.abandoned:
		d.walk.abandon()
	default:
		d.leave()
		return true
	}
	return false
}

// leave records the calls that have not come back, as cancelled.
func (d *driver) leave() {
	if d.walk != nil {
		d.walk.leave()
		return
	}
	for place, s := range d.slots {
		if free(s.serial) {
			continue
		}
		start, outcome := s.start, &target.Outcome{Class: target.Cancelled}
		if d.again != nil {
			outcome = d.again.of[place].leftBehind()
		}
		if d.again != nil && d.again.of[place].sent {
			start += d.again.of[place].late
		} else if d.handsOn != nil {
			start = d.handsOn.Began(target.NewID(uint32(place), s.serial), d.now)
		}
		c := &Call{
			Number: d.number(uint32(place)), Intended: s.intended, Ready: s.ready, Start: start, End: d.now,
			Outcome: outcome,
		}
		if d.crawl != nil {
			c.Page = d.crawl.pages[place].URL
		}
		d.Recorder.Record(c)
	}
	d.inFlight = 0
}

// number is that of the call in a slot.
func (d *driver) number(place uint32) uint64 {
	if d.again != nil {
		return d.again.of[place].request.Number
	}
	return d.First + d.slots[place].serial*d.Stride
}

// started is how many calls, or iterations, the loop has started.
func (d *driver) started() uint64 {
	switch {
	case d.walk != nil:
		return d.walk.begun
	case d.again != nil:
		return d.again.calls
	}
	return d.serial
}

func (d *driver) end() End {
	d.Recorder.tell(0)
	if d.seconds != nil {
		d.seconds.over(d.Schedule.Stopped() == "")
	}
	end := End{Interrupted: d.interrupted, Halted: d.haltedAt, Queue: d.Schedule.Queue(d.now), At: d.now, Err: d.err}
	if d.walk != nil {
		end.Next = d.walk.next()
	}
	if d.crawl != nil {
		end.Crawl = new(d.crawl.Frontier.Told())
	}
	if !d.interrupted && d.err == nil {
		end.Stopped = d.Schedule.Stopped()
	}
	return end
}
