package view

import (
	"slices"
	"strconv"

	"plimsoll/runner/result"
)

// seenColumns tell when classes of failures were met first and last, on the
// trial's clock; none where a file does not tell.
func seenColumns(errors []result.Error) []column {
	if !slices.ContainsFunc(errors, func(e result.Error) bool { return len(e.Calls) > 0 }) {
		return nil
	}
	var firsts, lasts []float64
	for _, e := range errors {
		firsts, lasts = append(firsts, e.FirstS), append(lasts, e.LastS)
	}
	s := plainScale("s", slices.Concat(firsts, lasts)...)
	columns := []column{figures(Column{Name: "first seen", Rank: 2}, s, firsts), figures(Column{Name: "last seen", Rank: 3}, s, lasts)}
	for i, e := range errors {
		if len(e.Calls) == 0 {
			columns[0].cells[i], columns[1].cells[i] = empty(), empty()
		}
	}
	return columns
}

// slowestTable lists the slowest calls of each mode, at the place whose steps are
// shown; nil where a file does not tell.
func (s *Scenario) slowestTable() *Table {
	return s.seenTable("Slowest calls", (*Group).Slowest)
}

// firstFailures lists the first calls that failed of each class; nil where none did,
// or a file does not tell.
func (s *Scenario) firstFailures() *Table {
	return s.seenTable("First failures", func(g *Group) (calls []result.Seen) {
		for _, class := range byCount(g.Errors) {
			calls = append(calls, g.Errors[class].Calls...)
		}
		return calls
	})
}

// seenTable lists calls of each mode. Columns that hold nothing are left out.
func (s *Scenario) seenTable(title string, of func(*Group) []result.Seen) *Table {
	var groups []*Group
	var calls []result.Seen
	for _, g := range s.atCloser() {
		for _, c := range of(g) {
			groups, calls = append(groups, g), append(calls, c)
		}
	}
	if len(calls) == 0 {
		return nil
	}
	modes := make([]string, len(groups))
	for i, g := range groups {
		modes[i] = Clean(g.Mode)
	}
	columns := append([]column{s.modeColumn(modes)}, timesOf(calls)...)
	columns = append(columns, whoseColumns(calls)...)
	shown := columns[:0]
	for i, c := range columns {
		if i == 0 && len(s.atCloser()) > 1 || i > 0 && (i <= 2 || !c.dull()) {
			shown = append(shown, c)
		}
	}
	keys := 0
	if len(s.atCloser()) > 1 {
		keys = 1
	}
	return finish(s.called(title, &Group{Group: result.Group{Sweep: s.closer()}}), keys, shown)
}

// timesOf are when calls were due and what they took, in one unit.
func timesOf(calls []result.Seen) []column {
	var at, response, service, held []float64
	for _, c := range calls {
		at, response = append(at, c.AtS), append(response, c.ResponseS)
		service, held = append(service, c.ServiceS), append(held, c.HeldS)
	}
	took := timeScaleFrom(1, append(slices.Clone(response), service...))
	return []column{
		figures(Column{Name: "due at"}, plainScale("s", at...), at), figures(Column{Name: "response"}, took, response),
		figures(Column{Name: "service", Rank: 2}, took, service), figures(Column{Name: "held", Rank: 3}, took, held),
	}
}

// whoseColumns tell which calls they were.
func whoseColumns(calls []result.Seen) []column {
	cells := make([][]string, 6)
	for _, c := range calls {
		iteration := ""
		if c.Step != "" {
			iteration = strconv.FormatUint(c.Iteration, 10)
		}
		for i, text := range []string{
			strconv.FormatUint(c.Number, 10), Clean(c.Step), iteration, Clean(c.Class), Clean(c.Trace), inFull(c.Example),
		} {
			cells[i] = append(cells[i], text)
		}
	}
	columns := []column{
		right("number", cells[0]), texts("step", cells[1]), right("iteration", cells[2]), texts("failed", cells[3]), texts("trace", cells[4]), texts("example", cells[5]),
	}
	for i, r := range []int{4, 0, 1, 0, 1, 5} {
		columns[i].head.Rank = r
	}
	return columns
}
