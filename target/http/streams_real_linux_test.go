package http

import (
	"bytes"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/real"
	"plimsoll/target/wire"
)

// Servers of others have seen as many requests as are told of, on as many streams
// of as many connections as there may be, and none fails. nginx goes away after so many
// requests on a connection: what it declares unprocessed is sent once more, as often as
// a call meets that.
func TestRealServersCountAlike(t *testing.T) {
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
			for _, engine := range []string{wire.Epoll, wire.Uring, Std} {
				t.Run(fmt.Sprintf("%s/%dx%d for %d by %s", name, c.connections, c.streams, c.atOnce, engine), func(t *testing.T) {
					url, seen := start(t)
					expectSeen(t, engine, url, seen, c.atOnce, func(s *Settings) {
						s.Protocol, s.Connections, s.Streams = "2", c.connections, c.streams
					})
				})
			}
		}
	}
}

// Nor does nginx count otherwise than any engine over HTTP/1.1, though it closes
// connections after some requests.
func TestRealServersOfOneByOneCountAlike(t *testing.T) {
	for _, more := range []string{"", "keepalive_requests 50;"} {
		for _, c := range []struct{ connections, atOnce int }{{1, 1}, {8, 64}, {0, 30}} {
			for _, engine := range []string{wire.Epoll, wire.Uring, wire.Sockets, Std} {
				t.Run(fmt.Sprintf("%s/%d for %d by %s", more, c.connections, c.atOnce, engine), func(t *testing.T) {
					address, log := real.NginxOneByOne(t, more)
					seen := func() int64 { return occurrences(t, log, "200\n") }
					expectSeen(t, engine, "http://"+address+"/", seen, c.atOnce, func(s *Settings) { s.Connections = c.connections })
				})
			}
		}
	}
}

// expectSeen calls a server, all well, and compares with what it has seen. Over net/http a
// call that two connections have refused is told as a failure, which nobody has looked at.
func expectSeen(t *testing.T, engine, url string, seen func() int64, atOnce int, change func(*Settings)) {
	t.Helper()
	calls := 5000
	if testing.Short() {
		calls = 1000
	}
	set := open(t, url, func(s *Settings) {
		s.Timeout = time.Minute
		change(s)
	}).settings
	looked, refused, failed := int64(0), int64(0), map[string]int{}
	for _, r := range carryOut(t, engine, set, atOnce, calls, func(int) {}) {
		switch looked += int64(r.attempts - r.resent); {
		case r.class == "":
		case engine == Std && set.Protocol == "2" && r.class == target.Reset && r.resent == 1:
			refused++
		default:
			failed[r.example]++
		}
	}
	for try := 0; seen() != looked-refused && try < 200; try++ { // logs come a moment later
		time.Sleep(10 * time.Millisecond)
	}
	if got := seen(); got != int64(calls)-refused || got != looked-refused || len(failed) > 0 || refused > int64(calls)/10 {
		t.Errorf("%d calls and %d refused twice are told of, it has looked at %d; %v", looked, refused, got, failed)
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
