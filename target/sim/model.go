// Package sim is the model of a simulated server. It answers one question,
// purely: a call arrives now; when does it leave, and how? No clock, no
// goroutine, no I/O: the virtual clock, the real clock and the server behind
// `serve:` all ask the same model.
//
// A call passes the quota, then the queue, then is admitted to a server,
// where its delay and its error are drawn; stalls hold up everything. Since
// the line is first come, first served, and no later call can change the fate
// of an earlier one, that fate is known when the call arrives.
package sim

import (
	"math"
	"math/rand/v2"
	nethttp "net/http"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/delay"
	"plimsoll/target/random"
)

// Departure is how a call leaves the server.
type Departure struct {
	// At is when it leaves, on the clock that it arrived by.
	At time.Duration
	// Class is its error class; empty means success.
	Class string
}

// Model is a simulated server at work. It is not safe for concurrent use.
type Model struct {
	settings Settings
	delays   *rand.Rand
	errors   *rand.Rand

	calendar calendar
	admitted ring           // arrivals that the quota let through, at most Quota.N
	line     ring           // admissions still to come: who waits in line
	servers  times          // when each busy server is free again
	cut      int64          // delays that were longer than the longest there is
	service  times          // ends of the calls in service, where contention counts them
	manners  *manners       // nil: all calls are carried out alike
	streams  *streams       // nil: no answer comes event by event
	said     map[int]*Reply // by status
	throttle *Reply

	contended bool // calls slow each other down
	occupied  bool // it is kept who is in service
}

// times are instants, the earliest first.
type times = agenda.Agenda[struct{}]

// New makes a server that nobody has called yet. Its streams of randomness
// are "delay" and "error", and those of newStreams.
func New(s Settings, source random.Source) *Model {
	m := &Model{
		settings: s,
		delays:   source("delay"),
		errors:   source("error"),
		calendar: calendar(s.Stall),
	}
	m.contended = s.Contention != Contention{}
	m.occupied = m.contended || s.Servers > 0
	if s.Streams() {
		m.streams = newStreams(source)
	}
	m.manners, m.said = m.settings.manners(), m.settings.saying()
	m.throttle = m.settings.throttling()
	return m
}

// Arrive takes in a call at the time now, which never decreases from call to
// call; time 0 is when the stalls' and the quota's clocks begin, and earlier
// times (a warm-up) are negative. The call asks for no path, which is /.
func (m *Model) Arrive(now time.Duration) Departure {
	if m.manners != nil {
		return m.Ask(now, m.Way("/")).Departure
	}
	departure, _ := m.arrive(now, &m.settings.Delay, nil, &m.settings.Errors)
	return departure
}

// Way is the way of a path.
func (m *Model) Way(path string) Way {
	if m.manners == nil {
		return noWay
	}
	return m.manners.router.find(path)
}

// Asked is what becomes of a call that asks for something.
type Asked struct {
	Departure
	// Events are those of an answer that is a stream; nil: it is none.
	Events *Events
	number uint64
	answer *answer
}

// Ask is Arrive for a call that goes a way.
func (m *Model) Ask(now time.Duration, way Way) Asked {
	if m.manners == nil {
		return Asked{Departure: m.Arrive(now)}
	}
	next, number := m.manners.next(way)
	if next.stream != nil {
		next.answer = nil
	}
	departure, events := m.arrive(now, next.delay, next.stream, next.errors)
	return Asked{departure, events, number, next.answer}
}

// Reply is what the caller is answered, who asked for a path and a query; nil
// where the call breaks off. It may be in the memory of `into`; what is not must
// not be changed. Several may ask for replies at once.
func (m *Model) Reply(into *Reply, a *Asked, path, query string) *Reply {
	switch a.Class {
	case "":
		if a.answer == nil {
			return m.said[nethttp.StatusOK]
		}
		return a.answer.give(into, a.number, path, query)
	case target.Rejected:
		return m.said[nethttp.StatusServiceUnavailable]
	case target.Throttled:
		return m.throttle
	}
	return m.said[ErrorKind(a.Class).Status()]
}

