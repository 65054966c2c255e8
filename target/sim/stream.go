package sim

import (
	"math/rand/v2"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/chat"
	"plimsoll/target/delay"
	"plimsoll/target/random"
)

// Stream is how an answer comes event by event: the first so long after the call
// was admitted, each other so long after the one before. A server is taken until
// the last.
type Stream struct {
	First, Gap delay.Delay
	Events     Number
}

// Number is how many there are: any from Low to High, with equal chance.
type Number struct{ Low, High int }

func (n Number) draw(rng *rand.Rand) int64 {
	if n.Low == n.High {
		return int64(n.Low)
	}
	return int64(n.Low + rng.IntN(n.High-n.Low+1))
}

// mean is about how long a stream takes.
func (s *Stream) mean(known means) time.Duration {
	gaps := (float64(s.Events.Low)+float64(s.Events.High))/2 - 1
	return time.Duration(min(float64(known.of(&s.First))+gaps*float64(known.of(&s.Gap)), float64(delay.Longest)))
}

// shortest is how long it takes at least.
func (s *Stream) shortest() time.Duration {
	gaps := min(float64(s.Events.Low-1)*float64(least(&s.Gap)), float64(delay.Longest))
	return agenda.Later(least(&s.First), time.Duration(gaps))
}

// Events are those of a call whose answer is a stream: how many, when the first
// comes, on the clock of the arrival, and how long after each the next.
type Events struct {
	Count int64
	First time.Duration
	Gaps  []target.Gap // equal ones together
}

// Due are the times of all events, in their order.
func (e *Events) Due(yield func(time.Duration) bool) {
	at := e.First
	if !yield(at) {
		return
	}
	for _, g := range e.Gaps {
		for range g.Count {
			at = agenda.Later(at, g.Length)
			if !yield(at) {
				return
			}
		}
	}
}

// come adds an event, so long after the last.
func (e *Events) come(gap time.Duration) {
	e.Count++
	if last := len(e.Gaps) - 1; last >= 0 && e.Gaps[last].Length == gap {
		e.Gaps[last].Count++
		return
	}
	e.Gaps = append(e.Gaps, target.Gap{Length: gap, Count: 1})
}

// streams are what a model has that answers by streams. Their randomness is
// nobody else's.
type streams struct {
	firsts, gaps, numbers *rand.Rand
	spare                 []*Events // nobody's any more
}

// newStreams takes the streams of randomness "stream first", "stream gap" and
// "stream events".
func newStreams(source random.Source) *streams {
	return &streams{firsts: source("stream first"), gaps: source("stream gap"), numbers: source("stream events")}
}

// events are some without any.
func (s *streams) events() *Events {
	last := len(s.spare) - 1
	if last < 0 {
		return new(Events)
	}
	e := s.spare[last]
	s.spare = s.spare[:last]
	*e = Events{Gaps: e.Gaps[:0]}
	return e
}

// release gives the memory of events back, if there are any. Nobody may read them
// any more.
func (m *Model) release(e *Events) {
	if e != nil {
		m.streams.spare = append(m.streams.spare, e)
	}
}

// serveStream is serve for a call whose answer is a stream; without events where it
// fails.
func (m *Model) serveStream(admission time.Duration, s *Stream, e *Errors) (Departure, *Events) {
	events, first, work := m.draw(admission, s)
	class := ""
	if e.Rate > 0 && m.errors.Float64() < e.Rate {
		class, work = string(e.Kind), first
		if e.After != nil {
			work = *e.After
		}
		m.release(events)
		events = nil
	}
	end := m.calendar.after(admission, work)
	m.occupy(end)
	return Departure{At: end, Class: class}, events
}

// draw draws the events of a call, and how much work there is until the first and
// until the last. A freeze holds up all that come after it.
func (m *Model) draw(admission time.Duration, s *Stream) (events *Events, first, work time.Duration) {
	slowness := 1.0
	if m.contended {
		slowness = m.slowness(admission)
	}
	cut := false
	next := func(d *delay.Delay, rng *rand.Rand) time.Duration {
		takes := d.Draw(rng)
		if slowness != 1 {
			takes = slowed(takes, slowness)
		}
		cut = cut || takes >= delay.Longest && m.cutting(d)
		return takes
	}
	events = m.streams.events()
	number := s.Events.draw(m.streams.numbers)
	first = next(&s.First, m.streams.firsts)
	work = first
	events.Count, events.First = 1, m.calendar.after(admission, work)
	for at := events.First; events.Count < number; {
		work = agenda.Later(work, next(&s.Gap, m.streams.gaps))
		due := m.calendar.after(admission, work)
		events.come(due - at)
		at = due
	}
	if cut {
		m.cut++
	}
	return events, first, work
}

// Answer is what a call is answered whose answer is a stream, as it wishes.
func (a *Asked) Answer(wish chat.Wish) chat.Answer {
	return chat.Answer{Wish: wish, Number: a.number, Events: a.Events.Count}
}

// Streams tells whether an answer may come event by event.
func (s *Settings) Streams() bool {
	if s.Stream != nil {
		return true
	}
	for m := range s.exceptions() {
		if m.Stream != nil {
			return true
		}
	}
	return false
}
