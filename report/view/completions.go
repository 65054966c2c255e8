package view

import (
	"fmt"
	"math"
	"slices"

	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
)

// The orders in which the calls of a batch are told: as they completed, and each behind
// all that were started before it.
var (
	AsCompleted = Order{"as completed", func(c *result.Completions) *result.Curve { return &c.Curve }}
	InOrder     = Order{"in order", func(c *result.Completions) *result.Curve { return &c.InOrder }}
	Orders      = [...]Order{AsCompleted, InOrder}
)

// Order is one of them.
type Order struct {
	Name string
	Of   func(*result.Completions) *result.Curve
}

// Completed is a batch of which is known when its calls were over.
type Completed struct {
	*Group
	*result.Completions
}

// Completed are the groups of batches that have something to tell; of a single call
// there is nothing.
func (s *Scenario) Completed(groups []*Group) (all []Completed) {
	for _, g := range groups {
		if c := g.Completions(); c != nil && g.Requests > 1 {
			all = append(all, Completed{g, c})
		}
	}
	return all
}

// Over are the marks of which share was over when, that of the first call among them.
func (c Completed) Over(o Order) []result.Mark {
	curve, first := o.Of(c.Completions), 1/float64(c.Requests)
	if curve.FirstS == nil || len(curve.Marks) > 0 && curve.Marks[0].Share() <= first {
		return curve.Marks
	}
	return append([]result.Mark{{first, *curve.FirstS}}, curve.Marks...)
}

// Milestones are the marks of the first call, of half of them, and of the last.
func (c Completed) Milestones(o Order) (marks []result.Mark) {
	curve, calls := o.Of(c.Completions), float64(c.Requests)
	for _, m := range []struct {
		at    *float64
		share float64
	}{{curve.FirstS, 1 / calls}, {curve.HalfS, float64((c.Requests+1)/2) / calls}, {curve.LastS, 1}} {
		if m.at != nil {
			marks = append(marks, result.Mark{m.share, *m.at})
		}
	}
	return marks
}

// alike tells whether both orders say the same.
func (c Completed) alike() bool {
	a, b := c.FirstS, c.InOrder.FirstS
	return slices.Equal(c.Marks, c.InOrder.Marks) && (a == nil) == (b == nil) && (a == nil || *a == *b)
}

// reached are the times of the first call, of each tenth and of the last; NaN is
// never.
func reached(c *result.Curve) []float64 {
	times := []float64{math.NaN()}
	if c.FirstS != nil {
		times[0] = *c.FirstS
	}
	for tenth := 1; tenth <= 10; tenth++ {
		at, there := c.Reached(float64(tenth) / 10)
		if !there {
			at = math.NaN()
		}
		times = append(times, at)
	}
	return times
}

// completionRow is a batch in one order, or in both where these are the same.
type completionRow struct {
	Completed
	order string
	times []float64
}

func (s *Scenario) completionRows() (rows []completionRow) {
	for _, c := range s.Completed(s.Groups) {
		if c.alike() {
			rows = append(rows, completionRow{c, "either way", reached(&c.Curve)})
			continue
		}
		for _, o := range Orders {
			rows = append(rows, completionRow{c, o.Name, reached(o.Of(c.Completions))})
		}
	}
	return rows
}

// completionTable is that of a scenario, where it is asked for or something was promised
// of it; else nil, as where there is no batch.
func (o Options) completionTable(s *Scenario) *Table {
	rows := s.completionRows()
	if len(rows) == 0 || !o.Completions && !s.promisesCompletions() {
		return nil
	}
	return s.completionTable(rows)
}

// completionTable tells when so much of each batch was over.
func (s *Scenario) completionTable(rows []completionRow) *Table {
	var groups []*Group
	var all []float64
	for _, r := range rows {
		groups, all = append(groups, r.Group), append(all, r.times...)
	}
	columns := s.keyColumns(groups)
	keys, in := len(columns), timeScale(all...)
	modes := &columns[keys-1]
	modes.head.Rank = 0 // it tells the order, too
	for i, r := range rows {
		if modes.cells[i].text += ", " + r.order; r.Why != "" {
			modes.cells[i].notes = []string{inFull(r.Why)}
		}
	}
	modes.flag(groups)
	never := false
	for i := range 11 {
		values := make([]float64, len(rows))
		for k, r := range rows {
			values[k] = r.times[i]
			never = never || math.IsNaN(values[k]) && r.Why == ""
		}
		columns = append(columns, figures(Column{Group: "over", Name: tenthName(i), Rank: tenthRank(i)}, in, values))
	}
	t := finish("Completions", keys, columns)
	t.Remarks = append([]string{"as completed: when so many had ended, whichever; in order: when all before them had ended, too"}, endings(groups, never)...)
	return t
}

// unplaced is the table without the columns that say of which batch it is; nil of none.
func (t *Table) unplaced() *Table {
	if t == nil {
		return nil
	}
	var places []int
	for i := range t.Keys - 1 {
		places = append(places, i)
	}
	short := t.Without(places)
	return &short
}

// tenthName is the head of a column: 0 is the first call, 10 the last.
func tenthName(tenth int) string {
	switch tenth {
	case 0:
		return "first"
	case 10:
		return "last"
	}
	return fmt.Sprintf("%d %%", 10*tenth)
}

// tenthRank leaves first, half, nine tenths and last where there is little room.
func tenthRank(tenth int) int { return [...]int{0, 2, 3, 4, 4, 0, 4, 4, 3, 1, 0}[tenth] }

// endings are what there is to say of calls that did not succeed.
func endings(groups []*Group, never bool) (remarks []string) {
	if slices.ContainsFunc(groups, func(g *Group) bool { return g.Failed > 0 }) {
		remarks = append(remarks, "a failure is an end, too")
	}
	if never {
		remarks = append(remarks, None+": never, since calls were given up or left out")
	}
	return remarks
}

// promisesCompletions tells whether a threshold is on when a batch's calls are over.
func (s *Scenario) promisesCompletions() bool {
	return slices.ContainsFunc(s.verdicts, func(v *result.Verdict) bool {
		if v.Kind != result.KindThreshold {
			return false
		}
		rule, err := verdict.ParseRule(v.Rule)
		return err == nil && rule.OfBatches()
	})
}

// Columns of completions, which runs with batches have.

func (v *View) completes() bool {
	return slices.ContainsFunc(v.Sections, func(sec Section) bool {
		return slices.ContainsFunc(sec.Scenario.trials, func(t *result.Trial) bool { return t.Completions != nil })
	})
}

func completionNames() []string {
	return []string{"first_s", "half_s", "last_s", "in_order_first_s", "in_order_half_s", "in_order_last_s"}
}

// completionFields are those of a group, or of the only trial in it.
func completionFields(g *Group) []string {
	fields := make([]string, len(completionNames()))
	c := g.Completions()
	if c == nil {
		return fields
	}
	for i, at := range []*float64{c.FirstS, c.HalfS, c.LastS, c.InOrder.FirstS, c.InOrder.HalfS, c.InOrder.LastS} {
		if at != nil {
			fields[i] = exact(*at)
		}
	}
	return fields
}
