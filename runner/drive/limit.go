package drive

import (
	"time"

	"plimsoll/runner/schedule"
	"plimsoll/target"
)

// Limit is that no more than N requests of steps start in any time of length Per,
// over all iterations of the loop, what users do when they come and go included.
// Every request counts that is sent: a second try and each look of a poll, too;
// the hops of a redirect, which a carrier follows by itself, do not. Who waits is
// held, first come first served: a call from when it was due; within a call the
// wait is held like that for a connection, and is no part of its service time.
// The zero Limit is none.
type Limit struct {
	N   int
	Per time.Duration
}

// limit has the requests that wait.
type limit struct {
	gate    *schedule.Limit
	waiting []waiter      // the first first
	entry   time.Duration // when the next one on the agenda comes up
}

// waiter is a request that waits for the limit.
type waiter struct {
	id  target.ID     // of a slot that has another call by now where it was given up
	due time.Duration // since when nothing else has kept it back
}

func (l Limit) of(carriers []carried) *limit {
	if l.N == 0 {
		return nil
	}
	gate := schedule.NewLimit(int64(l.N), l.Per)
	for i := range carriers {
		if c, ok := carriers[i].Carrier.(handsOn); ok {
			c.Announce(gate.Began)
			carriers[i].tell = true
		}
	}
	return &limit{gate: gate, entry: schedule.Never}
}

// ask sends a request of a strand's call when the limit lets it.
func (w *walk) ask(place uint32, due, now time.Duration) {
	w.again.of[place].pausing = true
	w.limit.waiting = append(w.limit.waiting, waiter{w.rename(place), due})
	w.admit(now)
}

// admit sends the requests that the limit lets pass, and has the loop come back
// for the next.
func (w *walk) admit(now time.Duration) {
	l := w.limit
	for len(l.waiting) > 0 {
		if !w.waits(l.waiting[0]) {
			l.waiting = l.waiting[1:]
			continue
		}
		opens, opened := l.gate.Opens(now)
		if opens > now {
			if opens < l.entry {
				l.entry = opens
				w.again.agenda.Push(opens, target.NewID(0, 0).With(limitOpens))
			}
			return
		}
		first := l.waiting[0]
		l.waiting = l.waiting[1:]
		w.pass(first.id.Slot(), first.due, max(first.due, opened), now)
	}
}

// waits tells whether a request was not given up meanwhile.
func (w *walk) waits(r waiter) bool { return r.id.Of(w.slots[r.id.Slot()].serial) }

// pass sends a request that was due, and that the limit let pass at a time from
// which on nothing but the generator kept it back.
func (w *walk) pass(place uint32, due, ready, now time.Duration) {
	if w.virtual == nil {
		now = w.Clock.Now()
	}
	x := &w.again.of[place]
	if w.calls[place].begun {
		x.past.Held += ready - due
	} else {
		w.slots[place].ready = ready
	}
	w.limit.gate.Pass(ready)
	w.request(place, now)
	if !x.carrier.tell {
		w.limit.gate.Began(now)
	}
}
