package grpc

import (
	"time"

	"plimsoll/target"
	"plimsoll/target/http2"
	"plimsoll/target/look"
	"plimsoll/target/stream"
	"plimsoll/target/value"
	"plimsoll/target/wire"
)

// codec is gRPC as a wire's carrier speaks it.
type codec struct {
	*asking
	*http2.Sessions
	now func() time.Duration

	spare    []*course
	examples map[which]string
}

// asking is what all loops have in common: whom they ask, and what.
type asking struct {
	settings *Settings
	address  string
	own      *prepared                           // nil: the target has no call of its own
	args     func(*target.Request) []value.Value // of it
	reading  stream.Reading                      // of streams
	observer target.Observer
}

// of is the call that is asked for, and the values of its holes.
func (a *asking) of(r *target.Request) (*prepared, []value.Value) {
	if p, is := r.Call.(*prepared); is {
		return p, r.Args
	}
	return a.own, a.args(r)
}

// which is a kind of failure, of which one message is enough.
type which struct {
	*Call
	class string
}

// codec is one for a loop with that clock.
func (a *asking) codec(now func() time.Duration) *codec {
	c := &codec{asking: a, now: now, examples: map[which]string{}}
	c.Sessions = http2.NewSessions(c, mostHead, a.settings.Streams)
	return c
}

// course is a call on its way. Its memory is used again.
type course struct {
	wire.Request
	*prepared
	block []byte // of fields
	made  []byte // a block that is not always the same
	own   []byte // and a message
	text  []byte // that in JSON
	want  []look.Operand
}

// Enter writes the message of a call.
func (c *codec) Enter(x *wire.Exchange, r *target.Request) wire.Next {
	var s *course
	if last := len(c.spare) - 1; last >= 0 {
		s, c.spare = c.spare[last], c.spare[:last]
	} else {
		s = new(course)
	}
	var args []value.Value
	s.prepared, args = c.of(r)
	s.want, s.block, s.Bytes = r.Want, s.prepared.block, s.fixed
	x.Own, x.Request = s, &s.Request
	x.Bound(s.bound)
	if err := s.render(args); err != nil {
		return wire.Next{Class: target.Variable, Err: err}
	}
	if c.observer != nil {
		c.sent(x.Number, s.prepared, args)
	}
	return wire.Next{Turn: wire.Goes}
}

// sent tells who looks on what goes out.
func (a *asking) sent(number uint64, p *prepared, args []value.Value) {
	a.observer.Sent(number, a.url(p), nil, p.json(nil, args))
}

// answered tells who looks on what has come.
func (a *asking) answered(number uint64, in *answer) {
	var seen look.Answer
	var err error
	if in.count > 0 {
		seen.Body, err = in.json()
	}
	a.observer.Answered(number, &seen, err)
}

// render makes what is not always the same.
func (s *course) render(args []value.Value) (err error) {
	if s.fixed == nil {
		s.text = s.json(s.text[:0], args)
		s.own, err = s.encode(s.own, s.text)
		s.Bytes = s.own
	}
	if err == nil && s.varies() {
		s.made, err = s.fields(append(s.made[:0], s.prepared.block...), args)
		s.block = s.made
	}
	return err
}

// mostHead is how large the head or the trailer of an answer may be.
const mostHead = 1 << 20

// Head is that of a call's request.
func (c *codec) Head(x *wire.Exchange, _ *http2.Memory) http2.Head {
	return http2.Head{Block: x.Own.(*course).block}
}

// Reader makes what reads the answers on a stream.
func (c *codec) Reader() wire.Reader { return &answers{codec: c} }

// roomy is from when on memory of a message is given back.
const roomy = 64 << 10

// Release takes a course back.
func (c *codec) Release(x *wire.Exchange) {
	if s, is := x.Own.(*course); is {
		if cap(s.own) > roomy || cap(s.text) > roomy {
			s.own, s.text = nil, nil
		}
		s.want = nil
		c.spare = append(c.spare, s)
	}
	x.Own = nil
}

// Explain makes the message of a failure, one a call and class.
func (c *codec) Explain(x *wire.Exchange, in wire.Reader, f wire.Failure) string {
	s, is := x.Own.(*course)
	if !is {
		return f.Class
	}
	key := which{s.Call, f.Class}
	text, known := c.examples[key]
	if !known {
		var heard *answer
		if a, has := in.(*answers); has {
			heard = &a.answer
		}
		text = c.explained(s.prepared, heard, f)
		c.examples[key] = text
	}
	return text
}

// answers reads what comes on one stream after the other.
type answers struct {
	answer
	codec *codec
	keeps bool
	heard time.Duration // when an event of a stream came last, if any has:
	any   bool
}

// Expect prepares for the answer to a call.
func (a *answers) Expect(x *wire.Exchange) {
	c, s := a.codec, x.Own.(*course)
	a.any = false
	a.begin(s.prepared, len(s.want) > 0 || c.observer != nil, &c.reading, c.now)
}

// Field takes in a field of the head or the trailer.
func (a *answers) Field(name, value []byte, trailer bool) wire.Fault {
	a.field(name, value, trailer)
	return nil
}

// Reset hears that the server has reset the stream.
func (a *answers) Reset(why uint32, name string) wire.Fault { return wasReset(why, name) }

// Feed takes in a piece of the messages.
func (a *answers) Feed(b []byte) (n int, end wire.End, _ wire.Fault) {
	counted, wrong := a.feed(b)
	if counted {
		a.heard, a.any = a.meter.Last(), true
	}
	if wrong != nil {
		return len(b), wire.More, wrong
	}
	return len(b), wire.More, nil
}

// Heard is when an event came last.
func (a *answers) Heard() (at time.Duration, any bool) { return a.heard, a.any }

// EOF hears of the stream's end, which is that of every answer.
func (a *answers) EOF() (whole bool, _ wire.Fault) { return true, nil }

// Size is how many bytes of messages have come.
func (a *answers) Size() int64 { return a.size }

// Rest lets go of memory.
func (a *answers) Rest() { a.reset(false) }

// Conclude judges a whole answer.
func (a *answers) Conclude(x *wire.Exchange) wire.Next {
	c := a.codec
	if c.observer != nil {
		c.answered(x.Number, &a.answer)
	}
	class, why := a.conclude(&x.Outcome, x.Done.Ended, x.Own.(*course).want, c.settings.scrub)
	if class == "" && a.meter.On() {
		x.Parts.Stream = a.meter.Told(x.Done.Ended)
	}
	return wire.Next{Class: class, Err: why}
}

var _ http2.Fielded = (*answers)(nil)
var _ http2.Heads = (*codec)(nil)
