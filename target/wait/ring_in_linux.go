package wait

import (
	"golang.org/x/sys/unix"

	"plimsoll/target/uring"
)

// pieces are the buffers that a ring receives into, and pieceSize is how large each
// is. They take memory as far as something has come to them: that of small answers is
// a page a piece.
const (
	pieces    = 64
	pieceSize = 16 << 10
)

// store is what has been received, in pieces, and who waits for any to be free.
type store struct {
	next    [pieces]int16 // by piece: the one behind it in its queue; -1: none
	size    [pieces]int32
	lent    []uint16 // handed out since the last look, or nobody's any more
	filled  int      // with what has come: the kernel has the others
	starved []Place
}

// queue is what was received and not handed out yet; -1: nothing.
type queue struct{ first, last int16 }

var empty = queue{-1, -1}

// received notes what has come, or why nothing will.
func (r *Ring) received(at Place, s *socket, d uring.Done) {
	piece, any := d.Buffer()
	if any {
		r.filled++
	}
	switch {
	case s == nil:
		if any {
			r.lent = append(r.lent, piece)
		}
		return
	case any && d.Res > 0:
		r.put(&s.queue, piece, d.Res)
		r.tell(at, s, unix.EPOLLIN)
	case d.Res == -int32(unix.ENOBUFS):
		r.starved = append(r.starved, at)
		return
	case d.Res == -int32(unix.EINTR), d.Res == -int32(unix.EAGAIN):
	default:
		s.ended, s.errno = true, unix.Errno(-d.Res)
		r.tell(at, s, unix.EPOLLIN|unix.EPOLLRDHUP)
		return
	}
	if !d.More() {
		r.ask(d.Mark).Receive(int(s.fd))
	}
}

func (t *store) put(q *queue, piece uint16, size int32) {
	t.next[piece], t.size[piece] = -1, size
	if q.first < 0 {
		q.first = int16(piece)
	} else {
		t.next[q.last] = int16(piece)
	}
	q.last = int16(piece)
}

func (t *store) get(q *queue) (piece uint16, size int) {
	piece = uint16(q.first)
	if q.first = t.next[piece]; q.first < 0 {
		*q = empty
	}
	return piece, int(t.size[piece])
}

// discard forgets what was received for one who leaves.
func (r *Ring) discard(s *socket) {
	for s.queue.first >= 0 {
		piece, _ := r.get(&s.queue)
		r.lent = append(r.lent, piece)
	}
}

// restock gives the kernel the pieces back that have been seen to, and goes on to
// receive where there was none, once there is one: to ask before would be to ask again at
// every look.
func (r *Ring) restock() {
	for _, piece := range r.lent {
		r.ring.Return(piece)
	}
	r.filled -= len(r.lent)
	if r.lent = r.lent[:0]; r.filled == pieces {
		return
	}
	for _, at := range r.starved {
		if s := &r.sockets[at.number]; s.phase == receiving && s.generation == at.generation {
			r.ask(mark(at, forReceiving)).Receive(int(s.fd))
		}
	}
	r.starved = r.starved[:0]
}

// Received is what has come to a descriptor, valid until the next look; EAGAIN where
// there is nothing, and nothing at all after the end.
func (r *Ring) Received(at Place) (b []byte, errno unix.Errno) {
	s := &r.sockets[at.number]
	switch {
	case s.queue.first >= 0:
		piece, size := r.get(&s.queue)
		r.lent = append(r.lent, piece)
		return r.ring.Bytes(piece, size), 0
	case s.ended:
		return nil, s.errno
	}
	return nil, unix.EAGAIN
}

// Any tells whether something has come to the descriptor that was not handed out.
func (r *Ring) Any(at Place) bool { return r.sockets[at.number].queue.first >= 0 }

// Ended tells whether the descriptor's end has come. There may be something in front
// of it that the ring has not received: read that.
func (r *Ring) Ended(at Place) bool {
	s := &r.sockets[at.number]
	return s.ended || s.hungUp
}

// Quiet tells whether nothing has happened since the last look, to any descriptor.
func (r *Ring) Quiet() bool { return !r.ring.More() }
