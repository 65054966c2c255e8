package wire

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"plimsoll/target/client"
)

// stream is a connection of the system's: over TCP, or a Unix socket.
type stream interface {
	net.Conn
	syscall.Conn
}

// flow is a connection that takes small writes without blocking: what the
// system has no room for is sent by a goroutine. Servers that answer and never
// read would stop the loop otherwise.
type flow struct {
	stream
	raw   syscall.RawConn
	taken *atomic.Int64         // counts bytes that the system has taken
	once  func(fd uintptr) bool // tries a write, the arguments being:
	b     []byte
	n     int
	err   error

	look func(fd uintptr) // sees whether the connection is:
	over bool

	mu   sync.Mutex // held while something is written
	rest chan error // the end of sending what there was no room for; nil: there was
}

// atOnce is what is written without blocking: a record of TLS, for example.
const atOnce = direct + 1<<10

func newFlow(conn stream, plain bool, taken *atomic.Int64) (*flow, error) {
	raw, err := conn.SyscallConn()
	f := &flow{stream: conn, raw: raw, taken: taken}
	f.look = func(fd uintptr) { f.over = client.Ended(int(fd), plain) }
	f.once = func(fd uintptr) bool {
		f.n, f.err = writeOnce(fd, f.b)
		return true
	}
	return f, err
}

// Write blocks where there is much to write, or where what was written before
// is still on its way.
func (f *flow) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.wait(); err != nil {
		return 0, err
	}
	if len(b) > atOnce {
		return f.push(b)
	}
	f.b, f.n, f.err = b, 0, nil
	err := f.raw.Write(f.once)
	if f.b = nil; err == nil {
		err = f.err
	}
	f.taken.Add(int64(f.n))
	if err == nil && f.n < len(b) {
		rest := bytes.Clone(b[f.n:])
		sent := make(chan error, 1)
		f.rest = sent
		go func() {
			_, err := f.push(rest)
			sent <- err
		}()
	}
	return len(b), err
}

// push writes all of it.
func (f *flow) push(b []byte) (n int, err error) {
	n, err = f.stream.Write(b)
	f.taken.Add(int64(n))
	return n, err
}

// finished tells whether the end has come of a connection without a call.
func (f *flow) finished() bool {
	err := f.raw.Control(f.look)
	return f.over || err != nil
}

// wait waits until what was written has left.
func (f *flow) wait() (err error) {
	if f.rest != nil {
		err = <-f.rest
		f.rest = nil
	}
	return err
}

// flush waits until all that was written has left.
func (f *flow) flush() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wait()
}

// settle tells whether all that was written has left, and leaves off if it has
// not. Nothing is being written.
func (f *flow) settle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rest == nil {
		return true
	}
	select {
	case err := <-f.rest:
		f.rest = nil
		return err == nil
	default:
	}
	_ = f.SetWriteDeadline(longAgo)
	_ = f.wait()
	return false
}
