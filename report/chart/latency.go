package chart

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// latency draws the modes' percentile curves at the largest value of the
// sweep, on the scale of HdrHistogram's plots: each power of ten of 1/(1−p)
// is as wide as the next. It is nil without a success.
func latency(sec view.Section) (*figure, error) {
	s := sec.Scenario
	f := &figure{width: 8 * vg.Inch, body: 4.2 * vg.Inch, about: sec.About, warning: s.Warning()}
	f.title = sec.Title + ": latency by percentile" + atLast(s)
	groups := shownGroups(s.AtLast(), f.shown(modesOf(s.AtLast()), mostLooks))
	p := curvesOf(&view.Curves{Scenario: s, Groups: groups})
	if p == nil {
		return nil, nil
	}
	f.hints = append(f.hints, s.Survivors(s.AtLast()), view.CurveEnds(groups))
	f.panels = [][]panel{{*p}}
	return f, nil
}

// Curves draws percentile curves as SVG, those that they stand against dashed behind
// them, without a title: they stand under one.
func Curves(c *view.Curves) (svg []byte, err error) {
	defer recovered(&err)
	p := curvesOf(c)
	if p == nil {
		return nil, nil
	}
	f := &figure{width: 8 * vg.Inch, body: 4.2 * vg.Inch, warning: c.Warning(), panels: [][]panel{{*p}}}
	return f.svg()
}

// curvesOf is the panel of percentile curves; nil without a success.
func curvesOf(c *view.Curves) *panel {
	var values, tails span
	var figures []string
	for _, of := range c.Of() {
		figures = append(figures, of.Name)
		for _, g := range slices.Concat(c.Groups, c.Base) {
			if g == nil {
				continue
			}
			for _, point := range view.Curve(of.Times(g)) {
				values.add(point.Seconds)
				tails.add(point.Tail)
			}
		}
	}
	if values.empty() {
		return nil
	}
	promises := c.Promises(figures...)
	p := newPanel(c.Along(), "latency")
	y := scaling{logFrom: 0, label: duration}
	p.Add(grid{x: percentiles(&p.X, tails.high), y: y.set(&p.Y, y.reaching(values, limits(promises)...))})
	p.baseCurves(c)
	p.curves(c)
	p.promise(promises, false)
	return p
}

// baseCurves draws the first figure of the groups that others stand against.
func (p *panel) baseCurves(c *view.Curves) {
	first := c.Of()[0]
	for _, g := range c.Base {
		if g == nil {
			continue
		}
		if points := curve(first.Times(g)); len(points) > 0 {
			p.draws(course{points: points, line: lookOf(c.Nth(g.Mode)).dashed()})
			p.tell(entry{text: first.Title + " of the base", rank: ofFigures, line: look{Color: grey}.dashed()})
		}
	}
}

func modesOf(groups []*view.Group) (modes []string) {
	for _, g := range groups {
		modes = append(modes, g.Mode)
	}
	return modes
}

// curves draws the second figure behind the first: where no call had to wait, service
// times are response times.
func (p *panel) curves(c *view.Curves) {
	of := c.Of()
	first, second := of[0], of[1]
	var over []plotter.XYs
	for _, g := range c.Groups {
		over = append(over, curve(first.Times(g)))
		if under := curve(second.Times(g)); len(under) > 0 {
			p.draws(course{points: under, line: lookOf(c.Nth(g.Mode)).wide()})
		}
	}
	hidden := hiding(over)
	for i, g := range c.Groups {
		if len(over[i]) == 0 {
			continue
		}
		l := lookOf(c.Nth(g.Mode))
		p.draws(course{points: over[i], line: above(l.line(), hidden[i])})
		p.Add(dots{points: landmarks(over[i]), style: l.dot()})
		p.tell(entry{text: modeName(c.Scenario, g.Mode), rank: ofModes, line: l.line(), marker: l.dot()})
		p.tell(entry{text: first.Title, rank: ofFigures, line: look{Color: grey}.line()})
		if len(curve(second.Times(g))) > 0 {
			p.tell(entry{text: second.Title, rank: ofFigures, line: look{Color: grey}.wide()})
		}
	}
}

// atLast says where in the sweep a chart was taken, when there is one.
func atLast(s *view.Scenario) string {
	if at := view.At(s.Places[len(s.Places)-1]); at != "" {
		return ", " + at
	}
	return ""
}

// curve places a distribution on the axes; durations of zero have no place on
// a logarithmic one.
func curve(times result.Times) (points plotter.XYs) {
	for _, point := range view.Curve(times) {
		if drawable(point.Seconds) {
			points = append(points, plotter.XY{X: math.Log10(point.Tail), Y: point.Seconds})
		}
	}
	return points
}

// landmarks are the points of a curve that have a mark of its mode: where
// another power of ten of the tail begins, and its end.
func landmarks(curve plotter.XYs) (points plotter.XYs) {
	for i, p := range curve {
		if last := i == len(curve)-1; last || p.X > 0.5 && math.Abs(p.X-math.Round(p.X)) < 1e-9 {
			points = append(points, p)
		}
	}
	return points
}

// percentiles gives an axis over log10 of the tail its ticks, and tells where
// they are. It ends with the longest curve.
func percentiles(a *plot.Axis, longest float64) (lines []float64) {
	a.Min, a.Max = 0, math.Log10(max(2, longest))
	ticks := []plot.Tick{{Value: 0, Label: "0 %"}}
	add := func(tail float64) {
		if at := math.Log10(tail); at <= a.Max+1e-9 {
			ticks = append(ticks, plot.Tick{Value: at, Label: view.TailName(tail) + " %"})
			lines = append(lines, at)
		}
	}
	add(2)
	add(4)
	for nines := 1; nines <= 9; nines++ {
		add(math.Pow10(nines))
	}
	a.Tick.Marker = plot.ConstantTicks(ticks)
	return lines
}
