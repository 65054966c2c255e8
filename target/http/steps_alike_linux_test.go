package http

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/httpcall"
	"plimsoll/target/value"
	"plimsoll/target/wire"
)

// sized is an answer in text, with its length.
func sized(head, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
}

// packed is a text as a coding has it.
func packed(coding, text string) string {
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	case "flate":
		w, _ = flate.NewWriter(&b, 6)
	}
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

const document = `{"a": {"b": [1, 2.50, "x"]}, "t": "é"}`

// stepAnswers are what a server says to GET /, and what all engines tell of it.
var stepAnswers = []struct {
	name, answer string
	class, told  string // of the example
	found        string // status, json.a.b, header.X-A, cookie.c, and what is shown
	change       func(*httpcall.Call)
}{
	{"plain", sized("200 OK\r\nX-A: 1\r\nx-a:  2\r\nSet-Cookie: c=d; Path=/", document), "", "", `200|[1, 2.50, "x"]|1, 2|d|`, nil},
	{"no such thing", sized("200 OK", `{"a": 1}`), "", "", `200||||{"a": 1}`, nil},
	{"no JSON", sized("200 OK", "<html>"), "", "", `200||||<html>`, nil},
	{"an empty body", sized("200 OK", ""), "", "", `200||||`, nil},
	{"no body", "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", "", "", `204||1||`, nil},
	{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n{\"a\":\r\n9\r\n{\"b\": 1}}\r\n0\r\n\r\n", "", "", `200|1||| {"a":{"b": 1}}`, nil},
	{"to the end", "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n" + document, "", "", `200|[1, 2.50, "x"]|1||` + document, nil},
	{"an early hint", "HTTP/1.1 103 Early Hints\r\nX-A: early\r\n\r\n" + sized("200 OK\r\nX-A: 1\r\nSet-Cookie: c=d", document), "", "", `200|[1, 2.50, "x"]|1|d|`, nil},
	{"a status", sized("503 Busy\r\nX-A: 1", document), "status-503", "503 Service Unavailable", `503|[1, 2.50, "x"]|1||` + document, nil},
	{"any status", sized("404 Gone", document), "", "", `404|[1, 2.50, "x"]|||` + document, func(c *httpcall.Call) { c.AnyStatus = true }},
	{"a redirect that is not followed", sized("302 Found\r\nLocation: /x\r\nX-A: 1", document), "status-302", "302 Found, not followed (redirects: 0): Location: /x", `302|[1, 2.50, "x"]|1||` + document, func(c *httpcall.Call) { c.Redirects = 0 }},
	{"a redirect to nowhere", sized("302 Found\r\nX-A: 1", "x"), "status-302", "302 Found", `302||1||`, nil},
	{"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "status-304", "304 Not Modified", `304||||`, nil},

	{"gzip", sized("200 OK\r\nContent-Encoding: gzip", packed("gzip", document)), "", "", `200|[1, 2.50, "x"]|||` + document, nil},
	{"deflate as zlib", sized("200 OK\r\nContent-Encoding: Deflate", packed("zlib", document)), "", "", `200|[1, 2.50, "x"]|||` + document, nil},
	{"deflate as it is", sized("200 OK\r\nContent-Encoding: deflate", packed("flate", document)), "", "", `200|[1, 2.50, "x"]|||` + document, nil},
	{"one in another", sized("200 OK\r\nContent-Encoding: gzip\r\ncontent-encoding: identity, deflate", packed("zlib", packed("gzip", document))), "", "", `200|[1, 2.50, "x"]|||` + document, nil},
	{"a coding that it is not", sized("200 OK\r\nContent-Encoding: gzip\r\nX-A: 1", document), target.Body, "that cannot be undone", `200||1||`, nil},
	{"a coding cut short", sized("200 OK\r\nContent-Encoding: gzip", packed("gzip", document)[:30]), target.Body, "that cannot be undone", `200||||`, nil},
	{"a coding that nobody knows", sized("200 OK\r\nContent-Encoding: br", "x"), target.Body, `is "br"`, `200||||`, nil},
	{"an error in a coding that nobody knows", sized("500 Oops\r\nContent-Encoding: br", "x"), "status-500", "500 Internal Server Error", `500||||`, nil},
	{"large", sized("200 OK\r\nX-A: 1", `{"a": {"b": "`+strings.Repeat("x", 5_000)+`"}}`), target.Body, "larger than 5KB, and it is looked into: a higher max_body", `200||1||`, nil},
	{"large by decoding", sized("200 OK\r\nContent-Encoding: gzip", packed("gzip", strings.Repeat(" ", 100_000))), target.Body, "larger than 5KB", `200||||`, nil},
	{"as large as may be", sized("200 OK", `{"a": {"b": "`+strings.Repeat("x", 4_984)+`"}}`), "", "", `200|` + strings.Repeat("x", 4_984) + `|||`, nil},

	{"cut short", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + document, target.Body, "ended after 39 of 99 bytes", "", nil},
	{"closed instead", "", target.Reset, "closed the connection", "", nil},
	{"malformed", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", target.Body, "Content-Length", "", nil},
}

// Whatever a step is answered, every engine tells the same of it, to the byte: its
// class, what was found in it, and what was there instead.
func TestStepsTellTheSame(t *testing.T) {
	for _, c := range stepAnswers {
		t.Run(c.name, func(t *testing.T) {
			found := strings.Split(strings.Replace(c.found, "||| ", "||||", 1), "|")
			var first string
			for _, engine := range []string{wire.Epoll, wire.Uring, wire.Sockets, Std} {
				address := scripted(t, says(c.answer))
				x := newStepper(t, carrier{engine, "1.1", false}, Settings{Calls: []Request{{Method: "GET", URL: address}}, MaxBody: 5_000})
				d := x.call(target.Request{Call: x.prepare(asks(t, "GET", "/", c.change)), Want: wants(t, "status", "json.a.b", "header.X-A", "cookie.c")})
				if d.Class != c.class || !strings.Contains(d.Example, c.told) || (c.told == "") != (d.Example == "") || d.Attempts != 1 {
					t.Errorf("%s: %q, %q, %d attempts; want %q, %q", engine, d.Class, d.Example, d.Attempts, c.class, c.told)
				}
				if c.class == "" && d.BytesIn != int64(len(c.answer)) && !strings.Contains(c.answer, "chunked") {
					t.Errorf("%s: %d bytes of %d", engine, d.BytesIn, len(c.answer))
				}
				for i, v := range d.Found {
					if (v.Kind == value.None) != (found[i] == "") || v.Text != found[i] {
						t.Errorf("%s: value %d is %v, want %q", engine, i, v, found[i])
					}
				}
				if (c.found == "") != (d.Found == nil) {
					t.Errorf("%s has found %v", engine, d.Found)
				}
				if d.Found != nil && found[4] != "" && d.Shown != found[4] {
					t.Errorf("%s shows %q, want %q", engine, d.Shown, found[4])
				}
				told := fmt.Sprintf("%q %d %d %d %v %q", d.Class, d.Attempts, d.BytesIn, d.BytesOut, d.Found, d.Shown)
				if first == "" {
					first = told
				}
				if told != first {
					t.Errorf("%s tells %s, the first one %s", engine, told, first)
				}
			}
		})
	}
}

// crossroads are two servers. The first leads to the other, which counts.
func crossroads(t *testing.T, secure bool) (home, other string, seen *[2]atomic.Int64, heard *atomic.Value) {
	seen, heard = new([2]atomic.Int64), new(atomic.Value)
	far := serveAll(t, secure, nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		seen[1].Add(1)
		body, _ := io.ReadAll(r.Body)
		heard.Store(fmt.Sprintf("%s %s %s|%s|%s|%s", r.Method, r.RequestURI, body, r.Header.Get("X-Own"), r.Header.Get("Authorization"), r.Header.Get("X-Step")))
		if r.URL.Path == "/back" {
			nethttp.Redirect(w, r, home+"/v1/end", nethttp.StatusSeeOther)
			return
		}
		w.Header().Set("X-A", "far")
		_, _ = io.WriteString(w, document)
	}))
	other = strings.Replace(far.URL, "127.0.0.1", "localhost", 1)
	near := serveAll(t, secure, nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		seen[0].Add(1)
		switch r.URL.Path {
		case "/v1/away":
			nethttp.Redirect(w, r, other+"/there?a=b", nethttp.StatusTemporaryRedirect)
		case "/v1/around":
			nethttp.Redirect(w, r, other+"/back", nethttp.StatusTemporaryRedirect)
		case "/v1/lost":
			nethttp.Redirect(w, r, "http://127.0.0.1:1/", nethttp.StatusFound)
		default:
			w.Header().Set("X-A", "near")
			_, _ = io.WriteString(w, document)
		}
	}))
	home = near.URL
	return home, other, seen, heard
}

