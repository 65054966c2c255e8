package view

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/runner/result"
)

// Neighbour is what a scenario in the background measured beside a group's
// trials: its repetitions merged.
type Neighbour struct {
	*Group
	of *Group
}

// neighbours are those of a group.
func (g *Group) neighbours() (all []Neighbour, err error) {
	groups, err := g.Beside()
	for i := range groups {
		all = append(all, Neighbour{&Group{Group: groups[i]}, g})
	}
	return all, err
}

// addBeside merges what went on beside the groups at the place that is looked at
// closer. It fails only on a histogram that cannot be decoded.
func (s *Scenario) addBeside() error {
	for _, g := range s.atCloser() {
		all, err := g.neighbours()
		if err != nil {
			return err
		}
		s.Beside = append(s.Beside, all...)
	}
	return nil
}

// besideTable has a row for each mode and scenario in its background; nil where
// there are none.
func (s *Scenario) besideTable() *Table {
	if len(s.Beside) == 0 {
		return nil
	}
	rows := &Scenario{} // whose groups are the rows
	var modes, names, theirs []string
	for _, b := range s.Beside {
		rows.Groups = append(rows.Groups, b.Group)
		modes, names, theirs = append(modes, Clean(b.of.Mode)), append(names, Clean(b.Scenario)), append(theirs, Clean(b.Mode))
	}
	columns := []column{texts("scenario", names)}
	columns[0].flag(rows.Groups)
	if len(s.Modes) > 1 {
		columns = append([]column{s.modeColumn(modes)}, columns...)
	}
	keys := len(columns)
	columns = append(columns, rank(1, texts("its mode", theirs))...)
	counted, noun, unit := rows.counted()
	ends := rows.tallies(errorCount, notMadeCount, droppedCount, cancelledCount.noted("what it had under way when the trial was over"))
	for i, g := range rows.Groups {
		ends[0].cells[i].notes = g.failures()
	}
	times, few := supported(rows.percentiles(response, rows.timeUnit(), 50, 95, 99))
	columns = slices.Concat(columns, counted, ends, []column{rows.throughputIn(unit)}, times)
	t := finish(s.called("Background", &Group{Group: result.Group{Sweep: s.Beside[0].of.Sweep}}), keys, columns)
	t.leftOut(few, noun)
	return t
}

// counted are columns of how much was started, with what that is called and the
// unit of its rate: by rows, where it is calls in some and iterations in others.
func (s *Scenario) counted() (columns []column, noun, unit string) {
	noun = s.Noun()
	var started, nouns []string
	for _, g := range s.Groups {
		started, nouns = append(started, fmt.Sprint(g.Started)), append(nouns, g.noun()+"s")
		if g.noun() != noun {
			noun = "value"
		}
	}
	if noun == "value" {
		return []column{right("started", started), rank(1, texts("of", nouns))[0]}, noun, rateUnit("")
	}
	return []column{right(noun+"s", started)}, noun, rateUnit(noun)
}

// failures is the footnote that tells errors by class, the most frequent first.
func (g *Group) failures() []string {
	var classes []string
	for _, class := range byCount(g.Errors) {
		if class != result.Generator {
			classes = append(classes, fmt.Sprintf("%d %s", g.Errors[class].Count, Clean(class)))
		}
	}
	if len(classes) == 0 {
		return nil
	}
	return []string{strings.Join(classes, ", ") + ": run.json has examples"}
}

// Rows of what went on in the background, which runs with any have behind those of
// the trials that it was beside.

// behind are all trials in the background of the scenario's.
func (s *Scenario) behind() (all []result.Trial) {
	for _, t := range s.trials {
		all = append(all, t.Beside...)
	}
	return all
}

// besideNames are the columns that come last where there is a background: beside
// which scenario, mode and place it went on.
func (v *View) besideNames() []string {
	return append([]string{"beside", "beside_mode"}, v.placeNames("beside_")...)
}

// withBeside ends the rows of a group, and adds those of what went on beside it.
func (v *View) withBeside(rows Records, g *Group) (Records, error) {
	none := make([]string, len(v.besideNames()))
	for i := range rows {
		rows[i] = append(rows[i], none...)
	}
	all, err := g.neighbours()
	if err != nil {
		return nil, err
	}
	at := append([]string{g.Scenario, g.Mode}, v.placeFields(g.Sweep)...)
	for _, b := range all {
		theirs, err := v.groupRecords(b.Group)
		if err != nil {
			return nil, err
		}
		for _, row := range theirs {
			rows = append(rows, append(row, at...))
		}
	}
	return rows, nil
}
