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
	id          uint32
	sources     []int
	rows        []journey.Held
	start       journey.Start
	came, since time.Duration // when it came for them, and since when it could have had all that it has
}

// lease is a row that an iteration has.
type lease struct {
	source int
	row    uint64
}

// dealing is the rows that a loop's iterations have, and wait for.
type dealing struct {
	leases  map[uint32][]lease // by the iteration's first strand
	waiting [][]taking         // by source: who finds none of it, the first first
}

// take takes the rows that an iteration needs, or has it wait for them.
func (w *walk) take(id uint32, m *journey.Move, now time.Duration) {
	w.deal(&taking{id: id, sources: m.Sources, start: m.Start, came: m.Ready, since: m.Ready}, now)
}

// deal goes on with an iteration that takes rows; where it finds none it waits,
// or is given up, if there will never be one.
func (w *walk) deal(t *taking, now time.Duration) {
	for len(t.rows) < len(t.sources) {
		n := t.sources[len(t.rows)]
		s := &w.j.Sources[n]
		spent := s.Dealer.Spent()
		row, since, ok := s.Dealer.Deal(data.Turn{Iteration: t.start.Iteration, User: uint64(t.start.User), Due: t.came})
		switch {
		case !ok && spent:
			w.crew.Fail(t.id, now, target.Cancelled, "")
			w.close()
			return
		case !ok:
			w.waitFor(n, *t)
			return
		case s.Dealer.Spent():
			w.Schedule.Stop("data " + s.Name + ": each of its rows has been used once")
		}
		t.since = max(t.since, since)
		t.rows = append(t.rows, s.Row(row))
		if w.leases == nil {
			w.leases = map[uint32][]lease{}
		}
		w.leases[t.id] = append(w.leases[t.id], lease{n, row})
	}
	w.Recorder.RowsHeld = w.Recorder.RowsHeld || t.since > t.came && t.start.Intended >= 0
	w.crew.Give(t.id, t.rows, t.since, now)
}

// waitFor puts an iteration at the end of the line for a source.
func (w *walk) waitFor(source int, t taking) {
	for source >= len(w.waiting) {
		w.waiting = append(w.waiting, nil)
	}
	w.waiting[source] = append(w.waiting[source], t)
}

// giveBack returns the rows of an iteration that is over, to those that wait.
func (w *walk) giveBack(id uint32, at time.Duration) {
	leases := w.leases[id]
	delete(w.leases, id)
	for _, l := range leases {
		w.j.Sources[l.source].Dealer.Return(l.row, at)
		if l.source < len(w.waiting) && len(w.waiting[l.source]) > 0 {
			first := w.waiting[l.source][0]
			w.waiting[l.source] = w.waiting[l.source][1:]
			w.deal(&first, at)
		}
	}
}

// refuse ends the iterations that wait for rows, as cancelled.
func (w *walk) refuse(now time.Duration) {
	waiting := w.waiting
	w.waiting = nil
	for _, line := range waiting {
		for _, t := range line {
			w.crew.Fail(t.id, now, target.Cancelled, "")
			w.close()
		}
	}
}
