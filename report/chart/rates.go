package chart

import (
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
)

// overRate draws what came of a rate that was asked for: how much of it was
// served, and how long calls took. A speedup would mean nothing here. It is
// nil without any value.
func overRate(sec view.Section) (*figure, error) {
	s := sec.Scenario
	f := &figure{width: 9 * vg.Inch, height: 4.4 * vg.Inch, about: sec.About, warning: s.Warning(), hint: s.Survivors(s.Groups)}
	f.title = sec.Title + ": throughput and response time over the offered rate"
	f.legend = append(modeLegend(s),
		entry{text: "p99", line: look{Color: grey}.line()},
		entry{text: "median", line: look{Color: grey}.dashed()},
		entry{text: "offered = served", line: reference})
	f.legend = append(f.legend, publishedLegend(s)...)
	var row []panel
	for _, of := range []func(*view.Scenario, span) (*panel, error){served, responses} {
		p, err := of(s, offered(s))
		if err != nil {
			return nil, err
		}
		if p != nil {
			row = append(row, *p)
		}
	}
	if len(row) == 0 {
		return nil, nil
	}
	f.panels = [][]panel{row}
	return f, nil
}

// reference is the line of an ideal.
var reference = draw.LineStyle{Color: grey, Width: 0.7}

// offered is the range of the sweep's rates.
func offered(s *view.Scenario) (rates span) {
	for _, at := range s.Places {
		rates.add(view.Value(at))
	}
	return rates
}

// ratePanel has the rates along x, from 0 on.
func ratePanel(s *view.Scenario, rates span, y string) (p *panel, lines []float64) {
	p = newPanel("offered rate (calls/s)", y)
	fromZero.set(&p.X, rates)
	var swept []float64
	for _, at := range s.Places {
		swept = append(swept, view.Value(at))
	}
	lines = named(&p.X, swept, number)
	if ticks := p.X.Tick.Marker.Ticks(0, 0); p.X.Norm(rates.low) > 0.05 {
		p.X.Tick.Marker = append(plot.ConstantTicks{{Value: 0, Label: "0"}}, ticks...)
	}
	return p, lines
}

var fromZero = scaling{logFrom: 1e99, tight: true, label: number}

// served draws throughput over offered rate, beside the line on which all that
// is offered is served.
func served(s *view.Scenario, rates span) (*panel, error) {
	values := extent(s, view.Rate)
	if rates.empty() || values.empty() {
		return nil, nil
	}
	p, x := ratePanel(s, rates, "throughput (calls/s)")
	p.Add(grid{x: x, y: scaling{logFrom: 1e99, label: number}.set(&p.Y, span{values.low, max(values.high, rates.high)})})
	end := min(p.X.Max, p.Y.Max)
	if err := addLine(p, plotter.XYs{{X: 0, Y: 0}, {X: end, Y: end}}, reference); err != nil {
		return nil, err
	}
	for i, mode := range s.Modes {
		if err := addMode(p, s.Along(mode), view.Rate, lookOf(i)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// responses draws the median and p99 of the response time over the rate.
func responses(s *view.Scenario, rates span) (*panel, error) {
	var values span
	for _, g := range s.Groups {
		values.add(g.Known(50), g.Known(99))
	}
	if rates.empty() || values.empty() {
		return nil, nil
	}
	p, x := ratePanel(s, rates, "response time")
	p.Add(grid{x: x, y: scaling{logFrom: 0, label: duration}.set(&p.Y, values)})
	for i, mode := range s.Modes {
		groups := slices.DeleteFunc(s.Along(mode), func(g *view.Group) bool { return g == nil })
		l := lookOf(i)
		for _, percentile := range []struct {
			percent float64
			style   draw.LineStyle
		}{{50, l.dashed()}, {99, l.line()}} {
			points := overPlaces(groups, percentile.percent)
			if err := addLine(p, points, percentile.style); err != nil {
				return nil, err
			}
			p.Add(dots{points, l.dot()})
		}
	}
	return p, nil
}

// overPlaces is a percentile of the response time at each place that has
// enough calls for it.
func overPlaces(groups []*view.Group, percent float64) (points plotter.XYs) {
	for _, g := range groups {
		x, y := view.Value(g.Sweep), g.Known(percent)
		if drawable(x) && drawable(y) {
			points = append(points, plotter.XY{X: x, Y: y})
		}
	}
	return points
}
