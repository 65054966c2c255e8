package tcp

import (
	"io"

	"plimsoll/target"
	"plimsoll/target/dialog"
	"plimsoll/target/look"
	"plimsoll/target/value"
	"plimsoll/target/wire"
)

// codec is a message and the end of its answer, as a wire's carrier has them.
type codec struct {
	settings *Settings
	address  string
	observer target.Observer
	args     func(*target.Request) []value.Value // of the target's own call; nil: it has none

	spare []*course
}

// another is a codec for one more loop.
func (c *codec) another() *codec {
	fresh := *c
	fresh.spare = nil
	return &fresh
}

// course is a call on its way. Its memory is used again.
type course struct {
	wire.Request
	call *dialog.Call
	own  []byte // memory for a message that is not always the same
	want []look.Operand
}

// Enter writes the message of a call.
func (c *codec) Enter(x *wire.Exchange, r *target.Request) wire.Next {
	var s *course
	if last := len(c.spare) - 1; last >= 0 {
		s, c.spare = c.spare[last], c.spare[:last]
	} else {
		s = new(course)
	}
	args := r.Args
	if s.call, _ = r.Call.(*dialog.Call); s.call == nil {
		s.call, args = c.settings.Own, c.args(r)
	}
	s.want, s.Unanswered = r.Want, s.call.Receive.How == dialog.None
	if s.Bytes = s.call.Fixed(); s.Bytes == nil {
		s.own = s.call.Append(s.own[:0], args)
		s.Bytes = s.own
	}
	x.Own, x.Request = s, &s.Request
	if c.observer != nil {
		c.observer.Sent(x.Number, "tcp://"+c.address, nil, s.Bytes)
	}
	return wire.Next{Turn: wire.Goes}
}

// Reader makes what reads a connection's answers.
func (c *codec) Reader() wire.Reader { return &answers{codec: c} }

// Release takes a course back.
func (c *codec) Release(x *wire.Exchange) {
	if s, is := x.Own.(*course); is {
		if s.want = nil; cap(s.own) > roomy {
			s.own = nil
		}
		c.spare = append(c.spare, s)
	}
	x.Own = nil
}

// roomy is from when on memory of a message or an answer is given back.
const roomy = 64 << 10

// Explain makes the message of a failure.
func (c *codec) Explain(x *wire.Exchange, in wire.Reader, f wire.Failure) string {
	if a, is := in.(*answers); is && c.observer != nil && x.BytesIn > 0 {
		c.observer.Answered(x.Number, a.answer.Seen(), nil)
	}
	text := dialog.Told(c.address, f.Reason(c.settings.Timeout), c.settings.Scrub)
	if f.Kept && x.BytesIn == 0 && (f.Class == target.Reset || f.Class == target.Closed) {
		text += dialog.Used
	}
	return text
}

// answers reads what comes on one connection: whatever the call under way says is
// its answer.
type answers struct {
	codec  *codec
	answer dialog.Answer
}

// Expect prepares for the answer to a call.
func (a *answers) Expect(x *wire.Exchange) {
	s := x.Own.(*course)
	a.answer.Begin(&s.call.Receive, !s.Unanswered && (len(s.want) > 0 || a.codec.observer != nil))
}

// Feed takes in the next bytes, up to the answer's end.
func (a *answers) Feed(b []byte) (n int, end wire.End, fault wire.Fault) {
	n, whole, err := a.answer.Take(b)
	switch {
	case err != nil:
		return n, wire.More, wrong{err}
	case whole:
		return n, wire.Whole, nil
	}
	return n, wire.More, nil
}

// EOF hears that the server has closed the connection, which may be how its
// answers end.
func (a *answers) EOF() (whole bool, fault wire.Fault) {
	if a.answer.Closed(io.EOF) {
		return true, nil
	}
	return false, wrong{io.EOF}
}

// wrong is why what has come is no answer.
type wrong struct{ error }

// Class is that of the error.
func (w wrong) Class() string { return dialog.Class(w.error, false) }
func (w wrong) Unwrap() error { return w.error }

// Size is how many bytes of the answer have come.
func (a *answers) Size() int64 { return a.answer.Size }

// Conclude finds what is wanted in a whole answer.
func (a *answers) Conclude(x *wire.Exchange) wire.Next {
	c, s := a.codec, x.Own.(*course)
	if c.observer != nil {
		c.observer.Answered(x.Number, a.answer.Seen(), nil)
	}
	if len(s.want) > 0 {
		a.answer.Find(s.want, &x.Outcome, c.settings.Scrub)
	}
	return wire.Next{}
}

// Rest lets go of memory.
func (a *answers) Rest() {
	if cap(a.answer.Body) > roomy {
		a.answer.Body = nil
	}
}
