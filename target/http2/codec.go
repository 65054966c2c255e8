// Package http2 is HTTP/2 (RFC 9113): what is said on a connection that carries
// many calls at once, each on a stream. Requests and what answers mean are
// HTTP/1.1's, package http1's: the heads of requests are prepared as text, and
// those of answers are read as such.
package http2

import (
	"cmp"
	"strings"

	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// Codec is HTTP/2 as a wire's carrier speaks it.
type Codec struct {
	*http1.Codec
	*Sessions
	requests []http1.Request
	prepared []Head // the heads of those
	scheme   string
	host     string
}

// NewCodec makes the codec of a loop's carrier; a connection has that many streams
// at a time at most, 0: UsualStreams. One goroutine reads all connections, if alone says so.
func NewCodec(o http1.Options, streams int, alone bool) *Codec {
	c := &Codec{Codec: http1.NewCodec(o, alone), requests: o.Requests}
	c.Sessions = NewSessions(c, cmp.Or(max(0, o.MaxHead), http1.UsualHead), streams)
	c.scheme, c.host, _ = strings.Cut(o.Origin, "://")
	for _, r := range o.Requests {
		c.prepared = append(c.prepared, c.request(nil, r.Bytes, &[]byte{}))
	}
	return c
}

var _ wire.Multiplexing = (*Codec)(nil)

// Head is what was prepared, or is made in the session's memory.
func (c *Codec) Head(x *wire.Exchange, m *Memory) Head {
	if at := x.Number % uint64(len(c.requests)); x.Request == &c.requests[at].Request {
		return c.prepared[at]
	}
	h := c.request(m.coded[:0], x.Request.Bytes, &m.lower)
	m.coded = modest(h.Block)
	return h
}
