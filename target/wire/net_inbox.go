package wire

import (
	"sync"
	"sync/atomic"
)

// inbox is where connections tell the loop what has become of them. The zero
// inbox is empty.
type inbox struct {
	any     atomic.Bool // there is something
	mu      sync.Mutex
	notices []notice
	taken   []notice // the memory for the next ones
}

// notice says what has become of a connection.
type notice struct {
	conn *netConn
	what event
}

type event uint8

const (
	answered event = iota // its call has ended, and it may take another
	lost                  // its call has ended, and so has it
	unused                // it has ended without a call
)

// put adds a notice, from anywhere.
func (b *inbox) put(n notice) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notices = append(b.notices, n)
	b.any.Store(true)
}

// take returns what has come since the last time; it is valid until the next
// one.
func (b *inbox) take() []notice {
	if !b.any.Load() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.any.Store(false)
	b.taken, b.notices = b.notices, b.taken[:0]
	return b.taken
}
