package http

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wire"
)

// behaviour is something a server does, and how calls to it end one after the
// other, whichever engine makes them. The faults of TestFaults are more of
// these.
type behaviour struct {
	name   string
	url    func(*testing.T) string
	change func(*Settings)
	ends   []string // classes of the calls
}

const wellDone = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"

// kept is a script that says the same to every request.
func kept(text string) func(*testing.T) string {
	return byScript(func(c *net.TCPConn, _ int) bool { _, err := io.WriteString(c, text); return err == nil })
}

// inTurn answers in pieces.
func inTurn(pieces ...string) func(*testing.T) string {
	return byScript(func(c *net.TCPConn, _ int) bool {
		for _, piece := range pieces {
			_, _ = io.WriteString(c, piece)
			time.Sleep(2 * time.Millisecond)
		}
		return true
	})
}

// thirdTime answers two requests, and then does something else.
func thirdTime(script func(*net.TCPConn, int) bool) func(*testing.T) string {
	return byScript(func(c *net.TCPConn, n int) bool {
		if n < 2 {
			return answers(c, n)
		}
		return script(c, n)
	})
}

func both(changes ...func(*Settings)) func(*Settings) {
	return func(s *Settings) {
		for _, change := range changes {
			change(s)
		}
	}
}

func sending(name, body string) func(*Settings) {
	return func(s *Settings) { s.Calls[0].Method, s.Calls[0].Body = name, []byte(body) }
}

func contains(text string) func(*Settings) { return func(s *Settings) { s.Success.Contains = text } }

func status(from, to int) func(*Settings) {
	return func(s *Settings) { s.Success.Status = []StatusRange{{from, to}} }
}

func unkept(s *Settings) { s.Reuse = client.Never }

var (
	good3 = []string{"", "", ""}
	body3 = []string{target.Body, target.Body, target.Body}
)

