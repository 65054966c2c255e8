package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/client"
)

// setUp has the connection set up, by the given time.
func (c *netConn) setUp(until time.Duration) bool {
	n := c.net
	ctx, cancel := c.patient(until)
	defer cancel()
	class, err := c.settle(ctx)
	if err == nil && c.interrupted() != "" {
		err = context.Canceled // it just missed its time
	}
	if err == nil {
		c.connected = true
		c.before = c.outward.Load() // the handshake is none of the request
		return true
	}
	c.fail(c.refused(ctx, class, err), err)
	c.sending = false // not begun
	if c.flow != nil {
		c.hangUp(lost)
	}
	c.ended = n.time.At(time.Now())
	return false
}

// settle connects, shakes hands and says Options.Hello. The class is that of the
// error.
func (c *netConn) settle(ctx context.Context) (class string, err error) {
	n, began := c.net, time.Now()
	dns, err := c.dial(ctx)
	if err != nil {
		return target.Connect, err
	}
	at := time.Now()
	setup := Setup(dns, at.Sub(began)-max(0, dns), target.None)
	if n.o.Tell == FromConnect {
		setup[PhaseConnect] = at.Sub(began)
	}
	if n.o.TLS != nil {
		if err := c.shakeHands(ctx); err != nil {
			return target.TLS, err
		}
		connected := at
		at = time.Now()
		setup[PhaseTLS] = at.Sub(connected)
	}
	if len(n.o.Hello) > 0 {
		if class, err := c.introduce(); err != nil {
			return class, err
		}
		at = time.Now()
	}
	if n.o.Tell == OneConnect {
		setup[PhaseConnect] = at.Sub(began)
	}
	if n.o.Connected != nil {
		n.o.Connected()
	}
	c.setup, c.wrote = setup, n.time.At(at)
	return "", nil
}

// introduce sends Options.Hello, and reads the answer to it. The class is that of
// the error.
func (c *netConn) introduce() (class string, err error) {
	c.reader.Expect(nil)
	if _, err := c.conn.Write(c.net.o.Hello); err != nil {
		return target.Reset, err
	}
	for {
		got, err := c.conn.Read(c.buffer)
		n, end, fault := c.reader.Feed(c.buffer[:got])
		switch {
		case fault != nil:
			return fault.Class(), fault
		case end == Last, end == Whole && n < got:
			return target.Body, errHello
		case end == Whole:
			c.reader.Expect(c.x)
			return "", nil
		}
		if err == nil {
			continue
		}
		whole, class, why := c.broken(err)
		if whole || why == nil {
			class, why = cmp.Or(class, target.Body), errHello
		}
		return class, why
	}
}

// patient is the context of setting the connection up, which interrupt ends.
func (c *netConn) patient(until time.Duration) (ctx context.Context, cancel context.CancelFunc) {
	n := c.net
	if until != agenda.Never {
		now := time.Now()
		ctx, cancel = context.WithDeadline(n.trial, now.Add(until-n.time.At(now)))
	} else {
		ctx, cancel = context.WithCancel(n.trial)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.quit = cancel; c.why != "" {
		cancel()
	}
	return ctx, cancel
}

// refused names the class of an error of setting up, which is the given one
// unless somebody else is to blame. Name servers that do not answer in time
// are class dns.
func (c *netConn) refused(ctx context.Context, class string, err error) string {
	var dns *net.DNSError
	switch {
	case c.net.trial.Err() != nil, c.interrupted() == target.Cancelled:
		return target.Cancelled
	case errors.As(err, &dns):
		return target.DNS
	case ctx.Err() != nil, c.interrupted() != "", errors.Is(err, os.ErrDeadlineExceeded):
		return target.Timeout
	}
	return class
}

// dial connects, and tells how long finding the address took.
func (c *netConn) dial(ctx context.Context) (dns time.Duration, err error) {
	conn, dns, err := c.net.dialer.Dial(ctx, c.net.o.Host)
	if err != nil {
		return dns, err
	}
	f, err := newFlow(conn.(stream), c.net.o.TLS == nil, &c.outward)
	if err != nil {
		_ = conn.Close()
		return dns, err
	}
	c.mu.Lock()
	c.flow, c.conn = f, f
	c.mu.Unlock()
	return dns, nil
}

func (c *netConn) shakeHands(ctx context.Context) error {
	secure := tls.Client(c.flow, c.net.o.TLS)
	c.conn = secure
	if err := secure.HandshakeContext(ctx); err != nil {
		return &client.HandshakeError{Cause: err}
	}
	return nil
}
