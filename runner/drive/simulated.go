package drive

import (
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

// Simulated is the port of simulated targets: a heap of the ends to come.
// Under the virtual clock time jumps from event to event; under the real one
// the port waits for each. No goroutine, no allocation a call.
type Simulated struct {
	model *sim.Model
	now   time.Duration // of the virtual clock
	real  *realTime     // nil under the virtual clock

	flights flights
	ends    agenda.Agenda[ending]
	classes classes
	gaveUp  bool
}

// realTime is a real clock whose 0 is the trial's start.
type realTime struct {
	zero   time.Time
	waiter *wait.Waiter
}

func newRealTime(from time.Duration, spin float64) *realTime {
	return &realTime{zero: time.Now().Add(-from), waiter: wait.New(spin)}
}

func (r *realTime) now() time.Duration { return time.Since(r.zero) }

// NewVirtual makes a simulated port under the virtual clock, which shows from.
func NewVirtual(model *sim.Model, from time.Duration) *Simulated {
	return &Simulated{model: model, now: from, classes: classes{""}, flights: flights{step: 1}}
}

// NewSimulated makes a simulated port under the real clock, which shows from
// now. Waiting may spin for the given share of a core, 0 to 1.
func NewSimulated(model *sim.Model, from time.Duration, spin float64) *Simulated {
	return &Simulated{model: model, classes: classes{""}, flights: flights{step: 1}, real: newRealTime(from, spin)}
}

// Issue starts a call.
func (s *Simulated) Issue(intended, ready time.Duration) time.Duration {
	if s.real != nil {
		s.now = s.real.now()
	}
	leaves := s.model.Arrive(s.now)
	slot := s.flights.begin(intended, ready, s.now)
	s.ends.Push(leaves.At, ending{slot: slot, class: s.classes.number(leaves.Class)})
	return s.now
}

// Await returns the next end.
func (s *Simulated) Await(until time.Duration) (*Call, time.Duration) {
	if s.real != nil {
		return s.awaitReal(until)
	}
	if s.ends.Len() > 0 && s.ends.First() <= until && s.ends.First() != agenda.Never {
		s.now = max(s.now, s.ends.First())
		return s.end(s.now), s.now
	}
	if until == agenda.Never {
		return nil, agenda.Never
	}
	s.now = max(s.now, until)
	return nil, s.now
}

func (s *Simulated) awaitReal(until time.Duration) (*Call, time.Duration) {
	for {
		now := s.real.now()
		next := until
		if s.ends.Len() > 0 {
			next = min(next, s.ends.First())
			if s.ends.First() <= now {
				return s.end(now), now
			}
		}
		if next <= now || s.real.wait(next) {
			return nil, s.real.now()
		}
	}
}

// wait waits until the given time, and tells whether it was woken before.
func (r *realTime) wait(until time.Duration) bool {
	const longest = time.Hour // far times are waited for piece by piece
	return r.waiter.Wait(r.zero.Add(min(until, r.now()+longest)))
}

// end hands out the earliest end.
func (s *Simulated) end(now time.Duration) *Call {
	top := s.ends.Pop().What
	class := s.classes[top.class]
	if s.gaveUp {
		class = target.Cancelled
	}
	call := s.flights.end(top.slot, now)
	call.Outcome = target.Outcome{Class: class, Example: example(class)}
	return call
}

// Cancel ends every call in flight now.
func (s *Simulated) Cancel() {
	s.gaveUp = true
	if s.real != nil {
		s.now = s.real.now()
	}
	for i := range s.ends {
		s.ends[i].At = s.now // all alike: still a heap
	}
}

// Wake makes Await return early, from anywhere. Virtual time never waits.
func (s *Simulated) Wake() {
	if s.real != nil {
		s.real.waiter.Wake()
	}
}

// Cut is how many calls would have taken longer than a delay may be.
func (s *Simulated) Cut() int64 { return s.model.Cut() }

// Spun is how long waiting has spun so far.
func (s *Simulated) Spun() time.Duration {
	if s.real == nil {
		return 0
	}
	return s.real.waiter.Spun()
}

// Close gives back what waiting needs.
func (s *Simulated) Close() {
	if s.real != nil {
		s.real.waiter.Close()
	}
}

// example is the message of a simulated failure.
func example(class string) string {
	switch class {
	case "":
		return ""
	case string(sim.Status500):
		return "simulated: the server answered 500"
	case string(sim.Reset):
		return "simulated: the connection was broken off"
	case string(sim.Timeout):
		return "simulated: no answer came in time"
	case target.Rejected:
		return "simulated: the waiting room was full"
	case target.Throttled:
		return "simulated: over the quota"
	}
	return "simulated: " + class
}

// ending says which call in flight ends, and how.
type ending struct {
	slot  int32
	class int32 // of Simulated.classes
}

// classes are the error classes met so far, so that a call in flight needs
// only their number; the first is success.
type classes []string

func (c *classes) number(class string) int32 {
	if class == "" {
		return 0
	}
	for i, known := range *c {
		if known == class {
			return int32(i)
		}
	}
	*c = append(*c, class)
	return int32(len(*c) - 1)
}
