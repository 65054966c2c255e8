package httpcall

import (
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plimsoll/target/cookie"
	"plimsoll/target/value"
)

// Steps as they are written, and what net/http's server would read.
func TestStepsAreReadAsTheyWereMeant(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "order.bin"), []byte("a\x00b\r\n${id}"), 0o600); err != nil {
		t.Fatal(err)
	}
	values := texts("id", "a/b c?&=#é", "n", "7", "page", "/p?x=1&y", "token", "t0k+en=")
	values["n"] = value.Value{Kind: value.Number, Text: "7.50"}
	values["list"] = value.Value{Kind: value.List, Text: "[1, \"x\"]"}
	values["nothing"] = value.Value{}
	for _, c := range []struct {
		text, line, body string
		lines            http.Header
	}{
		{text: `get: /`, line: "GET /v1/"},
		{text: `get: "/a b/ü?q=é x#end"`, line: "GET /v1/a%20b/%C3%BC?q=%C3%A9%20x"},
		{text: `get: "/items/${id}"`, line: "GET /v1/items/a%2Fb%20c%3F&=%23%C3%A9"},
		{text: `get: "/items?q=${id}&n=${n}"`, line: "GET /v1/items?q=a%2Fb%20c%3F%26%3D%23%C3%A9&n=7.50"},
		{text: `get: "${page|raw}"`, line: "GET /v1/p?x=1&y"},
		{text: `{get: /s, query: {q: "${id}", "a b": [1, two], e: ""}}`, line: "GET /v1/s?q=a%2Fb%20c%3F%26%3D%23%C3%A9&a%20b=1&a%20b=two&e="},
		{text: `{get: "/s?p=0", query: {q: "a+b c"}}`, line: "GET /v1/s?p=0&q=a%2Bb%20c"},
		{text: `{delete: /d, headers: {x-One: "1 ${n}  ", X-Two: [a, b]}}`, line: "DELETE /v1/d", lines: http.Header{"X-One": {"1 7.50"}, "X-Two": {"a", "b"}}},
		{text: `{head: /h}`, line: "HEAD /v1/h"},
		{text: `{options: /o}`, line: "OPTIONS /v1/o"},
		{text: `{post: /p}`, line: "POST /v1/p", lines: http.Header{"Content-Length": {"0"}}},
		{text: `{post: /p, body: "x${id}\n"}`, line: "POST /v1/p", body: "xa/b c?&=#é\n"},
		{text: `{put: /p, body_file: order.bin, headers: {content-type: x/y}}`, line: "PUT /v1/p", body: "a\x00b\r\n${id}", lines: http.Header{"Content-Type": {"x/y"}}},
		{text: `{patch: /p, json: {n: "${n}", t: "n=${n}", l: "${list}", z: "${nothing}", s: "${id}", f: 1.0, b: true, o: {}}}`, line: "PATCH /v1/p",
			body: `{"n":7.50,"t":"n=7.50","l":[1, "x"],"z":null,"s":"a/b c?&=#é","f":1.0,"b":true,"o":{}}`, lines: http.Header{"Content-Type": {"application/json"}}},
		{text: `{post: /p, json: "${list}"}`, line: "POST /v1/p", body: `[1, "x"]`, lines: http.Header{"Content-Type": {"application/json"}}},
		{text: `{post: /p, form: {a: "${id}", "b c": ["1 2", "${n}"]}}`, line: "POST /v1/p",
			body: "a=a%2Fb+c%3F%26%3D%23%C3%A9&b+c=1+2&b+c=7.50", lines: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}},
		{text: `{get: /a, auth: {basic: "me:${token}"}}`, line: "GET /v1/a", lines: http.Header{"Authorization": {"Basic bWU6dDBrK2VuPQ=="}}},
		{text: `{get: /a, auth: {bearer: "${token}"}}`, line: "GET /v1/a", lines: http.Header{"Authorization": {"Bearer t0k+en="}}},
		{text: `{get: /a, cookies: {a: "${token}", b: [1, 2]}}`, line: "GET /v1/a", lines: http.Header{"Cookie": {"a=t0k+en=; b=1; b=2"}}},
		{text: `{get: /a, headers: {cookie: z=0}, cookies: {a: 1}}`, line: "GET /v1/a", lines: http.Header{"Cookie": {"z=0; a=1"}}},
		{text: `{get: /a, headers: {Host: other.example, User-Agent: me, X-Own: mine}}`, line: "GET /v1/a", lines: http.Header{"Host": {"other.example"}, "User-Agent": {"me"}, "X-Own": {"mine"}}},
		{text: `{get: /a, all: {headers: {X-All: 1, X-One: all}, auth: {bearer: all}}, headers: {X-One: own}}`, line: "GET /v1/a",
			lines: http.Header{"X-All": {"1"}, "X-One": {"own"}, "Authorization": {"Bearer all"}}},
		{text: `{get: /a, all: {headers: {Authorization: x}}, auth: {bearer: own}}`, line: "GET /v1/a", lines: http.Header{"Authorization": {"Bearer own"}}},
		{text: `{get: /a, all: {auth: {bearer: x}}, headers: {Authorization: own}}`, line: "GET /v1/a", lines: http.Header{"Authorization": {"own"}}},
	} {
		r, body := written(t, serves(t, "http://me:pass@Shop.example:8080/v1/?old=1", Header{"X-Own", "target's"}, Header{"X-Every", "e"}), reads(t, folder, c.text), values)
		want := http.Header{"User-Agent": {"plimsoll"}, "X-Own": {"target's"}, "X-Every": {"e"}, "Authorization": {"Basic bWU6cGFzcw=="}}
		for name, lines := range c.lines {
			want[name] = lines
		}
		if host := append(c.lines["Host"], "Shop.example:8080")[0]; r.Host != host {
			t.Errorf("%s goes to %s", c.text, r.Host)
		}
		delete(want, "Host")
		if c.body != "" {
			want.Set("Content-Length", fmt.Sprint(len(c.body)))
		}
		if got := r.Method + " " + r.RequestURI; got != c.line || string(body) != c.body || !reflect.DeepEqual(r.Header, want) {
			t.Errorf("%s becomes\n%s\n%v\n%q, want\n%s\n%v\n%q", c.text, got, r.Header, body, c.line, want, c.body)
		}
	}
}

