package wire

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
)

// secrecy is what the connections of one loop have in common that speak TLS. All
// methods are the loop's.
type secrecy struct {
	config  *tls.Config // with its ServerName
	clock   target.Clock
	shaking sync.WaitGroup // handshakes under way, given up or not
	spare   [][]byte       // memory for what is to be sent
}

func newSecrecy(config *tls.Config, clock target.Clock) *secrecy {
	return &secrecy{config: config, clock: clock}
}

// begin starts the handshake of a new connection, in a goroutine that ends with it.
// Whenever there is news of it, wake is called, from anywhere: see to out, hungry
// and shaken then.
func (c *secrecy) begin(wake func()) *secure {
	s := &secure{secrecy: c, shake: newHandshake(wake)}
	s.conn = tls.Client((*pipe)(s), c.config)
	c.shaking.Go(s.shakeHands)
	return s
}

// close waits until no handshake is under way any more. Every connection has left.
func (c *secrecy) close() { c.shaking.Wait() }

// Bounds of what waits to be sent, in bytes. Who writes is told that there is no
// room; what TLS itself has to say to a server that asks again and again, and does
// not listen, is not let grow without an end.
const (
	brim  = 64 << 10
	flood = 2 * brim
)

// spares is how much memory for what is to be sent a loop keeps while nothing is.
const spares = 16

// memory is a buffer for what is to be sent.
func (c *secrecy) memory() []byte {
	last := len(c.spare) - 1
	if last < 0 {
		return make([]byte, 0, page)
	}
	b := c.spare[last]
	c.spare = c.spare[:last]
	return b
}

func (c *secrecy) giveBack(b []byte) {
	if cap(b) > 0 && len(c.spare) < spares {
		c.spare = append(c.spare, b[:0])
	}
}

// secure is TLS over a connection whose bytes the loop carries: it feeds what the
// socket gave, reads what that meant, writes what is to be said, and sends what that
// has become. At rest it keeps no memory but what package tls does.
//
// During the handshake a goroutine has the connection, and blocks on what the loop
// feeds; once shaken has said that it is over, all of it is the loop's, without
// locks.
type secure struct {
	*secrecy
	conn  *tls.Conn
	shake *handshake // under way; nil: it is over

	in     []byte // fed, and not read yet
	frame  frame  // of the records in it
	more   bool   // there may be more of the last record
	ended  error  // the socket's end: io.EOF, or what reading from it failed with
	fault  error  // why there is nothing more to read
	toSend []byte
	gone   int // of it, the bytes that are sent

	protocol string // that was agreed upon; "": none
	resumed  bool   // a session of before went on
}

// errDry is that there is nothing to be read now. Package tls takes errors as
// final that are not called temporary.
var errDry net.Error = dry{}

type dry struct{}

func (dry) Error() string   { return "nothing has come" }
func (dry) Timeout() bool   { return true }
func (dry) Temporary() bool { return true }

// errFlood is why there is nothing more to read from who asks for answers, and
// takes none.
var errFlood = &net.OpError{Op: "local error", Net: "tls", Err: errors.New("the server asks for new keys without reading the answers")}

// between tells whether what has been fed ends with a record.
func (s *secure) between() bool { return s.frame.got+s.frame.left == 0 }

// feed takes in bytes of the socket's. After the handshake they are lent, until read
// has returned an error, be it errDry: read until then before the next ones are
// read.
func (s *secure) feed(b []byte) {
	switch {
	case s.shake != nil:
		s.shake.feed(b)
	case len(s.in) > 0:
		s.in = append(s.in[:len(s.in):len(s.in)], b...)
	default:
		s.in = b
	}
}

// hungry tells whether feed is to be called with what the socket has: while a
// handshake is busy it takes only so much. Where it is not, wake is called when it
// is.
func (s *secure) hungry() bool { return s.shake == nil || s.shake.hungry() }

// end hears the socket's end: io.EOF, or what reading from it failed with.
func (s *secure) end(err error) {
	if s.shake != nil {
		s.shake.end(err)
		return
	}
	s.ended = err
}

// shaken tells whether the handshake is over, when that was, and why it has failed:
// with a *client.HandshakeError. Perhaps there is something to be read already, and
// in any case something to be sent: a failure's alert, too. It tells so once.
func (s *secure) shaken() (over bool, at time.Duration, err error) {
	h := s.shake
	if h == nil || !h.over.Load() {
		return false, 0, nil
	}
	s.take()
	s.shake, s.in, s.ended = nil, h.in, h.ended
	if h.err != nil {
		s.fault = &client.HandshakeError{Cause: h.err}
		return true, h.at, s.fault
	}
	state := s.conn.ConnectionState()
	s.protocol, s.resumed = state.NegotiatedProtocol, state.DidResume
	return true, h.at, nil
}

