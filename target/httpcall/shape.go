package httpcall

import (
	"cmp"
	"fmt"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"plimsoll/target/setting"
	"plimsoll/target/stream"
	"plimsoll/target/template"
)

// Written is a step's HTTP keys as they stand in the file.
type Written struct {
	actions   [len(verbs)]setting.At[template.Template]
	query     []Pair
	headers   setting.At[[]Line]
	cookies   setting.At[[]Pair]
	auth      setting.At[Auth]
	redirects setting.At[int]
	body      writtenBody
	stream    stream.Written
}

// verbs are the actions, and their methods in small letters.
var verbs = [...]string{"get", "post", "put", "patch", "delete", "head", "options"}

// Verbs are the keys that are actions of HTTP.
func Verbs() []string { return verbs[:] }

// Fields are the keys of an HTTP step, wherever T keeps it.
func Fields[T any](of func(*T) *Written) []setting.Field[T] {
	var fields []setting.Field[T]
	for i, verb := range verbs {
		fields = append(fields, setting.Key(verb, strings.ToUpper(verb)+" a path, which is appended to that of the target's url, or a whole URL.", setting.Located(template.Shape("a path or URL")), func(t *T) *setting.At[template.Template] { return &of(t).actions[i] }))
	}
	fields = append(fields,
		setting.Key("query", "What is asked behind the path: names and their values, or lists of values.", pairs("query"), func(t *T) *[]Pair { return &of(t).query }),
		setting.Key("headers", "Header lines: a name and its value, or a list of values.", setting.Located(lines()), func(t *T) *setting.At[[]Line] { return &of(t).headers }),
		setting.Key("cookies", "Cookies to send besides those that are kept.", setting.Located(pairs("cookies")), func(t *T) *setting.At[[]Pair] { return &of(t).cookies }),
		setting.Key("auth", "Who asks.", setting.Located(auth()), func(t *T) *setting.At[Auth] { return &of(t).auth }),
		setting.Key("redirects", "How many redirects are followed, 0 for none. Default 10.", setting.Located(redirects()), func(t *T) *setting.At[int] { return &of(t).redirects }),
	)
	fields = append(fields, bodyFields(func(t *T) *writtenBody { return &of(t).body })...)
	return append(fields, stream.Fields(func(t *T) *stream.Written { return &of(t).stream })...)
}

// CommonFields are the keys that may stand in a scenario, for all its steps.
func CommonFields[T any](of func(*T) *Common) []setting.Field[T] {
	some := func(a Auth) *Auth { return &a }
	return []setting.Field[T]{
		setting.Key("headers", "Header lines of all its HTTP steps.", lines(), func(t *T) *[]Line { return &of(t).Headers }),
		setting.Key("auth", "Who asks, in all its HTTP steps.", setting.Convert(auth(), func(_ *setting.Reader, _ setting.Pos, a Auth) (*Auth, bool) { return some(a), true }), func(t *T) **Auth { return &of(t).Auth }),
		setting.Key("redirects", "How many redirects its HTTP steps follow, 0 for none. Default 10.", setting.Located(redirects()), func(t *T) *setting.At[int] { return &of(t).Redirects }),
		setting.Key("cookies", "Whether each user keeps the cookies of answers. Default true.", setting.Located(setting.Bool()), func(t *T) *setting.At[bool] { return &of(t).Cookies }),
		setting.Key("trace", "How its HTTP steps name the trace that they begin: w3c sends the header traceparent. Default: they name none.", setting.Word("a way to name traces", "w3c"), func(t *T) *string { return &of(t).Trace }),
	}
}

func redirects() setting.Shape[int] { return setting.Count(0, 100) }

func auth() setting.Shape[Auth] {
	return setting.Secret(setting.Choice("auth",
		setting.When("basic", "NAME:PASSWORD.", template.Shape("NAME:PASSWORD"), func(t template.Template) Auth { return Auth{Basic: true, Text: t} }),
		setting.When("bearer", "A token.", template.Shape("a token"), func(t template.Template) Auth { return Auth{Text: t} }),
	))
}

