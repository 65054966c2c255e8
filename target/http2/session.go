package http2

import (
	"cmp"
	"encoding/binary"
	"slices"

	"plimsoll/target/hpack"
	"plimsoll/target/wire"
)

// session is what is said on a connection of HTTP/2 (RFC 9113), client's side.
type session struct {
	sessions *Sessions
	calls    calls
	next     uint32 // identifier of the next stream
	fault    wire.Fault
	gone     *code  // why the server takes its leave; nil: it does not
	latest   uint32 // no open stream has a higher identifier

	// What comes.
	greeted bool   // the server's first SETTINGS have come
	partial []byte // the start of a frame
	need    int    // how long it is to be
	frame   frame  // the present one
	left    int    // bytes of its data to come
	padding int    // bytes to be passed over behind them
	block   []byte // of fields, of which more is to come
	blockOf frame  // that it began with; its stream is 0 where there is none
	framed  int    // bytes of the block with its frames
	fields  hpack.Decoder
	text    []byte // a head, as HTTP/1.1 has it
	known   int    // the status of that, if it is what the last block says; 0: it is not
	owed    int    // bytes of DATA that no WINDOW_UPDATE has told of

	// What the server lets us say.
	streams int    // at a time
	initial int64  // window that streams begin with; of that they spend
	lowest  int64  // no open stream has spent less
	largest int    // payload of a frame
	window  int64  // of the connection
	table   uint32 // of fields, that it keeps
	shrunk  bool   // it keeps a smaller table than it did, of which we make no use

	// What is to be said.
	out    []byte
	taken  int   // bytes of out that the system has taken
	edge   int   // where in out the first frame begins of which it has not taken all; after the preface
	turn   *call // whose body goes next, of the ring of those that have one
	ring   int   // calls in it
	stuck  bool  // none of them may say anything
	said   int64 // bytes that it has taken in all
	acks   acks
	memory Memory
}

// Sessions are what is said on the connections of a codec: what holds on all of them.
type Sessions struct {
	heads   Heads
	maxHead int // bytes of an answer's
	most    int // streams at a time, of ours
	allowed int // of streams before a server has said: no more than it did on the connection before
}

// UsualStreams is how many streams a connection has at a time unless somebody says.
const UsualStreams = 100

// NewSessions makes sessions of requests with such heads. An answer's head may have so
// many bytes, and a connection so many streams at a time; 0: UsualStreams.
func NewSessions(heads Heads, maxHead, streams int) *Sessions {
	return &Sessions{heads: heads, maxHead: maxHead, most: cmp.Or(max(0, streams), UsualStreams), allowed: atFirst}
}

// Session makes what is said on one connection after the other.
func (s *Sessions) Session() wire.Session { return &session{sessions: s} }

// atFirst is how many streams we use at most before a server has said how many it lets:
// as many as all are advised to (RFC 9113, 6.5.2). Its next connections are taken to
// be as the one before.
const atFirst = 100

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Open begins a connection with the preface, our settings and the widest window.
func (s *session) Open() {
	s.forget()
	*s = session{
		sessions: s.sessions, calls: s.calls, next: 1, latest: widest,
		partial: modest(s.partial)[:0], block: modest(s.block)[:0], fields: s.fields, text: modest(s.text)[:0],
		streams: s.sessions.allowed, initial: usualWindow, largest: usualFrame, window: usualWindow, table: hpack.UsualTable,
		out: modest(s.out)[:0], memory: s.memory,
	}
	s.fields.Reset(hpack.UsualTable)
	b := append(s.out, preface...)
	s.edge = len(preface)
	b = appendFrame(b, 3*6, settings, 0, 0)
	b = appendSetting(b, enablePush, 0)
	b = appendSetting(b, initialWindow, widest)
	b = appendSetting(b, headSize, uint32(min(s.sessions.maxHead, widest)))
	s.out = appendNumber(b, window, 0, widest-usualWindow)
}

// modest is b, unless that takes more memory than is kept without need.
func modest(b []byte) []byte {
	if cap(b) > roomy {
		return nil
	}
	return b
}

// forget forgets the calls of the connection before.
func (s *session) forget() {
	if s.calls.count > 0 {
		for _, at := range s.calls.slots {
			if at.id != 0 {
				at.call.id, at.call.rest, at.call.later = 0, nil, nil
				at.call.next, at.call.prev = nil, nil
			}
		}
		clear(s.calls.slots)
		s.calls.count = 0
	}
}

// Closing tells that no call may begin any more.
func (s *session) Closing() bool { return s.gone != nil || s.fault != nil || s.next > widest }

