package http2

import (
	"plimsoll/target/hpack"
)

const (
	// ahead is how many bytes are made ready to be sent beyond which no body is.
	ahead = 64 << 10
	// roomy is from when on memory that is not used is given back.
	roomy = 4 * ahead
	// mostAcks is how many bytes of what a server wants to hear it may let lie.
	mostAcks = 256 << 10
)

// Out is what is to be said.
func (s *session) Out() []byte { return s.out[s.taken:] }

// Sent hears how much of it the system has taken.
func (s *session) Sent(n int) {
	s.taken += n
	s.heard(n)
	switch {
	case s.taken == len(s.out):
		s.out, s.taken, s.edge = modest(s.out)[:0], 0, 0
	case 2*s.taken > len(s.out):
		s.moveUp()
	}
	s.pump()
}

// moveUp moves what has not been taken to the beginning of its memory: with the rest of
// the frame that it begins with.
func (s *session) moveUp() {
	if s.pass(); s.edge == 0 || s.edge > s.taken { // it begins there, or the preface is not out yet
		return
	}
	s.out = s.out[:copy(s.out, s.out[s.edge:])]
	s.taken, s.edge = s.taken-s.edge, 0
}

// sayHead says a block in frames that the server takes. One that is told to keep a
// smaller table hears first that we need none (RFC 7541, 4.2).
func (s *session) sayHead(c *call, block []byte) {
	k, flags, first := headers, byte(0), 0
	if c.said {
		flags = endStream
	}
	if s.shrunk {
		first = 1
	}
	for {
		n := min(len(block), s.largest-first)
		if n == len(block) {
			flags |= endHeaders
		}
		s.out = appendFrame(s.out, first+n, k, flags, c.id)
		if first > 0 {
			s.out = append(s.out, hpack.NoTable)
		}
		s.out = append(s.out, block[:n]...)
		if block = block[n:]; len(block) == 0 {
			s.shrunk = false
			return
		}
		k, flags, first = continuation, 0, 0
	}
}

// line puts a call in line that has something to send.
func (s *session) line(c *call) {
	s.stuck = false
	switch {
	case len(c.rest) == 0 || c.next != nil:
		return
	case s.turn == nil:
		c.next, c.prev, s.turn = c, c, c
	default:
		c.next, c.prev = s.turn, s.turn.prev
		c.prev.next, c.next.prev = c, c
	}
	s.ring++
}

func (s *session) leaveLine(c *call) {
	if c.next == nil {
		return
	}
	if s.turn == c {
		s.turn = c.next
	}
	if s.ring--; s.ring == 0 {
		s.turn = nil
	}
	c.prev.next, c.next.prev = c.next, c.prev
	c.next, c.prev = nil, nil
}

// pump makes ready what may be sent of bodies, a frame of each in turn; nothing
// behind GOAWAY.
func (s *session) pump() {
	if s.fault != nil {
		return
	}
	for passed := 0; s.turn != nil && !s.stuck && s.window > 0 && len(s.out)-s.taken < ahead; {
		c := s.turn
		s.turn = c.next
		n := min(int64(min(len(c.rest), usualFrame)), s.initial-c.spent, s.window)
		if n <= 0 {
			passed++
			s.stuck = passed == s.ring
			continue
		}
		passed = 0
		s.sayBody(c, int(n))
	}
}

// sayBody says the next n bytes of a body.
func (s *session) sayBody(c *call, n int) {
	flags := byte(0)
	if n == len(c.rest) {
		flags, c.said = endStream, true
	}
	s.out = append(appendFrame(s.out, n, data, flags, c.id), c.rest[:n]...)
	c.stream.Exchange().BytesOut += int64(n)
	c.spent += int64(n)
	s.window -= int64(n)
	if c.rest = c.rest[n:]; len(c.rest) == 0 {
		s.leaveLine(c)
	}
}

// acks counts what the server wants to hear and has not taken yet: not less than
// that, and with what it took lately not much more.
type acks struct {
	before, since int   // bytes of them, before and since the mark
	mark          int64 // a place in all that is said on the connection
}

// answer makes ready what the server wants to hear, as long as it listens; n bytes
// are that.
func (s *session) answer(n int) {
	if s.acks.since += n; s.acks.before+s.acks.since > mostAcks {
		s.broken(calm, nonsense("the server asks for answers (to PING, SETTINGS) and does not read them"))
	}
}

// heard notes that the system has taken so much.
func (s *session) heard(n int) {
	s.said += int64(n)
	if s.said >= s.acks.mark {
		s.acks = acks{before: s.acks.since, mark: s.said + int64(len(s.out)-s.taken)}
	}
}
