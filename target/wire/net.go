package wire

import (
	"context"
	"net"
	"sync"
	"time"

	"plimsoll/target"
)

// Net does what Engine does on every system, and over TLS: each connection is
// a net.Conn with a goroutine, which sets it up and reads from it. Requests
// are written by the loop itself, for whom a connection never blocks, so that
// of the goroutines only those wake up whose answer has come. All methods belong
// to the loop's goroutine.
type Net struct {
	desk
	dialer *Dialer
	trial  context.Context // of all that is being set up
	giveUp context.CancelFunc
	inbox  inbox
	blocks sync.Pool // of *[]byte, for large bodies

	conns   []*netConn // all there ever were
	closed  []*netConn // to be used again
	resting resting[*netConn]
	seated  seated[netConn]
	open    int // connections there are
	workers sync.WaitGroup
	going   *Exchange // on with another request, not sent yet
}

// block is how much is read at once of a large body.
const block = 64 << 10

// NewNet makes a carrier whose connections wake the clock; nothing is sent yet.
func NewNet(o Options, codec Codec, clock target.Clock) *Net {
	n := &Net{desk: newDesk(o, codec, clock), dialer: NewDialer(o.Route, net.Dialer{KeepAlive: -1, Control: o.Permit.Control})}
	n.trial, n.giveUp = context.WithCancel(context.Background())
	if o.PerUser {
		n.resting.perUser()
	}
	n.blocks.New = func() any { b := make([]byte, block); return &b }
	return n
}

// Send sends the request of the call's number.
func (n *Net) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	n.clock = now
	if x, goes := n.enter(id, r); goes {
		n.put(x)
	}
	return n.due()
}

// put puts a call on a connection, or in line for one.
func (n *Net) put(x *Exchange) {
	if n.gaveUp {
		n.abandon(x)
		return
	}
	full := n.o.Connections > 0 && n.open >= n.o.Connections
	resting := n.resting.pool(x.User)
	for last := len(*resting) - 1; last >= 0 && (full || !x.Request.Once); last-- {
		c := (*resting)[last]
		*resting = (*resting)[:last]
		if n.reuse(c, x) {
			return
		}
	}
	if full {
		n.hold(x)
		return
	}
	n.connect(x)
}

// aWhile is how long a connection is idle before it is asked whether it is
// still there: its goroutine may not have had the time to hear of its end.
const aWhile = time.Millisecond

// reuse sends a call on an idle connection, unless that is gone.
func (n *Net) reuse(c *netConn, x *Exchange) bool {
	if c.rested = n.clock - c.ended; c.rested > aWhile && c.finished() {
		return false
	}
	c.prepare(x, true)
	elsewhere := c.sending // asked now: who reads may see to the call's end at once
	if !c.state.CompareAndSwap(idle, busy) {
		c.x = nil
		return false // a notice of that is on its way
	}
	n.begin(c)
	c.send(elsewhere)
	return true
}

// connect sends a call on a new connection.
func (n *Net) connect(x *Exchange) {
	var c *netConn
	if last := len(n.closed) - 1; last >= 0 {
		c, n.closed = n.closed[last], n.closed[:last]
	} else {
		c = newNetConn(n)
		n.conns = append(n.conns, c)
	}
	n.open++
	c.prepare(x, false)
	c.connected, c.why = false, ""
	c.state.Store(busy)
	n.begin(c)
	until := x.until
	n.workers.Go(func() { c.start(until) })
}

// begin counts a try, and sees to it that it is given up when it is over its
// time.
func (n *Net) begin(c *netConn) {
	n.attempt(c.x)
	if c.x.bound > 0 {
		n.deadlines.watch(&c.seat)
	}
}

// Take returns the next call that has ended. Of whom nothing had been heard by
// then, and whose time is over, is late.
func (n *Net) Take(now time.Duration) (*target.Done, time.Duration) {
	done := n.handOut()
	if done == nil {
		n.clock = now
		for _, notice := range n.inbox.take() {
			n.note(notice)
		}
		n.deadlines.expire(now)
		done = n.handOut()
	}
	return done, n.due()
}

// note hears what has become of a connection.
func (n *Net) note(notice notice) {
	c := notice.conn
	if notice.what == answered {
		n.conclude(c)
		n.release(c)
		n.follow()
		return
	}
	c.reader.Rest()
	n.open--
	n.closed = append(n.closed, c)
	if notice.what == lost {
		n.conclude(c)
	} else {
		n.resting.dismiss(c.user, c)
	}
	for n.line.len() > 0 && n.open < n.o.Connections {
		n.connect(n.nextInLine())
	}
	n.follow()
}

// follow sends the request that a redirect has led to.
func (n *Net) follow() {
	if x := n.going; x != nil {
		n.going = nil
		n.now() // what has led to it may be younger than the last reading
		n.put(x)
	}
}

// conclude hands the connection's call out, or has it go on.
func (n *Net) conclude(c *netConn) {
	x := c.x
	c.x = nil
	x.BytesIn += c.size
	x.BytesOut += c.handed
	x.Done.Ended = c.ended
	if !c.reused {
		x.measured.Add(c.setup)
	}
	f := Failure{Class: c.class, Err: c.err, Connected: c.connected, Kept: c.reused, Idle: c.rested}
	switch {
	case c.class == "":
		x.begins(c.first-c.wrote, c.size)
		if n.goes(x, c.reader, c.reader.Conclude(x), f, c.ended) {
			x.lead()
			n.going = x
		}
	case c.reused && c.handed == 0 && len(c.request) > 0 && (c.class == target.Reset || c.class == target.Closed): // it was gone before
		n.unsent(x)
		n.put(x)
	default:
		n.failed(x, c.reader, f, c.ended)
	}
}

// release gives a connection to the next in line, or keeps it.
func (n *Net) release(c *netConn) {
	switch {
	case c.why != "": // interrupted when its answer had just come
		c.state.CompareAndSwap(idle, gone)
	case n.line.len() == 0:
		if !n.resting.keep(c.user, c) {
			c.interrupt(target.Cancelled)
		}
	default:
		if x := n.nextInLine(); !n.reuse(c, x) {
			n.put(x)
		}
	}
}

// Cancel makes a call end now, or as soon as its connection hears of it.
func (n *Net) Cancel(id target.ID, now time.Duration) {
	n.clock = now
	if n.withdraw(id) {
		return
	}
	if c := n.seated.of(id); c != nil && c.carries(id) {
		c.interrupt(target.Cancelled)
		return
	}
	for _, c := range n.conns {
		if c.carries(id) {
			c.interrupt(target.Cancelled)
			return
		}
	}
}

// CancelAll makes every call end now, or as soon as its connection hears of it.
func (n *Net) CancelAll(now time.Duration) {
	n.clock, n.gaveUp = now, true
	n.giveUp()
	for _, c := range n.conns {
		if c.x != nil {
			c.interrupt(target.Cancelled)
		}
	}
	n.cancel()
}

// Leave forgets a user, and closes the connections that were its own.
func (n *Net) Leave(user uint32) {
	n.forget(user)
	for _, c := range n.resting.leave(user) {
		c.interrupt(target.Cancelled)
	}
}

// Close closes every connection.
func (n *Net) Close() {
	n.gaveUp = true
	n.giveUp()
	for _, c := range n.conns {
		c.interrupt(target.Cancelled)
	}
	n.workers.Wait()
}