// Room is how many may begin now.
func (s *session) Room() int {
	if s.Closing() {
		return 0
	}
	return max(0, min(s.sessions.most, s.streams)-s.calls.count)
}

// Begin says the head of a request, and of its body what the windows let.
func (s *session) Begin(at *wire.Stream) {
	c, known := at.Memory.(*call)
	if !known {
		c = &call{stream: at}
		at.Memory = c
	}
	x := at.Exchange()
	h := s.sessions.heads.Head(x, &s.memory)
	*c = call{stream: at, id: s.next, head: h.Bodiless, size: h.Size}
	s.next += 2
	s.calls.put(c)
	c.rest, c.later = x.Request.Bytes[h.Size:], x.Request.Later
	c.bodied = len(c.rest)+len(c.later) > 0
	c.said = !c.bodied
	s.sayHead(c, h.Block)
	x.BytesOut += int64(h.Size)
	s.line(c)
	s.pump()
}

// Proceed says what has been held back of a body.
func (s *session) Proceed(at *wire.Stream) {
	if c, open := s.of(at); open {
		c.rest, c.later = c.later, nil
		s.line(c)
		s.pump()
	}
}

// of is the call of a stream, if it is still open.
func (s *session) of(at *wire.Stream) (c *call, open bool) {
	c, _ = at.Memory.(*call)
	return c, c != nil && c.id != 0
}

// Leave takes back what lies in Out of a stream whose call is given up, behind the
// first kept bytes, and resets the stream if the server hears of it all the same.
func (s *session) Leave(at *wire.Stream, kept int) {
	c, open := s.of(at)
	switch {
	case !open:
		return
	case s.takeBack(c, kept):
		s.close(c)
	default:
		s.reset(c, cancel)
	}
	s.pump()
}

// reset ends a stream from our side.
func (s *session) reset(c *call, why code) {
	s.out = appendNumber(s.out, reset, c.id, uint32(why))
	s.close(c)
}

// close forgets a stream that has ended.
func (s *session) close(c *call) {
	s.calls.take(c)
	s.leaveLine(c)
	c.id, c.rest, c.later = 0, nil, nil
}

// fail ends a stream whose answer is none.
func (s *session) fail(c *call, why code, f wire.Fault) {
	s.reset(c, why)
	c.stream.Over(f)
}

// broken ends the connection.
func (s *session) broken(why code, f wire.Fault) {
	s.fault = f
	s.out = appendGoAway(s.out, why)
}

// Cut is what is wrong with an answer whose connection has ended: what its reader
// says, which knows nothing of the end of a stream.
func (s *session) Cut(at *wire.Stream) wire.Fault {
	if f := s.foreign(); f != nil {
		return f
	}
	if s.gone != nil {
		return brokenOff("the server went away (%v) and closed the connection before its answer was whole", *s.gone)
	}
	if _, fielded := at.Reader().(Fielded); fielded {
		return brokenOff("the server closed the connection before its answer was whole")
	}
	whole, f := at.Reader().EOF()
	if !whole && f != nil {
		return f
	}
	c, _ := at.Memory.(*call)
	return c.cut()
}

// foreign says what the server speaks if it is not HTTP/2, which begins with
// SETTINGS (RFC 9113, 3.4).
func (s *session) foreign() wire.Fault {
	if s.greeted || len(s.partial) < 4 || kind(s.partial[3]) == settings {
		return nil
	}
	return &Foreign{Start: slices.Clone(s.partial)}
}

// goneAway ends the streams that the server has not looked at. One that has looked at
// others, and goes in peace, has only had enough of the connection.
func (s *session) goneAway(payload []byte) {
	last, why := binary.BigEndian.Uint32(payload)&widest, code(binary.BigEndian.Uint32(payload[4:]))
	s.gone = &why
	if last >= min(s.latest, s.next-2) {
		return
	}
	var late []*call
	s.latest = 0
	for _, at := range s.calls.slots {
		if at.id > last {
			late = append(late, at.call)
		} else {
			s.latest = max(s.latest, at.id)
		}
	}
	slices.SortFunc(late, func(a, b *call) int { return int(a.id) - int(b.id) })
	f := brokenOff("the server went away (%v) before it looked at the request", why)
	if debug := payload[8:]; len(debug) > 0 {
		f = brokenOff("%v: %s", f, quoted(debug))
	}
	for _, c := range late {
		s.close(c)
		c.stream.Refused(f, why == noError && last > 0)
	}
}
