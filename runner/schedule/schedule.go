// Package schedule decides when calls start: one after another, so many at a
// time, at a rate, out of a queue. A Schedule is a pure state machine on offsets
// from the trial's start. It has no clock, no goroutine and no randomness but
// the draws it is handed, so that every schedule can be tested exhaustively
// without sleeping; the one loop (package drive) interprets it.
package schedule

import (
	"math"
	"time"
)

// Never is later than any trial.
const Never = time.Duration(math.MaxInt64)

// later is so much after a time; Never where that is beyond the end of time.
func later(at, by time.Duration) time.Duration {
	if sum := at + by; sum >= at {
		return sum
	}
	return Never
}

// Action is what the loop shall do next.
type Action uint8

const (
	// Start a call: it was due at At, and at Ready nothing but the generator
	// itself kept it from starting.
	Start Action = iota
	// Drop a call that was due at At: it is left out (overflow: drop).
	Drop
	// Wait until At, or until a call ends. Never means that there is more to
	// start, but not before the end of time.
	Wait
	// Idle until a call ends.
	Idle
	// Cancel what is in flight; nothing starts any more.
	Cancel
	// Done: nothing starts any more; what is in flight may end.
	Done
)

// Next is an action with its times, offsets from the trial's start. User is the
// one who makes the call, of a closed loop's, which are numbered as they join, or
// of a queue's consumers; in an open loop every call has a user of its own, and
// this is 0.
type Next struct {
	Do        Action
	User      uint32
	At, Ready time.Duration
}

// Schedule hands out the starts of one trial.
type Schedule struct {
	source source
	stopOn StopOn
	gate   gate   // nil where starts need not keep a distance
	feed   *feed  // nil where calls do not come out of a queue
	found  *found // nil where nothing is found on the way
	state  Action // Start while running, then Done or Cancel
	reason string
}

// StopOn says which ends of calls end the trial early.
type StopOn struct {
	// FirstCompleted cancels the rest when any call has ended, FirstError
	// when one has failed.
	FirstCompleted, FirstError bool
	// Error starts nothing more after a failure and waits for the rest.
	Error bool
}

// source is what differs between closed loops, open ones, queues, and what is found.
type source interface {
	// next decides; a Start or a Drop takes the call out of the schedule.
	next(now time.Duration, inFlight int) Next
	// ended hears that a user's call, intended at the given time, has ended, which
	// makes room or work.
	ended(at, intended time.Duration, user uint32)
	// overdue takes all calls out that were due by now and before until, and tells
	// when each was; it is asked once, when no more are to become due.
	overdue(now, until time.Duration, drop func(due time.Duration))
}

// Bounds end a schedule.
type Bounds struct {
	// From is when it begins: 0, or before it by the length of a warm-up.
	From time.Duration
	// Until is when calls cease to become due: they fall in [From, Until).
	Until time.Duration
	// Requests is how many calls there are at most; 0 means no limit.
	Requests int64
}

func (b Bounds) spent(n int64) bool { return b.Requests > 0 && n >= b.Requests }

// Next tells what to do at the time now, which never decreases, with so many
// calls in flight.
func (s *Schedule) Next(now time.Duration, inFlight int) Next {
	if s.state != Start {
		return Next{Do: s.state}
	}
	next := s.source.next(now, inFlight)
	if next.Do == Done {
		s.state = Done
	}
	return next
}

// Paced tells whether the schedule keeps the starts themselves apart, and so
// must hear of each when it began.
func (s *Schedule) Paced() bool { return s.gate != nil }

// Began tells a paced schedule that a call it handed out began at the given
// time. Calls may begin in another order than they were handed out.
func (s *Schedule) Began(at time.Duration) { s.gate.Began(at) }

// Ended tells the schedule that a call, intended at the given time, has ended.
// Nothing becomes due of an end that stops it, or comes behind that one.
func (s *Schedule) Ended(at, intended time.Duration, user uint32, failed bool) {
	if s.state != Cancel && intended >= 0 { // a warm-up's calls stop nothing
		s.stopAt(failed)
	}
	if s.state == Start || s.feed != nil { // whose consumers are watched to the last
		s.source.ended(at, intended, user)
	}
}

// stopAt is the end of a call that may be the last to matter.
func (s *Schedule) stopAt(failed bool) {
	switch {
	case s.stopOn.FirstCompleted:
		s.stop(Cancel, "stop_when: first-completed")
	case s.stopOn.FirstError && failed:
		s.stop(Cancel, "stop_when: first-error")
	case s.stopOn.Error && failed && s.state == Start:
		s.stop(Done, "on_error: stop")
	}
}

// Stop ends the schedule: nothing starts any more.
func (s *Schedule) Stop(reason string) { s.stop(Done, reason) }

func (s *Schedule) stop(state Action, reason string) {
	s.state, s.reason = state, reason
}

// Stopped tells why the schedule was ended early; empty if it was not.
func (s *Schedule) Stopped() string { return s.reason }

// Overdue tells when each call was due that was so by now and before until, and was
// never handed out, but for those of a warm-up, and takes them out of the schedule:
// they have become due and are dropped. It is the end of what becomes due.
func (s *Schedule) Overdue(now, until time.Duration, drop func(due time.Duration)) {
	s.source.overdue(now, until, func(due time.Duration) {
		if due >= 0 {
			drop(due)
		}
	})
}

// Watch has the function told, from now on, of every change of the queue's
// length, as it comes to be known; without a queue nobody is told anything.
func (s *Schedule) Watch(length func(at time.Duration, by int)) {
	if s.feed != nil {
		s.feed.tell = length
	}
}

// Queue is what the queue was like until now; nil where there is none.
func (s *Schedule) Queue(now time.Duration) *Queue {
	if s.feed == nil {
		return nil
	}
	return s.feed.queue(now)
}
