package wire

import (
	"io"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/target"
)

// conn is a connection, or the place of one that is closed, with one call at a
// time.
type conn struct {
	engine *Engine
	link
	seat
	berth
	user   uint32        // whose it is, or whose call it carries
	reused bool          // it has served a call before this one
	rested time.Duration // from its last call to this one
	ended  time.Duration // when its last call did
	begun  bool          // some of the request has been sent
	sent   time.Duration // the request was
	first  time.Duration // the answer began
	heard  bool          // it has
	said   bool          // the request has been sent, and nothing answers it
	before int64         // bytes of earlier requests that the call has sent
	mark   int64         // of link.taken, when this one began to be sent
	unsent []byte
	later  []byte // goes when the server asks for it
	hello  bool   // what has been sent is Options.Hello
}

// sight is a connection as it was seen: its place may have been given to
// another one since.
type sight struct {
	*conn
	generation int
}

func (c *conn) sight() sight { return sight{c, c.generation} }

// here tells whether the connection is still there, with a call on it.
func (s sight) here() bool { return s.generation == s.conn.generation && s.x != nil }

// begin sends a call on a new connection, as soon as that is set up.
func (e *Engine) begin(c *conn, x *Exchange) {
	e.prepare(c, x)
	c.reused = false
	if c.fd < 0 {
		e.lose(c, target.Connect, c.refusal)
	}
}

// send begins to send the request, and tells what write does.
func (e *Engine) send(c *conn) (there bool) {
	c.before, c.mark = c.x.BytesOut, c.taken
	if len(c.later) > 0 {
		c.patience = e.now() + patience
		e.deadlines.watch(&c.seat)
	}
	return e.write(c)
}

// prepare gives a connection its call.
func (e *Engine) prepare(c *conn, x *Exchange) {
	e.attempt(x)
	c.x, c.begun, c.heard, c.said, c.sent = x, false, false, false, e.clock
	c.user, c.before, c.mark = x.User, x.BytesOut, c.taken
	e.seated.sit(x, c)
	c.reader.Expect(x)
	c.unsent, c.later, c.patience = x.Request.Bytes, x.Request.Later, 0
	if x.bound > 0 && c.fd >= 0 {
		e.deadlines.watch(&c.seat)
	}
}

// reuse sends a call on an idle connection, unless that is gone: nothing is
// sent on one whose end has come.
func (e *Engine) reuse(c *conn, x *Exchange) bool {
	if c.spent(c.secure == nil) {
		e.close(c)
		return false
	}
	e.prepare(c, x)
	c.reused, c.rested = true, e.clock-c.ended
	if !e.send(c) {
		c.x = nil
		e.unsent(x)
		e.close(c)
		return false
	}
	return true
}

// proceed sends the body that has been held back.
func (e *Engine) proceed(c *conn) {
	if len(c.unsent) > 0 { // asked for before its head was out
		c.later = slices.Concat(c.unsent, c.later)
	}
	c.unsent, c.later, c.patience = c.later, nil, 0
	e.write(c)
}

// overdue hears that it is time to see to the call on the connection: to go on
// with it, where the server has not said whether it wants the body, or to give
// it up.
func (e *Engine) overdue(c *conn) {
	if c.patience == 0 || c.x.until < c.patience {
		e.lose(c, target.Timeout, nil)
		return
	}
	seen := c.sight()
	if c.patience = 0; !c.reader.(hesitant).Answering() {
		e.proceed(c)
	}
	if seen.here() {
		e.deadlines.watch(&c.seat)
	}
}

// up sends what there is on a connection that takes it now.
func (c *conn) up(refusal error) {
	switch {
	case refusal == nil:
		c.engine.introduce(c)
	case c.linked:
		c.engine.lose(c, target.TLS, refusal)
	default:
		c.engine.lose(c, target.Connect, refusal)
	}
}

// ready sees to what has happened on the connection.
func (c *conn) ready(events uint32) {
	e, seen := c.engine, c.sight()
	if events == 0 {
		e.goOn(c)
		return
	}
	if c.x != nil && (len(c.unsent) > 0 || c.x.Request.Unanswered && !c.said && !c.hello) && events&unix.EPOLLOUT != 0 {
		e.write(c)
	}
	switch {
	case c.generation != seen.generation, events&unix.EPOLLIN == 0 && !c.closing:
	case (c.x == nil || c.said) && c.secure != nil: // it may say something to TLS alone
		c.read()
	case c.x == nil: // the server has closed it, or says something unasked
		e.dismiss(c)
	case c.said: // whatever that is answers nothing
		e.over(c, false, c.sent)
	default:
		c.read()
	}
}

// goOn reads from a connection that had more than one turn allows, or ends a call
// that had only to be sent.
func (e *Engine) goOn(c *conn) {
	switch {
	case c.x == nil:
		if c.secure != nil { // what there was may have been TLS's
			c.read()
		}
	case c.said:
		e.over(c, c.reader.Size() == 0 && !c.closing, c.sent)
	default:
		c.read()
	}
}

