package http

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/wire"
)

// recorder is a server that keeps what it is sent, byte for byte, by
// connection, and answers each request by its script.
type recorder struct {
	url    string
	script func(c net.Conn, request string) (goOn bool)

	mu   sync.Mutex
	sent []*bytes.Buffer // by connection, in the order in which they came
}

func record(t *testing.T, listener net.Listener, script func(net.Conn, string) bool) *recorder {
	t.Helper()
	s := &recorder{url: "http://" + listener.Addr().String(), script: script}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(all.Wait)
	t.Cleanup(func() { _ = listener.Close() })
	return s
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func (s *recorder) serve(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	kept := &bytes.Buffer{}
	s.mu.Lock()
	s.sent = append(s.sent, kept)
	s.mu.Unlock()
	in := bufio.NewReader(io.TeeReader(c, lockedWriter{&s.mu, kept}))
	for {
		request, err := readRequest(in)
		if err != nil || !s.script(peer{c, in}, request) {
			return
		}
	}
}

// peer is the client, as far as its bytes have not been read.
type peer struct {
	net.Conn
	in *bufio.Reader
}

func (p peer) Read(b []byte) (int, error) { return p.in.Read(b) }

// readRequest reads a head, and the body that Content-Length announces unless
// the head asks for leave to send it.
func readRequest(in *bufio.Reader) (string, error) {
	var head strings.Builder
	size := 0
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		head.WriteString(line)
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if strings.EqualFold(name, "content-length") {
			size, _ = strconv.Atoi(strings.TrimSpace(value))
		}
		if strings.EqualFold(name, "expect") {
			size = -1
		}
		if line == "\r\n" {
			break
		}
	}
	if size < 0 {
		return head.String(), nil
	}
	body := make([]byte, size)
	_, err := io.ReadFull(in, body)
	return head.String() + string(body), err
}

type lockedWriter struct {
	mu *sync.Mutex
	to io.Writer
}

func (w lockedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(b)
}

// connections is what came over each so far.
func (s *recorder) connections() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kept := range s.sent {
		all = append(all, kept.String())
	}
	return all
}

func (s *recorder) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = nil
}

func wellAnswered(c net.Conn, _ string) bool {
	_, err := io.WriteString(c, wellDone)
	return err == nil
}

// carriers are the ways a call may go over HTTP/1.1.
var carriers = []struct {
	name   string
	secure bool
	call   func(t *testing.T, url string, change func(*Settings), calls int) []target.Outcome
}{
	{Std, false, byNetHTTP},
	{Std + " over TLS", true, byNetHTTP},
	{wire.Epoll, false, onWire(wire.Epoll)},
	{wire.Uring, false, onWire(wire.Uring)},
	{wire.Sockets, false, onWire(wire.Sockets)},
	{wire.Sockets + " over TLS", true, onWire(wire.Sockets)},
	{wire.Epoll + " over TLS", true, onWire(wire.Epoll)},
}

func onWire(engine string) func(*testing.T, string, func(*Settings), int) []target.Outcome {
	return func(t *testing.T, url string, change func(*Settings), calls int) []target.Outcome {
		t.Helper()
		ended, will := byWire(t, engine, url, change, calls)
		if !will {
			t.Fatalf("not for %s", engine)
		}
		return ended
	}
}

// byEach runs a test by each carrier, with a recorder of its own; the change
// points to it.
func byEach(t *testing.T, script func(net.Conn, string) bool, test func(t *testing.T, s *recorder, call func(change func(*Settings), calls int) []target.Outcome)) {
	for _, carrier := range carriers {
		t.Run(carrier.name, func(t *testing.T) {
			t.Parallel()
			s := record(t, loopback(t), script)
			url := s.url
			if carrier.secure {
				url = strings.TrimSuffix(behindTLS(t, s.url), "/")
			}
			test(t, s, func(change func(*Settings), calls int) []target.Outcome {
				return carrier.call(t, url+"/", func(set *Settings) {
					set.TLS.Insecure = carrier.secure
					change(set)
				}, calls)
			})
		})
	}
}

