package cookie

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func sent(j *Jars, user uint32, to Place) string { return string(j.Append(nil, user, to)) }

// oracle is what net/http sends.
func oracle(j *cookiejar.Jar, u *url.URL) string {
	r := http.Request{Header: http.Header{}}
	for _, c := range j.Cookies(u) {
		r.AddCookie(c)
	}
	return r.Header.Get("Cookie")
}

var (
	hosts = []string{"shop.example", "www.shop.example", "a.www.shop.example", "other.example", "localhost", "127.0.0.1", "xshop.example"}
	paths = []string{"/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", ""}
)

func place(r *rapid.T) (Place, *url.URL) {
	p := Place{Host: rapid.SampledFrom(hosts).Draw(r, "host"), Path: rapid.SampledFrom(paths).Draw(r, "path"), Secure: rapid.Bool().Draw(r, "secure")}
	return p, &url.URL{Scheme: map[bool]string{true: "https", false: "http"}[p.Secure], Host: p.Host, Path: p.Path}
}

// attributes of well-formed cookies, and those that are passed over alike.
var attributes = []string{
	"Secure", "secure", "HttpOnly", "SameSite=Lax", "Path=/", "Path=/a", "path=/a/b", "Path=a", "Path=", "Domain=shop.example", "Domain=.shop.example",
	"domain=WWW.shop.example", "Domain=other.example", "Domain=.", "Domain=..x", "Domain=shop.example.", "Domain=", "Domain=127.0.0.1", "Domain=hop.example",
	"Max-Age=0", "Max-Age=-1", "Max-Age=100", "Max-Age=007", "Max-Age=x", "Max-Age=", "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
	"Expires=Fri, 31 Dec 2199 23:59:59 GMT", "expires=Fri, 31-Dec-2199 23:59:59 GMT", "Expires=soon", "What=ever", "",
}

// Whatever servers of a handful of hosts set, users send what net/http's jar
// would, in its order.
func TestUsersSendWhatNetHTTPWould(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		jars := NewJars(time.Now)
		const users = 2
		var others [users]*cookiejar.Jar
		for i := range others {
			others[i], _ = cookiejar.New(nil)
		}
		for range rapid.IntRange(1, 12).Draw(r, "answers") {
			user := uint32(rapid.IntRange(0, users-1).Draw(r, "user"))
			from, u := place(r)
			line := rapid.StringMatching(`[abc]=("[xy]{0,2}"|([xyz=]( [xyz=])?)?)`).Draw(r, "pair")
			for _, a := range rapid.SliceOfN(rapid.SampledFrom(attributes), 0, 3).Draw(r, "attributes") {
				line += rapid.SampledFrom([]string{"; ", ";", " ; "}).Draw(r, "semicolon") + a
			}
			if strings.Count(strings.ToLower(line), "expires=") > 1 {
				continue // net/http forgets the good one for a bad one behind it; a bad one is nothing (RFC 6265, 5.2.1)
			}
			jars.Set(user, from, []byte(line))
			answer := http.Response{Header: http.Header{"Set-Cookie": {line}}}
			others[user].SetCookies(u, answer.Cookies())
			for range 4 {
				to, u := place(r)
				if got, want := sent(jars, user, to), oracle(others[user], u); unquoted(got) != unquoted(want) {
					r.Fatalf("after %q from %v, to %v: %q, want %q", line, from, to, got, want)
				}
			}
		}
	})
}

// unquoted leaves out quotation marks: net/http adds them where there is a
// space in a value, and we send what came.
func unquoted(text string) string { return strings.ReplaceAll(text, `"`, "") }

