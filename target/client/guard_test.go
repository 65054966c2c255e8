package client

import (
	"context"
	"net"
	"testing"
	"time"
)

// piped is a connection that nobody writes to.
func piped(t *testing.T) net.Conn {
	here, there := net.Pipe()
	t.Cleanup(func() { here.Close(); there.Close() })
	return here
}

// waits tells whether somebody reads until ctx is done.
func waits(conn net.Conn) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		done <- err
	}()
	return done
}

// A call that is given up is told at once, whichever of a context's it is, and one
// that has come to its end is not.
func TestGuards(t *testing.T) {
	var all Guards
	ctx, cancel := context.WithCancel(t.Context())
	early := piped(t)
	if g := all.Begin(ctx, early); !g.End() {
		t.Error("a call that ended was given up")
	}
	one, two := piped(t), piped(t)
	first, second := all.Begin(ctx, one), all.Begin(ctx, two) // at once
	ends := []<-chan error{waits(one), waits(two)}
	undisturbed := waits(early)
	cancel()
	for i, end := range ends {
		if err := <-end; err == nil {
			t.Errorf("call %d goes on", i)
		}
	}
	if first.End() || second.End() {
		t.Error("calls that were given up have ended well")
	}
	select {
	case err := <-undisturbed:
		t.Errorf("a connection without a call was ended: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	late := piped(t)
	g := all.Begin(ctx, late) // too late
	if err := <-waits(late); err == nil || g.End() {
		t.Errorf("a call that was given up before it began: %v", err)
	}
	left := 0
	for range all.of.Range {
		left++
	}
	if left > 0 {
		t.Errorf("%d contexts are remembered", left)
	}
}
