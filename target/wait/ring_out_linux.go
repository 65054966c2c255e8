package wait

import (
	"golang.org/x/sys/unix"
)

// Unsent is what Handler hears of whose post the system has not taken whole; nothing
// else that happens to a descriptor has that bit.
const Unsent uint32 = 1 << 26

// Posts are copied, so that their bytes need not stay. Longer ones are better sent at
// once.
const (
	longestPost = 8 << 10
	postsAtOnce = 64 << 10
)

// outgoing are posts that the kernel has not been handed yet.
type outgoing struct {
	memory []byte
	round  uint32 // of them, from 1
}

// draft is a descriptor's last post.
type draft struct {
	round    uint32 // in which it was posted
	from, to int32  // where it lies
	left     []byte // what the system has not taken of it
	why      unix.Errno
}

// Post has b be sent with the next look. False: it has to be sent otherwise, after
// Flush, and after what is Owed. The ring receives for the descriptor.
func (r *Ring) Post(at Place, b []byte) bool {
	s := &r.sockets[at.number]
	if s.phase != receiving || r.posted(s) || len(s.left) > 0 || len(b) > min(longestPost, cap(r.memory)-len(r.memory)) {
		return false
	}
	ask := r.ask(mark(at, forSending))
	from := len(r.memory)
	r.memory = append(r.memory, b...)
	s.draft = draft{round: r.outgoing.round, from: int32(from), to: int32(len(r.memory)), left: s.left[:0]}
	ask.Send(int(s.fd), r.memory[from:])
	return true
}

func (r *Ring) posted(s *socket) bool { return s.draft.round == r.outgoing.round && s.to > 0 }

// Posted is how much is posted for the descriptor and not with the kernel yet.
func (r *Ring) Posted(at Place) int {
	if s := &r.sockets[at.number]; r.posted(s) {
		return int(s.to - s.from)
	}
	return 0
}

// Flush has it be sent now.
func (r *Ring) Flush(at Place) {
	if r.posted(&r.sockets[at.number]) {
		r.submit()
	}
}

// Owed is how much was not taken of a post, of which the descriptor's owner is to hear.
func (r *Ring) Owed(at Place) int { return len(r.sockets[at.number].left) }

// handedOver begins another round, where the kernel has taken all.
func (r *Ring) handedOver() {
	if r.ring.Asked() == 0 {
		r.memory = r.memory[:0]
		r.outgoing.round++
	}
}

// fellShort hears that a post was not taken whole.
func (r *Ring) fellShort(at Place, s *socket, res int32) {
	if res < 0 {
		s.why, res = unix.Errno(-res), 0
	}
	s.left = append(s.left[:0], r.memory[s.from+res:s.to]...)
	r.tell(at, s, Unsent)
}

// Unsent is what the system has not taken of a descriptor's last post, valid until the
// next one, and why: 0 and EAGAIN are that it did not fit.
func (r *Ring) Unsent(at Place) (b []byte, errno unix.Errno) {
	s := &r.sockets[at.number]
	b, errno = s.left, s.why
	s.left, s.why = nil, 0
	return b, errno
}
