package http

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// seen is what a server got.
type seen struct {
	Method, Path, Host, Body string
	Header                   nethttp.Header
}

func mirror(w nethttp.ResponseWriter, r *nethttp.Request) {
	body, _ := io.ReadAll(r.Body)
	_ = json.NewEncoder(w).Encode(seen{r.Method, r.URL.RequestURI(), r.Host, string(body), r.Header})
}

// got sends the n-th request, and returns what the server got.
func got(t *testing.T, to *Target, last *atomic.Pointer[seen], n uint64) *seen {
	t.Helper()
	if out := to.Call(t.Context(), nth(n)); !out.OK() {
		t.Fatalf("%+v", out)
	}
	return last.Load()
}

// Requests arrive as they were written, in turn by the call's number.
func TestRequestsArriveAsWritten(t *testing.T) {
	var last atomic.Pointer[seen]
	for _, version := range []string{"1.1", "2"} {
		s := newServer(t, false, nil, func(_ nethttp.ResponseWriter, r *nethttp.Request) {
			body, _ := io.ReadAll(r.Body)
			last.Store(&seen{r.Method, r.URL.RequestURI(), r.Host, string(body), r.Header})
		})
		to := open(t, "", func(set *Settings) {
			set.Protocol = version
			set.Calls = []Request{
				{URL: s.URL + "/items?id=1&x=a%20b"},
				{Method: "POST", URL: s.URL, Body: []byte("hello"), Headers: []Header{{"Host", "shop.example"}, {"X-Twice", "1"}, {"x-twice", "2"}}},
				{Method: "DELETE", URL: strings.Replace(s.URL, "//", "//ann:secret@", 1) + "/x", Headers: []Header{{"User-Agent", "me"}}},
			}
		})
		for range 2 { // the body must be there the second time, too
			g := got(t, to, &last, 3)
			if g.Method != "GET" || g.Path != "/items?id=1&x=a%20b" || g.Body != "" || g.Header.Get("User-Agent") != "plimsoll" || g.Header.Get("Accept-Encoding") != "" {
				t.Errorf("HTTP %s: %+v", version, g)
			}
			g = got(t, to, &last, 4)
			if g.Method != "POST" || g.Body != "hello" || g.Host != "shop.example" || fmt.Sprint(g.Header["X-Twice"]) != "[1 2]" || g.Header.Get("Content-Length") != "5" {
				t.Errorf("HTTP %s: %+v", version, g)
			}
			g = got(t, to, &last, 5)
			if g.Method != "DELETE" || g.Header.Get("Authorization") != "Basic YW5uOnNlY3JldA==" || g.Header.Get("User-Agent") != "me" {
				t.Errorf("HTTP %s: %+v", version, g)
			}
		}
	}
}

func TestPathsAreResolvedAgainstTheBase(t *testing.T) {
	var paths []string
	s := newServer(t, false, nil, func(_ nethttp.ResponseWriter, r *nethttp.Request) { paths = append(paths, r.URL.RequestURI()) })
	to, err := Open(Settings{Calls: []Request{{URL: "/"}, {URL: "/items?id=1"}}}, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	expectOK(t, load(t, to, 1, 2))
	if fmt.Sprint(paths) != "[/ /items?id=1]" {
		t.Errorf("paths %v", paths)
	}
}

// meter counts what passes over the connections that it accepts.
type meter struct {
	net.Listener
	in, out atomic.Int64 // bytes, seen from the client
}

func (m *meter) Accept() (net.Conn, error) {
	c, err := m.Listener.Accept()
	return &metered{c, m}, err
}

type metered struct {
	net.Conn
	meter *meter
}

func (c *metered) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.meter.out.Add(int64(n))
	return n, err
}

func (c *metered) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.meter.in.Add(int64(n))
	return n, err
}

