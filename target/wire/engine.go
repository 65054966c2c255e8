// Package wire carries calls over connections of its own, whatever they say:
// protocols are codecs (Codec, Reader), such as that of package http1.
//
// Engine does so on the loop's own thread, with one write and one read a call, and
// Multiplexer with several calls at once on a connection (Linux); Net with a
// goroutine for each connection, on every system. Sockets, time-outs, pools of connections, and lines of calls that
// wait for one, are this package's.
package wire

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
)

// The engines' names, as results have them.
const (
	Epoll   = "wire-epoll" // Engine and Multiplexer, over wait.Poll: Linux
	Sockets = "wire-net"   // Net, over wait.Doze: every system
)

// Server is whom a trial's engines call. It knows where that is.
type Server struct {
	engine string
	o      Options
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

// Carrier carries a loop's calls to the server, as its codec has it: Epoll by a
// clock that is a *wait.Poll. Nothing is sent yet.
func (s *Server) Carrier(codec Codec, clock target.Clock) (target.Carrier, error) {
	if s.engine == Epoll {
		return s.epoll(codec, clock)
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
	// Tell says which phases calls tell of.
	Tell Telling
	// Timeout bounds each call, from connecting to the answer's end; 0: none.
	Timeout     time.Duration
	KeepAlive   bool
	PerUser     bool // each user has connections of its own; Connections is 0 then
	Connections int  // at most so many; a call that finds all taken is held. 0: no limit
}
