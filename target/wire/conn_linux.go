package wire

import (
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wait"
)

// conn is a connection, or, with fd −1, the place of one that is closed.
type conn struct {
	engine     *Engine
	place      wait.Place // in the poller, while fd is there
	generation int        // of the connection, of those that had this place
	fd         int
	way        int   // of Engine.ways: the one tried
	refusal    error // why there is no connection to it
	connected  bool
	closing    bool // the server has closed it, though there may be bytes to read
	full       bool // has more to read than one turn allows

	seat
	user   uint32        // whose it is, or whose call it carries
	reused bool          // it has served a call before this one
	rested time.Duration // from its last call to this one
	ended  time.Duration // when its last call did
	begun  bool          // some of the request has been sent
	unsent []byte
	later  []byte // goes when the server asks for it
	answer
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
func (e *Engine) begin(c *conn, x *exchange) {
	e.prepare(c, x)
	c.reused = false
	if c.fd < 0 {
		e.lose(c, target.Connect, c.refusal)
	}
}

// send begins to send the request, and tells what write does.
func (e *Engine) send(c *conn) (there bool) {
	if len(c.later) > 0 {
		c.patience = e.now() + patience
		e.deadlines.watch(&c.seat)
	}
	return e.write(c)
}

// prepare gives a connection its call.
func (e *Engine) prepare(c *conn, x *exchange) {
	e.attempt(x)
	c.x, c.begun = x, false
	if x.step != nil {
		c.user = x.step.User()
		e.seated.sit(x, c)
	}
	c.expect(x, &e.o)
	c.unsent, c.later, c.patience = x.request.Bytes, x.request.Later, 0
	if e.o.Timeout > 0 && c.fd >= 0 {
		e.deadlines.watch(&c.seat)
	}
}

// reuse sends a call on an idle connection, unless that is gone: nothing is
// sent on one whose end has come.
func (e *Engine) reuse(c *conn, x *exchange) bool {
	if !e.poll.Fresh() && client.Ended(c.fd, true) {
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
	if c.patience = 0; !c.parser.HeadDone() {
		e.proceed(c)
	}
	if seen.here() {
		e.deadlines.watch(&c.seat)
	}
}

// Ready sees to what has happened on a connection.
func (c *conn) Ready(events uint32) {
	if events == 0 {
		c.engine.goOn(c)
		return
	}
	c.engine.ready(c, events)
}

// goOn reads from a connection that had more than one turn allows.
func (e *Engine) goOn(c *conn) {
	if c.full = false; c.x != nil {
		e.read(c)
	}
}

func (e *Engine) ready(c *conn, events uint32) {
	seen := c.sight()
	switch {
	case !c.connected:
		if !e.finishConnect(c) {
			return
		}
	case c.x != nil && len(c.unsent) > 0 && events&unix.EPOLLOUT != 0:
		e.write(c)
	}
	if c.generation != seen.generation {
		return
	}
	c.closing = c.closing || events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	if events&unix.EPOLLIN == 0 && !c.closing {
		return
	}
	if c.x == nil { // the server has closed it, or says something unasked
		e.close(c)
		e.idle.dismiss(c.user, c)
		return
	}
	e.read(c)
}

// write sends what is left of the request. It tells whether the connection was
// there: where a kept one takes nothing at all, it was gone before.
func (e *Engine) write(c *conn) (there bool) {
	for len(c.unsent) > 0 {
		n, errno := rawWrite(c.fd, c.unsent)
		switch errno {
		case 0:
			c.x.BytesOut += int64(n)
			c.begun, c.unsent = true, c.unsent[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			return true
		case unix.ENOBUFS, unix.ENOMEM:
			e.lose(c, target.Reset, errno)
			return true
		default: // the answer may be there all the same: a server may refuse and close
			if c.reused && !c.begun {
				return false
			}
			seen := c.sight()
			c.unsent, c.closing = nil, true
			if e.read(c); seen.here() && !c.full {
				e.lose(c, target.Reset, errno)
			}
			return true
		}
	}
	return true
}

// pieces bounds the reads from a connection in one turn, so that a server that
// sends without an end neither keeps the others waiting nor outlives its time.
const pieces = 16

// read takes in the answer. A socket that is closing will tell of no more: it
// is read until it is dry.
func (e *Engine) read(c *conn) {
	seen := c.sight()
	for range pieces {
		n, errno := rawRead(c.fd, e.buffer)
		switch {
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return
		case errno != 0:
			e.lose(c, target.Reset, errno)
		case n == 0:
			e.eof(c)
		default:
			e.feed(c, e.buffer[:n])
		}
		if !seen.here() || errno == 0 && n < len(e.buffer) && !c.closing {
			return
		}
	}
	if !c.full {
		c.full = true
		e.poll.Again(c.place)
	}
}

func (e *Engine) feed(c *conn, b []byte) {
	n, done, err := c.feed(b)
	switch {
	case err != nil:
		e.lose(c, c.fault().Class(), c.fault())
	case done:
		e.answered(c, c.parser.KeepAlive() && n == len(b) && len(c.unsent) == 0 && len(c.later) == 0 && !c.closing)
	case len(c.later) > 0 && c.parser.Continued && !c.parser.HeadDone():
		e.proceed(c)
	}
}

func (e *Engine) eof(c *conn) {
	done, err := c.parser.EOF()
	switch {
	case done:
		e.answered(c, false)
	case err != nil:
		e.lose(c, c.fault().Class(), c.fault())
	}
}

// answered hands a whole answer over and lets the connection go on.
func (e *Engine) answered(c *conn, keep bool) {
	x := c.x
	c.x, c.ended = nil, e.now()
	x.BytesIn += c.size()
	keep = keep && e.o.KeepAlive && !x.request.Once
	if x.step != nil {
		e.stepAnswered(c, x, keep)
		return
	}
	if class := e.judge(c.parser.Status, c.found); class != "" {
		e.failed(x, class, c.seen(c.connected, nil), c.ended)
	} else {
		e.ended(x, c.ended)
	}
	e.letGo(c, keep)
}

// letGo keeps a connection whose call has ended, or makes room for another.
func (e *Engine) letGo(c *conn, keep bool) {
	if keep {
		e.release(c)
		return
	}
	e.close(c)
	e.admit()
}

// stepAnswered is answered for a step's call, which a redirect may lead on.
func (e *Engine) stepAnswered(c *conn, x *exchange, keep bool) {
	switch class, err, again := e.desk.answered(x, &c.answer); {
	case again && e.leadOn(x, c.ended):
		if !keep {
			e.close(c)
			e.admit()
		} else if e.reuse(c, x) {
			return
		}
		e.put(x)
		return
	case again:
	case class != "":
		e.failed(x, class, c.seen(c.connected, err), c.ended)
	default:
		e.ended(x, c.ended)
	}
	e.letGo(c, keep)
}

// lose ends a call whose connection is of no more use.
func (e *Engine) lose(c *conn, class string, err error) {
	x := c.x
	c.x = nil
	x.BytesIn += c.size()
	seen := c.seen(c.connected, err)
	seen.Kept, seen.Idle = c.reused, c.rested
	e.close(c)
	e.failed(x, class, seen, e.now())
	e.admit()
}

// release gives a connection to the next in line, or keeps it.
func (e *Engine) release(c *conn) {
	if e.line.len() == 0 {
		e.idle.keep(c.user, c)
		return
	}
	if x := e.nextInLine(); !e.reuse(c, x) {
		e.put(x)
	}
}

// admit sets up connections for those in line, while there may be more.
func (e *Engine) admit() {
	if e.admitting { // further down, and goes on there
		return
	}
	e.admitting = true
	for e.line.len() > 0 && e.open < e.o.Connections && !e.gaveUp {
		e.begin(e.connect(), e.nextInLine())
	}
	e.admitting = false
}

func rawWrite(fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return int(n), errno
}

func rawRead(fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return int(n), errno
}