// Steps go to other servers, by their URL or led there, with what is theirs and
// nothing of the target's own; and redirects lead back.
func TestStepsGoToOtherServers(t *testing.T) {
	for _, by := range everyStepper {
		t.Run(by.name(), func(t *testing.T) {
			home, other, seen, heard := crossroads(t, by.secure)
			x := newStepper(t, by, Settings{Calls: []Request{{URL: home + "/v1/", Headers: []Header{{"X-Own", "1"}}}}})
			whole := func(c *httpcall.Call) {
				c.Headers = []httpcall.Line{{Name: "X-Step", Value: hole(t, c, "2")}}
				c.Auth = &httpcall.Auth{Text: hole(t, c, "token")}
				c.Body = httpcall.Body{Kind: httpcall.Text, Text: hole(t, c, "body")}
			}
			for _, c := range []struct {
				path, class, at, heard string
				hops, near, far        int
			}{
				{"/here", "", "near", "", 0, 1, 0},
				{other + "/x", "", "far", "POST /x body||Bearer token|2", 0, 0, 1},
				{home + "/v1/here", "", "near", "", 0, 1, 0},
				{"/away", "", "far", "POST /there?a=b body|||2", 1, 1, 1},
				{"/around", "", "near", "POST /back body|||2", 2, 2, 1},
				{"${whither|raw}/y", "", "far", "POST /y body||Bearer token|2", 0, 0, 1},
				{"/lost", target.Connect, "", "", 1, 1, 0},
				{"http://127.0.0.1:1/", target.Connect, "", "", 0, 0, 0},
			} {
				call := asks(t, "POST", c.path, whole)
				heard.Store("")
				var args []value.Value
				for range call.Holes.Refs() {
					args = append(args, value.Of(other))
				}
				d := x.call(target.Request{User: 3, Call: x.prepare(call), Args: args, Want: wants(t, "header.X-A", "json.t")})
				if d.Class != c.class || d.Hops != c.hops || d.Attempts != 1 || d.OK() && (d.Found[0].Text != c.at || d.Found[1].Text != "é") {
					t.Errorf("%s: %+v", c.path, d)
				}
				if d.BytesOut == 0 && c.near+c.far > 0 || d.OK() && d.BytesIn == 0 || d.Late < 0 || c.hops > 0 && d.Late != 0 && by.engine != Std {
					t.Errorf("%s: %+v", c.path, d)
				}
				if near, far := int(seen[0].Swap(0)), int(seen[1].Swap(0)); near != c.near || far != c.far || heard.Load() != c.heard {
					t.Errorf("%s: seen %d times here, %d there, which heard %q", c.path, near, far, heard.Load())
				}
			}
		})
	}
}

