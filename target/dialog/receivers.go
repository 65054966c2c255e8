package dialog

import (
	"context"
	"net"
	"sync"
)

// Receivers are connections that must get each message, too. They are opened when
// the first call needs them, and all anew when one of them has ended, or a call
// was given up whose message may still come.
type Receivers struct {
	n    int
	open func(ctx context.Context, to *Ear) (hangUp func(), err error)

	mu      sync.Mutex
	current *Company
	opening chan struct{} // nil: nobody does
	closed  bool
}

// Company is a crowd with its connections.
type Company struct {
	*Crowd
	hangUps []func()
	users   int
	retired bool
}

// NewReceivers are n of them. open connects one, and has what comes taken in by
// the ear until it hangs up.
func NewReceivers(n int, open func(ctx context.Context, to *Ear) (hangUp func(), err error)) *Receivers {
	return &Receivers{n: n, open: open}
}

// Gather is a crowd of them all. Whoever gets it gives it back with Part.
func (r *Receivers) Gather(ctx context.Context) (*Company, error) {
	for {
		c, wait, err := r.enter()
		switch {
		case err != nil || c != nil:
			return c, err
		case wait == nil:
			if err := r.connect(ctx); err != nil {
				return nil, err
			}
			continue
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// enter takes the crowd that there is; or else it is to be waited for, or
// connected.
func (r *Receivers) enter() (c *Company, wait chan struct{}, err error) {
	r.mu.Lock()
	switch {
	case r.closed:
		err = net.ErrClosed
	case r.current != nil && r.current.Err() == nil:
		c = r.current
		c.users++
	case r.opening != nil:
		wait = r.opening
	default:
		defer r.retire().hangUp()
		r.opening = make(chan struct{})
	}
	r.mu.Unlock()
	return c, wait, err
}

// atOnce is how many of them are opened at a time.
const atOnce = 64

// connect opens all of them.
func (r *Receivers) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &Company{Crowd: NewCrowd(r.n), hangUps: make([]func(), r.n)}
	var (
		at    sync.WaitGroup
		once  sync.Once
		wrong error
	)
	turns := make(chan int)
	for range min(atOnce, r.n) {
		at.Go(func() {
			for i := range turns {
				hangUp, err := r.open(ctx, c.Ear(i))
				if err != nil {
					once.Do(func() { wrong = err; cancel() })
				}
				c.hangUps[i] = hangUp
			}
		})
	}
	for i := 0; i < r.n && ctx.Err() == nil; i++ {
		turns <- i
	}
	close(turns)
	at.Wait()
	if wrong == nil {
		wrong = ctx.Err()
	}
	r.mu.Lock()
	close(r.opening)
	r.opening = nil
	if wrong == nil && !r.closed {
		r.current, c = c, nil
	}
	r.mu.Unlock()
	c.hangUp()
	return wrong
}

// hangUp closes the connections; there may be no company.
func (c *Company) hangUp() {
	if c == nil {
		return
	}
	for _, hangUp := range c.hangUps {
		if hangUp != nil {
			hangUp()
		}
	}
}

// Part gives a crowd back; whole tells that all have heard what was shouted.
func (r *Receivers) Part(c *Company, whole bool) {
	r.mu.Lock()
	if c.users--; !whole && r.current == c {
		r.retire()
	}
	over := c.retired && c.users == 0
	r.mu.Unlock()
	if over {
		c.hangUp()
	}
}

// retire keeps further calls from the crowd, which hangs up with the last that it
// has. Where it has none, it is returned and must be seen to.
func (r *Receivers) retire() (over *Company) {
	c := r.current
	if r.current = nil; c == nil {
		return nil
	}
	if c.retired = true; c.users > 0 {
		return nil
	}
	return c
}

// Close hangs up: at once, or where calls are under way with the last of them.
func (r *Receivers) Close() {
	r.mu.Lock()
	r.closed = true
	c := r.retire()
	r.mu.Unlock()
	c.hangUp()
}
