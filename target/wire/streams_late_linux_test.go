package wire_test

import (
	"bufio"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	peers "golang.org/x/net/http2"
	"golang.org/x/sys/unix"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// Calls whose connection turns out to be broken when something is said on it have
// ended then, however long the loop was about to wait.
func TestCallsThatEndBeforeTheLoopWaits(t *testing.T) { byLoops(t, testCallsThatEndBeforeTheLoopWaits) }

func testCallsThatEndBeforeTheLoopWaits(t *testing.T, by kind) {
	s := share(t, nil, wide...)
	s.does(func(q *question) bool {
		q.widen()
		s.deaf.Store(true)
		return true
	})
	t.Cleanup(func() { close(s.hearing) })
	e := by.multiplex(t, s.address, 0, func(o *Options) {
		o.Requests, o.Timeout = []http1.Request{ask("PUT", strings.Repeat("x", 64<<20)), ask("GET", "")}, 0
	})
	e.Send(0, 0, e.now())
	m := e.carrier.(*wire.Multiplexer)
	for still := 0; still < 15; still++ {
		before := m.Written()
		e.Wait(e.now() + 10*time.Millisecond)
		if m.Written() > before || m.Backlog() < 60<<10 {
			still = 0
		}
	}
	s.first().reset()
	time.Sleep(10 * time.Millisecond)
	e.Send(1, 1, e.now())
	const long = 20 * time.Second
	began := e.now()
	for range 2 {
		if done, any, _ := e.Wait(began + long); !any || done.Class != target.Reset {
			t.Errorf("%+v, %v", done, any)
		}
	}
	if took := e.now() - began; took >= long {
		t.Errorf("they have ended, and are handed over after %v", took)
	}
}

// How long a connection takes is none of the second that the server has to say
// whether it wants a body.
func TestPatienceBeginsWithTheConnection(t *testing.T) {
	byLoops(t, testPatienceBeginsWithTheConnection)
}

func testPatienceBeginsWithTheConnection(t *testing.T, by kind) {
	if testing.Short() {
		t.Skip("takes three seconds")
	}
	t.Parallel()
	var early atomic.Bool
	s := &sharer{deaf: new(atomic.Bool), hearing: make(chan struct{})}
	s.does(func(q *question) bool {
		if q.whole {
			return q.well()
		}
		_ = q.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		for { // the frames of the connection are not of interest
			head, err := q.in.Peek(9)
			if err != nil {
				break
			}
			if head[3] == byte(peers.FrameData) {
				early.Store(true)
				break
			}
			_, _ = q.in.Discard(9 + int(head[0])<<16 + int(head[1])<<8 + int(head[2]))
		}
		_ = q.SetReadDeadline(time.Time{})
		return q.write(func(w *peers.Framer) error {
			return w.WriteHeaders(peers.HeadersFrameParam{StreamID: q.id, BlockFragment: []byte("\x08\x03100"), EndHeaders: true})
		})
	})
	address, accept := later(t)
	e := by.multiplex(t, address, 0, func(o *Options) {
		o.Timeout = 20 * time.Second
		put := ask("PUT", "")
		put.Bytes, put.Later = []byte("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"), []byte("hello")
		o.Requests = []http1.Request{put}
	})
	e.Send(0, 0, e.now())
	for until := e.now() + 1200*time.Millisecond; e.now() < until; {
		e.Wait(until)
	}
	accept(s.visit)
	expectOK(t, collect(t, e, 1))
	if early.Load() {
		t.Error("the body came before anybody asked for it")
	}
}

// later is a server that takes connections from when it is told to.
func later(t *testing.T) (address string, accept func(func(*peer))) {
	t.Helper()
	address, fd := backloggedBy(t)
	file := os.NewFile(uintptr(fd), "listener")
	listener, err := net.FileListener(file)
	_ = file.Close()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return address, func(script func(*peer)) {
		all.Go(func() {
			for number := 0; ; number++ {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				mu.Lock()
				conns = append(conns, conn)
				mu.Unlock()
				all.Go(func() {
					defer conn.Close()
					script(&peer{conn.(*net.TCPConn), number, bufio.NewReader(conn), conn})
				})
			}
		})
	}
}

// backlogged is an address that takes no connection, and refuses none.
func backlogged(t *testing.T) string {
	t.Helper()
	address, fd := backloggedBy(t)
	t.Cleanup(func() { _ = unix.Close(fd) })
	return address
}
