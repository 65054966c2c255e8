package http

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"plimsoll/target/cookie"
	"plimsoll/target/httpcall"
)

// steps prepares what the steps of journeys ask of the target.
type steps struct{ server *httpcall.Server }

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
	server := &httpcall.Server{Base: u, Once: !s.KeepAlive, Jars: jars}
	for _, h := range s.Calls[0].Headers {
		server.Headers = append(server.Headers, httpcall.Header(h))
	}
	return &steps{server}, nil
}

// prepare makes an *httpcall.Prepared of an *httpcall.Call.
func (s *steps) prepare(call any) (any, error) {
	c, ok := call.(*httpcall.Call)
	if !ok {
		return nil, fmt.Errorf("an http target makes no call of %T", call)
	}
	if text, constant := c.URL.Constant(); constant && !strings.HasPrefix(text, "/") {
		u, err := parse(text)
		if err != nil {
			return nil, err
		}
		if own := s.server.Base; u.Scheme != own.Scheme || address(u) != address(own) {
			return nil, fmt.Errorf("%s goes to another server than the target's, %s: name a target of that server", c.Action, cmp.Or(own.Host, "none"))
		}
	}
	return s.server.Prepare(c), nil
}
