package http2

import (
	nethttp "net/http"

	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// Fielded is a Reader that takes the fields of answers as they are, and not as text
// of HTTP/1.1: those of the final head, with :status, and of the trailer. They are
// valid during the call. Feed gets the body then, and EOF hears of the end; Reset of
// that the server has reset the stream, and why (RFC 9113, 7).
type Fielded interface {
	Field(name, value []byte, trailer bool) wire.Fault
	Reset(code uint32, name string) wire.Fault
}

// headers takes in the start of a block of fields.
func (s *session) headers(payload []byte) {
	f := s.frame
	if f.has(padded) {
		if len(payload) == 0 || int(payload[0]) >= len(payload) {
			s.broken(protocolError, nonsense("HEADERS with more padding than there is"))
			return
		}
		payload = payload[1 : len(payload)-int(payload[0])]
	}
	if f.has(prioritized) {
		if len(payload) < 5 {
			s.broken(frameSizeError, nonsense("HEADERS of %d bytes with a priority", f.length))
			return
		}
		payload = payload[5:]
	}
	if f.has(endHeaders) {
		s.fieldsOf(&f, payload)
		return
	}
	s.blockOf, s.framed = f, 0
	s.block = s.block[:0]
	s.collect(payload)
}

// continues takes in another piece of a block.
func (s *session) continues(payload []byte) {
	s.collect(payload)
	if s.frame.has(endHeaders) && s.fault == nil {
		of := s.blockOf
		s.blockOf.stream = 0
		s.fieldsOf(&of, s.block)
		s.block = modest(s.block)
	}
}

// collect keeps a piece of a block, which is bounded as the frames are that bring
// it.
func (s *session) collect(piece []byte) {
	if s.framed += frameHead + len(piece); s.framed > s.sessions.maxHead+2*usualFrame {
		s.broken(calm, http1.LargeHead)
		return
	}
	s.block = append(s.block, piece...)
}

// fieldsOf takes in a block, whoever it is for: those behind it go by it.
func (s *session) fieldsOf(f *frame, block []byte) {
	h := heading{call: s.calls.find(f.stream), most: s.sessions.maxHead, text: s.text[:0]}
	if h.call != nil {
		h.trailer = h.call.headed
		h.fielded, _ = h.call.stream.Reader().(Fielded)
	}
	asText := h.call != nil && !h.trailer && h.fielded == nil
	if asText && s.known > 0 && s.fields.Again(block) {
		h.status, h.text = s.known, s.text
	} else if !s.decode(&h, block) {
		return
	}
	s.text, s.known = h.text, 0
	if asText && h.fault == nil {
		s.known = h.status
	}
	if s.text = modest(s.text); s.text == nil {
		s.known = 0
	}
	if h.call != nil {
		s.headed(&h, f.has(endStream))
	}
}

// decode decodes a block, and tells whether it is one.
func (s *session) decode(h *heading, block []byte) bool {
	s.fields.Begin(block)
	for {
		name, value, more, err := s.fields.Next()
		if err != nil {
			s.broken(compressionError, nonsense("malformed header fields: %v", err))
			return false
		}
		if !more {
			break
		}
		if h.call != nil && h.fault == nil {
			h.take(name, value)
		}
	}
	h.text = append(h.text, "\r\n"...)
	return true
}

// headed acts on a head or trailer that is whole.
func (s *session) headed(h *heading, last bool) {
	c := h.call
	c.stream.Began()
	if f := h.judge(last); f != nil {
		s.fail(c, protocolError, f)
		return
	}
	if h.trailer {
		s.end(c)
		return
	}
	if c.interim++; h.status >= 200 {
		c.headed = true
		c.bodiless = c.head || h.status == nethttp.StatusNoContent || h.status == nethttp.StatusNotModified
	} else if c.interim > mostInterim {
		s.fail(c, calm, http1.ManyInterim)
		return
	}
	if h.fielded == nil {
		_, end, f := c.stream.Reader().Feed(h.text)
		if f != nil {
			s.fail(c, protocolError, f)
			return
		}
		c.whole = end != wire.More
	}
	if last {
		s.end(c)
	}
}

// mostInterim is how many interim heads a server may send, as package http1 has it.
const mostInterim = 100

// heading is a head or trailer on its way.
type heading struct {
	call    *call // nil: nobody wants it
	fielded Fielded
	trailer bool
	most    int    // bytes that it may have
	text    []byte // as HTTP/1.1 has it
	status  int    // 0: not known yet
	fault   wire.Fault
}

// take takes in a field (RFC 9113, 8.2 and 8.3).
func (h *heading) take(name, value []byte) {
	switch {
	case len(name) > 0 && name[0] == ':':
		h.pseudo(name, value)
	case !h.trailer && h.status == 0:
		h.fault = nonsense("malformed head: no :status before %s", quoted(name))
	case !lowerToken(name):
		h.fault = nonsense("malformed header name (want small letters): %s", quoted(name))
	case neighbourly(name):
		h.fault = nonsense("malformed head: %s is between neighbours, and HTTP/2 has none", name)
	case !printable(value):
		h.fault = nonsense("malformed header value of %s: %s", quoted(name), quoted(value))
	default:
		if len(h.text)+len(name)+len(value)+len(": \r\n\r\n") > h.most {
			h.fault = http1.LargeHead
			return
		}
		h.text = append(append(append(append(h.text, name...), ": "...), value...), "\r\n"...)
	}
	if h.fault == nil && h.fielded != nil && (h.trailer || h.status >= 200) {
		h.fault = h.fielded.Field(name, value, h.trailer)
	}
}

// pseudo takes in a pseudo-header field, of which answers have one.
func (h *heading) pseudo(name, value []byte) {
	switch {
	case h.trailer:
		h.fault = nonsense("malformed trailer: %s in it", quoted(name))
	case string(name) != ":status":
		h.fault = nonsense("malformed head: %s in an answer", quoted(name))
	case h.status != 0:
		h.fault = nonsense("malformed head: two of :status")
	case len(value) != 3 || value[0] < '1' || value[0] > '9' || !digit(value[1]) || !digit(value[2]):
		h.fault = nonsense("malformed status (want three digits): %s", quoted(value))
	default:
		h.status = int(value[0]-'0')*100 + int(value[1]-'0')*10 + int(value[2]-'0')
		h.text = append(append(append(h.text, "HTTP/1.1 "...), value...), ' ')
		h.text = append(append(h.text, nethttp.StatusText(h.status)...), "\r\n"...)
	}
}

// judge says what is wrong with it as a whole; last tells that nothing comes behind
// it.
func (h *heading) judge(last bool) wire.Fault {
	switch {
	case h.fault != nil:
		return h.fault
	case h.trailer && !last:
		return nonsense("malformed answer: a head behind its head")
	case h.trailer:
	case h.status == 0:
		return nonsense("malformed head: no :status")
	case h.status == nethttp.StatusSwitchingProtocols:
		return nonsense("malformed head: HTTP/2 has no status 101")
	case h.status < 200 && last:
		return nonsense("malformed answer: it ends with an interim head (%d)", h.status)
	}
	return nil
}

// neighbourly tells whether a field says something of one connection only (RFC
// 9113, 8.2.2).
func neighbourly(name []byte) bool {
	switch string(name) {
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// tokens marks the bytes of a field's name.
var tokens = func() (table [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz" {
		table[c] = true
	}
	return table
}()

// lowerToken tells whether name is that of a field (RFC 9113, 8.2.1).
func lowerToken(name []byte) bool {
	for _, c := range name {
		if !tokens[c] {
			return false
		}
	}
	return len(name) > 0
}

// printable tells whether a value holds no control characters besides tabs.
func printable(value []byte) bool {
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
