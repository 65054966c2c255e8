package httpcall

import (
	"encoding/base64"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/target/cookie"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Server is what a target says of every call to it.
type Server struct {
	// Base is where paths are appended.
	Base *url.URL
	// Headers are the target's own, for calls to its host alone; a name and a
	// password in Base are, too.
	Headers []Header
	// Once tells that no connection serves a second call.
	Once bool
	// Jars are the cookies of its users.
	Jars *cookie.Jars
}

// Header is one header line.
type Header struct{ Name, Value string }

// Prepared is a call that is ready to be sent to its server: what can be known
// before its values are has been made. It may be used from anywhere.
type Prepared struct {
	*Call
	server *Server
	scheme string
	host   string // HOST:PORT of the server
	prefix string // of paths
	// Lines of the head: for the server itself, for another that a step names by
	// its URL, and for where a redirect leads away.
	home, away, stranger []line
	typed                string // the body's Content-Type; "": none, or given
	once                 bool
	asks                 bool
	bound                time.Duration // of the first event of a stream, and of each gap; 0: the target's
	fixed                *Message      // where nothing of it ever changes
}

// line is a line of the head: text, or a template behind its name. What of a
// message decides, does so by the kind.
type line struct {
	kind  lineKind
	text  string // all of it, or "Name: "
	value template.Template
}

type lineKind uint8

const (
	fixed   lineKind = iota
	filled           // text and value
	basic            // text and value in base 64
	hostOf           // the host that is called
	lengths          // Content-Length, where there is one
	kept             // cookies
	traced           // which trace it is of
)

// Prepare makes a call ready for the server.
func (s *Server) Prepare(c *Call) *Prepared {
	p := &Prepared{Call: c, server: s, scheme: s.Base.Scheme, host: Address(s.Base), prefix: strings.TrimSuffix(s.Base.EscapedPath(), "/")}
	p.once = s.Once || p.has("Connection", "close")
	p.asks = c.Body.Kind != Nothing && p.has("Expect", "100-continue")
	p.typed = c.contentType()
	p.home, p.away, p.stranger = p.lines(true, true), p.lines(false, true), p.lines(false, false)
	if len(c.Holes.Refs()) == 0 && !c.Trace && c.Links == nil {
		var m Message
		if err := p.begin(&m, nil); err == nil && m.Home {
			if err = p.render(&m, nil, 0, nil); err == nil {
				p.fixed = &m
			}
		}
	}
	return p
}

// Bound sees to the time of a call whose answer is a stream.
func (p *Prepared) Bound(d time.Duration) bool {
	if p.Stream == nil {
		return false
	}
	p.bound = d
	return true
}

// Limit is that time, 0 where the target says it.
func (p *Prepared) Limit() time.Duration { return p.bound }

// Traced tells that its requests begin a trace.
func (p *Prepared) Traced() bool { return p.Trace }

// has tells whether one of the lists of that name has a word in it.
func (p *Prepared) has(name, word string) bool {
	lists := []string(nil)
	for _, l := range p.Headers {
		if text, constant := l.Value.Constant(); constant && strings.EqualFold(l.Name, name) {
			lists = append(lists, text)
		}
	}
	if len(lists) == 0 {
		for _, l := range p.server.Headers {
			if strings.EqualFold(l.Name, name) {
				lists = append(lists, l.Value)
			}
		}
	}
	return slices.ContainsFunc(strings.Split(strings.Join(lists, ","), ","), func(item string) bool {
		return strings.EqualFold(textproto.TrimString(item), word)
	})
}

func (c *Call) contentType() string {
	switch c.Body.Kind {
	case JSON:
		return "application/json"
	case Form:
		return "application/x-www-form-urlencoded"
	case Multipart:
		return "multipart/form-data; boundary=" + c.Body.Boundary
	}
	return ""
}

// credentials are lines that no host hears to which a redirect leads.
var credentials = []string{"Authorization", "Proxy-Authorization", "Cookie", "Www-Authenticate"}

// lines are those of the head but for the first, in the order in which a target's
// own calls have them: what HTTP asks for, then those of the file.
func (p *Prepared) lines(home, known bool) (all []line) {
	var own []line
	given := map[string]bool{}
	add := func(l line, name string) {
		given[textproto.CanonicalMIMEHeaderKey(name)] = true
		own = append(own, l)
	}
	for _, l := range p.server.Headers {
		if home && !slices.ContainsFunc(p.Headers, func(o Line) bool { return strings.EqualFold(o.Name, l.Name) }) &&
			!(p.Auth != nil && strings.EqualFold(l.Name, "Authorization")) {
			add(line{kind: fixed, text: l.Name + ": " + textproto.TrimString(l.Value) + "\r\n"}, l.Name)
		}
	}
	for _, l := range p.Headers {
		name := textproto.CanonicalMIMEHeaderKey(l.Name)
		switch {
		case !known && (slices.Contains(credentials, name) || name == "Host"):
		case name == "Cookie":
			add(line{kind: kept, text: l.Name + ": ", value: l.Value}, l.Name)
		default:
			add(line{kind: filled, text: l.Name + ": ", value: l.Value}, l.Name)
		}
	}
	missing := func(name string, l line) {
		if !given[name] {
			all = append(all, l)
		}
	}
	missing("Host", line{kind: hostOf, text: "Host: "})
	missing("User-Agent", line{kind: fixed, text: "User-Agent: plimsoll\r\n"})
	if known && p.Auth != nil {
		all = append(all, p.Auth.line())
	} else if u := p.server.Base.User; home && u != nil {
		missing("Authorization", line{kind: fixed, text: "Authorization: Basic " + encoded(u) + "\r\n"})
	}
	if p.once && !p.has("Connection", "close") {
		all = append(all, line{kind: fixed, text: "Connection: close\r\n"})
	}
	all = append(all, line{kind: lengths})
	if p.typed != "" {
		missing("Content-Type", line{kind: lengths, text: "Content-Type: " + p.typed + "\r\n"})
	}
	if p.Trace {
		missing("Traceparent", line{kind: traced, text: "traceparent: "})
	}
	all = append(all, own...)
	if !given["Cookie"] {
		all = append(all, line{kind: kept, text: "Cookie: "})
	}
	return joined(all)
}

// encoded is a name and a password as they go over the wire.
func encoded(u *url.Userinfo) string {
	password, _ := u.Password()
	return base64.StdEncoding.EncodeToString([]byte(u.Username() + ":" + password))
}

func (a *Auth) line() line {
	if a.Basic {
		return line{kind: basic, text: "Authorization: Basic ", value: a.Text}
	}
	return line{kind: filled, text: "Authorization: Bearer ", value: a.Text}
}

// joined puts fixed lines that follow each other together.
func joined(lines []line) (all []line) {
	for _, l := range lines {
		if last := len(all) - 1; last >= 0 && l.kind == fixed && all[last].kind == fixed {
			all[last].text += l.text
			continue
		}
		all = append(all, l)
	}
	return all
}

// Address is the HOST:PORT of a URL.
func Address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	host := strings.ToLower(u.Hostname())
	if strings.IndexByte(host, ':') >= 0 {
		host = "[" + host + "]"
	}
	return host + ":" + port
}

// Write makes the first request of a call: in m, whose memory it uses again. The
// error says which value cannot stand where it should.
func (p *Prepared) Write(m *Message, args []value.Value, user uint32) error {
	m.reset()
	if p.fixed != nil && (p.NoCookies || !p.server.Jars.Has(user)) {
		memory := m.memory
		*m = *p.fixed
		m.memory = memory
		return nil
	}
	if err := p.begin(m, args); err != nil {
		return err
	}
	jars := p.server.Jars
	if p.NoCookies {
		jars = nil
	}
	return p.render(m, args, user, jars)
}

// lengthed tells whether a request without a body says so.
func lengthed(method string) bool { return method == "POST" || method == "PUT" || method == "PATCH" }

func appendLength(dst []byte, n int) []byte {
	return append(strconv.AppendInt(append(dst, "Content-Length: "...), int64(n), 10), "\r\n"...)
}
