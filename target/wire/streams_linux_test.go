package wire_test

import (
	"fmt"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	peers "golang.org/x/net/http2"
	"golang.org/x/sys/unix"

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
func TestCallsOfATurnGoInOneWrite(t *testing.T) {
	s := share(t, atOnce)
	e := multiplex(t, s.address, 0, nil)
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
func TestStreamsAreFilledAndNotExceeded(t *testing.T) {
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
			e := multiplex(t, s.address, c.streams, func(o *Options) { o.Connections = c.connections })
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
// that, it refuses: that is sent once more, in its turn.
func TestCallsBeforeTheSettings(t *testing.T) {
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
	e := multiplex(t, s.address, 0, func(o *Options) { o.Connections = 1 })
	e.send(0, 50)
	ended := collect(t, e, 50)
	expectOK(t, ended)
	attempts, resent := int64(0), int64(0)
	for _, done := range ended {
		attempts, resent = attempts+int64(done.Attempts), resent+int64(done.Resent)
	}
	if attempts != s.heads.Load() || resent != refused.Load() || resent == 0 || s.conns.Load() != 1 {
		t.Errorf("%d attempts, %d sent again; the server saw %d and refused %d over %d connections", attempts, resent, s.heads.Load(), refused.Load(), s.conns.Load())
	}
}

// Calls in line go on when the server allows more streams, and those that come
// after them do not overtake.
func TestCallsInLineGoOnWithMoreStreams(t *testing.T) {
	asked := make(chan *question, 10)
	s := share(t, func(q *question) bool {
		if q.n == 0 {
			return q.well()
		}
		asked <- q
		return true
	}, setting(peers.SettingMaxConcurrentStreams, 1))
	e := multiplex(t, s.address, 0, func(o *Options) { o.Connections = 1 })
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
	var conns atomic.Int64
	s := share(t, nil)
	s.does(func(q *question) bool {
		if s.conns.Load() == 1 {
			conns.Add(1)
			return q.n < 3 // and closes it, on all
		}
		return q.well()
	})
	e := multiplex(t, s.address, 4, func(o *Options) { o.Connections = 1 })
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

// A server that goes away under calls has not looked at some: they are sent once
// more, on another connection, and those in line behind it, where there may be but
// one.
func TestGoAwayWithCallsInLine(t *testing.T) {
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
	e := multiplex(t, s.address, 4, func(o *Options) { o.Connections = 1 })
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
		e := multiplex(t, s.address, 0, func(o *Options) { o.Connections = 1 })
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
func stuck(t *testing.T, change func(*Options)) (s *sharer, e *engine, nudges int) {
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
	e = multiplex(t, s.address, 100_000, func(o *Options) {
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
	s, e, nudges := stuck(t, nil)
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
func TestTheTimeGoesOnElsewhere(t *testing.T) {
	const timeout = 400 * time.Millisecond
	for range 5 { // a busy machine may take its time over that, but not five times
		s, e, _ := stuck(t, func(o *Options) { o.Timeout = timeout })
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
func TestCallsGivenUpDoNotPileUp(t *testing.T) {
	const timeout = 200 * time.Millisecond
	for _, connections := range []int{0, 1} {
		s, e, _ := stuck(t, func(o *Options) { o.Timeout, o.Connections = timeout, connections })
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

// A server that takes whatever there is does not keep the others waiting, and one
// whose system has no room at times is told the rest when it has.
func TestEagerServersLetOthersHaveTheirTurn(t *testing.T) {
	s := share(t, func(q *question) bool { return (q.n > 0 || q.widen()) && atOnce(q) }, wide...)
	s.wide.Store(true)
	e := multiplex(t, s.address, 0, func(o *Options) {
		o.Requests = []http1.Request{ask("GET", ""), ask("PUT", strings.Repeat("x", 64<<20))}
		o.Timeout = time.Minute
	})
	expectOK(t, call(t, e, 1))
	e.Send(1, 1, e.now())
	e.Send(2, 0, e.now())
	m, ended := e.carrier.(*wire.Multiplexer), []target.Done(nil)
	const turns, turn = 3, 16 * (64<<10 + 16<<10) // of a look, for what is due, has room, or goes on; and how much one takes
	for limit, most := e.now()+20*time.Second, int64(0); len(ended) < 2 && e.now() < limit; {
		before := m.Written()
		if done, any, _ := e.Wait(e.now()); any {
			ended = append(ended, done)
		}
		if most = max(most, m.Written()-before); most > turns*turn {
			t.Fatalf("%d bytes in one turn", most)
		}
	}
	expectOK(t, ended)
	if len(ended) != 2 || ended[0].ID.Slot() != 2 {
		t.Errorf("they ended so: %+v", ended)
	}
}

// Many large uploads at once come whole to servers that take their time.
func TestLargeUploadsToSlowReaders(t *testing.T) {
	size := 10 << 20
	if testing.Short() {
		size = 1 << 20
	}
	s := share(t, atOnce)
	s.slow.Store(10_000)
	e := multiplex(t, s.address, 0, func(o *Options) {
		o.Requests, o.Timeout = []http1.Request{ask("PUT", strings.Repeat("x", size))}, 2*time.Minute
	})
	e.send(0, 50)
	var ended []target.Done
	for limit := e.now() + 2*time.Minute; len(ended) < 50 && e.now() < limit; {
		if done, any, _ := e.Wait(limit); any {
			ended = append(ended, done)
		}
	}
	expectOK(t, ended)
	if s.bytes.Load() != int64(50*size) || s.conns.Load() != 1 {
		t.Errorf("%d bytes came over %d connections", s.bytes.Load(), s.conns.Load())
	}
	for _, done := range ended {
		if done.BytesOut < int64(size) || done.BytesOut > int64(size)+200 {
			t.Errorf("%+v", done)
		}
	}
}

// Cancelling one call resets its stream, and leaves the others alone.
func TestCancelOfOneStream(t *testing.T) {
	asked := make(chan *question, 8)
	s := share(t, func(q *question) bool {
		asked <- q
		return true
	})
	e := multiplex(t, s.address, 3, func(o *Options) { o.Connections = 1 })
	e.send(0, 5)
	e.pass(t, "three are asked", func() bool { return len(asked) == 3 })
	e.CancelOne(77, 77) // whom nobody knows
	e.CancelOne(3, 3)   // in line
	e.CancelOne(1, 1)   // on the way
	ended := e.pass(t, "its stream is reset, and the next one asked", func() bool { return s.resets.Load() == 1 && len(asked) == 4 })
	for range 4 {
		(<-asked).well()
	}
	for _, done := range append(ended, collect(t, e, 5-len(ended))...) {
		if was := done.ID.Slot() == 1 || done.ID.Slot() == 3; was != (done.Class == target.Cancelled) || !was && !done.OK() || was && done.Example == "" {
			t.Errorf("%+v", done)
		}
	}
	if s.conns.Load() != 1 || s.most.Load() != 3 {
		t.Errorf("%d connections, %d at once", s.conns.Load(), s.most.Load())
	}
}

// CancelAll ends every call, wherever it is, and those sent later; each once.
func TestCancelAllStreams(t *testing.T) {
	asked := make(chan *question, 8)
	s := share(t, func(q *question) bool { asked <- q; return true })
	e := multiplex(t, s.address, 2, func(o *Options) { o.Connections = 2 })
	e.send(0, 6)
	e.pass(t, "four are asked", func() bool { return len(asked) == 4 })
	e.CancelAll()
	e.send(6, 8)
	ended := collect(t, e, 8)
	expectClass(t, ended, target.Cancelled)
	for _, done := range ended {
		if inLine := done.ID.Slot() == 4 || done.ID.Slot() == 5; inLine != (done.Held > 0) {
			t.Errorf("%+v", done)
		}
	}
	if s.heads.Load() != 4 {
		t.Errorf("the server has seen %d", s.heads.Load())
	}
}

// Each user has connections of its own, which go with it, those with a call on
// them when that has ended.
func TestUsersHaveTheirOwnSharedConnections(t *testing.T) {
	asked := make(chan *question, 8)
	var holds atomic.Bool
	s := share(t, func(q *question) bool {
		if holds.Load() {
			asked <- q
			return true
		}
		return q.well()
	})
	e := multiplex(t, s.address, 0, func(o *Options) { o.Options.PerUser = true })
	m := e.carrier.(*wire.Multiplexer)
	sends := func(call, user uint32) {
		e.request.User = user
		e.Send(call, uint64(call), e.now())
	}
	for n := range uint32(9) {
		sends(n, n%3)
	}
	expectOK(t, collect(t, e, 9))
	if s.conns.Load() != 3 {
		t.Fatalf("%d connections of three users", s.conns.Load())
	}
	open := func() int { return m.Open() }
	m.Leave(1)
	if open() != 2 {
		t.Errorf("%d connections are open of two users", open())
	}
	holds.Store(true)
	sends(20, 2)
	e.pass(t, "it is asked", func() bool { return len(asked) == 1 })
	m.Leave(2)
	if open() != 2 {
		t.Errorf("%d connections are open, one of them with a call", open())
	}
	(<-asked).well()
	expectOK(t, collect(t, e, 1))
	if open() != 1 {
		t.Errorf("%d connections are open of one user", open())
	}
	holds.Store(false)
	sends(30, 0)
	expectOK(t, collect(t, e, 1))
	if s.conns.Load() != 3 {
		t.Errorf("%d connections", s.conns.Load())
	}
}

// backloggedBy is an address that takes no connection, and refuses none, and who
// listens there.
func backloggedBy(t *testing.T) (address string, fd int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		err = unix.Listen(fd, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	name, _ := unix.Getsockname(fd)
	for range 3 {
		filler, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(filler) })
		_ = unix.Connect(filler, name)
	}
	return fmt.Sprint("127.0.0.1:", name.(*unix.SockaddrInet4).Port), fd
}

// Calls time out wherever they are: their connection is not there yet, the server
// is silent, or lets no body come. Their connection goes on, once it is there.
func TestStreamsTimeOut(t *testing.T) {
	const timeout = 60 * time.Millisecond
	put := []http1.Request{ask("PUT", strings.Repeat("x", 100_000))}
	for name, c := range map[string]struct {
		address func(*testing.T) (string, *sharer)
		resets  int64
		sent    bool
	}{
		"connecting": {func(t *testing.T) (string, *sharer) { return backlogged(t), nil }, 0, false},
		"silent": {func(t *testing.T) (string, *sharer) {
			s := share(t, func(*question) bool { return true })
			return s.address, s
		}, 4, true},
		"no window": {func(t *testing.T) (string, *sharer) {
			s := share(t, atOnce, setting(peers.SettingInitialWindowSize, 0))
			return s.address, s
		}, 4, true},
	} {
		t.Run(name, func(t *testing.T) {
			address, s := c.address(t)
			e := multiplex(t, address, 2, func(o *Options) { o.Timeout, o.Requests, o.Connections = timeout, put, 1 })
			began := e.now()
			e.send(0, 4) // two of them in line, which is none of their time
			ended := collect(t, e, 4)
			expectClass(t, ended, target.Timeout)
			for _, done := range ended {
				if took := done.Ended - began - done.Held; took < timeout || done.Attempts != 1 || (done.Held > 0) != (done.ID.Slot() >= 2) || (done.BytesOut > 0) != c.sent {
					t.Errorf("after %v: %+v", took, done)
				}
			}
			if s == nil {
				return
			}
			e.pass(t, "streams are reset", func() bool { return s.resets.Load() == c.resets })
			if s.conns.Load() != 1 {
				t.Errorf("%d connections", s.conns.Load())
			}
		})
	}
}

// A connection that cannot be set up fails all calls that wait for it, one attempt
// each.
func TestNoConnectionForMany(t *testing.T) {
	for _, connections := range []int{0, 1} {
		e := multiplex(t, refusing(t), 4, func(o *Options) { o.Connections = connections })
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
func TestLongLineOfStreamsToNobody(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(512 << 10)) // whoever goes down with the line falls
	const calls = 5000
	e := multiplex(t, "255.255.255.255:1", 1, func(o *Options) { o.Connections = 1 })
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

// Connections come from each source in turn, and by a socket's path.
func TestSharedConnectionsComeByTheirRoute(t *testing.T) {
	s := share(t, atOnce)
	e := multiplex(t, s.address, 0, func(o *Options) {
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
func TestNoDescriptorIsLeftOfStreams(t *testing.T) {
	s := share(t, atOnce)
	before := descriptors(t)
	for _, host := range []string{s.address, refusing(t)} {
		for _, keep := range []bool{true, false} {
			e := startMultiplex(t, host, 3, func(o *Options) { o.KeepAlive = keep })
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
func TestStreamsAllocateNothing(t *testing.T) {
	address := serve(t, terseShared)
	for _, c := range []struct{ connections, streams, burst int }{{1, 1, 1}, {8, 8, 64}, {1, 8, 24}} {
		e := multiplex(t, address, c.streams, func(o *Options) {
			o.Connections = c.connections
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
		if allocations := allocationsPer(200, turn); allocations > 0 {
			t.Errorf("%+v: %d allocations", c, allocations)
		}
	}
}
