package drive

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"plimsoll/runner/schedule"
	"plimsoll/target"
)

// RunLanes carries several loops out as the lanes of one trial: the first is the
// trial, the others go on beside it until it is over, and are then cancelled.
// They have one clock, and where their carriers are the same they meet at the
// same target: under the virtual clock in the same simulated server. Each has its
// own schedule, what it carries out, and recorder. One that breaks ends all. What
// other goroutines carry out counts for a lane's windows, buckets and limits from
// when it was sent.
func RunLanes(loops []Loop) []End {
	if len(loops) == 1 {
		return []End{loops[0].Run()}
	}
	ls := newLanes(loops)
	broken := ls.run()
	ends := make([]End, len(ls))
	for i, l := range ls {
		ends[i] = l.end()
		ends[i].Err = errors.Join(ends[i].Err, broken)
	}
	return ends
}

// lane is a loop that is turned beside others.
type lane struct {
	*driver
	until time.Duration // when it has something to do, if nothing ends
	over  bool
	views []*view
}

// next is when there is something to do.
func (l *lane) next() time.Duration { return min(l.until, l.due, l.deadline) }

type lanes []*lane

func newLanes(loops []Loop) (ls lanes) {
	meet, first := meeting{}, loops[0].From
	for _, l := range loops {
		first = min(first, l.From)
	}
	for i, l := range loops {
		views := meet.views(&l, i, len(loops))
		d := newDriver(l)
		d.now = first
		ls = append(ls, &lane{driver: d, until: l.From, views: views})
	}
	return ls
}

// run turns until every lane is over.
func (ls lanes) run() (broken error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			broken = fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
		}
	}()
	for ls.turn() {
		if !ls.event() {
			ls.decide()
		}
	}
	return nil
}

// turn lets time go on to the next thing of any lane's; false: all are over.
func (ls lanes) turn() (some bool) {
	until := schedule.Never
	for _, l := range ls {
		if !l.over {
			until, some = min(until, l.next()), true
		}
	}
	first := ls[0]
	switch {
	case !some:
	case first.virtual == nil:
		now := first.Clock.Wait(until)
		for _, l := range ls {
			if !l.over {
				l.woke(l.next(), now)
			}
		}
	case until == schedule.Never:
		ls.end(errors.New(timeIsOver))
	case until > first.virtual.Now():
		first.virtual.Set(until)
		for _, l := range ls {
			if !l.over {
				l.now = until
			}
		}
	}
	return some
}

// event lets one thing happen that is due in some lane, if there is one: all that
// ends comes before anything starts.
func (ls lanes) event() (some bool) {
	for _, l := range ls {
		if !l.over && l.due <= l.now && l.driver.event(l.now) {
			l.until = l.now
			return true
		}
	}
	for _, l := range ls {
		some = l.heed() || some
	}
	return some
}

// heed has the carriers asked where others have put ends aside, which may have
// come after the lane had asked.
func (l *lane) heed() (some bool) {
	for _, v := range l.views {
		some = some || len(v.came) > 0
	}
	if some {
		l.due = l.now
		if l.again != nil {
			l.again.askAll(l.now)
		}
	}
	return some
}

// decide does what is to be done in every lane. Where a look has ended the first
// lane, nothing starts in the others, either; and with that lane, or with one that
// breaks, they end.
func (ls lanes) decide() {
	for i, l := range ls {
		if l.over {
			continue
		}
		l.until, l.over = l.driver.decide(l.now)
		if i == 0 && l.halted {
			ls.halt(l.Stop.halt.Load())
		}
		if !l.over {
			continue
		}
		for _, v := range l.views {
			v.gone, v.came = true, nil
		}
		if i == 0 || l.err != nil {
			ls.end(l.err)
		}
	}
}

// halt ends what goes on beside a trial that a look has ended.
func (ls lanes) halt(h *halt) {
	for _, l := range ls[1:] {
		if !l.over && !l.dropped {
			l.halt(h)
		}
	}
}

// end ends all lanes that are not over: because something broke, if it did.
func (ls lanes) end(broke error) {
	for _, l := range ls {
		switch {
		case l.over:
		case broke != nil:
			l.broken("a lane broke", broke)
		default:
			l.cancel()
		}
	}
}

