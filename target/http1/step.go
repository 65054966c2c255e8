package http1

import (
	"fmt"
	"time"

	"plimsoll/target"
	"plimsoll/target/httpcall"
	"plimsoll/target/stream"
	"plimsoll/target/wire"
)

// step is what an exchange has besides where its call is a journey's.
type step struct {
	*httpcall.Course
	request Request // the message, as it is sent
}

// enterStep makes the request of a call that somebody looks at.
func (c *Codec) enterStep(x *wire.Exchange, own *Request, r *target.Request) wire.Next {
	s := c.stepFor(r, own.Stream)
	x.Own = s
	x.Bound(s.Bound())
	if s.Call() == nil {
		s.request.Head = own.Head
		s.Tell(own.Bytes, own.Later, c.o.Origin)
		return wire.Next{Turn: wire.Goes}
	}
	if err := s.Write(); err != nil {
		return wire.Next{Class: target.Variable, Err: err}
	}
	return c.goes(x, s, false)
}

// stepFor is what there is to keep of a call, whose answer is read so unless it
// says otherwise.
func (c *Codec) stepFor(r *target.Request, own *stream.Reading) *step {
	var s *step
	if last := len(c.steps) - 1; last >= 0 {
		s, c.steps = c.steps[last], c.steps[:last]
	} else {
		s = &step{Course: new(httpcall.Course)}
	}
	c.reader.Begin(s.Course, r, own, c.o.Now)
	return s
}

// goes has the exchange send the step's message, the first or another, if it is
// this server's to answer.
func (c *Codec) goes(x *wire.Exchange, s *step, begun bool) wire.Next {
	if !s.Home {
		return c.elsewhere(x, s, begun)
	}
	m := &s.Message
	s.request = Request{Request: wire.Request{Bytes: m.Bytes, Once: m.Once}, Head: m.Method == "HEAD"}
	if m.Asks {
		s.request.Bytes, s.request.Later = m.Bytes[:m.Head], m.Bytes[m.Head:]
	}
	x.Request = &s.request.Request
	return wire.Next{Turn: wire.Goes}
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

// LeadAbroad has calls handed over that go to other servers, while the carrier's
// Send or Take or the clock's Wait is under way; without, they fail.
func (c *Codec) LeadAbroad(take func(Led)) { c.abroad = take }

// elsewhere hands an exchange over that goes on at another server.
func (c *Codec) elsewhere(x *wire.Exchange, s *step, begun bool) wire.Next {
	if c.abroad == nil {
		return wire.Next{Class: target.Other, Err: fmt.Errorf("the request leads to %s://%s, and the engine calls one server", s.Scheme, s.Host)}
	}
	led := Led{ID: x.ID, Course: s.Course, Outcome: x.Outcome, Begun: begun, Left: x.Left()}
	if x.Own = nil; begun {
		led.Outcome.Parts = wire.NewParts(x.Parts) // the exchange serves others from now on
	}
	c.abroad(led)
	return wire.Next{Turn: wire.Leaves}
}
