package http

import (
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/httpcall"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/template"
	"plimsoll/target/value"
	"plimsoll/target/wait"
	"plimsoll/target/wire"
)

// shop is a server that counts what it is asked, and checks who asks.
func shop(t *testing.T, secure bool) (address string, asked *atomic.Int64) {
	asked = new(atomic.Int64)
	server := serveAll(t, secure, nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		asked.Add(1)
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.URL.Path == "/v1/login" && r.Method == "POST" && string(body) == "user=a%26b":
			nethttp.SetCookie(w, &nethttp.Cookie{Name: "session", Value: "s-" + r.Header.Get("X-User"), Path: "/"})
			nethttp.Redirect(w, r, "/v1/home?from=login", nethttp.StatusFound)
		case r.URL.Path == "/v1/home" && r.Method == "GET" && len(body) == 0:
			c, _ := r.Cookie("session")
			if c == nil {
				c = &nethttp.Cookie{Value: "none"}
			}
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = fmt.Fprintf(z, `{"session": %q, "ids": [1, 2.50], "pad": %q}`, c.Value, strings.Repeat("x", 2000))
			_ = z.Close()
		case r.URL.Path == "/v1/loop":
			nethttp.Redirect(w, r, "/v1/loop", nethttp.StatusTemporaryRedirect)
		case r.URL.Path == "/v1/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 5_000_000))
			_ = z.Close()
		default:
			w.WriteHeader(404)
			_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, body)
		}
	}))
	return server.URL, asked
}

// serveAll serves HTTP/1.1 and HTTP/2, plain or over TLS.
func serveAll(t *testing.T, secure bool, handler nethttp.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	allVersions(server)
	begin(server, secure)
	t.Cleanup(server.Close)
	return server
}

// allVersions has a server speak each version of HTTP, plain and over TLS.
func allVersions(s *httptest.Server) {
	s.EnableHTTP2, s.Config.ErrorLog = true, quiet
	s.Config.Protocols = new(nethttp.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetHTTP2(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
}

// begin starts it, one way or the other.
func begin(s *httptest.Server, secure bool) {
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
}

// stepper makes calls of steps, one after the other.
type stepper struct {
	t       *testing.T
	opened  *kind.Opened
	clock   target.Clock
	carrier target.Carrier
	calls   uint64
}

func newStepper(t *testing.T, by carrier, s Settings) *stepper {
	t.Helper()
	s.Engine, s.Protocol, s.Timeout = by.engine, by.protocol, cmp.Or(s.Timeout, 10*time.Second)
	s.TLS.Insecure = s.TLS.Insecure || by.secure
	opened, err := s.Open(context.Background(), kind.Site{})
	if err != nil {
		t.Fatal(err)
	}
	x := &stepper{t: t, opened: opened}
	if opened.Polls {
		x.clock, err = wire.Clock(opened.Engine, wait.DefaultSpin)
	} else {
		x.clock = wait.NewDoze(wait.DefaultSpin)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if x.carrier != nil {
			x.carrier.Close()
		}
		x.clock.Close()
		opened.Close()
	})
	return x
}

// send makes the carrier, which comes after whatever is prepared, and sends.
func (x *stepper) send(id target.ID, r target.Request) {
	x.t.Helper()
	if x.carrier == nil {
		var err error
		if x.carrier, err = x.opened.Carrier(x.clock); err != nil {
			x.t.Fatal(err)
		}
	}
	x.carrier.Send(id, &r, x.clock.Now())
}

func (x *stepper) prepare(c *httpcall.Call) any {
	x.t.Helper()
	p, err := x.opened.Prepare(c)
	if err != nil {
		x.t.Fatal(err)
	}
	return p
}

func (x *stepper) call(r target.Request) target.Done {
	x.t.Helper()
	r.Number = x.calls
	x.calls++
	x.send(target.NewID(0, r.Number), r)
	return x.end()
}

// end is the next call's.
func (x *stepper) end() target.Done {
	x.t.Helper()
	due := x.clock.Now()
	for limit := due + 10*time.Second; ; {
		now := x.clock.Wait(min(due, limit))
		d, next := x.carrier.Take(now)
		if d != nil {
			return *d
		}
		if due = next; now >= limit || due == agenda.Never && now >= limit {
			x.t.Fatal("no end")
		}
	}
}

// until goes on as a loop does, as long as no call ends, until something is so.
func (x *stepper) until(what string, so func() bool) {
	x.t.Helper()
	for limit := time.Now().Add(10 * time.Second); !so(); {
		if d, _ := x.carrier.Take(x.clock.Wait(x.clock.Now() + time.Millisecond)); d != nil || time.Now().After(limit) {
			x.t.Fatalf("still not so: %s; %+v", what, d)
		}
	}
}

// asks is a call of a step.
func asks(t *testing.T, method, path string, change func(*httpcall.Call)) *httpcall.Call {
	t.Helper()
	c := &httpcall.Call{Action: method + " " + path, Method: method, Redirects: httpcall.MostRedirects}
	var err error
	if c.URL, err = c.Holes.Parse(path); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(c)
	}
	return c
}

func hole(t *testing.T, c *httpcall.Call, text string) template.Template {
	t.Helper()
	filled, err := c.Holes.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return filled
}

