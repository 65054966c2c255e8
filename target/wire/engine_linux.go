package wire

import (
	"errors"
	"time"

	"plimsoll/target"
	"plimsoll/target/wait"
)

// Engine carries calls over connections of its own, on the loop's thread. Each
// socket is registered with the clock once, edge-triggered; a call costs one
// write and one read.
type Engine struct {
	desk
	poll  *wait.Poll
	ways  []way
	lost  error // why Host has no address
	dials int   // connections begun so far

	conns     []*conn
	closed    []*conn // to be used again
	idle      []*conn // the last one used is the last
	open      int     // connections there are
	full      []sight // have more to read than one turn allows
	more      []sight // the memory for the next turn's
	admitting bool    // those in line are being seen to
	buffer    []byte  // what is being read, of whatever connection
	last      memory  // of all parsers: they hear the same server
}

// Open prepares an engine; nothing is sent yet but the question for Host's
// addresses.
func Open(o Options, c *wait.Poll) *Engine {
	e := &Engine{desk: newDesk(o, c), poll: c, buffer: make([]byte, 64<<10)}
	e.place = e.put
	e.ways, e.lost = o.Route.ways(o.Host)
	return e
}

// HasEpoll tells whether this system has epoll.
const HasEpoll = true

func startEpoll(o Options, c target.Clock) (target.Carrier, error) {
	poll, ok := c.(*wait.Poll)
	if !ok {
		return nil, errors.New("the engine " + Epoll + " needs a clock that polls")
	}
	return Open(o, poll), nil
}

// Send sends the request, now being the clock's last reading.
func (e *Engine) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	x := e.enter(id, r)
	if e.gaveUp {
		e.failed(x, target.Cancelled, Seen{}, now)
	} else {
		e.place(x)
	}
	return e.due()
}

// put puts a call on a connection, or in line for one.
func (e *Engine) put(x *exchange) {
	for last := len(e.idle) - 1; last >= 0 && (!x.request.Once || e.crowded()); last-- {
		c := e.idle[last]
		e.idle = e.idle[:last]
		if e.reuse(c, x) {
			return
		}
	}
	if e.crowded() {
		e.hold(x)
		return
	}
	if e.lost != nil {
		x.out.Attempts++
		e.failed(x, target.DNS, Seen{Err: e.lost}, e.poll.Now())
		return
	}
	e.begin(e.connect(), x)
}

// crowded tells whether there may be no more connections.
func (e *Engine) crowded() bool { return e.o.Connections > 0 && e.open >= e.o.Connections }

// Take returns the next call that has ended.
func (e *Engine) Take(time.Duration) (*target.Done, time.Duration) {
	done := e.handOut()
	if done == nil {
		e.goOn()
		e.deadlines.expire(e.poll.Seen()) // whose answer was not there at the look is late for sure
		done = e.handOut()
	}
	if len(e.full) > 0 {
		return done, e.poll.Last()
	}
	return done, e.due()
}

// goOn reads from those connections that had more than one turn allows.
func (e *Engine) goOn() {
	if len(e.full) == 0 {
		return
	}
	full := e.full
	e.full = e.more[:0]
	for _, s := range full {
		if s.generation != s.conn.generation {
			continue
		}
		if s.full = false; s.x != nil {
			e.read(s.conn)
		}
	}
	e.more = full
}

// Cancel ends every call now.
func (e *Engine) Cancel(time.Duration) {
	e.gaveUp = true
	for _, c := range e.conns {
		if c.x != nil {
			e.lose(c, target.Cancelled, nil)
		}
	}
	e.cancel()
}

// Close closes every connection.
func (e *Engine) Close() {
	for _, c := range e.conns {
		e.hangUp(c)
	}
}
