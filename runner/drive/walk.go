package drive

import (
	"errors"
	"time"

	"plimsoll/runner/journey"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/random"
)

// Journey is what a loop carries out where the schedule starts iterations of
// several steps, and no single calls.
type Journey struct {
	Program *journey.Program
	World   journey.World
	// Carriers are those that calls name by number, all under the loop's clock.
	Carriers []target.Carrier
	// Sources are those that the program takes rows of, by number.
	Sources []Source
	// Streams draw the jitter of retries.
	Streams random.Source
	// The loop is the Loop-th of Loops that share the trial, from 0. Places is how
	// many users all of them have, who come back iteration after iteration; 0:
	// every iteration has a user of its own.
	Loop, Loops, Places int
	// First is the number that no iteration before has had: theirs go on from it.
	First uint64
	// Limit bounds the requests that all iterations send; the zero Limit does not.
	Limit Limit

	pass *Pass // nil: nobody asks what an iteration leaves
}

// walk takes iterations through their steps. A strand's call has the slot of the
// strand's number.
type walk struct {
	*driver
	j    *Journey
	crew *journey.Crew
	dealing
	limit   *limit     // nil: there is none
	tries   []tries    // of the program's calls
	calls   []underway // by slot
	leavers []leaver   // carriers that keep something by user
	rounds  []uint64   // how many iterations each user has begun
	begun   uint64     // iterations
	leaving int        // users who go
	left    bool       // all have been told to
	// abandoned tells that they have no more time for it; calling that what is off
	// is yet to be given up.
	abandoned, calling bool
	whole              Call           // the iteration that is over
	became             target.Outcome // of it
}

// underway is a strand's call that has not ended.
type underway struct {
	call  *journey.Call // nil: there is none
	begun bool          // its first request was sent
	over  time.Duration // when a poll is, whatever comes
}

// leaver is a carrier that keeps something for each user.
type leaver interface{ Leave(user uint32) }

func newWalk(d *driver) *walk {
	w := &walk{driver: d, j: d.Journey}
	w.Recorder.rows = len(w.j.Program.Rows)
	for _, c := range w.j.Program.Calls() {
		w.tries = append(w.tries, tries{c.Retry.New(w.j.Streams), c.Timeout})
	}
	for _, c := range w.j.Carriers {
		if l, ok := c.(leaver); ok {
			w.leavers = append(w.leavers, l)
		}
	}
	w.limit = w.j.Limit.of(w.again.carriers)
	world := w.j.World
	world.Keep = w.j.pass != nil
	world.Once = w.j.Places == 0 && (len(w.leavers) > 0 || w.j.Program.Visits())
	w.crew = journey.NewCrew(w.j.Program, world)
	return w
}

// begin begins an iteration.
func (w *walk) begin(next schedule.Next, start time.Duration) {
	if w.paced {
		w.Schedule.Began(start)
	}
	w.inFlight++
	place := uint64(w.j.Loop) + w.begun*uint64(max(1, w.j.Loops))
	number, user := w.number(next, place)
	w.begun++
	w.crew.Begin(journey.Start{Iteration: number, Place: place, User: user, Intended: next.At, Ready: next.Ready, Began: start})
	w.run(start)
}

// number is that of an iteration, and whose it is: in an open loop its place in
// the schedule; in a closed one the user's place, and so many places more for
// each time that this one has come.
func (w *walk) number(next schedule.Next, place uint64) (iteration uint64, user uint32) {
	stride := uint64(max(1, w.j.Loops))
	if w.j.Places == 0 {
		iteration = w.j.First + place
		return iteration, uint32(iteration)
	}
	for int(next.User) >= len(w.rounds) {
		w.rounds = append(w.rounds, 0)
	}
	own := uint64(w.j.Loop) + uint64(next.User)*stride
	places := uint64(w.j.Places)
	iteration = own + (w.rounds[next.User]+(w.j.First+places-1)/places)*places
	w.rounds[next.User]++
	return iteration, uint32(own)
}

// next is above the numbers of all iterations of the loop.
func (w *walk) next() uint64 {
	if w.j.Places == 0 {
		return w.j.First + w.begun*uint64(max(1, w.j.Loops))
	}
	most := uint64(0)
	for _, n := range w.rounds {
		most = max(most, n)
	}
	places := uint64(w.j.Places)
	return ((w.j.First+places-1)/places + most) * places
}

// run goes on with every strand that can.
func (w *walk) run(now time.Duration) {
	for {
		id, ok := w.crew.Ready()
		if !ok {
			break
		}
		m := w.crew.Next(id)
		if m.Do < journey.Join && w.off(id) {
			w.forgo(id, now)
			continue
		}
		switch m.Do {
		case journey.Send:
			w.send(id, &m, now)
		case journey.Think:
			w.room(id)
			w.again.agenda.Push(agenda.Later(m.Ready, m.For), w.rename(id).With(thoughtOver))
		case journey.Take:
			w.take(id, &m, now)
		case journey.Lack:
			w.lack(id, &m, now)
		case journey.Over:
			w.finishIteration(id, &m)
		case journey.Gone:
			w.gone(m.Start.User)
		}
		w.close()
	}
	w.due = w.again.due()
}