func wants(t *testing.T, texts ...string) (all []look.Operand) {
	t.Helper()
	for _, text := range texts {
		o, err := look.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// everyStepper is all that carries steps, plain and over TLS.
var everyStepper = []carrier{
	{wire.Epoll, "1.1", false}, {wire.Sockets, "1.1", false}, {Std, "1.1", false}, {Std, "2", false}, {wire.Epoll, "2", false},
	{wire.Uring, "1.1", false}, {wire.Uring, "2", false}, {wire.Uring, "1.1", true}, {wire.Uring, "2", true},
	{wire.Epoll, "1.1", true}, {wire.Epoll, "2", true}, {wire.Sockets, "1.1", true}, {Std, "2", true},
}

// A login by a form that leads on, whose cookie and answer are the user's alone:
// what the server saw is what the calls tell.
func TestStepsOverTheWire(t *testing.T) {
	for _, by := range everyStepper {
		t.Run(by.name(), func(t *testing.T) { testSteps(t, by) })
	}
}

func testSteps(t *testing.T, by carrier) {
	address, asked := shop(t, by.secure)
	x := newStepper(t, by, Settings{Calls: []Request{{Method: "GET", URL: address + "/v1/?old=query"}}})
	login := asks(t, "POST", "/login", func(c *httpcall.Call) {
		c.Body = httpcall.Body{Kind: httpcall.Form, Form: []httpcall.Pair{{Name: "user", Value: hole(t, c, "${name}")}}}
		c.Headers = []httpcall.Line{{Name: "X-User", Value: hole(t, c, "${user}")}}
	})
	post, home := x.prepare(login), x.prepare(asks(t, "GET", "/home", nil))
	want := wants(t, "json.session", "json.ids", "status", "json.none", "header.Content-Encoding")
	for user := range uint32(3) {
		d := x.call(target.Request{User: user, Call: post, Args: []value.Value{value.Of("a&b"), value.Of(fmt.Sprint(user))}, Want: want})
		if !d.OK() || d.Hops != 1 || d.Attempts != 1 || len(d.Found) != 5 || d.BytesIn > 1500 {
			t.Fatalf("%+v", d)
		}
		session := fmt.Sprintf("s-%d", user)
		if f := d.Found; f[0].Text != session || f[1].Text != "[1, 2.50]" || f[2].Text != "200" || f[3].Kind != value.None || f[4].Text != "gzip" {
			t.Errorf("%+v", f)
		}
		if len(d.Shown) != look.MostShown || !strings.HasPrefix(d.Shown, `{"session": "s-`) {
			t.Errorf("shown: %q", d.Shown)
		}
		if d := x.call(target.Request{User: user, Call: home, Want: want[:1]}); !d.OK() || d.Found[0].Text != session || d.Shown != "" {
			t.Errorf("%+v", d)
		}
	}
	x.carrier.(interface{ Leave(uint32) }).Leave(1)
	if d := x.call(target.Request{User: 1, Call: home, Want: want[:1]}); d.Found[0].Text != "none" {
		t.Errorf("who has left: %+v", d)
	}
	if d := x.call(target.Request{User: 2, Call: x.prepare(asks(t, "GET", "/home", func(c *httpcall.Call) { c.NoCookies = true })), Want: want[:1]}); d.Found[0].Text != "none" {
		t.Errorf("without cookies: %+v", d)
	}
	if got := asked.Load(); got != 3*3+2 {
		t.Errorf("the server was asked %d times", got)
	}
	asked.Store(0)
	for redirects, class := range map[int]string{0: "status-307", 3: "status-307"} {
		d := x.call(target.Request{Call: x.prepare(asks(t, "PUT", "/loop", func(c *httpcall.Call) { c.Redirects = redirects }))})
		if d.Class != class || d.Hops != redirects || asked.Swap(0) != int64(redirects+1) {
			t.Errorf("%d redirects: %+v", redirects, d)
		}
	}
	if d := x.call(target.Request{Call: x.prepare(asks(t, "GET", "/bomb", nil)), Want: want[:1]}); d.Class != target.Body || !strings.Contains(d.Example, "max_body") || d.Found[0].Kind != value.None {
		t.Errorf("a bomb: %+v", d)
	}
	odd := asks(t, "GET", "/a b/${id}?q=${id}#end", func(c *httpcall.Call) { c.AnyStatus = true })
	d := x.call(target.Request{Call: x.prepare(odd), Args: []value.Value{value.Of("x/y z?ü"), value.Of("1&2 ü")}, Want: wants(t, "body")})
	if !d.OK() || d.Found[0].Text != "GET /v1/a%20b/x%2Fy%20z%3F%C3%BC?q=1%262%20%C3%BC " {
		t.Errorf("%+v", d)
	}
	asked.Store(0)
	bad := asks(t, "GET", "/", func(c *httpcall.Call) { c.Headers = []httpcall.Line{{Name: "X-A", Value: hole(t, c, "${v}")}} })
	if d := x.call(target.Request{Call: x.prepare(bad), Args: []value.Value{value.Of("1\r\nX-B: 2")}}); d.Class != target.Variable || asked.Load() != 0 {
		t.Errorf("a header in a header: %+v, asked %d times", d, asked.Load())
	}
	if d := x.call(target.Request{Want: wants(t, "body")}); d.Class != "status-404" || d.Found[0].Text != "GET /v1/?old=query " {
		t.Errorf("the target's own call: %+v", d)
	}
}
