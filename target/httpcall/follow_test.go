package httpcall

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target/cookie"
	"plimsoll/target/value"
)

// maze is two servers that lead each other's visitors on, and note who comes.
type maze struct {
	mu    sync.Mutex
	seen  []string
	sends func(w http.ResponseWriter, r *http.Request) // the answer
	one   *httptest.Server
	other string // the other's URL, at another host
}

func newMaze(t *testing.T) *maze {
	m := &maze{}
	visit := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			m.mu.Lock()
			defer m.mu.Unlock()
			m.seen = append(m.seen, strings.Join([]string{
				name, r.Method, r.RequestURI, string(body), r.Header.Get("Content-Type"), r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Header.Get("X-A"),
			}, "|"))
			m.sends(w, r)
		}
	}
	m.one = httptest.NewServer(visit("one"))
	other := httptest.NewServer(visit("other"))
	t.Cleanup(func() { m.one.Close(); other.Close() })
	m.other = strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	return m
}

// taken is what has been noted since the last time.
func (m *maze) taken() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.seen
	m.seen = nil
	return seen
}

// walk makes a call the way that a carrier does: request after request, each over
// a connection of its own.
func walk(t interface{ Fatal(...any) }, p *Prepared, values []value.Value, user uint32) (status, hops int) {
	var m Message
	if err := p.Write(&m, values, user); err != nil {
		t.Fatal(err)
	}
	for {
		conn, err := net.DialTimeout("tcp", m.Host, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err = conn.Write(m.Bytes); err != nil {
			t.Fatal(err)
		}
		var head bytes.Buffer
		answer, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &head)), &http.Request{Method: m.Method})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = conn.Close()
		lines, _, _ := bytes.Cut(head.Bytes(), []byte("\r\n\r\n"))
		location := p.Learn(&m, lines, user)
		if !p.Redirected(&m, answer.StatusCode) {
			return answer.StatusCode, m.Hops
		}
		follows, err := p.Follow(&m, answer.StatusCode, location, values, user)
		if err != nil {
			t.Fatal(err)
		}
		if !follows {
			return answer.StatusCode, m.Hops
		}
	}
}

// Whatever GET and POST are led through at one host, they are seen to go where
// net/http's client goes, with the cookies that its jar would send.
func TestRedirectsAreFollowedAsNetHTTPDoes(t *testing.T) {
	maze := newMaze(t)
	base := maze.one.URL + "/v1"
	rapid.Check(t, func(r *rapid.T) {
		type door struct {
			status     int
			to, cookie string
		}
		doors := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) door {
			return door{
				status: rapid.SampledFrom([]int{301, 302, 303, 307, 308}).Draw(r, "status"),
				to:     rapid.SampledFrom([]string{"/x/y?z=1", "next", "../up", "?q=a%20b", "./", "/v1/#part", base + "/whole"}).Draw(r, "to"),
				cookie: rapid.SampledFrom([]string{"", "a=1", "b=2; Path=/", "a=; Max-Age=0", "c=3; Path=/x"}).Draw(r, "cookie"),
			}
		}), 0, 6).Draw(r, "doors")
		passed := 0
		maze.sends = func(w http.ResponseWriter, _ *http.Request) {
			if passed < len(doors) {
				d := doors[passed]
				passed++
				if d.cookie != "" {
					w.Header().Set("Set-Cookie", d.cookie)
				}
				w.Header().Set("Location", d.to)
				w.WriteHeader(d.status)
			}
		}
		method := rapid.SampledFrom([]string{"get", "post", "head"}).Draw(r, "method")
		text := fmt.Sprintf(`{%s: "/a/b?c=d", headers: {X-A: 1}, auth: {basic: "a:b"}}`, method)
		if method == "post" {
			text = `{post: "/a/b?c=d", headers: {X-A: 1}, auth: {basic: "a:b"}, form: {x: y}}`
		}
		status, hops := walk(r, serves(t, base).Prepare(reads(t, "", text)), nil, 0)
		ours := maze.taken()
		passed = 0
		want := clientSees(r, base+"/a/b?c=d", method)
		if theirs := maze.taken(); !slices.Equal(ours, theirs) || status != want || hops != len(doors) {
			r.Fatalf("%d after %d hops:\n%s\nnet/http: %d\n%s", status, hops, strings.Join(ours, "\n"), want, strings.Join(theirs, "\n"))
		}
	})
}

