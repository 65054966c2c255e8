package wire_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	peers "golang.org/x/net/http2"
	"golang.org/x/sys/unix"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// A server that takes whatever there is does not keep the others waiting, and one
// whose system has no room at times is told the rest when it has.
func TestEagerServersLetOthersHaveTheirTurn(t *testing.T) {
	byLoops(t, testEagerServersLetOthersHaveTheirTurn)
}

func testEagerServersLetOthersHaveTheirTurn(t *testing.T, by kind) {
	s := share(t, func(q *question) bool { return (q.n > 0 || q.widen()) && atOnce(q) }, wide...)
	s.wide.Store(true)
	e := by.multiplex(t, s.address, 0, func(o *Options) {
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
func TestLargeUploadsToSlowReaders(t *testing.T) { byLoops(t, testLargeUploadsToSlowReaders) }

func testLargeUploadsToSlowReaders(t *testing.T, by kind) {
	size := 10 << 20
	if testing.Short() {
		size = 1 << 20
	}
	s := share(t, atOnce)
	s.slow.Store(10_000)
	e := by.multiplex(t, s.address, 0, func(o *Options) {
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
func TestCancelOfOneStream(t *testing.T) { byLoops(t, testCancelOfOneStream) }

func testCancelOfOneStream(t *testing.T, by kind) {
	asked := make(chan *question, 8)
	s := share(t, func(q *question) bool {
		asked <- q
		return true
	})
	e := by.multiplex(t, s.address, 3, func(o *Options) { o.Connections = 1 })
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
func TestCancelAllStreams(t *testing.T) { byLoops(t, testCancelAllStreams) }

func testCancelAllStreams(t *testing.T, by kind) {
	asked := make(chan *question, 8)
	s := share(t, func(q *question) bool { asked <- q; return true })
	e := by.multiplex(t, s.address, 2, func(o *Options) { o.Connections = 2 })
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
	for wait := 0; wait < 5_000 && s.resets.Load() < 4; wait++ { // it hears a moment later
		time.Sleep(time.Millisecond)
	}
	if s.heads.Load() != 4 || s.resets.Load() != 4 {
		t.Errorf("the server has seen %d, and was told of %d that nobody waits any more", s.heads.Load(), s.resets.Load())
	}
}

// Each user has connections of its own, which go with it, those with a call on
// them when that has ended.
func TestUsersHaveTheirOwnSharedConnections(t *testing.T) {
	byLoops(t, testUsersHaveTheirOwnSharedConnections)
}

func testUsersHaveTheirOwnSharedConnections(t *testing.T, by kind) {
	asked := make(chan *question, 8)
	var holds atomic.Bool
	s := share(t, func(q *question) bool {
		if holds.Load() {
			asked <- q
			return true
		}
		return q.well()
	})
	e := by.multiplex(t, s.address, 0, func(o *Options) { o.Options.PerUser = true })
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
func TestStreamsTimeOut(t *testing.T) { byLoops(t, testStreamsTimeOut) }

func testStreamsTimeOut(t *testing.T, by kind) {
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
			e := by.multiplex(t, address, 2, func(o *Options) { o.Timeout, o.Requests, o.Connections = timeout, put, 1 })
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
