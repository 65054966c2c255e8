package http

import (
	"context"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/wire"
)

// load makes calls from some callers at once, and returns all outcomes.
func load(t *testing.T, to *Target, callers, calls int) []target.Outcome {
	t.Helper()
	var n atomic.Uint64
	outcomes := make([]target.Outcome, calls)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for i := n.Add(1) - 1; i < uint64(calls); i = n.Add(1) - 1 {
				outcomes[i] = to.Call(t.Context(), nth(i))
			}
		})
	}
	all.Wait()
	return outcomes
}

func expectOK(t *testing.T, outcomes []target.Outcome) {
	t.Helper()
	for i, out := range outcomes {
		if !out.OK() || out.Attempts != 1 {
			t.Fatalf("call %d: %+v", i, out)
		}
	}
}

func sleepy(d time.Duration) nethttp.HandlerFunc {
	return func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		time.Sleep(d)
		_, _ = io.WriteString(w, "OK")
	}
}

// All versions of HTTP, with and without TLS: the protocol agreed on is the
// one asked for, and connections are used again, or not, as asked.
func TestConnectionsAreUsedAgainUnlessToldNot(t *testing.T) {
	const callers, calls = 4, 100
	for _, c := range []struct {
		version string
		secure  bool
		proto   string
		most    int64 // connections, kept alive
	}{
		{"1.1", false, "HTTP/1.1", callers},
		{"1.1", true, "HTTP/1.1", callers},
		{"2", false, "HTTP/2.0", 1},
		{"2", true, "HTTP/2.0", 1},
		{"auto", false, "HTTP/1.1", callers},
		{"auto", true, "HTTP/2.0", 1},
	} {
		for _, keep := range []bool{true, false} {
			t.Run(fmt.Sprintf("http=%s/tls=%v/keepalive=%v", c.version, c.secure, keep), func(t *testing.T) {
				var wrong atomic.Value
				s := newServer(t, c.secure, func(s *httptest.Server) { s.EnableHTTP2 = true; s.Config.Protocols.SetHTTP2(true) },
					func(w nethttp.ResponseWriter, r *nethttp.Request) {
						if r.Proto != c.proto {
							wrong.Store(r.Proto)
						}
						_, _ = io.WriteString(w, "OK")
					})
				to := open(t, s.URL, func(set *Settings) { set.Protocol, set.Reuse, set.TLS.Insecure = c.version, reuse(keep), true })
				expectOK(t, load(t, to, callers, calls))
				if got := wrong.Load(); got != nil {
					t.Errorf("spoke %v, want %s", got, c.proto)
				}
				if n := s.connections.Load(); keep && (n < 1 || n > c.most) || !keep && n != calls {
					t.Errorf("%d connections for %d calls", n, calls)
				}
				if s.requests.Load() != calls {
					t.Errorf("%d requests for %d calls", s.requests.Load(), calls)
				}
			})
		}
	}
}

// auto takes HTTP/1.1 where the server has no HTTP/2, although callers had
// begun to share the connection.
func TestAutoTakesWhatTheServerHas(t *testing.T) {
	s := newServer(t, true, nil, sleepy(time.Millisecond))
	to := open(t, s.URL, func(set *Settings) { set.Protocol, set.TLS.Insecure = "auto", true })
	expectOK(t, load(t, to, 8, 80))
	if n := s.connections.Load(); n > 8 {
		t.Errorf("%d connections for 8 callers", n)
	}
	expectBalance(t, to)
}

