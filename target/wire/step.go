package wire

import (
	"fmt"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/httpcall"
)

// step is what an exchange has besides where its call is a journey's.
type step struct {
	*httpcall.Course
	request Request       // the message, as it is sent
	hops    bool          // it has been led on by a redirect
	left    time.Duration // of its time, at the last of them
}

// stepFor is what there is to keep of a call.
func (d *desk) stepFor(r *target.Request) *step {
	var s *step
	if last := len(d.steps) - 1; last >= 0 {
		s, d.steps = d.steps[last], d.steps[:last]
	} else {
		s = &step{Course: new(httpcall.Course)}
	}
	s.hops = false
	d.reader.Begin(s.Course, r)
	return s
}

// write makes the request of the exchange, where that is a step's.
func (s *step) write(x *exchange) error {
	if s.Call() == nil {
		return nil
	}
	if err := s.Write(); err != nil {
		return err
	}
	s.sends(x)
	return nil
}

// sends has the exchange send the message.
func (s *step) sends(x *exchange) {
	m := &s.Message
	s.request = Request{Bytes: m.Bytes, Once: m.Once, Head: m.Method == "HEAD"}
	if m.Asks {
		s.request.Bytes, s.request.Later = m.Bytes[:m.Head], m.Bytes[m.Head:]
	}
	x.request = &s.request
}

// away tells whether the message goes to another server.
func (s *step) away() bool { return s.Call() != nil && !s.Home }

// answered sees to a whole answer: whether it leads on, or else what is found in
// it. The class is what is wrong.
func (d *desk) answered(x *exchange, a *answer) (class string, err error, again bool) {
	status := a.parser.Status
	return d.reader.Answered(x.step.Course, httpcall.Answer{
		Status: status, Interim: a.parser.Interim(), Class: d.judge(status, a.found), Found: a.found,
	}, &x.Outcome)
}

// leadOn readies an exchange for the request that a redirect asks for, and tells
// whether that is this server's to answer.
func (d *desk) leadOn(x *exchange, at time.Duration) (here bool) {
	s := x.step
	if s.hops, s.left = true, agenda.Never; x.until != agenda.Never {
		s.left = max(0, x.until-at)
	}
	if s.away() {
		d.elsewhere(x, at)
		return false
	}
	s.sends(x)
	return true
}

// Led is a call of a journey that goes to another server, from the beginning or
// led on there.
type Led struct {
	ID     target.ID
	Course *httpcall.Course
	// Outcome is what has become of it so far, where it was Begun here, and Left
	// what is left of its time; agenda.Never: it takes what it takes.
	Outcome target.Outcome
	Begun   bool
	Left    time.Duration
}

// LeadAbroad has calls handed over that go to other servers, while Send, Take or
// the clock's Wait is under way; without, they fail.
func (d *desk) LeadAbroad(take func(Led)) { d.abroad = take }

// elsewhere hands an exchange over that goes on at another server.
func (d *desk) elsewhere(x *exchange, at time.Duration) {
	s := x.step
	if d.abroad == nil {
		d.failed(x, target.Other, Seen{Err: fmt.Errorf("the request leads to %s://%s, and the engine calls one server", s.Scheme, s.Host)}, at)
		return
	}
	led := Led{ID: x.ID, Course: s.Course, Outcome: x.Outcome, Begun: s.hops, Left: s.left}
	x.step = nil
	d.spare = append(d.spare, x)
	d.abroad(led)
}

// give takes back what an exchange that has been handed out was made in.
func (d *desk) give(x *exchange) {
	x.step.End()
	d.steps = append(d.steps, x.step)
	x.step = nil
}

// Trace is the identifier of the trace that the call of that number has begun,
// where it was asked to.
func (d *desk) Trace(number uint64) string { return d.reader.Trace(number) }

// forget takes leave of a user.
func (d *desk) forget(user uint32) {
	if d.o.Jars != nil {
		d.o.Jars.Leave(user)
	}
}
