package wire

import (
	"bytes"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"plimsoll/target"
)

// conn is a connection, or, with fd −1, the place of one that is closed.
type conn struct {
	number, generation int32 // in the poller's events
	fd                 int
	address            int // of Engine.addrs: the one tried
	connected          bool
	closing            bool // the server has closed it, though there may be bytes to read
	watched            bool // is among Engine.deadlines

	x        *exchange // nil while idle
	reused   bool      // it has served a call before this one
	deadline time.Duration
	unsent   []byte
	answered bool // something of the answer has come
	parser   Parser

	found bool   // the text that Options.Contains asks for
	tail  []byte // of the body so far, where the text may have begun
}

// connect begins to set up a connection to the address of that number. Its
// failure shows when a call is begun on it.
func (e *Engine) connect(address int) *conn {
	c := e.freshConn()
	c.address = address
	e.open++
	e.dial(c)
	return c
}

func (e *Engine) freshConn() *conn {
	if n := len(e.closed); n > 0 {
		c := e.closed[n-1]
		e.closed = e.closed[:n-1]
		return c
	}
	c := &conn{number: int32(len(e.conns)), fd: -1, parser: New(Limits{})}
	if len(e.o.Contains) > 0 {
		c.parser.Body = func(piece []byte) { c.search(piece, e.o.Contains) }
	}
	e.conns = append(e.conns, c)
	return c
}