// clientSees has net/http's client make the call.
func clientSees(r *rapid.T, to, method string) (status int) {
	jar, _ := cookiejar.New(nil)
	var body io.Reader
	if method == "post" {
		body = strings.NewReader("x=y")
	}
	request, err := http.NewRequest(strings.ToUpper(method), to, body)
	if err != nil {
		r.Fatal(err)
	}
	request.Header.Set("X-A", "1")
	request.SetBasicAuth("a", "b")
	if method == "post" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := (&http.Client{Jar: jar}).Do(request)
	if err != nil {
		r.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// What the rules say of methods, of numbers, of loops, and of locations that lead
// nowhere.
func TestRedirects(t *testing.T) {
	maze := newMaze(t)
	for _, c := range []struct {
		text, answers string // STATUS LOCATION, STATUS LOCATION …; the last for ever
		status        int
		seen          string
	}{
		{`{put: /a, body: x}`, "302 /b, 200 /", 200, "PUT /a x, PUT /b x"},
		{`{delete: /a}`, "301 /b, 200 /", 200, "DELETE /a , DELETE /b "},
		{`{put: /a, body: x}`, "303 /b, 200 /", 200, "PUT /a x, GET /b "},
		{`{head: /a}`, "303 /b, 200 /", 200, "HEAD /a , HEAD /b "},
		{`{post: /a, body: x}`, "301 /b, 307 /c, 200 /", 200, "POST /a x, GET /b , GET /c "},
		{`{post: /a, body: x}`, "308 /b, 307 /c, 200 /", 200, "POST /a x, POST /b x, POST /c x"},
		{`{get: /a, redirects: 0}`, "302 /b", 302, "GET /a "},
		{`{get: /a, redirects: 2}`, "302 /a", 302, "GET /a , GET /a , GET /a "},
		{`{get: /a, all: {redirects: 1}}`, "302 /b", 302, "GET /a , GET /b "},
		{`{get: /a}`, "302 ", 302, "GET /a "},
		{`{get: /a}`, "304 /b", 304, "GET /a "},
		{`{get: /a}`, "300 /b", 300, "GET /a "},
		{`{get: /a}`, "302 ftp://x/b", 302, "GET /a "},
		{`{get: /a}`, "302 http://", 302, "GET /a "},
		{`{get: /a}`, "302 http://[x/", 302, "GET /a "},
		{`{get: "/a?b=${v}"}`, "302 ?c, 200 /", 200, "GET /a?b=1%262 , GET /a?c "},
		{`{get: /a}`, "302 /ü b, 200 /", 200, "GET /a , GET /%C3%BC%20b "},
	} {
		answers := strings.Split(c.answers, ", ")
		passed := 0
		maze.sends = func(w http.ResponseWriter, _ *http.Request) {
			status, location, _ := strings.Cut(answers[min(passed, len(answers)-1)], " ")
			passed++
			code := 0
			_, _ = fmt.Sscan(status, &code)
			w.Header()["Location"] = []string{location}
			w.WriteHeader(code)
		}
		call := reads(t, "", c.text)
		status, hops := walk(t, serves(t, maze.one.URL).Prepare(call), args(call, texts("v", "1&2")), 0)
		var seen []string
		for _, visit := range maze.taken() {
			parts := strings.Split(visit, "|")
			seen = append(seen, strings.Join(parts[1:4], " "))
		}
		if got := strings.Join(seen, ", "); got != c.seen || status != c.status || hops != len(seen)-1 {
			t.Errorf("%s through %s: %d after %d hops, %s", c.text, c.answers, status, hops, got)
		}
	}
	maze.sends = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) }
	if status, hops := walk(t, serves(t, maze.one.URL).Prepare(reads(t, "", "get: /loop")), nil, 0); status != 302 || hops != MostRedirects || len(maze.taken()) != MostRedirects+1 {
		t.Errorf("a loop: %d after %d hops", status, hops)
	}
}

