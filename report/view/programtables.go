package view

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// reference is what a program's speedup is over: the first command, or the first
// value of what is varied.
func (c *contest) reference(p *program) *program {
	for _, r := range c.rows {
		if len(c.Places) == 1 || r.Mode == p.Mode {
			return r
		}
	}
	return p
}

// timeTable has a row a program, in one unit; nil where no run succeeded.
func (c *contest) timeTable() *Table {
	var means []statistics.Estimate
	var values []float64
	for _, p := range c.rows {
		m := statistics.Estimate{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
		if p.measured() {
			m = p.mean()
		}
		means, values = append(means, m), append(values, m.Value)
	}
	if _, _, any := extent(values); !any {
		return nil
	}
	unit := timeScaleFrom(1, values)
	title := "Times in " + unit.unit
	unit.unit = ""
	keys := c.keys()
	columns := append(keys, figures(Column{Name: "mean"}, unit, values), within(unit, means))
	for _, f := range programFigures() {
		var list []float64
		for _, p := range c.rows {
			v := math.NaN()
			if p.measured() {
				v = f.of(p)
			}
			list = append(list, v)
		}
		columns = append(columns, rank(f.rank, figures(Column{Name: f.name}, unit, list))...)
	}
	t := finish(title, len(keys), columns)
	t.Remarks = c.aboutShell()
	return t
}

// programFigure is a figure of all runs of a program, in seconds.
type programFigure struct {
	name string
	rank int
	of   func(*program) float64
}

func programFigures() []programFigure {
	start := func(p *program) float64 { return p.off(func(g *Group) float64 { return meanOf(g.Service) }) }
	return []programFigure{
		{"σ", 1, func(p *program) float64 { return p.Service.Stddev() / 1e9 }},
		{"median", 0, func(p *program) float64 { return max(0, p.Service.Interpolated(50)/1e9-start(p)) }},
		{"min", 1, func(p *program) float64 { return max(0, p.Service.Min().Seconds()-start(p)) }},
		{"max", 1, func(p *program) float64 { return max(0, longestOf(p.Service)-start(p)) }},
	}
}

// within is the column of intervals.
func within(unit scale, estimates []statistics.Estimate) column {
	c := column{head: Column{Name: intervalName, Qualifies: true}}
	for _, e := range estimates {
		d := empty()
		if e.High > 0 {
			d.text = unit.text(e.Low) + "–" + unit.text(e.High)
		}
		c.cells = append(c.cells, d)
	}
	return c
}

// keys name the rows.
func (c *contest) keys() []column {
	groups := make([]*Group, len(c.rows))
	for i, p := range c.rows {
		groups[i] = p.Group
	}
	keys := c.keyColumns(groups)
	last := &keys[len(keys)-1]
	if last.head.Name = "program"; len(c.rows) > len(c.Places) || len(c.Places) == 1 {
		last.head.Rank = 0
	}
	if len(c.Places) == 1 && len(keys) > 1 {
		return keys[1:]
	}
	return keys
}

// useTable is what runs took, and how much faster they are than the reference.
func (c *contest) useTable() *Table {
	keys := c.keys()
	runs, memory := column{head: Column{Name: "runs"}}, column{head: Column{Name: "memory", Rank: 1}}
	var user, system []float64
	var speedups []statistics.Estimate
	var ratios []float64
	for _, p := range c.rows {
		runs.cells = append(runs.cells, draft{text: fmt.Sprint(p.OK)})
		memory.cells = append(memory.cells, p.memory())
		user, system = append(user, p.processor("cpu_user")), append(system, p.processor("cpu_system"))
		e := statistics.Estimate{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
		switch r := c.reference(p); {
		case r == p:
			e.Value = 1
		case p.measured() && r.measured():
			e = faster(p, r)
		}
		speedups, ratios = append(speedups, e), append(ratios, e.Value)
	}
	unit := timeScale(append(slices.Clone(user), system...)...)
	columns := append(keys, runs, figures(Column{Name: "user"}, unit, user), figures(Column{Name: "system"}, unit, system))
	if !memory.dull() {
		columns = append(columns, memory)
	}
	title := "What a run takes"
	if len(c.rows) > 1 {
		of := c.reference(c.rows[0])
		title += ", and speedup over " + Clean(cmp.Or(placeOf(c.Places, of.Sweep), of.Mode))
		scale := plainScale("", ratios...)
		column := figures(Column{Name: Speedup}, scale, ratios)
		for i, p := range c.rows {
			if c.reference(p) == p {
				column.cells[i].text = "1"
			}
		}
		columns = append(columns, column, within(scale, speedups))
	}
	return finish(title, len(keys), columns)
}

// placeOf is a value of what is varied; "" where nothing is.
func placeOf(places []result.Point, at result.Point) string {
	if len(places) == 1 {
		return ""
	}
	return at.Vary
}

// processor is the mean of one of a run's two times on processors, in seconds.
func (p *program) processor(phase string) float64 {
	if h := p.Phase(phase); h == nil || h.Count() == 0 || !p.measured() {
		return math.NaN()
	}
	mean := func(g *Group) float64 {
		if h := g.Phase(phase); h != nil {
			return meanOf(h)
		}
		return 0
	}
	return max(0, mean(p.Group)-p.off(mean))
}

// memory is the most that a run had. The system counts what plimsoll had when it
// began the run: what is not above that is a bound, and the least of all runs the
// best one.
func (p *program) memory() draft {
	if p.Memory == nil || p.Memory.Count() == 0 {
		return empty()
	}
	floor := int64(0)
	for _, t := range p.Trials {
		if t.MachineUse != nil {
			floor = max(floor, t.MachineUse.PeakRSSBytes)
		}
	}
	if int64(p.Memory.Max()) <= floor {
		return draft{text: "≤ " + bytesText(float64(p.Memory.Min())), notes: []string{"the system counts what plimsoll itself had when it began the program, which needed no more"}}
	}
	return draft{text: bytesText(float64(p.Memory.Max()))}
}

// aboutShell says what was taken off.
func (c *contest) aboutShell() []string {
	var list []string
	for _, g := range c.Groups {
		if g.Mode != c.Shell || g.OK == 0 {
			continue
		}
		e := (&program{Group: g}).mean()
		text := "a shell's start took " + alone(e.Value)
		if len(c.Places) > 1 {
			text = Clean(g.Sweep.Vary) + ": " + text
		}
		if e.High > 0 {
			unit := timeScaleFrom(1, []float64{e.Value})
			text += fmt.Sprintf(" (%s–%s)", unit.text(e.Low), unit.text(e.High))
		}
		list = append(list, text+", which is taken off")
	}
	return list
}

// lawTable are the laws of scaling that the programs follow.
func (c *contest) lawTable() *Table {
	s := *c.Scenario
	s.laws = slices.DeleteFunc(slices.Clone(s.laws), func(law *result.Scaling) bool { return law.Mode == c.Shell })
	return s.scalingTable()
}
