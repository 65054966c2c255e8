package wire

import (
	"golang.org/x/sys/unix"

	"plimsoll/target/client"
	"plimsoll/target/wait"
)

// What follows is how bytes come off a socket, and go onto it: by a system call each,
// or by the loop's ring, which does both with the one call that the loop waits by.
// Nobody else knows which it is.

// rings tells whether the ring has the link's bytes. It does once those are no more a
// handshake's, which takes only so many at a time.
func (l *link) rings() bool { return l.connected && l.sockets.ring != nil }

// receive takes what has come, and tells whether that is likely to be all: nothing
// without an error is the end. It lies in the buffer, or in one of the
// ring's until the loop looks again.
func (l *link) receive(buffer []byte) (b []byte, dry bool, errno unix.Errno) {
	if ring := l.sockets.ring; l.rings() {
		b, errno = ring.Received(l.place)
		if errno != unix.EAGAIN || !l.closing {
			return b, !ring.Any(l.place) && !ring.Ended(l.place), errno
		}
		// There may be what the ring has not received, as it does while the loop looks.
	}
	n, errno := rawRead(l.fd, buffer)
	if errno != 0 {
		return nil, false, errno
	}
	return buffer[:n], n < len(buffer), 0
}

// unread tells whether the ring has something that was not taken.
func (l *link) unread() bool {
	return l.rings() && (l.sockets.ring.Any(l.place) || l.sockets.ring.Ended(l.place))
}

// spent tells whether the end has come of a connection that has nothing to do; where
// it is to be silent, a word is its end. A look that is young enough would have told.
func (l *link) spent(silent bool) bool {
	if ring := l.sockets.ring; l.rings() {
		return ring.Ended(l.place) || silent && ring.Any(l.place) || !ring.Quiet() && client.Ended(l.fd, silent)
	}
	return !l.sockets.poll.Fresh() && client.Ended(l.fd, silent)
}

// send has the system take bytes, as many as there is room for. Those that the ring
// takes may bounce.
func (l *link) send(b []byte) (n int, errno unix.Errno) {
	ring := l.sockets.ring
	switch {
	case !l.rings():
	case len(l.owed) > 0:
		return 0, unix.EAGAIN
	case ring.Post(l.place, b):
		l.taken += int64(len(b))
		return len(b), 0
	default:
		if ring.Flush(l.place); ring.Owed(l.place) > 0 {
			return 0, unix.EAGAIN
		}
	}
	n, errno = rawWrite(l.fd, b)
	switch {
	case errno == 0:
		l.taken += int64(n)
	case errno == unix.EAGAIN && l.rings():
		ring.Room(l.place)
	}
	return n, errno
}

// backlog is how many bytes the system has not taken yet of those that write has; what
// is with the ring goes first.
func (l *link) backlog() (n int) {
	l.flush()
	if n = len(l.owed); l.rings() {
		n += l.sockets.ring.Owed(l.place)
	}
	if l.secure != nil {
		n += len(l.secure.out())
	}
	return n
}

// flush has what the ring has taken be with the system.
func (l *link) flush() {
	if l.rings() {
		l.sockets.ring.Flush(l.place)
	}
}

// accepted is how much of what has been written the system has taken.
func (l *link) accepted() int64 {
	n := l.taken - int64(len(l.owed))
	if l.rings() {
		n -= int64(l.sockets.ring.Posted(l.place) + l.sockets.ring.Owed(l.place))
	}
	return n
}

// post is say by way of the ring: that the system has taken a post is known once the
// loop has looked.
func (l *link) post(b []byte) (n int, err error) {
	if n = l.departed(); l.piece > 0 {
		l.flush()
		n += l.departed()
	}
	for n < len(b) && l.piece == 0 {
		m, errno := l.send(b[n:])
		switch {
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return n, nil
		case errno != 0:
			return n, errno
		case l.sockets.ring.Posted(l.place) > 0:
			l.piece = m
		default:
			n += m
		}
	}
	return n, nil
}

// posted tells whether all of so many bytes is with the ring, which will send them when
// the loop waits.
func (l *link) posted(n int) bool {
	return l.rings() && l.secure == nil && n > 0 && l.sockets.ring.Posted(l.place) == n
}

// settleUp sees to what the ring could not send, when it hears of that, and when there
// is room. It tells whether the link is still there.
func (l *link) settleUp(events uint32) (there bool) {
	var errno unix.Errno
	switch {
	case events&wait.Unsent != 0:
		l.owed, errno = l.sockets.ring.Unsent(l.place)
	case events&unix.EPOLLOUT == 0 || len(l.owed) == 0:
		return true
	}
	if errno == unix.EAGAIN {
		errno = 0
	}
	for len(l.owed) > 0 && (errno == 0 || errno == unix.EINTR) {
		var n int
		if n, errno = rawWrite(l.fd, l.owed); errno == 0 {
			l.owed = l.owed[n:]
		}
	}
	switch errno {
	case 0:
		return true
	case unix.EAGAIN:
		l.sockets.ring.Room(l.place)
		return true
	}
	generation, n := l.generation, len(l.owed)
	l.taken -= int64(n)
	l.counted, l.owed = min(l.counted, l.taken), nil
	if l.secure == nil {
		l.piece -= min(n, l.piece)
	}
	l.holder.bounced(n, errno)
	return l.generation == generation
}
