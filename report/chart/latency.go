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
	p := curvesOf(s, groups, nil)
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
	p := curvesOf(c.Scenario, c.Groups, c.Base)
	if p == nil {
		return nil, nil
	}
	f := &figure{width: 8 * vg.Inch, body: 4.2 * vg.Inch, warning: c.Warning(), panels: [][]panel{{*p}}}
	return f.svg()
}

// curvesOf is the panel of percentile curves; nil without a success.
func curvesOf(s *view.Scenario, groups, base []*view.Group) *panel {
	var values, tails span
	for _, g := range slices.Concat(groups, base) {
		if g == nil {
			continue
		}
		for _, point := range append(view.Curve(g.ResponseTimes()), view.Curve(g.ServiceTimes())...) {
			values.add(point.Seconds)
			tails.add(point.Tail)
		}
	}
	if values.empty() {
		return nil
	}
	promises := s.Promises(view.Response, view.Service)
	p := newPanel("percentile of "+s.Noun()+"s", "latency")
	y := scaling{logFrom: 0, label: duration}
	p.Add(grid{x: percentiles(&p.X, tails.high), y: y.set(&p.Y, y.reaching(values, limits(promises)...))})
	p.baseCurves(s, base)
	p.curves(s, groups)
	p.promise(promises, false)
	return p
}

// baseCurves draws the response times of the groups that others stand against.
func (p *panel) baseCurves(s *view.Scenario, base []*view.Group) {
	for _, g := range base {
		if g == nil {
			continue
		}
		if points := curve(g.ResponseTimes()); len(points) > 0 {
			p.draws(course{points: points, line: lookOf(s.Nth(g.Mode)).dashed()})
			p.tell(entry{text: "response time of the base", rank: ofFigures, line: look{Color: grey}.dashed()})
		}
	}
}

func modesOf(groups []*view.Group) (modes []string) {
	for _, g := range groups {
		modes = append(modes, g.Mode)
	}
	return modes
}

// curves draws the service times behind all response times: where no call had
// to wait they are the same.
func (p *panel) curves(s *view.Scenario, groups []*view.Group) {
	var responses []plotter.XYs
	for _, g := range groups {
		responses = append(responses, curve(g.ResponseTimes()))
		if service := curve(g.ServiceTimes()); len(service) > 0 {
			p.draws(course{points: service, line: lookOf(s.Nth(g.Mode)).wide()})
		}
	}
	hidden := hiding(responses)
	for i, g := range groups {
		if len(responses[i]) == 0 {
			continue
		}
		l := lookOf(s.Nth(g.Mode))
		p.draws(course{points: responses[i], line: above(l.line(), hidden[i])})
		p.Add(dots{points: landmarks(responses[i]), style: l.dot()})
		p.tell(entry{text: modeName(s, g.Mode), rank: ofModes, line: l.line(), marker: l.dot()})
		p.tell(entry{text: "response time", rank: ofFigures, line: look{Color: grey}.line()})
		if len(curve(g.ServiceTimes())) > 0 {
			p.tell(entry{text: "service time", rank: ofFigures, line: look{Color: grey}.wide()})
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
