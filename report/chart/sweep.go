package chart

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"plimsoll/report/view"
)

// overSweep draws a metric over the sweep's axis, a line for each mode; nil
// without any value.
func overSweep(s *view.Scenario, modes []string, metric string) *panel {
	places, swept := sweptOf(s)
	values := extent(s, modes, metric)
	further, higher := lawSpans(s, modes, metric)
	places, values = places.with(further), values.with(higher)
	if places.empty() || values.empty() {
		return nil
	}
	name, unit := view.AxisLabel(s.Axis)
	if unit != "" {
		name += " (" + s.Noun() + "s" + unit + ")"
	}
	label, along := axisOf(s, metric)
	promises := s.Promises(metric)
	values = along.reaching(values, append(ends(s, modes, metric), limits(promises)...)...)
	p := newPanel(name, label)
	scaling{logFrom: 4, tight: true, label: number}.set(&p.X, places)
	p.Add(grid{x: named(&p.X, swept, number), y: along.set(&p.Y, values)})
	for _, law := range laws(s, modes, metric) {
		p.law(s, law, metric)
	}
	p.sweep(s, modes, metric)
	if metric == view.Speedup {
		p.Add(rules{lines: baseline(s), style: baselineLine, busy: p.busy})
	}
	p.promise(promises, false)
	return p
}

// sweptOf are the values of the sweep, and their range.
func sweptOf(s *view.Scenario) (places span, swept []float64) {
	for _, at := range s.Places {
		swept = append(swept, view.Value(at))
	}
	places.add(swept...)
	return places, swept
}

// sweep draws the modes: their lines, their intervals, side by side where they
// meet, and the published figures as hollow markers.
func (p *panel) sweep(s *view.Scenario, modes []string, metric string) {
	aside := asides(s, modes, metric)
	lines := make([]plotter.XYs, len(modes))
	for i, mode := range modes {
		lines[i] = measuredAlong(s.Along(mode), metric)
	}
	hidden := hiding(lines)
	for i, mode := range modes {
		l := lookOf(s.Nth(mode))
		if len(lines[i]) > 0 {
			p.draws(course{points: lines[i], line: above(l.line(), hidden[i]), marker: l.dot(), shifts: aside[mode]})
			p.tell(entry{text: modeName(s, mode), rank: ofModes, line: l.line(), marker: l.dot()})
		}
		var published plotter.XYs
		for _, g := range s.Along(mode) {
			if g == nil || !drawable(view.Value(g.Sweep)) {
				continue
			}
			x := view.Value(g.Sweep)
			if v, ok := g.Published(metric); ok && drawable(v) {
				published = append(published, plotter.XY{X: x, Y: v})
			}
			if low, high, ok := intervalOf(g, metric); ok {
				shift, crowded := aside[mode][x]
				i := interval{at: x, low: low, high: high, color: l, shift: shift, left: crowded && shift <= 0}
				p.Add(i)
				p.tell(intervalEntries(i.cutOff(p.Y))...)
			}
		}
		if len(published) > 0 {
			p.Add(dots{published, l.published(), aside[mode]})
			p.tell(publishedEntry(s))
		}
	}
}

// measuredAlong are a mode's figures over the sweep.
func measuredAlong(groups []*view.Group, metric string) (measured plotter.XYs) {
	for _, g := range groups {
		if g == nil || !drawable(view.Value(g.Sweep)) {
			continue
		}
		if v := g.Measured(metric); drawable(v) {
			measured = append(measured, plotter.XY{X: view.Value(g.Sweep), Y: v})
		}
	}
	return measured
}

// asides are how far modes stand aside at each place, so that intervals which
// would lie over each other can be told apart.
func asides(s *view.Scenario, modes []string, metric string) map[string]map[float64]vg.Length {
	const apart, most = vg.Length(6), vg.Length(24) // from one to the next; of all together
	all := map[string]map[float64]vg.Length{}
	for _, mode := range modes {
		all[mode] = map[float64]vg.Length{}
	}
	for _, at := range s.Places {
		var here []*view.Group
		for _, mode := range modes {
			if g := s.Group(mode, at); g != nil {
				if _, _, ok := intervalOf(g, metric); ok {
					here = append(here, g)
				}
			}
		}
		for _, crowd := range crowds(here, metric) {
			if len(crowd) == 1 {
				continue
			}
			step := min(apart, most/vg.Length(len(crowd)))
			for i, g := range crowd {
				all[g.Mode][view.Value(at)] = step * (vg.Length(i) - vg.Length(len(crowd)-1)/2)
			}
		}
	}
	return all
}

// crowds are groups whose intervals reach into each other, in the order of
// their modes.
func crowds(groups []*view.Group, metric string) (all [][]*view.Group) {
	rising := slices.Clone(groups)
	slices.SortStableFunc(rising, func(a, b *view.Group) int {
		from, _, _ := intervalOf(a, metric)
		other, _, _ := intervalOf(b, metric)
		return cmp.Compare(from, other)
	})
	highest := math.Inf(-1)
	for _, g := range rising {
		low, high, _ := intervalOf(g, metric)
		if low > highest {
			all = append(all, nil)
		}
		highest = max(highest, high)
		all[len(all)-1] = append(all[len(all)-1], g)
	}
	for _, crowd := range all {
		slices.SortFunc(crowd, func(a, b *view.Group) int { return cmp.Compare(slices.Index(groups, a), slices.Index(groups, b)) })
	}
	return all
}