// What net/http does not take, and browsers do.
func TestCookiesAsBrowsersHaveThem(t *testing.T) {
	now := time.Unix(1e9, 0)
	jars := NewJars(func() time.Time { return now })
	home := Place{Host: "shop.example", Path: "/"}
	for _, c := range []struct{ line, want string }{
		{"a=1\\2,\"3", "a=1\\2,\"3"},
		{"b=ü; Expires=Sun Sep  9 01:46:41 2001", "a=1\\2,\"3; b=ü"}, // in a second
		{"no cookie", "a=1\\2,\"3; b=ü"},
		{"e=1; Domain=example", "a=1\\2,\"3; b=ü"},
		{"=1", "a=1\\2,\"3; b=ü"},
		{"c=1\x01", "a=1\\2,\"3; b=ü"},
		{"d=" + strings.Repeat("x", 5000), "a=1\\2,\"3; b=ü"},
		{"a=; max-age=99999999999999999999", "a=; b=ü"},
		{"f=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=soon", "a=; b=ü"},
	} {
		jars.Set(1, home, []byte(c.line))
		if got := sent(jars, 1, home); got != c.want {
			t.Errorf("after %.40q: %q, want %q", c.line, got, c.want)
		}
	}
	now = now.Add(time.Second)
	if got := sent(jars, 1, home); got != "a=" {
		t.Errorf("a second later: %q", got)
	}
	if got := sent(jars, 2, home); got != "" {
		t.Errorf("another user sends %q", got)
	}
	jars.Leave(1)
	if got := sent(jars, 1, home); got != "" || len(jars.shelf(1).of) != 0 {
		t.Errorf("who has left sends %q", got)
	}
}

// However many cookies a server sets, a user keeps so many: the newest.
func TestTheOldestCookiesGo(t *testing.T) {
	jars := NewJars(time.Now)
	home := Place{Host: "shop.example", Path: "/"}
	for n := range 2 * mostCookies {
		jars.Set(0, home, fmt.Appendf(nil, "c%d=%d", n, n))
	}
	all := strings.Split(sent(jars, 0, home), "; ")
	if len(all) != mostCookies || all[0] != fmt.Sprintf("c%d=%[1]d", mostCookies) {
		t.Errorf("%d cookies, the first %q", len(all), all[0])
	}
}

func FuzzSet(f *testing.F) {
	for _, a := range attributes {
		f.Add([]byte("name=value; "+a), "shop.example", "/a/b")
	}
	f.Fuzz(func(t *testing.T, line []byte, host, path string) {
		jars := NewJars(time.Now)
		jars.Set(0, Place{host, path, true}, line)
		text := sent(jars, 0, Place{host, path, true})
		if len(text) > longest+1 || strings.ContainsAny(text, "\r\n\x00;") {
			t.Errorf("%q sends %q", line, text)
		}
	})
}

// BenchmarkUser tells what 10,000 users with a session's cookie each take,
// beside a net/http/cookiejar for each.
func BenchmarkUser(b *testing.B) {
	const line = "session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly"
	heap := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	b.Run("ours", func(b *testing.B) {
		before, jars := heap(), NewJars(time.Now)
		var text []byte
		for n := range b.N {
			jars.Set(uint32(n), Place{Host: "shop.example", Path: "/"}, []byte(line))
			text = jars.Append(text[:0], uint32(n), Place{Host: "shop.example", Path: "/items"})
		}
		b.ReportMetric((heap()-before)/float64(b.N), "B/user")
		runtime.KeepAlive(jars)
	})
	b.Run("cookiejar", func(b *testing.B) {
		before, jars := heap(), map[uint32]*cookiejar.Jar{}
		u := &url.URL{Scheme: "http", Host: "shop.example", Path: "/"}
		for n := range b.N {
			j, _ := cookiejar.New(nil)
			jars[uint32(n)] = j
			answer := http.Response{Header: http.Header{"Set-Cookie": {line}}}
			j.SetCookies(u, answer.Cookies())
			oracle(j, u)
		}
		b.ReportMetric((heap()-before)/float64(b.N), "B/user")
		runtime.KeepAlive(jars)
	})
}

// Users of several loops do not wait for each other: who has his jar open keeps none
// of those from theirs who are another loop's.
func TestNeighboursDoNotMeet(t *testing.T) {
	jars := NewJars(time.Now)
	for user := range uint32(16) {
		open := jars.shelf(user)
		for other := range uint32(16) {
			if (jars.shelf(other) == open) != (other == user) {
				t.Errorf("users %d and %d", user, other)
			}
		}
	}
}
