package chart

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// completions draws how much of a batch was over at which time, at the largest value of
// the sweep: two lines a mode, as its calls completed and in their order. It is nil where
// there is no batch, or none of its calls ended.
func completions(sec view.Section) (*figure, error) {
	s := sec.Scenario
	f := &figure{width: 8 * vg.Inch, body: 4.2 * vg.Inch, about: sec.About, warning: s.Warning()}
	f.title = sec.Title + ": when the " + s.Noun() + "s of a batch are over" + atLast(s)
	groups := shownGroups(s.AtLast(), f.shown(modesOf(s.AtLast()), mostLooks))
	all := s.Completed(groups)
	var times span
	for _, c := range all {
		for _, o := range view.Orders {
			for _, m := range c.Over(o) {
				times.add(m.AtS())
			}
		}
	}
	if times.empty() {
		return nil, nil
	}
	if slices.ContainsFunc(groups, func(g *view.Group) bool { return g.Failed > 0 }) {
		f.hints = append(f.hints, "A failure is an end, too.")
	}
	promises := s.Promises(view.Completion)
	p := newPanel("time since the batch began", "share of "+s.Noun()+"s that are over")
	x := scaling{logFrom: 50, label: duration, clock: true, tight: true}
	p.Add(grid{x: x.set(&p.X, x.reaching(times, limits(promises)...)), y: shares(&p.Y, len(promises))})
	p.stairs(s, all)
	p.promise(promises, true)
	f.panels = [][]panel{{*p}}
	return f, nil
}

// shares gives an axis of shares its ticks, and tells where they are. Above them so many
// labels have room.
func shares(a *plot.Axis, labels int) (lines []float64) {
	a.Min, a.Max = 0, 1.04+0.04*float64(min(labels, mostLabels))
	var ticks []plot.Tick
	for tenth := range 11 {
		at := float64(tenth) / 10
		ticks, lines = append(ticks, plot.Tick{Value: at, Label: fmt.Sprintf("%d %%", 10*tenth)}), append(lines, at)
	}
	a.Tick.Marker = plot.ConstantTicks(ticks)
	return lines
}

// stairs draws the modes: solid as the calls completed, and dashed above it in their
// order, which hides nothing where both are the same.
func (p *panel) stairs(s *view.Scenario, all []view.Completed) {
	lines := make([]plotter.XYs, len(all))
	for i, c := range all {
		lines[i] = p.stair(c.Over(view.AsCompleted))
	}
	hidden := hiding(lines)
	for i, c := range all {
		if l := lookOf(s.Nth(c.Mode)); len(lines[i]) > 0 {
			p.draws(course{points: lines[i], line: above(l.line(), hidden[i])})
			p.Add(dots{points: p.corners(c.Milestones(view.AsCompleted)), style: l.dot()})
			p.tell(entry{text: modeName(s, c.Mode), rank: ofModes, line: l.line(), marker: l.dot()})
			p.tell(entry{text: view.AsCompleted.Name, rank: ofFigures, line: look{Color: grey}.line()})
		}
	}
	for _, c := range all {
		if ordered := p.stair(c.Over(view.InOrder)); len(ordered) > 0 {
			p.draws(course{points: ordered, line: lookOf(s.Nth(c.Mode)).longDashed()})
			p.tell(entry{text: view.InOrder.Name, rank: ofFigures, line: look{Color: grey}.longDashed()})
		}
	}
}

// corners are marks on the panel; what took no time stands at its edge.
func (p *panel) corners(marks []result.Mark) (points plotter.XYs) {
	for _, m := range marks {
		points = append(points, plotter.XY{X: max(m.AtS(), p.X.Min), Y: m.Share()})
	}
	return points
}

// stair is a line that rises where calls were over, and goes level between.
func (p *panel) stair(marks []result.Mark) (line plotter.XYs) {
	share := 0.0
	for _, at := range p.corners(marks) {
		line = append(line, plotter.XY{X: at.X, Y: share}, at)
		share = at.Y
	}
	return line
}