// A call abroad is given up like any other, alone or with all others.
func TestCallsAbroadAreGivenUp(t *testing.T) {
	for _, by := range everyStepper {
		t.Run(by.name(), func(t *testing.T) {
			asked, left := make(chan bool, 10), make(chan bool, 10)
			silent := serveAll(t, by.secure, nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, r *nethttp.Request) {
				asked <- true
				<-r.Context().Done()
				left <- true
			}))
			home := serveAll(t, by.secure, nethttp.RedirectHandler(silent.URL, nethttp.StatusFound)).URL
			x := newStepper(t, by, Settings{Calls: []Request{{URL: home}}})
			led, whole := x.prepare(asks(t, "GET", "/", nil)), x.prepare(asks(t, "GET", silent.URL, nil))
			for _, call := range []any{led, whole} {
				id := target.NewID(2, x.calls)
				x.send(id, target.Request{Call: call})
				x.until("it is asked", func() bool { return len(asked) == 1 })
				x.carrier.Cancel(id, x.clock.Now())
				if d := x.end(); d.ID.Slot() != 2 || d.Class != target.Cancelled {
					t.Errorf("%+v", d)
				}
				x.until("it hears that nobody waits any more", func() bool { return len(left) == 1 })
				<-asked
				<-left
				x.calls++
			}
			x.send(target.NewID(0, 9), target.Request{Call: led})
			x.until("it is asked", func() bool { return len(asked) == 1 })
			x.carrier.CancelAll(x.clock.Now())
			if d := x.end(); d.Class != target.Cancelled {
				t.Errorf("%+v", d)
			}
			x.until("it hears that nobody waits any more", func() bool { return len(left) == 1 })
			if len(asked) != 1 {
				t.Errorf("it was asked again")
			}
		})
	}
}

