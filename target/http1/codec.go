package http1

import (
	"slices"
	"strconv"
	"time"

	"plimsoll/target"
	"plimsoll/target/cookie"
	"plimsoll/target/httpcall"
	"plimsoll/target/random"
	"plimsoll/target/stream"
	"plimsoll/target/wire"
)

// Options say what a codec asks, and how it judges the answers.
type Options struct {
	// Origin is SCHEME://HOST:PORT of the server.
	Origin   string
	Requests []Request // taken in turn by the call's number
	PerUser  bool      // each user has connections of its own
	MaxHead  int       // bytes of an answer's head; 0: Limits' own
	// Accepts tells whether a status counts as success, from any goroutine;
	// Contains, if any, must occur in the body.
	Accepts  func(status int) bool
	Contains []byte
	// Example makes the message of a failure from its class and what was seen;
	// call is a step's, nil for that of number n of the target's own.
	Example func(n uint64, call *httpcall.Prepared, class string, seen Seen) string
	// MaxBody and Show are httpcall.Reader's.
	MaxBody int
	Show    func(body []byte) string
	// Traces is what the traces of calls derive from.
	Traces random.Key
	// Observer sees what is sent and answered; nil: nobody does.
	Observer target.Observer
	// Now reads the clock of calls, for whoever reads answers: when an event of a
	// stream has come. Without streams nobody asks.
	Now func() time.Duration
	// Jars are the cookies of users, which go with them; nil: there are none.
	Jars *cookie.Jars
}

// Request is one request, prepared once.
type Request struct {
	wire.Request
	// Head tells that the answer has no body, whatever it announces.
	Head bool
	// Stream is how the answer is read where it comes event by event; nil: it does
	// not.
	Stream *stream.Reading
}

// Seen is what there is to tell about a failure. It is valid during the call
// of Options.Example only.
type Seen struct {
	Stage  Stage
	Err    error  // nil where the answer was whole
	Status int    // of the answer, as far as it came
	Body   int64  // bytes of its body
	Start  []byte // of its body, where Accepts refuses the status
	// Location is where an answer of status 3xx points.
	Location []byte
	// Kept tells that the connection had served a call before, and had nothing
	// to do for Idle since; Silent, that nothing of the answer has come.
	Kept, Silent bool
	Idle         time.Duration
}

// Stage is how far a call had come.
type Stage int

// Stages of a call.
const (
	Connecting Stage = iota
	Awaiting         // the request under way, or the answer's head
	Reading          // the answer's body
)

// Codec is HTTP/1.1 as a wire's carrier speaks it.
type Codec struct {
	o       Options
	last    *memory        // of all readers that one goroutine reads; nil: each has its own
	classes map[int]string // of statuses seen
	steps   []*step        // to be used again
	reader  httpcall.Reader
	abroad  func(Led) // takes calls to other servers; nil: nobody does
	plain   bool      // the target's own calls are looked at by nobody, and need nothing besides
}

// NewCodec makes the codec of a loop's carrier. One goroutine reads all its
// connections, if alone says so.
func NewCodec(o Options, alone bool) *Codec {
	c := &Codec{
		o: o, classes: map[int]string{},
		plain:  !o.PerUser && o.Observer == nil && !slices.ContainsFunc(o.Requests, func(r Request) bool { return r.Stream != nil }),
		reader: httpcall.Reader{MaxBody: o.MaxBody, Show: o.Show, Traces: o.Traces, Observer: o.Observer},
	}
	if alone {
		c.last = new(memory)
	}
	return c
}

// Enter makes the request of the call: that of its number, or a step's.
func (c *Codec) Enter(x *wire.Exchange, r *target.Request) wire.Next {
	own := &c.o.Requests[r.Number%uint64(len(c.o.Requests))]
	x.Request, x.Own = &own.Request, own
	if r.Call == nil && len(r.Want) == 0 && c.plain {
		return wire.Next{Turn: wire.Goes}
	}
	return c.enterStep(x, own, r)
}

// Reader makes what reads a connection's answers.
func (c *Codec) Reader() wire.Reader {
	a := &answer{codec: c, parser: New(Limits{Head: c.o.MaxHead})}
	a.parser.Body, a.parser.Chunk = a.body, a.chunk
	if c.last != nil {
		a.parser.last = c.last
	}
	return a
}

// judge names what is wrong with a whole answer; "" if nothing is.
func (c *Codec) judge(status int, found bool) string {
	switch {
	case !c.o.Accepts(status):
		class := c.classes[status]
		if class == "" {
			class = "status-" + strconv.Itoa(status)
			c.classes[status] = class
		}
		return class
	case !found:
		return target.Body
	}
	return ""
}

// Explain makes the message of a failure.
func (c *Codec) Explain(x *wire.Exchange, in wire.Reader, f wire.Failure) string {
	var call *httpcall.Prepared
	if s, is := x.Own.(*step); is {
		call = s.Call()
	}
	seen := Seen{Err: f.Err}
	if a, is := in.(*answer); is {
		seen = a.seen(f)
	}
	return c.o.Example(x.Number, call, f.Class, seen)
}

// Release takes a step back.
func (c *Codec) Release(x *wire.Exchange) {
	if s, is := x.Own.(*step); is {
		s.End()
		c.steps = append(c.steps, s)
	}
	x.Own = nil
}

// Trace is the identifier of the trace that the call of that number has begun,
// where it was asked to.
func (c *Codec) Trace(number uint64) string { return c.reader.Trace(number) }

// Leave forgets a user's cookies.
func (c *Codec) Leave(user uint32) {
	if c.o.Jars != nil {
		c.o.Jars.Leave(user)
	}
}
