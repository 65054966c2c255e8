package view

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
)

// Cores is the series of monitors that says how many processors are taken.
const Cores = "cores"

// monitorTable has a row for each series that a monitor saw, in each group; of a
// search in that of the highest load that kept its promises. It is nil where nobody
// watched.
func (s *Scenario) monitorTable() *Table {
	var groups []*Group
	var seen []result.Series
	for _, g := range s.monitored() {
		for _, series := range g.Monitored() {
			if series.Seen() {
				groups, seen = append(groups, g), append(seen, series)
			}
		}
	}
	if len(seen) == 0 {
		return nil
	}
	var names, series, means, most []string
	var costs []float64
	for i, one := range seen {
		names, series = append(names, Clean(one.Name)), append(series, Clean(one.Series))
		means, most = append(means, seriesText(one.Unit, one.Mean)), append(most, seriesText(one.Unit, one.Max))
		cost := math.NaN()
		if one.Unit == Cores && groups[i].ThroughputPerS > 0 {
			cost = 1000 * one.Mean / groups[i].ThroughputPerS
		}
		costs = append(costs, cost)
	}
	columns := s.keyColumns(groups)
	columns[len(columns)-1].flag(groups)
	columns = append(columns, texts("monitor", names), texts("series", series))
	keys := len(columns)
	columns = append(columns, right("mean", means), right("max", most))
	cost := figures(Column{Name: "core-seconds for 1,000 " + s.Noun() + "s", Rank: 1}, plainScale("", costs...), costs)
	if !cost.dull() {
		cost.notes = []string{"the mean over the throughput: what it takes of processors to serve 1,000 that succeed"}
		if slices.ContainsFunc(groups, func(g *Group) bool { return g.Failed > 0 }) {
			cost.notes[0] += ", and what those take that fail"
		}
		columns = append(columns, cost)
	}
	return finish("The other side", keys, columns)
}

// monitored are the groups whose series are shown.
func (s *Scenario) monitored() (groups []*Group) {
	if s.Capacity == nil {
		return s.Groups
	}
	at, kept := result.Point{}, 0.0
	for _, step := range s.Capacity.Steps {
		if step.Verdict == result.Pass && step.Level > kept && step.Level <= s.Capacity.Value {
			at, kept = s.Capacity.At(step), step.Level
		}
	}
	for _, g := range s.Groups {
		if g.Sweep == at {
			groups = append(groups, g)
		}
	}
	return groups
}

// seriesText is a figure of a series with its unit.
func seriesText(unit string, v float64) string {
	switch unit {
	case "B":
		return bytesText(v)
	case "B/s":
		return bytesText(v) + "/s"
	case "/s":
		return looked(v) + "/s"
	}
	return looked(v)
}

// looked is a figure to four digits, without zeros behind it that nobody saw.
func looked(v float64) string {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64) // its own print can be read
	return plainScale("").asWritten(v)
}

// unseen says of each monitor, and of each of its series, what kept it from seeing:
// once, however many trials that was in.
func (s *Scenario) unseen() (notes []Note) {
	trials := map[string]int{}
	var all []result.Series
	for _, t := range s.trials {
		for _, one := range t.Monitor {
			if one.Problem == "" {
				continue
			}
			of := one.Name + "\x00" + one.Series
			if trials[of]++; trials[of] == 1 {
				all = append(all, one)
			}
		}
	}
	for _, one := range all {
		tone, of := Warn, Clean(strings.TrimSpace(one.Name+" "+one.Series))
		if one.Problem == result.NoOtherSide {
			tone = Plain
		}
		text := fmt.Sprintf("monitor %s: %s", of, inFull(one.Problem))
		if n := trials[one.Name+"\x00"+one.Series]; n < len(s.trials) || n > 1 {
			text += fmt.Sprintf(" (in %d of %s)", n, plural(len(s.trials), "trial"))
		}
		notes = append(notes, Note{tone, text})
	}
	return notes
}

// Monitors are the names of the first few monitors that saw what processes take of
// processors, for the strips of a timeline.
func Monitors(trials []*result.Trial) (names []string) {
	const most = 2
	for _, t := range trials {
		for _, one := range t.Monitor {
			if one.Unit == Cores && one.Seen() && len(names) < most && !slices.Contains(names, one.Name) {
				names = append(names, one.Name)
			}
		}
	}
	return names
}

// coresIn are the cores that each monitor saw taken in a moment: the mean of the
// points that lie in it, or hold for it. Those of which nothing is known are left
// out.
func coresIn(t *result.Trial, from, until float64) map[string]float64 {
	var all map[string]float64
	for _, one := range t.Monitor {
		if one.Unit != Cores {
			continue
		}
		v := seenIn(one, from, until)
		if math.IsNaN(v) {
			continue
		}
		if all == nil {
			all = map[string]float64{}
		}
		all[one.Name] = v
	}
	return all
}

// seenIn is the mean of a series in a piece of time: of the points that lie in it, or
// hold for it; NaN where there are none.
func seenIn(one result.Series, from, until float64) float64 {
	sum, width, before := 0.0, 0.0, 0.0
	for _, p := range one.Points {
		if shared := min(p[0], until) - max(before, from); shared > 0 {
			sum, width = sum+p[1]*shared, width+shared
		}
		before = p[0]
	}
	if width <= 0 {
		return math.NaN()
	}
	return sum / width
}

// CoresOf is what a monitor saw taken of processors in a moment; NaN: that is not
// known.
func (m Moment) CoresOf(monitor string) float64 {
	if v, known := m.Cores[monitor]; known {
		return v
	}
	return math.NaN()
}

// Columns of monitors, which runs have that were watched.

// watched are all series that any trial has, by monitor and name.
func (v *View) watched() (all [][2]string) {
	for _, sec := range v.Sections {
		for _, t := range sec.Scenario.trials {
			for _, one := range t.Monitor {
				if of := [2]string{one.Name, one.Series}; one.Seen() && !slices.Contains(all, of) {
					all = append(all, of)
				}
			}
		}
	}
	return all
}

func (v *View) watchedNames() (names []string) {
	for _, of := range v.watched() {
		name := "monitor_" + of[0] + "_" + of[1]
		names = append(names, name+"_mean", name+"_max")
	}
	return names
}

// watchedFields are those of a group, or of the only trial in it.
func (v *View) watchedFields(g *Group) (fields []string) {
	seen := g.Monitored()
	for _, of := range v.watched() {
		mean, most := "", ""
		for _, one := range seen {
			if one.Name == of[0] && one.Series == of[1] && one.Seen() {
				mean, most = exact(one.Mean), exact(one.Max)
			}
		}
		fields = append(fields, mean, most)
	}
	return fields
}

// watchedColumn are the figures of a promise on a series, over the steps of a search.
func watchedColumn(name, rule string, values []float64) column {
	plain := figures(Column{}, plainScale("", values...), values)
	var cells []string
	for i, v := range values {
		cells = append(cells, watchedText(&result.Verdict{Rule: rule}, plain.cells[i].text, v))
	}
	return right(name, cells)
}

// watchedText is a figure of a verdict on a series, in the unit that its limit is
// written in.
func watchedText(v *result.Verdict, figure string, amount float64) string {
	_, _, value, _ := verdict.Cut(v.Rule)
	switch {
	case strings.HasSuffix(value, "B"):
		return bytesText(amount)
	case strings.HasSuffix(value, "B/s"):
		return bytesText(amount) + "/s"
	case strings.HasSuffix(value, "/s"):
		return figure + "/s"
	}
	return figure
}