// Where each user has connections of its own, the server sees one for each user,
// which is the same all the time, and is closed when the user goes.
func TestUsersHaveConnectionsOfTheirOwn(t *testing.T) {
	for _, by := range everyStepper {
		t.Run(by.name(), func(t *testing.T) {
			var mu sync.Mutex
			of := map[string]map[string]int{} // requests by connection and user
			closed := map[string]bool{}
			server := httptest.NewUnstartedServer(nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, r *nethttp.Request) {
				mu.Lock()
				defer mu.Unlock()
				if of[r.RemoteAddr] == nil {
					of[r.RemoteAddr] = map[string]int{}
				}
				of[r.RemoteAddr][r.Header.Get("X-User")]++
			}))
			allVersions(server)
			server.Config.ConnState = func(c net.Conn, s nethttp.ConnState) {
				mu.Lock()
				defer mu.Unlock()
				if s == nethttp.StateClosed {
					closed[c.RemoteAddr().String()] = true
				}
			}
			begin(server, by.secure)
			t.Cleanup(server.Close)
			x := newStepper(t, by, Settings{Calls: []Request{{URL: server.URL}}, Settings: client.Settings{Reuse: client.ByUser}})
			call := asks(t, "GET", "/", func(c *httpcall.Call) { c.Headers = []httpcall.Line{{Name: "X-User", Value: hole(t, c, "${u}")}} })
			own, other := x.prepare(call), x.prepare(asks(t, "GET", strings.Replace(server.URL, "127.0.0.1", "localhost", 1), func(c *httpcall.Call) { c.Headers, c.Holes = call.Headers, call.Holes }))
			const users, rounds = 5, 4
			at := func(n int) []value.Value { return []value.Value{value.Of(fmt.Sprint(n))} }
			for i := range users * rounds {
				n := i % users
				if d := x.call(target.Request{User: uint32(n), Call: own, Args: at(n)}); !d.OK() {
					t.Fatalf("%+v", d)
				}
			}
			for n := range users {
				if d := x.call(target.Request{User: uint32(n), Call: other, Args: at(n)}); !d.OK() {
					t.Fatalf("%+v", d)
				}
			}
			mu.Lock()
			if len(of) != 2*users || len(closed) > 0 {
				t.Errorf("%d connections of %d users to two hosts, %d closed", len(of), users, len(closed))
			}
			gone := map[string]bool{}
			for c, by := range of {
				if len(by) != 1 {
					t.Errorf("a connection is of %d users: %v", len(by), by)
				}
				gone[c] = by["3"] > 0
			}
			mu.Unlock()
			x.carrier.(leaver).Leave(3)
			for range 5_000 {
				x.carrier.Take(x.clock.Wait(x.clock.Now() + 1e6))
				if mu.Lock(); len(closed) == 2 {
					mu.Unlock()
					break
				}
				mu.Unlock()
			}
			mu.Lock()
			for c := range closed {
				if !gone[c] {
					t.Error("the connection of somebody else was closed")
				}
			}
			if len(closed) != 2 {
				t.Errorf("%d connections were closed", len(closed))
			}
			mu.Unlock()
			if d := x.call(target.Request{User: 3, Call: own, Args: at(3)}); !d.OK() || d.Resent > 0 {
				t.Errorf("who comes again: %+v", d)
			}
			if d := x.call(target.Request{User: 1}); !d.OK() {
				t.Errorf("the target's own call: %+v", d)
			}
		})
	}
}

