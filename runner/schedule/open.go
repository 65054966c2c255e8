package schedule

import "time"

// Open is an open loop: calls become due whatever comes back. At most
// MaxInFlight are outstanding; a call that finds no place is held until one
// is free, or dropped.
type Open struct {
	Bounds
	Arrivals    Arrivals
	MaxInFlight int
	Drop        bool
	// Hold is how many calls may be in flight before others are held, also
	// where those that find MaxInFlight outstanding are dropped; 0: no limit.
	Hold int
}

// NewOpen makes an open loop's schedule.
func NewOpen(o Open, stop StopOn) *Schedule {
	if o.Hold == 0 {
		o.Hold = o.MaxInFlight
	}
	source := &open{Open: o, gate: o.Arrivals.gate(), places: places{max: min(o.Hold, o.MaxInFlight)}}
	source.advance()
	return &Schedule{stopOn: stop, source: source, gate: source.gate}
}

type open struct {
	Open
	n      int64         // calls taken out so far
	due    time.Duration // when the n-th is due, Never after the last
	beyond bool          // it is due beyond the end of time
	gate   gate          // nil where starts need not keep a distance
	places places
}

// advance looks the next call up.
func (o *open) advance() {
	o.due, o.beyond = Never, false
	if offset, ok := o.Arrivals.Next(); ok && !o.spent(o.n) {
		o.due = o.From + offset
		o.beyond = offset == Never
	}
}

func (o *open) take() {
	o.n++
	o.advance()
}

func (o *open) next(now time.Duration, inFlight int) Next {
	due := o.due
	switch {
	case o.beyond && o.Until == Never:
		return Next{Do: Wait, At: Never}
	case due >= o.Until:
		return Next{Do: Done}
	}
	if due > now {
		return Next{Do: Wait, At: due}
	}
	if inFlight >= o.MaxInFlight {
		if !o.Drop {
			return Next{Do: Idle}
		}
		o.take()
		return Next{Do: Drop, At: due}
	}
	if inFlight >= o.Hold {
		return Next{Do: Idle}
	}
	ready := max(due, o.places.freeSince())
	if o.gate != nil {
		opens, opened := o.gate.Opens(now)
		if opens > now {
			return Next{Do: Wait, At: opens}
		}
		ready = max(ready, opened)
		o.gate.Pass(ready)
	}
	o.places.take()
	o.take()
	return Next{Do: Start, At: due, Ready: ready}
}

func (o *open) ended(at, _ time.Duration, _ uint32) { o.places.free(at) }

func (o *open) overdue(now, until time.Duration, drop func(due time.Duration)) {
	for o.due <= now && o.due < min(o.Until, until) {
		drop(o.due)
		o.take()
	}
}

// places remembers since when each free place in flight has been free, so that
// a call which was held is known to have been ready at that time, and any
// later start is the generator's fault. A call takes the place that has been
// free for longest.
type places struct {
	max   int
	used  int                 // places taken at least once
	since ring[time.Duration] // of those, the free ones
}

// any tells whether a place is known to be free.
func (p *places) any() bool { return p.used < p.max || p.since.len > 0 }

func (p *places) freeSince() time.Duration {
	if p.used < p.max || p.since.len == 0 {
		return -Never
	}
	return p.since.first()
}

func (p *places) take() {
	if p.used < p.max {
		p.used++
	} else if p.since.len > 0 {
		p.since.pop()
	}
}

func (p *places) free(at time.Duration) { p.since.push(at) }
