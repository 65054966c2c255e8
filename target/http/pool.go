package http

import (
	"context"
	nethttp "net/http"
	"slices"
	"sync"
	"time"
)

// pool keeps the connections to one host. It stands where net/http's own pool
// would, for three promises which that one does not make: a request is never
// sent twice behind the caller's back, the time a call waits for a place is
// known, and the cap on connections holds over HTTP/2 too.
//
// Over HTTP/1.1 a call has its connection to itself. Over HTTP/2 calls share
// one for as long as the server allows more streams on it; only then is
// another one set up. Where their number is given calls spread: up to that many
// have one each, and the others go where the fewest are.
type pool struct {
	dial  func(context.Context) (*nethttp.ClientConn, link, error)
	limit int  // connections at most; 0: no limit
	keep  bool // connections are used again
	http2 bool // every connection speaks HTTP/2
	most  int  // calls that may share a connection, whatever the server says; 0: no limit

	mu      sync.Mutex
	closed  bool
	shared  bool    // new connections are shared, as far as is known
	streams int     // calls that may share a connection, as far as is known
	open    int     // connections there are, those being set up included
	ready   []*conn // idle ones, and all that are shared; the last one used is the last
	line    []waiting
}

// waiting is a call in line.
type waiting struct {
	turn chan place
	wish
}

// wish is what a call asks of its connection.
type wish struct {
	once    bool  // to serve no other call after it
	besides *conn // to be another than this, where there may be one; nil: any
}

// manyStreams is how many calls share a connection before the server has told
// how many it allows: as many as all are advised to (RFC 9113, 6.5.2).
const manyStreams = 100

// take gives the call a place, on a connection that may have to be set up, or
// holds it in line, first come first served, until there is one. It returns
// how long that was; the only error is ctx's.
func (p *pool) take(ctx context.Context, w wish) (place, time.Duration, error) {
	p.mu.Lock()
	if len(p.line) == 0 {
		if at, ok := p.find(w); ok {
			p.mu.Unlock()
			return at, 0, nil
		}
	}
	turn := make(chan place, 1)
	p.line = append(p.line, waiting{turn, w})
	p.mu.Unlock()

	since := time.Now()
	select {
	case at := <-turn:
		return at, time.Since(since), nil
	case <-ctx.Done():
		p.leave(turn)
		return place{}, time.Since(since), ctx.Err()
	}
}

// find looks for a place, on a new connection if need be. A call that ends its
// connection leaves those of the others alone, while it may have a new one.
func (p *pool) find(w wish) (place, bool) {
	if w.once && (p.limit == 0 || p.open < p.limit) {
		return p.fresh(w.once), true
	}
	var least *conn // with calls
	for i := len(p.ready) - 1; i >= 0; i-- {
		c := p.ready[i]
		rested := c.rested()
		if c.dead() || rested > aWhile && c.link.finished() {
			p.drop(c)
		} else if c == w.besides && (p.limit == 0 || p.open < p.limit || len(p.ready) > 1) {
			continue
		} else if p.limit > 0 && c.shared && c.calls > 0 {
			if least == nil || c.calls < least.calls {
				least = c
			}
		} else if at, ok := c.enter(rested); ok {
			if !c.shared {
				p.ready = slices.Delete(p.ready, i, i+1)
			}
			return at, true
		}
	}
	if p.limit == 0 || p.open < p.limit {
		return p.fresh(w.once), true
	}
	if least == nil {
		return place{}, false
	}
	return least.enter(0)
}

// fresh is a place on a new connection.
func (p *pool) fresh(once bool) place {
	p.open++
	c := &conn{pool: p, shared: p.shared && !once, calls: 1, settled: make(chan struct{})}
	if c.shared {
		p.ready = append(p.ready, c)
	}
	return place{conn: c}
}

// serve lets the calls in line go on, as far as there is room.
func (p *pool) serve() {
	for len(p.line) > 0 {
		at, ok := p.find(p.line[0].wish)
		if !ok {
			return
		}
		p.line[0].turn <- at
		p.line = p.line[1:]
	}
}

// leave takes a call out of the line, and gives back the place it was given.
func (p *pool) leave(turn chan place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.line, func(w waiting) bool { return w.turn == turn }); i >= 0 {
		p.line = slices.Delete(p.line, i, i+1)
		return
	}
	at := <-turn
	at.exit()
	p.serve()
}

// used gives a place back after a call.
func (p *pool) used(c *conn, once bool) {
	p.mu.Lock()
	c.used, c.since = true, time.Now()
	p.mu.Unlock()
	p.put(c, once)
}

// unused gives a place back that a call has waited for until its time was over.
func (p *pool) unused(c *conn, once bool) {
	if !c.shared {
		c.client.Release()
	}
	p.put(c, once)
}

// put gives a place back, and with it the connection. One that broke, or that
// the server wants closed, makes room for another.
func (p *pool) put(c *conn, once bool) {
	p.mu.Lock()
	over := !p.keep || p.closed || c.dead() || c.link.spent()
	if c.shared {
		c.calls--
		if once {
			c.retired = true
			p.unlist(c)
		}
		over = over || c.retired && c.calls == 0
		p.learn(c)
	} else {
		over = over || once || c.client.Available() == 0
	}
	if over {
		p.drop(c)
	} else if !c.shared {
		p.ready = append(p.ready, c)
	}
	p.serve()
	p.mu.Unlock()
	if over {
		_ = c.client.Close()
	}
}

// learn notes how many calls the server allows on a connection. net/http does
// not tell the limit, only what is left of it and what is in use. An eighth is
// left free: Go's servers may count a stream whose end they have just sent, and
// then break the next one off with PROTOCOL_ERROR, of which nobody knows whether
// it was looked at.
func (p *pool) learn(c *conn) {
	used, left := c.client.InFlight(), c.client.Available()
	if left > 0 && used == c.client.InFlight() {
		p.streams = used + left - (used+left)/8
		if p.most > 0 {
			p.streams = min(p.streams, p.most)
		}
	}
}

// retire keeps further calls away from a connection, which ends with the last
// of those that it carries.
func (p *pool) retire(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.retired = true
	p.unlist(c)
}

// drop stops counting a connection, once.
func (p *pool) drop(c *conn) {
	if c.dropped {
		return
	}
	c.dropped = true
	p.open--
	p.unlist(c)
}

func (p *pool) unlist(c *conn) {
	if i := slices.Index(p.ready, c); i >= 0 {
		p.ready = slices.Delete(p.ready, i, i+1)
	}
}

// close closes all connections that no call has to itself; those close when
// their calls end.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	ready := slices.Clone(p.ready)
	p.mu.Unlock()
	for _, c := range ready {
		if c.client != nil {
			_ = c.client.Close()
		}
	}
}
