package http

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"io"
	nethttp "net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"plimsoll/target/client"
	"plimsoll/target/plain"
	"plimsoll/target/stream"
)

// request is one request, prepared once: a call only copies it.
type request struct {
	template nethttp.Request // as net/http is told it
	head     []byte          // as it is sent over HTTP/1.1, by every engine
	body     []byte
	label    string // how examples name it
	once     bool   // it has a connection of its own, which serves no other call
	asks     bool   // the body is not sent before the server has asked for it
	pool     *pool
	stream   *stream.Reading // how the answer is read where it comes event by event; nil: it does not
	step     *step           // nil: it is no journey's, and nothing of its answer is kept
}

// prepare resolves a request against the base URL, which may be nil.
func prepare(r Request, base *url.URL, s Settings) (*request, error) {
	u, err := parse(r.URL)
	if err != nil {
		return nil, err
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	if err := complete(u, r.URL); err != nil {
		return nil, err
	}
	r.Method = cmp.Or(r.Method, nethttp.MethodGet)
	lines := heading{Headers: r.Headers}
	p := &request{
		body: r.Body, label: label(r.Method, u, s),
		once:   s.Reuse == client.Never || lines.has("Connection", "close"),
		asks:   len(r.Body) > 0 && lines.has("Expect", "100-continue"),
		stream: r.Stream,
	}
	lines.complete(r, u, p.once)
	p.head = lines.text(r.Method + " " + u.RequestURI() + " HTTP/1.1")
	p.template = nethttp.Request{
		Method: r.Method, URL: u, Host: lines.get("Host"), Header: lines.canonical(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: int64(len(r.Body)), Close: p.once,
	}
	return p, nil
}

// label is how examples name a request: without secrets, also where the URL
// spells them with percent signs.
func label(method string, u *url.URL, s Settings) string {
	shown := s.scrub(u.Redacted())
	if decoded, err := url.PathUnescape(shown); err == nil {
		shown = s.scrub(decoded)
	}
	return plain.Clip(method+" "+shown, 100)
}

// size is that of head and body as HTTP/1.1 has them.
func (p *request) size() int64 { return int64(len(p.head) + len(p.body)) }

// with makes the request ready to be sent. Calls share the headers, which
// nobody changes.
func (p *request) with(ctx context.Context) *nethttp.Request {
	r := p.template.WithContext(ctx)
	if len(p.body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(p.body))
	}
	return r
}

// heading is the lines of a request's head: what HTTP asks for, then those of
// the file, in their order and as they are written there.
type heading struct {
	own     []Header
	Headers []Header
}

// complete adds what is needed and not given.
func (h *heading) complete(r Request, u *url.URL, once bool) {
	add := func(name, value string) {
		if len(h.values(name)) == 0 {
			h.own = append(h.own, Header{name, value})
		}
	}
	add("Host", withoutZone(u.Host))
	add("User-Agent", "plimsoll")
	if u.User != nil {
		password, _ := u.User.Password()
		add("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)))
	}
	if once && !h.has("Connection", "close") {
		h.own = append(h.own, Header{"Connection", "close"})
	}
	if size := len(r.Body); size > 0 || r.Method == "POST" || r.Method == "PUT" || r.Method == "PATCH" {
		add("Content-Length", strconv.Itoa(size))
	}
}

// withoutZone leaves out which of our networks a link-local address belongs
// to: that is nothing to the server (RFC 6874, 1).
func withoutZone(host string) string {
	from, to := strings.IndexByte(host, '%'), strings.IndexByte(host, ']')
	if from < 0 || to < from {
		return host
	}
	return host[:from] + host[to:]
}

func (h *heading) all() []Header { return slices.Concat(h.own, h.Headers) }

// values are those of all lines of that name.
func (h *heading) values(name string) (all []string) {
	for _, line := range h.all() {
		if strings.EqualFold(line.Name, name) {
			all = append(all, line.Value)
		}
	}
	return all
}

// get is the value of the first line of that name.
func (h *heading) get(name string) string { return append(h.values(name), "")[0] }

// has tells whether one of the lists of that name has a word in it.
func (h *heading) has(name, word string) bool {
	for _, list := range h.values(name) {
		for item := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(textproto.TrimString(item), word) {
				return true
			}
		}
	}
	return false
}

// text is the whole head. Blanks around a value are no part of it (RFC 9110,
// 5.5).
func (h *heading) text(first string) []byte {
	text := bytes.NewBufferString(first + "\r\n")
	for _, line := range h.all() {
		text.WriteString(line.Name + ": " + textproto.TrimString(line.Value) + "\r\n")
	}
	text.WriteString("\r\n")
	return text.Bytes()
}

// canonical is the same for net/http. What is between neighbours only is not
// in it: HTTP/2 has no such lines.
func (h *heading) canonical() nethttp.Header {
	all := nethttp.Header{}
	for _, line := range h.all() {
		switch name := textproto.CanonicalMIMEHeaderKey(line.Name); name {
		case "Host", "Content-Length", "Connection":
		default:
			all[name] = append(all[name], textproto.TrimString(line.Value))
		}
	}
	return all
}