// room has a slot for a strand.
func (w *walk) room(id uint32) {
	for int(id) >= len(w.slots) {
		w.slots = append(w.slots, slot{serial: ^uint64(0)})
		w.calls = append(w.calls, underway{})
	}
}

// send makes a strand's call.
func (w *walk) send(id uint32, m *journey.Move, now time.Duration) {
	if w.virtual == nil {
		now = w.Clock.Now()
	}
	w.room(id)
	w.slots[id] = slot{intended: m.Intended, ready: m.Ready, start: now}
	w.calls[id] = underway{call: m.Call, over: schedule.Never}
	w.prepare(id, &w.again.carriers[m.Call.Carrier], &w.tries[m.Call.Tries], target.Request{
		Number: w.again.calls, User: m.Start.User, Call: m.Call.Prepared, Args: m.Args, Want: m.Call.Want,
	})
	if w.crew.Watched() {
		w.tellSent(id, m)
	}
	if w.limit == nil {
		w.request(id, now)
	} else {
		w.ask(id, m.Ready, now)
	}
}

// request sends a request of a strand's call.
func (w *walk) request(place uint32, now time.Duration) {
	if u := &w.calls[place]; !u.begun {
		u.begun, w.slots[place].start = true, now
		if u.call.Within > 0 {
			u.over = agenda.Later(now, u.call.Within)
			w.again.agenda.Push(u.over, target.NewID(place, 0).With(pollOver))
		}
	}
	w.try(place, now)
}

// answered takes in the end of a strand's request: of its call, too, or a poll
// goes on.
func (w *walk) answered(place uint32, c *Call, last *target.Outcome) {
	v := w.crew.Judge(place, last, c.End-c.Start-c.Outcome.Held)
	if v.Again && !w.off(place) {
		x := &w.again.of[place]
		x.failures, x.pausing = 0, true
		w.again.agenda.Push(agenda.Later(c.End, v.Every), w.rename(place).With(nextPoll))
		return
	}
	if v.Again {
		v.Class = target.Cancelled
	}
	w.end(place, c, v)
	w.run(c.End)
}

// end ends a strand's call.
func (w *walk) end(place uint32, c *Call, v journey.Verdict) {
	call := w.calls[place].call
	c.Row, c.Iteration, c.Trace = call.Row, w.crew.Iteration(place), ""
	if !w.needed(call, c, &v) {
		v.Example = ""
	} else if v.Class != target.Variable {
		c.Trace = w.trace(place, call)
	}
	if v.Example != "" {
		v.Example = w.crew.Scrub(place, v.Example)
		if c.Trace != "" {
			v.Example += " (trace " + c.Trace + ")"
		}
	}
	c.Outcome.Class, c.Outcome.Example = v.Class, v.Example
	w.release(place)
	w.record(place, call.Row, c, v.Records)
	switch {
	case v.Class == target.Broken:
		w.broken("the target broke", errors.New(v.Example))
	case c.Intended < 0 || w.Schedule.Stopped() != "": // a warm-up's calls stop nothing
	case v.Class != "" && v.Class != target.Cancelled && call.OnError == journey.Stop:
		w.Schedule.Stop("on_error: stop, by the step " + w.j.Program.Rows[call.Row].Name)
	}
	w.asked(place, call, c)
	if w.crew.Watched() {
		w.tellEnd(place, call, c)
	}
	w.crew.Done(place, c.End, v.Class, v.Example)
	w.close()
}

// needed tells whether somebody will see the example of a call's failure, and its
// trace: of most, nobody does, and to take secrets out takes its time.
func (w *walk) needed(call *journey.Call, c *Call, v *journey.Verdict) bool {
	return w.Recorder.tells(c, v.Class, call.OnError != journey.Continue) || w.crew.Watched() || v.Class == target.Broken
}

// lack ends a call that cannot be made, since it lacks a value.
func (w *walk) lack(id uint32, m *journey.Move, now time.Duration) {
	w.room(id)
	w.calls[id] = underway{call: m.Call, over: schedule.Never}
	w.end(id, &Call{
		Intended: m.Intended, Ready: m.Ready, Start: max(now, m.Ready), End: max(now, m.Ready), Outcome: &target.Outcome{},
	}, journey.Verdict{Class: target.Variable, Example: m.Lacks})
}

// release frees a strand's slot.
func (w *walk) release(place uint32) {
	if s := &w.slots[place]; !free(s.serial) {
		s.serial = ^s.serial
	}
	w.calls[place] = underway{}
}

// entry sees to what has come up on the agenda for a strand: a pause is over, or
// it is time for the next request of its call.
func (w *walk) entry(place uint32, e agenda.Entry[target.ID], now time.Duration) {
	switch {
	case e.What.Own() == thoughtOver:
		w.release(place)
		w.crew.Resume(place, e.At)
		w.run(now)
	case w.limit == nil:
		w.request(place, now)
	default:
		w.ask(place, e.At, now)
	}
}

// pollOver cuts a poll short whose time is over.
func (w *walk) pollOver(place uint32, at, now time.Duration) {
	if w.calls[place].over != at {
		return
	}
	if x := &w.again.of[place]; !x.pausing {
		x.carrier.Cancel(target.NewID(place, w.slots[place].serial), now)
		x.past.Attempts++
	}
	w.finish(place, &target.Outcome{Class: target.Until, Example: w.crew.Unfinished(place)}, now)
}
