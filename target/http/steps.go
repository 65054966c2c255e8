package http

import (
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"

	"plimsoll/target/client"
	"plimsoll/target/cookie"
	"plimsoll/target/httpcall"
)

// steps prepares what the steps of journeys ask of the target.
type steps struct {
	server   *httpcall.Server
	protocol string
	any      atomic.Bool // step has been prepared
}

// steps are the target's, whose paths are appended to its first URL's, or to
// base.
func (s *Settings) steps(base string, jars *cookie.Jars) (*steps, error) {
	u, err := parse(s.Calls[0].URL)
	if err != nil {
		return nil, err
	}
	if base != "" {
		root, err := url.Parse(base)
		if err != nil {
			return nil, err
		}
		u = root // what a server of our own is asked for otherwise is no part of it
	}
	server := &httpcall.Server{Base: u, Once: s.Reuse == client.Never, Jars: jars}
	for _, h := range s.Calls[0].Headers {
		server.Headers = append(server.Headers, httpcall.Header(h))
	}
	return &steps{server: server, protocol: s.Protocol}, nil
}

// prepare makes an *httpcall.Prepared of an *httpcall.Call.
func (s *steps) prepare(call any) (any, error) {
	c, ok := call.(*httpcall.Call)
	if !ok {
		return nil, fmt.Errorf("an http target makes no call of %T", call)
	}
	if text, constant := c.URL.Constant(); constant && c.Links == nil && !strings.HasPrefix(text, "/") {
		if _, err := whole(text); err != nil {
			return nil, err
		}
	}
	if err := s.fits(c); err != nil {
		return nil, err
	}
	s.any.Store(true)
	return s.server.Prepare(c), nil
}

// fits tells which line of a call the target's version of HTTP does not have.
func (s *steps) fits(c *httpcall.Call) error {
	if s.protocol != "2" && s.protocol != "auto" {
		return nil
	}
	var before []line
	for _, l := range c.Headers {
		text, constant := l.Value.Constant()
		is := line{Header: Header{l.Name, text}}
		if constant {
			if err := is.fitsHTTP2(before); err != nil {
				return fmt.Errorf("%s: HTTP/2, which `http: %s` %s, %w: leave it out, or write `http: 1.1`", c.Action, s.protocol, asksFor[s.protocol], err)
			}
		}
		before = append(before, is)
	}
	return nil
}

// asksFor is what the versions that may be HTTP/2 do about it.
var asksFor = map[string]string{"2": "asks for", "auto": "may choose"}

// Prepare makes of what a step asks, an *httpcall.Call, what shows the request
// that becomes of it. Nothing is opened: a server of the target's own has no
// address yet.
func (s *Settings) Prepare(call any) (any, error) {
	base := ""
	if s.Serve != nil {
		base = "http://127.0.0.1"
	}
	steps, err := s.steps(base, nil)
	if err != nil {
		return nil, err
	}
	return steps.prepare(call)
}
