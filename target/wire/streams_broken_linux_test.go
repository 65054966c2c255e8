package wire_test

import (
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	peers "golang.org/x/net/http2"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// A server that goes away under calls has not looked at some: they are sent once
// more, on another connection, and those in line behind it, where there may be but
// one.
func TestGoAwayWithCallsInLine(t *testing.T) { byLoops(t, testGoAwayWithCallsInLine) }

func testGoAwayWithCallsInLine(t *testing.T, by kind) {
	s := share(t, nil)
	var before sync.Map // numbers of the requests on the first connection
	s.does(func(q *question) bool {
		if s.conns.Load() > 1 {
			return q.well()
		}
		before.Store(q.id, true)
		if q.n < 3 {
			return true
		}
		q.goAway(1, peers.ErrCodeNo)
		time.Sleep(20 * time.Millisecond)
		q.guest.mu.Lock()
		first := q.open[1]
		q.guest.mu.Unlock()
		first.well()
		q.leave()
		return false
	})
	e := by.multiplex(t, s.address, 4, func(o *Options) { o.Connections = 1 })
	e.send(0, 10)
	ended := collect(t, e, 10)
	expectOK(t, ended)
	resent, attempts := 0, 0
	for _, done := range ended {
		resent, attempts = resent+done.Resent, attempts+done.Attempts
		if (done.Resent == 1) != (done.ID.Slot() > 0 && done.ID.Slot() < 4) || done.Attempts != 1+done.Resent {
			t.Errorf("%+v", done)
		}
	}
	if s.conns.Load() != 2 || int64(attempts) != s.heads.Load() {
		t.Errorf("%d connections, %d attempts, %d seen", s.conns.Load(), attempts, s.heads.Load())
	}
}

// A connection that the server has closed while it had nothing to do is replaced
// before anything is sent on it, also where there may be but one, and though nobody
// has looked at it.
func TestClosedWhileIdleSharedIsReplaced(t *testing.T) {
	byLoops(t, testClosedWhileIdleSharedIsReplaced)
}

func testClosedWhileIdleSharedIsReplaced(t *testing.T, by kind) {
	for _, looks := range []bool{false, true} {
		gone := make(chan bool, 1)
		s := share(t, func(q *question) bool {
			if q.n == 1 {
				return q.well()
			}
			q.well()
			_ = q.Close()
			gone <- true
			return false
		})
		e := by.multiplex(t, s.address, 0, func(o *Options) { o.Connections = 1 })
		expectOK(t, call(t, e, 1))
		<-gone
		time.Sleep(5 * time.Millisecond)
		if looks {
			e.Wait(e.now() + time.Millisecond)
		}
		for _, done := range call(t, e, 1) {
			if !done.OK() || done.Attempts != 1 || done.Resent != 0 || done.Held != 0 {
				t.Errorf("looks: %v: %+v", looks, done)
			}
		}
		if s.heads.Load() != 2 || s.conns.Load() != 2 {
			t.Errorf("looks: %v: %d requests over %d connections", looks, s.heads.Load(), s.conns.Load())
		}
	}
}

// wide are settings that let bodies come without an end.
var wide = []peers.Setting{setting(peers.SettingInitialWindowSize, 1<<31-1)}

// open the window of a connection.
func (g *guest) widen() bool {
	return g.write(func(w *peers.Framer) error { return w.WriteWindowUpdate(0, 1<<31-1-65535) })
}

// nudge is the slot of the first of the calls that see whether a connection is
// stuck.
const nudge = 50_000

// stuck is a server whose first connection takes nothing any more, behind a call, an
// upload, and some calls that have seen to that, and who is stuck with it.
func stuck(t *testing.T, by kind, change func(*Options)) (s *sharer, e *engine, nudges int) {
	s = share(t, nil, wide...)
	s.does(func(q *question) bool {
		switch {
		case q.n == 0:
			return q.SetReadBuffer(64<<10) == nil && q.widen() && q.well()
		case q.body && !q.whole && s.conns.Load() == 1:
			s.deaf.Store(true)
			return true
		}
		return atOnce(q)
	})
	var once sync.Once
	t.Cleanup(func() { once.Do(func() { close(s.hearing) }) })
	e = by.multiplex(t, s.address, 100_000, func(o *Options) {
		o.Requests = []http1.Request{ask("GET", ""), ask("PUT", strings.Repeat("x", 64<<20))}
		if change != nil {
			change(o)
		}
	})
	e.Send(0, 0, e.now())
	expectOK(t, collect(t, e, 1))
	e.Send(1, 1, e.now())
	e.pass(t, "it is deaf", s.deaf.Load)
	m := e.carrier.(*wire.Multiplexer)
	for still := 0; still < 15; { // the system takes megabytes, and a little more when it hears of those
		before := m.Written()
		if m.Backlog() > 60<<10 {
			e.Send(uint32(nudge+nudges), 0, e.now())
			nudges++
		}
		e.Wait(e.now() + 10*time.Millisecond)
		if still++; m.Written() > before || nudges == 0 {
			still = 0
		}
	}
	return s, e, nudges
}

// A connection that breaks takes the calls with it of which anything has left this
// machine; the others go elsewhere, as if nothing had been.
func TestCallsOfWhichNothingHasLeftGoElsewhere(t *testing.T) {
	byLoops(t, testCallsOfWhichNothingHasLeftGoElsewhere)
}

func testCallsOfWhichNothingHasLeftGoElsewhere(t *testing.T, by kind) {
	s, e, nudges := stuck(t, by, nil)
	for n := range uint32(5) {
		e.Send(10+n, 0, e.now())
	}
	if done, any, _ := e.Wait(e.now() + 10*time.Millisecond); any {
		t.Fatalf("%+v", done)
	}
	s.deaf.Store(false)
	s.first().reset()
	left := 0
	for _, done := range collect(t, e, 6+nudges) {
		if done.Class == target.Reset && done.ID.Slot() != 1 {
			left++
		}
		upload := done.ID.Slot() == 1 || done.ID.Slot() >= nudge && done.Class == target.Reset
		if upload != (done.Class == target.Reset) || !upload && !done.OK() || done.Attempts != 1 || done.Resent != 0 {
			t.Errorf("%+v", done)
		}
	}
	if got := s.heads.Load(); got != int64(7+nudges-left) || left == nudges {
		t.Errorf("the server has seen %d requests; %d of %d had left before", got, left, nudges)
	}
}

// The time of a call goes on where it goes elsewhere.
func TestTheTimeGoesOnElsewhere(t *testing.T) { byLoops(t, testTheTimeGoesOnElsewhere) }

func testTheTimeGoesOnElsewhere(t *testing.T, by kind) {
	const timeout = 400 * time.Millisecond
	for range 5 { // a busy machine may take its time over that, but not five times
		s, e, _ := stuck(t, by, func(o *Options) { o.Timeout = timeout })
		e.Send(10, 0, e.now())
		sent := e.now()
		for e.now() < sent+timeout*3/4 {
			e.Wait(e.now() + time.Millisecond)
		}
		s.does(func(*question) bool { return true }) // and nobody answers elsewhere
		s.deaf.Store(false)
		s.first().reset()
		took := time.Duration(0)
		for done, any, _ := e.Wait(e.now() + 10*time.Second); any; done, any, _ = e.Wait(e.now() + 10*time.Second) {
			if done.ID.Slot() == 10 {
				took = done.Ended - sent
				break
			}
		}
		if took < timeout*3/2 {
			return
		}
		t.Logf("it took %v", took)
	}
	t.Error("it had the time of two")
}

// However many calls are given up that a frozen server never reads, they take no
// memory, and those after them end in their time, too.
func TestCallsGivenUpDoNotPileUp(t *testing.T) { byLoops(t, testCallsGivenUpDoNotPileUp) }

func testCallsGivenUpDoNotPileUp(t *testing.T, by kind) {
	const timeout = 200 * time.Millisecond
	for _, connections := range []int{0, 1} {
		s, e, _ := stuck(t, by, func(o *Options) { o.Timeout, o.Connections = timeout, connections })
		most, ended := 0, 0
		for sent := 0; sent < 10_000; {
			for range 100 {
				e.Send(uint32(2+sent), 0, e.now())
				sent++
			}
			for until := e.now() + timeout/50; e.now() < until; {
				if _, any, _ := e.Wait(until); any {
					ended++
				}
			}
			most = max(most, e.carrier.(*wire.Multiplexer).Backlog())
			if connections == 1 && sent >= 9000 { // those in line wait for it to be over
				break
			}
		}
		if most > 256<<10 {
			t.Errorf("%d connections: %d bytes lie there", connections, most)
		}
		s.deaf.Store(false)
		if ended == 0 {
			t.Error("none has ended")
		}
		e.CancelAll()
	}
}

// A connection that cannot be set up fails all calls that wait for it, one attempt
// each.
func TestNoConnectionForMany(t *testing.T) { byLoops(t, testNoConnectionForMany) }

func testNoConnectionForMany(t *testing.T, by kind) {
	for _, connections := range []int{0, 1} {
		e := by.multiplex(t, refusing(t), 4, func(o *Options) { o.Connections = connections })
		e.send(0, 12)
		ended := collect(t, e, 12)
		expectClass(t, ended, target.Connect)
		for _, done := range ended {
			if done.Attempts != 1 || done.BytesOut != 0 || done.BytesIn != 0 {
				t.Errorf("%+v", done)
			}
		}
	}
}

// However many wait in line for a server that takes no connection: all end.
func TestLongLineOfStreamsToNobody(t *testing.T) { byLoops(t, testLongLineOfStreamsToNobody) }

func testLongLineOfStreamsToNobody(t *testing.T, by kind) {
	defer debug.SetMaxStack(debug.SetMaxStack(512 << 10)) // whoever goes down with the line falls
	const calls = 5000
	e := by.multiplex(t, "255.255.255.255:1", 1, func(o *Options) { o.Connections = 1 })
	m := e.carrier.(*wire.Multiplexer)
	m.Fill()
	e.send(0, calls)
	if e.InLine() != calls {
		t.Fatalf("%d are in line", e.InLine())
	}
	m.Drain()
	e.due = e.now()
	expectClass(t, collect(t, e, calls), target.Connect)
}

// A server that breaks the rules is told why its connection ends, with all calls on
// it.
func TestServersAreToldWhyAConnectionEnds(t *testing.T) {
	byLoops(t, testServersAreToldWhyAConnectionEnds)
}

func testServersAreToldWhyAConnectionEnds(t *testing.T, by kind) {
	s := share(t, func(q *question) bool {
		return q.n < 2 || q.write(func(w *peers.Framer) error { return w.WriteRawFrame(peers.FrameData, 0, 0, nil) })
	})
	e := by.multiplex(t, s.address, 0, nil)
	e.send(0, 3)
	expectClass(t, collect(t, e, 3), target.Body)
	for try := 0; s.leaves.Load() != 1; try++ {
		if time.Sleep(time.Millisecond); try > 5000 {
			t.Fatal("it is not told")
		}
	}
}