// pairs are names and values, several of a name as a list.
func pairs(what string) setting.Shape[[]Pair] {
	entries := setting.Map(what, setting.OneOrMore(template.Shape("a value")))
	return setting.Complete(entries, func(_ *setting.Reader, _ setting.Pos, all []setting.Entry[setting.Several[template.Template]]) (list []Pair, _ bool) {
		for _, e := range all {
			for _, v := range e.Value.Values() {
				list = append(list, Pair{e.Key, v, e.Pos})
			}
		}
		return list, true
	})
}

func lines() setting.Shape[[]Line] {
	entries := setting.Map("headers", setting.OneOrMore(template.Shape("the value of a header")))
	return setting.Secret(setting.Complete(entries, func(r *setting.Reader, _ setting.Pos, all []setting.Entry[setting.Several[template.Template]]) (list []Line, ok bool) {
		ok = true
		seen := map[string]bool{}
		for _, e := range all {
			name := textproto.CanonicalMIMEHeaderKey(e.Key)
			err := CheckHeader(e.Key, seen[name])
			seen[name] = true
			for _, v := range e.Value.Values() {
				if err == nil && strings.ContainsFunc(v.String(), control) {
					err = fmt.Errorf("a header's value must be one line without control characters, found one in %s", e.Key)
				}
				list = append(list, Line{e.Key, v, e.Pos})
			}
			if err != nil {
				r.Problem(e.Pos, "%v", err)
				ok = false
			}
		}
		return list, ok
	}))
}

func control(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }

// token is what names of headers and methods are (RFC 9110, 5.6.2).
var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// CheckHeader tells what is wrong with the name of a header; twice tells that it
// has come before.
func CheckHeader(name string, twice bool) error {
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	switch {
	case canonical == "Content-Length" || canonical == "Transfer-Encoding":
		return fmt.Errorf("the header %s follows from the body: leave it out", name)
	case !token.MatchString(name):
		return fmt.Errorf("%q is no name of a header: letters, digits and - make one", name)
	case twice:
		return fmt.Errorf("the header %s comes twice: give its values as a list", name)
	}
	return nil
}

// Given are the actions of HTTP that the step has.
func (w *Written) Given() (verbsGiven []string) {
	for i, action := range w.actions {
		if action.Given {
			verbsGiven = append(verbsGiven, verbs[i])
		}
	}
	return verbsGiven
}

// Stray is the first key that only an HTTP step can have; "" where there is none.
func (w *Written) Stray() (key string, at setting.Pos) {
	for _, k := range w.modifiers() {
		if k.given {
			return k.name, k.pos
		}
	}
	return "", setting.Pos{}
}

type modifier struct {
	name  string
	given bool
	pos   setting.Pos
}

func (w *Written) modifiers() []modifier {
	all := []modifier{
		{"headers", w.headers.Given, w.headers.Pos}, {"cookies", w.cookies.Given, w.cookies.Pos},
		{"auth", w.auth.Given, w.auth.Pos}, {"redirects", w.redirects.Given, w.redirects.Pos},
	}
	if len(w.query) > 0 {
		all = append(all, modifier{"query", true, w.query[0].Pos})
	}
	if key, at, given := w.stream.Given(); given {
		all = append(all, modifier{key, true, at})
	}
	return append(all, w.body.modifiers()...)
}

// Call is what the step asks, together with what its scenario says for all. It
// has exactly one action.
func (w *Written) Call(r *setting.Reader, common Common) (*Call, bool) {
	i := slices.IndexFunc(w.actions[:], func(a setting.At[template.Template]) bool { return a.Given })
	action := w.actions[i]
	method := strings.ToUpper(verbs[i])
	c := &Call{Action: method + " " + action.Value.String(), Method: method, Redirects: MostRedirects}
	ok := action.Valid
	if ok {
		if err := checkURL(action.Value); err != nil {
			r.Problem(action.Pos, "%v", err)
			ok = false
		}
	}
	c.URL = c.Holes.Add(action.Value)
	for _, p := range w.query {
		c.Query = append(c.Query, c.pair(p, template.InQuery))
	}
	c.setHead(w, common)
	ok = c.check(r, w) && ok
	body, good := w.body.read(r, &c.Holes)
	c.Body = body
	reading, fine := w.stream.Reading(r, method)
	c.Stream = reading
	return c, ok && good && fine
}

