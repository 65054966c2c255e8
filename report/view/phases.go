package view

import (
	"fmt"
	"math"
	"slices"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// phaseRow is a part of calls, of a group or of one of its steps.
type phaseRow struct {
	mode, place, step, name string
	times                   *latency.Histogram
	bytes                   bool // that are nanoseconds
}

// phaseRows are those of all groups and of their steps.
func (s *Scenario) phaseRows() (rows []phaseRow) {
	add := func(g *Group, step string, sum *result.Sum) {
		at := phaseRow{mode: Clean(g.Mode), place: placeText(g.Sweep), step: Clean(step)}
		for _, p := range sum.Phases {
			at.name, at.times = Clean(p.Name), p.Times
			rows = append(rows, at)
		}
		if sum.Memory != nil && sum.Memory.Count() > 0 {
			at.name, at.times, at.bytes = "memory", sum.Memory, true
			rows = append(rows, at)
		}
	}
	for _, g := range s.Groups {
		add(g, "", &g.Sum)
	}
	for _, of := range s.Stepped {
		for i := range of.Steps {
			add(of.Group, of.Steps[i].Path, &of.Steps[i].Sum)
		}
	}
	return rows
}

// phaseTable tells where the time of calls goes, as far as their kind knows; nil
// where it does not.
func (s *Scenario) phaseTable() *Table {
	rows := s.phaseRows()
	if len(rows) == 0 {
		return nil
	}
	var places, modes, steps, names, counts []string
	percents := []float64{50, 90, 99}
	cells := make([][]draft, len(percents)+1)
	stepped := false
	for _, r := range rows {
		stepped = stepped || r.step != ""
		places, modes, steps = append(places, r.place), append(modes, r.mode), append(steps, r.step)
		names, counts = append(names, r.name), append(counts, fmt.Sprint(r.times.Count()))
		for k, p := range percents {
			d := draft{text: r.figure(Percentile(r.times, p))}
			if !supports(r.times, p) {
				d.notes = []string{tooFew("value")}
			}
			cells[k] = append(cells[k], d)
		}
		cells[len(percents)] = append(cells[len(percents)], draft{text: r.figure(longestOf(r.times))})
	}
	var columns []column
	if s.Axis != "" {
		columns = append(columns, s.axisColumn(places))
	}
	columns = append(columns, s.modeColumn(modes))
	if stepped {
		columns = append(columns, texts("step", steps))
	}
	counted := "calls"
	if slices.Contains(names, result.Gap) { // of which a call has many
		counted = "values"
	}
	columns = append(columns, texts("phase", names), right(counted, counts))
	keys := len(columns) - 1
	for k, p := range percents {
		columns = append(columns, column{head: Column{Name: percentileName(p)}, cells: cells[k]})
	}
	t := finish("Phases", keys, append(columns, column{head: Column{Name: "max", Rank: 1}, cells: cells[len(percents)]}))
	t.Remarks = []string{"of the calls that succeeded and had such a phase"}
	if slices.ContainsFunc(rows, func(r phaseRow) bool { return r.bytes }) {
		t.Remarks = append(t.Remarks, "of a program's memory Linux shows no less than plimsoll itself had when it began the program")
	}
	return t
}

// figure is a value of the row's, with its unit.
func (r phaseRow) figure(v float64) string {
	if math.IsNaN(v) {
		return None
	}
	if r.bytes {
		return bytesText(v * 1e9)
	}
	return inUnits(v)
}

// inUnits is a time with the unit that suits it.
func inUnits(seconds float64) string {
	s := timeScaleFrom(1, []float64{seconds})
	return fourDigits(seconds, s.per) + " " + s.unit
}

// bytesText is a number of bytes with the unit that suits it.
func bytesText(n float64) string {
	for _, unit := range []scale{{unit: "GB", per: 1e9}, {unit: "MB", per: 1e6}, {unit: "KB", per: 1e3}} {
		if n >= unit.per {
			return fourDigits(n, unit.per) + " " + unit.unit
		}
	}
	return fourDigits(n, 1) + " B"
}
