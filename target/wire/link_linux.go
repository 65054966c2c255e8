package wire

import (
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/target"
	"plimsoll/target/wait"
)

// link is a connection's socket, or, with fd −1, the place of one that is closed.
// It is registered once, edge-triggered, and connected, read and written here, with
// TLS over it where that is asked for; what is said over it is its holder's.
type link struct {
	sockets *sockets
	holder  holder
	secure  *secure // TLS over the socket, once that is connected; nil: none

	place      wait.Place // in the poller, while fd is there
	generation int        // of the socket, of those that had this place
	fd         int
	way        int   // of sockets.ways: the one tried
	refusal    error // why there is no connection to it
	linked     bool  // the socket is connected
	connected  bool  // so is all that is over it: it takes requests
	closing    bool  // the server has closed it, though there may be bytes to read
	full       bool  // has more to read, or to write, than one turn allows

	taken             int64         // bytes that the system has taken, where write does not tell
	piece             int           // bytes that were said of which it is not known that the system has taken them (say)
	counted           int64         // of taken, as far as departed has told
	owed              []byte        // what the ring could not send of what it has taken
	began, met, shook time.Duration // when it began to connect, the socket was, and hands were shaken
}

// holder is whose a link is. It may close the link at any time.
type holder interface {
	// up hears that the link is connected, or why it cannot be.
	up(refusal error)
	// ready hears that there may be something to read, or room to write, in epoll's
	// bits; 0: it has asked the poller to go on, and wait.Due: to go first.
	ready(events uint32)
	// take takes in what has come, or why nothing will: io.EOF, or else what went
	// wrong. It tells whether more is wanted.
	take(b []byte, err error) (more bool)
	// bounced hears that the last n bytes of what it has written never left, after a
	// write that seemed to go well, and why. Nothing more will be taken.
	bounced(n int, err error)
}

// sockets are what all links of an engine have in common.
type sockets struct {
	found
	ways    []way
	poll    *wait.Poll
	ring    *wait.Ring // sends and receives; nil: each link does by itself
	secrecy *secrecy   // of TLS; nil: none
	tell    Telling
	hears   func() // Options.Connected
	dials   int    // begun so far, for the turn of the sources
	buffer  []byte // for what is being read, of whatever link; nil while that is so
	plain   []byte // the same without TLS
}

func newSockets(o Options, server found, poll *wait.Poll) *sockets {
	s := &sockets{found: server, ways: server.ways(), poll: poll, ring: poll.Ring(), tell: o.Tell, hears: o.Connected, buffer: make([]byte, 64<<10)}
	if o.TLS != nil {
		s.secrecy, s.plain = newSecrecy(o.TLS, poll), make([]byte, 16<<10)
	}
	return s
}

// close waits for the handshakes that have been given up.
func (s *sockets) close() {
	if s.secrecy != nil {
		s.secrecy.close()
	}
}

// lend is memory to read into, until what was read is of no more use. What comes may
// lead to a read within that one, of the same link or of another: it gets memory of its
// own, for TLS may not have looked at all of the first yet.
func (s *sockets) lend() (buffer []byte) {
	if buffer, s.buffer = s.buffer, nil; buffer == nil {
		buffer = make([]byte, 64<<10)
	}
	return buffer
}

func (s *sockets) link(of holder) link { return link{sockets: s, holder: of, fd: -1} }

// dial begins to connect, at that time. Where there is no way to the server, fd stays
// −1 and the link has its refusal.
func (l *link) dial(now time.Duration) {
	l.began, l.refusal = now, nil
	l.try(0)
}

// try tries the ways from that number on, up to one that does not refuse at once.
func (l *link) try(first int) {
	l.linked, l.connected, l.closing = false, false, false
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
	generation := l.generation
	if !l.linked && events != 0 && events != wait.Due {
		l.finish()
	}
	if !l.linked || l.generation != generation {
		return
	}
	l.closing = l.closing || events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	if !l.connected {
		l.shakeHands()
	}
	if !l.connected || l.generation != generation {
		return
	}
	if l.rings() {
		if !l.settleUp(events) {
			return
		}
		if events&wait.Unsent != 0 && len(l.owed) == 0 {
			events |= unix.EPOLLOUT
		}
	}
	if l.secure != nil && events&unix.EPOLLOUT != 0 && l.push() != nil {
		l.closing = true // what has come is read all the same
	}
	l.holder.ready(events)
}

// finish sees whether the socket is connected; another address of the same name may
// answer where one does not.
func (l *link) finish() {
	code, err := unix.GetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code == 0 {
		if _, err := unix.Getpeername(l.fd); err != unix.ENOTCONN { // else: not yet
			l.meet()
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

// meet has the link take requests, or begin to shake hands.
func (l *link) meet() {
	l.linked, l.met = true, l.sockets.poll.Now()
	if l.sockets.secrecy == nil {
		l.stand()
		return
	}
	poll, at := l.sockets.poll, l.place
	l.secure = l.sockets.secrecy.begin(func() { poll.Call(at) })
}

// stand has the link take requests.
func (l *link) stand() {
	l.connected = true
	if l.sockets.ring != nil {
		l.sockets.ring.Receive(l.place)
	}
	if l.sockets.hears != nil {
		l.sockets.hears()
	}
	l.holder.up(nil)
}

// setup is how long the parts of setting it up took, until now.
func (l *link) setup(now time.Duration) Measured {
	if l.secure == nil || l.sockets.tell == OneConnect {
		return Setup(target.None, now-l.began, target.None)
	}
	return Setup(target.None, l.met-l.began, l.shook-l.met)
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
	buffer := l.sockets.lend()
	l.readInto(buffer)
	l.sockets.buffer = buffer
}

func (l *link) readInto(buffer []byte) {
	for range pieces {
		b, dry, errno := l.receive(buffer)
		more := true
		switch {
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return
		case errno != 0:
			more = l.end(errno)
		case len(b) == 0:
			more = l.end(io.EOF)
		case l.secure != nil:
			more = l.open(b)
		default:
			more = l.holder.take(b, nil)
		}
		if !more || dry && !l.closing {
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
func (l *link) write(b []byte) (n int, err error) {
	if l.secure != nil {
		return l.seal(b)
	}
	for n < len(b) {
		m, errno := l.send(b[n:])
		switch errno {
		case 0:
			n += m
		case unix.EINTR:
		case unix.EAGAIN:
			return n, nil
		default:
			return n, errno
		}
	}
	return n, nil
}

// end hands over that nothing will come any more.
func (l *link) end(err error) (more bool) {
	if l.secure == nil {
		return l.holder.take(nil, err)
	}
	l.secure.end(err)
	return l.open(nil)
}

// hangUp closes the socket. What was seen of it is void from now on.
func (l *link) hangUp() {
	if l.secure != nil {
		l.takeLeave()
	}
	if l.fd >= 0 {
		l.sockets.poll.Leave(l.place)
		_ = unix.Close(l.fd)
	}
	l.fd, l.full, l.owed, l.piece = -1, false, nil, 0
	l.generation++
}
