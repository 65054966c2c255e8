package http

import (
	"context"
	"errors"
	nethttp "net/http"
	"sync/atomic"
	"time"

	"plimsoll/target/wire"
)

// conn is one connection, or what is to become one. The pool's lock guards
// it, but for dialled and settled.
type conn struct {
	pool    *pool
	client  *nethttp.ClientConn // nil until it is set up
	link    link
	shared  bool      // by several calls at once
	calls   int       // with a place on it, where it is shared or not set up
	used    bool      // it has carried a call
	since   time.Time // the end of the last one
	retired bool      // it takes no more calls
	dropped bool      // it no longer counts

	dialled atomic.Bool   // somebody sets it up
	settled chan struct{} // closed when that has come to an end
	err     error         // which one
}

// place is a call's place on a connection.
type place struct {
	*conn
	ready  bool          // the connection is set up; otherwise connect comes first
	reused bool          // it has carried a call: the server may have closed it since
	rested time.Duration // since that ended, where no other call is on it
}

// errMoved tells a call that the connection it waited for is not for it, and
// that it must take another. Nothing has been sent.
var errMoved = errors.New("the connection is taken")

// dead tells whether the connection was closed, by whomever.
func (c *conn) dead() bool { return c.client != nil && c.client.Err() != nil }

// aWhile is how long a connection is idle before it is asked whether it is
// still there: net/http may not have had the time to hear of its end.
const aWhile = time.Millisecond

// rest waits, a moment at the longest, until net/http has noticed that a call is
// over which has read its answer to the end: that is another goroutine's, and on a
// busy machine it comes late. Until then the connection seems to be of no use.
func (c *conn) rest() {
	const moment = 100 * time.Millisecond
	for since := time.Now(); c.client.Available() == 0 && c.client.Err() == nil && !c.link.spent() && time.Since(since) < moment; {
		time.Sleep(20 * time.Microsecond)
	}
}

// rested is how long the connection has had nothing to do; 0 while it has.
func (c *conn) rested() time.Duration {
	if !c.used || c.shared && c.calls > 0 {
		return 0
	}
	return time.Since(c.since)
}

// enter takes a place on the connection, if it has one. A shared one is not
// reserved with net/http, which blocks for ever when the server's limit comes
// after more reservations than that: RoundTrip waits until there is room.
func (c *conn) enter(rested time.Duration) (place, bool) {
	at := place{conn: c, ready: c.client != nil, reused: c.used, rested: rested}
	switch {
	case !c.shared:
		return at, c.client.Reserve() == nil
	case c.calls >= c.pool.streams:
		return place{}, false
	}
	c.calls++
	return at, true
}

// exit gives back a place that was not used.
func (at place) exit() {
	switch c := at.conn; {
	case c.client == nil:
		if c.calls--; c.calls == 0 {
			c.pool.drop(c)
		}
	case c.shared:
		c.calls--
	case at.ready:
		c.client.Release()
		c.pool.ready = append(c.pool.ready, c)
	}
}

// connect sets the connection up if that is still to be done. Of several
// calls that share it the first does so, and its failure is that of all; its own
// are the phases, too.
func (at place) connect(ctx context.Context, m *wire.Measured) error {
	if at.ready {
		return nil
	}
	c := at.conn
	if c.dialled.CompareAndSwap(false, true) {
		client, link, err := c.pool.dial(ctx)
		if err == nil {
			m.Add(link.setup)
		}
		return c.settle(client, link, err)
	}
	select {
	case <-c.settled:
		return c.join()
	case <-ctx.Done():
		c.pool.mu.Lock()
		defer c.pool.mu.Unlock()
		at.exit()
		return ctx.Err()
	}
}

// settle notes the end of the set-up, for the caller and for all who wait.
func (c *conn) settle(client *nethttp.ClientConn, link link, err error) error {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	defer close(c.settled)
	c.client, c.link, c.err = client, link, err
	if err == nil && c.shared && !p.http2 && client.Available() <= 1 {
		// HTTP/1.1 after all: whoever waits takes a connection of his own.
		c.shared, p.shared = false, false
		p.unlist(c)
	}
	if err == nil && !c.shared {
		err = client.Reserve() // it fails where the server has closed it already
	}
	if err != nil {
		p.drop(c)
	}
	p.serve()
	return err
}

// join tells a call that waited how the set-up ended.
func (c *conn) join() error {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	switch {
	case errors.Is(c.err, context.DeadlineExceeded), errors.Is(c.err, context.Canceled):
		return errMoved // it was another caller who gave up
	case c.err == nil && !c.shared:
		return errMoved
	}
	return c.err
}
