package httpcall

import (
	"errors"
	"fmt"
	"time"

	"plimsoll/target"
	"plimsoll/target/content"
	"plimsoll/target/look"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
	"plimsoll/target/stream"
	"plimsoll/target/value"
)

// Course is a journey's call on its way, whoever carries it: what is asked now,
// and of the answer what somebody looks at. Its memory is used again.
type Course struct {
	Message
	call   *Prepared // nil: the target's own
	number uint64
	user   uint32
	args   []value.Value
	want   []look.Operand
	most   int  // of the body, as it comes, to be kept
	whole  bool // more is too much
	head   []byte
	body   []byte
	over   bool // there is more of the body
	meter  stream.Meter
	leads  target.Links
	led    bool // its answer leads where leads says

	observer target.Observer // nil: nobody watches
}

// Reader reads what answers hold, one at a time.
type Reader struct {
	// MaxBody is how large a body may be, decoded, where somebody looks into it;
	// 0: UsualBody. Show makes what is told of one in which something is missing.
	MaxBody int
	Show    func(body []byte) string
	// Traces is what the traces of calls derive from.
	Traces random.Key
	// Observer sees what is sent and answered; nil: nobody does.
	Observer target.Observer
	decoder  content.Decoder
}

// UsualBody is the default of Reader.MaxBody.
const UsualBody = 1_000_000

// beginning is how much of a body is kept that nobody looks into: enough to show
// where something else is not there.
const beginning = 1000

func (r *Reader) most() int {
	if r.MaxBody > 0 {
		return r.MaxBody
	}
	return UsualBody
}

// Begin has a course be that of a request. Its answer is read as its call says, or,
// of the target's own call, as own does, by that clock.
func (r *Reader) Begin(c *Course, q *target.Request, own *stream.Reading, now func() time.Duration) {
	c.call, _ = q.Call.(*Prepared)
	if c.call != nil {
		own = c.call.Stream
	}
	c.meter.Begin(own, now)
	c.number, c.user, c.args, c.want = q.Number, q.User, q.Args, q.Want
	c.Trace = r.Traces.Sub(q.Number)
	c.Hops, c.whole, c.most, c.observer, c.led = 0, false, 0, r.Observer, false
	if c.call != nil && c.call.Links != nil {
		c.whole, c.most = true, content.Room(r.most())
	}
	for i := range c.want {
		c.most = beginning
		if _, body := c.want[i].Needs(); body {
			c.whole, c.most = true, content.Room(r.most())
			break
		}
	}
	if c.observer != nil {
		c.most = content.Room(r.most())
	}
}

// Trace is the identifier of a call's trace, where it has one.
func (r *Reader) Trace(number uint64) string { return TraceID(r.Traces.Sub(number)) }

// End lets go of what is not the course's own.
func (c *Course) End() {
	c.call, c.args, c.want, c.observer = nil, nil, nil, nil
	c.meter.Begin(nil, nil)
	if cap(c.body) > roomy && cap(c.body) > 4*len(c.body) {
		c.body = nil
	}
}

// roomy is from when on memory that is hardly used is given back.
const roomy = 64 << 10

// Call is what is asked; nil: the target's own call.
func (c *Course) Call() *Prepared { return c.call }

// Number is that of the request, and User whose it is.
func (c *Course) Number() uint64 { return c.number }

// User is whose call it is.
func (c *Course) User() uint32 { return c.user }

// Write makes the first message. There must be a Call.
func (c *Course) Write() error {
	err := c.call.Write(&c.Message, c.args, c.user)
	if err == nil && c.observer != nil {
		c.tellSent()
	}
	return err
}

// Expect prepares for an answer.
func (c *Course) Expect() {
	c.head, c.body, c.over = c.head[:0], c.body[:0], false
	c.meter.Reset()
}

// Hear keeps the head of an answer: b came last, and size is that of the head as
// soon as it is known, 0 before.
func (c *Course) Hear(b []byte, size int64) {
	if so := int64(len(c.head)); size == 0 {
		c.head = append(c.head, b...)
	} else if so < size {
		c.head = append(c.head, b[:min(size-so, int64(len(b)))]...)
	}
}

// Take keeps a piece of the body of an answer of that status.
func (c *Course) Take(piece []byte, status int) {
	if c.follows(status) && c.observer == nil {
		return
	}
	if room := c.most - len(c.body); len(piece) > room {
		piece, c.over = piece[:room], true
	}
	c.body = append(c.body, piece...)
}

