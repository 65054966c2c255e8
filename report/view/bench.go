package view

import (
	"fmt"
	"math"
	"slices"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// Bench is a run of one trial, or of its repetitions, looked at closer than a
// row of a table could.
type Bench struct {
	Answer []Note // what came of it, in a line or two
	Section
	Profile *Profile // nil where no call succeeded
}

// NewBench looks at a run's only group; subject is what was loaded, in the
// words of who asked for it. It fails only on a histogram that cannot be
// decoded.
func NewBench(run *result.Run, subject string) (*Bench, error) { return Options{}.Bench(run, subject) }

// Bench is NewBench with options.
func (o Options) Bench(run *result.Run, subject string) (*Bench, error) {
	b, err := o.bench(run, subject)
	if err == nil && o.Advice != nil {
		b.advise(o.Advice)
	}
	return b, err
}

// advise spells all texts anew that may hold advice.
func (b *Bench) advise(spell func(string) string) {
	for _, notes := range [][]Note{b.Answer, b.Notes} {
		for i := range notes {
			notes[i].Text = spell(notes[i].Text)
		}
	}
	for _, t := range b.Tables {
		for i := range t.Notes {
			t.Notes[i] = spell(t.Notes[i])
		}
		for _, row := range t.Rows {
			for i := range row {
				row[i].Text = spell(row[i].Text)
			}
		}
	}
}

func (o Options) bench(run *result.Run, subject string) (*Bench, error) {
	b := &Bench{Section: Section{Title: Clean(subject)}}
	all, err := o.scenarios(run)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 || len(all[0].Groups) == 0 {
		b.Notes = []Note{{Warn, "no trial was carried out"}}
		return b, nil
	}
	s := all[0]
	g := s.Groups[0]
	b.Scenario, b.About, b.Notes = s, g.asked(), slices.Concat(g.spoken(), s.health(), s.fruitless(), s.strain(), s.warnings())
	if g.Started == 0 {
		b.Answer = overall(run, 0)
		return b, nil
	}
	b.Answer = b.answers(run, s)
	b.Tables = []Table{*g.loadTable(), *g.answerTable(), *g.timesTable(o.Confidence)}
	b.add(s.streamTable().unnamed()) // of one row
	if o.Phases {
		b.add(s.phaseTable())
	}
	b.add(o.completionTable(s).unplaced()) // of one mode
	b.add(s.verdictTable())
	b.Profile = newProfile(g)
	if g.late() > 0 {
		b.invalidate(behindHow(g.all()))
	}
	return b, nil
}

// add adds a table, if it is one.
func (b *Bench) add(t *Table) {
	if t != nil {
		b.Tables = append(b.Tables, *t)
	}
}

// Alone is the same as the whole view of a run.
func (b *Bench) Alone(run *result.Run) *View {
	return &View{Answer: b.Answer, Title: title(run), Sections: []Section{b.Section}}
}

// invalidate marks every table: one that is copied from here must say it, too.
func (b *Bench) invalidate(how string) {
	mark := " (invalid: the generator " + how + ")"
	for i := range b.Tables {
		b.Tables[i].Title += mark
	}
	if b.Profile != nil {
		b.Profile.Title += mark
	}
}

// asked is what was to be done, in few words.
func (g *Group) asked() string {
	how := fmt.Sprintf("%d at a time", g.Concurrency)
	if g.RatePerS > 0 {
		how = plainScale("").asWritten(g.RatePerS) + "/s"
	}
	long := (&Scenario{Groups: []*Group{g}}).placeWords(result.Point{Requests: g.Requests})
	if g.DurationS > 0 {
		long = lasting(g.DurationS)
	}
	if n := len(g.all()); n > 1 {
		long += fmt.Sprintf(", %d times", n)
	}
	engine := ""
	if g.Engine != "" {
		engine = engineOf(Clean(g.Engine), g.Trials[0].Loops)
	}
	return joined([]string{how, long, engine}, ", ")
}

// loadTable is what went there and came back, in one row.
func (g *Group) loadTable() *Table {
	one := func(name string, s scale, v float64) column { return figures(Column{Name: name}, s, []float64{v}) }
	columns := []column{
		one("took", timeScaleFrom(1, []float64{g.MakespanS}), g.MakespanS),
		one("throughput", plainScale("/s", g.ThroughputPerS), g.ThroughputPerS),
		one("in flight", plainScale("", g.InFlightMean), g.InFlightMean),
	}
	for _, way := range []struct {
		name  string
		bytes int64
	}{{"received", g.BytesIn}, {"sent", g.BytesOut}} {
		perS := float64(way.bytes) / g.MakespanS / float64(len(g.Trials))
		columns = append(columns, rank(2, one(way.name, byteScale(perS), perS))...)
	}
	columns = append(columns, texts("calls", []string{fmt.Sprint(g.Started)}))
	if g.Attempts != g.Started {
		columns = append(columns, texts("requests", []string{fmt.Sprint(g.Attempts)}))
	}
	for _, c := range g.alone().counts() {
		if !slices.Contains([]string{"ok", "errors", "handshakes", "resumed"}, c.head.Name) { // which the answers and a note tell
			columns = append(columns, c)
		}
	}
	for i := range columns {
		columns[i].head.Left = false
	}
	return finish("Load", 0, columns)
}

// answerTable is how calls ended, the successes first.
func (g *Group) answerTable() *Table {
	answered := float64(g.OK + g.Failed)
	names, counts, shares, examples := []string{"ok"}, []int64{g.OK}, []float64{float64(g.OK) / answered * 100}, []string{""}
	for _, class := range byCount(g.Errors) {
		e := g.Errors[class]
		names, counts = append(names, Clean(class)), append(counts, e.Count)
		share := float64(e.Count) / answered * 100
		if class == result.Generator { // which was no answer
			share = math.NaN()
		}
		shares, examples = append(shares, share), append(examples, inFull(e.Example))
	}
	count := column{head: Column{Name: "calls"}}
	for _, n := range counts {
		count.cells = append(count.cells, draft{text: fmt.Sprint(n)})
	}
	columns := []column{texts("answer", names), count, figures(Column{Name: "share"}, plainScale("%", shares...), shares)}
	if len(g.Errors) > 0 {
		columns = append(columns, texts("example", examples))
	}
	return finish("Answers", 1, columns)
}

// timesTable has a row for each kind of time, in one unit, which its title
// names: so many columns with a unit each would be too wide for a terminal.
func (g *Group) timesTable(confidence bool) *Table {
	families := g.families()
	unit := g.alone().timeUnit()
	if g.OK == 0 && g.Failed > 0 {
		unit = timeScale(quantile(g.ErrorResponse, 50), longestOf(g.ErrorResponse))
	}
	columns := []column{g.familyNames(families)}
	for _, f := range timeFigures() {
		var values []float64
		for _, of := range families {
			values = append(values, f.value(of.times(g).Lowest()))
		}
		// Decimals are for the times that users feel; the others may be tiny.
		felt := unit.narrowed(f.value(g.Response), f.value(g.Service), f.value(g.ErrorResponse))
		felt.unit = ""
		c := figures(Column{Name: f.name}, felt, values)
		if !slices.Contains(essential, f.percent) {
			c.head.Rank = 1
		}
		for i, of := range families {
			switch times := of.times(g); {
			case times.Count() == 0:
			case !supports(times.Lowest(), f.percent):
				c.cells[i].notes = []string{tooFew(g.noun())}
			default:
				c.cells[i].bound(g, felt, f.figure(times))
			}
		}
		if columns = append(columns, c); confidence && f.percent > 0 {
			columns = append(columns, g.timeIntervals(families, f.percent, felt))
		}
	}
	return finish("Times in "+unit.unit, 1, columns)
}

// timeIntervals is the column with a percentile's interval in each row.
func (g *Group) timeIntervals(families []family, percent float64, unit scale) column {
	c := column{head: Column{Name: intervalName, Qualifies: true, Rank: 2}}
	for _, f := range families {
		found, basis := g.intervals(f, []float64{percent})
		c.cells = append(c.cells, found[0].draft(unit, basis))
	}
	return c
}

// families are the kinds of time that are worth a row.
func (g *Group) families() (list []family) {
	if g.OK > 0 || g.Failed == 0 {
		list = append(list, response, service)
	}
	if g.Failed > 0 {
		list = append(list, failure)
	}
	if g.Held.Max() > 0 {
		list = append(list, held)
	}
	if g.RatePerS > 0 || lateMatters(g) {
		list = append(list, lateness)
	}
	return list
}

// familyNames is the column of names, with what is to be said of a whole row.
func (g *Group) familyNames(families []family) column {
	c := column{head: Column{Left: true}}
	for _, f := range families {
		d := draft{text: f.name}
		switch {
		case f.times(g).Count() == 0:
			d.notes = []string{f.none(g.noun())}
		case f.name == service.name && g.gapes():
			d.notes = []string{g.gapTold()}
		case f.name == held.name:
			d.notes = g.limited()
		}
		c.cells = append(c.cells, d)
	}
	return c
}

// timeFigure is one figure of a distribution; percent is 0 where it is no
// percentile.
type timeFigure struct {
	name    string
	percent float64
	value   func(*latency.Histogram) float64
	figure  func(result.Times) result.Figure
}

func timeFigures() []timeFigure {
	list := []timeFigure{{"mean", 0, meanOf, result.Times.Mean}}
	for _, p := range []float64{50, 90, 95, 99, 99.9} {
		list = append(list, timeFigure{percentileName(p), p,
			func(h *latency.Histogram) float64 { return Percentile(h, p) },
			func(t result.Times) result.Figure { return t.Quantile(p) }})
	}
	return append(list, timeFigure{"max", 0, longestOf, result.Times.Max})
}

// alone is the group as all there is of a scenario.
func (g *Group) alone() *Scenario { return &Scenario{Groups: []*Group{g}} }
