package http

import (
	"bytes"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"plimsoll/target/real"
	"plimsoll/target/wire"
)

// Servers of others have seen as many requests as are told of, on as many streams
// of as many connections as there may be, and none fails. nginx goes away after so many
// requests on a connection: what it declares unprocessed is sent once more, as often as
// a call meets that.
func TestRealServersCountAlike(t *testing.T) {
	calls := 20_000
	if testing.Short() {
		calls = 2000
	}
	for name, start := range map[string]func(t *testing.T) (url string, seen func() int64){
		"nginx": func(t *testing.T) (string, func() int64) {
			address, log := real.NginxStreams(t, "")
			return "http://" + address + "/", func() int64 { return occurrences(t, log, "200\n") }
		},
		"nginx each fifty": func(t *testing.T) (string, func() int64) {
			address, log := real.NginxStreams(t, "keepalive_requests 50;")
			return "http://" + address + "/", func() int64 { return occurrences(t, log, "200\n") }
		},
		"nghttpd": func(t *testing.T) (string, func() int64) {
			address, log := real.Nghttpd(t, "-m", "5")
			return "http://" + address + "/ok", func() int64 { return occurrences(t, log, ":method: GET\n") }
		},
		"Go": func(t *testing.T) (string, func() int64) {
			s := newServer(t, false, func(s *httptest.Server) {
				s.Config.HTTP2 = &nethttp.HTTP2Config{MaxConcurrentStreams: 8}
			}, nil)
			return s.URL, s.requests.Load
		},
		"Go, few streams": func(t *testing.T) (string, func() int64) {
			s := newServer(t, false, func(s *httptest.Server) {
				s.Config.HTTP2 = &nethttp.HTTP2Config{MaxConcurrentStreams: 1}
			}, nil)
			return s.URL, s.requests.Load
		},
	} {
		for _, c := range []struct{ connections, streams, atOnce int }{{1, 1, 1}, {8, 8, 64}, {2, 0, 100}, {0, 0, 30}} {
			t.Run(fmt.Sprintf("%s/%dx%d for %d", name, c.connections, c.streams, c.atOnce), func(t *testing.T) {
				url, seen := start(t)
				set := open(t, url, func(s *Settings) {
					s.Protocol, s.Connections, s.Streams, s.Timeout = "2", c.connections, c.streams, time.Minute
				}).settings
				attempts, resent, failed := int64(0), int64(0), map[string]int{}
				for _, out := range byLoop(t, wire.Epoll, set, c.atOnce, calls, nil) {
					if attempts, resent = attempts+int64(out.Attempts), resent+int64(out.Resent); !out.OK() {
						failed[out.Example]++
					}
				}
				for try := 0; seen() != attempts-resent && try < 200; try++ { // logs come a moment later
					time.Sleep(10 * time.Millisecond)
				}
				if got := seen(); got != int64(calls) || got != attempts-resent || len(failed) > 0 {
					t.Errorf("%d attempts, %d of them sent again; it has looked at %d; %v", attempts, resent, got, failed)
				}
				t.Logf("%d attempts, %d of them sent again", attempts, resent)
			})
		}
	}
}

// occurrences counts those of a text in a file.
func occurrences(t *testing.T, path, text string) int64 {
	t.Helper()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return int64(bytes.Count(all, []byte(text)))
}
