package socket

import (
	"context"
	"crypto/tls"
	"net"
	"syscall"
	"time"

	"plimsoll/target/client"
	"plimsoll/target/dialog"
)

// conn is a connection, for one call at a time: of datagrams, or of a stream that
// is taken in all the time.
type conn struct {
	net.Conn            // that is written to and read from
	socket     net.Conn // under it
	watch      *client.Watch
	datagrams  bool
	calls      int       // that it has carried
	since      time.Time // the end of the last one
	spoilt     bool      // it is of no more use
	buffer     []byte
	message    []byte
	answer     dialog.Answer
	dialled    time.Duration // how long connecting took
	shookHands time.Duration // and TLS

	// Where receivers get each message, what others send comes here, too, and is
	// taken in all the time.
	crowd *dialog.Crowd
	shout *dialog.Shout
	heard chan struct{} // closed when nothing more is taken in
}

// Sizes of buffers, in bytes.
const (
	little  = 4 << 10  // what is read at once, at first
	block   = 64 << 10 // and where more comes than that
	largest = 64 << 10 // no datagram is larger
)

// dial opens a connection.
func (t *Target) dial(ctx context.Context) (*conn, error) {
	began := time.Now()
	socket, err := t.dialer.DialContext(ctx, t.Network, t.address)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: socket, socket: socket, datagrams: t.Network == "udp", dialled: time.Since(began), shookHands: -1}
	c.buffer = make([]byte, little)
	if c.datagrams {
		c.buffer = make([]byte, largest)
	}
	if t.tls != nil {
		began = time.Now()
		secure, err := client.Handshake(ctx, socket, t.tls, t.address)
		if err != nil {
			return nil, err
		}
		c.Conn, c.shookHands = secure, time.Since(began)
	}
	if c.watch, err = client.NewWatch(socket.(syscall.Conn), t.tls == nil); err != nil {
		_ = socket.Close()
		return nil, err
	}
	return c, nil
}

// A connection is asked whether it is still there when it is young, or was idle
// for a while, or where the server has ended any: that takes a call of the system
// each time, which a busy connection to a server that keeps it can do without.
const (
	young  = 16 // calls
	aWhile = time.Millisecond
)

// alive tells whether a connection that was idle is still there, and nothing has
// come over it unasked: an answer that came late is not the next call's.
func (t *Target) alive(c *conn) bool {
	switch {
	case c.crowd != nil:
		return c.crowd.Err() == nil
	case c.calls > young && !t.wary.Load() && time.Since(c.since) < aWhile:
		return true
	case c.watch.Finished():
		t.wary.Store(true)
		return false
	}
	return true
}

// close closes the connection, in TLS with a word where it is not broken.
func (c *conn) close() {
	if secure, is := c.Conn.(*tls.Conn); is && !c.spoilt {
		_ = secure.Close()
	}
	_ = c.socket.Close()
	if c.heard != nil {
		<-c.heard
	}
}

// listen takes in all that comes, until the connection is closed.
func (c *conn) listen(to *dialog.Ear) {
	c.heard = make(chan struct{})
	go func() {
		defer close(c.heard)
		for {
			n, err := c.Read(c.buffer)
			if n > 0 {
				to.Hear(c.buffer[:n], time.Now())
			}
			if err != nil {
				to.End(err)
				return
			}
			c.grow(n)
		}
	}()
}

// grow makes the buffer larger where it was full.
func (c *conn) grow(n int) {
	if n == len(c.buffer) && n < block {
		c.buffer = make([]byte, block)
	}
}

// exchange is what went over a connection for one call.
type exchange struct {
	sent, first, ended time.Time
	in, out            int64
}

// carryOut sends a datagram, and takes in the one that answers it.
func (c *conn) carryOut(asked *dialog.Call, keep bool) (x exchange, err error) {
	c.answer.Begin(&asked.Receive, keep)
	if err = c.send(&x); err == nil && asked.Receive.How != dialog.None {
		err = c.hear(&x)
	}
	return x, err
}

// send writes the message.
func (c *conn) send(x *exchange) error {
	if len(c.message) > 0 || c.datagrams {
		n, err := c.Write(c.message)
		if x.out = int64(n); err != nil {
			return err
		}
	}
	x.sent = time.Now()
	x.ended = x.sent
	return nil
}

// hear reads datagrams until one is the answer.
func (c *conn) hear(x *exchange) error {
	for {
		n, err := c.Read(c.buffer)
		if x.ended = time.Now(); err != nil {
			return err
		}
		if x.first.IsZero() {
			x.first = x.ended
		}
		x.in += int64(n)
		if c.answer.Message(c.buffer[:n]) {
			return nil
		}
	}
}
