package client

import (
	"context"
	"net"
	"sync"
	"time"
)

// Guard makes a connection of no more use as soon as a call on it is given up:
// whoever reads or writes is told at once, and what comes late meets nobody. It
// keeps the context that it watches from call to call, since a worker's is mostly
// the same.
type Guard struct {
	conn net.Conn

	mu   sync.Mutex
	ctx  context.Context // nil: none is watched
	stop func() bool
	busy bool
	cut  bool
}

// NewGuard guards a connection.
func NewGuard(conn net.Conn) *Guard { return &Guard{conn: conn} }

// Begin watches a call's context until End.
func (g *Guard) Begin(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy = true
	if g.ctx == ctx {
		return
	}
	if g.ctx != nil {
		g.stop()
	}
	g.ctx = ctx
	g.stop = context.AfterFunc(ctx, func() { g.interrupt(ctx) })
}

var longAgo = time.Unix(1, 0)

func (g *Guard) interrupt(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx != ctx {
		return
	}
	if g.ctx = nil; g.busy {
		g.cut = true
		_ = g.conn.SetDeadline(longAgo)
	}
}

// End tells whether the call came to its end without having been given up: else
// the connection is of no more use.
func (g *Guard) End() (whole bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy = false
	return !g.cut
}

// Leave stops watching, when the connection is closed.
func (g *Guard) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx != nil {
		g.stop()
		g.ctx = nil
	}
}
