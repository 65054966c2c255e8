package http

import (
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plimsoll/target"
)

// takes reads a body of that size.
func takes(c net.Conn, size int) bool {
	_, err := io.CopyN(io.Discard, c, int64(size))
	return err == nil
}

// A body that its request asks leave for (Expect: 100-continue) goes when the
// server asks for it, or has said nothing for a second; where the server
// answers instead it is neither sent nor counted. All engines do so.
func TestExpectContinueWaitsForTheServer(t *testing.T) {
	const refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"
	for _, size := range []int{5, 200_000} {
		for name, c := range map[string]struct {
			script      func(c net.Conn, _ string) bool
			class       string
			sent        bool
			connections int           // of two calls
			wait        time.Duration // that one call takes at least; it is the only one then
		}{
			"asked for": {func(c net.Conn, _ string) bool {
				_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
				return takes(c, size) && wellAnswered(c, "")
			}, "", true, 1, 0},
			"asked for after hints": {func(c net.Conn, _ string) bool {
				_, _ = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
				time.Sleep(5 * time.Millisecond)
				_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\nA: b\r\n\r\n")
				return takes(c, size) && wellAnswered(c, "")
			}, "", true, 1, 0},
			"nothing said": {func(c net.Conn, _ string) bool { return takes(c, size) && wellAnswered(c, "") }, "", true, 1, time.Second},
			"refused":      {func(c net.Conn, _ string) bool { _, err := io.WriteString(c, refusal); return err == nil }, "status-417", false, 2, 0},
			"refused at last": {func(c net.Conn, _ string) bool {
				_, _ = io.WriteString(c, refusal[:20])
				time.Sleep(5 * time.Millisecond)
				_, err := io.WriteString(c, refusal[20:])
				return err == nil
			}, "status-417", false, 2, 0},
			"answered without": {wellAnswered, "", false, 2, 0},
			"answered slowly without": {func(c net.Conn, _ string) bool {
				_, _ = io.WriteString(c, wellDone[:len(wellDone)-1])
				time.Sleep(1200 * time.Millisecond)
				_, err := io.WriteString(c, wellDone[len(wellDone)-1:])
				return err == nil
			}, "", false, 1, 1200 * time.Millisecond},
			"refused and closed": {func(c net.Conn, _ string) bool { _, _ = io.WriteString(c, refusal); return false }, "status-417", false, 2, 0},
		} {
			calls := 2
			if c.wait > 0 {
				calls = 1
			}
			if c.wait > 0 && size > 5 {
				continue
			}
			t.Run(fmt.Sprintf("%s of %d", name, size), func(t *testing.T) {
				t.Parallel()
				byEach(t, c.script, func(t *testing.T, s *recorder, call func(func(*Settings), int) []target.Outcome) {
					began := time.Now()
					ask := func(set *Settings) {
						set.Calls[0].Method, set.Calls[0].Body = "POST", []byte(strings.Repeat("x", size))
						set.Calls[0].Headers = []Header{{"expect", "100-Continue"}}
						set.Timeout = 15 * time.Second
					}
					ended := call(ask, calls)
					if took := time.Since(began); took < c.wait {
						t.Errorf("it took %v, want %v at least", took, c.wait)
					}
					sent := strings.Join(s.connections(), "")
					bodies := strings.Count(sent, strings.Repeat("x", size))
					for _, out := range ended {
						want := int64((len(sent) - bodies*size) / calls)
						if c.sent {
							want += int64(size)
						}
						if out.Class != c.class || out.Attempts != 1 || out.BytesOut != want {
							t.Errorf("%+v, want class %q and %d bytes out", out, c.class, want)
						}
					}
					if (bodies == calls) != c.sent || !c.sent && strings.Contains(sent, "xx") || len(s.connections()) != c.connections {
						t.Errorf("%d bodies sent over %d connections; want %v over %d", bodies, len(s.connections()), c.sent, c.connections)
					}
					for try := 0; c.wait == 0 && time.Since(began) >= time.Second; try++ { // a busy machine may be slow, but not always
						if began = time.Now(); try == 10 {
							t.Fatal("always waits for a second")
						}
						call(ask, 1)
					}
				})
			})
		}
	}
}

