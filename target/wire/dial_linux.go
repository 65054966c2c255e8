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
	c := &conn{number: int32(len(e.conns)), fd: -1}
	c.listen(&e.o)
	c.parser.last = &e.last
	c.over = func() { e.lose(c, target.Timeout, nil) }
	e.conns = append(e.conns, c)
	return c
}

// dial tries the addresses from that number on, up to one that does not refuse
// at once. Where none is left, fd stays −1 and the connection has its refusal.
func (e *Engine) dial(c *conn, address int) {
	if address == 0 {
		c.refusal = nil
	}
	c.connected, c.closing = false, false
	for c.address = address; c.address < len(e.addrs); c.address++ {
		fd, err := e.socket(c)
		if c.fd = fd; err == nil {
			return
		}
		c.refuse(err)
	}
}

// socket opens a socket that connects to the connection's address.
func (e *Engine) socket(c *conn) (fd int, err error) {
	family := unix.AF_INET
	if _, six := e.addrs[c.address].(*unix.SockaddrInet6); six {
		family = unix.AF_INET6
	}
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	err = unix.Connect(fd, e.addrs[c.address])
	if err == nil || err == unix.EINPROGRESS {
		err = e.poller.add(fd, c.number, c.generation)
	} else {
		err = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// finishConnect sees whether the connection is set up, and then sends.
func (e *Engine) finishConnect(c *conn) (connected bool) {
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code == 0 {
		if _, err := unix.Getpeername(c.fd); err == unix.ENOTCONN {
			return false // not yet
		}
		c.connected = true
		e.write(c)
		return true
	}
	c.hangUp()
	if err == nil {
		err = unix.Errno(code)
	}
	c.refuse(err)
	if e.dial(c, c.address+1); c.fd < 0 { // another address of the same name may answer
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
	c.connected = false
	e.open--
	e.closed = append(e.closed, c)
}

// hangUp closes the socket. What was seen of it is void from now on.
func (c *conn) hangUp() {
	if c.fd >= 0 {
		_ = unix.Close(c.fd)
	}
	c.fd, c.full = -1, false
	c.generation++
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
