package wire_test

import (
	"crypto/tls"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	peers "golang.org/x/net/http2"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/wire"
)

// send sends calls of those numbers, from until before to.
func (e *engine) send(from, to int) {
	for n := from; n < to; n++ {
		e.Send(uint32(n), uint64(n), e.now())
	}
}

// All that a loop has to say in a turn goes in one piece, however many calls that
// is.
func TestCallsOfATurnGoInOneWrite(t *testing.T) { byLoops(t, testCallsOfATurnGoInOneWrite) }

func testCallsOfATurnGoInOneWrite(t *testing.T, by kind) {
	s := share(t, atOnce)
	e := by.multiplex(t, s.address, 0, nil)
	expectOK(t, call(t, e, 2)) // and the server's settings are acknowledged
	for try := range 5 {       // a loop that has no processor meanwhile has more than one turn
		before := s.reads.Load()
		e.send(0, 64)
		expectOK(t, collect(t, e, 64))
		if s.reads.Load() == before+1 {
			return
		}
		t.Logf("try %d: %d reads", try, s.reads.Load()-before)
	}
	t.Error("64 calls never come in one piece")
}

// Calls fill connections up to the streams that there may be, by their own limit
// or by the server's, and are held beyond, first come first served.
func TestStreamsAreFilledAndNotExceeded(t *testing.T) { byLoops(t, testStreamsAreFilledAndNotExceeded) }

func testStreamsAreFilledAndNotExceeded(t *testing.T, by kind) {
	for name, c := range map[string]struct {
		streams     int
		settings    []peers.Setting
		connections int
		fills       int64
	}{
		"by our limit":      {5, nil, 2, 5},
		"by the server's":   {0, []peers.Setting{setting(peers.SettingMaxConcurrentStreams, 6)}, 2, 6},
		"by the lesser":     {4, []peers.Setting{setting(peers.SettingMaxConcurrentStreams, 6)}, 3, 4},
		"one on each":       {1, nil, 3, 1},
		"by one connection": {7, nil, 1, 7},
	} {
		t.Run(name, func(t *testing.T) {
			const calls = 40
			asked := make(chan *question, calls)
			s := share(t, func(q *question) bool { asked <- q; return true }, c.settings...)
			e := by.multiplex(t, s.address, c.streams, func(o *Options) { o.Connections = c.connections })
			room := int(c.fills) * c.connections
			for n := range room { // each connection learns of its server's settings with its first call
				e.send(n, n+1)
				e.pass(t, "it is asked", func() bool { return len(asked) == n+1 })
				e.Wait(e.now() + time.Millisecond)
			}
			e.send(room, calls)
			ended := e.pass(t, "all streams are taken", func() bool { return len(asked) == room })
			if len(ended) > 0 || e.InLine() != calls-room {
				t.Fatalf("%d have ended, %d are in line, want %d", len(ended), e.InLine(), calls-room)
			}
			expectBooks(t, e, calls)
			for range calls {
				q := <-asked
				q.well()
				done, any, _ := e.Wait(e.now() + 10*time.Second)
				if !any || !done.OK() || done.Attempts != 1 || (done.Held > 0) != (int(done.ID.Slot()) >= room) {
					t.Fatalf("%+v, %v", done, any)
				}
				ended = append(ended, done)
				expectBooks(t, e, calls-len(ended))
			}
			if s.most.Load() != c.fills || s.conns.Load() != int64(c.connections) {
				t.Errorf("%d at a time over %d connections, want %d over %d", s.most.Load(), s.conns.Load(), c.fills, c.connections)
			}
			var order []int
			for _, done := range ended {
				order = append(order, int(done.ID.Slot()))
			}
			for at, slot := range order { // the servers of several connections answer in the order in which they were asked
				if c.connections == 1 && slot != at {
					t.Fatalf("they went on as %v", order)
				}
			}
		})
	}
}

// What begins before the server has said how many streams it takes, and is above
// that, it refuses: that is sent once more, in its turn, and where it would be refused
// again not before there is a word from there.
func TestCallsBeforeTheSettings(t *testing.T) {
	byLoops(t, func(t *testing.T, by kind) {
		for connections := range 2 {
			testCallsBeforeTheSettings(t, by, connections+1)
		}
	})
}

