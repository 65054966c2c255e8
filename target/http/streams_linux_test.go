package http

import (
	"encoding/json"
	"fmt"
	"io"
	nethttp "net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wire"
)

// several makes calls, so many at a time.
func (c carrier) several(t *testing.T, url string, change func(*Settings), atOnce, calls int) []target.Outcome {
	t.Helper()
	to := open(t, url, func(s *Settings) {
		s.Protocol = c.protocol
		change(s)
	})
	if c.engine == Std {
		return load(t, to, atOnce, calls)
	}
	return byLoop(t, c.engine, to.settings, atOnce, calls, nil)
}

// Over HTTP/2 calls share connections up to what the server allows, or the file,
// and only then another one is set up, or they are held.
func TestHTTP2SharesConnections(t *testing.T) { bySharers(t, testHTTP2SharesConnections) }

func testHTTP2SharesConnections(t *testing.T, by carrier) {
	const calls, each = 40, 20 * time.Millisecond
	for _, c := range []struct{ limit, theirs, ours, want int }{
		{0, 5, 0, 5}, {2, 5, 0, 5}, {2, 5, 3, 3}, {0, 5, 3, 3}, {1, 1, 0, 1}, {3, 100, 2, 2},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			t.Parallel()
			var connections, most, begun atomic.Int64
			h := keepHouse(t, conduct{more: conductMore{serve: func(v *visit) {
				connections.Add(1)
				var atOnce atomic.Int64
				var answers sync.WaitGroup
				defer answers.Wait()
				byStreams("\x00\x03\x00\x00\x00"+string(rune(c.theirs)), func(s framed) bool {
					begun.Add(1)
					if now := atOnce.Add(1); now > most.Load() {
						most.Store(now)
					}
					if s.number == 0 { // nobody knows the server's limit before
						atOnce.Add(-1)
						return s.well()
					}
					answers.Go(func() {
						time.Sleep(each)
						atOnce.Add(-1)
						s.well()
					})
					return true
				})(v)
			}}}, nil, time.Minute)
			outcomes := by.several(t, "http://"+h.listener.Addr().String(), func(set *Settings) {
				set.Connections, set.Streams, set.Timeout = c.limit, c.ours, time.Minute
			}, c.want, calls) // as many as there are on one connection
			expectOK(t, outcomes)
			if n := h.whole.Load(); n != calls {
				t.Errorf("%d requests for %d calls", n, calls)
			}
			if most.Load() > int64(c.want) || c.limit > 0 && connections.Load() > int64(c.limit) {
				t.Errorf("%d at once over %d connections", most.Load(), connections.Load())
			}
		})
	}
}

// What finds all streams of all connections taken is held until there is room.
func TestStreamsAreHeld(t *testing.T) {
	bySharers(t, func(t *testing.T, by carrier) {
		const each, calls = 20 * time.Millisecond, 24
		s := newServer(t, false, nil, sleepy(each))
		held := 0
		outcomes := by.several(t, s.URL, func(set *Settings) { set.Connections, set.Streams, set.Timeout = 2, 3, time.Minute }, calls, calls)
		expectOK(t, outcomes)
		for _, out := range outcomes {
			if out.Held > each/2 {
				held++
			}
		}
		if s.most.Load() > 6 || s.connections.Load() > 2 || held < calls-6 {
			t.Errorf("%d at once over %d connections, %d held", s.most.Load(), s.connections.Load(), held)
		}
	})
}

// Connections are used again, or not, as asked.
func TestSharedConnectionsAreUsedAgainUnlessToldNot(t *testing.T) {
	bySharers(t, func(t *testing.T, by carrier) {
		for keep, want := range map[bool]int64{true: 1, false: 100} {
			s := newServer(t, false, nil, func(w nethttp.ResponseWriter, r *nethttp.Request) { _, _ = io.WriteString(w, r.Proto) })
			expectOK(t, by.several(t, s.URL, func(set *Settings) {
				set.Reuse, set.Success.Contains = reuse(keep), "HTTP/2.0"
			}, 4, 100))
			if s.connections.Load() != want || s.requests.Load() != 100 {
				t.Errorf("%d requests over %d connections, want 100 over %d", s.requests.Load(), s.connections.Load(), want)
			}
		}
	})
}

// Requests arrive as they were written, in turn by the call's number, by whomever.
func TestRequestsArriveAsWrittenOnStreams(t *testing.T) {
	var told []string
	for _, by := range sharers {
		var mu sync.Mutex
		var got []seen
		s := newServer(t, false, nil, func(_ nethttp.ResponseWriter, r *nethttp.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			got = append(got, seen{r.Method, r.URL.RequestURI(), strings.Replace(r.Host, strings.TrimPrefix(r.Host, "127.0.0.1"), "", 1), string(body), r.Header})
		})
		expectOK(t, by.several(t, s.URL, func(set *Settings) {
			set.Calls = []Request{
				{Method: "GET", URL: s.URL + "/items?id=1&x=a%20b"},
				{Method: "POST", URL: s.URL, Body: []byte("hello"), Headers: []Header{{"Host", "shop.example"}, {"X-Twice", "1"}, {"x-twice", "2"}, {"Cookie", "a=b; c=d"}}},
				{Method: "DELETE", URL: strings.Replace(s.URL, "//", "//ann:secret@", 1) + "/x", Headers: []Header{{"User-Agent", "me"}, {"TE", "trailers"}}},
				{Method: "PUT", URL: s.URL + "/empty", Headers: []Header{{"X-Long", strings.Repeat("y", 20_000)}, {"X-Name", "Jürgen"}, {"Accept-Encoding", "gzip"}}},
				{Method: "HEAD", URL: s.URL + "/head"},
			}
		}, 1, 10))
		mu.Lock()
		defer mu.Unlock()
		if len(got) != 10 || got[1].Body != "hello" || got[1].Host != "shop.example" && got[1].Host != "" || fmt.Sprint(got[6].Header["X-Twice"]) != "[1 2]" {
			t.Errorf("%s: %.2000v", by.engine, got)
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, string(text))
	}
	if told[0] != told[1] {
		t.Errorf("sent by %s\n%.3000s\nby %s\n%.3000s", sharers[0].engine, told[0], sharers[1].engine, told[1])
	}
}

// A call that is led on keeps its place: with one stream on a connection there is
// no second connection, and nobody overtakes where there may be but one.
func TestCallsThatAreLedOnKeepTheirPlace(t *testing.T) {
	by := carrier{wire.Epoll, "2", false}
	for limit := range 2 {
		s := newServer(t, false, nil, func(w nethttp.ResponseWriter, r *nethttp.Request) {
			if r.URL.Path == "/home" {
				nethttp.Redirect(w, r, "/", nethttp.StatusFound)
			}
		})
		x := newStepper(t, by, Settings{Calls: []Request{{Method: "GET", URL: s.URL}}, Streams: 1, Settings: client.Settings{Connections: limit}})
		home := x.prepare(asks(t, "GET", "/home", nil))
		for range 3 {
			if d := x.call(target.Request{Call: home}); !d.OK() || d.Hops != 1 || d.Held != 0 {
				t.Errorf("%+v", d)
			}
		}
		if s.connections.Load() != 1 || s.requests.Load() != 6 {
			t.Errorf("%d requests over %d connections", s.requests.Load(), s.connections.Load())
		}
	}
}
