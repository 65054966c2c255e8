package wire

import (
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
	berth
	user   uint32        // whose it is, or whose call it carries
	reused bool          // it has served a call before this one
	rested time.Duration // from its last call to this one

	// Handed to and fro with the call.
	request   []byte
	later     []byte    // of the request, when the server asks for it
	asked     chan bool // it does; false: it has answered without
	once      bool      // this call is the connection's last
	only      bool      // nothing answers: it is to be sent, and that is all
	sending   bool      // a goroutine of its own sends the request
	connected bool
	before    int64         // what outward was
	written   int           // bytes of the request, so far as is known
	unsent    error         // why no more
	wrote     time.Duration // when that was
	setup     Measured      // of setting it up for this call
	first     time.Duration // the answer began
	handed    int64         // those that the system has taken
	size      int64         // of the answer
	class     string        // of what went wrong, unless the answer is whole
	err       error
	ended     time.Duration

	// The goroutine's own, but that the loop writes to conn.
	conn    net.Conn // flow, or TLS over it
	buffer  []byte
	block   *[]byte       // for what does not fit there
	deliver func()        // sends a large request; made once
	sent    chan delivery // how much of it could be
	outward atomic.Int64  // bytes that the system has taken, of all its requests

	mu   sync.Mutex // guards what follows
	flow *flow      // nil: not connected
	why  string     // the class that interrupt gives the call
	quit func()     // leaves off setting the connection up
}

// delivery is how many bytes of a request were sent, why no more, and by when.
type delivery struct {
	bytes int
	err   error
	at    time.Duration
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
	c := &netConn{net: n, buffer: make([]byte, little), sent: make(chan delivery, 1), seat: seat{reader: n.codec.Reader()}}
	c.over = func() { c.interrupt(target.Timeout) }
	c.deliver = func() {
		only, on := c.only, c.flow
		n, err := c.conn.Write(c.request)
		switch {
		case err != nil:
		case only:
			err = on.flush()
		case len(c.later) > 0:
			n += c.deliverLater()
		}
		c.sent <- delivery{n, err, c.net.time.At(time.Now())}
		if only { // whoever reads has nothing else to hear it by
			_ = on.SetReadDeadline(longAgo)
		}
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
func (c *netConn) prepare(x *Exchange, reused bool) {
	c.x, c.reused, c.user = x, reused, x.User
	c.net.seated.sit(x, c)
	c.request, c.later, c.once = x.Request.Bytes, x.Request.Later, x.Request.Once
	c.only = x.Request.Unanswered
	c.sending = large(c.request) || len(c.later) > 0 || c.only
	if len(c.later) > 0 {
		c.asked = make(chan bool, 1)
	}
	c.class, c.err, c.size, c.setup = "", nil, 0, unmeasured
	c.wrote = c.net.clock
	c.before, c.written, c.unsent, c.handed = c.outward.Load(), len(c.request), nil, 0
	c.reader.Expect(x)
}

// send sends the request, without blocking: elsewhere, in a goroutine of its own,
// or here. That it failed shows in reading, where there may be an answer all the
// same.
func (c *netConn) send(elsewhere bool) {
	if elsewhere {
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
		case sent := <-c.sent:
			c.written, c.unsent, c.wrote = sent.bytes, sent.err, sent.at
		default: // it may just not have said so yet
			_ = c.flow.SetWriteDeadline(longAgo)
			sent := <-c.sent
			c.written, c.unsent, c.wrote = sent.bytes, sent.err, sent.at
			_ = c.flow.SetWriteDeadline(time.Time{})
		}
	}
	all = c.flow.settle() && c.unsent == nil && c.written == len(c.request)+len(c.later)
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
	c.send(c.sending)
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
	for heard := false; ; heard = true {
		n, err := c.conn.Read(buffer)
		if !c.taken() {
			return unused
		}
		over, keep := c.take(buffer[:n], err)
		if over || !heard {
			c.ended = c.net.time.At(time.Now())
		}
		if !heard {
			c.first = c.ended
		}
		if over && c.only && c.class == "" {
			c.ended = c.wrote
		}
		if over {
			c.size = c.reader.Size()
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
		n, end, fault := c.reader.Feed(b)
		switch {
		case fault != nil:
			c.fail(fault.Class(), fault)
			return true, false
		case end != More:
			whole := c.wholly()
			return true, whole && err == nil && n == len(b) && end == Whole && c.net.o.KeepAlive && !c.once
		case len(c.later) > 0:
			if in := c.reader.(hesitant); in.Asked() || in.Answering() {
				c.heard(!in.Answering())
			}
		}
	}
	if err == nil {
		return false, false
	}
	if c.only && c.interrupted() == "" {
		return true, c.said(err)
	}
	if whole, class, why := c.broken(err); !whole {
		c.fail(class, why)
	}
	return true, false
}

// said ends a call that had only to be sent, when reading has ended, and tells
// whether the connection may take another.
func (c *netConn) said(err error) (keep bool) {
	nudged := errors.Is(err, os.ErrDeadlineExceeded)
	if !c.wholly() {
		if nudged && c.unsent != nil {
			err = c.unsent
		}
		_, class, why := c.broken(err)
		c.fail(class, why)
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	keep = nudged && c.why == "" && c.reader.Size() == 0 && c.net.o.KeepAlive && !c.once
	return keep && c.flow.SetReadDeadline(time.Time{}) == nil
}

// broken tells what it means that reading failed: that was the answer's end, or
// else what is wrong, and its class.
func (c *netConn) broken(err error) (whole bool, class string, why error) {
	interrupted := c.interrupted()
	switch {
	case interrupted != "":
		return false, interrupted, nil
	case err == io.EOF, err == io.ErrUnexpectedEOF: // the latter in the midst of a record of TLS
		whole, fault := c.reader.EOF()
		if fault != nil {
			return false, fault.Class(), fault
		}
		if whole && err == io.EOF {
			return true, "", nil
		}
		return false, target.Body, err
	case client.Alert(err):
		return false, target.TLS, err
	}
	return false, target.Reset, err
}

func (c *netConn) fail(class string, err error) { c.class, c.err = class, err }

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