// pair takes a pair in, its name and its own text escaped.
func (c *Call) pair(p Pair, e template.Escape) Pair {
	return Pair{string(e.Append(nil, p.Name)), c.Holes.Add(p.Value.Escaped(e)), p.Pos}
}

// setHead takes in headers, cookies and who asks: what the step says goes before
// what the scenario does.
func (c *Call) setHead(w *Written, common Common) {
	own := w.headers.Value
	has := func(name string) bool {
		return slices.ContainsFunc(own, func(l Line) bool { return strings.EqualFold(l.Name, name) })
	}
	for _, l := range common.Headers {
		if !has(l.Name) && !(w.auth.Given && strings.EqualFold(l.Name, "Authorization")) {
			c.Headers = append(c.Headers, l)
		}
	}
	c.Headers = append(c.Headers, own...)
	for i, l := range c.Headers {
		c.Headers[i].Value = c.Holes.Add(l.Value)
	}
	for _, p := range w.cookies.Value {
		p.Value = c.Holes.Add(p.Value)
		c.Cookies = append(c.Cookies, p)
	}
	auth := common.Auth
	if w.auth.Given {
		auth = &w.auth.Value
	}
	if auth != nil && !has("Authorization") {
		c.Auth = &Auth{auth.Basic, c.Holes.Add(auth.Text)}
	}
	switch {
	case w.redirects.Given:
		c.Redirects = w.redirects.Value
	case common.Redirects.Given:
		c.Redirects = common.Redirects.Value
	}
	c.Trace = common.Trace == "w3c"
	c.NoCookies = common.Cookies.Valid && !common.Cookies.Value
}

// check reports what one key alone cannot show.
func (c *Call) check(r *setting.Reader, w *Written) bool {
	ok := true
	for _, l := range w.headers.Value {
		if strings.EqualFold(l.Name, "Authorization") && w.auth.Given {
			r.Problem(l.Pos, "auth makes the header Authorization: leave one of them out")
			ok = false
		}
	}
	for _, p := range c.Cookies {
		if !token.MatchString(p.Name) {
			r.Problem(p.Pos, "%q is no name of a cookie: letters, digits, - and _ make one", p.Name)
			ok = false
		}
	}
	return ok
}

var whole = regexp.MustCompile(`^(?i)https?://`)

// checkURL tells why an action can be neither a path nor a URL.
func checkURL(t template.Template) error {
	text, constant := t.Constant()
	written := t.String()
	switch {
	case !constant && strings.HasPrefix(written, "${"):
		if refs := t.Refs(); !refs[0].Raw {
			return fmt.Errorf("${%s} would be escaped as a part of a path: where it holds a path or a URL write ${%[1]s|raw}, and else begin with /", refs[0].Text)
		}
		return nil
	case strings.ContainsFunc(cmp.Or(text, written), control):
		return fmt.Errorf("%q holds a control character: leave it out, or write it with a percent sign", written)
	case strings.HasPrefix(written, "/") && !strings.HasPrefix(written, "//"):
		return nil
	case !whole.MatchString(written):
		return fmt.Errorf("%q is neither a path, such as /items, nor a URL, such as http://127.0.0.1:8080/items", written)
	case constant:
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" {
			return fmt.Errorf("%q is no URL: write it in full, such as http://127.0.0.1:8080/items", written)
		}
		if u.User != nil {
			return fmt.Errorf("the URL %q holds a name and a password: write auth: {basic: \"NAME:PASSWORD\"} beside it", u.Redacted())
		}
	}
	return nil
}
