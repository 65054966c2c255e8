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
// be given up by its caller, or is a step of a journey: an agenda of what is to
// come that no carrier knows of.
type attempts struct {
	agenda   agenda.Agenda[target.ID]
	carriers []carried
	calls    uint64
	of       []attempt // by slot
}

// carried is a carrier, and when it has something to take next.
type carried struct {
	target.Carrier
	due  time.Duration
	tell bool // it tells the limit when calls begin
}

// tries are how a call is tried.
type tries struct {
	retry   *retry.Policy // nil: no second tries
	timeout time.Duration // of every try; 0: none
}

// attempt is the try under way of a call, or the pause before it.
type attempt struct {
	request  target.Request
	carrier  *carried
	how      *tries
	failures int
	past     target.Outcome // of the tries before, summed up
	sent     bool           // late is the first one's
	late     time.Duration
	began    time.Duration
	pausing  bool
	watch    time.Duration // the entry on the agenda that is the slot's time-out; never: there is none
}

// What an entry of the agenda is for, in its ID's own byte.
const (
	pauseOver uint8 = iota
	timeOver
	thoughtOver // a journey's think time
	nextPoll    // its next look whether something is done
	pollOver    // it is not done within its time
	limitOpens  // the limit lets the next request pass
)

func newAttempts(carriers ...target.Carrier) *attempts {
	a := &attempts{}
	for _, c := range carriers {
		a.carriers = append(a.carriers, carried{Carrier: c, due: schedule.Never})
	}
	return a
}

// due is when there is something to take next, or an entry comes up.
func (a *attempts) due() time.Duration {
	due := schedule.Never
	if a.agenda.Len() > 0 {
		due = a.agenda.First()
	}
	for i := range a.carriers {
		due = min(due, a.carriers[i].due)
	}
	return due
}

// askAll has every carrier asked.
func (a *attempts) askAll(now time.Duration) {
	for i := range a.carriers {
		a.carriers[i].due = now
	}
}

// at is the attempt of a slot; nil where it never had one.
func (a *attempts) at(place uint32) *attempt {
	if int(place) >= len(a.of) {
		return nil
	}
	return &a.of[place]
}

// room has an attempt for every slot up to a place.
func (a *attempts) room(place uint32) *attempt {
	for int(place) >= len(a.of) {
		a.of = append(a.of, attempt{watch: schedule.Never})
	}
	return &a.of[place]
}

// prepare has a call ready to be tried.
func (d *driver) prepare(place uint32, c *carried, how *tries, r target.Request) {
	x := d.again.room(place)
	*x = attempt{request: r, carrier: c, how: how, watch: x.watch}
	d.again.calls++
}

// try sends a call, which has a serial of its own each time.
func (d *driver) try(place uint32, now time.Duration) {
	a := d.again
	x := &a.of[place]
	if x.failures == 0 && x.how.retry != nil {
		x.how.retry.Call()
	}
	x.began, x.pausing = now, false
	if x.how.timeout > 0 {
		a.alarm(place, x, agenda.Later(now, x.how.timeout))
	}
	x.carrier.due = min(x.carrier.due, x.carrier.Send(d.rename(place), &x.request, now))
	d.due = a.due()
}