var behaviours = []behaviour{
	{"well", kept(wellDone), nil, good3},
	{"well, not kept alive", kept(wellDone), unkept, good3},
	{"well, one connection", kept(wellDone), func(s *Settings) { s.Connections = 1 }, good3},
	{"HEAD", kept("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"), sending("HEAD", ""), good3},
	{"HEAD has no text", kept("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"), both(sending("HEAD", ""), contains("OK")), body3},
	{"204", kept("HTTP/1.1 204 No Content\r\n\r\n"), nil, good3},
	{"204 has no text", kept("HTTP/1.1 204 No Content\r\n\r\n"), contains("OK"), body3},
	{"304", kept("HTTP/1.1 304 Not Modified\r\nEtag: x\r\n\r\n"), status(304, 304), good3},
	{"304, not wanted", kept("HTTP/1.1 304 Not Modified\r\nEtag: x\r\n\r\n"), nil, []string{"status-304", "status-304"}},
	{"another protocol, even if wanted", byScript(says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")), status(101, 200), []string{"status-101", "status-101"}},
	{"404, wanted", kept("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"), status(404, 404), good3},
	{"404, wanted with another text", kept("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"), both(status(404, 404), contains("yes")), body3},
	{"empty", kept("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), nil, good3},
	{"empty has no text", kept("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), contains("OK"), body3},
	{"no reason", kept("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"), nil, good3},

	{"chunked", kept("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n3\r\nabc\r\n0\r\n\r\n"), nil, good3},
	{"chunked, text across chunks", kept("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nin\r\n6\r\n stock\r\n0\r\n\r\n"), contains("in stock"), good3},
	{"chunked, with a trailer", kept("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n2\r\nOK\r\n0\r\nA: b\r\n\r\n"), nil, good3},
	{"chunked, then closed", byScript(says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nOK\r\n0\r\n\r\n")), nil, good3},
	{"text across pieces", inTurn("HTTP/1.1 200 OK\r\nContent-Le", "ngth: 8\r\n\r\nin", " sto", "ck"), contains("in stock"), good3},
	{"text missing in pieces", inTurn("HTTP/1.1 200 OK\r\nContent-Le", "ngth: 8\r\n\r\nin", " sto", "re"), contains("in stock"), body3},
	{"large", kept("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + strings.Repeat("x", 3_000_000)), nil, good3},
	{"until it closes", byScript(says("HTTP/1.1 200 OK\r\n\r\nin stock")), contains("in stock"), good3},
	{"until it closes, as asked", byScript(says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nOK")), nil, good3},
	{"HTTP/1.0", byScript(says("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nOK")), nil, good3},
	{"HTTP/1.0, kept alive", kept("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nOK"), nil, good3},
	{"interim answers", kept("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + wellDone), nil, good3},

	{"POST", kept(wellDone), sending("POST", "hello"), good3},
	{"large request", kept(wellDone), sending("PUT", strings.Repeat("x", 3_000_000)), good3},
	{"closed at the third request", thirdTime(says("")), nil, []string{"", "", target.Reset, "", "", target.Reset}},
	{"closed at the third POST", thirdTime(says("")), sending("POST", "x"), []string{"", "", target.Reset, "", "", target.Reset}},
	{"reset at the third request", thirdTime(breaksOff("")), nil, []string{"", "", target.Reset, "", ""}},
	{"closed in the head of the third answer", thirdTime(says("HTTP/1.1 200 OK\r\nServer: x\r\n")), nil, []string{"", "", target.Reset, "", ""}},
	{"closed in the body of the third answer", thirdTime(says(wellDone[:len(wellDone)-1])), nil, []string{"", "", target.Body, "", ""}},
	{"garbage for the third answer", thirdTime(says("what?\r\n\r\n")), nil, []string{"", "", target.Body, "", ""}},

	{"silent", byScript(untilGivenUp), soon, []string{target.Timeout}},
	{"silent in the head", byScript(func(c *net.TCPConn, n int) bool { says("HTTP/1.1 2")(c, n); return untilGivenUp(c, n) }), soon, []string{target.Timeout}},
}

// byNetHTTP makes calls one after the other through net/http.
func byNetHTTP(t *testing.T, url string, change func(*Settings), calls int) (ended []target.Outcome) {
	to := open(t, url, change)
	for n := range calls {
		ended = append(ended, to.Call(t.Context(), nth(uint64(n))))
	}
	return ended
}

// byWire makes the same calls through one of package wire's engines. It does
// not where that cannot.
func byWire(t *testing.T, engine, url string, change func(*Settings), calls int) (ended []target.Outcome, will bool) {
	t.Helper()
	s := open(t, url, change).settings
	s.Engine = engine
	if _, err := s.carriedBy(); err != nil {
		return nil, false
	}
	return byLoop(t, engine, s, 1, calls, nil), true
}

// wires are package wire's engines on this system.
func wires() []string {
	if wire.HasEpoll {
		return []string{wire.Epoll, wire.Uring, wire.Sockets}
	}
	return []string{wire.Sockets}
}

// The engines agree on what became of every call: its class, its attempts and
// its bytes; and on the reason that people are told.
func TestEnginesAgree(t *testing.T) {
	for _, b := range behaviours {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			std := byNetHTTP(t, b.url(t), b.change, len(b.ends))
			for _, engine := range wires() {
				ours, will := byWire(t, engine, b.url(t), b.change, len(b.ends))
				if !will {
					t.Fatalf("not for %s", engine)
				}
				expectSame(t, engine, b, std, ours)
			}
		})
	}
}

// Over TLS, too: the servers are the same ones, behind it.
func TestEnginesAgreeOverTLS(t *testing.T) {
	for _, b := range behaviours {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			secure := func(t *testing.T) (url string) {
				if url = b.url(t); !strings.Contains(url, "127.0.0.1") || strings.HasPrefix(b.name, "refused") {
					return strings.Replace(url, "http:", "https:", 1)
				}
				return behindTLS(t, url)
			}
			trusting := func(s *Settings) {
				if b.change != nil {
					b.change(s)
				}
				s.TLS.Insecure = true
			}
			std := byNetHTTP(t, secure(t), trusting, len(b.ends))
			for _, engine := range wires() {
				ours, will := byWire(t, engine, secure(t), trusting, len(b.ends))
				if !will {
					t.Fatalf("not for %s", engine)
				}
				expectSame(t, engine, b, std, ours)
			}
		})
	}
}

func expectSame(t *testing.T, engine string, b behaviour, std, ours []target.Outcome) {
	t.Helper()
	for i, class := range b.ends {
		s, o := std[i], ours[i]
		if s.Class != class || o.Class != class || s.Attempts != o.Attempts || s.BytesIn != o.BytesIn || s.BytesOut != o.BytesOut {
			t.Errorf("%s: call %d, want %q:\n%+v\n%+v", engine, i, class, s, o)
		}
		_, told, _ := strings.Cut(s.Example, ": ")
		_, ourTold, _ := strings.Cut(o.Example, ": ")
		if early := "no connection within"; strings.HasPrefix(told, early) || strings.HasPrefix(ourTold, early) {
			continue // a busy machine took all the time over shaking hands
		}
		if class != target.DNS && class != target.Reset && ourTold != told && !strings.Contains(told, "malformed") {
			t.Errorf("%s: call %d: %q\n%q", engine, i, s.Example, o.Example)
		}
	}
}

// The faults are the same faults on a wire of our own.
func TestFaultsOnTheWire(t *testing.T) {
	for _, engine := range wires() {
		made := 0
		for _, f := range faults {
			t.Run(f.name+" by "+engine, func(t *testing.T) {
				ended, will := byWire(t, engine, f.url(t), f.change, 1)
				if !will {
					return
				}
				made++
				if out := ended[0]; out.Class != f.class || !strings.Contains(out.Example, f.example) || !strings.HasPrefix(out.Example, "GET http") || out.Attempts != 1 {
					t.Errorf("class %s, %q; want %s, %q", out.Class, out.Example, f.class, f.example)
				}
			})
		}
		if least := map[string]int{wire.Epoll: 20, wire.Uring: 20, wire.Sockets: 25}[engine]; made < least {
			t.Errorf("%s: only %d faults", engine, made)
		}
	}
}

// All engines send the same bytes.
func TestEnginesSendTheSame(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got bytes.Buffer
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { listen(c.(*net.TCPConn), &mu, &got) })
		}
	})
	t.Cleanup(all.Wait)
	t.Cleanup(func() { _ = listener.Close() })
	taken := func() string {
		mu.Lock()
		defer mu.Unlock()
		defer got.Reset()
		return got.String()
	}
	for _, keep := range []bool{true, false} {
		change := func(s *Settings) {
			s.Reuse = reuse(keep)
			base := "http://ann:secret@" + listener.Addr().String()
			s.Calls = []Request{
				{URL: base + "/items?id=1&x=a%20b#here"},
				{Method: "POST", URL: base, Body: []byte("hello"), Headers: []Header{{"Host", "shop.example"}, {"X-Twice", "1"}, {"x-twice", "2"}}},
				{Method: "DELETE", URL: base + "/x", Headers: []Header{{"User-Agent", "me"}, {"Accept", "*/*"}}},
				{Method: "POST", URL: base + "/empty"}, {Method: "PUT", URL: base, Body: bytes.Repeat([]byte("x"), 100_000)},
			}
		}
		var size int64
		for _, out := range byNetHTTP(t, "", change, 5) {
			size += out.BytesOut
		}
		std := taken()
		for _, engine := range wires() {
			if _, will := byWire(t, engine, "", change, 5); !will {
				t.Fatalf("not for %s", engine)
			}
			if ours := taken(); ours != std || int64(len(ours)) != size {
				t.Errorf("%s, kept alive %v: %d bytes, %d counted\n%.1000q\n%.1000q", engine, keep, len(std), size, std, ours)
			}
		}
	}
}

// listen keeps what comes, and answers every request well.
func listen(c *net.TCPConn, mu *sync.Mutex, got *bytes.Buffer) {
	defer c.Close()
	var text bytes.Buffer
	requests := bufio.NewReader(io.TeeReader(c, &text))
	for {
		r, err := nethttp.ReadRequest(requests)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		mu.Lock()
		got.Write(text.Bytes())
		mu.Unlock()
		text.Reset()
		if !answers(c, 0) {
			return
		}
	}
}

// Each engine is chosen where it can, and refused with a reason where not.
func TestCarrier(t *testing.T) {
	plain, secure := []string{"http://Shop.example/a", "http://shop.example:80/b"}, []string{"https://a/", "https://A:443/b"}
	for _, c := range []struct {
		urls             []string
		engine, protocol string
		want, reason     string
	}{
		{plain, "auto", "1.1", wire.Epoll, ""},
		{plain, "", "", wire.Epoll, ""},
		{plain, "wire", "1.1", wire.Epoll, ""},
		{plain, wire.Epoll, "1.1", wire.Epoll, ""},
		{plain, wire.Uring, "1.1", wire.Uring, ""},
		{plain, wire.Sockets, "1.1", wire.Sockets, ""},
		{plain, Std, "1.1", Std, ""},
		{secure, "auto", "1.1", wire.Epoll, ""},
		{secure, "wire", "", wire.Epoll, ""},
		{secure, wire.Sockets, "1.1", wire.Sockets, ""},
		{secure, wire.Epoll, "auto", "", "the engine wire-epoll speaks a version of HTTP that is known beforehand"},
		{secure, wire.Uring, "auto", "", "the engine wire-uring speaks a version of HTTP that is known beforehand"},
		{secure, Std, "1.1", Std, ""},
		{[]string{"/", "/b"}, "wire", "1.1", wire.Epoll, ""}, // of `serve`
		{secure, "auto", "auto", Std, ""},
		{secure, "auto", "2", wire.Epoll, ""},
		{secure, "wire", "2", wire.Epoll, ""},
		{secure, wire.Sockets, "auto", "", "HTTP/1.1 only"},
		{plain, "auto", "2", wire.Epoll, ""},
		{plain, "wire", "2", wire.Epoll, ""},
		{plain, "auto", "auto", wire.Epoll, ""},
		{plain, wire.Sockets, "auto", wire.Sockets, ""},
		{plain, wire.Sockets, "2", "", "the engine wire-net speaks HTTP/1.1 only, and `http: 2` asks for more"},
		{[]string{"http://a/", "http://b/"}, "auto", "1.1", Std, ""},
		{[]string{"http://a/", "http://b/"}, "wire", "1.1", "", "calls one server, and there are http://a:80 and http://b:80"},
		{[]string{"http://a:443/", "https://a/"}, wire.Sockets, "1.1", "", "calls one server"},
	} {
		s := Settings{Engine: c.engine, Protocol: c.protocol}
		for _, url := range c.urls {
			s.Calls = append(s.Calls, Request{Method: nethttp.MethodGet, URL: url})
		}
		got, err := s.carriedBy()
		if c.reason == "" && (err != nil || got != c.want) || c.reason != "" && (err == nil || !strings.Contains(err.Error(), c.reason)) {
			t.Errorf("%v, engine %q, http %q: %q, %v", c.urls, c.engine, c.protocol, got, err)
		}
	}
}

// URLs mean the same host to package wire as to net/http.
func TestHostOnTheWire(t *testing.T) {
	for url, want := range map[string]struct{ host, name string }{
		"http://Shop.example/a":   {"shop.example:80", ""},
		"http://shop.example:/":   {"shop.example:80", ""},
		"http://[::1]/":           {"[::1]:80", ""},
		"http://[::1]:8080/":      {"[::1]:8080", ""},
		"https://Shop.example/":   {"shop.example:443", "shop.example"},
		"https://127.0.0.1:8443/": {"127.0.0.1:8443", "127.0.0.1"},
	} {
		o, _, err := Settings{Calls: []Request{{Method: nethttp.MethodGet, URL: url}}}.Wire("")
		if err != nil || o.Host != want.host || (o.TLS == nil) != (want.name == "") || o.TLS != nil && o.TLS.ServerName != want.name {
			t.Errorf("%s: %q, %+v, %v", url, o.Host, o.TLS, err)
		}
	}
}

// behindTLS puts a server behind TLS; ends and resets pass through.
func behindTLS(t *testing.T, url string) string {
	t.Helper()
	der, key := selfSigned(t)
	private, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			front, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { relay(front.(*net.TCPConn), strings.Trim(url[len("http://"):], "/"), config) })
		}
	})
	t.Cleanup(all.Wait)
	t.Cleanup(func() { _ = listener.Close() })
	return "https://" + listener.Addr().String() + "/"
}

func relay(front *net.TCPConn, to string, config *tls.Config) {
	defer front.Close()
	secure := tls.Server(front, config)
	back, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	var there sync.WaitGroup
	there.Go(func() {
		_, _ = io.Copy(back, secure)
		_ = back.Close()
	})
	_, err = io.Copy(secure, back)
	if errors.Is(err, syscall.ECONNRESET) {
		_ = front.SetLinger(0)
		_ = front.Close()
	}
	_ = secure.Close()
	there.Wait()
}
