package http

import (
	"time"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/workers"
)

// travelling is a carrier of package wire's, which knows one server, and beside
// it one of net/http's for the calls of journeys that go to others, or are led to
// them.
type travelling struct {
	target.Carrier
	abroad *calling
	away   int    // calls there
	led    []bool // by slot: the call had begun before it went there
}

// travels adds the carrier for calls abroad, which `to` makes.
func travels(at target.Carrier, codec *http1.Codec, to *Target, clock target.Clock) target.Carrier {
	t := &travelling{Carrier: at, abroad: to.carrier(clock)}
	codec.LeadAbroad(func(l http1.Led) { t.lead(l, clock) })
	return t
}

func (t *travelling) lead(l http1.Led, clock target.Clock) {
	slot := int(l.ID.Slot())
	for slot >= len(t.led) {
		t.led = append(t.led, false)
	}
	t.led[slot] = l.Begun
	t.away++
	t.abroad.Send(l.ID, &target.Request{Number: l.Course.Number(), User: l.Course.User(), Call: &l}, clock.Now())
}

// Send starts a call at home, from where it may go on.
func (t *travelling) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	due := t.Carrier.Send(id, r, now)
	if t.away > 0 {
		return now // whose end may have come
	}
	return due
}

// Take returns a call that has ended, at home or abroad.
func (t *travelling) Take(now time.Duration) (*target.Done, time.Duration) {
	d, due := t.Carrier.Take(now)
	switch {
	case t.away == 0:
		return d, due
	case d != nil:
		return d, now // ask again
	}
	d, also := t.abroad.Take(now)
	if d == nil {
		return nil, min(due, also)
	}
	t.away--
	if t.led[d.ID.Slot()] {
		d.Late = 0
	}
	return d, now
}

// Cancel ends a call, wherever it is.
func (t *travelling) Cancel(id target.ID, now time.Duration) {
	t.Carrier.Cancel(id, now)
	t.abroad.Cancel(id, now)
}

// CancelAll ends all calls.
func (t *travelling) CancelAll(now time.Duration) {
	t.abroad.CancelAll(now)
	t.Carrier.CancelAll(now)
}

// Trace is the identifier of a call's trace, wherever it went.
func (t *travelling) Trace(number uint64) string { return t.Carrier.(tracer).Trace(number) }

// tracer is a carrier that can tell which trace a call has begun.
type tracer interface{ Trace(number uint64) string }

// Leave forgets a user.
func (t *travelling) Leave(user uint32) {
	t.Carrier.(leaver).Leave(user)
	t.abroad.Leave(user)
}

// Close closes every connection of the carriers'.
func (t *travelling) Close() {
	t.Carrier.Close()
	t.abroad.Close()
}

// leaver is a carrier that keeps something for each user.
type leaver interface{ Leave(user uint32) }

// calling is a carrier of the target's calls, which tells it who is gone.
type calling struct {
	*workers.Carrier
	leaver
	tracer
}

func (t *Target) carrier(clock target.Clock) *calling {
	return &calling{workers.New(t, clock), t, t}
}