// take takes in a piece of the answer, or what nobody has asked for.
func (c *conn) take(b []byte, err error) (more bool) {
	seen := c.sight()
	switch {
	case c.x == nil:
		c.engine.dismiss(c)
	case c.said: // whatever that is answers nothing
		c.engine.over(c, false, c.sent)
	case err == nil:
		c.engine.feed(c, b)
	case err == io.EOF:
		c.engine.eof(c)
	default:
		c.engine.lose(c, breach(err), err)
	}
	return seen.here()
}

// dismiss closes an idle connection that is of no more use.
func (e *Engine) dismiss(c *conn) {
	e.close(c)
	e.idle.dismiss(c.user, c)
}

// write sends what is left of the request. It tells whether the connection was
// there: where a kept one takes nothing at all, it was gone before.
func (e *Engine) write(c *conn) (there bool) {
	late := c.begun // it is not the first write
	n, err := c.link.write(c.unsent)
	if n > 0 {
		c.begun, c.unsent = true, c.unsent[n:]
		if !c.hello {
			c.x.BytesOut += int64(n)
		}
	}
	switch {
	case err != nil && !c.begun && c.reused && !scarce(err):
		return false
	case err != nil:
		e.cut(c, err)
		return true
	case len(c.unsent) > 0:
		return true
	}
	if late {
		c.sent = e.now()
	}
	if c.x.Request.Unanswered && !c.hello && c.backlog() == 0 {
		c.said, c.sent = true, e.now()
		e.poll.Again(c.place) // not here: a whole line of calls would end one inside the other
	}
	return true
}

func (e *Engine) feed(c *conn, b []byte) {
	n, end, fault := c.reader.Feed(b)
	switch {
	case fault != nil:
		e.lose(c, fault.Class(), fault)
	case end != More && c.hello:
		e.welcome(c, n == len(b) && end == Whole)
	case end != More:
		e.answered(c, end == Whole && n == len(b) && len(c.unsent)+len(c.later)+c.backlog() == 0 && !c.closing && !(c.secure == nil && c.unread()))
	default:
		e.begins(c)
	}
}

// begins hears a part of an answer.
func (e *Engine) begins(c *conn) {
	if !c.heard {
		c.heard, c.first = true, e.now()
	}
	if len(c.later) > 0 {
		if in := c.reader.(hesitant); in.Asked() && !in.Answering() {
			e.proceed(c)
		}
	}
}

func (e *Engine) eof(c *conn) {
	whole, fault := c.reader.EOF()
	switch {
	case whole && c.hello:
		e.welcome(c, false)
	case whole:
		e.answered(c, false)
	case fault != nil:
		e.lose(c, fault.Class(), fault)
	}
}

// introduce sends what a new connection begins with: Options.Hello, or else the
// request.
func (e *Engine) introduce(c *conn) {
	if len(e.o.Hello) == 0 {
		e.settled(c)
		return
	}
	c.hello, c.unsent = true, e.o.Hello
	c.reader.Expect(nil)
	e.write(c)
}

// welcome hears that the server has answered Options.Hello, and sends the
// request.
func (e *Engine) welcome(c *conn, keep bool) {
	if !keep || len(c.unsent) > 0 {
		e.lose(c, target.Body, errHello)
		return
	}
	c.hello, c.begun, c.heard, c.unsent = false, false, false, c.x.Request.Bytes
	c.reader.Expect(c.x)
	e.settled(c)
}

// settled sends the request on a connection that takes it now.
func (e *Engine) settled(c *conn) {
	c.sent = e.now()
	c.x.measured.Add(c.setup(c.sent))
	e.send(c)
}

// answered hands a whole answer over and lets the connection go on, perhaps with
// the next request that the answer leads to.
func (e *Engine) answered(c *conn, keep bool) {
	e.over(c, keep, e.now())
}

// over is answered, at a given time.
func (e *Engine) over(c *conn, keep bool, at time.Duration) {
	x := c.x
	c.x, c.ended = nil, at
	x.BytesIn += c.reader.Size()
	x.Done.Ended = at
	if !c.heard {
		c.first = at // it came at once
	}
	x.begins(c.first-c.sent, c.reader.Size())
	keep = keep && e.o.KeepAlive && !x.Request.Once
	if !e.goes(x, c.reader, c.reader.Conclude(x), Failure{Connected: true}, c.ended) {
		e.letGo(c, keep)
		return
	}
	x.lead()
	if !keep {
		e.close(c)
		e.admit()
	} else if e.reuse(c, x) {
		return
	}
	e.put(x)
}

// lose ends a call whose connection is of no more use.
func (e *Engine) lose(c *conn, class string, err error) {
	x := c.x
	f := Failure{Class: class, Err: err, Connected: c.connected && !c.hello, Kept: c.reused, Idle: c.rested}
	c.x = nil
	if !c.hello {
		x.BytesIn += c.reader.Size()
		if c.secure != nil || c.rings() { // what the system has not taken has not gone
			x.BytesOut = min(x.BytesOut, c.before+c.accepted()-c.mark)
		}
	}
	e.failed(x, c.reader, f, e.now())
	e.close(c)
	e.admit()
}
