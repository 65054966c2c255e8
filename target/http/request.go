package http

import (
	"bytes"
	"cmp"
	"context"
	"io"
	nethttp "net/http"
	"net/url"
)

// request is one request, prepared once: a call only copies it.
type request struct {
	template nethttp.Request
	body     []byte
	label    string // how examples name it
	size     int64  // of head and body as HTTP/1.1 writes them
	pool     *pool
}

// prepare resolves a request against the base URL, which may be nil.
func prepare(r Request, base *url.URL, s Settings) (*request, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, reason(err)
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	if u, err = whole(u.String()); err != nil {
		return nil, err
	}
	p := &request{body: r.Body, label: label(cmp.Or(r.Method, nethttp.MethodGet), u, s)}
	p.template = nethttp.Request{
		Method: r.Method, URL: u, Host: u.Host, Header: head(r.Headers),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: int64(len(r.Body)), Close: !s.KeepAlive,
	}
	if host := p.template.Header.Get("Host"); host != "" {
		p.template.Host = host // where net/http looks for it
	}
	p.authorize(u.User)
	var size counter
	err = p.with(context.Background()).Write(&size)
	p.size = int64(size)
	return p, err
}

// label is how examples name a request: without secrets, also where the URL
// spells them with percent signs.
func label(method string, u *url.URL, s Settings) string {
	shown := s.scrub(u.Redacted())
	if decoded, err := url.PathUnescape(shown); err == nil {
		shown = s.scrub(decoded)
	}
	return clip(method+" "+shown, 100)
}

func head(headers []Header) nethttp.Header {
	h := nethttp.Header{}
	for _, line := range headers {
		h.Add(line.Name, line.Value)
	}
	if _, given := h["User-Agent"]; !given {
		h.Set("User-Agent", "plimsoll")
	}
	return h
}

// authorize sends the user and password of a URL, unless a header does.
func (p *request) authorize(user *url.Userinfo) {
	if user != nil && p.template.Header.Get("Authorization") == "" {
		password, _ := user.Password()
		p.template.SetBasicAuth(user.Username(), password)
	}
}

// with makes the request ready to be sent. Calls share the headers, which
// nobody changes.
func (p *request) with(ctx context.Context) *nethttp.Request {
	r := p.template.WithContext(ctx)
	if len(p.body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(p.body))
	}
	return r
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
