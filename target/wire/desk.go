package wire

import (
	"math"
	"strconv"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/host"
)

// desk is where an engine keeps the calls that are on no connection: those in
// line for one, those that wait for their next try, and those that have ended
// but are not handed out yet. It also knows when the others are over their
// time.
type desk struct {
	o         Options
	place     func(*exchange) // puts a call on a connection, or in line for one
	zero      time.Time
	clock     time.Duration            // its last reading, since zero
	line      line                     // waiting for a connection
	later     agenda.Agenda[*exchange] // tried again then
	deadlines deadlines
	spare     []*exchange
	done      []Done // handed out up to next
	next      int
	gaveUp    bool           // nothing is sent any more
	classes   map[int]string // of statuses seen
}

func newDesk(o Options) desk { return desk{o: o, classes: map[int]string{}} }

// start makes the clock show from now.
func (d *desk) start(from time.Duration) { d.zero, d.clock = time.Now().Add(-from), from }

func (d *desk) now() time.Duration {
	d.clock = time.Since(d.zero)
	return d.clock
}

// Zero is the time that Wait's offsets count from.
func (d *desk) Zero() time.Time { return d.zero }

// Align makes the offsets count from zero. Nothing has been sent yet.
func (d *desk) Align(zero time.Time) {
	d.zero = zero
	d.now()
}

// stale is how old the last look at the connections may be when nobody waits: a
// loop that starts calls back to back need not ask the kernel before each. So
// long may an end go unnoticed, at worst. A connection that nobody has looked
// at for longer is asked whether it is still there before it is used again.
const stale = 50 * time.Microsecond

// enter takes a call in.
func (d *desk) enter(call uint32, n uint64) *exchange {
	var x *exchange
	if last := len(d.spare) - 1; last >= 0 {
		x, d.spare = d.spare[last], d.spare[:last]
	} else {
		x = new(exchange)
	}
	*x = exchange{call: call, number: n, request: &d.o.Requests[n%uint64(len(d.o.Requests))]}
	return x
}

// hold puts a call in line.
func (d *desk) hold(x *exchange) {
	x.since = d.clock
	d.line.push(x)
}

// nextInLine takes the first call out of the line, which is not empty.
func (d *desk) nextInLine() *exchange {
	x := d.line.pop()
	x.out.Held += d.now() - x.since // the time from which attempt bounds it, too
	return x
}

// attempt begins a try.
func (d *desk) attempt(x *exchange) {
	x.out.Attempts++
	x.until = math.MaxInt64
	if d.o.Timeout > 0 {
		x.until = d.clock + d.o.Timeout
	}
}

// unsent takes a try back of which nothing has left this machine: its
// connection was gone.
func (d *desk) unsent(x *exchange) { x.out.Attempts-- }

// judge names what is wrong with a whole answer; "" if nothing is.
func (d *desk) judge(status int, found bool) string {
	switch {
	case !d.o.Accepts(status):
		class := d.classes[status]
		if class == "" {
			class = "status-" + strconv.Itoa(status)
			d.classes[status] = class
		}
		return class
	case !found:
		return target.Body
	}
	return ""
}

// failed puts a call that failed at that time off until its next try, or ends
// it.
func (d *desk) failed(x *exchange, class string, seen Seen, at time.Duration) {
	x.tries++
	if class != target.Cancelled && host.LimitOf(seen.Err) != 0 {
		class = target.Generator
	}
	if class != target.Cancelled && !d.gaveUp && d.o.Retry != nil && d.o.Retry.Again(class, x.tries) {
		d.later.Push(at+d.o.Retry.Backoff(x.number, x.tries), x)
		return
	}
	x.out.Class = class
	x.out.Example = d.o.Example(x.number, class, seen)
	d.ended(x, at)
}

func (d *desk) ended(x *exchange, at time.Duration) {
	d.done = append(d.done, Done{x.call, at, x.out})
	d.spare = append(d.spare, x)
}

// cancel ends every call that is on no connection.
func (d *desk) cancel() {
	d.gaveUp = true
	for d.line.len() > 0 {
		d.failed(d.nextInLine(), target.Cancelled, Seen{}, d.now())
	}
	for d.later.Len() > 0 {
		d.failed(d.later.Pop().What, target.Cancelled, Seen{}, d.now())
	}
}

// handOut returns the next call that has ended.
func (d *desk) handOut() (done Done, any bool) {
	if d.next == len(d.done) {
		d.done, d.next = d.done[:0], 0
		return Done{}, false
	}
	d.next++
	return d.done[d.next-1], true
}
