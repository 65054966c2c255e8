package wire

import (
	"net"
	"os"

	"golang.org/x/sys/unix"

	"plimsoll/target"
)

// connect begins to set up a connection. Its failure shows when a call is
// begun on it.
func (e *Engine) connect() *conn {
	c := e.freshConn()
	c.since = e.clock
	e.open++
	e.dial(c, 0)
	return c
}

func (e *Engine) freshConn() *conn {
	if n := len(e.closed); n > 0 {
		c := e.closed[n-1]
		e.closed = e.closed[:n-1]
		return c
	}
	c := &conn{engine: e, fd: -1, seat: seat{reader: e.codec.Reader()}}
	c.over = func() { e.overdue(c) }
	e.conns = append(e.conns, c)
	return c
}

// dial tries the ways from that number on, up to one that does not refuse at
// once. Where none is left, fd stays −1 and the connection has its refusal.
func (e *Engine) dial(c *conn, first int) {
	if first == 0 {
		c.refusal = nil
	}
	c.connected, c.closing, c.hello = false, false, false
	if len(e.ways) == 0 {
		c.refuse(errFamily)
	}
	for c.way = first; c.way < len(e.ways); c.way++ {
		fd, err := e.socket(c)
		if c.fd = fd; err == nil {
			return
		}
		c.refuse(err)
	}
}

// socket opens a socket that connects on the connection's way.
func (e *Engine) socket(c *conn) (fd int, err error) {
	way := &e.ways[c.way]
	fd, err = unix.Socket(way.family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if way.family != unix.AF_UNIX {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if n := len(way.sources); n > 0 {
		bindLate(fd)
		err = os.NewSyscallError("bind", unix.Bind(fd, way.sources[e.dials%n]))
		e.dials++
	}
	if err == nil {
		err = way.connect(fd)
	}
	if err == nil {
		c.place, err = e.poll.Add(fd, c)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// connect begins to connect; errors are those of package net.
func (w *way) connect(fd int) error {
	err := unix.Connect(fd, w.to)
	if err == nil || err == unix.EINPROGRESS {
		return nil
	}
	network := "tcp"
	if w.family == unix.AF_UNIX {
		network = "unix"
	}
	return &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", err)}
}

// finishConnect sees whether the connection is set up, and then sends.
func (e *Engine) finishConnect(c *conn) (connected bool) {
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code == 0 {
		if _, err := unix.Getpeername(c.fd); err == unix.ENOTCONN {
			return false // not yet
		}
		c.connected = true
		e.introduce(c)
		return true
	}
	c.hangUp()
	if err == nil {
		err = unix.Errno(code)
	}
	c.refuse(err)
	if e.dial(c, c.way+1); c.fd < 0 { // another address of the same name may answer
		e.lose(c, target.Connect, c.refusal)
	}
	return false
}

// refuse notes why an address takes no connection. The first one's reason is
// told, as package net does.
func (c *conn) refuse(err error) {
	if c.refusal == nil {
		c.refusal = err
	}
}

func (e *Engine) close(c *conn) {
	c.hangUp()
	c.reader.Rest()
	c.connected = false
	e.open--
	e.closed = append(e.closed, c)
}

// hangUp closes the socket. What was seen of it is void from now on.
func (c *conn) hangUp() {
	if c.fd >= 0 {
		c.engine.poll.Leave(c.place)
		_ = unix.Close(c.fd)
	}
	c.fd, c.full = -1, false
	c.generation++
}
