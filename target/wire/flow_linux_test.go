package wire

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// pair is a connection and its other end.
func pair(t testing.TB) (near, far *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	a, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a.(*net.TCPConn), b.(*net.TCPConn)
}

// Small writes to somebody who does not read return at once; when he does, all
// comes in order.
func TestFlowDoesNotBlock(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		near, far := pair(t)
		_ = near.SetWriteBuffer(4096)
		f, err := newFlow(near, true, new(atomic.Int64))
		if err != nil {
			r.Fatal(err)
		}
		var sent bytes.Buffer
		fill := func(size int) {
			text := bytes.Repeat([]byte{byte('a' + sent.Len()%26)}, size)
			if n, err := f.Write(text); n != size || err != nil {
				r.Fatalf("%d, %v", n, err)
			}
			sent.Write(text)
		}
		for f.rest == nil { // it has not blocked so far
			fill(rapid.IntRange(1, atOnce).Draw(r, "size"))
		}
		got := make(chan []byte)
		go func() {
			all, _ := io.ReadAll(far)
			got <- all
		}()
		for range rapid.IntRange(0, 5).Draw(r, "more") {
			fill(rapid.IntRange(1, 3*atOnce).Draw(r, "size"))
		}
		f.mu.Lock()
		err = f.wait()
		f.mu.Unlock()
		_ = near.Close()
		if all := <-got; err != nil || !bytes.Equal(all, sent.Bytes()) {
			r.Fatalf("%v; %d bytes have come of %d", err, len(all), sent.Len())
		}
	})
}

// What has not left is given up, and known not to have left.
func TestFlowLeavesOff(t *testing.T) {
	near, far := pair(t)
	_, _ = near.SetWriteBuffer(4096), far.SetReadBuffer(4096)
	f, err := newFlow(near, true, new(atomic.Int64))
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, direct)
	if _, err := f.Write(text); err != nil || !f.settle() {
		t.Fatal("nothing was in the way")
	}
	for f.rest == nil {
		_, _ = f.Write(text)
	}
	if f.settle() {
		t.Error("nobody has read it")
	}
}
