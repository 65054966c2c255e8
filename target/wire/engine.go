package wire

import (
	"crypto/tls"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"plimsoll/target"
	"plimsoll/target/cookie"
	"plimsoll/target/httpcall"
	"plimsoll/target/random"
)

// The engines' names, as results have them.
const (
	Epoll   = "wire-epoll" // Engine, over wait.Poll: plain HTTP on Linux
	Sockets = "wire-net"   // Net, over wait.Doze: TLS, and every system
)

// Server is whom a trial's engines call. It knows where that is.
type Server struct {
	engine string
	o      Options
	loops  atomic.Uint64 // that have a carrier
	found
}

// Open prepares the engine of that name: it asks for the addresses of Host,
// where it is the engine that connects. That there are none shows in the calls.
func Open(engine string, o Options) (*Server, error) {
	switch {
	case engine == Epoll && !HasEpoll:
		return nil, errors.New("the engine " + Epoll + " needs Linux")
	case engine != Epoll && engine != Sockets:
		return nil, fmt.Errorf("there is no engine %q, but %s and %s", engine, Epoll, Sockets)
	}
	s := &Server{engine: engine, o: o}
	if engine == Epoll {
		s.found = find(o)
	}
	return s, nil
}

// Carrier carries a loop's calls to the server: Epoll by a clock that is a
// *wait.Poll. Nothing is sent yet.
func (s *Server) Carrier(clock target.Clock) (target.Carrier, error) {
	o := s.o
	o.Traces = o.Traces.Sub(s.loops.Add(1))
	if s.engine == Epoll {
		return s.epoll(o, clock)
	}
	return NewNet(o, clock), nil
}

// Request is one request as it goes over the wire, prepared once.
type Request struct {
	Bytes []byte
	// Later is the body where it is not in Bytes: it is sent when the server
	// asks for it (Expect: 100-continue), or says nothing for a while. A server
	// that answers at once does not get it.
	Later []byte
	// Once tells that the request's connection serves no other one; it gets a
	// connection of its own, where there may be another.
	Once bool
	// Head tells that the answer has no body, whatever it announces.
	Head bool
}

// Options say whom an engine calls, and how. All but TLS, Timeout and
// Connections must be there.
type Options struct {
	// Host is HOST:PORT, and Route how to come there.
	Host  string
	Route Route
	// TLS is how to speak it, with its ServerName; nil: not at all. Only Net
	// can.
	TLS      *tls.Config
	Requests []Request // taken in turn by the call's number
	// Timeout bounds each call, from connecting to the answer's end; 0: none.
	Timeout     time.Duration
	KeepAlive   bool
	PerUser     bool // each user has connections of its own; Connections is 0 then
	Connections int  // at most so many; a call that finds all taken is held. 0: no limit
	MaxHead     int  // bytes of an answer's head; 0: Limits' own
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
	// Traces is what the traces of calls derive from, those of each loop in a way
	// of its own.
	Traces random.Key
	// Observer sees what is sent and answered; nil: nobody does.
	Observer target.Observer
	// Jars are the cookies of users, which go with them; nil: there are none.
	Jars *cookie.Jars
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

// exchange is a call on its way: waiting for a connection, or on one; and then
// its end.
type exchange struct {
	target.Done
	number  uint64
	request *Request
	step    *step         // nil: it is no journey's, and nothing of its answer is kept
	since   time.Duration // waiting in line, since then
	until   time.Duration // when it is over its time
}
