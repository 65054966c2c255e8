package view

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// Stepped is a group's steps, in the order of the file.
type Stepped struct {
	*Group
	Steps []result.StepSum
}

// addSteps merges the steps of the groups at the place that is looked at
// closer. It fails only on a histogram that cannot be decoded.
func (s *Scenario) addSteps() error {
	if !s.iterates() {
		return nil
	}
	for _, g := range s.atCloser() {
		steps, err := g.Steps()
		if err != nil {
			return err
		}
		s.Stepped = append(s.Stepped, Stepped{g, steps})
	}
	return nil
}

// atCloser are the groups at that place.
func (s *Scenario) atCloser() (groups []*Group) {
	for _, g := range s.Groups {
		if g.Sweep == s.closer() {
			groups = append(groups, g)
		}
	}
	return groups
}

// closer is the place whose steps, and background, are shown: of a search the highest load that
// it says is borne, else the last of the sweep.
func (s *Scenario) closer() result.Point {
	at := s.Places[len(s.Places)-1]
	if s.Capacity == nil || s.Capacity.Value <= 0 {
		return at
	}
	for _, p := range slices.Backward(s.Places) {
		if at = p; Value(p) <= s.Capacity.Value {
			break
		}
	}
	return at
}

// called names what a table of steps is of, as far as there are several.
func (s *Scenario) called(title string, g *Group) string {
	of := s.of(g.Mode, g.Sweep)
	if mode, named := strings.CutPrefix(of, " of "); named {
		of = ", " + mode
	}
	return title + of
}

// journeyTables show, for each mode, where an iteration's time goes; what
// setup, teardown, enter and leave did comes apart, and so do recorded numbers.
func (s *Scenario) journeyTables() (tables []*Table) {
	for _, of := range s.Stepped {
		rows, remark := of.shown()
		title := "Steps"
		if s.Capacity != nil { // which has steps itself
			title += " of iterations"
		}
		t := of.table(s.called(title, of.Group), rows, true)
		if remark != "" {
			t.Remarks = append(t.Remarks, remark)
		}
		tables = append(tables, t)
		if outside := of.outside(); len(outside) > 0 {
			rows, remark := mostTime(outside, mostSteps, 0)
			t := of.table(s.called("Outside of iterations", of.Group), rows, false)
			if remark != "" {
				t.Remarks = append(t.Remarks, remark)
			}
			tables = append(tables, t)
		}
		tables = append(tables, of.recordTable(s.called("Recorded by steps", of.Group)))
	}
	return tables
}

// stepRow is a step as a row of a table, or a bar of a chart.
type stepRow struct {
	*result.StepSum
	depth int // how many blocks are around it
}

// rowsOf are steps with what is around them.
func rowsOf(steps []result.StepSum, outside bool) (rows []stepRow) {
	depths := map[string]int{}
	for i := range steps {
		step := &steps[i]
		if step.Outside != outside {
			continue
		}
		row := stepRow{StepSum: step}
		if block, inside := row.around(depths); inside {
			row.depth = depths[block] + 1
		}
		depths[step.Path] = row.depth
		rows = append(rows, row)
	}
	return rows
}

// around is the path of the block that a step is in; names may have slashes
// themselves.
func (r stepRow) around(known map[string]int) (path string, inside bool) {
	path = r.Path
	for {
		end := strings.LastIndex(path, "/")
		if end < 0 {
			return "", false
		}
		path = path[:end]
		if _, is := known[path]; is {
			return path, true
		}
	}
}

func (of Stepped) outside() []stepRow { return rowsOf(of.Steps, true) }

// mostSteps is how many rows a table of steps has at most.
const mostSteps = 30

// shown are the steps of iterations that a table has.
func (of Stepped) shown() (rows []stepRow, remark string) {
	return mostTime(rowsOf(of.Steps, false), mostSteps, spent(&of.Sum))
}

