package client

import (
	"container/list"
	"context"
	"net"
	"sync"
	"time"
)

// Options say what a pool keeps.
type Options[C any] struct {
	// Open sets a connection up, and Close gives it back to the system: at once,
	// whatever the other side does.
	Open  func(ctx context.Context) (C, error)
	Close func(C)
	// Alive tells whether a connection that was idle may be used again; nil: they
	// all may.
	Alive func(C) bool
	// Limit caps the connections; 0: nothing does, as with ByUser.
	Limit int
	Reuse Reuse
}

// Pool keeps connections for any number of goroutines, each for one call at a
// time. Who finds Limit of them taken stands in a line, first come first served;
// the one used last is used first, so that those beyond what is needed rest.
type Pool[C any] struct {
	o Options[C]

	mu     sync.Mutex
	closed bool
	open   int       // connections there are, those being opened included
	line   list.List // of *waiting: while there are any, none is idle
	all    *stock[C]
	users  map[uint32]*stock[C]
}

// stock are the idle connections of those who may use them; who was used last
// comes last.
type stock[C any] struct {
	idle []*Conn[C]
	gone bool // with its user: what comes back is closed
}

// Conn is a connection that a call has to itself.
type Conn[C any] struct {
	Value C
	// Fresh tells that it was opened for this call, and Connect how long that
	// took.
	Fresh   bool
	Connect time.Duration

	of *stock[C]
}

// waiting is a call in line. It is given a connection, or an empty one: the
// place of one that is to be opened; nil where the pool is closed.
type waiting[C any] struct {
	turn chan *Conn[C]
	of   *stock[C]
	at   *list.Element // nil: its turn has come
}

// New makes a pool without connections.
func New[C any](o Options[C]) *Pool[C] {
	if o.Reuse == ByUser {
		o.Limit = 0
	}
	return &Pool[C]{o: o, all: &stock[C]{}, users: map[uint32]*stock[C]{}}
}

// Take gives a user's call a connection, which may have to be opened: ctx bounds
// that. Held is how long the call stood in line before.
func (p *Pool[C]) Take(ctx context.Context, user uint32) (c *Conn[C], held time.Duration, err error) {
	c, held, err = p.place(ctx, user)
	if err != nil {
		return nil, held, err
	}
	for !c.Fresh && p.o.Alive != nil && !p.o.Alive(c.Value) {
		p.o.Close(c.Value)
		c = p.instead(c)
	}
	if !c.Fresh {
		return c, held, nil
	}
	began := time.Now()
	if c.Value, err = p.o.Open(ctx); err != nil {
		p.free()
		return nil, held, err
	}
	c.Connect = time.Since(began)
	return c, held, nil
}

// place waits for a connection that is idle, or for room for one.
func (p *Pool[C]) place(ctx context.Context, user uint32) (*Conn[C], time.Duration, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, 0, net.ErrClosed
	}
	of := p.stockOf(user)
	if c := of.last(); c != nil {
		p.mu.Unlock()
		return c, 0, nil
	}
	if p.o.Limit == 0 || p.open < p.o.Limit {
		p.open++
		p.mu.Unlock()
		return &Conn[C]{Fresh: true, of: of}, 0, nil
	}
	w := &waiting[C]{turn: make(chan *Conn[C], 1), of: of}
	w.at = p.line.PushBack(w)
	p.mu.Unlock()

	since := time.Now()
	select {
	case c := <-w.turn:
		if c == nil {
			return nil, time.Since(since), net.ErrClosed
		}
		return c, time.Since(since), nil
	case <-ctx.Done():
		p.leave(w)
		return nil, time.Since(since), ctx.Err()
	}
}

// stockOf are the connections that a user may use.
func (p *Pool[C]) stockOf(user uint32) *stock[C] {
	if p.o.Reuse != ByUser {
		return p.all
	}
	of := p.users[user]
	if of == nil {
		of = &stock[C]{}
		p.users[user] = of
	}
	return of
}

// last takes out the connection that was used last; nil where none is idle.
func (s *stock[C]) last() *Conn[C] {
	n := len(s.idle) - 1
	if n < 0 {
		return nil
	}
	c := s.idle[n]
	s.idle[n], s.idle = nil, s.idle[:n]
	return c
}

// instead is another connection in the place of one that was gone.
func (p *Pool[C]) instead(gone *Conn[C]) *Conn[C] {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := gone.of.last(); c != nil {
		p.open-- // nobody stands in line while one is idle
		return c
	}
	return &Conn[C]{Fresh: true, of: gone.of}
}

// free gives the place of a connection that is no more to the next in line.
func (p *Pool[C]) free() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.next(); w != nil {
		w.turn <- &Conn[C]{Fresh: true, of: w.of}
		return
	}
	p.open--
}

// next takes the first call out of the line; nil where there is none.
func (p *Pool[C]) next() *waiting[C] {
	first := p.line.Front()
	if first == nil {
		return nil
	}
	w := p.line.Remove(first).(*waiting[C])
	w.at = nil
	return w
}

// leave takes a call out of the line, and gives back what it was given.
func (p *Pool[C]) leave(w *waiting[C]) {
	p.mu.Lock()
	if w.at != nil {
		p.line.Remove(w.at)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	switch c := <-w.turn; {
	case c == nil:
	case c.Fresh:
		p.free()
	default:
		p.Put(c, false)
	}
}

// Put gives a connection back after a call, broken where it is of no more use.
func (p *Pool[C]) Put(c *Conn[C], broken bool) {
	if broken || p.o.Reuse == Never || !p.keep(c) {
		p.o.Close(c.Value)
		p.free()
	}
}

// keep hands a connection on to the next in line, or lays it aside; not where
// nobody may use it any more.
func (p *Pool[C]) keep(c *Conn[C]) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || c.of.gone {
		return false
	}
	c.Fresh, c.Connect = false, 0
	if w := p.next(); w != nil {
		w.turn <- c
		return true
	}
	c.of.idle = append(c.of.idle, c)
	return true
}

// Leave closes the connections that are a user's own: those under way when they
// come back.
func (p *Pool[C]) Leave(user uint32) {
	p.mu.Lock()
	of := p.users[user]
	delete(p.users, user)
	p.mu.Unlock()
	if of != nil {
		p.closeAll(of)
	}
}

// Close closes what is idle, and whatever comes back. It waits for nobody, and
// who stands in line has waited in vain.
func (p *Pool[C]) Close() {
	p.mu.Lock()
	p.closed = true
	for w := p.next(); w != nil; w = p.next() {
		w.turn <- nil
	}
	stocks := []*stock[C]{p.all}
	for _, of := range p.users {
		stocks = append(stocks, of)
	}
	p.mu.Unlock()
	for _, of := range stocks {
		p.closeAll(of)
	}
}

// closeAll closes what of a stock is idle, and keeps it from getting more.
func (p *Pool[C]) closeAll(of *stock[C]) {
	p.mu.Lock()
	idle := of.idle
	of.idle, of.gone = nil, true
	p.open -= len(idle)
	p.mu.Unlock()
	for _, c := range idle {
		p.o.Close(c.Value)
	}
}
