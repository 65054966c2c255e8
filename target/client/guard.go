package client

import (
	"context"
	"net"
	"sync"
	"time"
)

// Guards make a connection of no more use as soon as the call on it is given up:
// whoever reads or writes is told at once, and what comes late meets nobody. There
// is one for each context, and since a worker's is mostly the same from call to
// call, a call pays next to nothing for it.
type Guards struct{ of sync.Map } // context.Context → *Guard

// Guard watches one context, which has one call at a time.
type Guard struct {
	mu   sync.Mutex
	conn net.Conn // nil: there is no call
	cut  bool
}

// Begin guards a connection until End.
func (all *Guards) Begin(ctx context.Context, conn net.Conn) *Guard {
	var g *Guard
	known, is := all.of.Load(ctx)
	if is {
		g = known.(*Guard)
	} else {
		g = &Guard{}
		all.of.Store(ctx, g)
		context.AfterFunc(ctx, func() { all.of.Delete(ctx); g.interrupt() })
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conn = conn; g.cut {
		_ = conn.SetDeadline(longAgo)
	}
	return g
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