// calls makes them one after the other.
func (c carrier) calls(t *testing.T, url string, change func(*Settings), calls int) []target.Outcome {
	t.Helper()
	over := func(s *Settings) {
		if s.Protocol = c.protocol; change != nil {
			change(s)
		}
	}
	if c.engine == Std {
		return byNetHTTP(t, url, over, calls)
	}
	return onWire(c.engine)(t, url, over, calls)
}

// Over HTTP/2 it is the same, and the connection goes on; net/http's server asks for
// a body when its handler reads it.
func TestExpectContinueOverHTTP2(t *testing.T) { bySharers(t, testExpectContinueOverHTTP2) }

func testExpectContinueOverHTTP2(t *testing.T, by carrier) {
	for name, c := range map[string]struct {
		handle nethttp.HandlerFunc
		class  string
		sent   bool
	}{
		"asked for":        {mirror, "", true},
		"refused":          {func(w nethttp.ResponseWriter, _ *nethttp.Request) { w.WriteHeader(417) }, "status-417", false},
		"answered without": {func(w nethttp.ResponseWriter, _ *nethttp.Request) { w.WriteHeader(204) }, "", false},
	} {
		s := newServer(t, false, nil, c.handle)
		asks := func(set *Settings) {
			set.Protocol = "2"
			set.Calls[0].Method, set.Calls[0].Body, set.Calls[0].Headers = "POST", []byte("hello"), []Header{{"Expect", "100-continue"}}
		}
		want := int64(len(open(t, s.URL, asks).requests[0].head))
		if c.sent {
			want += 5
		}
		for _, out := range by.calls(t, s.URL, asks, 3) {
			if out.Class != c.class || out.BytesOut != want || out.Attempts != 1 {
				t.Errorf("%s: %+v, want class %q and %d bytes out", name, out, c.class, want)
			}
		}
		if s.connections.Load() != 1 {
			t.Errorf("%s: %d connections", name, s.connections.Load())
		}
	}
}

// Where the server says nothing a body goes after a second, and not before, however
// long the connection took.
func TestExpectContinueOverHTTP2WaitsASecond(t *testing.T) {
	bySharers(t, func(t *testing.T, by carrier) {
		t.Parallel()
		h := keepHouse(t, conduct{more: conductMore{serve: byStream(func(s framed) bool { return s.well() })}}, nil, time.Minute)
		began := time.Now()
		for _, out := range by.calls(t, "http://"+h.listener.Addr().String(), func(set *Settings) {
			set.Calls[0].Method, set.Calls[0].Body, set.Calls[0].Headers = "POST", []byte("hello"), []Header{{"Expect", "100-continue"}}
		}, 1) {
			if took := time.Since(began); !out.OK() || out.Attempts != 1 || took < time.Second {
				t.Errorf("after %v: %+v", took, out)
			}
		}
		if h.whole.Load() != 1 {
			t.Errorf("%d requests came whole", h.whole.Load())
		}
	})
}

// Connection: close ends connections over HTTP/2 as well, whose frames say so
// in their own way.
func TestConnectionCloseOverHTTP2(t *testing.T) { bySharers(t, testConnectionCloseOverHTTP2) }