// dial opens the socket; on failure fd stays −1.
func (e *Engine) dial(c *conn) {
	family := unix.AF_INET
	if _, six := e.addrs[c.address].(*unix.SockaddrInet6); six {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	c.generation++
	err = unix.Connect(fd, e.addrs[c.address])
	if err == nil || err == unix.EINPROGRESS {
		err = e.poller.add(fd, c.number, c.generation)
	}
	if err != nil {
		_ = unix.Close(fd)
		return
	}
	c.fd, c.connected, c.closing = fd, false, false
}

// begin sends a call on a connection, or as soon as it is set up.
func (e *Engine) begin(c *conn, x *exchange, reused bool) {
	x.out.Attempts++
	c.x, c.reused, c.answered = x, reused, false
	c.found, c.tail = len(e.o.Contains) == 0, c.tail[:0]
	c.unsent = x.request.Bytes
	c.parser.Reset(x.request.Head)
	if c.fd < 0 {
		e.lose(c, target.Connect, "no connection can be opened")
		return
	}
	if e.o.Timeout > 0 {
		c.deadline = e.now() + e.o.Timeout
		if !c.watched {
			c.watched = true
			e.deadlines.Push(c.deadline, c)
		}
	}
	if c.connected {
		e.write(c)
	}
}

// ready sees to what has happened on a connection.
func (e *Engine) ready(c *conn, events uint32) {
	switch {
	case !c.connected:
		e.finishConnect(c)
		return
	case c.x != nil && len(c.unsent) > 0 && events&unix.EPOLLOUT != 0:
		e.write(c)
	}
	c.closing = c.closing || events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	if events&unix.EPOLLIN == 0 && !c.closing || c.fd < 0 {
		return
	}
	if c.x == nil { // the server has closed it, or says something unasked
		e.close(c)
		e.dismissIdle(c)
		return
	}
	e.read(c)
}

func (e *Engine) finishConnect(c *conn) {
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code == 0 {
		if _, err := unix.Getpeername(c.fd); err == unix.ENOTCONN {
			return // not yet
		}
		c.connected = true
		e.write(c)
		return
	}
	if c.address+1 < len(e.addrs) { // another address of the same name may answer
		_ = unix.Close(c.fd)
		c.fd = -1
		c.address++
		if e.dial(c); c.fd >= 0 {
			return
		}
	}
	e.lose(c, target.Connect, unix.Errno(code).Error())
}

// write sends what is left of the request.
func (e *Engine) write(c *conn) {
	if len(c.unsent) == len(c.x.request.Bytes) {
		c.x.out.BytesOut += int64(len(c.unsent))
	}
	for len(c.unsent) > 0 {
		n, errno := rawWrite(c.fd, c.unsent)
		switch errno {
		case 0:
			c.unsent = c.unsent[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			return
		default: // the answer may be there all the same: a server may refuse and close
			c.unsent, c.closing = nil, true
			e.read(c)
			return
		}
	}
}

// read takes in the answer. A socket that is closing will tell of no more: it
// is read until it is dry.
func (e *Engine) read(c *conn) {
	for c.x != nil {
		n, errno := rawRead(c.fd, e.buffer)
		switch {
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return
		case errno != 0:
			e.lose(c, target.Reset, errno.Error())
		case n == 0:
			e.eof(c)
		default:
			c.answered = true
			e.feed(c, e.buffer[:n])
			if n < len(e.buffer) && !c.closing {
				return
			}
		}
	}
}

func (e *Engine) feed(c *conn, b []byte) {
	n, done, err := c.parser.Feed(b)
	switch {
	case err != nil:
		e.faulty(c, err)
	case done:
		e.answer(c, c.parser.KeepAlive() && n == len(b) && len(c.unsent) == 0 && !c.closing)
	}
}

func (e *Engine) eof(c *conn) {
	done, err := c.parser.EOF()
	switch {
	case done:
		e.answer(c, false)
	case err != nil:
		e.faulty(c, err)
	}
}

func (e *Engine) faulty(c *conn, err error) {
	class := target.Body
	if fault, ok := err.(Fault); ok {
		class = fault.Class()
	}
	e.lose(c, class, c.parser.Explain())
}

// answer judges a whole answer and lets the connection go on.
func (e *Engine) answer(c *conn, keep bool) {
	x, status := c.x, c.parser.Status
	c.x = nil
	x.out.BytesIn += c.parser.HeadBytes + c.parser.BodyBytes
	switch {
	case !e.o.Accepts(status):
		e.failed(x, "status-"+strconv.Itoa(status), "answered "+strconv.Itoa(status))
	case !c.found:
		e.failed(x, target.Body, "the body does not hold the text that it should")
	default:
		e.end(x)
	}
	if keep && e.o.KeepAlive {
		e.release(c)
		return
	}
	e.close(c)
	e.admit()
}

// mostRepeats bounds how often a request is sent again because it met a
// connection of old: as many connections may have to go.
const mostRepeats = 100

// lose ends a call whose connection is of no more use.
func (e *Engine) lose(c *conn, class, seen string) {
	x := c.x
	c.x = nil
	if c.answered {
		x.out.BytesIn += c.parser.HeadBytes + c.parser.BodyBytes
	}
	e.close(c)
	stale := c.reused && !c.answered && class == target.Reset && x.request.Idempotent
	if stale && x.out.Attempts < mostRepeats {
		e.place(x, true)
		return
	}
	e.failed(x, class, seen)
	e.admit()
}

// release gives a connection to the next in line, or keeps it.
func (e *Engine) release(c *conn) {
	if len(e.line) == 0 {
		e.idle = append(e.idle, c)
		return
	}
	e.begin(c, e.nextInLine(), true)
}

// admit sets up connections for those in line, while there may be more.
func (e *Engine) admit() {
	for len(e.line) > 0 && e.open < e.o.Connections && !e.gaveUp {
		e.begin(e.connect(0), e.nextInLine(), false)
	}
}

func (e *Engine) nextInLine() *exchange {
	x := e.line[0]
	e.line = e.line[1:]
	x.out.Held += e.now() - x.since
	return x
}

func (e *Engine) close(c *conn) {
	if c.fd >= 0 {
		_ = unix.Close(c.fd)
	}
	c.fd, c.connected = -1, false
	e.open--
	e.closed = append(e.closed, c)
}

// dismissIdle takes a closed connection out of the idle ones.
func (e *Engine) dismissIdle(c *conn) {
	for i, other := range e.idle {
		if other == c {
			e.idle = append(e.idle[:i], e.idle[i+1:]...)
			return
		}
	}
}

// search looks for a text in a body that comes in pieces.
func (c *conn) search(piece, text []byte) {
	if c.found {
		return
	}
	c.tail = append(c.tail, piece...)
	c.found = bytes.Contains(c.tail, text)
	keep := max(0, len(c.tail)-len(text)+1)
	c.tail = append(c.tail[:0], c.tail[keep:]...)
}

func rawWrite(fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return int(n), errno
}

func rawRead(fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return int(n), errno
}
