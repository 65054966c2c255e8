package sql

import (
	"context"
	"database/sql/driver"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// sockets are the connections that a target's driver has open, for whatever
// purpose: counted, and closed with the target.
type sockets struct {
	// control is net.Dialer's.
	control func(network, address string, c syscall.RawConn) error

	mu     sync.Mutex
	open   map[*socket]struct{}
	closed bool
}

// socket is one of them.
type socket struct {
	net.Conn
	of      *sockets
	in, out atomic.Int64          // bytes
	fault   atomic.Pointer[error] // the first
}

// opening is what a connection that is being opened hands to whoever asked for it.
type opening struct {
	conn     driver.Conn
	socket   *socket   // nil: there is none
	greeting *greeting // nil: its server does not greet
}

type openingKey struct{}

// dial connects. What asked for it by its context is told which socket it got;
// of several that a driver tries, the last.
func (s *sockets) dial(ctx context.Context, network, address string) (*socket, error) {
	dialer := net.Dialer{Control: s.control}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &socket{Conn: conn, of: s}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	if s.open == nil {
		s.open = map[*socket]struct{}{}
	}
	s.open[c] = struct{}{}
	s.mu.Unlock()
	if o, asked := ctx.Value(openingKey{}).(*opening); asked {
		o.socket = c
	}
	return c, nil
}

// close ends whatever the driver is still about.
func (s *sockets) close() {
	s.mu.Lock()
	s.closed = true
	left := make([]*socket, 0, len(s.open))
	for c := range s.open {
		left = append(left, c)
	}
	s.mu.Unlock()
	for _, c := range left {
		_ = c.Close()
	}
}

func (c *socket) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.in.Add(int64(n))
	c.meets(err)
	return n, err
}

func (c *socket) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.out.Add(int64(n))
	c.meets(err)
	return n, err
}

// meets keeps an error, for drivers that do not tell it.
func (c *socket) meets(err error) {
	if err != nil {
		c.fault.CompareAndSwap(nil, &err)
	}
}

func (c *socket) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// traffic is how many bytes it has carried; nothing where there is no socket.
func (c *socket) traffic() (in, out int64) {
	if c == nil {
		return 0, 0
	}
	return c.in.Load(), c.out.Load()
}
