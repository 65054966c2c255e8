package http

import (
	"crypto/tls"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wire"
)

// A kept connection that has been reset since the sockets were looked at takes nothing:
// its call goes on another one, over TLS, too.
func TestGoneConnectionsTakeNothing(t *testing.T) {
	for _, by := range []carrier{{wire.Epoll, "1.1", false}, {wire.Uring, "1.1", false}, {wire.Epoll, "1.1", true}, {wire.Uring, "1.1", true}, {wire.Epoll, "2", false}, {wire.Uring, "2", false}, {wire.Epoll, "2", true}, {wire.Uring, "2", true}} {
		t.Run(by.name(), func(t *testing.T) {
			var mu sync.Mutex
			var conns []net.Conn
			s := httptest.NewUnstartedServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = io.WriteString(w, "OK") }))
			s.EnableHTTP2 = true
			s.Config.Protocols = new(nethttp.Protocols)
			s.Config.Protocols.SetHTTP1(true)
			s.Config.Protocols.SetHTTP2(true)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
			s.Config.ConnState = func(c net.Conn, state nethttp.ConnState) {
				mu.Lock()
				defer mu.Unlock()
				if state == nethttp.StateNew {
					conns = append(conns, c)
				}
			}
			if s.Start(); by.secure {
				s.Close()
				s = httptest.NewUnstartedServer(s.Config.Handler)
				s.EnableHTTP2 = by.protocol == "2"
				s.Config.ConnState = func(c net.Conn, state nethttp.ConnState) {
					mu.Lock()
					defer mu.Unlock()
					if state == nethttp.StateNew {
						conns = append(conns, c)
					}
				}
				s.StartTLS()
			}
			defer s.Close()
			x := newStepper(t, by, Settings{Calls: []Request{{Method: "GET", URL: s.URL}}, Settings: client.Settings{TLS: client.TLS{Insecure: true}}})
			if d := x.call(target.Request{}); !d.OK() {
				t.Fatalf("%+v", d)
			}
			for range 20 { // all that came has been seen
				time.Sleep(time.Millisecond)
				x.carrier.Take(x.clock.Wait(x.clock.Now()))
			}
			now := x.clock.Wait(x.clock.Now())
			mu.Lock()
			raw := conns[len(conns)-1]
			mu.Unlock()
			if c, is := raw.(*tls.Conn); is {
				raw = c.NetConn()
			}
			_ = raw.(*net.TCPConn).SetLinger(0)
			_ = raw.Close()
			time.Sleep(20 * time.Millisecond)
			x.carrier.Send(target.NewID(0, 7), &target.Request{Number: 7}, now) // by a look that is as young as one before a pause of the loop
			if d := x.end(); !d.OK() || d.Attempts != 1 {
				t.Errorf("%s, %d attempts: %s", d.Class, d.Attempts, d.Example)
			}
		})
	}
}