// Streams tells whether its answer comes event by event.
func (c *Course) Streams() bool { return c.meter.On() }

// By has the events be stamped by another clock, from the next answer on.
func (c *Course) By(now func() time.Duration) { c.meter.By(now) }

// Bound is how long it may take until the first event comes, and each after it; 0:
// what the target says.
func (c *Course) Bound() time.Duration {
	if c.call == nil {
		return 0
	}
	return c.call.Limit()
}

// Event takes in a piece of the body of an answer that does so, and tells whether
// an event with content has come. One that is not chunked comes in pieces.
func (c *Course) Event(piece []byte, chunked bool) bool {
	came := c.meter.Take(piece)
	return !chunked && c.meter.Chunk() || came
}

// Chunk hears that a chunk of such a body is whole, and tells the same.
func (c *Course) Chunk() bool { return c.meter.Chunk() }

// LastEvent is when an event came last.
func (c *Course) LastEvent() time.Duration { return c.meter.Last() }

// Stream is what came of such an answer whose call ended then, valid until the
// course is begun again; nil: it is none.
func (c *Course) Stream(ended time.Duration) *target.Stream {
	if !c.meter.On() {
		return nil
	}
	return c.meter.Told(ended)
}

// follows tells whether an answer of that status may lead on.
func (c *Course) follows(status int) bool {
	return c.call != nil && c.call.Redirected(&c.Message, status)
}

// Answer is a whole answer.
type Answer struct {
	Status  int
	Interim int    // bytes of interim answers before its head
	Class   string // what the target's `success` says of it
	Found   bool   // the text that `success` asks for
	// Ended is when the answer was whole, by the clock that stamps events.
	Ended time.Duration
}

// Answered sees to a whole answer: whether it leads on, to what the message asks
// for then, or else what is found in it, for the outcome. The class is what is
// wrong.
func (r *Reader) Answered(c *Course, a Answer, out *target.Outcome) (class string, err error, again bool) {
	head := c.head[min(a.Interim, len(c.head)):]
	if c.observer != nil {
		r.tellAnswered(c, head, a.Status)
	}
	if c.call != nil {
		location := c.call.Learn(&c.Message, head, c.user)
		if c.follows(a.Status) {
			again, err = c.call.Follow(&c.Message, a.Status, location, c.args, c.user)
			if err != nil {
				return target.Variable, err, false
			}
			if again {
				out.Hops = c.Hops
				if c.observer != nil {
					c.tellSent()
				}
				return "", nil, true
			}
		}
	}
	class = a.Class
	if class != target.Body && c.call != nil && c.call.AnyStatus {
		class = ""
		if !a.Found {
			class = target.Body
		}
	}
	if c.meter.On() && class == "" {
		if err := c.meter.End(a.Ended); err != nil {
			return target.Body, err, false
		}
	}
	if c.call != nil && c.call.Links != nil {
		return r.lead(c, head, a, class)
	}
	if len(c.want) == 0 {
		return class, nil, false
	}
	if err := r.look(c, head, a.Status, out); err != nil && class == "" {
		return target.Body, err, false
	}
	return class, nil, false
}

// look finds what is wanted. The error says why the body could not be looked at.
func (r *Reader) look(c *Course, head []byte, status int, out *target.Outcome) (err error) {
	a := look.Answer{Status: status, Head: head}
	encodings := Encodings(head)
	switch {
	case c.whole && len(c.body) > 0:
		a.Body, err = r.decode(c, encodings)
	case encodings == "":
		a.Body = c.body
	}
	out.Found = make([]value.Value, len(c.want))
	lacks := false
	for i := range c.want {
		if _, body := c.want[i].Needs(); body && err != nil {
			continue
		}
		v, found := c.want[i].Find(&a)
		if found {
			out.Found[i] = v
		}
		lacks = lacks || !found
	}
	if lacks && r.Show != nil {
		out.Shown = r.Show(a.Body)
	}
	return err
}

// decode is the body as it is looked into.
func (r *Reader) decode(c *Course, encodings string) ([]byte, error) {
	most := r.most()
	err := content.Known(encodings)
	var body []byte
	switch {
	case err != nil:
	case c.over:
		err = content.TooLarge
	default:
		body, err = r.decoder.Decode(c.body, encodings, most)
	}
	if errors.Is(err, content.TooLarge) {
		err = fmt.Errorf("the body is larger than %s, and it is looked into: a higher max_body of the target lets it pass", quantity.Size(int64(most)))
	}
	return body, err
}