// arrive takes in a call that takes the delay or, where that is not nil, answers by
// a stream: with these events, unless it fails.
func (m *Model) arrive(now time.Duration, d *delay.Delay, s *Stream, e *Errors) (Departure, *Events) {
	at := m.calendar.thaw(now)
	if m.overQuota(at) {
		return Departure{At: at, Class: target.Throttled}, nil
	}
	admission, ok := m.queue(at)
	if !ok {
		return Departure{At: at, Class: target.Rejected}, nil
	}
	if s != nil {
		return m.serveStream(admission, s, e)
	}
	return m.serve(admission, d, e), nil
}

// overQuota tells whether Quota.N calls were let through in (at−Per, at]
// already, and lets this one through if not.
func (m *Model) overQuota(at time.Duration) bool {
	quota := m.settings.Quota
	if quota.N == 0 {
		return false
	}
	for m.admitted.len() > 0 && m.admitted.first() <= at-quota.Per {
		m.admitted.pop()
	}
	if int64(m.admitted.len()) >= quota.N {
		return true
	}
	m.admitted.push(at)
	return false
}

// queue finds when a call that is there at `at` gets a server. It is refused
// when it had to wait and the waiting room is full.
func (m *Model) queue(at time.Duration) (admission time.Duration, ok bool) {
	if m.settings.Servers == 0 {
		return at, true
	}
	for m.line.len() > 0 && m.line.first() <= at {
		m.line.pop()
	}
	if m.servers.Len() < m.settings.Servers {
		return at, true
	}
	free := m.calendar.thaw(m.servers.First())
	if free <= at {
		m.servers.Pop()
		return at, true
	}
	if m.settings.Queue != nil && m.line.len() >= *m.settings.Queue {
		return 0, false
	}
	m.servers.Pop()
	m.line.push(free)
	return free, true
}

// serve draws what happens to a call admitted at the given time.
func (m *Model) serve(admission time.Duration, d *delay.Delay, e *Errors) Departure {
	work := d.Draw(m.delays)
	if m.contended {
		work = slowed(work, m.slowness(admission))
	}
	if work >= delay.Longest && m.cutting(d) {
		m.cut++
	}
	class := ""
	if e.Rate > 0 && m.errors.Float64() < e.Rate {
		class = string(e.Kind)
		if e.After != nil {
			work = *e.After
		}
	}
	end := m.calendar.after(admission, work)
	if m.occupied {
		m.occupy(end)
	}
	return Departure{At: end, Class: class}
}

// occupy has a server be at work until then.
func (m *Model) occupy(end time.Duration) {
	if m.settings.Servers > 0 {
		m.servers.Push(end, struct{}{})
	}
	if m.contended {
		m.service.Push(end, struct{}{})
	}
}

// slowness is by how much contention lengthens a delay: the Universal
// Scalability Law with n calls in service, the one admitted included.
func (m *Model) slowness(admission time.Duration) float64 {
	for m.service.Len() > 0 && m.service.First() <= admission {
		m.service.Pop()
	}
	law, n := m.settings.Contention, float64(m.service.Len()+1)
	return 1 + law.Serial*(n-1) + law.Crosstalk*n*(n-1)
}

func slowed(work time.Duration, by float64) time.Duration {
	return time.Duration(math.Round(min(float64(work)*by, float64(delay.Longest))))
}

// cutting tells whether a delay that is as long as one can be has been cut to
// that, and was not meant to be.
func (m *Model) cutting(d *delay.Delay) bool {
	return d.Kind != delay.Constant || m.contended
}

// Cut is how many calls would have taken longer than delay.Longest, and were
// cut to it.
func (m *Model) Cut() int64 { return m.cut }
