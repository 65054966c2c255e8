package httpcall

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"plimsoll/target/cookie"
	"plimsoll/target/links"
	"plimsoll/target/random"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Message is one request as it goes out over HTTP/1.1, and where to. Its memory
// is used again: it is valid until the next Write or Follow.
type Message struct {
	Method string
	Scheme string
	Host   string // HOST:PORT that is called
	Target []byte // of the request line
	Bytes  []byte // head and body
	Head   int    // bytes of the head
	// Home tells that it goes to the target's own server.
	Home bool
	// Once and Asks: its connection serves no other one; the body is not sent
	// before the server has asked for it.
	Once, Asks bool
	// Hops is how many redirects have led to it.
	Hops int
	// Trace is the key of its call's trace; Write leaves it as it is.
	Trace random.Key

	bare     bool   // the body went when a redirect made it a GET
	stranger bool   // it goes, or has gone, to another host than the first: no credentials go along
	named    string // the host as the URL names it
	memory
}

// memory is what a message is made in.
type memory struct{ bytes, body, text, target []byte }

func (m *Message) reset() { *m = Message{memory: m.memory, Trace: m.Trace} }

// begin finds out where the first request goes.
func (p *Prepared) begin(m *Message, args []value.Value) error {
	m.Method, m.Once, m.Asks = p.Method, p.once, p.asks
	text := p.Call.Target(m.text[:0], args)
	m.text = text
	if p.Links != nil {
		return p.beginPage(m, string(text))
	}
	if len(text) > 0 && text[0] == '/' && !(len(text) > 1 && text[1] == '/') {
		m.Scheme, m.Host, m.named, m.Home = p.scheme, p.host, withoutZone(p.server.Base.Host), true
		m.target = mended(append(m.target[:0], p.prefix...), text)
		m.Target = m.target
		return nil
	}
	return p.beginWhole(m, string(text))
}

// beginPage takes in a normal URL, whose target is sent as it is.
func (p *Prepared) beginPage(m *Message, page string) error {
	scheme, host, target := links.Cut(page)
	m.Scheme, m.named = scheme, host
	m.Host = Address(&url.URL{Scheme: scheme, Host: host})
	m.target = append(m.target[:0], target...)
	m.Target, m.Home = m.target, m.Scheme == p.scheme && m.Host == p.host
	return nil
}

// Page is the normal URL of a path at the server, or of a whole URL.
func (p *Prepared) Page(text string) (string, error) {
	if strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") {
		text = p.scheme + "://" + withoutZone(p.server.Base.Host) + p.prefix + text
	}
	return links.Normal(text)
}

// beginWhole takes in a whole URL.
func (p *Prepared) beginWhole(m *Message, text string) error {
	if !whole.MatchString(text) {
		return fmt.Errorf("%.60q is neither a path, such as /items, nor a URL", text)
	}
	u, err := url.Parse(string(mended(nil, []byte(text))))
	if err == nil && u.User != nil {
		return fmt.Errorf("the URL %.60q holds a name and a password", u.Redacted())
	}
	if err != nil || u.Hostname() == "" {
		return fmt.Errorf("%.60q is no URL", text)
	}
	p.aim(m, u)
	return nil
}

// aim has a message go to a URL.
func (p *Prepared) aim(m *Message, u *url.URL) {
	m.Scheme, m.Host, m.named = strings.ToLower(u.Scheme), Address(u), withoutZone(u.Host)
	m.target = append(m.target[:0], u.RequestURI()...)
	m.Target, m.Home = m.target, m.Scheme == p.scheme && m.Host == p.host
}

// render makes the text of a message: its body, then its head, which knows how
// long that is.
func (p *Prepared) render(m *Message, args []value.Value, user uint32, jars *cookie.Jars) error {
	body := m.body[:0]
	if !m.bare {
		body = p.Body.append(body, args)
	}
	m.body = body
	b := append(append(append(append(m.bytes[:0], m.Method...), ' '), m.Target...), " HTTP/1.1\r\n"...)
	lines := p.home
	if m.stranger {
		lines = p.stranger
	} else if !m.Home {
		lines = p.away
	}
	var err error
	for i := range lines {
		if b, err = p.appendLine(b, &lines[i], m, args, user, jars); err != nil {
			return err
		}
	}
	b = append(b, "\r\n"...)
	m.Head, m.Asks = len(b), p.asks && !m.bare
	m.bytes = append(b, body...)
	m.Bytes = m.bytes
	return nil
}

