// Package drive is the one loop that carries out a trial: it asks a schedule
// when the next call starts, has a carrier carry it, and records every end. It
// knows no protocol, and no time but what a clock shows: carriers do
// (target/sim, target/workers, target/wire), under the virtual clock or a real
// one (target/wait).
package drive

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/retry"
	"plimsoll/target/wait"
)

// Loop is what carries a trial out, or its share of one.
type Loop struct {
	Schedule *schedule.Schedule
	Clock    target.Clock
	Carrier  target.Carrier
	Recorder *Recorder
	// Calls are numbered First, First + Stride, First + 2·Stride … Stride 0
	// counts as 1.
	First, Stride uint64
	// Timeout bounds every try, where the carrier does not do so itself; 0: no
	// bound. Retry says which failures are tried again; nil: none.
	Timeout time.Duration
	Retry   *retry.Policy
	// Journey is what is carried out instead of calls; nil: nothing. Then
	// Carrier, Timeout and Retry are nobody's.
	Journey *Journey
	// Crawl is what calls are of; nil: of nothing but the target. Its Schedule is of
	// what is found.
	Crawl *Crawl
	// From is the schedule's beginning: 0, or before it by a warm-up.
	From time.Duration
	// Until is when calls cease to become due, schedule.Never for a batch;
	// what is held or in flight then gets Drain.
	Until, Drain time.Duration
	Stop         *Stop
}

// Run turns until every call has ended or been given up; what the recorder
// holds is valid however it ended.
func (l Loop) Run() (end End) {
	d := newDriver(l)
	defer func() {
		if broken := recover(); broken != nil {
			end = d.end()
			end.Err = fmt.Errorf("panic: %v\n%s", broken, debug.Stack())
		}
	}()
	d.run()
	return d.end()
}

// slot is what the loop needs of a call under way: four words, two slots to a
// line of the cache.
type slot struct {
	serial                 uint64 // of the sending; that of a free slot belongs to no call
	intended, ready, start time.Duration
}

// free tells whether a serial is that of a slot without a call.
func free(serial uint64) bool { return int64(serial) < 0 }

// driver is a loop that turns. What every call needs comes first.
type driver struct {
	now, due, deadline time.Duration // due: when there is something to take next; deadline: when what is in flight is given up
	carrier            target.Carrier
	virtual            *wait.Virtual // nil: the clock is a real one
	slots              []slot
	spare              []uint32 // slots that are free
	serial             uint64
	inFlight           int
	paced              bool // the schedule hears of every start
	interrupted        bool
	cancelled          bool
	dropped            bool          // what was due and had not started, when no more was to become due
	halted             bool          // a look has ended the trial
	haltedAt           time.Duration // when that was heard of
	stood              time.Duration // the instant of the last ends
	ends               int           // so many since time went on
	request            target.Request
	call               Call
	again              *attempts // nil: a call is one try, and ends by itself
	walk               *walk     // nil: what the schedule starts is a call, and no iteration
	crawl              *crawling // nil: calls are of no pages
	how                *tries    // of a call
	seconds            *Seconds  // nil: nobody looks

	Loop
	handsOn handsOn // nil: calls begin when they are sent
	err     error
}

func newDriver(l Loop) *driver {
	l.Stride = max(1, l.Stride)
	d := &driver{
		Loop: l, carrier: l.Carrier, now: l.From, due: schedule.Never, deadline: schedule.Never,
		paced: l.Schedule.Paced(),
	}
	switch {
	case l.Journey != nil:
		d.again = newAttempts(l.Journey.Carriers...)
		d.walk = newWalk(d)
	case l.Timeout > 0 || l.Retry != nil || l.Crawl != nil:
		d.again, d.how = newAttempts(l.Carrier), &tries{l.Retry, l.Timeout}
	}
	if l.Crawl != nil {
		d.crawls(l.Crawl)
	}
	l.Schedule.Watch(l.Recorder.Queued)
	d.seconds = l.Recorder.Seconds
	d.virtual, _ = l.Clock.(*wait.Virtual)
	if d.handsOn, _ = l.Carrier.(handsOn); d.handsOn != nil && d.paced {
		d.handsOn.Announce(l.Schedule.Began)
	}
	if l.Until != schedule.Never {
		d.deadline = agenda.Later(l.Until, l.Drain)
	}
	return d
}

// handsOn is a carrier whose calls run elsewhere: they begin after they were
// sent, and may never come back.
type handsOn interface {
	// Announce has `began` called, within Take, when a call has begun.
	Announce(began func(at time.Duration))
	// Began is when a call that has not come back began; now where it has not.
	Began(id target.ID, now time.Duration) time.Duration
}

func (d *driver) run() {
	until := d.From
	for over := false; !over; {
		now := d.turn(min(until, d.due, d.deadline))
		if d.due <= now && d.event(now) {
			until = now // look for more ends before anything starts
			continue
		}
		until, over = d.decide(now)
	}
}

