// Package drive is the one loop that carries out a trial: it asks a schedule
// when the next call starts, has a port start it, and records every end. It
// knows no protocol; the ports do, and know the time:
//
//	Simulated  an event heap over the simulated target's model, under the
//	           virtual clock or the real one
//	Wire       real time, HTTP/1.1 over connections of our own
//	Goroutines real time, any target whose call blocks
package drive

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/agenda"
)

// Call is one call with its times, offsets from the trial's start: when it
// was due, since when nothing but the generator kept it back, when it was
// handed to the target and when it ended.
type Call struct {
	Number                      uint64
	Intended, Ready, Start, End time.Duration
	target.Outcome
}

// Port carries calls out and knows the time.
type Port interface {
	// Issue starts a call now, and tells when it began: schedule.Never if a
	// detached port will tell.
	Issue(intended, ready time.Duration) (began time.Duration)
	// Await returns the next call that has ended, at once if there is one;
	// nil when none has by `until`, or when it was woken. now is the one
	// clock reading of this turn, schedule.Never where nothing comes before
	// the end of time. The call is valid until the next Await.
	Await(until time.Duration) (call *Call, now time.Duration)
	// Cancel makes every call in flight end soon, as cancelled.
	Cancel()
}

// detached is a port whose calls run elsewhere: they begin after they were
// issued, and may never come back.
type detached interface {
	// Announce has `began` called, within Await, when a call has begun.
	Announce(began func(at time.Duration))
	// Left are the calls that have not come back by now, ended as cancelled.
	Left(now time.Duration) []Call
}

// Stop asks a loop to end early, from any goroutine.
type Stop struct {
	level atomic.Int32
	wake  atomic.Pointer[func()]
}

// Gently lets nothing more start; what is in flight gets a few seconds.
func (s *Stop) Gently() { s.raise(1) }

// AtOnce cancels what is in flight.
func (s *Stop) AtOnce() { s.raise(2) }

func (s *Stop) raise(level int32) {
	if s.level.Load() < level {
		s.level.Store(level)
	}
	if wake := s.wake.Load(); wake != nil {
		(*wake)()
	}
}

// OnWake sets what rouses a port that waits; nil for one that never does.
func (s *Stop) OnWake(wake func()) { s.wake.Store(&wake) }

// Trial is what the loop carries out.
type Trial struct {
	Schedule *schedule.Schedule
	Port     Port
	Recorder *Recorder
	// From is the schedule's beginning: 0, or before it by a warm-up.
	From time.Duration
	// Until is when calls cease to become due, schedule.Never for a batch;
	// what is held or in flight then gets Drain.
	Until, Drain time.Duration
	Stop         *Stop
}

// How long calls in flight get after an interrupt, and after they have been
// cancelled, before the loop goes on without them.
const (
	interruptGrace = 3 * time.Second
	cancelGrace    = 2 * time.Second
)

// End is how a trial ended.
type End struct {
	// Interrupted by Stop, or Stopped by the schedule, which says why.
	Interrupted bool
	Stopped     string
	// At is when, on the trial's clock.
	At time.Duration
	// Err tells that the harness or a target broke.
	Err error
}

// Run carries the trial out. It returns when every call has ended or been
// given up; what the recorder holds is valid however the trial ended.
func (t Trial) Run() (end End) {
	l := &loop{Trial: t, deadline: schedule.Never, paced: t.Schedule.Paced()}
	if port, ok := t.Port.(detached); ok && l.paced {
		port.Announce(t.Schedule.Began)
	}
	if t.Until != schedule.Never {
		l.deadline = agenda.Later(t.Until, t.Drain)
	}
	defer func() {
		if broken := recover(); broken != nil {
			end = l.end()
			end.Err = fmt.Errorf("panic: %v\n%s", broken, debug.Stack())
		}
	}()
	l.run()
	return l.end()
}

type loop struct {
	Trial
	now         time.Duration
	inFlight    int
	deadline    time.Duration // when what is in flight is given up
	paced       bool          // the schedule hears of every start
	interrupted bool
	cancelled   bool
	err         error

	stood time.Duration // the instant of the last ends
	ends  int           // so many since time went on
}

// standstill is how many calls may end at one instant in a trial of a given
// length: users whose calls take no time would go on at it for ever under the
// virtual clock.
const standstill = 5_000_000

// timeIsOver is why a trial cannot go on: what is left of it begins or ends
// later than 64 bits of nanoseconds can say.
const timeIsOver = "simulated time is over: it goes no further than 292 years, and there is more to start or to end after that; ask for fewer requests, or for shorter delays and pauses"

