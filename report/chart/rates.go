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
	f := &figure{width: 8 * vg.Inch, body: 3.6 * vg.Inch, about: sec.About, warning: s.Warning(), hints: []string{s.Survivors(s.Groups)}}
	f.title = sec.Title + ": throughput and response time over the offered rate"
	modes := f.shown(s.Modes, mostLooks)
	var row []panel
	for _, of := range []func(*view.Scenario, []string) *panel{served, responses} {
		if p := of(s, modes); p != nil {
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

// decades is the ratio of rates from which they lie on a logarithmic axis.
const decades = 20

// ratePanel has the rates along x: from 0 on, or as powers of ten where they
// span decades.
func ratePanel(s *view.Scenario, y string) (p *panel, lines []float64) {
	rates, swept := sweptOf(s)
	p = newPanel("offered rate ("+s.Noun()+"s/s)", y)
	along := scaling{logFrom: decades, tight: true, label: number}
	along.set(&p.X, rates)
	lines = named(&p.X, swept, number)
	if ticks := p.X.Tick.Marker.Ticks(0, 0); !along.logs(rates) && p.X.Norm(rates.low) > 0.05 {
		p.X.Tick.Marker = append(plot.ConstantTicks{{Value: 0, Label: "0"}}, ticks...)
	}
	return p, lines
}

// served draws throughput over offered rate, beside the line on which all that
// is offered is served.
func served(s *view.Scenario, modes []string) *panel {
	rates, _ := sweptOf(s)
	values := extent(s, modes, view.Rate)
	if rates.empty() || values.empty() {
		return nil
	}
	p, x := ratePanel(s, "throughput ("+s.Noun()+"s/s)")
	y := scaling{logFrom: 1e99, label: number}
	low := 0.0
	if p.X.Min > 0 { // the ideal is straight where both are logarithmic
		y.logFrom, low = 0, p.X.Min
	}
	values.add(rates.high)
	promises := s.Promises(view.Rate)
	p.Add(grid{x: x, y: y.set(&p.Y, y.reaching(values, limits(promises)...))})
	low = max(low, p.Y.Min)
	high := min(p.X.Max, p.Y.Max)
	p.draws(course{points: plotter.XYs{{X: low, Y: low}, {X: high, Y: high}}, line: reference})
	p.tell(entry{text: "all that is offered is served", rank: ofAside, line: reference})
	p.sweep(s, modes, view.Rate)
	p.nothing(s, modes)
	p.promise(promises, false)
	return p
}

// nothing marks the rates at which no call succeeded.
func (p *panel) nothing(s *view.Scenario, modes []string) {
	for _, mode := range modes {
		for _, g := range s.Along(mode) {
			if g == nil || g.ThroughputPerS != 0 || !drawable(view.Value(g.Sweep)) {
				continue
			}
			none := draw.GlyphStyle{Color: lookOf(s.Nth(mode)), Radius: 4.5, Shape: draw.CrossGlyph{}}
			p.Add(dots{points: plotter.XYs{{X: view.Value(g.Sweep), Y: p.Y.Min}}, style: none})
			none.Color = grey
			p.tell(entry{text: "nothing was served", rank: ofFigures, marker: none})
		}
	}
}

// responses draws the median and p99 of the response time over the rate.
func responses(s *view.Scenario, modes []string) *panel {
	medians, tails := overPlaces(s, modes, 50), overPlaces(s, modes, 99)
	var values span
	for _, line := range append(slices.Clone(medians), tails...) {
		for _, at := range line {
			values.add(at.Y)
		}
	}
	rates, _ := sweptOf(s)
	if rates.empty() || values.empty() {
		return nil
	}
	promises := s.Promises(view.Response)
	p, x := ratePanel(s, "response time")
	y := scaling{logFrom: 0, label: duration}
	p.Add(grid{x: x, y: y.set(&p.Y, y.reaching(values, limits(promises)...))})
	for i, mode := range modes {
		if len(medians[i]) > 0 {
			p.draws(course{points: medians[i], line: lookOf(s.Nth(mode)).wide()})
			p.tell(entry{text: "median response time", rank: ofFigures, line: look{Color: grey}.wide()})
		}
	}
	hidden := hiding(tails)
	for i, mode := range modes {
		if l := lookOf(s.Nth(mode)); len(tails[i]) > 0 {
			p.draws(course{points: tails[i], line: above(l.longDashed(), hidden[i]), marker: l.dot()})
			p.tell(entry{text: "p99 of response time", rank: ofFigures, line: look{Color: grey}.longDashed()})
		}
	}
	p.promise(promises, false)
	return p
}

// overPlaces is a percentile of the response time at each place that has
// enough calls for it, mode by mode.
func overPlaces(s *view.Scenario, modes []string, percent float64) []plotter.XYs {
	lines := make([]plotter.XYs, len(modes))
	for i, mode := range modes {
		for _, g := range s.Along(mode) {
			if g == nil {
				continue
			}
			x, y := view.Value(g.Sweep), g.Known(percent)
			if drawable(x) && drawable(y) {
				lines[i] = append(lines[i], plotter.XY{X: x, Y: y})
			}
		}
	}
	return lines
}