// meeting are the carriers of several lanes.
type meeting map[target.Carrier]*shared

// shared is a carrier that several lanes have.
type shared struct {
	target.Carrier
	views []*view // by lane; nil: it does not have it
}

// view is what one lane sees of a carrier: its own calls, and users of its own.
type view struct {
	*shared
	lane, lanes uint32
	under       []target.ID   // the call under way in each slot; idle: none
	came        []target.Done // taken out by others, the first first
	done        target.Done
	request     target.Request
	gone        bool
}

// views puts a lane's own view in the place of each of its carriers.
func (m meeting) views(l *Loop, lane, lanes int) (all []*view) {
	of := func(c target.Carrier) target.Carrier {
		if m[c] == nil {
			m[c] = &shared{Carrier: c, views: make([]*view, lanes)}
		}
		s := m[c]
		if s.views[lane] == nil {
			s.views[lane] = &view{shared: s, lane: uint32(lane), lanes: uint32(lanes)}
			all = append(all, s.views[lane])
		}
		if _, leaves := c.(leaver); leaves {
			return visited{s.views[lane]}
		}
		return s.views[lane]
	}
	if l.Carrier != nil {
		l.Carrier = of(l.Carrier)
	}
	if l.Journey != nil {
		j := *l.Journey
		j.Carriers = nil
		for _, c := range l.Journey.Carriers {
			j.Carriers = append(j.Carriers, of(c))
		}
		l.Journey = &j
	}
	return all
}

// idle is what stands for no call.
const idle = ^target.ID(0)

// visited is the view of a carrier that keeps something by user.
type visited struct{ *view }

func (v visited) Leave(user uint32) { v.Carrier.(leaver).Leave(user*v.lanes + v.lane) }

// theirs is the ID of a call among those of all lanes.
func (v *view) theirs(id target.ID) target.ID { return id.In(id.Slot()*v.lanes + v.lane) }

func (v *view) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	for int(id.Slot()) >= len(v.under) {
		v.under = append(v.under, idle)
	}
	v.under[id.Slot()] = id
	v.request = *r
	v.request.User = r.User*v.lanes + v.lane
	if r.Call != nil {
		v.request.Number = v.number(r.Number)
	}
	return v.Carrier.Send(v.theirs(id), &v.request, now)
}

// number tells the calls of steps apart: traces are theirs by it. A target's own
// calls are taken in turn by their numbers, in each lane by itself.
func (v *view) number(own uint64) uint64 { return own*uint64(v.lanes) + uint64(v.lane) }

// Trace is the identifier of the trace that a call of the lane's has begun.
func (v *view) Trace(number uint64) string {
	if t, ok := v.Carrier.(tracer); ok {
		return t.Trace(v.number(number))
	}
	return ""
}

// Take hands out the next end of the lane's own. What it finds of others' it puts
// aside for them: they come to ask, since they know that something was due by
// then.
func (v *view) Take(now time.Duration) (*target.Done, time.Duration) {
	if len(v.came) > 0 {
		d := &v.came[0]
		v.came = v.came[1:]
		return v.own(d), now
	}
	for {
		d, due := v.Carrier.Take(now)
		if d == nil {
			return nil, due
		}
		of := v.views[d.ID.Slot()%v.lanes]
		if of == v {
			return v.own(d), due
		}
		if !of.gone {
			of.came = append(of.came, *d)
		}
		if due > now {
			return nil, due
		}
	}
}

// own is an end as the lane knows it.
func (v *view) own(d *target.Done) *target.Done {
	v.done = *d
	v.done.ID = d.ID.In(d.ID.Slot() / v.lanes)
	if slot := v.done.ID.Slot(); v.under[slot] == v.done.ID.With(0) {
		v.under[slot] = idle
	}
	return &v.done
}

func (v *view) Cancel(id target.ID, now time.Duration) { v.Carrier.Cancel(v.theirs(id), now) }

func (v *view) CancelAll(now time.Duration) {
	for _, id := range v.under {
		if id != idle {
			v.Cancel(id, now)
		}
	}
}

// Close leaves the carrier to whoever has made it.
func (v *view) Close() {}