// A request goes out as it is written: names in their case, lines in their
// order, none left out; what HTTP asks for besides comes first. All of it is
// counted.
func TestHeadersGoOutAsTheyAreWritten(t *testing.T) {
	byEach(t, wellAnswered, func(t *testing.T, s *recorder, call func(func(*Settings), int) []target.Outcome) {
		for name, c := range map[string]struct {
			request Request
			unkept  bool
			want    string // HOST stands for the server's
		}{
			"none": {Request{}, false, "GET / HTTP/1.1\r\nHost: HOST\r\nUser-Agent: plimsoll\r\n\r\n"},
			"case and order": {Request{Headers: []Header{{"x-b", "1"}, {"X-A", "2"}, {"x-B", "3"}, {"ACCEPT", "*/*"}, {"eTag", ""}}}, false,
				"GET / HTTP/1.1\r\nHost: HOST\r\nUser-Agent: plimsoll\r\nx-b: 1\r\nX-A: 2\r\nx-B: 3\r\nACCEPT: */*\r\neTag: \r\n\r\n"},
			"those that net/http sets": {Request{Headers: []Header{{"z", "0"}, {"user-agent", "me"}, {"host", "shop.example"}, {"USER-agent", ""}}}, false,
				"GET / HTTP/1.1\r\nz: 0\r\nuser-agent: me\r\nhost: shop.example\r\nUSER-agent: \r\n\r\n"},
			"those that net/http leaves out": {Request{Method: "POST", Body: []byte("hello"), Headers: []Header{{"Trailer", "X-Sum"}, {"TE", "trailers"}, {"Keep-Alive", "timeout=5"}, {"Connection", "TE"}}}, false,
				"POST / HTTP/1.1\r\nHost: HOST\r\nUser-Agent: plimsoll\r\nContent-Length: 5\r\nTrailer: X-Sum\r\nTE: trailers\r\nKeep-Alive: timeout=5\r\nConnection: TE\r\n\r\nhello"},
			"letters beyond ASCII, blanks": {Request{Headers: []Header{{"X-Name", " Jürgen\t "}}}, false,
				"GET / HTTP/1.1\r\nHost: HOST\r\nUser-Agent: plimsoll\r\nX-Name: Jürgen\r\n\r\n"},
			"not kept": {Request{Method: "PUT"}, true,
				"PUT / HTTP/1.1\r\nHost: HOST\r\nUser-Agent: plimsoll\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
			"closed by a header": {Request{Headers: []Header{{"connection", "keep-alive, Close"}}}, false,
				"GET / HTTP/1.1\r\nHost: HOST\r\nUser-Agent: plimsoll\r\nconnection: keep-alive, Close\r\n\r\n"},
			"large": {Request{Method: "POST", Body: bytes.Repeat([]byte("x"), 50_000), Headers: []Header{{"x-long", strings.Repeat("y", 9000)}}}, false,
				"POST / HTTP/1.1\r\nHost: HOST\r\nUser-Agent: plimsoll\r\nContent-Length: 50000\r\nx-long: " + strings.Repeat("y", 9000) + "\r\n\r\n" + strings.Repeat("x", 50_000)},
		} {
			s.forget()
			host := ""
			ended := call(func(set *Settings) {
				c.request.URL = set.Calls[0].URL
				host = strings.TrimSuffix(c.request.URL[strings.Index(c.request.URL, "//")+2:], "/")
				set.Calls, set.Reuse = []Request{c.request}, reuse(!c.unkept)
			}, 2)
			want := strings.Replace(c.want, "HOST", host, 1)
			if got := strings.Join(s.connections(), ""); got != want+want {
				t.Errorf("%s: sent\n%.2000q\nwant twice\n%.1000q", name, got, want)
			}
			for _, out := range ended {
				if !out.OK() || out.BytesOut != int64(len(want)) {
					t.Errorf("%s: %+v, want %d bytes out", name, out, len(want))
				}
			}
		}
	})
}

// What a URL may not hold, but can only mean one thing, is escaped, in the
// query as in the path; what is escaped is left as it is.
func TestURLsGoOutEscaped(t *testing.T) {
	for written, want := range map[string]string{
		"?q=a b":              "/?q=a%20b",
		"?q=ä€😀":              "/?q=%C3%A4%E2%82%AC%F0%9F%98%80",
		`?q=<a|b>"{^}\` + "`": "/?q=%3Ca%7Cb%3E%22%7B%5E%7D%5C%60",
		"?q=a%20b%2fc+d":      "/?q=a%20b%2fc+d",
		"?a=1&b=2;c='x'":      "/?a=1&b=2;c='x'",
		"?f[x]=1&f[y]=$(!)*":  "/?f[x]=1&f[y]=$(!)*",
		"?":                   "/?",
		"?q=%C3%A4 ä":         "/?q=%C3%A4%20%C3%A4",
		"a b/c%2Fd e":         "/a%20b/c%2Fd%20e",
		"straße/<>":           "/stra%C3%9Fe/%3C%3E",
		"a;b=c,d@e:f!g'":      "/a;b=c,d@e:f!g'",
		"?q=a#frag ment":      "/?q=a",
		"#only":               "/",
		"?u=http://h/?x=/":    "/?u=http://h/?x=/",
	} {
		quoted := strings.ReplaceAll(written, "'", "''")
		for file, line := range map[string]string{
			fmt.Sprintf("{url: 'http://h/%s'}", quoted):                       "",
			fmt.Sprintf("{url: 'http://h/x', calls: [{url: '/%s'}]}", quoted): "",
			fmt.Sprintf("{serve: {}, calls: [{url: '/%s'}]}", quoted):         "http://127.0.0.1:1",
		} {
			s := *readSettings(t, ".", file)
			_, o, err := s.Wire(line)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if got, _, _ := strings.Cut(string(o.Requests[0].Bytes), "\r\n"); got != "GET "+want+" HTTP/1.1" {
				t.Errorf("%s: %s; want %s", file, got, want)
			}
		}
	}
}

// Names of hosts are told to name servers, certificates and servers as these
// know them.
func TestHostsAreSpelledForEverybody(t *testing.T) {
	for url, want := range map[string][2]string{ // where to connect, what the server hears
		"http://bücher.example/":       {"xn--bcher-kva.example:80", "xn--bcher-kva.example"},
		"http://BÜCHER.Example:8080/":  {"xn--bcher-kva.example:8080", "xn--bcher-kva.example:8080"},
		"http://例え。テスト/":               {"xn--r8jz45g.xn--zckzah:80", "xn--r8jz45g.xn--zckzah"},
		"http://Shop.example:/":        {"shop.example:80", "Shop.example"},
		"http://[::1]:8080/":           {"[::1]:8080", "[::1]:8080"},
		"http://[fe80::1%25lo]:81/":    {"[fe80::1%lo]:81", "[fe80::1]:81"},
		"http://[fe80::1%lo]/":         {"[fe80::1%lo]:80", "[fe80::1]"},
		"http://ann:p%40s s|@h.local/": {"h.local:80", "h.local"},
	} {
		s := *readSettings(t, ".", fmt.Sprintf("{url: %q}", url))
		o, asks, err := s.Wire("")
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if head := string(asks.Requests[0].Bytes); o.Host != want[0] || !strings.Contains(head, "\r\nHost: "+want[1]+"\r\n") {
			t.Errorf("%s: to %s\n%q\nwant %q", url, o.Host, head, want)
		}
		if strings.Contains(url, "ann") && !strings.Contains(string(asks.Requests[0].Bytes), "\r\nAuthorization: Basic YW5uOnBAcyBzfA==\r\n") {
			t.Errorf("%s: %q", url, asks.Requests[0].Bytes)
		}
	}
}

// closes is a server that honours Connection: close, in whatever list.
func closes(c net.Conn, request string) bool {
	_, _ = io.WriteString(c, wellDone)
	head := strings.ToLower(request)
	at := strings.Index(head, "\r\nconnection: ")
	return at < 0 || !strings.Contains(strings.SplitN(head[at+2:], "\r\n", 2)[0], "close")
}

// Connection: close is keepalive: false of the calls that say it; the others
// keep their connection.
func TestConnectionCloseEndsTheConnectionOfItsCall(t *testing.T) {
	post := func(path string, headers ...Header) Request {
		return Request{Method: "POST", URL: path, Body: []byte("x"), Headers: headers}
	}
	close := Header{"Connection", "close"}
	byEach(t, closes, func(t *testing.T, s *recorder, call func(func(*Settings), int) []target.Outcome) {
		for name, c := range map[string]struct {
			calls       []Request
			cap         int
			made        int
			connections []int // requests on each
		}{
			"every call":          {[]Request{post("/a", close)}, 0, 5, []int{1, 1, 1, 1, 1}},
			"in a list":           {[]Request{post("/a", Header{"connection", "keep-alive, CLOSE"})}, 0, 3, []int{1, 1, 1}},
			"on two lines":        {[]Request{post("/a", Header{"Connection", "keep-alive"}, close)}, 0, 3, []int{1, 1, 1}},
			"every second call":   {[]Request{post("/a"), post("/b", close)}, 0, 6, []int{3, 1, 1, 1}},
			"with one connection": {[]Request{post("/a"), post("/b", close)}, 1, 6, []int{2, 2, 2}},
			"keep-alive":          {[]Request{post("/a", Header{"Connection", "keep-alive"})}, 0, 4, []int{4}},
			"of another name":     {[]Request{post("/a", Header{"X-Connection", "close"})}, 0, 4, []int{4}},
		} {
			s.forget()
			for _, out := range call(func(set *Settings) {
				base := strings.TrimSuffix(set.Calls[0].URL, "/")
				set.Calls = nil
				for _, r := range c.calls {
					r.URL = base + r.URL
					set.Calls = append(set.Calls, r)
				}
				set.Connections = c.cap
			}, c.made) {
				if !out.OK() || out.Attempts != 1 {
					t.Errorf("%s: %+v", name, out)
				}
			}
			var got []int
			for _, sent := range s.connections() {
				got = append(got, strings.Count(sent, " HTTP/1.1\r\n"))
			}
			if !slices.Equal(got, c.connections) {
				t.Errorf("%s: %v requests on the connections, want %v", name, got, c.connections)
			}
		}
	})
}