// A whole URL goes where it says, without what is the target's own.
func TestWholeURLsLeaveTheTargetsOwnBehind(t *testing.T) {
	s := serves(t, "http://me:pass@shop.example/v1", Header{"X-Own", "1"})
	for url, home := range map[string]bool{
		"http://shop.example/x": true, "HTTP://SHOP.example:80/x": true, "http://shop.example:81/x": false,
		"https://shop.example/x": false, "http://other.example/x": false, "${whither|raw}/x": false,
	} {
		c := reads(t, "", fmt.Sprintf(`{get: "%s", headers: {X-Step: 1}, cookies: {a: 1}}`, url))
		var m Message
		if err := s.Prepare(c).Write(&m, args(c, texts("whither", "http://[::1]:9")), 0); err != nil {
			t.Fatal(err)
		}
		r, _ := asked(t, &m)
		own := r.Header.Get("X-Own") == "1" && r.Header.Get("Authorization") == "Basic bWU6cGFzcw=="
		if m.Home != home || own != home || r.Header.Get("X-Step") != "1" || r.Header.Get("Cookie") != "a=1" || r.RequestURI != "/x" {
			t.Errorf("%s: at home %v, %s %v", url, m.Home, r.RequestURI, r.Header)
		}
	}
}

// What users have been given they send back, and nobody else does; of a call that
// keeps none they send what it says itself.
func TestUsersSendTheirCookies(t *testing.T) {
	s := serves(t, "http://shop.example/v1")
	s.Jars.Set(1, place("/v1/a"), []byte("id=one; Path=/v1"))
	s.Jars.Set(1, place("/v1/a/b"), []byte("deep=x"))
	plain, cookies := reads(t, "", "get: /a/b"), reads(t, "", "{get: /, headers: {Cookie: h=0}, cookies: {own: 1}}")
	for _, c := range []struct {
		call *Call
		user uint32
		want string
	}{
		{plain, 0, ""}, {plain, 1, "deep=x; id=one"}, {reads(t, "", "get: /aa"), 1, "id=one"}, {cookies, 1, "h=0; id=one; own=1"}, {cookies, 2, "h=0; own=1"},
		{reads(t, "", "{get: /, cookies: {own: 1}, all: {cookies: false}}"), 1, "own=1"},
	} {
		var m Message
		p := s.Prepare(c.call)
		for range 2 { // its memory is used again
			if err := p.Write(&m, nil, c.user); err != nil {
				t.Fatal(err)
			}
		}
		if r, _ := asked(t, &m); r.Header.Get("Cookie") != c.want {
			t.Errorf("%s of user %d sends %q, want %q", c.call.Action, c.user, r.Header.Get("Cookie"), c.want)
		}
	}
}

