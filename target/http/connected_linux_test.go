package http

import (
	"context"
	"maps"
	nethttp "net/http"
	"sync"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/kind"
	"plimsoll/target/wait"
	"plimsoll/target/wire"
)

// Whoever asks hears of every connection that the server has seen, and of what was
// spoken on it.
func TestConnectionsAreTold(t *testing.T) {
	for _, by := range []carrier{
		{wire.Epoll, "1.1", false}, {wire.Epoll, "1.1", true}, {wire.Epoll, "2", false}, {wire.Epoll, "2", true},
		{wire.Sockets, "1.1", false}, {wire.Sockets, "1.1", true},
		{Std, "1.1", false}, {Std, "1.1", true}, {Std, "2", false}, {Std, "2", true}, {Std, "auto", true},
	} {
		t.Run(by.name(), func(t *testing.T) {
			var mu sync.Mutex
			spoken, told := map[string]int64{}, map[string]int64{}
			server := newServer(t, by.secure, overHTTP2, func(_ nethttp.ResponseWriter, r *nethttp.Request) {
				mu.Lock()
				defer mu.Unlock()
				spoken[r.Proto]++
			})
			s := Settings{
				Calls: []Request{{Method: "GET", URL: server.URL}}, Engine: by.engine, Protocol: by.protocol,
				Settings: client.Settings{TLS: client.TLS{Insecure: true}, Reuse: client.Never, Timeout: 10 * time.Second},
			}
			opened, err := s.Open(context.Background(), kind.Site{Connected: func(protocol string) {
				mu.Lock()
				defer mu.Unlock()
				told[protocol]++
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer opened.Close()
			var clock target.Clock = wait.NewDoze(0)
			if opened.Polls {
				clock.Close()
				if clock, err = wait.NewPoll(0); err != nil {
					t.Fatal(err)
				}
			}
			defer clock.Close()
			carrier, err := opened.Carrier(clock)
			if err != nil {
				t.Fatal(err)
			}
			defer carrier.Close()
			for n := range 3 {
				due := carrier.Send(target.NewID(0, uint64(n)), nth(uint64(n)), clock.Now())
				for {
					var d *target.Done
					if d, due = carrier.Take(clock.Wait(due)); d == nil {
						continue
					}
					if !d.OK() {
						t.Fatalf("%+v", d)
					}
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			want := map[string]int64{}
			for protocol, n := range spoken {
				want[map[string]string{"HTTP/1.1": "HTTP/1.1", "HTTP/2.0": "HTTP/2"}[protocol]] = n
			}
			if seen := server.connections.Load(); !maps.Equal(told, want) || seen != 3 {
				t.Errorf("%v, and the server has seen %v over %d connections", told, want, seen)
			}
		})
	}
}
