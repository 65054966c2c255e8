package drive

import (
	"time"

	"plimsoll/runner/data"
	"plimsoll/runner/journey"
	"plimsoll/target"
)

// Source is where iterations take rows of data from.
type Source struct {
	Name   string
	Dealer data.Dealer
	Row    func(row uint64) journey.Held
}

// taking is an iteration that takes rows, one of each source that it needs.
type taking struct {
	id      uint32
	sources []int
	rows    []journey.Held
	start   journey.Start
}

// lease is a row that an iteration has.
type lease struct {
	source int
	row    uint64
}

// dealing is the rows that a loop's iterations have, and wait for.
type dealing struct {
	leases  map[uint32][]lease // by the iteration's first strand
	waiting []taking           // who finds none, the first first
}

// take takes the rows that an iteration needs, or has it wait for them.
func (w *walk) take(id uint32, m *journey.Move, now time.Duration) {
	t := taking{id: id, sources: m.Sources, start: m.Start}
	if !w.deal(&t, now) {
		w.waiting = append(w.waiting, t)
	}
}

// deal goes on with an iteration that takes rows; false: it finds none.
func (w *walk) deal(t *taking, now time.Duration) bool {
	for len(t.rows) < len(t.sources) {
		n := t.sources[len(t.rows)]
		s := &w.j.Sources[n]
		row, ready, ok := s.Dealer.Deal(data.Turn{Iteration: t.start.Iteration, User: uint64(t.start.User), Due: t.start.Ready})
		if !ok {
			return false
		}
		if s.Dealer.Spent() {
			w.Schedule.Stop("data " + s.Name + ": each of its rows has been used once")
		}
		t.start.Ready = max(t.start.Ready, ready)
		t.rows = append(t.rows, s.Row(row))
		if w.leases == nil {
			w.leases = map[uint32][]lease{}
		}
		w.leases[t.id] = append(w.leases[t.id], lease{n, row})
	}
	if t.start.Ready > t.start.Began { // it waited
		t.start.Began = max(now, t.start.Ready)
	}
	w.crew.Give(t.id, t.rows, t.start)
	return true
}

// giveBack returns the rows of an iteration that is over, to those that wait.
func (w *walk) giveBack(id uint32, at time.Duration) {
	for _, l := range w.leases[id] {
		w.j.Sources[l.source].Dealer.Return(l.row, at)
	}
	delete(w.leases, id)
	for len(w.waiting) > 0 && w.deal(&w.waiting[0], at) {
		w.waiting = w.waiting[1:]
	}
}

// refuse ends the iterations that wait for rows, or for the limit, as cancelled.
func (w *walk) refuse(now time.Duration) {
	if w.limit != nil {
		w.turnAway(now)
	}
	waiting := w.waiting
	w.waiting = nil
	for _, t := range waiting {
		w.crew.Fail(t.id, now, target.Cancelled, "")
	}
	w.close()
	w.run(now)
}
