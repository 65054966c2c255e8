package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
)

// netConn is a connection of Net's, or the place of one that is closed. It is
// the loop's while idle and the goroutine's while busy; each hands it over to
// the other by what it does to the state.
type netConn struct {
	net   *Net
	state atomic.Int32

	// The loop's own, at all times.
	seat
	user   uint32        // whose it is, or whose call it carries
	reused bool          // it has served a call before this one
	rested time.Duration // from its last call to this one

	// Handed to and fro with the call.
	request   []byte
	later     []byte    // of the request, when the server asks for it
	asked     chan bool // it does; false: it has answered without
	once      bool      // this call is the connection's last
	sending   bool      // a goroutine of its own sends the request
	connected bool
	before    int64 // what outward was
	written   int   // bytes of the request, so far as is known
	handed    int64 // those that the system has taken
	answer
	class string // of what went wrong, unless the answer is whole
	err   error
	ended time.Duration

	// The goroutine's own, but that the loop writes to conn.
	conn    net.Conn // flow, or TLS over it
	buffer  []byte
	block   *[]byte      // for what does not fit there
	deliver func()       // sends a large request; made once
	sent    chan int     // how much of it could be
	outward atomic.Int64 // bytes that the system has taken, of all its requests

	mu   sync.Mutex // guards what follows
	flow *flow      // nil: not connected
	why  string     // the class that interrupt gives the call
	quit func()     // leaves off setting the connection up
}

// States of a connection.
const (
	gone int32 = iota
	idle
	busy
)

// direct is the size up to which the loop itself writes a request.
const direct = 16 << 10

func large(request []byte) bool { return len(request) > direct }

// The buffer of a connection is small, for there may be many; answers that do
// not fit make it as large as a page.
const (
	little = 512
	page   = 4 << 10
)

func newNetConn(n *Net) *netConn {
	c := &netConn{net: n, buffer: make([]byte, little), sent: make(chan int, 1)}
	c.listen(&n.o)
	c.over = func() { c.interrupt(target.Timeout) }
	c.deliver = func() {
		n, err := c.conn.Write(c.request)
		if err == nil && len(c.later) > 0 {
			n += c.deliverLater()
		}
		c.sent <- n
	}
	return c
}

// deliverLater sends the body that the server is to ask for, and tells how much
// of it went.
func (c *netConn) deliverLater() (n int) {
	select {
	case wanted := <-c.asked:
		if !wanted {
			return 0
		}
	case <-time.After(patience):
	}
	n, _ = c.conn.Write(c.later)
	return n
}

// heard tells whoever waits for it what the server thinks of the body.
func (c *netConn) heard(wanted bool) {
	select {
	case c.asked <- wanted:
	default: // known already
	}
}

// prepare makes the connection ready for a call. A goroutine that finds it
// idle does not touch what is written here.
func (c *netConn) prepare(x *exchange, reused bool) {
	c.x, c.reused = x, reused
	if x.step != nil {
		c.user = x.step.User()
		c.net.seated.sit(x, c)
	}
	c.request, c.later, c.once = x.request.Bytes, x.request.Later, x.request.Once
	c.sending = large(c.request) || len(c.later) > 0
	if len(c.later) > 0 {
		c.asked = make(chan bool, 1)
	}
	c.class, c.err = "", nil
	c.before, c.written, c.handed = c.outward.Load(), len(c.request), 0
	c.expect(x, &c.net.o)
}

// send sends the request, without blocking. That it failed shows in reading,
// where there may be an answer all the same.
func (c *netConn) send() {
	if c.sending {
		go c.deliver()
		return
	}
	_, _ = c.conn.Write(c.request)
}

// wholly tells whether all of the request has been sent, and leaves off if it
// has not. It notes how much has.
func (c *netConn) wholly() (all bool) {
	if c.sending {
		c.sending = false
		if len(c.later) > 0 {
			c.heard(false)
		}
		select {
		case c.written = <-c.sent:
		default: // it may just not have said so yet
			_ = c.flow.SetWriteDeadline(longAgo)
			c.written = <-c.sent
			_ = c.flow.SetWriteDeadline(time.Time{})
		}
	}
	all = c.flow.settle() && c.written == len(c.request)+len(c.later)
	c.handed = min(int64(c.written), c.outward.Load()-c.before) // TLS adds to what is sent
	return all
}

var longAgo = time.Unix(1, 0)

// start sets the connection up, by the given time, and then lets it serve: in
// a goroutine of its own, whose stack is a fraction of what connecting takes.
func (c *netConn) start(until time.Duration) {
	if c.setUp(until) {
		c.net.workers.Go(c.serve)
	} else {
		c.tell(lost)
	}
}

// serve carries the connection's calls out, up to its end.
func (c *netConn) serve() {
	c.send()
	for {
		what := c.exchange()
		if c.block != nil {
			c.net.blocks.Put(c.block)
			c.block = nil
		}
		if what != answered {
			c.hangUp(what)
			c.tell(what)
			return
		}
		c.state.Store(idle)
		c.tell(answered)
	}
}

func (c *netConn) tell(what event) {
	c.net.inbox.put(notice{c, what})
	c.net.time.Wake()
}

// exchange reads an answer to its end.
func (c *netConn) exchange() event {
	buffer := c.buffer
	for {
		n, err := c.conn.Read(buffer)
		if !c.taken() {
			return unused
		}
		if over, keep := c.take(buffer[:n], err); over {
			c.ended = c.net.time.At(time.Now())
			if keep {
				return answered
			}
			return lost
		}
		if n == len(buffer) {
			buffer = c.larger(buffer)
		}
	}
}