// decide does what is to be done where nothing has ended, and tells until when
// there is no more of that, or that all is over. Looks at what has passed come
// before anything starts.
func (d *driver) decide(now time.Duration) (until time.Duration, over bool) {
	if d.seconds != nil {
		d.look(now)
	}
	if d.Stop.level.Load() > 0 {
		d.interrupt()
	}
	if now >= d.deadline && d.expired() {
		return now, true
	}
	next := d.Schedule.Next(now, d.inFlight)
	switch next.Do {
	case schedule.Start:
		d.begin(next)
		return now, false
	case schedule.Drop:
		d.Recorder.LeaveOut(next.At, d.started())
		return now, false
	case schedule.Wait:
		return d.orLook(next.At), false
	case schedule.Cancel, schedule.Done:
		if d.Schedule.Stopped() != "" {
			d.drop()
		}
		if d.inFlight == 0 && (d.walk == nil || d.walk.allGone()) {
			return now, true
		}
		if next.Do == schedule.Cancel {
			d.cancel()
		}
	}
	return d.orLook(schedule.Never), false // until a call ends
}

// orLook is a time, or that of the next look if it comes before.
func (d *driver) orLook(at time.Duration) time.Duration {
	if d.seconds != nil {
		at = min(at, d.seconds.next)
	}
	return at
}

// turn lets time go on, up to the given time at the latest. It is the one
// reading of the clock that decides everything of this turn.
func (d *driver) turn(until time.Duration) time.Duration {
	if d.virtual == nil {
		d.woke(until, d.Clock.Wait(until))
		return d.now
	}
	if until > d.now { // nobody else moves the virtual clock
		if until == schedule.Never {
			d.broken("time is over", errors.New(timeIsOver))
			return d.now
		}
		d.now = until
		d.virtual.Set(until)
	}
	return d.now
}

// woke takes in what a real clock shows after it was to wait until a time.
func (d *driver) woke(until, now time.Duration) {
	if late := now - max(d.now, until); late > d.Recorder.Stood.For && now > 0 {
		d.Recorder.Stood = Gap{At: now - late, For: late}
	}
	d.Recorder.waited(d.inFlight)
	d.now, d.due = now, now // only asking tells what has ended
	if d.again != nil {
		d.again.askAll(now)
	}
}

// timeIsOver is why a trial cannot go on: what is left of it begins or ends
// later than 64 bits of nanoseconds can say.
const timeIsOver = "simulated time is over: it goes no further than 292 years, and there is more to start or to end after that; ask for fewer requests, or for shorter delays and pauses"

// event lets one thing happen that is due, if there is one.
func (d *driver) event(now time.Duration) bool {
	if d.again != nil {
		return d.eventOrEntry(now)
	}
	var done *target.Done
	if done, d.due = d.carrier.Take(now); done == nil {
		return false
	}
	// The slot is looked up before anything else: see Take of target/sim.
	d.ended(d.slots[done.ID.Slot()], done)
	return true
}

// begin starts a call, or an iteration.
func (d *driver) begin(next schedule.Next) {
	start := d.now
	if d.virtual == nil {
		start = d.Clock.Now()
	}
	if d.walk != nil {
		d.walk.begin(next, start)
		return
	}
	var place uint32
	if last := len(d.spare) - 1; last >= 0 {
		place, d.spare = d.spare[last], d.spare[:last]
	} else {
		place = uint32(len(d.slots))
		d.slots = append(d.slots, slot{})
	}
	if d.paced && d.handsOn == nil {
		d.Schedule.Began(start)
	}
	d.inFlight++
	d.slots[place] = slot{d.serial, next.At, next.Ready, start}
	if d.again != nil {
		var r target.Request
		if d.crawl != nil {
			r = d.crawl.visit(place)
		}
		r.Number = d.First + d.again.calls*d.Stride
		d.prepare(place, &d.again.carriers[0], d.how, r)
		d.try(place, start)
		return
	}
	d.request.Number = d.First + d.serial*d.Stride
	id := target.NewID(place, d.serial)
	d.serial++
	d.due = min(d.due, d.carrier.Send(id, &d.request, start))
}

// ended takes in the end of a call, s being what stands in its slot.
func (d *driver) ended(s slot, done *target.Done) {
	place := done.ID.Slot()
	if !done.ID.Of(s.serial) {
		return // it was given up before
	}
	c := &d.call
	c.Number, c.Intended, c.Ready, c.Start, c.End = d.First+s.serial*d.Stride, s.intended, s.ready, s.start+done.Late, done.Ended
	c.Outcome = &done.Outcome
	d.settle(place, c)
}

// settle records a call that is over, and frees its slot.
func (d *driver) settle(place uint32, c *Call) {
	d.slots[place].serial = ^d.slots[place].serial // who ends it once more meets nobody
	d.spare = append(d.spare, place)
	d.Recorder.Record(c)
	d.over(c, 0)
}

// over tells everybody concerned that a user's call, or iteration, is over.
func (d *driver) over(c *Call, user uint32) {
	d.inFlight--
	switch {
	case c.Class == target.Broken:
		d.broken("the target broke", errors.New(c.Example))
	case d.standsStill(c.End):
		d.broken("time stood still", fmt.Errorf("time stands still: %d calls in a row took none, and a closed loop starts the next at once; give the target a delay or the users a think_time, or count requests instead of a duration", standstill))
	}
	if !d.cancelled && !d.halted {
		d.Schedule.Ended(c.End, c.Intended, user, !c.OK() && c.Class != target.Generator)
	}
}

// standstill is how many calls may end at one instant in a trial of a given
// length: users whose calls take no time would go on at it for ever under the
// virtual clock.
const standstill = 5_000_000

// standsStill tells whether a trial of a given length will never get there.
func (d *driver) standsStill(now time.Duration) bool {
	if d.stood != now {
		d.stood, d.ends = now, 0
	}
	d.ends++
	return d.ends == standstill && d.Until != schedule.Never
}
