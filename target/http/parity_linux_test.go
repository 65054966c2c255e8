package http

import (
	"bufio"
	"bytes"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/random"
	"plimsoll/target/wire"
)

// behaviour is something a server does, and how calls to it end one after the
// other, whichever engine makes them. The faults of TestFaults are more of
// these.
type behaviour struct {
	name    string
	url     func(*testing.T) string
	change  func(*Settings)
	ends    []string // classes of the calls
	interim int64    // bytes of interim answers a call, which only package wire counts
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

func retrying(attempts int, on ...string) func(*Settings) {
	return func(s *Settings) {
		s.Retry = Retry{Attempts: attempts, Backoff: 2 * time.Millisecond, Factor: 2, On: on}
	}
}

func fails(times int64) func(*testing.T) string {
	return func(t *testing.T) string { handle, _ := failing(times); return byStatus(handle)(t) }
}

func unkept(s *Settings) { s.KeepAlive = false }

var (
	good3 = []string{"", "", ""}
	body3 = []string{target.Body, target.Body, target.Body}
)

var behaviours = []behaviour{
	{"well", kept(wellDone), nil, good3, 0},
	{"well, not kept alive", kept(wellDone), unkept, good3, 0},
	{"well, one connection", kept(wellDone), func(s *Settings) { s.Connections = 1 }, good3, 0},
	{"HEAD", kept("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"), sending("HEAD", ""), good3, 0},
	{"HEAD has no text", kept("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"), both(sending("HEAD", ""), contains("OK")), body3, 0},
	{"204", kept("HTTP/1.1 204 No Content\r\n\r\n"), nil, good3, 0},
	{"204 has no text", kept("HTTP/1.1 204 No Content\r\n\r\n"), contains("OK"), body3, 0},
	{"304", kept("HTTP/1.1 304 Not Modified\r\nEtag: x\r\n\r\n"), status(304, 304), good3, 0},
	{"304, not wanted", kept("HTTP/1.1 304 Not Modified\r\nEtag: x\r\n\r\n"), nil, []string{"status-304", "status-304"}, 0},
	{"another protocol, even if wanted", byScript(says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")), status(101, 200), []string{"status-101", "status-101"}, 0},
	{"404, wanted", kept("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"), status(404, 404), good3, 0},
	{"404, wanted with another text", kept("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"), both(status(404, 404), contains("yes")), body3, 0},
	{"empty", kept("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), nil, good3, 0},
	{"empty has no text", kept("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), contains("OK"), body3, 0},
	{"no reason", kept("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"), nil, good3, 0},

	{"chunked", kept("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n3\r\nabc\r\n0\r\n\r\n"), nil, good3, 0},
	{"chunked, text across chunks", kept("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nin\r\n6\r\n stock\r\n0\r\n\r\n"), contains("in stock"), good3, 0},
	{"chunked, with a trailer", kept("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n2\r\nOK\r\n0\r\nA: b\r\n\r\n"), nil, good3, 0},
	{"chunked, then closed", byScript(says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nOK\r\n0\r\n\r\n")), nil, good3, 0},
	{"text across pieces", inTurn("HTTP/1.1 200 OK\r\nContent-Le", "ngth: 8\r\n\r\nin", " sto", "ck"), contains("in stock"), good3, 0},
	{"text missing in pieces", inTurn("HTTP/1.1 200 OK\r\nContent-Le", "ngth: 8\r\n\r\nin", " sto", "re"), contains("in stock"), body3, 0},
	{"large", kept("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + strings.Repeat("x", 3_000_000)), nil, good3, 0},
	{"until it closes", byScript(says("HTTP/1.1 200 OK\r\n\r\nin stock")), contains("in stock"), good3, 0},
	{"until it closes, as asked", byScript(says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nOK")), nil, good3, 0},
	{"HTTP/1.0", byScript(says("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nOK")), nil, good3, 0},
	{"HTTP/1.0, kept alive", kept("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nOK"), nil, good3, 0},
	{"interim answers", kept("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + wellDone), nil, good3, int64(len("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"))},

	{"POST", kept(wellDone), sending("POST", "hello"), good3, 0},
	{"large request", kept(wellDone), sending("PUT", strings.Repeat("x", 3_000_000)), good3, 0},
	{"closed at the third request", thirdTime(says("")), nil, good3, 0},
	{"closed at the third POST", thirdTime(says("")), sending("POST", "x"), []string{"", "", target.Reset, "", "", target.Reset}, 0},
	{"reset at the third request", thirdTime(breaksOff("")), nil, good3, 0},
	{"closed in the head of the third answer", thirdTime(says("HTTP/1.1 200 OK\r\nServer: x\r\n")), nil, good3, 0},
	{"closed in the body of the third answer", thirdTime(says(wellDone[:len(wellDone)-1])), nil, []string{"", "", target.Body, "", ""}, 0},
	{"garbage for the third answer", thirdTime(says("what?\r\n\r\n")), nil, []string{"", "", target.Body, "", ""}, 0},

	{"retried", fails(2), retrying(3, "5xx"), []string{"", ""}, 0},
	{"retried in vain", fails(99), retrying(3, "503"), []string{"status-503", "status-503"}, 0},
	{"retried for other reasons", fails(99), retrying(3, "429", "connect", "timeout"), []string{"status-503"}, 0},
	{"refused, retried", func(t *testing.T) string { return "http://" + refusing(t) }, retrying(4, "connect"), []string{target.Connect, target.Connect}, 0},
	{"unknown, retried", func(*testing.T) string { return "http://nobody.invalid:80" }, retrying(2, "dns"), []string{target.DNS}, 0},
	{"cut short, retried", byScript(says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")), retrying(3, "body"), []string{target.Body, target.Body}, 0},
	{"silent, retried", byScript(untilGivenUp), both(soon, retrying(2, "timeout")), []string{target.Timeout}, 0},
	{"silent in the head", byScript(func(c *net.TCPConn, n int) bool { says("HTTP/1.1 2")(c, n); return untilGivenUp(c, n) }), soon, []string{target.Timeout}, 0},
}

// byNetHTTP makes calls one after the other through net/http.
func byNetHTTP(t *testing.T, url string, change func(*Settings), calls int) (ended []target.Outcome) {
	to := open(t, url, change)
	for n := range calls {
		ended = append(ended, to.Call(t.Context(), uint64(n)))
	}
	return ended
}

// byWire makes the same calls through package wire's engine. It does not where
// only net/http will do.
func byWire(t *testing.T, url string, change func(*Settings), calls int) (ended []target.Outcome, will bool) {
	t.Helper()
	s := open(t, url, change).settings
	if s.BeyondWire() != "" {
		return nil, false
	}
	o, err := s.Wire("", random.New(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	e, err := wire.Open(o, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for n := range calls {
		e.Send(uint32(n), uint64(n))
		for any := false; !any; {
			var done wire.Done
			if done, any = e.Wait(time.Since(e.Zero()) + time.Second); any {
				ended = append(ended, done.Outcome)
			}
		}
	}
	return ended, true
}

// The engines agree on what became of every call: its class, its attempts and
// its bytes; and on the reason that people are told.
func TestEnginesAgree(t *testing.T) {
	for _, b := range behaviours {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			std := byNetHTTP(t, b.url(t), b.change, len(b.ends))
			ours, will := byWire(t, b.url(t), b.change, len(b.ends))
			if !will {
				t.Fatal("not for package wire")
			}
			for i, class := range b.ends {
				s, o := std[i], ours[i]
				if s.Class != class || o.Class != class || s.Attempts != o.Attempts || s.BytesIn+b.interim != o.BytesIn || s.BytesOut != o.BytesOut {
					t.Errorf("call %d, want %q:\n%+v\n%+v", i, class, s, o)
				}
				_, told, _ := strings.Cut(s.Example, ": ")
				if _, ourTold, _ := strings.Cut(o.Example, ": "); class != target.DNS && class != target.Reset && ourTold != told && !strings.Contains(told, "malformed") {
					t.Errorf("call %d: %q\n%q", i, s.Example, o.Example)
				}
			}
		})
	}
}

// The faults are the same faults on a wire of our own.
func TestFaultsOnTheWire(t *testing.T) {
	made := 0
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			ended, will := byWire(t, f.url(t), f.change, 1)
			if !will {
				return
			}
			made++
			if out := ended[0]; out.Class != f.class || !strings.Contains(out.Example, f.example) || !strings.HasPrefix(out.Example, "GET http") || out.Attempts != 1 {
				t.Errorf("class %s, %q; want %s, %q", out.Class, out.Example, f.class, f.example)
			}
		})
	}
	if made < 20 {
		t.Errorf("only %d faults", made)
	}
}

// Both engines send the same bytes.
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
			s.KeepAlive = keep
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
		if _, will := byWire(t, "", change, 5); !will {
			t.Fatal("not for package wire")
		}
		if ours := taken(); ours != std || int64(len(ours)) != size {
			t.Errorf("kept alive %v: %d bytes, %d counted\n%.1000q\n%.1000q", keep, len(std), size, std, ours)
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

// The pauses before a retry are the same for both engines, jitter and all.
func TestEnginesBackOffAlike(t *testing.T) {
	change := func(s *Settings) {
		s.Retry = Retry{Attempts: 5, Backoff: time.Second, Factor: 2, Jitter: true, On: []string{"5xx", "timeout"}}
	}
	to := open(t, "http://127.0.0.1:1", change)
	o, err := to.settings.Wire("", random.New(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(100) {
		for k := 1; k < 6; k++ {
			if a, b := to.retry.backoff(n, k), o.Retry.Backoff(n, k); a != b {
				t.Fatalf("call %d, pause %d: %v and %v", n, k, a, b)
			}
			for _, class := range []string{"timeout", "status-503", "reset", target.Cancelled} {
				if a, b := to.retry.again(class, k), o.Retry.Again(class, k); a != b {
					t.Fatalf("%s for the %d. time: %v and %v", class, k, a, b)
				}
			}
		}
	}
}

// Where only net/http will do, the reason says why; URLs mean the same host.
func TestWireSaysWhatItWillNotDo(t *testing.T) {
	for _, c := range []struct {
		urls         []string
		protocol     string
		host, reason string
	}{
		{[]string{"http://Shop.example/a", "http://shop.example:80/b"}, "1.1", "shop.example:80", ""},
		{[]string{"http://shop.example:/"}, "", "shop.example:80", ""},
		{[]string{"http://[::1]/"}, "1.1", "[::1]:80", ""},
		{[]string{"http://[::1]:8080/"}, "1.1", "[::1]:8080", ""},
		{[]string{"http://a/", "http://b/"}, "1.1", "", "one server"},
		{[]string{"https://a/"}, "1.1", "", "TLS"},
		{[]string{"http://a/"}, "2", "", "HTTP/1.1"},
	} {
		s := Settings{Protocol: c.protocol}
		for _, url := range c.urls {
			s.Calls = append(s.Calls, Request{Method: nethttp.MethodGet, URL: url})
		}
		reason := s.BeyondWire()
		o, err := s.Wire("", random.New(1), 0)
		if err != nil || (reason == "") != (c.reason == "") || !strings.Contains(reason, c.reason) || reason == "" && o.Host != c.host {
			t.Errorf("%v: %q, %q, %v", c.urls, o.Host, reason, err)
		}
	}
}
