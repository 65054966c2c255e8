package drive

import (
	"time"

	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/quantity"
	"plimsoll/target/retry"
)

// attempts is what a loop needs besides where a call may be several tries, or
// be given up by its caller: an agenda of pauses and time-outs.
type attempts struct {
	retry   *retry.Policy // nil: no second tries
	timeout time.Duration // of every try; 0: none
	agenda  agenda.Agenda[target.ID]
	carrier time.Duration // when the carrier has something to take next
	calls   uint64
	of      []attempt // by slot
}

// attempt is the try under way of a call, or the pause before it.
type attempt struct {
	number   uint64 // of the call
	failures int
	past     target.Outcome // of the tries before, summed up
	late     time.Duration  // the first one's
	began    time.Duration
	pausing  bool
	watched  bool // a time-out of the slot's is on the agenda
}

// What an entry of the agenda is for, in its ID's own byte.
const (
	pauseOver uint8 = iota
	timeOver
)

func newAttempts(timeout time.Duration, policy *retry.Policy) *attempts {
	if timeout == 0 && policy == nil {
		return nil
	}
	return &attempts{retry: policy, timeout: timeout, carrier: schedule.Never}
}

// due is when there is something to take next, or an entry comes up.
func (a *attempts) due() time.Duration {
	if a.agenda.Len() > 0 {
		return min(a.carrier, a.agenda.First())
	}
	return a.carrier
}

// tryFirst sends a call for the first time.
func (d *driver) tryFirst(place uint32, now time.Duration) {
	a := d.again
	if int(place) == len(a.of) {
		a.of = append(a.of, attempt{})
	}
	x := &a.of[place]
	*x = attempt{number: d.First + a.calls*d.Stride, watched: x.watched}
	a.calls++
	if a.retry != nil {
		a.retry.Call()
	}
	d.try(place, now)
}

// try sends a call, which has a serial of its own each time.
func (d *driver) try(place uint32, now time.Duration) {
	a := d.again
	x := &a.of[place]
	x.began, x.pausing = now, false
	if a.timeout > 0 && !x.watched {
		x.watched = true
		a.agenda.Push(agenda.Later(now, a.timeout), target.NewID(place, 0).With(timeOver))
	}
	d.request.Number = x.number
	a.carrier = min(a.carrier, d.carrier.Send(d.rename(place), &d.request, now))
	d.due = a.due()
}

// rename gives the slot's call another ID: of the one before nobody hears.
func (d *driver) rename(place uint32) target.ID {
	serial := d.serial
	d.serial++
	d.slots[place].serial = serial
	return target.NewID(place, serial)
}

// eventOrEntry is event where there is an agenda. What has ended comes before
// what is over at the same time.
func (d *driver) eventOrEntry(now time.Duration) bool {
	a := d.again
	done, due := d.carrier.Take(now)
	switch a.carrier = due; {
	case done != nil:
		place := done.ID.Slot()
		if done.ID.Of(d.slots[place].serial) {
			d.tried(place, done)
		}
	case a.agenda.Len() > 0 && a.agenda.First() <= now:
		d.entry(a.agenda.Pop(), now)
	default:
		d.due = a.due()
		return false
	}
	d.due = a.due()
	return true
}

// entry sees to what has come up on the agenda.
func (d *driver) entry(e agenda.Entry[target.ID], now time.Duration) {
	a, place := d.again, e.What.Slot()
	x, serial := &a.of[place], d.slots[place].serial
	if e.What.Own() == pauseOver {
		if !e.What.Of(serial) {
			return
		}
		if d.cancelled {
			d.finish(place, &target.Outcome{Class: target.Cancelled}, now)
			return
		}
		if d.virtual == nil {
			now = d.Clock.Now()
		}
		d.try(place, now)
		return
	}
	until := agenda.Later(x.began, a.timeout)
	switch {
	case x.pausing || free(serial):
		x.watched = false
	case until > now: // of a later try than the one it was meant for
		a.agenda.Push(until, e.What)
	default:
		x.watched = false
		d.tried(place, &target.Done{Ended: now, Outcome: target.Outcome{
			Class: target.Timeout, Example: "no answer within " + quantity.Duration(a.timeout), Attempts: 1,
		}})
	}
}

// tried takes in the end of a try: of its call, too, or there is another one
// after a pause.
func (d *driver) tried(place uint32, done *target.Done) {
	a := d.again
	x := &a.of[place]
	if x.failures == 0 {
		x.late = done.Late
	}
	x.past.Attempts += max(1, done.Attempts)
	x.past.Resent += done.Resent
	x.past.BytesIn += done.BytesIn
	x.past.BytesOut += done.BytesOut
	x.past.Held += done.Held
	x.failures++
	if !done.OK() && !d.cancelled && a.retry != nil && a.retry.Again(done.Class, x.failures) {
		x.pausing = true
		a.agenda.Push(agenda.Later(done.Ended, a.retry.Pause(x.number, x.failures)), d.rename(place))
		return
	}
	d.finish(place, &done.Outcome, done.Ended)
}

// finish ends a call the way its last try ended.
func (d *driver) finish(place uint32, last *target.Outcome, at time.Duration) {
	x, s := &d.again.of[place], d.slots[place]
	x.past.Class, x.past.Example = last.Class, last.Example
	c := &d.call
	c.Number, c.Intended, c.Ready, c.Start, c.End = x.number, s.intended, s.ready, s.start+x.late, at
	c.Outcome = &x.past
	d.settle(place, c)
}

// cancel has everybody's pause end now.
func (a *attempts) cancel(now time.Duration) {
	for i := range a.agenda {
		a.agenda[i].At = now // all alike: still a heap
	}
}