func testConnectionCloseOverHTTP2(t *testing.T, by carrier) {
	for name, c := range map[string]struct {
		headers []Header
		want    int64
	}{
		"none": {nil, 1}, "close": {[]Header{{"connection", "Close"}}, 6}, "in a list": {[]Header{{"Connection", "close, close"}}, 6},
	} {
		s := newServer(t, false, nil, nil)
		for _, out := range by.calls(t, s.URL, func(set *Settings) { set.Calls[0].Headers = c.headers }, 6) {
			if !out.OK() {
				t.Errorf("%s: %+v", name, out)
			}
		}
		if got := s.connections.Load(); got != c.want {
			t.Errorf("%s: %d connections, want %d", name, got, c.want)
		}
	}
	for limit, want := range map[int]int64{0: 4, 1: 3} {
		s := newServer(t, false, nil, nil)
		for _, out := range by.calls(t, s.URL, func(set *Settings) {
			set.Connections = limit
			set.Calls = []Request{set.Calls[0], {Method: "GET", URL: s.URL, Headers: []Header{{"Connection", "close"}}}}
		}, 6) {
			if !out.OK() {
				t.Errorf("in turn: %+v", out)
			}
		}
		if got := s.connections.Load(); got != want {
			t.Errorf("in turn, at most %d: %d connections, want %d: one for three calls, and three, or three of which each ends one", limit, got, want)
		}
	}
}

// Calls that share connections come on the way that the file names, too.
func TestRoutesOfStreams(t *testing.T) {
	bySharers(t, func(t *testing.T, by carrier) {
		path := filepath.Join(t.TempDir(), "s")
		local, onPath := newServer(t, false, nil, nil), newServer(t, false, onSocket(t, path), nil)
		_, port, _ := net.SplitHostPort(strings.TrimPrefix(local.URL, "http://"))
		for file, s := range map[string]*server{
			"{url: 'http://shop.example:" + port + "', resolve: {shop.example: 127.0.0.1}, http: 2}":                    local,
			"{url: 'http://shop.example:" + port + "', resolve: {shop.example: 127.0.0.1}, http: 2, source: 127.0.0.9}": local,
			"{url: 'http://shop.example/', unix: " + path + ", http: 2}":                                                onPath,
		} {
			set := readSettings(t, ".", file)
			before := s.requests.Load()
			for _, out := range by.calls(t, "http://unused/", func(into *Settings) { *into = *set }, 3) {
				if !out.OK() {
					t.Errorf("%s: %+v", file, out)
				}
			}
			if got := s.requests.Load() - before; got != 3 {
				t.Errorf("%s: %d requests", file, got)
			}
		}
	})
}

// Every engine comes to the server on the way that the file names.
func TestRoutes(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	for name, c := range map[string]struct {
		listen func(*testing.T) net.Listener
		url    string // PORT stands for the server's
		file   string // settings besides the url
		host   string // that the server hears
		from   []string
	}{
		"resolve":                 {loopback, "http://Shop.example:PORT/", "resolve: {shop.EXAMPLE: 127.0.0.1}", "Shop.example:PORT", nil},
		"resolve an address":      {loopback, "http://10.1.2.3:PORT/", "resolve: {10.1.2.3: 127.0.0.1}", "10.1.2.3:PORT", nil},
		"resolve other letters":   {loopback, "http://bücher.example:PORT/", "resolve: {BÜCHER.example: '127.0.0.1'}", "xn--bcher-kva.example:PORT", nil},
		"resolve to IPv6":         {func(t *testing.T) net.Listener { return listenAt(t, "[::1]:0") }, "http://shop.example:PORT/", "resolve: {shop.example: '::1'}", "shop.example:PORT", nil},
		"source":                  {loopback, "http://127.0.0.1:PORT/", "source: [127.0.0.2, 127.0.0.3], keepalive: false", "127.0.0.1:PORT", []string{"127.0.0.2", "127.0.0.3"}},
		"source and resolve":      {loopback, "http://shop.example:PORT/", "source: 127.0.0.4, resolve: {shop.example: 127.0.0.1}, keepalive: false", "shop.example:PORT", []string{"127.0.0.4", "127.0.0.4"}},
		"sources of two families": {loopback, "http://localhost:PORT/", "source: ['::1', 127.0.0.2], resolve: {localhost: 127.0.0.1}, keepalive: false", "localhost:PORT", []string{"127.0.0.2", "127.0.0.2"}},
		"unix":                    {func(t *testing.T) net.Listener { return listenOn(t, socket) }, "http://shop.example/", "unix: " + socket, "shop.example", nil},
		"unix without a host":     {func(t *testing.T) net.Listener { return listenOn(t, socket) }, "", "unix: " + socket, "localhost", nil},
		"unix of no file":         {func(t *testing.T) net.Listener { return listenOn(t, "@plimsoll-test-"+fmt.Sprint(os.Getpid())) }, "http://h/", "unix: '@plimsoll-test-" + fmt.Sprint(os.Getpid()) + "'", "h", nil},
	} {
		for _, carrier := range carriers {
			if carrier.secure {
				continue
			}
			t.Run(name+" by "+carrier.name, func(t *testing.T) {
				listener := c.listen(t)
				var came []string
				heard := make(chan string, 10)
				s := record(t, listener, func(n net.Conn, _ string) bool {
					from, _, _ := net.SplitHostPort(n.RemoteAddr().String())
					heard <- from
					return wellAnswered(n, "")
				})
				_, port, _ := net.SplitHostPort(listener.Addr().String())
				file := "{" + c.file + "}"
				if c.url != "" {
					file = fmt.Sprintf("{url: %q, %s}", strings.Replace(c.url, "PORT", port, 1), c.file)
				}
				s1 := readSettings(t, ".", file)
				for _, out := range carrier.call(t, "http://unused/", func(set *Settings) { *set = *s1 }, 2) {
					if !out.OK() {
						t.Errorf("%+v", out)
					}
					came = append(came, <-heard)
				}
				if sent, want := strings.Join(s.connections(), ""), "\r\nHost: "+strings.Replace(c.host, "PORT", port, 1)+"\r\n"; strings.Count(sent, want) != 2 {
					t.Errorf("sent %q, want %q twice", sent, want)
				}
				if c.from != nil && fmt.Sprint(came) != fmt.Sprint(c.from) {
					t.Errorf("the calls came from %v, want %v", came, c.from)
				}
			})
		}
	}
}