func testCallsBeforeTheSettings(t *testing.T, by kind, connections int) {
	s := share(t, nil, setting(peers.SettingMaxConcurrentStreams, 3))
	var refused atomic.Int64
	s.does(func(q *question) bool {
		q.guest.mu.Lock()
		above := len(q.open) > 3
		q.guest.mu.Unlock()
		if above {
			refused.Add(1)
			return q.refuse(peers.ErrCodeRefusedStream)
		}
		time.AfterFunc(time.Millisecond, func() { q.well() })
		return true
	})
	e := by.multiplex(t, s.address, 0, func(o *Options) { o.Connections = connections })
	e.send(0, 50)
	ended := collect(t, e, 50)
	expectOK(t, ended)
	attempts, resent := int64(0), int64(0)
	for _, done := range ended {
		attempts, resent = attempts+int64(done.Attempts), resent+int64(done.Resent)
	}
	if attempts != s.heads.Load() || resent != refused.Load() || resent == 0 || s.conns.Load() != int64(connections) {
		t.Errorf("%d attempts, %d sent again; the server saw %d and refused %d over %d connections", attempts, resent, s.heads.Load(), refused.Load(), s.conns.Load())
	}
}

// Calls in line go on when the server allows more streams, and those that come
// after them do not overtake.
func TestCallsInLineGoOnWithMoreStreams(t *testing.T) { byLoops(t, testCallsInLineGoOnWithMoreStreams) }

func testCallsInLineGoOnWithMoreStreams(t *testing.T, by kind) {
	asked := make(chan *question, 10)
	s := share(t, func(q *question) bool {
		if q.n == 0 {
			return q.well()
		}
		asked <- q
		return true
	}, setting(peers.SettingMaxConcurrentStreams, 1))
	e := by.multiplex(t, s.address, 0, func(o *Options) { o.Connections = 1 })
	expectOK(t, call(t, e, 1))
	e.send(0, 10)
	e.pass(t, "one is asked", func() bool { return len(asked) == 1 })
	if e.InLine() != 9 {
		t.Fatalf("%d are in line", e.InLine())
	}
	s.first().write(func(w *peers.Framer) error {
		return w.WriteSettings(setting(peers.SettingMaxConcurrentStreams, 0))
	})
	(<-asked).well()
	expectOK(t, e.pass(t, "it has ended", func() bool { return e.Books(0) == nil }))
	if e.InLine() != 9 || len(asked) > 0 {
		t.Fatalf("%d are in line, %d are asked", e.InLine(), len(asked))
	}
	s.first().write(func(w *peers.Framer) error {
		return w.WriteSettings(setting(peers.SettingMaxConcurrentStreams, 100))
	})
	e.pass(t, "all are asked", func() bool { return len(asked) == 9 })
	for range 9 {
		(<-asked).well()
	}
	expectOK(t, collect(t, e, 9))
	if s.conns.Load() != 1 {
		t.Errorf("%d connections", s.conns.Load())
	}
}

// A new connection takes as many of those in line as have room on it.
func TestANewConnectionTakesAllThatAreInLine(t *testing.T) {
	byLoops(t, testANewConnectionTakesAllThatAreInLine)
}

func testANewConnectionTakesAllThatAreInLine(t *testing.T, by kind) {
	var conns atomic.Int64
	s := share(t, nil)
	s.does(func(q *question) bool {
		if s.conns.Load() == 1 {
			conns.Add(1)
			return q.n < 3 // and closes it, on all
		}
		return q.well()
	})
	e := by.multiplex(t, s.address, 4, func(o *Options) { o.Connections = 1 })
	e.send(0, 8)
	if e.InLine() != 4 {
		t.Fatalf("%d are in line", e.InLine())
	}
	var broken []target.Done
	for len(broken) < 4 {
		done, any, _ := e.Wait(e.now() + 10*time.Second)
		if !any {
			t.Fatal("they do not end")
		}
		broken = append(broken, done)
		if e.InLine() != 0 { // when the first has ended the others in line are on their way
			t.Fatalf("%d are in line", e.InLine())
		}
	}
	expectClass(t, broken, target.Reset)
	expectOK(t, collect(t, e, 4))
}

