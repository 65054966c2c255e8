package dialog

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"
)

// Crowd is whoever must hear what is shouted: connections, each with an Ear that
// takes in what comes over it.
type Crowd struct {
	ears int

	mu     sync.Mutex
	shouts []*Shout // not heard by all yet, the oldest first
	err    error    // why an ear hears no more
}

// NewCrowd is one of so many ears.
func NewCrowd(ears int) *Crowd { return &Crowd{ears: ears} }

// Shout is a message under way, until all have heard it.
type Shout struct {
	First, Last time.Time // when the first and the last had heard it
	Body        []byte    // of what the first heard, where that is kept
	Size        int64

	receive *Receive
	holds   []byte // what is in the message; nil: whatever comes is it
	keep    bool
	heard   []uint64 // the ears that have, a bit each
	left    int
	over    chan error
}

// Shout begins one, before its message is sent. It may use the memory of one that
// is over.
func (c *Crowd) Shout(again *Shout, r *Receive, holds []byte, keep bool) *Shout {
	s := again
	if s == nil {
		s = &Shout{over: make(chan error, 1), heard: make([]uint64, (c.ears+63)/64)}
	}
	clear(s.heard)
	s.First, s.Last, s.Body, s.Size = time.Time{}, time.Time{}, s.Body[:0], 0
	s.receive, s.holds, s.keep, s.left = r, holds, keep, c.ears
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		s.over <- c.err
		return s
	}
	c.shouts = append(c.shouts, s)
	return s
}

// Wait waits until all have heard it. Its error is that of an ear that hears no
// more, or ctx's: then the shout is not over, and what comes late may be taken for
// another's.
func (c *Crowd) Wait(ctx context.Context, s *Shout) error {
	select {
	case err := <-s.over:
		return err
	case <-ctx.Done():
		c.Forget(s)
		return ctx.Err()
	}
}

// Forget gives a shout up that nobody waits for.
func (c *Crowd) Forget(s *Shout) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(s)
	select {
	case <-s.over: // it has just ended
	default:
	}
}

func (c *Crowd) remove(s *Shout) {
	c.shouts = slices.DeleteFunc(c.shouts, func(other *Shout) bool { return other == s })
}

// Err is why an ear hears no more; nil: they all do.
func (c *Crowd) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Ear takes in what comes over one connection of a crowd's.
type Ear struct {
	crowd  *Crowd
	number int
	answer Answer
	of     *Shout // whose end of an answer it goes by
}

// Ear is the one of that number.
func (c *Crowd) Ear(number int) *Ear { return &Ear{crowd: c, number: number} }

// Hear takes in a piece of a stream, which came at that time.
func (e *Ear) Hear(b []byte, at time.Time) {
	c := e.crowd
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(b) > 0 {
		first := e.next(nil)
		if first == nil {
			e.of = nil
			return // it is nobody's
		}
		if e.of != first {
			e.answer.Begin(first.receive, true)
			e.of = first
		}
		used, whole, err := e.answer.Take(b)
		if b = b[used:]; err != nil {
			c.fail(err)
			return
		}
		if whole {
			e.of = nil
			e.heard(e.next(e.answer.Body), e.answer.Body, at)
		}
	}
}

// HearMessage takes in a message, which came at that time.
func (e *Ear) HearMessage(b []byte, at time.Time) {
	c := e.crowd
	c.mu.Lock()
	defer c.mu.Unlock()
	e.heard(e.next(b), b, at)
}

// End tells that nothing more comes.
func (e *Ear) End(err error) {
	c := e.crowd
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail(err)
}

// next is the oldest shout that the ear has not heard, and that the message may be
// of; nil: whatever it is.
func (e *Ear) next(message []byte) *Shout {
	for _, s := range e.crowd.shouts {
		if s.heard[e.number/64]&(1<<(e.number%64)) == 0 && (message == nil || s.accepts(message)) {
			return s
		}
	}
	return nil
}

func (s *Shout) accepts(message []byte) bool {
	return s.receive.Accepts(message) && (s.holds == nil || s.receive.How == Matches || bytes.Contains(message, s.holds))
}

// heard notes that the ear has heard a shout, if it is one.
func (e *Ear) heard(s *Shout, message []byte, at time.Time) {
	if s == nil {
		return
	}
	if s.First.IsZero() || at.Before(s.First) {
		s.First = at
	}
	if at.After(s.Last) {
		s.Last = at
	}
	s.Size += int64(len(message))
	if s.keep && len(s.Body) == 0 {
		s.Body = append(s.Body, message...)
	}
	s.heard[e.number/64] |= 1 << (e.number % 64)
	if s.left--; s.left == 0 {
		e.crowd.remove(s)
		s.over <- nil
	}
}

// fail ends all shouts under way.
func (c *Crowd) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	for _, s := range c.shouts {
		s.over <- c.err
	}
	c.shouts = nil
}
