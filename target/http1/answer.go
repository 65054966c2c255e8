package http1

import (
	"bytes"
	"math"
	"sync/atomic"
	"time"

	"plimsoll/target/httpcall"
	"plimsoll/target/wire"
)

// answer is what a connection makes of the bytes that come.
type answer struct {
	codec  *Codec
	parser Parser
	found  bool         // the text that Options.Contains asks for
	tail   []byte       // of the body so far, where that text may have begun
	start  []byte       // of the body, where its status is not accepted
	step   *step        // what keeps it; nil: nothing does
	heard  atomic.Int64 // when an event of a stream came last; nothing: none has
}

// started is how much of a body that is not accepted is kept.
const started = 1000

// Expect prepares for the answer to the request of an exchange.
func (a *answer) Expect(x *wire.Exchange) {
	head := false
	switch own := x.Own.(type) {
	case *Request:
		a.step, head = nil, own.Head
	case *step:
		a.step, head = own, own.request.Head
		own.Expect()
	}
	a.heard.Store(nothing)
	a.parser.Reset(head)
	a.found, a.tail, a.start = len(a.codec.o.Contains) == 0, a.tail[:0], a.start[:0]
}

// nothing is when an event came that has not.
const nothing = math.MinInt64

// Heard is when an event of the answer came last, if one has. It may be asked from
// anywhere.
func (a *answer) Heard() (at time.Duration, any bool) {
	last := a.heard.Load()
	return time.Duration(last), last != nothing
}

// Size is how many bytes of it have come, head and body.
func (a *answer) Size() int64 { return a.parser.HeadBytes + a.parser.BodyBytes }

// Rest lets go of what a long line has taken.
func (a *answer) Rest() { a.parser.shrink() }

// Asked tells whether the server has asked for the request's body.
func (a *answer) Asked() bool { return a.parser.Continued }

// Answering tells whether the server has answered, with or without it.
func (a *answer) Answering() bool { return a.parser.HeadDone() }

// seen is what there is to tell about the failure of its call.
func (a *answer) seen(f wire.Failure) Seen {
	s := Seen{Stage: Awaiting, Err: f.Err, Status: a.parser.Status, Body: a.parser.BodyBytes, Start: a.start, Location: a.parser.Location, Silent: !a.parser.Begun()}
	s.Kept, s.Idle = f.Kept, f.Idle
	switch {
	case !f.Connected:
		s.Stage = Connecting
	case a.parser.HeadDone():
		s.Stage = Reading
	}
	return s
}

// Feed takes in the next bytes.
func (a *answer) Feed(b []byte) (int, wire.End, wire.Fault) {
	n, done, err := a.parser.Feed(b)
	if a.step != nil {
		a.step.Hear(b, a.parser.HeadBytes)
	}
	switch {
	case err != nil:
		return n, wire.More, explained{&a.parser}
	case !done:
		return n, wire.More, nil
	case a.parser.KeepAlive():
		return n, wire.Whole, nil
	}
	return n, wire.Last, nil
}

// EOF hears of the connection's end.
func (a *answer) EOF() (whole bool, fault wire.Fault) {
	if whole, err := a.parser.EOF(); err == nil {
		return whole, nil
	}
	return false, explained{&a.parser}
}

// Conclude judges a whole answer, which may lead a step on.
func (a *answer) Conclude(x *wire.Exchange) wire.Next {
	c, status := a.codec, a.parser.Status
	if a.step == nil {
		return wire.Next{Class: c.judge(status, a.found)}
	}
	class, err, again := c.reader.Answered(a.step.Course, httpcall.Answer{
		Status: status, Interim: a.parser.Interim(), Class: c.judge(status, a.found), Found: a.found,
		Ended: x.Done.Ended,
	}, &x.Outcome)
	if again {
		return c.goes(x, a.step, true)
	}
	if class == "" {
		x.Parts.Stream, x.Parts.Links = a.step.Stream(x.Done.Ended), a.step.Leads()
	}
	return wire.Next{Class: class, Err: err}
}

// body takes in a piece of the body.
func (a *answer) body(piece []byte) {
	o := &a.codec.o
	if a.step != nil {
		a.step.Take(piece, a.parser.Status)
		if a.step.Streams() {
			a.hear(a.step.Event(piece, a.parser.chunked))
		}
	}
	if !a.found {
		a.search(piece, o.Contains)
	}
	if room := started - len(a.start); room > 0 && !o.Accepts(a.parser.Status) {
		a.start = append(a.start, piece[:min(len(piece), room)]...)
	}
}

// chunk hears that a chunk of the body is whole.
func (a *answer) chunk() {
	if a.step != nil && a.step.Streams() {
		a.hear(a.step.Chunk())
	}
}

// hear notes that an event has come: its call has its time anew.
func (a *answer) hear(came bool) {
	if came {
		a.heard.Store(int64(a.step.LastEvent()))
	}
}

// search looks for a text in a body that comes in pieces: where they meet, and
// in each of them. It keeps less than the text's length.
func (a *answer) search(piece, text []byte) {
	most := len(text) - 1
	a.tail = append(a.tail, piece[:min(len(piece), most)]...)
	a.found = bytes.Contains(a.tail, text) || bytes.Contains(piece, text)
	if len(piece) > most {
		a.tail = append(a.tail[:0], piece[len(piece)-most:]...)
	} else if over := len(a.tail) - most; over > 0 {
		a.tail = append(a.tail[:0], a.tail[over:]...)
	}
}

// explained is a parser's fault with all that it has to say.
type explained struct{ *Parser }

func (e explained) Error() string { return e.Explain() }
func (e explained) Unwrap() error { return e.Parser.fault }

// Class is the class of error that it counts under.
func (e explained) Class() string { return e.Parser.fault.Class() }
