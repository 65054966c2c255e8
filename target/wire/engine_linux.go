package wire

import (
	"context"
	"net"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/wait"
)

// Engine sends calls over connections of its own and hands out their ends: an
// event loop on the thread of one goroutine, to which every method but Wake
// belongs. Each socket is registered once, edge-triggered; a call costs one
// write and one read.
type Engine struct {
	o     Options
	zero  time.Time
	addrs []unix.Sockaddr
	lost  error // why Host has no address

	poller *poller
	waiter *wait.Waiter

	conns     []*conn                  // by their number in the poller's events
	closed    []*conn                  // to be used again
	idle      []*conn                  // the last one used is the last
	open      int                      // connections there are
	line      []*exchange              // waiting for a connection, first come first served
	deadlines agenda.Agenda[*conn]     // when to look whether a connection's call is over its time
	later     agenda.Agenda[*exchange] // tried again then
	spare     []*exchange
	done      []Done // handed out up to next
	next      int
	looked    time.Duration // when the sockets were last looked at
	gaveUp    bool
	buffer    []byte // what is being read, of whatever connection
}

// stale is how old the last look at the sockets may be when nobody waits: a
// loop that starts calls back to back need not ask the kernel before each.
const stale = 20 * time.Microsecond

// Open prepares an engine; nothing is sent yet. zero is the time that Wait's
// offsets count from.
func Open(o Options, zero time.Time) (*Engine, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	e := &Engine{o: o, zero: zero, poller: p, buffer: make([]byte, 64<<10)}
	e.addrs, e.lost = resolve(o.Host)
	e.waiter = wait.On(p, o.Spin)
	return e, nil
}

// resolve finds the addresses of HOST:PORT, in the resolver's order.
func resolve(hostport string) ([]unix.Sockaddr, error) {
	host, service, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var addrs []unix.Sockaddr
	for _, ip := range ips {
		if ip = ip.Unmap(); ip.Is4() {
			addrs = append(addrs, &unix.SockaddrInet4{Port: port, Addr: ip.As4()})
		} else {
			addrs = append(addrs, &unix.SockaddrInet6{Port: port, Addr: ip.As16()})
		}
	}
	return addrs, nil
}

func (e *Engine) now() time.Duration { return time.Since(e.zero) }

// Send sends the request of call number n; its end comes out of Wait under the
// name `call`.
func (e *Engine) Send(call uint32, n uint64) {
	x := e.fresh()
	*x = exchange{call: call, number: n, request: &e.o.Requests[n%uint64(len(e.o.Requests))]}
	e.place(x, true)
}

func (e *Engine) fresh() *exchange {
	if n := len(e.spare); n > 0 {
		x := e.spare[n-1]
		e.spare = e.spare[:n-1]
		return x
	}
	return new(exchange)
}

// place puts a call on a connection, or in line for one.
func (e *Engine) place(x *exchange, mayReuse bool) {
	if n := len(e.idle); n > 0 && mayReuse {
		c := e.idle[n-1]
		e.idle = e.idle[:n-1]
		e.begin(c, x, true)
		return
	}
	if e.o.Connections > 0 && e.open >= e.o.Connections {
		x.since = e.now()
		e.line = append(e.line, x)
		return
	}
	if e.lost != nil {
		x.out.Attempts++
		e.failed(x, target.DNS, e.lost.Error())
		return
	}
	e.begin(e.connect(0), x, false)
}

// Wait returns the next call that has ended, at once if there is one; false
// when none has by `until`, an offset from zero, or when it was woken.
func (e *Engine) Wait(until time.Duration) (Done, bool) {
	for {
		if e.next < len(e.done) {
			e.next++
			return e.done[e.next-1], true
		}
		e.done, e.next = e.done[:0], 0
		now := e.now()
		e.expire(now)
		if len(e.done) > 0 {
			continue
		}
		if until <= now && now-e.looked < stale {
			return Done{}, false
		}
		woken := e.look(e.due(until), now)
		if len(e.done) == 0 && (woken || until <= now) {
			return Done{}, false
		}
	}
}

// due is the first of all times at which something has to be done, or until.
func (e *Engine) due(until time.Duration) time.Duration {
	if e.deadlines.Len() > 0 {
		until = min(until, e.deadlines.First())
	}
	if e.later.Len() > 0 {
		until = min(until, e.later.First())
	}
	return until
}

// look waits for events until the given time, and handles those that came. It
// tells whether the wait ended early.
func (e *Engine) look(until, now time.Duration) (early bool) {
	const longest = time.Hour // far times are waited for piece by piece
	if until > now {
		early = e.waiter.Wait(e.zero.Add(min(until, now+longest)))
	} else {
		e.poller.Look()
	}
	e.looked = e.now()
	for _, event := range e.poller.take() {
		c := e.conns[event.Fd]
		if c.generation == event.Pad { // else it is of a connection that is gone
			e.ready(c, event.Events)
		}
	}
	return early
}

// expire gives up the calls whose time is over and tries those again whose
// pause is.
func (e *Engine) expire(now time.Duration) {
	for e.deadlines.Len() > 0 && e.deadlines.First() <= now {
		c := e.deadlines.Pop().What
		switch {
		case c.x == nil:
			c.watched = false
		case c.deadline > now: // of a later call than the one it was watched for
			e.deadlines.Push(c.deadline, c)
		default:
			c.watched = false
			e.lose(c, target.Timeout, "no whole answer within "+e.o.Timeout.String())
		}
	}
	for e.later.Len() > 0 && e.later.First() <= now {
		e.place(e.later.Pop().What, true)
	}
}

// failed tries a call again, or hands it out.
func (e *Engine) failed(x *exchange, class, seen string) {
	x.tries++
	if class != target.Cancelled && !e.gaveUp && e.o.Retry != nil && e.o.Retry.Again(class, x.tries) {
		e.later.Push(e.now()+e.o.Retry.Backoff(x.number, x.tries), x)
		return
	}
	x.out.Class = class
	x.out.Example = e.o.Example(x.number, class, seen)
	e.end(x)
}

func (e *Engine) end(x *exchange) {
	x.out.Ended = e.zero.Add(e.now())
	e.done = append(e.done, Done{x.call, x.out})
	e.spare = append(e.spare, x)
}

// Cancel ends every call now.
func (e *Engine) Cancel() {
	e.gaveUp = true
	for _, c := range e.conns {
		if c.x != nil {
			e.lose(c, target.Cancelled, "given up")
		}
	}
	for _, x := range e.line {
		e.failed(x, target.Cancelled, "given up")
	}
	for e.later.Len() > 0 {
		e.failed(e.later.Pop().What, target.Cancelled, "given up")
	}
	e.line = nil
}

// Wake makes the Wait under way, or the next one, return at once. It may be
// called from anywhere.
func (e *Engine) Wake() { e.waiter.Wake() }

// Spun is how long waiting has spun so far.
func (e *Engine) Spun() time.Duration { return e.waiter.Spun() }

// Close closes every connection.
func (e *Engine) Close() {
	for _, c := range e.conns {
		if c.fd >= 0 {
			_ = unix.Close(c.fd)
			c.fd = -1
		}
	}
	e.waiter.Close()
}