func (p *Prepared) appendLine(b []byte, l *line, m *Message, args []value.Value, user uint32, jars *cookie.Jars) ([]byte, error) {
	switch l.kind {
	case fixed:
		return append(b, l.text...), nil
	case hostOf:
		return append(append(append(b, l.text...), m.named...), "\r\n"...), nil
	case lengths:
		switch {
		case l.text != "" && !m.bare:
			b = append(b, l.text...)
		case l.text == "" && (len(m.body) > 0 || lengthed(m.Method)):
			b = appendLength(b, len(m.body))
		}
		return b, nil
	case kept:
		return p.appendCookies(b, l, m, args, user, jars)
	case traced:
		return append(appendParent(append(b, l.text...), m.Trace, m.Hops), "\r\n"...), nil
	}
	if m.bare && aboutBody(l.text) {
		return b, nil
	}
	from := len(b) + len(l.text)
	b = append(b, l.text...)
	if l.kind == basic {
		m.text = l.value.Append(m.text[:0], args, template.AsIs)
		b = base64.StdEncoding.AppendEncode(b, m.text)
	} else {
		b = trimmed(l.value.Append(b, args, template.AsIs), from)
	}
	if at := unprintable(b[from:]); at >= 0 {
		return b, fmt.Errorf("the header %s would hold %q, and its value is one line without control characters", strings.TrimSuffix(l.text, ": "), b[from+at])
	}
	return append(b, "\r\n"...), nil
}

// aboutBody tells whether a line, "Name: ", says something of a body, and goes
// with it.
func aboutBody(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, ": "))
	return strings.HasPrefix(name, "content-") || name == "expect"
}

// appendCookies writes the line of all cookies: those of the headers, those that
// are kept, and those of the step.
func (p *Prepared) appendCookies(b []byte, l *line, m *Message, args []value.Value, user uint32, jars *cookie.Jars) ([]byte, error) {
	begin := len(b)
	b = append(b, l.text...)
	from := len(b)
	b = trimmed(l.value.Append(b, args, template.AsIs), from)
	next := func(b []byte) []byte {
		if len(b) > from {
			b = append(b, "; "...)
		}
		return b
	}
	if jars != nil {
		before := len(b)
		b = next(b)
		behind := len(b)
		if b = jars.Append(b, user, m.place()); len(b) == behind {
			b = b[:before]
		}
	}
	if !m.stranger {
		for _, c := range p.Cookies {
			b = append(append(next(b), c.Name...), '=')
			at := len(b)
			b = c.Value.Append(b, args, template.AsIs)
			for _, v := range b[at:] {
				if v == ';' {
					return b, fmt.Errorf("the cookie %s would hold a semicolon, which ends it: %.40q", c.Name, b[at:])
				}
			}
		}
	}
	if at := unprintable(b[from:]); at >= 0 {
		return b, fmt.Errorf("a cookie would hold %q, and it is one line without control characters", b[from+at])
	}
	if len(b) == from {
		return b[:begin], nil
	}
	return append(b, "\r\n"...), nil
}

// trimmed leaves out the blanks around a value that begins there, which are no
// part of it (RFC 9110, 5.5).
func trimmed(b []byte, from int) []byte {
	for len(b) > from && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	blanks := 0
	for from+blanks < len(b) && blank(b[from+blanks]) {
		blanks++
	}
	if blanks > 0 {
		b = append(b[:from], b[from+blanks:]...)
	}
	return b
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// unprintable is where a control character stands; −1: nowhere.
func unprintable(b []byte) int {
	for i, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return i
		}
	}
	return -1
}

// withoutZone leaves out which of our networks a link-local address belongs to.
func withoutZone(host string) string {
	from, to := strings.IndexByte(host, '%'), strings.IndexByte(host, ']')
	if from < 0 || to < from {
		return host
	}
	return host[:from] + host[to:]
}

// mended appends a request's target: what may not stand in a URL is escaped, and
// what follows a # is left out, since nobody is told that.
func mended(dst, text []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range text {
		switch {
		case allowed[c]:
			dst = append(dst, c)
		case c == '#':
			return dst
		default:
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// allowed are the bytes that may stand in a URL (RFC 3986), and some that all
// servers take.
var allowed = func() (table [256]bool) {
	for _, c := range "!$%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~|" {
		table[c] = true
	}
	return table
}()

// append writes the body out.
func (body *Body) append(b []byte, args []value.Value) []byte {
	switch body.Kind {
	case Text, JSON:
		return body.Text.Append(b, args, template.AsIs)
	case File:
		return append(b, body.File...)
	case Form:
		for i, f := range body.Form {
			if i > 0 {
				b = append(b, '&')
			}
			b = f.Value.Append(append(append(b, f.Name...), '='), args, template.InForm)
		}
	case Multipart:
		for i := range body.Parts {
			b = body.Parts[i].append(b, body.Boundary, args)
		}
		b = append(append(append(b, "--"...), body.Boundary...), "--\r\n"...)
	}
	return b
}

// quotes are how a name's quotation marks are written in a part's head.
var quotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func (p *Part) append(b []byte, boundary string, args []value.Value) []byte {
	b = append(append(append(b, "--"...), boundary...), "\r\nContent-Disposition: form-data; name=\""...)
	b = append(append(b, quotes.Replace(p.Name)...), '"')
	if p.FileName != "" {
		b = append(append(append(b, "; filename=\""...), quotes.Replace(p.FileName)...), '"')
	}
	if p.Type != "" {
		b = append(append(b, "\r\nContent-Type: "...), p.Type...)
	}
	b = append(b, "\r\n\r\n"...)
	if p.FileName != "" {
		b = append(b, p.File...)
	} else {
		b = p.Value.Append(b, args, template.AsIs)
	}
	return append(b, "\r\n"...)
}