// With `connections` no more than these are ever open, whoever closes them
// after a call, and the calls that found all taken say how long they were
// held.
func TestConnectionsAreCapped(t *testing.T) {
	const limit, calls, each = 3, 24, 25 * time.Millisecond
	for name, c := range map[string]struct {
		keep, serverCloses bool
		connections        int64
	}{
		"kept":                 {true, false, limit},
		"closed by the client": {false, false, calls},
		"closed by the server": {true, true, calls},
	} {
		s := newServer(t, false, nil, func(w nethttp.ResponseWriter, r *nethttp.Request) {
			if c.serverCloses {
				w.Header().Set("Connection", "close")
			}
			sleepy(each)(w, r)
		})
		to := open(t, s.URL, func(set *Settings) {
			set.Connections, set.Reuse, set.Timeout = limit, reuse(c.keep), time.Minute
		})
		began := time.Now()
		outcomes := load(t, to, calls, calls)
		took := time.Since(began)
		expectOK(t, outcomes)
		expectBalance(t, to)
		if s.most.Load() != limit || s.connections.Load() != c.connections {
			t.Errorf("%s: %d at once over %d connections, want %d over %d", name, s.most.Load(), s.connections.Load(), limit, c.connections)
		}
		var held []time.Duration
		for _, out := range outcomes {
			held = append(held, out.Held)
		}
		slices.Sort(held)
		// In turns of three: the last waits for seven turns at least.
		if held[0] != 0 || held[calls/2] < each || held[calls-1] < (calls/limit-1)*each || held[calls-1] > took {
			t.Errorf("%s: held for %v", name, held)
		}
	}
}

// The time that a call is held is none of its time-out.
func TestHeldCallsHaveTheirTime(t *testing.T) {
	const each = 300 * time.Millisecond
	s := newServer(t, false, nil, sleepy(each))
	to := open(t, s.URL, func(s *Settings) { s.Connections, s.Timeout = 1, each*5/2 })
	for i, out := range load(t, to, 6, 6) { // the last is held for five of them
		if !out.OK() || out.Held > 0 && out.Held < each/2 {
			t.Errorf("call %d: %+v", i, out)
		}
	}
}

// A connection that the server is about to close takes no more calls, and is
// closed after the last one.
func TestRetiredConnectionEndsWithItsCalls(t *testing.T) {
	s := newServer(t, false, nil, nil)
	to := open(t, s.URL, func(set *Settings) { set.Protocol = "2" })
	p := to.requests[0].pool
	enter := func() place {
		at, _, err := p.take(t.Context(), wish{})
		if err == nil {
			err = at.connect(t.Context(), new(wire.Measured))
		}
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	first, second := enter(), enter()
	if first.conn != second.conn {
		t.Fatal("two calls do not share a connection")
	}
	p.retire(first.conn)
	third := enter()
	if third.conn == first.conn {
		t.Error("a call goes to the retired connection")
	}
	p.used(first.conn, false)
	if first.dead() {
		t.Error("closed while a call is under way")
	}
	p.used(second.conn, false)
	if !first.dead() {
		t.Error("not closed after the last call")
	}
	p.used(third.conn, false)
	expectBalance(t, to)
}

// A caller who gives up in line is not missed.
func TestLineGoesOnWithoutThoseWhoLeave(t *testing.T) {
	release := make(chan struct{})
	s := newServer(t, false, nil, func(nethttp.ResponseWriter, *nethttp.Request) { <-release })
	to := open(t, s.URL, func(set *Settings) { set.Connections = 1 })
	var all sync.WaitGroup
	all.Go(func() { expectOK(t, []target.Outcome{to.Call(t.Context(), nth(0))}) })
	for s.requests.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, leave := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer leave()
	all.Go(func() {
		if out := to.Call(ctx, nth(1)); out.Class != target.Cancelled || out.Held < 15*time.Millisecond {
			t.Errorf("the caller who left: %+v", out)
		}
	})
	time.Sleep(5 * time.Millisecond)
	all.Go(func() { expectOK(t, []target.Outcome{to.Call(t.Context(), nth(2))}) })
	<-ctx.Done()
	time.Sleep(5 * time.Millisecond)
	close(release)
	all.Wait()
}

// A connection that closed while it was idle is replaced without a trace, and
// does not fill the cap.
func TestConnectionClosedWhileIdle(t *testing.T) {
	to := open(t, scripted(t, func(c *net.TCPConn, n int) bool {
		answers(c, n)
		time.Sleep(5 * time.Millisecond)
		return false
	}), func(s *Settings) { s.Connections = 1 })
	p := to.requests[0].pool
	closed := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.ready) == 0 || p.ready[0].dead()
	}
	for n := range uint64(10) {
		if out := to.Call(t.Context(), nth(n)); !out.OK() || out.Attempts != 1 || out.Held != 0 {
			t.Fatalf("%+v", out)
		}
		for !closed() {
			time.Sleep(100 * time.Microsecond)
		}
	}
}

