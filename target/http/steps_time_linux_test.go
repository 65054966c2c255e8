package http

import (
	"context"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/wire"
)

// A time-out is of all hops together, at home as abroad.
func TestHopsShareOneTimeout(t *testing.T) {
	for _, by := range everyStepper {
		t.Run(by.name(), func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			var whither atomic.Value
			slow := nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
				if asked.Add(1); r.URL.Path == "/hang" {
					<-r.Context().Done()
				}
				time.Sleep(20 * time.Millisecond)
				nethttp.Redirect(w, r, whither.Load().(string)+r.URL.Path, nethttp.StatusFound)
			})
			home, far := serveAll(t, by.secure, slow), serveAll(t, by.secure, slow)
			for _, other := range []string{home.URL, strings.Replace(far.URL, "127.0.0.1", "localhost", 1)} {
				asked.Store(0)
				whither.Store(other)
				x := newStepper(t, by, Settings{Calls: []Request{{URL: home.URL}}, Settings: client.Settings{Timeout: 200 * time.Millisecond}})
				call := asks(t, "GET", "/loop", func(c *httpcall.Call) { c.Redirects = 100 })
				d := x.call(target.Request{Call: x.prepare(call)})
				for try := 0; (d.Hops == 0 || d.Class == target.DNS) && try < 5; try++ { // a busy machine may take so long over one hop, or a name, but not always
					d = x.call(target.Request{Call: x.prepare(call)})
				}
				if d.Class != target.Timeout || d.Hops == 0 || d.Hops > 50 || int64(d.Hops) > asked.Load() || d.Attempts != 1 {
					t.Errorf("%+v, asked %d times", d, asked.Load())
				}
				if d := x.call(target.Request{Call: x.prepare(asks(t, "GET", "/hang", nil))}); d.Class != target.Timeout || d.Hops != 0 {
					t.Errorf("%+v", d)
				}
			}
		})
	}
}

// A redirect that came in time, and is seen when that is over, leads to nothing
// that would take longer.
func TestRedirectsThatAreSeenLate(t *testing.T) {
	for _, by := range everyStepper {
		home := serveAll(t, by.secure, nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			if r.URL.Path == "/hang" {
				<-r.Context().Done()
			}
			nethttp.Redirect(w, r, "/hang", nethttp.StatusFound)
		}))
		x := newStepper(t, by, Settings{Calls: []Request{{URL: home.URL}}, Settings: client.Settings{Timeout: 100 * time.Millisecond}})
		x.send(target.NewID(0, 0), target.Request{Call: x.prepare(asks(t, "GET", "/", nil))})
		x.carrier.Take(x.clock.Wait(x.clock.Now())) // it is connected, perhaps
		time.Sleep(150 * time.Millisecond)
		if d := x.end(); d.Class != target.Timeout {
			t.Errorf("%s: %+v", by.name(), d)
		}
	}
}

// Where there is one connection, calls that are led on share it with those in
// line, and all come to their end.
func TestHopsAtTheCapOfConnections(t *testing.T) {
	for _, by := range everyStepper {
		t.Run(by.name(), func(t *testing.T) {
			var asked atomic.Int64
			home := serveAll(t, by.secure, nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
				if asked.Add(1); r.URL.Path == "/a" {
					nethttp.Redirect(w, r, "/b", nethttp.StatusFound)
				}
			}))
			x := newStepper(t, by, Settings{Calls: []Request{{URL: home.URL}}, Settings: client.Settings{Connections: 1}})
			call := x.prepare(asks(t, "GET", "/a", nil))
			const calls = 20
			for n := range uint32(calls) {
				x.send(target.NewID(n, 0), target.Request{Call: call, User: n})
			}
			held := 0
			for range calls {
				d := x.end()
				if !d.OK() || d.Hops != 1 || d.Attempts != 1 {
					t.Errorf("%+v", d)
				}
				if d.Held > 0 {
					held++
				}
			}
			if asked.Load() != 2*calls || by.protocol == "1.1" && held < calls-2 {
				t.Errorf("asked %d times, %d calls held", asked.Load(), held)
			}
		})
	}
}

// Servers lead from http to https, also where the engine speaks no TLS.
func TestRedirectsLeadToTLS(t *testing.T) {
	secure := httptest.NewTLSServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		_, _ = io.WriteString(w, r.Proto+" "+r.RequestURI)
	}))
	t.Cleanup(secure.Close)
	for _, by := range everyStepper {
		if by.protocol == "2" || by.secure {
			continue // it leads from plain to TLS, where the server speaks HTTP/1.1
		}
		home := serveAll(t, false, nethttp.RedirectHandler(secure.URL+"/x", nethttp.StatusMovedPermanently))
		for insecure, class := range map[bool]string{true: "", false: target.TLS} {
			x := newStepper(t, by, Settings{Calls: []Request{{URL: home.URL}}, Settings: client.Settings{TLS: client.TLS{Insecure: insecure}}})
			d := x.call(target.Request{Call: x.prepare(asks(t, "GET", "/", nil)), Want: wants(t, "body")})
			if d.Class != class || d.Hops != 1 || class == "" && d.Found[0].Text != "HTTP/1.1 /x" {
				t.Errorf("%s: %+v", by.name(), d)
			}
		}
	}
}

// Where the target's server has a socket of its own, others are still called by
// their address.
func TestStepsLeaveTheSocket(t *testing.T) {
	answers := func(text string) nethttp.Handler {
		return nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			_, _ = io.WriteString(w, text+" "+r.Host)
		})
	}
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
	if err != nil {
		t.Fatal(err)
	}
	home := &nethttp.Server{Handler: answers("socket")}
	go func() { _ = home.Serve(listener) }()
	t.Cleanup(func() { _ = home.Close() })
	far := serveAll(t, false, answers("address"))
	for _, by := range everyStepper[:3] {
		x := newStepper(t, by, Settings{Calls: []Request{{URL: "http://localhost/"}}, Route: wire.Route{Unix: listener.Addr().String()}})
		for url, want := range map[string]string{"/": "socket localhost", "http://localhost/": "socket localhost", far.URL: "address " + far.Listener.Addr().String()} {
			d := x.call(target.Request{Call: x.prepare(asks(t, "GET", url, nil)), Want: wants(t, "body")})
			if !d.OK() || d.Found[0].Text != want {
				t.Errorf("%s: %s leads to %+v", by.name(), url, d)
			}
		}
	}
}

// Where the time is over before a request is on its connection, that is what it
// is: no name is looked up, and no connection made, that would come too late.
func TestWhatIsTooLateGoesNowhere(t *testing.T) {
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(nethttp.HandlerFunc(func(nethttp.ResponseWriter, *nethttp.Request) {}))
	server.Config.ConnState = func(_ net.Conn, s nethttp.ConnState) {
		if s == nethttp.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	url := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	to, err := Open(Settings{Calls: []Request{{URL: url}}, Settings: client.Settings{Timeout: time.Minute}, MaxHead: http1.UsualHead}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if out := to.Call(t.Context(), &target.Request{}); !out.OK() {
		t.Fatalf("%+v", out)
	}
	over, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	r := to.requests[0]
	at, _, err := r.pool.take(t.Context(), wish{})
	if err != nil {
		t.Fatal(err)
	}
	out := target.Outcome{Parts: wire.NewParts(nil)}
	if f := to.exchanges(t.Context(), over, at, r, &out); f == nil || f.class != target.Timeout || connections.Load() != 1 {
		t.Errorf("%+v, %+v, over %d connections", f, out, connections.Load())
	}
}
