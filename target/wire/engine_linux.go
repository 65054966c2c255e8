package wire

import (
	"time"

	"plimsoll/target"
	"plimsoll/target/wait"
)

// Engine sends calls over connections of its own and hands out their ends: an
// event loop on the thread of one goroutine, to which every method but Wake
// belongs. Each socket is registered once, edge-triggered; a call costs one
// write and one read.
type Engine struct {
	desk
	ways  []way
	lost  error // why Host has no address
	dials int   // connections begun so far

	poller *poller
	waiter *wait.Waiter

	conns     []*conn       // by their number in the poller's events
	closed    []*conn       // to be used again
	idle      []*conn       // the last one used is the last
	open      int           // connections there are
	full      []sight       // have more to read than one turn allows
	more      []sight       // the memory for the next turn's
	admitting bool          // those in line are being seen to
	looked    time.Duration // when the sockets were last looked at
	buffer    []byte        // what is being read, of whatever connection
	last      memory        // of all parsers: they hear the same server
}

// Open prepares an engine; nothing is sent yet but the question for Host's
// addresses. The offsets of Wait count from Zero, so that the clock shows from
// when Open returns: the answer to that question makes no call late.
func Open(o Options, from time.Duration) (*Engine, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	e := &Engine{desk: newDesk(o), poller: p, buffer: make([]byte, 64<<10)}
	e.place = e.put
	e.ways, e.lost = o.Route.ways(o.Host)
	e.waiter = wait.On(p, o.Spin)
	e.start(from)
	e.looked = from
	return e, nil
}

// HasEpoll tells whether this system has epoll.
const HasEpoll = true

func startEpoll(o Options, from time.Duration) (Caller, error) {
	e, err := Open(o, from)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Send sends the request of call number n, now being the clock's reading; its
// end comes out of Wait under the name `call`.
func (e *Engine) Send(call uint32, n uint64, now time.Duration) {
	e.clock = now
	x := e.enter(call, n)
	if e.gaveUp {
		e.failed(x, target.Cancelled, Seen{}, now)
		return
	}
	e.place(x)
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
		e.failed(x, target.DNS, Seen{Err: e.lost}, e.now())
		return
	}
	e.begin(e.connect(), x)
}

// crowded tells whether there may be no more connections.
func (e *Engine) crowded() bool { return e.o.Connections > 0 && e.open >= e.o.Connections }

// Wait returns the next call that has ended, at once if there is one; false
// when none has by `until`, an offset from Zero, or when it was woken. now is
// the last reading of the clock, which no call handed out so far has ended
// after.
func (e *Engine) Wait(until time.Duration) (done Done, any bool, now time.Duration) {
	for {
		if done, any = e.handOut(); any {
			return done, true, e.clock
		}
		if until <= e.clock && e.clock-e.looked < stale {
			return Done{}, false, e.clock
		}
		before := e.clock
		woken := e.look(min(until, e.due()))
		e.expire(before) // whose answer was not there at the look is late for sure
		if len(e.done) == 0 && (woken || until <= e.clock) {
			return Done{}, false, e.clock
		}
	}
}

// look waits for events until the given time, and handles those that came. It
// tells whether the wait ended early.
func (e *Engine) look(until time.Duration) (early bool) {
	const longest = time.Hour // far times are waited for piece by piece
	if until > e.clock && len(e.full) == 0 {
		early = e.waiter.Wait(e.zero.Add(min(until, e.clock+longest)))
	} else {
		e.poller.Look()
	}
	e.looked = e.now()
	full, events := e.full, e.poller.take()
	e.full = e.more[:0]
	if len(events) == cap(e.poller.events) { // there may be more
		e.looked -= stale
	}
	for _, event := range events {
		c := e.conns[event.Fd]
		if c.generation == event.Pad { // else it is of a connection that is gone
			e.ready(c, event.Events)
		}
	}
	for _, s := range full {
		if s.generation != s.conn.generation {
			continue
		}
		if s.full = false; s.x != nil {
			e.read(s.conn)
		}
	}
	e.more = full
	return early
}

// Cancel ends every call now.
func (e *Engine) Cancel() {
	e.gaveUp = true
	for _, c := range e.conns {
		if c.x != nil {
			e.lose(c, target.Cancelled, nil)
		}
	}
	e.cancel()
}

// Wake makes the Wait under way, or the next one, return at once. It may be
// called from anywhere.
func (e *Engine) Wake() { e.waiter.Wake() }

// Spun is how long waiting has spun so far.
func (e *Engine) Spun() time.Duration { return e.waiter.Spun() }

// Close closes every connection.
func (e *Engine) Close() {
	for _, c := range e.conns {
		c.hangUp()
	}
	e.waiter.Close()
}