// alarm has an entry come up for the slot's time-out, unless there is one
// sooner, which will be put right.
func (a *attempts) alarm(place uint32, x *attempt, at time.Duration) {
	if at < x.watch {
		x.watch = at
		a.agenda.Push(at, target.NewID(place, 0).With(timeOver))
	}
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
func (d *driver) eventOrEntry(now time.Duration) (some bool) {
	a := d.again
	if d.walk != nil && d.walk.calling {
		d.walk.callNow(now)
		return true
	}
	for i := range a.carriers {
		c := &a.carriers[i]
		if c.due > now {
			continue
		}
		var done *target.Done
		if done, c.due = c.Take(now); done != nil {
			place := done.ID.Slot()
			if done.ID.Of(d.slots[place].serial) {
				d.tried(place, done)
			}
			d.due = a.due()
			return true
		}
	}
	if a.agenda.Len() > 0 && a.agenda.First() <= now {
		d.entry(a.agenda.Pop(), now)
		some = true
	}
	if !some && d.walk != nil && d.walk.limit != nil {
		d.walk.admit(now) // carriers may have told that calls have begun
	}
	d.due = a.due()
	return some
}

// entry sees to what has come up on the agenda.
func (d *driver) entry(e agenda.Entry[target.ID], now time.Duration) {
	place := e.What.Slot()
	switch e.What.Own() {
	case timeOver:
		d.timeOver(place, e.At, now)
		return
	case pollOver:
		d.walk.pollOver(place, e.At, now)
		return
	case limitOpens:
		d.walk.limit.entry = schedule.Never
		d.walk.admit(now)
		return
	}
	if !e.What.Of(d.slots[place].serial) {
		return
	}
	if d.virtual == nil {
		now = d.Clock.Now()
	}
	switch {
	case d.walk != nil:
		d.walk.entry(place, e, now)
	case d.cancelled || d.halted:
		d.finish(place, &target.Outcome{Class: target.Cancelled}, now)
	default:
		d.try(place, now)
	}
}

// timeOver sees to the entry of the slot's time-out, which may have been meant
// for a try before.
func (d *driver) timeOver(place uint32, at, now time.Duration) {
	a := d.again
	x := &a.of[place]
	if at != x.watch {
		return
	}
	x.watch = schedule.Never
	if x.pausing || free(d.slots[place].serial) || x.how.timeout == 0 {
		return
	}
	if until := agenda.Later(x.began, x.how.timeout); until > at {
		a.alarm(place, x, until)
		return
	}
	if d.virtual == nil { // a simulated server goes on with it
		x.carrier.Cancel(target.NewID(place, d.slots[place].serial), now)
		x.carrier.due = now
	}
	d.tried(place, &target.Done{Ended: now, Outcome: target.Outcome{
		Class: target.Timeout, Example: "no answer within " + quantity.Duration(x.how.timeout), Attempts: 1,
	}})
}

// tried takes in the end of a try: of its call, too, or there is another one
// after a pause.
func (d *driver) tried(place uint32, done *target.Done) {
	a := d.again
	x := &a.of[place]
	if !x.sent {
		x.sent, x.late = true, done.Late
	}
	x.past.Attempts += sent(&done.Outcome)
	x.past.Resent += done.Resent
	x.past.BytesIn += done.BytesIn
	x.past.BytesOut += done.BytesOut
	x.past.Held += done.Held
	x.past.Hops += done.Hops
	x.failures++
	if !done.OK() && !d.off(place) && x.how.retry != nil && x.how.retry.Again(done.Class, x.failures) {
		x.pausing = true
		pause := x.how.retry.Pause(x.request.Number, x.failures)
		if d.walk != nil && d.walk.crew.Watched() {
			d.walk.crew.TellRetry(place, &done.Outcome, done.Ended-x.began-done.Held, pause, x.failures)
		}
		a.agenda.Push(agenda.Later(done.Ended, pause), d.rename(place))
		return
	}
	d.finish(place, &done.Outcome, done.Ended)
}

// off tells whether a call has been given up, so that it is not tried again.
func (d *driver) off(place uint32) bool {
	return (d.cancelled || d.halted) && (d.walk == nil || d.walk.off(place))
}

// leftBehind is what became of a call that nobody waits for any more: of the try
// under way, too, which was sent.
func (x *attempt) leftBehind() *target.Outcome {
	if !x.pausing {
		x.past.Attempts++
	}
	x.past.Class, x.past.Example = target.Cancelled, ""
	return &x.past
}

// finish ends a call the way its last try ended.
func (d *driver) finish(place uint32, last *target.Outcome, at time.Duration) {
	x, s := &d.again.of[place], d.slots[place]
	x.past.Class, x.past.Example, x.past.Parts = last.Class, last.Example, last.Parts
	c := &d.call
	c.Number, c.Intended, c.Ready, c.Start, c.End = x.request.Number, s.intended, s.ready, s.start+x.late, at
	c.Outcome = &x.past
	if d.walk != nil {
		d.walk.answered(place, c, last)
		return
	}
	if d.crawl != nil {
		d.visited(place, c)
	}
	d.settle(place, c)
}

// endPauses ends the calls that wait for their next try.
func (a *attempts) endPauses(d *driver) {
	for place := range a.of {
		if a.of[place].pausing && !free(d.slots[place].serial) {
			d.finish(uint32(place), &target.Outcome{Class: target.Cancelled}, d.now)
		}
	}
}

// cancelAll gives up what carriers have, and has everybody's pause end now.
func (a *attempts) cancelAll(now time.Duration) {
	for _, c := range a.carriers {
		c.CancelAll(now)
	}
	a.askAll(now)
	for i := range a.agenda {
		a.agenda[i].At = now // all alike: still a heap
	}
}