// Over HTTP/1.1 the bytes counted are those on the wire, but for the framing
// of chunks.
func TestBytesAreThoseOnTheWire(t *testing.T) {
	m := &meter{}
	s := newServer(t, false, func(s *httptest.Server) { m.Listener = s.Listener; s.Listener = m }, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		switch r.URL.Path {
		case "/large":
			w.Header().Set("Content-Length", "1000000")
			_, _ = w.Write(make([]byte, 1_000_000))
		case "/chunked":
			_, _ = io.WriteString(w, "hello")
			nethttp.NewResponseController(w).Flush()
		case "/none":
			w.WriteHeader(204)
		default:
			mirror(w, r)
		}
	})
	const framing = int64(len("5\r\n\r\n0\r\n\r\n"))
	for path, uncounted := range map[string]int64{"/": 0, "/large": 0, "/none": 0, "/chunked": framing} {
		for _, keep := range []bool{true, false} {
			to := open(t, s.URL+path, func(set *Settings) {
				set.Reuse = reuse(keep)
				set.Calls[0].Body, set.Calls[0].Method = []byte("some body"), "POST"
			})
			in, out := m.in.Load(), m.out.Load()
			g := to.Call(t.Context(), nth(0))
			settled := func() bool { return g.BytesIn == m.in.Load()-in-uncounted && g.BytesOut == m.out.Load()-out }
			for range 1000 {
				if settled() { // the server may not have counted what the client has read
					break
				}
				time.Sleep(time.Millisecond)
			}
			if !settled() {
				t.Errorf("%s: %d bytes in and %d out, on the wire %d and %d", path, g.BytesIn, g.BytesOut, m.in.Load()-in-uncounted, m.out.Load()-out)
			}
		}
	}
}

// The text sought is found wherever the pieces of the body are cut.
func TestContainsFindsTextAcrossPieces(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringMatching(`[ab]{1,6}`).Draw(r, "text")
		pieces := rapid.SliceOf(rapid.SliceOfN(rapid.SampledFrom([]byte("abc")), 0, 5)).Draw(r, "pieces")
		to, err := Open(Settings{Calls: []Request{{URL: "http://x"}}, Success: Success{Contains: text}}, "")
		if err != nil {
			r.Fatal(err)
		}
		whole := bytes.Join(pieces, nil)
		got, err := to.drain(&nethttp.Response{StatusCode: 200, Body: io.NopCloser(&inPieces{pieces})}, nil)
		if err != nil {
			r.Fatal(err)
		}
		if want := bytes.Contains(whole, []byte(text)); got.found != want || got.size != int64(len(whole)) {
			r.Errorf("%q in %q: %v, want %v; %d bytes", text, pieces, got.found, want, got.size)
		}
	})
}

// inPieces gives one piece a read, and the end with the last one or after it.
type inPieces struct{ pieces [][]byte }

func (p *inPieces) Read(b []byte) (int, error) {
	if len(p.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.pieces[0])
	p.pieces = p.pieces[1:]
	if len(p.pieces) == 0 && n%2 == 0 {
		return n, io.EOF
	}
	return n, nil
}

func TestClosedTargetClosesItsConnections(t *testing.T) {
	s := newServer(t, false, nil, nil)
	to := open(t, s.URL, nil)
	expectOK(t, load(t, to, 4, 40))
	to.Close()
	expectOK(t, load(t, to, 1, 1)) // a late one leaves nothing behind either
	for range 1000 {
		if s.closed.Load() == s.connections.Load() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d connections opened, %d closed", s.connections.Load(), s.closed.Load())
}

// BenchmarkCall compares a call with what net/http's own client takes for the
// same, against a server that does next to nothing.
func BenchmarkCall(b *testing.B) {
	url := scripted(b, func(c *net.TCPConn, _ int) bool {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 128\r\n\r\n"+strings.Repeat("x", 128))
		return err == nil
	})
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("plimsoll/%d", callers), func(b *testing.B) {
			to := open(b, url, nil)
			b.ReportAllocs()
			spread(b, callers, func(n uint64) bool { return to.Call(b.Context(), nth(n)).OK() })
		})
		b.Run(fmt.Sprintf("net-http/%d", callers), func(b *testing.B) {
			client := nethttp.Client{Transport: &nethttp.Transport{MaxIdleConnsPerHost: callers, DisableCompression: true}}
			defer client.CloseIdleConnections()
			b.ReportAllocs()
			spread(b, callers, func(uint64) bool {
				answer, err := client.Get(url)
				if err != nil {
					return false
				}
				_, err = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
				return err == nil
			})
		})
	}
}

// spread shares b.N calls among callers.
func spread(b *testing.B, callers int, call func(n uint64) bool) {
	var n atomic.Uint64
	var all sync.WaitGroup
	b.ResetTimer()
	for range callers {
		all.Go(func() {
			for i := n.Add(1); i <= uint64(b.N); i = n.Add(1) {
				if !call(i) {
					b.Error("a call failed")
					return
				}
			}
		})
	}
	all.Wait()
}
