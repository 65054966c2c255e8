package wire

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// handshake is where the loop and the goroutine of one meet.
type handshake struct {
	wake func()
	over atomic.Bool // then it is all the loop's

	mu     sync.Mutex // guards what follows
	fed    sync.Cond
	in     []byte // not read yet
	out    []byte // not taken by the loop yet
	ended  error  // the socket's end
	left   bool   // nobody waits for it any more
	denied bool   // the loop was told that there is no room for more

	err error
	at  time.Duration
}

func newHandshake(wake func()) *handshake {
	h := &handshake{wake: wake}
	h.fed.L = &h.mu
	return h
}

// ample is how much a handshake need not have been fed at once: more than the
// certificates of any server.
const ample = 64 << 10

// shakeHands does so, in a goroutine of its own.
func (s *secure) shakeHands() {
	h := s.shake
	err := s.conn.Handshake()
	at := s.clock.At(time.Now())
	h.mu.Lock()
	left := h.left
	h.err, h.at = err, at
	h.mu.Unlock()
	if h.over.Store(true); !left {
		h.wake()
	}
}

func (h *handshake) feed(b []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.in = append(h.in, b...)
	h.fed.Signal()
}

func (h *handshake) hungry() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.denied = len(h.in) >= ample
	return !h.denied
}

func (h *handshake) end(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = err
	h.fed.Signal()
}

// quit ends it.
func (h *handshake) quit() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left = true
	h.fed.Signal()
}

// written is what there is to be sent since the last time; it is the caller's.
func (h *handshake) written() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.out
	h.out = nil
	return b
}

// read waits for what the loop feeds. The loop hears of what is to be sent before
// that: it is sent at once then, however many writes it was.
func (h *handshake) read(b []byte, f *frame) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.in) == 0 && len(h.out) > 0 {
		h.wake()
	}
	for len(h.in) == 0 && h.ended == nil && !h.left {
		h.fed.Wait()
	}
	switch {
	case h.left:
		return 0, net.ErrClosed
	case len(h.in) == 0:
		return 0, h.ended
	}
	n = f.of(b, h.in)
	if h.in = h.in[n:]; h.denied && len(h.in) < ample {
		h.denied = false
		h.wake()
	}
	return n, nil
}

func (h *handshake) write(b []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left {
		return 0, net.ErrClosed
	}
	h.out = append(h.out, b...)
	return len(b), nil
}
