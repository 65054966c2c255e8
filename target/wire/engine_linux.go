package wire

import (
	"fmt"
	"time"

	"plimsoll/target"
	"plimsoll/target/wait"
)

// Engine carries calls over connections of its own: an event loop on the thread
// of one goroutine, to which every method belongs. With epoll each socket is registered
// once, edge-triggered, and a call costs one write and one read; with a ring both go with
// the loop's waiting.
type Engine struct {
	desk
	*sockets
	conns     []*conn
	closed    []*conn // to be used again
	idle      resting[*conn]
	seated    seated[conn]
	open      int  // connections there are
	admitting bool // those in line are being seen to
}

// newEngine makes a carrier that registers its connections with poll; nothing
// is sent yet.
func newEngine(o Options, codec Codec, server found, poll *wait.Poll) *Engine {
	e := &Engine{desk: newDesk(o, codec, poll), sockets: newSockets(o, server, poll)}
	if o.PerUser {
		e.idle.perUser()
	}
	return e
}

// HasEpoll tells whether this system has epoll.
const HasEpoll = true

func (s *Server) polling(codec Codec, clock target.Clock) (target.Carrier, error) {
	poll, ok := clock.(*wait.Poll)
	if !ok {
		return nil, fmt.Errorf("the engine %s goes by a clock that polls, not by %T", s.Engine, clock)
	}
	if m, several := codec.(Multiplexing); several {
		return newMultiplexer(s.o, m, s.found, poll), nil
	}
	return newEngine(s.o, codec, s.found, poll), nil
}

// Send sends the request of the call's number.
func (e *Engine) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	e.clock = now
	switch x, goes := e.enter(id, r); {
	case !goes:
	case e.gaveUp:
		e.abandon(x)
	default:
		e.put(x)
	}
	return e.due()
}

// put puts a call on a connection, or in line for one.
func (e *Engine) put(x *Exchange) {
	idle := e.idle.pool(x.User)
	for last := len(*idle) - 1; last >= 0 && (!x.Request.Once || e.crowded()); last-- {
		c := (*idle)[last]
		*idle = (*idle)[:last]
		if e.reuse(c, x) {
			return
		}
	}
	if e.crowded() {
		e.hold(x)
		return
	}
	if e.lost != nil {
		x.Attempts++
		e.failed(x, nil, Failure{Class: target.DNS, Err: e.lost}, e.now())
		return
	}
	e.begin(e.connect(), x)
}

// crowded tells whether there may be no more connections.
func (e *Engine) crowded() bool { return e.o.Connections > 0 && e.open >= e.o.Connections }

// Take returns the next call that has ended.
func (e *Engine) Take(now time.Duration) (*target.Done, time.Duration) { return e.take(e.poll, now) }

// take returns the next call that has ended. Whose time was over by the last look at
// the sockets, and whose answer was not there then, is late for sure; where another
// look has to tell, the clock is told so.
func (d *desk) take(poll *wait.Poll, now time.Duration) (*target.Done, time.Duration) {
	done := d.handOut()
	if done == nil && d.deadlines.next() <= now {
		if d.deadlines.expire(poll.Seen()); d.deadlines.next() <= now {
			poll.Refresh()
		}
		done = d.handOut()
	}
	return done, d.due()
}

// Cancel ends a call now, and closes its connection.
func (e *Engine) Cancel(id target.ID, now time.Duration) {
	e.clock = now
	if e.withdraw(id) {
		return
	}
	if c := e.seated.of(id); c != nil && c.carries(id) {
		e.lose(c, target.Cancelled, nil)
		return
	}
	for _, c := range e.conns {
		if c.carries(id) {
			e.lose(c, target.Cancelled, nil)
			return
		}
	}
}

// CancelAll ends every call now.
func (e *Engine) CancelAll(now time.Duration) {
	e.clock, e.gaveUp = now, true
	for _, c := range e.conns {
		if c.x != nil {
			e.lose(c, target.Cancelled, nil)
		}
	}
	e.cancel()
}

// Leave forgets a user, and closes the connections that were its own.
func (e *Engine) Leave(user uint32) {
	e.forget(user)
	for _, c := range e.idle.leave(user) {
		e.close(c)
	}
}

// Close closes every connection.
func (e *Engine) Close() {
	for _, c := range e.conns {
		c.hangUp()
	}
	e.sockets.close()
}
