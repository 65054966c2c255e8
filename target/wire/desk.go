package wire

import (
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
	codec     Codec
	time      target.Clock
	clock     time.Duration // its last reading here
	line      line          // waiting for a connection
	deadlines deadlines
	spare     []*Exchange
	done      []*Exchange // handed out up to next
	next      int
	gaveUp    bool // nothing is sent any more
}

func newDesk(o Options, codec Codec, clock target.Clock) desk {
	return desk{o: o, codec: codec, time: clock, clock: clock.Now()}
}

func (d *desk) now() time.Duration {
	d.clock = d.time.Now()
	return d.clock
}

// enter takes a call in. False says that it does not go to a connection.
func (d *desk) enter(id target.ID, r *target.Request) (*Exchange, bool) {
	var x *Exchange
	if last := len(d.spare) - 1; last >= 0 {
		x, d.spare = d.spare[last], d.spare[:last]
	} else {
		x = d.newExchange()
	}
	x.Done = target.Done{ID: id}
	x.Parts, x.measured, x.parts.Stream, x.parts.Links = &x.parts, unmeasured, nil, nil
	x.bound = d.o.Timeout
	x.Number, x.User, x.led, x.refused = r.Number, r.User, false, false
	next := d.codec.Enter(x, r)
	return x, d.goes(x, nil, next, Failure{}, d.clock)
}

// newExchange is one whose phases are told.
func (d *desk) newExchange() *Exchange {
	x := new(Exchange)
	x.parts.Phases = d.o.Tell.of(&x.measured)
	return x
}

// goes does what a codec says is next, at that time, and tells whether the
// exchange has a request to be sent. f is what there is to tell of a failure.
func (d *desk) goes(x *Exchange, in Reader, next Next, f Failure, at time.Duration) bool {
	switch {
	case next.Turn == Goes:
		return true
	case next.Turn == Leaves:
		d.spare = append(d.spare, x)
	case next.Class != "":
		f.Class, f.Err = next.Class, next.Err
		d.failed(x, in, f, at)
	default:
		d.ended(x, at)
	}
	return false
}

// hold puts a call in line.
func (d *desk) hold(x *Exchange) {
	x.since = d.clock
	d.line.push(x)
}

// nextInLine takes the first call out of the line, which is not empty.
func (d *desk) nextInLine() *Exchange {
	x := d.line.pop()
	x.Held += d.now() - x.since // the time from which attempt bounds it, too
	return x
}

// attempt begins to send a call.
func (d *desk) attempt(x *Exchange) {
	if x.led { // it has begun long ago
		x.until = agenda.Later(d.clock, x.left)
		return
	}
	x.Attempts++
	x.until = agenda.Never
	if x.bound > 0 {
		x.until = d.clock + x.bound
	}
}

// unsent takes an attempt back of which nothing has left this machine: its
// connection was gone.
func (d *desk) unsent(x *Exchange) {
	if !x.led {
		x.Attempts--
	}
}

// failed ends a call that failed at that time.
func (d *desk) failed(x *Exchange, in Reader, f Failure, at time.Duration) {
	if f.Class != target.Cancelled && host.LimitOf(f.Err) != 0 {
		f.Class = target.Generator
	}
	x.Class, x.Example = f.Class, d.codec.Explain(x, in, f)
	d.ended(x, at)
}

func (d *desk) ended(x *Exchange, at time.Duration) {
	x.Done.Ended = at
	d.done = append(d.done, x)
}

// abandon ends a call that is on no connection, as cancelled.
func (d *desk) abandon(x *Exchange) {
	d.failed(x, nil, Failure{Class: target.Cancelled}, d.clock)
}

// withdraw ends a call, as cancelled, if it is in line.
func (d *desk) withdraw(id target.ID) (was bool) {
	x := d.line.take(id)
	if x == nil {
		return false
	}
	x.Held += d.clock - x.since
	d.abandon(x)
	return true
}

// cancel ends every call that is in line.
func (d *desk) cancel() {
	d.gaveUp = true
	for d.line.len() > 0 {
		d.abandon(d.nextInLine())
	}
}

// handOut returns the next call that has ended, until it is called again; nil
// when there is none.
func (d *desk) handOut() *target.Done {
	if d.next > 0 {
		last := d.done[d.next-1]
		d.codec.Release(last)
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

// Trace is the identifier of the trace that the call of that number has begun,
// where it was asked to.
func (d *desk) Trace(number uint64) string {
	if t, traces := d.codec.(tracer); traces {
		return t.Trace(number)
	}
	return ""
}

// forget takes leave of a user.
func (d *desk) forget(user uint32) {
	if l, keeps := d.codec.(leaver); keeps {
		l.Leave(user)
	}
}
