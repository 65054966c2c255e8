// Package wire carries calls over connections of its own, whatever they say:
// protocols are codecs (Codec, Reader), such as that of package http1.
//
// Engine does so on the loop's own thread, with one write and one read a call, and
// Multiplexer with several calls at once on a connection (Linux); Net with a
// goroutine for each connection, on every system. Sockets, time-outs, pools of
// connections, and lines of calls that wait for one, are this package's.
package wire

import (
	"crypto/tls"
	"fmt"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wait"
)

// The engines' names, as results have them.
const (
	Epoll   = "wire-epoll" // Engine and Multiplexer, over wait.Poll: Linux
	Uring   = "wire-uring" // the same over a wait.Poll with a ring: Linux 6.1, where io_uring is allowed
	Sockets = "wire-net"   // Net, over wait.Doze: every system
)

// Polls tells whether an engine goes by a clock that is a *wait.Poll.
func Polls(engine string) bool { return engine == Epoll || engine == Uring }

// Server is whom a trial's engines call. It knows where that is.
type Server struct {
	// Engine is the one that calls it: Epoll, where Uring was asked for and is not to
	// be had.
	Engine string
	o      Options
	found
}

// Open prepares the engine of that name: it asks for the addresses of Host,
// where it is the engine that connects. That there are none shows in the calls.
func Open(engine string, o Options) (*Server, error) {
	switch {
	case Polls(engine) && !HasEpoll:
		return nil, fmt.Errorf("the engine %s needs Linux", engine)
	case !Polls(engine) && engine != Sockets:
		return nil, fmt.Errorf("there is no engine %q, but %s, %s and %s", engine, Epoll, Uring, Sockets)
	case engine == Uring && wait.RingRefused() != nil:
		engine = Epoll
	}
	s := &Server{Engine: engine, o: o}
	if Polls(engine) {
		s.found = find(o)
	}
	return s, nil
}

// Clock is one for a loop whose calls an engine that polls carries, as those of
// wait.NewPoll.
func Clock(engine string, spin float64) (*wait.Poll, error) {
	if engine == Uring {
		return wait.NewRing(spin)
	}
	return wait.NewPoll(spin)
}

// Carrier carries a loop's calls to the server, as its codec has it: where the engine
// polls, by a clock that is a *wait.Poll, whose ring it uses if there is one. Nothing
// is sent yet.
func (s *Server) Carrier(codec Codec, clock target.Clock) (target.Carrier, error) {
	if Polls(s.Engine) {
		return s.polling(codec, clock)
	}
	return NewNet(s.o, codec, clock), nil
}

// Options say whom an engine calls, and how. Host must be there.
type Options struct {
	// Host is HOST:PORT, and Route how to come there.
	Host  string
	Route Route
	// Permit says where connections may go.
	Permit client.Permit
	// TLS is how to speak it, with its ServerName; nil: not at all.
	TLS *tls.Config
	// Hello is what every connection begins with: the answer to it comes before
	// any request goes. None: the requests do.
	Hello []byte
	// Connected hears of each connection that is set up, from anywhere; nil: nobody
	// does.
	Connected func()
	// Tell says which phases calls tell of.
	Tell Telling
	// Timeout bounds each call, from connecting to the answer's end; 0: none.
	Timeout     time.Duration
	KeepAlive   bool
	PerUser     bool // each user has connections of its own; Connections is 0 then
	Connections int  // at most so many; a call that finds all taken is held. 0: no limit
}
