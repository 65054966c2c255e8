package wire

import (
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"plimsoll/target/wait"
)

// link is a connection's socket, or, with fd −1, the place of one that is closed.
// It is registered once, edge-triggered, and connected, read and written here;
// what is said over it is its holder's.
type link struct {
	sockets *sockets
	holder  holder

	place      wait.Place // in the poller, while fd is there
	generation int        // of the socket, of those that had this place
	fd         int
	way        int   // of sockets.ways: the one tried
	refusal    error // why there is no connection to it
	connected  bool
	closing    bool // the server has closed it, though there may be bytes to read
	full       bool // has more to read, or to write, than one turn allows
}

// holder is whose a link is. It may close the link at any time.
type holder interface {
	// up hears that the link is connected, or why it cannot be.
	up(refusal error)
	// ready hears that there may be something to read, or room to write, in epoll's
	// bits; 0: it has asked the poller to go on, and wait.Due: to go first.
	ready(events uint32)
	// take takes in what has come, or why nothing will: io.EOF, or the system's error.
	// It tells whether more is wanted.
	take(b []byte, err error) (more bool)
}

// sockets are what all links of an engine have in common.
type sockets struct {
	found
	poll   *wait.Poll
	dials  int    // begun so far, for the turn of the sources
	buffer []byte // what is being read, of whatever link
}

func newSockets(server found, poll *wait.Poll) *sockets {
	return &sockets{found: server, poll: poll, buffer: make([]byte, 64<<10)}
}

func (s *sockets) link(of holder) link { return link{sockets: s, holder: of, fd: -1} }

// dial begins to connect. Where there is no way to the server, fd stays −1 and the
// link has its refusal.
func (l *link) dial() {
	l.refusal = nil
	l.try(0)
}

// try tries the ways from that number on, up to one that does not refuse at once.
func (l *link) try(first int) {
	l.connected, l.closing = false, false
	if len(l.sockets.ways) == 0 {
		l.refuse(errFamily)
	}
	for l.way = first; l.way < len(l.sockets.ways); l.way++ {
		fd, err := l.socket()
		if l.fd = fd; err == nil {
			return
		}
		l.refuse(err)
	}
}

// socket opens a socket that connects on the link's way.
func (l *link) socket() (fd int, err error) {
	s := l.sockets
	way := &s.ways[l.way]
	fd, err = unix.Socket(way.family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if way.family != unix.AF_UNIX {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if n := len(way.sources); n > 0 {
		bindLate(fd)
		err = os.NewSyscallError("bind", unix.Bind(fd, way.sources[s.dials%n]))
		s.dials++
	}
	if err == nil {
		err = way.connect(fd)
	}
	if err == nil {
		l.place, err = s.poll.Add(fd, l)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// connect begins to connect; errors are those of package net.
func (w *way) connect(fd int) error {
	err := unix.Connect(fd, w.to)
	if err == nil || err == unix.EINPROGRESS {
		return nil
	}
	network := "tcp"
	if w.family == unix.AF_UNIX {
		network = "unix"
	}
	return &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", err)}
}

// Ready sees to what has happened on the socket.
func (l *link) Ready(events uint32) {
	if events == 0 {
		l.full = false
	}
	if events == 0 || events == wait.Due {
		l.holder.ready(events)
		return
	}
	if !l.connected {
		generation := l.generation
		if l.finish(); !l.connected || l.generation != generation {
			return
		}
	}
	l.closing = l.closing || events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	l.holder.ready(events)
}

// finish sees whether the link is connected; another address of the same name may
// answer where one does not.
func (l *link) finish() {
	code, err := unix.GetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code == 0 {
		if _, err := unix.Getpeername(l.fd); err != unix.ENOTCONN { // else: not yet
			l.connected = true
			l.holder.up(nil)
		}
		return
	}
	l.hangUp()
	if err == nil {
		err = unix.Errno(code)
	}
	l.refuse(err)
	if l.try(l.way + 1); l.fd < 0 {
		l.holder.up(l.refusal)
	}
}

// refuse notes why an address takes no connection. The first one's reason is
// told, as package net does.
func (l *link) refuse(err error) {
	if l.refusal == nil {
		l.refusal = err
	}
}

// pieces bounds the reads from a link in one turn, so that a server that sends
// without an end neither keeps the others waiting nor outlives its time. So it does
// the writes of one that takes whatever there is.
const pieces = 16

// read hands over what has come, as long as it is wanted. A socket that is closing
// will tell of no more: it is read until it is dry.
func (l *link) read() {
	for range pieces {
		n, errno := rawRead(l.fd, l.sockets.buffer)
		more := true
		switch {
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return
		case errno != 0:
			more = l.holder.take(nil, errno)
		case n == 0:
			more = l.holder.take(nil, io.EOF)
		default:
			more = l.holder.take(l.sockets.buffer[:n], nil)
		}
		if !more || errno == 0 && n < len(l.sockets.buffer) && !l.closing {
			return
		}
	}
	l.again()
}

// again has its holder go on when the others have had their turn.
func (l *link) again() {
	if !l.full {
		l.full = true
		l.sockets.poll.Again(l.place)
	}
}

// write sends b, as far as the system takes it now. An error is the end.
func (l *link) write(b []byte) (n int, errno unix.Errno) {
	for n < len(b) {
		m, errno := rawWrite(l.fd, b[n:])
		switch errno {
		case 0:
			n += m
		case unix.EINTR:
		case unix.EAGAIN:
			return n, 0
		default:
			return n, errno
		}
	}
	return n, 0
}

// hangUp closes the socket. What was seen of it is void from now on.
func (l *link) hangUp() {
	if l.fd >= 0 {
		l.sockets.poll.Leave(l.place)
		_ = unix.Close(l.fd)
	}
	l.fd, l.full = -1, false
	l.generation++
}
