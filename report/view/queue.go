package view

import (
	"slices"
	"strconv"

	"plimsoll/runner/result"
)

// Queued tells whether any mode takes its calls out of a bounded queue.
func (s *Scenario) Queued() bool {
	return slices.ContainsFunc(s.Groups, func(g *Group) bool { return g.Queue != nil })
}

// queueTable has a row for each place and mode with a queue between producers and
// consumers; nil where there is none.
func (s *Scenario) queueTable() *Table {
	rows := &Scenario{confidence: s.confidence}
	for _, g := range s.Groups {
		if g.Queue != nil {
			rows.Groups = append(rows.Groups, g)
		}
	}
	if len(rows.Groups) == 0 {
		return nil
	}
	var means, longest, blocked, busy []float64
	for _, g := range rows.Groups {
		q := g.Queue
		means, longest = append(means, q.LengthMean), append(longest, float64(q.LengthMax))
		blocked, busy = append(blocked, q.BlockedS), append(busy, 100*q.ConsumersBusy)
	}
	columns := s.keyColumns(rows.Groups)
	keys := len(columns)
	columns[keys-1].flag(rows.Groups)
	columns = append(columns,
		figures(Column{Group: "items that wait", Name: "mean"}, plainScale("", means...), means),
		figures(Column{Group: "items that wait", Name: "max"}, scale{per: 1}, longest))
	waits, few := supported(rows.percentiles(inQueue, rows.timeUnit(), 50, 99))
	columns = append(columns, rank(2, waits...)...)
	shut := figures(Column{Name: "producers blocked"}, timeScale(blocked...), blocked)
	shut.notes = []string{"how long they waited for room, all of them together"}
	if s.repetitions() > 1 {
		shut.notes[0] += "; the mean of a repetition"
	}
	columns = append(columns, shut, figures(Column{Name: "consumers busy"}, scale{unit: "%", per: 1, decimals: 1}, busy))
	t := finish("Queue", keys, columns)
	t.leftOut(few, s.Noun())
	return t
}

// inQueue is held, of items that wait in a queue.
var inQueue = family{"time in the queue", noStart, held.of, held.dist, nil}

// Columns of queues, which runs with one have.

func (v *View) queues() bool {
	return slices.ContainsFunc(v.Sections, func(sec Section) bool {
		return slices.ContainsFunc(sec.Scenario.trials, func(t *result.Trial) bool { return t.Queue != nil })
	})
}

func queueNames() []string {
	return []string{"queue_length_mean", "queue_length_max", "queue_blocked_s", "queue_consumers_busy"}
}

// queueFields are those of a group, or of the only trial in it.
func queueFields(g *Group) []string {
	q := g.Queue
	if q == nil {
		return make([]string, len(queueNames()))
	}
	return []string{exact(q.LengthMean), strconv.FormatInt(int64(q.LengthMax), 10), exact(q.BlockedS), exact(q.ConsumersBusy)}
}