// mostTime are at most so many rows: the calls that take the most time, with
// the blocks around them. The remark is on the others, which take a share of
// all the time, where that is known.
func mostTime(rows []stepRow, most int, all float64) (kept []stepRow, remark string) {
	if len(rows) <= most {
		return rows, ""
	}
	calls, known := []stepRow{}, map[string]int{}
	for _, r := range rows {
		known[r.Path] = r.depth
		if r.Kind != "" {
			calls = append(calls, r)
		}
	}
	slices.SortStableFunc(calls, func(a, b stepRow) int { return cmp.Compare(spent(&b.Sum), spent(&a.Sum)) })
	chosen, left, steps := map[string]bool{}, 0.0, 0
	for _, r := range calls {
		if family := r.family(known, chosen); len(chosen)+len(family) <= most {
			for _, path := range family {
				chosen[path] = true
			}
			continue
		}
		left, steps = left+spent(&r.Sum), steps+1
	}
	for _, r := range rows {
		if chosen[r.Path] {
			kept = append(kept, r)
		}
	}
	remark = fmt.Sprintf("without %s that take less time", plural(steps, "more step"))
	if all > 0 {
		remark = fmt.Sprintf("without %s that take %s of the time", plural(steps, "more step"), shareText(left/all))
	}
	return kept, remark + ": --format csv has all"
}

// family are a row and the blocks around it that are not chosen yet.
func (r stepRow) family(known map[string]int, chosen map[string]bool) []string {
	paths := []string{r.Path}
	for {
		path, inside := r.around(known)
		if !inside || chosen[path] {
			return paths
		}
		paths, r = append(paths, path), stepRow{StepSum: &result.StepSum{Path: path}}
	}
}

// spent is the time that calls took, all of them together, in seconds.
func spent(s *result.Sum) (seconds float64) {
	for _, h := range []*latency.Histogram{s.Response, s.ErrorResponse, s.CancelledResponse} {
		seconds += h.Mean() / 1e9 * float64(h.Count())
	}
	return seconds
}

// table has a row for each step, and the whole iteration above them where
// they are its parts.
func (of Stepped) table(title string, rows []stepRow, parts bool) *Table {
	var names []string
	calls := &Scenario{} // whose groups are the rows
	if parts {
		names, calls.Groups = append(names, "iteration"), append(calls.Groups, of.Group)
	}
	for _, r := range rows {
		names = append(names, strings.Repeat("· ", r.depth)+Clean(r.Name))
		calls.Groups = append(calls.Groups, &Group{Group: result.Group{Sum: r.Sum}})
	}
	columns := []column{texts("step", names)}
	if parts {
		if notes, tone := of.faults(); len(notes) > 0 {
			columns[0].cells[0].notes, columns[0].cells[0].tone = notes, tone
		}
	}
	columns = append(columns, calls.stepCounts(rows)...)
	unit := calls.timeUnit()
	times, few := supported(calls.percentiles(response, unit, 50, 95, 99))
	columns = append(columns, times...)
	columns = append(columns, rank(1, calls.maxima(response, unit))...)
	if parts {
		columns = append(columns, of.shares(calls.Groups))
	}
	t := finish(title, 1, columns)
	t.leftOut(few, result.Noun(""))
	return t
}

// stepCounts are how often steps were carried out and how that ended.
func (s *Scenario) stepCounts(rows []stepRow) (columns []column) {
	hops := map[*Group]int64{}
	for i, r := range rows {
		hops[s.Groups[len(s.Groups)-len(rows)+i]] = r.Hops
	}
	called := tally{"calls", 0, true, func(g *Group) int64 { return g.Started }, ""}
	return s.tallies(called, errorCount, notMadeCount, cancelledCount, tally{"hops", 2, false, func(g *Group) int64 { return hops[g] }, ""})
}