// Who asks is told to nobody else, nor to the first host once the way has led
// past another; what is about the body goes with it, and what is the target's own
// stays at home.
func TestCredentialsStopAtAnotherHost(t *testing.T) {
	maze := newMaze(t)
	path := func(r *http.Request) string { return r.URL.Path }
	maze.sends = func(w http.ResponseWriter, r *http.Request) {
		switch path(r) {
		case "/v1/start":
			w.Header().Set("Set-Cookie", "kept=1; Path=/")
			http.Redirect(w, r, maze.other+"/there", http.StatusTemporaryRedirect)
		case "/there":
			http.Redirect(w, r, "/on", http.StatusTemporaryRedirect)
		case "/on":
			http.Redirect(w, r, maze.one.URL+"/back", http.StatusSeeOther)
		}
	}
	s := serves(t, strings.Replace(maze.one.URL, "//", "//me:pass@", 1)+"/v1", Header{"X-A", "own"})
	call := reads(t, "", `{post: /start, body: x, headers: {Content-Type: a/b, Cookie: h=0, Proxy-Authorization: p}, auth: {bearer: t}, cookies: {own: 1}}`)
	if status, hops := walk(t, s.Prepare(call), nil, 7); status != 200 || hops != 3 {
		t.Errorf("%d after %d hops", status, hops)
	}
	want := []string{
		"one|POST|/v1/start|x|a/b|Bearer t|h=0; own=1|own",
		"other|POST|/there|x|a/b|||",
		"other|POST|/on|x|a/b|||",
		"one|GET|/back||||kept=1|",
	}
	if seen := maze.taken(); !slices.Equal(seen, want) {
		t.Errorf("seen:\n%s\nwant:\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
	}
}

// The same name spoken to in secret is the same host; one that ends in it, or has
// another port, is not.
func TestWhoIsAStranger(t *testing.T) {
	for _, c := range []struct {
		from, to string
		stranger bool
	}{
		{"http://a.example/", "http://A.example:80/x", false}, {"http://a.example/", "https://a.example/", false},
		{"http://a.example:8080/", "https://a.example:8443/", true}, {"http://a.example/", "http://a.example:81/", true},
		{"https://a.example/", "http://a.example/", true}, {"https://a.example/", "http://a.example:443/", true},
		{"http://a.example/", "http://b.a.example/", true}, {"http://a.example/", "//c.example/", true},
	} {
		s := serves(t, c.from)
		p := s.Prepare(reads(t, "", `{get: /, auth: {bearer: t}}`))
		var m Message
		_ = p.Write(&m, nil, 0)
		if follows, err := p.Follow(&m, 302, []byte(c.to), nil, 0); err != nil || !follows {
			t.Errorf("%s to %s: %v, %v", c.from, c.to, follows, err)
		}
		if r, _ := asked(t, &m); (r.Header.Get("Authorization") == "") != c.stranger {
			t.Errorf("%s to %s: %v", c.from, c.to, r.Header)
		}
	}
}

// Servers say anything: it leads somewhere or nowhere, and never breaks us.
func FuzzFollow(f *testing.F) {
	for _, location := range []string{"", "/", "//", "///x", "http://", "http://x:99999/", "?", "#", "%", "\x00", "http://[::1%25eth0]:80/a", "http:x", "a\r\nb: c"} {
		f.Add(location, "Set-Cookie: a=b\r\nLocation: x")
	}
	base := &Server{Base: &url.URL{Scheme: "http", Host: "a.example"}, Jars: cookie.NewJars(time.Now)}
	c := &Call{Action: "GET /", Method: "GET", Redirects: 3}
	c.URL, _ = c.Holes.Parse("/a?b")
	p := base.Prepare(c)
	f.Fuzz(func(t *testing.T, location, head string) {
		var m Message
		_ = p.Write(&m, nil, 0)
		_, _ = p.Learn(&m, []byte(head), 0), Encodings([]byte(head))
		if follows, err := p.Follow(&m, 302, []byte(location), nil, 0); follows && err == nil {
			r, _ := asked(t, &m)
			if r.Method != "GET" || len(r.Header) > 3 {
				t.Errorf("%q makes %q", location, m.Bytes)
			}
		}
	})
}
