package client

import (
	"context"
	"net"
	"sync"
	"time"
)

// Guards make a connection of no more use as soon as the call on it is given up:
// whoever reads or writes is told at once, and what comes late meets nobody. One is
// kept for each context, and since a worker's is mostly the same from call to call,
// a call pays next to nothing for it. Contexts must be done some day.
type Guards struct{ of sync.Map } // context.Context → *Guard

// Guard watches one context, for one call at a time.
type Guard struct {
	mu   sync.Mutex
	conn net.Conn // nil: there is no call
	cut  bool
}

// Begin guards a connection until End.
func (all *Guards) Begin(ctx context.Context, conn net.Conn) *Guard {
	if known, is := all.of.Load(ctx); is && known.(*Guard).begin(conn) {
		return known.(*Guard)
	}
	g := &Guard{conn: conn}
	_, several := all.of.LoadOrStore(ctx, g)
	context.AfterFunc(ctx, func() {
		if !several {
			all.of.Delete(ctx)
		}
		g.interrupt()
	})
	return g
}

// begin takes a call, unless there is one.
func (g *Guard) begin(conn net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conn != nil {
		return false
	}
	if g.conn = conn; g.cut {
		_ = conn.SetDeadline(longAgo)
	}
	return true
}

var longAgo = time.Unix(1, 0)

func (g *Guard) interrupt() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cut = true; g.conn != nil {
		_ = g.conn.SetDeadline(longAgo)
	}
}

// End tells whether the call came to its end without having been given up: else
// the connection is of no more use.
func (g *Guard) End() (whole bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conn = nil
	return !g.cut
}