// shares are those of the iterations' time, in percent. Branches run at once,
// so that they may come to more than all.
func (of Stepped) shares(rows []*Group) column {
	all := spent(&of.Sum)
	var values []float64
	for _, g := range rows {
		values = append(values, math.NaN())
		if all > 0 {
			values[len(values)-1] = spent(&g.Sum) / all * 100
		}
	}
	c := figures(Column{Name: "share"}, scale{unit: "%", per: 1, decimals: 1}, values)
	c.notes = []string{"of the time that iterations took, without their pauses"}
	sum := 0.0
	for _, r := range rowsOf(of.Steps, false) {
		if r.Kind != "" {
			sum += spent(&r.Sum)
		}
	}
	if sum > 1.01*all {
		c.notes[0] += "; branches take theirs at the same time"
	}
	return c
}

// recordTable has a row for each number that steps recorded; nil without any.
func (of Stepped) recordTable(title string) *Table {
	var steps, names, counts []string
	percents := []float64{50, 95, 99}
	cells := make([][]draft, len(percents)+1)
	for i := range of.Steps {
		for _, r := range of.Steps[i].Records {
			steps, names = append(steps, Clean(of.Steps[i].Path)), append(names, Clean(r.Name))
			counts = append(counts, fmt.Sprint(r.Values.Count()))
			for k, p := range percents {
				d := draft{text: fourDigits(Percentile(r.Values, p), 1)}
				if !supports(r.Values, p) {
					d.notes = []string{tooFew("value")}
				}
				cells[k] = append(cells[k], d)
			}
			cells[len(percents)] = append(cells[len(percents)], draft{text: fourDigits(longestOf(r.Values), 1)})
		}
	}
	if len(steps) == 0 {
		return nil
	}
	columns := []column{texts("step", steps), texts("record", names), right("values", counts)}
	for k, p := range percents {
		columns = append(columns, column{head: Column{Name: percentileName(p)}, cells: cells[k]})
	}
	return finish(title, 2, append(columns, column{head: Column{Name: "max", Rank: 1}, cells: cells[len(percents)]}))
}

// stepErrors lists what went wrong in which step, the most frequent first; nil
// where nothing did.
func (s *Scenario) stepErrors() *Table {
	type failure struct {
		of    Stepped
		step  *result.StepSum
		class string
	}
	var all []failure
	for _, of := range s.Stepped {
		for i := range of.Steps {
			if step := &of.Steps[i]; step.Kind != "" {
				for _, class := range byCount(step.Errors) {
					all = append(all, failure{of, step, class})
				}
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	count := func(f failure) int64 { return f.step.Errors[f.class].Count }
	slices.SortStableFunc(all, func(a, b failure) int {
		return cmp.Or(slices.Index(s.Modes, a.of.Mode)-slices.Index(s.Modes, b.of.Mode), cmp.Compare(count(b), count(a)))
	})
	left := len(all) - mostSteps
	all = all[:min(len(all), mostSteps)]
	var modes, steps, classes, counts, examples []string
	var errors []result.Error
	for _, f := range all {
		errors = append(errors, f.step.Errors[f.class])
		modes, steps, classes = append(modes, Clean(f.of.Mode)), append(steps, Clean(f.step.Path)), append(classes, Clean(f.class))
		counts, examples = append(counts, fmt.Sprint(count(f))), append(examples, inFull(f.step.Errors[f.class].Example))
	}
	columns := []column{texts("step", steps), texts("class", classes), right("count", counts)}
	columns = append(append(columns, seenColumns(errors)...), texts("example", examples))
	if len(s.Stepped) > 1 {
		columns = append([]column{s.modeColumn(modes)}, columns...)
	}
	t := finish(s.called("Errors of steps", &Group{Group: result.Group{Sweep: s.Stepped[0].Sweep}}), 1, columns)
	if left > 0 {
		t.Remarks = append(t.Remarks, fmt.Sprintf("without %d rows more: run.json has all", left))
	}
	return t
}
