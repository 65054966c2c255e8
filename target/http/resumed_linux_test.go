package http

import (
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wire"
)

func overHTTP2(s *httptest.Server) {
	s.EnableHTTP2 = true
	s.Config.Protocols.SetHTTP2(true)
}

// Every handshake is a whole one, unless sessions are to go on: then all but the
// first connection's do, over every engine.
func TestSessionsGoOn(t *testing.T) {
	for _, by := range []carrier{{wire.Sockets, "1.1", true}, {Std, "1.1", true}, {Std, "2", true}, {wire.Epoll, "1.1", true}, {wire.Uring, "1.1", true}, {wire.Epoll, "2", true}, {wire.Uring, "2", true}} {
		for resume, want := range map[bool]int32{true: 2, false: 0} {
			t.Run(fmt.Sprintf("%s %s, %v", by.engine, by.protocol, resume), func(t *testing.T) {
				var resumed atomic.Int32
				server := newServer(t, true, overHTTP2, func(_ nethttp.ResponseWriter, r *nethttp.Request) {
					if r.TLS.DidResume {
						resumed.Add(1)
					}
				})
				x := newStepper(t, by, Settings{
					Calls:    []Request{{Method: "GET", URL: server.URL}},
					Settings: client.Settings{TLS: client.TLS{Insecure: true, Resume: resume}, Reuse: client.Never},
				})
				for range 3 {
					if d := x.call(target.Request{}); !d.OK() {
						t.Fatalf("%+v", d)
					}
				}
				if got := resumed.Load(); got != want {
					t.Errorf("%d of 3 connections went on with a session, and not %d", got, want)
				}
			})
		}
	}
}