// What a server is told of traces is what the carriers tell, wherever redirects
// lead; and no two loops, nor two trials, have one in common.
func TestServersHearOfTheTracesThatAreTold(t *testing.T) {
	type tracer interface{ Trace(number uint64) string }
	seen := map[string]bool{}
	for _, by := range everyStepper {
		home, other, _, _ := crossroads(t, by.secure)
		var heard atomic.Value
		server := serveAll(t, by.secure, nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			heard.Store(r.Header.Get("Traceparent"))
			if r.URL.Path == "/x" {
				nethttp.Redirect(w, r, other, nethttp.StatusFound)
			}
		}))
		for range 2 {
			x := newStepper(t, by, Settings{Calls: []Request{{URL: home}}})
			for _, url := range []string{server.URL, server.URL + "/x", server.URL} {
				call := asks(t, "GET", url, func(c *httpcall.Call) { c.Trace = true })
				number := x.calls
				d := x.call(target.Request{Call: x.prepare(call)})
				trace := x.carrier.(tracer).Trace(number)
				if !d.OK() || !strings.HasPrefix(heard.Load().(string), "00-"+trace+"-") || seen[trace] {
					t.Errorf("%s: call %d is of trace %s, and the server heard %v", by.name(), number, trace, heard.Load())
				}
				seen[trace] = true
			}
		}
	}
}

// Of many calls under way one is given up: it alone ends, whatever connection it
// is on.
func TestOneOfManyCallsIsGivenUp(t *testing.T) {
	for _, by := range everyStepper {
		t.Run(by.name(), func(t *testing.T) {
			goOn := make(chan bool)
			home := serveAll(t, by.secure, nethttp.HandlerFunc(func(nethttp.ResponseWriter, *nethttp.Request) { <-goOn })).URL
			x := newStepper(t, by, Settings{Calls: []Request{{URL: home}}})
			step := x.prepare(asks(t, "GET", "/", nil))
			const calls = 20
			for n := range uint32(calls) {
				r := target.Request{Number: uint64(n)}
				if n%2 == 0 {
					r.Call = step
				}
				x.send(target.NewID(n, uint64(n)), r)
			}
			for _, n := range []uint32{6, 7} {
				x.carrier.Cancel(target.NewID(n, 99), x.clock.Now()) // nobody's
				x.carrier.Cancel(target.NewID(n, uint64(n)), x.clock.Now())
				if d := x.end(); d.ID.Slot() != n || d.Class != target.Cancelled {
					t.Errorf("%+v", d)
				}
			}
			close(goOn)
			for range calls - 2 {
				if d := x.end(); !d.OK() {
					t.Errorf("%+v", d)
				}
			}
		})
	}
}
