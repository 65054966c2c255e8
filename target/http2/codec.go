// Package http2 is HTTP/2 (RFC 9113): what is said on a connection that carries
// many calls at once, each on a stream. Requests and what answers mean are
// HTTP/1.1's, package http1's: the heads of requests are prepared as text, and
// those of answers are read as such.
package http2

import (
	"strings"

	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// Codec is HTTP/2 as a wire's carrier speaks it.
type Codec struct {
	*http1.Codec
	requests []http1.Request
	prepared []Head // the heads of those
	maxHead  int
	streams  int
	scheme   string
	host     string
}

// NewCodec makes the codec of a loop's carrier; a connection has that many streams
// at a time at most, 0: 100. One goroutine reads all connections, if alone says so.
func NewCodec(o http1.Options, streams int, alone bool) *Codec {
	c := &Codec{Codec: http1.NewCodec(o, alone), requests: o.Requests, maxHead: o.MaxHead, streams: streams}
	if c.maxHead <= 0 {
		c.maxHead = http1.UsualHead
	}
	c.scheme, c.host, _ = strings.Cut(o.Origin, "://")
	for _, r := range o.Requests {
		c.prepared = append(c.prepared, c.request(nil, r.Bytes, &[]byte{}))
	}
	return c
}

// Session makes what is said on one connection after the other.
func (c *Codec) Session() wire.Session { return NewSession(c, c.maxHead, c.streams) }

// Head is what was prepared, or is made in the session's memory.
func (c *Codec) Head(x *wire.Exchange, m *Memory) Head {
	if at := x.Number % uint64(len(c.requests)); x.Request == &c.requests[at].Request {
		return c.prepared[at]
	}
	h := c.request(m.coded[:0], x.Request.Bytes, &m.lower)
	if m.coded = h.Block; cap(m.coded) > roomy {
		m.coded = nil
	}
	return h
}
