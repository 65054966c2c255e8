package http2

import (
	"encoding/binary"
	"slices"

	"plimsoll/target/wire"
)

// Feed takes in what has come, in whatever pieces.
func (s *session) Feed(b []byte) wire.Fault {
	for len(b) > 0 && s.fault == nil {
		if s.left+s.padding > 0 {
			b = b[s.more(b):]
		} else {
			b = b[s.begin(b):]
		}
	}
	s.pump()
	return s.fault
}

// begin takes in a frame that begins, or as much of it as there is: its head and,
// unless it is passed on in pieces, its payload.
func (s *session) begin(b []byte) (n int) {
	from := b
	if len(s.partial) > 0 {
		n = min(len(b), s.need-len(s.partial))
		s.partial = append(s.partial, b[:n]...)
		from = s.partial
	}
	need := s.needs(from)
	switch {
	case s.fault != nil:
		return n
	case len(from) >= need:
		payload := from[frameHead:need]
		s.partial = s.partial[:0]
		if n == 0 {
			n = need
		}
		s.take(payload)
	case n == 0:
		s.partial, s.need, n = append(s.partial, b...), need, len(b)
	default:
		s.need = need
	}
	return n
}

// opening is how much of what a server begins with is quoted if it speaks no
// HTTP/2.
const opening = 16

// needs is how much there must be of what comes to go on.
func (s *session) needs(b []byte) int {
	if !s.greeted && len(b) >= 4 && kind(b[3]) != settings {
		if len(b) >= opening {
			s.broken(protocolError, &Foreign{slices.Clone(b[:opening]), true})
		}
		return opening
	}
	if len(b) < frameHead {
		return frameHead
	}
	s.frame.read(b)
	f := &s.frame
	switch {
	case f.length > usualFrame:
		s.broken(frameSizeError, nonsense("a frame of %d bytes, and at most %d are allowed: the answer is no HTTP/2", f.length, usualFrame))
	case !s.greeted && f.has(ack):
		s.broken(protocolError, nonsense("the server does not begin with its settings"))
	case s.blockOf.stream != 0 && (f.kind != continuation || f.stream != s.blockOf.stream):
		s.broken(protocolError, nonsense("a frame of type %d in the midst of header fields", f.kind))
	case f.kind == data && f.has(padded) && f.length > 0:
		return frameHead + 1
	case f.kind == data || f.kind > continuation:
		return frameHead
	}
	return frameHead + f.length
}

// take takes in a frame, of whose payload there is as much as it needs.
func (s *session) take(payload []byte) {
	f := &s.frame
	if f.kind <= continuation && !s.well(f) {
		return
	}
	switch f.kind {
	case data:
		s.data(payload)
	case headers:
		s.headers(payload)
	case continuation:
		s.continues(payload)
	case reset:
		s.wasReset(code(binary.BigEndian.Uint32(payload)))
	case settings:
		s.settings(payload)
	case ping:
		if !f.has(ack) {
			s.out = append(appendFrame(s.out, len(payload), ping, ack, 0), payload...)
			s.answer(frameHead + len(payload))
		}
	case goAway:
		s.goneAway(payload)
	case window:
		s.wider(int64(binary.BigEndian.Uint32(payload) & widest))
	case priority:
	default:
		s.padding = f.length
	}
}

// rules are what holds of frames of each kind (RFC 9113, 6): whether they belong to
// a stream, and how long they are.
var rules = [...]struct {
	name        string
	connection  bool // they are the connection's
	stream      bool // they are a stream's
	least, most int
}{
	data:         {"DATA", false, true, 0, usualFrame},
	headers:      {"HEADERS", false, true, 0, usualFrame},
	priority:     {"PRIORITY", false, true, 0, usualFrame}, // another length is the stream's fault
	reset:        {"RST_STREAM", false, true, 4, 4},
	settings:     {"SETTINGS", true, false, 0, usualFrame},
	push:         {"PUSH_PROMISE", false, true, 0, usualFrame},
	ping:         {"PING", true, false, 8, 8},
	goAway:       {"GOAWAY", true, false, 8, usualFrame},
	window:       {"WINDOW_UPDATE", false, false, 4, 4},
	continuation: {"CONTINUATION", false, true, 0, usualFrame},
}