// read reads what has come: errDry where that is nothing; io.EOF after the server
// has taken leave, and io.ErrUnexpectedEOF where the socket has ended without that;
// else what is wrong (client.Alert).
func (s *secure) read(b []byte) (n int, err error) {
	if s.fault != nil {
		return 0, s.fault
	}
	if s.more || len(s.in) > 0 {
		if n, err = s.conn.Read(b); err == nil {
			s.more = n == len(b) // else this was all of its record
			return n, nil
		}
		s.more = false
	} else {
		err = errDry
	}
	switch {
	case err != errDry:
		s.fault = err
	case s.ended == io.EOF:
		s.fault = io.ErrUnexpectedEOF
	case s.ended != nil:
		s.fault = s.ended
	default:
		s.in = nil
		return n, errDry
	}
	s.in = nil
	return n, s.fault
}

// write has as much of b be sent as there is room for, n bytes. The handshake is
// over.
func (s *secure) write(b []byte) (n int, err error) {
	if room := brim - len(s.out()); len(b) > room {
		b = b[:max(0, room)]
	}
	if len(b) == 0 {
		return 0, nil
	}
	return s.conn.Write(b)
}

// out is what is to be sent, valid until the next call of any method but hungry.
func (s *secure) out() []byte {
	if s.shake != nil {
		s.take()
	}
	return s.toSend[s.gone:]
}

// sent hears that so many bytes of out have been.
func (s *secure) sent(n int) {
	if s.gone += n; s.gone == len(s.toSend) {
		s.giveBack(s.toSend)
		s.toSend, s.gone = nil, 0
	}
}

// take takes over what the handshake has written.
func (s *secure) take() {
	if b := s.shake.written(); len(b) > 0 {
		s.put(b)
	}
}

// put adds to what is to be sent.
func (s *secure) put(b []byte) {
	if s.toSend == nil {
		s.toSend = s.memory()
	}
	if s.gone > 0 && len(s.toSend)+len(b) > cap(s.toSend) {
		s.toSend, s.gone = s.toSend[:copy(s.toSend, s.toSend[s.gone:])], 0
	}
	s.toSend = append(s.toSend, b...)
}

// bye takes leave of the server, for which there is something to be sent then.
func (s *secure) bye() {
	if s.shake == nil && (s.fault == nil || s.fault == io.EOF) {
		_ = s.conn.CloseWrite()
	}
}

// leave lets go of all memory, and ends the handshake if it is under way. There is
// no other call after it.
func (s *secure) leave() {
	if s.shake != nil {
		s.shake.quit()
	}
	s.giveBack(s.toSend)
	s.toSend, s.gone = nil, 0
}

// pipe is the connection that package tls believes to have: the handshake's
// goroutine reads and writes, and after it the loop.
type pipe secure

func (p *pipe) Read(b []byte) (n int, err error) {
	if p.shake != nil {
		return p.shake.read(b, &p.frame)
	}
	n = p.frame.of(b, p.in)
	if p.in = p.in[n:]; n == 0 {
		return 0, errDry
	}
	return n, nil
}

func (p *pipe) Write(b []byte) (n int, err error) {
	s := (*secure)(p)
	switch {
	case p.shake != nil:
		return p.shake.write(b)
	case len(p.toSend)-p.gone > flood:
		s.fault = errFlood
		return 0, errFlood
	}
	s.put(b)
	return len(b), nil
}

// nowhere is the address of a connection that has none; names of servers are in
// their configuration.
type nowhere struct{}

func (nowhere) Network() string { return "loop" }
func (nowhere) String() string  { return "loop" }

func (*pipe) LocalAddr() net.Addr              { return nowhere{} }
func (*pipe) RemoteAddr() net.Addr             { return nowhere{} }
func (*pipe) Close() error                     { return nil }
func (*pipe) SetDeadline(time.Time) error      { return nil }
func (*pipe) SetReadDeadline(time.Time) error  { return nil }
func (*pipe) SetWriteDeadline(time.Time) error { return nil }

// frame follows the records of a stream. Package tls is given no byte of a record
// before it has taken the one before it: so what it has not read yet is what has
// not been fed, and nobody need ask whether there is more.
type frame struct {
	head [recordHead]byte
	got  int // of it
	left int // of the record, after its head
}

// recordHead is the size of a record's head, whose last two bytes are the size of
// what follows.
const recordHead = 5

// of copies the next bytes to b, of one record at the most.
func (f *frame) of(b, from []byte) (n int) {
	from = from[:min(len(b), len(from))]
	if f.left == 0 {
		n = copy(f.head[f.got:], from)
		if f.got += n; f.got == recordHead {
			f.got, f.left = 0, int(f.head[3])<<8|int(f.head[4])
		}
	}
	if f.got == 0 {
		rest := min(f.left, len(from)-n)
		f.left -= rest
		n += rest
	}
	return copy(b, from[:n])
}