// A value that would end the line or the cookie that it stands in fails the call,
// and so does a URL that is none.
func TestValuesThatCannotStand(t *testing.T) {
	s := serves(t, "http://shop.example/")
	for text, want := range map[string]string{
		`{get: /, headers: {X-A: "${v}"}}`:     `the header X-A would hold '\n'`,
		`{get: /, auth: {bearer: "a${v}"}}`:    "the header Authorization",
		`{get: /, cookies: {a: "${v}"}}`:       "a cookie would hold",
		`{get: /, cookies: {a: "${semi}"}}`:    "the cookie a would hold a semicolon",
		`{get: "${v|raw}"}`:                    "neither a path",
		`{get: "http://u:p@x/${semi}"}`:        "holds a name and a password",
		`{get: "http://${bad|raw}/${semi}"}`:   "is no URL",
		`{get: "${bad|raw}"}`:                  "neither a path",
		`{get: "http://${empty|raw}/${semi}"}`: "is no URL",
	} {
		c, problems := read("", text)
		if len(problems) > 0 {
			contains(t, problems[0].Text, want)
			continue
		}
		contains(t, refused(t, s, c, texts("v", "x\ny", "semi", "a;b", "bad", "a b:c:d", "empty", "")), want)
	}
	// What basic auth encodes can hold anything.
	r, _ := written(t, s, reads(t, "", `{get: /, auth: {basic: "me:${v}"}}`), texts("v", "x\ny"))
	if _, password, ok := r.BasicAuth(); !ok || password != "x\ny" {
		t.Errorf("the password is %q", password)
	}
}

// anyText is a text with all that has a meaning somewhere.
func anyText() *rapid.Generator[string] {
	return rapid.StringOf(rapid.SampledFrom([]rune("abzAZ09 %&=+;,/?#:@!$'()*-._~|[]{}<>\"\\^`é漢\t\r\n\x00\x7f")))
}

// Whatever is put into queries, paths and forms comes out of net/url as it was.
func TestPairsComeOutAsTheyWere(t *testing.T) {
	s := serves(t, "http://shop.example/v1/")
	query := reads(t, "", `{get: "/a/${p}/b", query: {q: "${a}", "n m": ["${b}", "x${a}y"]}}`)
	inline := reads(t, "", `{get: "/a?q=${a}&r=x${b}"}`)
	form := reads(t, "", `{post: /, form: {q: "${a}", "n&m": ["${b}", "x${a}y"]}}`)
	rapid.Check(t, func(r *rapid.T) {
		a, b, p := anyText().Draw(r, "a"), anyText().Draw(r, "b"), anyText().Draw(r, "p")
		values := texts("a", a, "b", b, "p", p)
		request, _ := written(t, s, query, values)
		if want := (url.Values{"q": {a}, "n m": {b, "x" + a + "y"}}); !reflect.DeepEqual(request.URL.Query(), want) {
			r.Fatalf("%s: %q, want %q", request.RequestURI, request.URL.Query(), want)
		}
		if segments := strings.Split(request.URL.EscapedPath(), "/"); len(segments) != 5 || request.URL.Path != "/v1/a/"+p+"/b" {
			r.Fatalf("%s: %q", request.RequestURI, request.URL.Path)
		}
		request, _ = written(t, s, inline, values)
		if want := (url.Values{"q": {a}, "r": {"x" + b}}); !reflect.DeepEqual(request.URL.Query(), want) {
			r.Fatalf("%s: %q, want %q", request.RequestURI, request.URL.Query(), want)
		}
		request, _ = written(t, s, form, values)
		if err := request.ParseForm(); err != nil {
			r.Fatal(err)
		}
		if want := (url.Values{"q": {a}, "n&m": {b, "x" + a + "y"}}); !reflect.DeepEqual(request.PostForm, want) {
			r.Fatalf("%q, want %q", request.PostForm, want)
		}
	})
}

// Values and files come out of mime/multipart as they were, whatever their names.
func TestPartsComeOutAsTheyWere(t *testing.T) {
	folder := t.TempDir()
	content := []byte("--plimsoll\r\n\x00\xff${a}\r\n")
	names := []string{`we"ird\name.PNG`, "plain.csv", "none"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Skip(err) // a system without such names
		}
	}
	c := reads(t, folder, `{post: /, multipart: [{name: "a \"b\"", value: "${a}"}, {name: k, value: "x${b}", type: text/x-y}, {name: f, file: 'we"ird\name.PNG'}, {name: f, file: plain.csv}, {name: f, file: none, type: x/y}, {name: f, file: none}]}`)
	s := serves(t, "http://shop.example/")
	rapid.Check(t, func(r *rapid.T) {
		a, b := anyText().Draw(r, "a"), anyText().Draw(r, "b")
		request, _ := written(t, s, c, texts("a", a, "b", b))
		reader, err := request.MultipartReader()
		if err != nil {
			r.Fatal(err)
		}
		type part struct{ name, file, media, text string }
		var got []part
		for {
			p, err := reader.NextPart()
			if err == io.EOF {
				break
			} else if err != nil {
				r.Fatal(err)
			}
			got = append(got, part{p.FormName(), p.FileName(), p.Header.Get("Content-Type"), all(r, p)})
		}
		want := []part{
			{`a "b"`, "", "", a}, {"k", "", "text/x-y", "x" + b}, {"f", `we"ird\name.PNG`, "image/png", string(content)},
			{"f", "plain.csv", "text/csv", string(content)}, {"f", "none", "x/y", string(content)}, {"f", "none", "application/octet-stream", string(content)},
		}
		if !slices.Equal(got, want) {
			r.Fatalf("got\n%q, want\n%q", got, want)
		}
	})
}