func listenAt(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Skip(err) // a machine without IPv6
	}
	return listener
}

func listenOn(t *testing.T, path string) net.Listener {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// A socket serves TLS and HTTP/2, too.
func TestRoutesOverTLSAndHTTP2(t *testing.T) {
	for _, protocol := range []string{"1.1", "2", "auto"} {
		path := filepath.Join(t.TempDir(), "s")
		s := newServer(t, true, onSocket(t, path), nil)
		set := readSettings(t, ".", fmt.Sprintf("{url: 'https://example.com/', unix: %q, http: %s, tls: {ca: %q}}", path, protocol, s.authority(t)))
		engines := []func(*testing.T, string, func(*Settings), int) []target.Outcome{byNetHTTP}
		if protocol == "1.1" {
			engines = append(engines, onWire("wire-net"))
		}
		for i, engine := range engines {
			for _, out := range engine(t, "http://unused/", func(into *Settings) { *into = *set }, 3) {
				if !out.OK() {
					t.Errorf("http %s, engine %d: %+v", protocol, i, out)
				}
			}
		}
		if got, want := s.requests.Load(), int64(3*len(engines)); got != want {
			t.Errorf("http %s: %d requests, want %d", protocol, got, want)
		}
	}
}

// No way is an error of the server's, and says which; no source is one of ours.
func TestNoRoute(t *testing.T) {
	for _, carrier := range carriers {
		if carrier.secure {
			continue
		}
		set := readSettings(t, t.TempDir(), "{unix: nobody}")
		for _, out := range carrier.call(t, "http://unused/", func(into *Settings) { *into = *set }, 2) {
			if out.Class != target.Connect || !strings.HasSuffix(out.Example, "/nobody: no such file or directory") || out.Attempts != 1 {
				t.Errorf("%s: %+v", carrier.name, out)
			}
		}
	}
	set := readSettings(t, ".", "{url: 'http://shop.example/', source: 192.0.2.1}")
	const want = "source: 192.0.2.1 is no address of this machine"
	if _, _, err := set.Wire(""); err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
	if _, err := Open(*set, ""); err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
}
