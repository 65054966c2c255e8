package wire

import (
	"strconv"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/host"
	"plimsoll/target/httpcall"
)

// desk is where an engine keeps the calls that are on no connection: those in
// line for one, and those that have ended but are not handed out yet. It also
// knows when the others are over their time.
type desk struct {
	o         Options
	time      target.Clock
	clock     time.Duration // its last reading here
	line      line          // waiting for a connection
	deadlines deadlines
	spare     []*exchange
	done      []*exchange // handed out up to next
	next      int
	gaveUp    bool           // nothing is sent any more
	classes   map[int]string // of statuses seen
	steps     []*step        // to be used again
	reader    httpcall.Reader
	abroad    func(Led) // takes calls to other servers; nil: nobody does
	plain     bool      // the target's own calls are looked at by nobody, and need nothing besides
}

func newDesk(o Options, clock target.Clock) desk {
	return desk{
		o: o, time: clock, clock: clock.Now(), classes: map[int]string{},
		plain:  !o.PerUser && o.Observer == nil,
		reader: httpcall.Reader{MaxBody: o.MaxBody, Show: o.Show, Traces: o.Traces, Observer: o.Observer},
	}
}

func (d *desk) now() time.Duration {
	d.clock = d.time.Now()
	return d.clock
}

// enter takes a call in. False says that it has ended already.
func (d *desk) enter(id target.ID, r *target.Request) (*exchange, bool) {
	var x *exchange
	if last := len(d.spare) - 1; last >= 0 {
		x, d.spare = d.spare[last], d.spare[:last]
	} else {
		x = new(exchange)
	}
	*x = exchange{Done: target.Done{ID: id}, number: r.Number, request: &d.o.Requests[r.Number%uint64(len(d.o.Requests))]}
	if r.Call == nil && len(r.Want) == 0 && d.plain {
		return x, true
	}
	return x, d.enterStep(x, r)
}

// enterStep takes in what a call has of a journey.
func (d *desk) enterStep(x *exchange, r *target.Request) bool {
	x.step = d.stepFor(r)
	switch err := d.write(x); {
	case err != nil:
		d.failed(x, target.Variable, Seen{Err: err}, d.clock)
	case x.step.away():
		d.elsewhere(x, d.clock)
	default:
		return true
	}
	return false
}

// hold puts a call in line.
func (d *desk) hold(x *exchange) {
	x.since = d.clock
	d.line.push(x)
}

// nextInLine takes the first call out of the line, which is not empty.
func (d *desk) nextInLine() *exchange {
	x := d.line.pop()
	x.Held += d.now() - x.since // the time from which attempt bounds it, too
	return x
}

// attempt begins to send a call.
func (d *desk) attempt(x *exchange) {
	if s := x.step; s != nil && s.hops { // it has begun long ago
		x.until = agenda.Later(d.clock, s.left)
		return
	}
	x.Attempts++
	x.until = agenda.Never
	if d.o.Timeout > 0 {
		x.until = d.clock + d.o.Timeout
	}
}

// unsent takes an attempt back of which nothing has left this machine: its
// connection was gone.
func (d *desk) unsent(x *exchange) {
	if s := x.step; s == nil || !s.hops {
		x.Attempts--
	}
}

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
	var call *httpcall.Prepared
	if x.step != nil {
		call = x.step.Call()
	}
	x.Class, x.Example = class, d.o.Example(x.number, call, class, seen)
	d.ended(x, at)
}

func (d *desk) ended(x *exchange, at time.Duration) {
	x.Done.Ended = at
	d.done = append(d.done, x)
}

// withdraw ends a call, as cancelled, if it is in line.
func (d *desk) withdraw(id target.ID) (was bool) {
	x := d.line.take(id)
	if x == nil {
		return false
	}
	x.Held += d.clock - x.since
	d.failed(x, target.Cancelled, Seen{}, d.clock)
	return true
}

// cancel ends every call that is in line.
func (d *desk) cancel() {
	d.gaveUp = true
	for d.line.len() > 0 {
		d.failed(d.nextInLine(), target.Cancelled, Seen{}, d.now())
	}
}

// handOut returns the next call that has ended, until it is called again; nil
// when there is none.
func (d *desk) handOut() *target.Done {
	if d.next > 0 {
		last := d.done[d.next-1]
		if last.step != nil {
			d.give(last)
		}
		d.spare = append(d.spare, last)
	}
	if d.next == len(d.done) {
		d.done, d.next = d.done[:0], 0
		return nil
	}
	d.next++
	return &d.done[d.next-1].Done
}

// due is when there is something to hand out next, unless something happens
// before.
func (d *desk) due() time.Duration {
	if d.next < len(d.done) {
		return d.clock
	}
	return d.deadlines.next()
}