// Connections come from each source in turn, and by a socket's path.
func TestSharedConnectionsComeByTheirRoute(t *testing.T) {
	byLoops(t, testSharedConnectionsComeByTheirRoute)
}

func testSharedConnectionsComeByTheirRoute(t *testing.T, by kind) {
	s := share(t, atOnce)
	e := by.multiplex(t, s.address, 0, func(o *Options) {
		o.KeepAlive, o.Route.Sources = false, []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}
	})
	expectOK(t, call(t, e, 4))
	var from []string
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.guests {
		from = append(from, strings.Split(g.RemoteAddr().String(), ":")[0])
	}
	slices.Sort(from)
	if got := strings.Join(from, " "); got != "127.0.0.2 127.0.0.2 127.0.0.3 127.0.0.3" {
		t.Errorf("they come from %s", got)
	}
}

// Descriptors are given back, those of calls that were given up too.
func TestNoDescriptorIsLeftOfStreams(t *testing.T) { byLoops(t, testNoDescriptorIsLeftOfStreams) }

func testNoDescriptorIsLeftOfStreams(t *testing.T, by kind) {
	s := share(t, atOnce)
	before := descriptors(t)
	for _, host := range []string{s.address, refusing(t)} {
		for _, keep := range []bool{true, false} {
			e := by.startMultiplex(t, host, 3, func(o *Options) { o.KeepAlive = keep })
			e.send(0, 50)
			collect(t, e, 50)
			e.send(0, 20) // on their way
			e.Close()
			for try := 0; descriptors(t) > before; try++ {
				if time.Sleep(time.Millisecond); try > 5000 {
					t.Fatalf("%d descriptors, %d before", descriptors(t), before)
				}
			}
		}
	}
}

// In the steady state a call allocates nothing, on one stream or on many.
func TestStreamsAllocateNothing(t *testing.T) { byLoops(t, testStreamsAllocateNothing) }

func testStreamsAllocateNothing(t *testing.T, by kind) {
	address := serve(t, terseShared)
	secured, config := secure(t, terseShared)
	for _, c := range []struct {
		connections, streams, burst int
		address                     string
		config                      *tls.Config
		most                        uint64 // a turn: package tls needs one for each record that it reads, here and there
	}{
		{1, 1, 1, address, nil, 0}, {8, 8, 64, address, nil, 0}, {1, 8, 24, address, nil, 0},
		{1, 1, 1, secured, config, 2 * dearer}, {1, 100, 100, secured, config, 10 * dearer},
	} {
		e := by.multiplex(t, c.address, c.streams, func(o *Options) {
			o.Connections, o.TLS = c.connections, c.config
			o.Example = func(uint64, *httpcall.Prepared, string, http1.Seen) string { return "made before" }
		})
		turn := func() {
			e.send(0, c.burst)
			for left := c.burst; left > 0; {
				done, any, _ := e.Wait(e.now() + 10*time.Second)
				if !any || !done.OK() {
					t.Fatalf("%+v", done)
				}
				left--
			}
		}
		for range 100 {
			turn()
		}
		if allocations := allocationsPer(200, turn); allocations > c.most {
			t.Errorf("%+v: %d allocations", c, allocations)
		}
	}
}

// Setting a connection up took so long of the call that it was for; those that have
// joined it meanwhile had no such phase.
func TestConnectingIsThePhaseOfOneCall(t *testing.T) { byLoops(t, testConnectingIsThePhaseOfOneCall) }

func testConnectingIsThePhaseOfOneCall(t *testing.T, by kind) {
	s := share(t, atOnce)
	e := by.multiplex(t, s.address, 0, nil)
	e.send(0, 4)
	e.CancelOne(0, 0) // who is moved into its place has not set it up
	for _, done := range collect(t, e, 4) {
		if done.Parts.Phases[wire.PhaseConnect] >= 0 {
			t.Errorf("%+v: %v", done, done.Parts.Phases)
		}
	}
	e = by.multiplex(t, s.address, 0, nil)
	e.send(0, 4)
	for _, done := range collect(t, e, 4) {
		if connect := done.Parts.Phases[wire.PhaseConnect]; (connect >= 0) != (done.ID.Slot() == 0) {
			t.Errorf("%+v: %v", done, done.Parts.Phases)
		}
	}
}
