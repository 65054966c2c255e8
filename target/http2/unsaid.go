package http2

import (
	"iter"

	"plimsoll/target/hpack"
	"plimsoll/target/wire"
)

// What lies in out can still be looked at, and taken back: nobody has heard of it. It
// is whole frames, but for the first one, of which the system may have taken a part.

// pass moves the edge past the frames that the system has taken.
func (s *session) pass() {
	for s.edge < s.taken {
		var f frame
		f.read(s.out[s.edge:])
		if s.edge+frameHead+f.length > s.taken {
			return
		}
		s.edge += frameHead + f.length
	}
}

// lying are the frames there, by where in out they begin.
func (s *session) lying() iter.Seq2[int, frame] {
	s.pass()
	return func(yield func(int, frame) bool) {
		for at, end := s.edge, len(s.out); at < end; {
			var f frame
			f.read(s.out[at:])
			if !yield(at, f) {
				return
			}
			at += frameHead + f.length
		}
	}
}

// Unsaid is how much of a request's body lies there.
func (s *session) Unsaid(at *wire.Stream) (bytes int) {
	c, open := s.of(at)
	if !open || !c.bodied {
		return 0
	}
	for from, f := range s.lying() {
		if f.stream == c.id && f.kind == data {
			bytes += f.length - max(0, s.taken-from-frameHead)
		}
	}
	return bytes
}

// takeBack takes back what lies there of a stream behind the first kept bytes, and
// tells whether the server hears nothing of it then. A head that tells the server how
// large our table of fields is stays: those behind it rely on that.
func (s *session) takeBack(c *call, kept int) (all bool) {
	x, first, to := c.stream.Exchange(), s.taken+kept, -1
	for from, f := range s.lying() {
		end := from + frameHead + f.length
		if to < 0 {
			to = from
		}
		if mine := f.stream == c.id && from >= first; mine && f.kind == data {
			x.BytesOut -= int64(f.length)
			s.window += int64(f.length)
		} else if mine && f.kind == headers && s.out[from+frameHead] != hpack.NoTable {
			x.BytesOut -= int64(c.size)
			all = true
		} else if !mine || !all {
			if other := s.calls.find(f.stream); f.kind == headers && other != nil {
				other.stream.Nearer(from - to)
			}
			to += copy(s.out[to:], s.out[from:end])
		}
	}
	if to >= 0 {
		s.out = s.out[:to]
		s.acks.mark = min(s.acks.mark, s.said+int64(to-s.taken))
	}
	s.stuck = false
	return all
}
