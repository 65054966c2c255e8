package nats

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// callHeader is the header that says of which call a message is.
const callHeader = "Plimsoll-Call"

// hearers are connections to which messages come: the consumer's, and those of the
// receivers. They are opened before the clock starts.
type hearers struct {
	conns []*nats.Conn
	run   string
	next  atomic.Uint64

	mu   sync.Mutex
	of   map[string]*heard
	deaf bool // one of them has ended
}

// heard is a message that all are to hear.
type heard struct {
	id          string
	left        int
	own         time.Time // when the consumer has heard it
	first, last time.Time // of the receivers
	over        chan error
}

// errDeaf is why nobody waits any more for what does not come.
var errDeaf = errors.New("the connection of a receiver has ended")

// listen opens the hearers' connections, which hear what is published under a
// pattern.
func (b *broker) listen(pattern string) error {
	if b.hearers == nil {
		b.hearers = &hearers{run: b.run, of: map[string]*heard{}}
		for range 1 + b.Receivers {
			c, err := b.connect(func(*nats.Conn) { b.hearers.end() })
			if err != nil {
				return err
			}
			b.hearers.conns = append(b.hearers.conns, c)
		}
	}
	for n, c := range b.hearers.conns {
		if _, err := c.Subscribe(pattern, func(m *nats.Msg) { b.hearers.hears(n, m, time.Now()) }); err != nil {
			return err
		}
		if err := c.FlushTimeout(b.Client.Timeout); err != nil {
			return err
		}
	}
	return nil
}

// expect begins to wait for a message that will be sent, and marks it.
func (h *hearers) expect(m *nats.Msg) *heard {
	one := &heard{id: h.run + strconv.FormatUint(h.next.Add(1), 36), left: len(h.conns), over: make(chan error, 1)}
	m.Header = nats.Header{callHeader: []string{one.id}}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.deaf {
		one.over <- errDeaf
		return one
	}
	h.of[one.id] = one
	return one
}

func (h *hearers) forget(one *heard) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.of, one.id)
}

// hears takes in a message that has come over a connection.
func (h *hearers) hears(n int, m *nats.Msg, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one := h.of[m.Header.Get(callHeader)]
	if one == nil {
		return // somebody else's, or given up
	}
	switch {
	case n == 0:
		one.own = at
	case one.first.IsZero() || at.Before(one.first):
		one.first = at
		fallthrough
	default:
		if at.After(one.last) {
			one.last = at
		}
	}
	if one.left--; one.left == 0 {
		delete(h.of, one.id)
		one.over <- nil
	}
}

// wait waits until all have heard it.
func (h *hearers) wait(ctx context.Context, one *heard) error {
	select {
	case err := <-one.over:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end tells that one of them hears no more.
func (h *hearers) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deaf = true
	for id, one := range h.of {
		delete(h.of, id)
		one.over <- errDeaf
	}
}

func (h *hearers) close() {
	for _, c := range h.conns {
		c.SetClosedHandler(nil)
		c.Close()
	}
}