// net/http would send a request again by itself when an old connection breaks
// before the answer. Here the server does so on purpose on every second
// request: each is sent once, whatever its method, and half of the calls fail.
func TestNoHiddenRetries(t *testing.T) {
	for _, method := range []string{"GET", "PUT", "POST"} {
		var received atomic.Int64
		url := scripted(t, func(c *net.TCPConn, n int) bool {
			received.Add(1)
			return n == 0 && answers(c, n)
		})
		to := open(t, url, func(s *Settings) { s.Calls[0].Method, s.Calls[0].Body = method, []byte("x") })
		for n, out := range load(t, to, 1, 100) {
			if want := map[bool]string{true: target.Reset}[n%2 == 1]; out.Class != want || out.Attempts != 1 || out.Resent != 0 {
				t.Fatalf("%s, call %d: %+v", method, n, out)
			}
		}
		if received.Load() != 100 {
			t.Errorf("%s: the server received %d requests for 100 calls", method, received.Load())
		}
	}
}

// Whatever callers, caps, cancellations and faults come together: all calls
// end, no more connections are in use than allowed, and the pool's books
// balance in the end.
func TestPoolKeepsItsBooks(t *testing.T) {
	servers := map[bool]*server{}
	for _, secure := range []bool{false, true} {
		servers[secure] = newServer(t, secure, func(s *httptest.Server) {
			s.EnableHTTP2 = true
			s.Config.Protocols.SetHTTP2(true)
			s.Config.HTTP2 = &nethttp.HTTP2Config{MaxConcurrentStreams: 3}
		}, misbehave)
	}
	rapid.Check(t, func(r *rapid.T) {
		secure := rapid.Bool().Draw(r, "tls")
		limit := rapid.IntRange(0, 3).Draw(r, "connections")
		patience := time.Duration(rapid.IntRange(1, 20).Draw(r, "patience")) * time.Millisecond
		callers := rapid.IntRange(1, 12).Draw(r, "callers")
		faults := rapid.SliceOfN(rapid.SampledFrom([]string{"/", "/", "/slow", "/abort", "/close"}), 1, 10).Draw(r, "calls")
		to := open(t, servers[secure].URL, func(s *Settings) {
			s.Protocol = rapid.SampledFrom([]string{"1.1", "2", "auto"}).Draw(r, "http")
			s.Reuse = reuse(rapid.Bool().Draw(r, "keepalive"))
			s.Connections, s.TLS.Insecure = limit, true
			url := s.Calls[0].URL
			s.Calls = nil
			for _, fault := range faults {
				s.Calls = append(s.Calls, Request{URL: url + fault})
			}
		})
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() {
				for n := range uint64(5) {
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					to.Call(ctx, nth(n+uint64(i)))
					cancel()
				}
			})
		}
		all.Wait()
		expectBalance(r, to)
		to.Close()
	})
}

func misbehave(w nethttp.ResponseWriter, r *nethttp.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/slow"):
		time.Sleep(5 * time.Millisecond)
	case strings.HasSuffix(r.URL.Path, "/abort"):
		panic(nethttp.ErrAbortHandler)
	case strings.HasSuffix(r.URL.Path, "/close"):
		w.Header().Set("Connection", "close")
	}
	_, _ = io.WriteString(w, "OK")
}

// expectBalance checks the pools of a target that nobody uses.
func expectBalance(t rapid.TB, to *Target) {
	t.Helper()
	for _, p := range to.pools[0] {
		if problem := p.books(); problem != "" {
			t.Fatal(problem)
		}
	}
}

func (p *pool) books() (problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.line) > 0:
		return fmt.Sprintf("%d calls in line", len(p.line))
	case p.open != len(p.ready):
		return fmt.Sprintf("%d connections open, but %d ready", p.open, len(p.ready))
	case p.limit > 0 && p.open > p.limit:
		return fmt.Sprintf("%d connections, allowed are %d", p.open, p.limit)
	case !p.keep && p.open > 0:
		return fmt.Sprintf("%d connections are kept", p.open)
	}
	for i, c := range p.ready {
		if c.client == nil || c.dropped || c.retired || c.shared && c.calls != 0 || slices.Contains(p.ready[:i], c) {
			return fmt.Sprintf("ready: %+v", c)
		}
	}
	return ""
}
