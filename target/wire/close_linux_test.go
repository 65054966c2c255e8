package wire_test

import (
	"bytes"
	"runtime"
	"testing"

	"plimsoll/target/wire"
)

// When an engine is closed, no goroutine is on any of its connections any more:
// neither on those under way nor on the idle ones.
func TestCloseWaitsForConnections(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that goroutines go on only when somebody waits for them
	silent := serve(t, func(p *peer) { _ = p.request() && p.say(fine) && p.request() && p.request() })
	e := kind(wire.Sockets).start(t, options(silent, nil), 0)
	const calls = 20
	for n := range calls {
		e.Send(uint32(n), uint64(n), e.now())
	}
	expectOK(t, collect(t, e, calls))
	for n := range calls / 2 {
		e.Send(uint32(n), uint64(n), e.now())
	}
	e.Close()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if left := bytes.Count(stacks, []byte("(*netConn).exchange")); left > 0 {
		t.Errorf("%d goroutines still read", left)
	}
}
