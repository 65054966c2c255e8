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
// line for one, and those that have ended but are not handed out yet. It also
// knows when the others are over their time.
type desk struct {
	o         Options
	clock     target.Clock
	place     func(*exchange) // puts a call on a connection, or in line for one
	line      line            // waiting for a connection
	deadlines deadlines
	spare     []*exchange
	done      []target.Done // handed out up to next
	next      int
	gaveUp    bool           // nothing is sent any more
	classes   map[int]string // of statuses seen
}

func newDesk(o Options, c target.Clock) desk { return desk{o: o, clock: c, classes: map[int]string{}} }

// enter takes a call in.
func (d *desk) enter(id target.ID, r *target.Request) *exchange {
	var x *exchange
	if last := len(d.spare) - 1; last >= 0 {
		x, d.spare = d.spare[last], d.spare[:last]
	} else {
		x = new(exchange)
	}
	*x = exchange{id: id, number: r.Number, request: &d.o.Requests[r.Number%uint64(len(d.o.Requests))]}
	return x
}

// hold puts a call in line.
func (d *desk) hold(x *exchange) {
	x.since = d.clock.Last()
	d.line.push(x)
}

// nextInLine takes the first call out of the line, which is not empty.
func (d *desk) nextInLine() *exchange {
	x := d.line.pop()
	x.out.Held += d.clock.Now() - x.since // the time from which attempt bounds it, too
	return x
}

// attempt begins a try.
func (d *desk) attempt(x *exchange) {
	x.out.Attempts++
	x.until = math.MaxInt64
	if d.o.Timeout > 0 {
		x.until = d.clock.Last() + d.o.Timeout
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

// failed ends a call that failed at that time.
func (d *desk) failed(x *exchange, class string, seen Seen, at time.Duration) {
	if class != target.Cancelled && host.LimitOf(seen.Err) != 0 {
		class = target.Generator
	}
	x.out.Class = class
	x.out.Example = d.o.Example(x.number, class, seen)
	d.ended(x, at)
}

func (d *desk) ended(x *exchange, at time.Duration) {
	d.done = append(d.done, target.Done{ID: x.id, Ended: at, Outcome: x.out})
	d.spare = append(d.spare, x)
}

// cancel ends every call that is on no connection.
func (d *desk) cancel() {
	d.gaveUp = true
	for d.line.len() > 0 {
		d.failed(d.nextInLine(), target.Cancelled, Seen{}, d.clock.Now())
	}
}

// handOut returns the next call that has ended; nil if there is none.
func (d *desk) handOut() *target.Done {
	if d.next == len(d.done) {
		d.done, d.next = d.done[:0], 0
		return nil
	}
	d.next++
	return &d.done[d.next-1]
}

// due is when there is something to take: now, or when the next call is over
// its time.
func (d *desk) due() time.Duration {
	switch {
	case d.next < len(d.done):
		return d.clock.Last()
	case d.deadlines.Len() > 0:
		return d.deadlines.First()
	}
	return agenda.Never
}
