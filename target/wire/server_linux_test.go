package wire_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/wait"
	"plimsoll/target/wire"
)

// Engines keep their processors while they wait: their servers need others.
func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(runtime.NumCPU() + 4)
	goleak.VerifyTestMain(m)
}

// peer is the server's end of one connection.
type peer struct {
	*net.TCPConn
	number int // of the connection, from 0
	in     *bufio.Reader
	out    io.Writer
}

// request reads one request to its end; false when there is none.
func (p *peer) request() bool {
	r, err := http.ReadRequest(p.in)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

func (p *peer) say(text string) bool {
	_, err := io.WriteString(p.out, text)
	return err == nil
}

// reset breaks the connection off.
func (p *peer) reset() {
	_ = p.SetLinger(0)
	_ = p.Close()
}

const (
	ok     = "HTTP/1.1 200 OK\r\n"
	chunks = ok + "Transfer-Encoding: chunked\r\n\r\n"
	fine   = ok + "Content-Length: 2\r\n\r\nOK"
)

// well answers every request.
func well(p *peer) {
	for p.request() && p.say(fine) {
	}
}

// serve runs script for every connection, and closes it afterwards. The server
// is gone, with all connections, when the test is.
func serve(t testing.TB, script func(*peer)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var scripts sync.WaitGroup
	var conns []net.Conn
	scripts.Go(func() {
		for number := 0; ; number++ {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil { // no descriptor left, where a test asks for that
				time.Sleep(time.Millisecond)
				number--
				continue
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			scripts.Go(func() {
				defer conn.Close()
				script(&peer{conn.(*net.TCPConn), number, bufio.NewReader(conn), conn})
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, conn := range conns {
			_ = conn.Close()
		}
		mu.Unlock()
		scripts.Wait()
	})
	return listener.Addr().String()
}

// ask is a request to a server.
func ask(method, body string) http1.Request {
	return http1.Request{
		Request: wire.Request{Bytes: fmt.Appendf(nil, "%s / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", method, len(body), body)},
		Head:    method == "HEAD",
	}
}

// carrier is what tests look at of an engine.
type carrier interface {
	target.Carrier
	Reading() time.Duration
	InLine() int
	Ended() int
	// Books checks what must always hold with so many calls on connections.
	Books(calls int) error
}

// engine is a carrier with its clock, and turns as a loop does.
type engine struct {
	carrier
	clock interface {
		target.Clock
		Align(zero time.Time)
	}
	due     time.Duration
	request target.Request
}

func (e *engine) now() time.Duration { return e.Reading() }

// Send sends call n; its end comes out of Wait under the slot `call`.
func (e *engine) Send(call uint32, n uint64, now time.Duration) {
	e.request.Number = n
	e.due = min(e.due, e.carrier.Send(target.NewID(call, n), &e.request, now))
}

// Wait returns the next call that has ended, false when none has by `until`.
func (e *engine) Wait(until time.Duration) (done target.Done, any bool, now time.Duration) {
	for {
		now = e.clock.Wait(min(until, e.due))
		taken, due := e.Take(now)
		if e.due = due; taken != nil {
			e.due = now
			return *taken, true, now
		}
		if until <= now {
			return target.Done{}, false, now
		}
	}
}

func (e *engine) CancelAll() {
	now := e.now()
	e.carrier.CancelAll(now)
	e.due = now
}

// CancelOne cancels call n, which was sent under the slot `call`.
func (e *engine) CancelOne(call uint32, n uint64) {
	now := e.now()
	e.carrier.Cancel(target.NewID(call, n), now)
	e.due = now
}

func (e *engine) Take(now time.Duration) (*target.Done, time.Duration) { return e.carrier.Take(now) }
func (e *engine) Close() {
	e.carrier.Close()
	e.clock.Close()
}

// kind is the name of an engine.
type kind string

// byAll runs a test with each engine.
func byAll(t *testing.T, test func(*testing.T, kind)) {
	byLoops(t, test)
	t.Run(wire.Sockets, func(t *testing.T) { test(t, wire.Sockets) })
}

// byLoops runs a test with each engine that is an event loop.
func byLoops(t *testing.T, test func(*testing.T, kind)) {
	for _, by := range []kind{wire.Epoll, wire.Uring} {
		t.Run(string(by), func(t *testing.T) {
			if by == wire.Uring && wait.RingRefused() != nil {
				t.Skip(wait.RingRefused())
			}
			test(t, by)
		})
	}
}

func (k kind) start(t testing.TB, o Options, from time.Duration) *engine {
	t.Helper()
	server, err := wire.Open(string(k), o.Options)
	if err != nil {
		t.Fatal(err)
	}
	return k.on(t, server, o, from)
}

// on is an engine of a server's, which others may have, too.
func (k kind) on(t testing.TB, server *wire.Server, o Options, from time.Duration) *engine {
	t.Helper()
	e, err := &engine{due: from}, error(nil)
	if wire.Polls(string(k)) {
		e.clock, err = wire.Clock(string(k), wait.DefaultSpin)
	} else {
		e.clock = wait.NewDoze(wait.DefaultSpin)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := server.Carrier(http1.NewCodec(o.asks, wire.Polls(string(k))), e.clock)
	if err != nil {
		t.Fatal(err)
	}
	e.carrier = c.(carrier)
	e.clock.Align(time.Now().Add(-from))
	return e
}

// open starts an engine until the test ends: GET, 5 s, 2xx, kept alive, unless
// change says otherwise.
func (k kind) open(t testing.TB, address string, change func(*Options)) *engine {
	t.Helper()
	e := k.start(t, options(address, change), 0)
	t.Cleanup(e.Close)
	return e
}

// Options are an engine's and its codec's.
type Options struct {
	wire.Options
	asks
}

type asks = http1.Options

func options(address string, change func(*Options)) Options {
	o := Options{
		wire.Options{Host: address, Timeout: 5 * time.Second, KeepAlive: true},
		asks{
			Requests: []http1.Request{ask("GET", "")},
			Accepts:  func(status int) bool { return status/100 == 2 },
			Example: func(n uint64, _ *httpcall.Prepared, class string, seen http1.Seen) string {
				return fmt.Sprintf("%s: %v", class, seen.Err)
			},
		},
	}
	if change != nil {
		change(&o)
	}
	return o
}

// collect waits for so many calls to end, and for nothing to follow.
func collect(t testing.TB, e *engine, calls int) (ended []target.Done) {
	t.Helper()
	for limit := e.now() + 20*time.Second; len(ended) < calls; {
		if done, any, _ := e.Wait(limit); any {
			ended = append(ended, done)
		} else if e.now() >= limit {
			t.Fatalf("%d of %d calls have ended after 20 s", len(ended), calls)
		}
	}
	if done, any, _ := e.Wait(e.now()); any {
		t.Fatalf("%d calls were sent, but also %+v has ended", calls, done)
	}
	expectBooks(t, e, 0)
	return ended
}

// call carries out calls one after the other.
func call(t testing.TB, e *engine, calls int) (ended []target.Done) {
	t.Helper()
	for n := range calls {
		e.Send(uint32(n), uint64(n), e.now())
		ended = append(ended, collect(t, e, 1)...)
	}
	return ended
}

func expectOK(t testing.TB, ended []target.Done) {
	t.Helper()
	for _, done := range ended {
		if !done.OK() {
			t.Fatalf("%+v", done)
		}
	}
}

func expectClass(t testing.TB, ended []target.Done, class string) {
	t.Helper()
	for _, done := range ended {
		if done.Class != class || done.Example == "" {
			t.Fatalf("%+v; want class %s", done, class)
		}
	}
}

// expectBooks checks that so many calls are under way or in line.
func expectBooks(t testing.TB, e *engine, calls int) {
	t.Helper()
	if err := e.Books(calls - e.InLine()); err != nil {
		t.Fatal(err)
	}
}

// descriptors counts the process's open files.
func descriptors(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