// well tells whether a frame of a known kind may come at all.
func (s *session) well(f *frame) bool {
	r := &rules[f.kind]
	idle := f.stream >= s.next || f.stream != 0 && f.stream&1 == 0 // nobody has begun it
	switch {
	case r.connection && f.stream != 0:
		s.broken(protocolError, nonsense("%s with a stream, %d", r.name, f.stream))
	case r.stream && f.stream == 0:
		s.broken(protocolError, nonsense("%s without a stream", r.name))
	case f.length < r.least || f.length > r.most:
		s.broken(frameSizeError, nonsense("%s of %d bytes", r.name, f.length))
	case f.kind == push:
		s.broken(protocolError, nonsense("the server pushes what nobody has asked for"))
	case f.kind == continuation && s.blockOf.stream == 0:
		s.broken(protocolError, nonsense("CONTINUATION of nothing"))
	case idle && f.kind != priority:
		s.broken(protocolError, nonsense("%s on stream %d, which nobody has begun", r.name, f.stream))
	case f.kind == priority && f.length != 5:
		if c := s.calls.find(f.stream); c != nil {
			s.fail(c, frameSizeError, nonsense("PRIORITY of %d bytes", f.length))
		}
	default:
		return true
	}
	return false
}

// data begins with a frame of a body: payload is the length of its padding, where
// it has one.
func (s *session) data(payload []byte) {
	f := &s.frame
	s.left, s.padding = f.length-len(payload), 0
	if len(payload) > 0 {
		s.padding = int(payload[0])
	}
	if f.has(padded) && (f.length == 0 || s.padding > s.left) {
		s.left, s.padding = 0, 0
		s.broken(protocolError, nonsense("DATA with more padding than there is"))
		return
	}
	s.left -= s.padding
	s.count(f)
	if c := s.calls.find(f.stream); c != nil && !c.headed {
		s.fail(c, protocolError, nonsense("malformed answer: a body without a head"))
	}
	if s.left+s.padding == 0 {
		s.ended()
	}
}

// count keeps account of the windows of what comes, which are half used at most.
func (s *session) count(f *frame) {
	const half = widest / 2
	if s.owed += f.length; s.owed >= half {
		s.out = appendNumber(s.out, window, 0, uint32(s.owed))
		s.owed = 0
	}
	c := s.calls.find(f.stream)
	if c == nil || f.has(endStream) {
		return
	}
	if c.owed += f.length; c.owed >= half {
		s.out = appendNumber(s.out, window, c.id, uint32(c.owed))
		c.owed = 0
	}
}

// more takes in a piece of the present frame: of a body, then of what is to be
// passed over.
func (s *session) more(b []byte) (n int) {
	if n = min(s.left, len(b)); n > 0 {
		s.left -= n
		if c := s.calls.find(s.frame.stream); c != nil {
			s.body(c, b[:n])
		}
	}
	over := min(s.padding, len(b)-n)
	s.padding -= over
	if s.left+s.padding == 0 && s.frame.kind == data {
		s.ended()
	}
	return n + over
}

// body hands a piece of a body to its reader.
func (s *session) body(c *call, piece []byte) {
	if c.bodiless { // HTTP/1.1 would not let it come, and others pass over it
		return
	}
	c.body += int64(len(piece))
	n, end, f := c.stream.Reader().Feed(piece)
	c.whole = end != wire.More
	switch {
	case f != nil:
		s.fail(c, protocolError, f)
	case n < len(piece):
		s.fail(c, protocolError, nonsense("the body goes on behind its end (Content-Length)"))
	}
}

// ended ends the answer whose last frame has come, if it was that.
func (s *session) ended() {
	if !s.frame.has(endStream) {
		return
	}
	if c := s.calls.find(s.frame.stream); c != nil {
		s.end(c)
	}
}

// end ends a stream whose answer has come. A request that the server did without
// need not go on.
func (s *session) end(c *call) {
	if !c.whole {
		whole, f := c.stream.Reader().EOF()
		if !whole && f == nil {
			f = c.cut()
		}
		if f != nil {
			s.fail(c, protocolError, f)
			return
		}
	}
	if c.said {
		s.close(c)
	} else {
		s.reset(c, cancel)
	}
	c.stream.Over(nil)
}
