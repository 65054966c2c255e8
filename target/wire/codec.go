package wire

import (
	"errors"
	"fmt"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/client"
)

// Codec is a protocol, as the carrier of one loop speaks it: what is sent for a
// call. Its methods are the loop's.
type Codec interface {
	// Enter makes the request that a call begins with, in the exchange, which
	// knows its ID, Number and User.
	Enter(x *Exchange, r *target.Request) Next
	// Reader makes what reads a connection's answers.
	Reader() Reader
	// Explain makes the message of a call that failed, after what the reader of
	// its connection has seen; nil: it had none.
	Explain(x *Exchange, in Reader, f Failure) string
	// Release takes back what Enter made: the exchange is over.
	Release(x *Exchange)
}

// Reader is the other half of a protocol: what the bytes mean that come on one
// connection, one answer after the other. Engine has the loop call it; with Net
// all but Conclude and Rest belong to whose the call is.
type Reader interface {
	// Expect prepares for the answer to the exchange's request; nil: to
	// Options.Hello, on a new connection.
	Expect(x *Exchange)
	// Feed takes in the next bytes, up to the answer's end and no further.
	Feed(b []byte) (n int, end End, fault Fault)
	// EOF hears that the server has closed the connection in an orderly way, and
	// tells whether that was the answer's end.
	EOF() (whole bool, fault Fault)
	// Size is how many bytes of the answer have come.
	Size() int64
	// Conclude judges a whole answer, or has the call go on.
	Conclude(x *Exchange) Next
	// Rest lets go of memory: the connection is closed.
	Rest()
}

// hesitant is a Reader of a protocol whose requests may have a part that goes
// when the server asks for it.
type hesitant interface {
	// Asked tells whether the server has asked for Request.Later, and Answering
	// whether it does without.
	Asked() bool
	Answering() bool
}

// lively is a Reader of a protocol whose answers may come event by event: each
// gives the call its time anew. Heard may be called from anywhere.
type lively interface {
	// Heard is when one came last of the present answer, if any has.
	Heard() (at time.Duration, any bool)
}

// End tells whether an answer is at its end.
type End uint8

// Ends of answers.
const (
	More  End = iota // it is not
	Whole            // it is, and the connection may carry another call
	Last             // it is, and so is the connection
)

// Fault is why an answer is none, and the class of that.
type Fault interface {
	error
	Class() string
}

// Request is one request as it goes over the wire.
type Request struct {
	Bytes []byte
	// Later is the body where it is not in Bytes: it is sent when the server
	// asks for it (Expect: 100-continue), or says nothing for a while. A server
	// that answers at once does not get it.
	Later []byte
	// Unanswered tells that nothing answers it: the call is over when the request
	// has been sent.
	Unanswered bool
	// Once tells that the request's connection serves no other one; it gets a
	// connection of its own, where there may be another.
	Once bool
}

// Next is what becomes of a call. The zero Next has it end, well.
type Next struct {
	Turn  Turn
	Class string // of the failure that it ends with
	Err   error  // what is wrong; nil where the class says it all
}

// Turn is where a call goes.
type Turn uint8

// Turns of a call.
const (
	Ends   Turn = iota
	Goes        // its Request is to be sent
	Leaves      // somebody else goes on with it
)

// Exchange is a call on its way: waiting for a connection, or on one; and then
// its end.
type Exchange struct {
	target.Done
	Number  uint64
	User    uint32
	Request *Request
	Own     any // what its codec keeps of it

	led     bool          // it is not at its first request any more
	refused bool          // a server has not looked at it, and it was sent once more
	left    time.Duration // of its time, when it was led on
	since   time.Duration // waiting in line, since then
	waits   bool          // it is there
	place   int           // at that place
	until   time.Duration // when it is over its time
	bound   time.Duration // that time, or of streams the one between events; 0: none

	parts    target.Parts
	measured Measured
}

// Bound has a call of the carrier's be bounded by another time than the others; 0
// does not. Codec.Enter may.
func (x *Exchange) Bound(d time.Duration) {
	if d > 0 {
		x.bound = d
	}
}

// Left is what was left of its time when it Ended; agenda.Never: it takes what
// it takes.
func (x *Exchange) Left() time.Duration {
	if x.until == agenda.Never {
		return agenda.Never
	}
	return max(0, x.until-x.Done.Ended)
}

// begins notes how long it took until the answer began, if one of so many bytes
// has come.
func (x *Exchange) begins(took time.Duration, bytes int64) {
	if bytes > 0 && !x.Request.Unanswered {
		x.measured.Answer(took)
	}
}

// lead has the exchange go on with another request, in the time that is left.
func (x *Exchange) lead() { x.led, x.left = true, x.Left() }

// errHello is why a connection cannot be used whose server has more to say than
// it was asked.
var errHello = errors.New("the server does not answer as is usual when a connection begins")

// Failure is how the engine saw a call fail.
type Failure struct {
	Class string
	Err   error // nil where the answer was whole
	// Connected tells that the connection was set up; Kept that it had served a
	// call before, and had nothing to do for Idle since.
	Connected, Kept bool
	Idle            time.Duration
}

// Reason says in plain words why a call failed that was given so long.
func (f Failure) Reason(timeout time.Duration) string {
	switch {
	case f.Class == target.Timeout && !f.Connected:
		return fmt.Sprintf("no connection within %v", timeout)
	case f.Class == target.Timeout:
		return fmt.Sprintf("no whole answer within %v", timeout)
	case f.Class == target.Cancelled:
		return "given up"
	case f.Err == nil:
		return f.Class
	}
	return client.Reason(f.Err)
}

// Rested tells for how long a connection had had nothing to do that broke as soon as
// it had; "" where it was another one.
func (f Failure) Rested() string {
	if !f.Kept || f.Class != target.Reset {
		return ""
	}
	return fmt.Sprintf(", on a connection that had rested for %v", f.Idle)
}

// leaver is a codec that keeps something for each user.
type leaver interface{ Leave(user uint32) }

// tracer is a codec whose calls may begin traces.
type tracer interface{ Trace(number uint64) string }
