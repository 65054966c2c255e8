package wire

import (
	"errors"
	"io"
	"strings"

	"golang.org/x/sys/unix"

	"plimsoll/target/client"
)

// shakeHands carries the handshake's bytes, and hears of its end.
func (l *link) shakeHands() {
	l.shakingBytes()
	over, at, err := l.secure.shaken()
	if !over {
		return
	}
	err = l.declined(err)
	if l.shook = at; err != nil {
		l.holder.up(err)
		return
	}
	generation := l.generation
	if l.stand(); l.generation == generation {
		l.open(nil) // what has come with the handshake's end
	}
}

// shakingBytes carries the bytes of a handshake to and fro.
func (l *link) shakingBytes() {
	buffer := l.sockets.lend()
	for l.secure.hungry() {
		b, _, errno := l.receive(buffer)
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
		case errno != 0:
			l.secure.end(errno)
		case len(b) == 0:
			l.secure.end(io.EOF)
		default:
			l.secure.feed(b)
			continue
		}
		break
	}
	l.sockets.buffer = buffer
	_ = l.push() // that it fails shows in reading
}

// declined is the error of a handshake, or that the server does not speak the protocol
// that it was offered. The alert that says so has no type that we could ask for.
func (l *link) declined(err error) error {
	offered := l.sockets.secrecy.config.NextProtos
	if len(offered) == 0 || err == nil && l.secure.protocol == offered[0] || err != nil && !strings.Contains(err.Error(), "no application protocol") {
		return err
	}
	name := offered[0]
	if name == "h2" {
		name = "HTTP/2"
	}
	return &client.HandshakeError{Cause: client.NotOffered(name)}
}

// open hands over what bytes of the socket mean. Records may say something to TLS
// alone, so all are looked at, whether more is wanted or not.
func (l *link) open(b []byte) (more bool) {
	generation := l.generation
	l.secure.feed(b)
	for more = true; ; {
		n, err := l.secure.read(l.sockets.plain)
		if err == errDry {
			break
		}
		if errors.Is(err, io.ErrUnexpectedEOF) && l.secure.between() { // the socket's end, without a word
			err = io.EOF
		}
		if more = l.holder.take(l.sockets.plain[:n], err); err != nil || l.generation != generation {
			return false
		}
	}
	if l.push() != nil {
		l.closing = true
	}
	return more
}

// seal writes b as TLS, as far as there is room for it.
func (l *link) seal(b []byte) (n int, err error) {
	taken := l.taken
	for n < len(b) {
		m, err := l.secure.write(b[n:])
		n += m
		if err == nil {
			err = l.push()
		}
		if err != nil && l.taken == taken {
			return 0, err // nothing of it has left
		}
		if err != nil || m == 0 {
			return n, err
		}
	}
	return n, nil
}

// say is write for who must know what has left this machine: n bytes of b. Over TLS
// piece bytes more may wait as cipher text, and else with the ring; what is said next
// begins with them.
func (l *link) say(b []byte) (n int, err error) {
	switch {
	case l.secure != nil:
	case l.rings():
		return l.post(b)
	default:
		return l.write(b)
	}
	for {
		err = l.push()
		if n += l.departed(); err != nil || l.backlog() > 0 || n == len(b) {
			return n, err
		}
		if l.piece, err = l.secure.write(b[n:]); err != nil {
			return n, err
		}
		l.counted = l.accepted()
	}
}

// departed is how much of the piece has left since it was asked last. Of one that has
// left in part, that is the most that it can be: cipher text is longer.
func (l *link) departed() (n int) {
	switch n = l.piece; {
	case n == 0:
	case l.secure == nil:
		n -= int(l.taken - l.accepted())
	case l.backlog() > 0:
		n = min(n, int(l.accepted()-l.counted))
	}
	l.piece -= n
	l.counted = l.accepted()
	return n
}

// push sends what TLS has to say, as far as the system takes it.
func (l *link) push() error {
	for {
		out := l.secure.out()
		if len(out) == 0 {
			return nil
		}
		n, errno := l.send(out)
		switch errno {
		case 0:
			l.secure.sent(n)
		case unix.EINTR:
		case unix.EAGAIN:
			return nil
		default:
			return errno
		}
	}
}

// takeLeave says so to the server, as far as the system takes that at once: not behind
// what it has not taken yet, for nobody counts that any more.
func (l *link) takeLeave() {
	switch {
	case l.fd < 0:
	case !l.connected:
		_ = l.push()
	case l.backlog() == 0:
		l.secure.bye()
		_ = l.push()
		l.flush()
	}
	l.secure.leave()
	l.secure = nil
}