// taken tells whether there is a call on the connection. What comes without
// one is its end.
func (c *netConn) taken() bool {
	return c.state.Load() == busy || !c.state.CompareAndSwap(idle, gone) && c.state.Load() == busy
}

func (c *netConn) larger(buffer []byte) []byte {
	switch len(buffer) {
	case little:
		c.buffer = make([]byte, page)
		return c.buffer
	case page:
		c.block = c.net.blocks.Get().(*[]byte)
		return *c.block
	}
	return buffer
}

// take takes in what was read.
func (c *netConn) take(b []byte, err error) (over, keep bool) {
	if len(b) > 0 {
		n, done, fault := c.feed(b)
		switch {
		case fault != nil:
			c.fail(c.fault().Class(), c.fault())
			return true, false
		case done:
			whole := c.wholly()
			return true, whole && err == nil && n == len(b) && c.parser.KeepAlive() && c.net.o.KeepAlive && !c.once
		case len(c.later) > 0 && (c.parser.Continued || c.parser.HeadDone()):
			c.heard(!c.parser.HeadDone())
		}
	}
	if err == nil {
		return false, false
	}
	why := c.interrupted()
	switch {
	case why != "":
		c.fail(why, nil)
	case err == io.EOF, err == io.ErrUnexpectedEOF: // what TLS says of an end without a word
		if done, _ := c.parser.EOF(); !done {
			c.fail(c.fault().Class(), c.fault())
		}
	case client.Alert(err):
		c.fail(target.TLS, err)
	default:
		c.fail(target.Reset, err)
	}
	return true, false
}

func (c *netConn) fail(class string, err error) { c.class, c.err = class, err }

// setUp connects and shakes hands.
func (c *netConn) setUp(until time.Duration) bool {
	n := c.net
	ctx, cancel := c.patient(until)
	defer cancel()
	class := target.Connect
	err := c.dial(ctx)
	if err == nil && n.o.TLS != nil {
		class = target.TLS
		err = c.shakeHands(ctx)
	}
	if err == nil && c.interrupted() != "" {
		err = context.Canceled // it just missed its time
	}
	if err == nil {
		c.connected = true
		c.before = c.outward.Load() // the handshake is none of the request
		return true
	}
	c.fail(c.refused(ctx, class, err), err)
	c.sending = false // not begun
	if c.flow != nil {
		c.hangUp(lost)
	}
	c.ended = n.time.At(time.Now())
	return false
}

// patient is the context of setting the connection up, which interrupt ends.
func (c *netConn) patient(until time.Duration) (ctx context.Context, cancel context.CancelFunc) {
	n := c.net
	if n.o.Timeout > 0 {
		now := time.Now()
		ctx, cancel = context.WithDeadline(n.trial, now.Add(until-n.time.At(now)))
	} else {
		ctx, cancel = context.WithCancel(n.trial)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.quit = cancel; c.why != "" {
		cancel()
	}
	return ctx, cancel
}

// refused names the class of an error of setting up, which is the given one
// unless somebody else is to blame. Name servers that do not answer in time
// are class dns.
func (c *netConn) refused(ctx context.Context, class string, err error) string {
	var dns *net.DNSError
	switch {
	case c.net.trial.Err() != nil, c.interrupted() == target.Cancelled:
		return target.Cancelled
	case errors.As(err, &dns):
		return target.DNS
	case ctx.Err() != nil, c.interrupted() != "", errors.Is(err, os.ErrDeadlineExceeded):
		return target.Timeout
	}
	return class
}

func (c *netConn) dial(ctx context.Context) error {
	conn, err := c.net.dialer.Dial(ctx, c.net.o.Host)
	if err != nil {
		return err
	}
	f, err := newFlow(conn.(stream), c.net.o.TLS == nil, &c.outward)
	if err != nil {
		_ = conn.Close()
		return err
	}
	c.mu.Lock()
	c.flow, c.conn = f, f
	c.mu.Unlock()
	return nil
}

func (c *netConn) shakeHands(ctx context.Context) error {
	secure := tls.Client(c.flow, c.net.o.TLS)
	c.conn = secure
	if err := secure.HandshakeContext(ctx); err != nil {
		return &client.HandshakeError{Cause: err}
	}
	return nil
}

// interrupt makes the call on the connection end with that class, and with it
// the connection.
func (c *netConn) interrupt(class string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.why = class
	if class == target.Cancelled && c.quit != nil {
		c.quit()
	}
	if c.flow != nil {
		_ = c.flow.SetDeadline(longAgo)
	}
}

// finished tells whether the connection's end has come while it was idle.
func (c *netConn) finished() bool {
	c.mu.Lock()
	f := c.flow
	c.mu.Unlock()
	return f == nil || f.finished()
}

func (c *netConn) interrupted() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why
}

// hangUp closes the connection. TLS takes leave, where there is time for that.
func (c *netConn) hangUp(what event) {
	if what == lost && c.connected {
		c.wholly() // so that nobody sends any more
	}
	if c.connected && c.interrupted() == "" {
		_ = c.conn.Close()
	} else {
		_ = c.flow.Close()
	}
	c.mu.Lock()
	c.flow = nil
	c.mu.Unlock()
}