func all(r *rapid.T, p *multipart.Part) string {
	text, err := io.ReadAll(p)
	if err != nil {
		r.Fatal(err)
	}
	return string(text)
}

// Whatever is put into JSON comes out of encoding/json as it was, with its type.
func TestJSONComesOutAsItWas(t *testing.T) {
	c := reads(t, "", `{post: /, json: {"k${b}": "${a}", n: "${n}", t: "x${a}", o: ["${o}"]}}`)
	s := serves(t, "http://shop.example/")
	rapid.Check(t, func(r *rapid.T) {
		a, b, n := anyText().Draw(r, "a"), anyText().Draw(r, "b"), rapid.Int64Range(-1<<52, 1<<52).Draw(r, "n")
		object, _ := json.Marshal(map[string]string{a: b})
		values := texts("a", a, "b", b)
		values["n"], values["o"] = value.Value{Kind: value.Number, Text: fmt.Sprint(n)}, value.Value{Kind: value.Object, Text: string(object)}
		_, body := written(t, s, c, values)
		var got any
		if err := json.Unmarshal(body, &got); err != nil {
			r.Fatalf("%s: %v", body, err)
		}
		want := map[string]any{"k" + b: a, "n": float64(n), "t": "x" + a, "o": []any{map[string]any{a: b}}}
		if !reflect.DeepEqual(got, want) {
			r.Fatalf("%s: %v, want %v", body, got, want)
		}
	})
}

// What never changes is made once, and comes out the same as what does.
func TestFixedRequestsAreTheSame(t *testing.T) {
	for _, text := range []string{
		`{post: "/a?b=c", query: {d: e}, json: {f: 1}, headers: {X-A: b}, auth: {basic: "a:b"}, cookies: {g: h}}`,
		`{get: /}`, `{get: "http://shop.example/x"}`,
	} {
		s := serves(t, "http://shop.example/v1", Header{"X-Own", "1"})
		p := s.Prepare(reads(t, "", text))
		if p.fixed == nil {
			t.Fatalf("%s is not fixed", text)
		}
		var fixed, made Message
		if allocated := testing.AllocsPerRun(100, func() { _ = p.Write(&fixed, nil, 0) }); allocated > 0 {
			t.Errorf("%s costs %v allocations", text, allocated)
		}
		p.fixed = nil
		_ = p.Write(&made, nil, 0)
		if string(fixed.Bytes) != string(made.Bytes) || fixed.Head != made.Head || fixed.Host != made.Host || fixed.Home != made.Home || string(fixed.Target) != string(made.Target) {
			t.Errorf("%s is made once as\n%q, and else as\n%q", text, fixed.Bytes, made.Bytes)
		}
	}
	if p := serves(t, "http://shop.example").Prepare(reads(t, "", `get: "/${id}"`)); p.fixed != nil {
		t.Error("a path with a variable is fixed")
	}
}

// One connection for one call, and a body that waits to be asked for.
func TestWhatConnectionsAreTold(t *testing.T) {
	var m Message
	for text, want := range map[string][2]bool{
		`get: /`: {false, false},
		`{get: /, headers: {connection: "x, CLOSE"}}`:         {true, false},
		`{post: /, body: x, headers: {Expect: 100-Continue}}`: {false, true},
		`{post: /, headers: {Expect: 100-continue}}`:          {false, false},
	} {
		if err := serves(t, "http://shop.example").Prepare(reads(t, "", text)).Write(&m, nil, 0); err != nil {
			t.Fatal(err)
		}
		if r, _ := asked(t, &m); m.Once != want[0] || m.Asks != want[1] || r.Close != want[0] {
			t.Errorf("%s: once %v, asks %v, closes %v", text, m.Once, m.Asks, r.Close)
		}
	}
	s := serves(t, "http://shop.example")
	s.Once = true
	if r, _ := written(t, s, reads(t, "", "get: /"), nil); !r.Close {
		t.Error("a target without keepalive keeps its connection")
	}
}

func place(path string) cookie.Place { return cookie.Place{Host: "shop.example", Path: path} }