func (l *loop) run() {
	l.now = l.From
	until := l.From
	for {
		wanted := min(until, l.deadline)
		call, now := l.Port.Await(wanted)
		if now == schedule.Never {
			l.broken("time is over", errors.New(timeIsOver))
			until = l.now
			continue
		}
		if late := now - max(l.now, wanted); late > l.Recorder.Stood.For && now > 0 {
			l.Recorder.Stood = Gap{At: now - late, For: late}
		}
		l.now = now
		if call != nil {
			l.ended(call)
			until = now // look for more ends before anything starts
			continue
		}
		if l.Stop.level.Load() > 0 {
			l.interrupt()
		}
		if now >= l.deadline && l.expired() {
			return
		}
		next := l.Schedule.Next(now, l.inFlight)
		switch next.Do {
		case schedule.Start:
			if began := l.Port.Issue(next.At, next.Ready); l.paced && began != schedule.Never {
				l.Schedule.Began(began)
			}
			l.inFlight++
			until = now
		case schedule.Drop:
			l.Recorder.Drop(next.At, 1)
			until = now
		case schedule.Wait:
			until = next.At
		case schedule.Idle:
			until = schedule.Never
		case schedule.Cancel, schedule.Done:
			if l.inFlight == 0 {
				return
			}
			if next.Do == schedule.Cancel {
				l.cancel()
			}
			until = schedule.Never
		}
	}
}

func (l *loop) ended(call *Call) {
	l.inFlight--
	switch {
	case call.Class == target.Broken:
		l.broken("the target broke", errors.New(call.Example))
	case l.standsStill(call.End):
		l.broken("time stood still", fmt.Errorf("time stands still: %d calls in a row took none, and a closed loop starts the next at once; give the target a delay or the users a think_time, or count requests instead of a duration", standstill))
	}
	l.Recorder.Record(call)
	if !l.cancelled {
		l.Schedule.Ended(call.End, call.Intended, !call.OK() && call.Class != target.Generator)
	}
}

// standsStill tells whether a trial of a given length will never get there.
func (l *loop) standsStill(now time.Duration) bool {
	if l.stood != now {
		l.stood, l.ends = now, 0
	}
	l.ends++
	return l.ends == standstill && l.Until != schedule.Never
}

// broken ends the trial for a reason that is no measurement.
func (l *loop) broken(reason string, err error) {
	if l.err == nil {
		l.err = err
		l.Schedule.Stop(reason)
		l.cancel()
	}
}

// interrupt obeys Stop.
func (l *loop) interrupt() {
	if !l.interrupted {
		l.interrupted = true
		l.drop()
		l.Schedule.Stop("interrupted")
		l.deadline = min(l.deadline, agenda.Later(l.now, interruptGrace))
	}
	if l.Stop.level.Load() > 1 {
		l.cancel()
	}
}

// cancel gives up what is in flight, which then has a moment to end.
func (l *loop) cancel() {
	if l.cancelled {
		return
	}
	l.cancelled = true
	if !l.interrupted { // else what was due has been dropped, and no more became due
		l.drop()
	}
	l.Schedule.Stop(l.Schedule.Stopped())
	l.Port.Cancel()
	l.deadline = agenda.Later(l.now, cancelGrace)
}

// drop counts the calls that were due and never started.
func (l *loop) drop() {
	if overdue := l.Schedule.Overdue(l.now); overdue > 0 {
		l.Recorder.Drop(l.now, overdue)
	}
}

// expired is called when the deadline has passed: the first time for what is
// in flight, the second time for what would not be cancelled, which is left
// behind and counted.
func (l *loop) expired() (over bool) {
	if !l.cancelled {
		if !l.interrupted {
			l.Recorder.GiveUp()
		}
		l.cancel()
		return false
	}
	if port, ok := l.Port.(detached); ok { // no other leaves a call behind
		for _, call := range port.Left(l.now) {
			l.Recorder.Record(&call)
		}
	}
	l.inFlight = 0
	return true
}

func (l *loop) end() End {
	end := End{Interrupted: l.interrupted, At: l.now, Err: l.err}
	if !l.interrupted && l.err == nil {
		end.Stopped = l.Schedule.Stopped()
	}
	return end
}

// Follow ties a Stop to two contexts: the first to be done stops gently, the
// second at once. The returned function unties them.
func (s *Stop) Follow(gently, atOnce context.Context) func() {
	first := context.AfterFunc(gently, s.Gently)
	second := context.AfterFunc(atOnce, s.AtOnce)
	return func() { first(); second() }
}
