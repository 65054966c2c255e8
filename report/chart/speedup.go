package chart

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// speedup compares the modes: over the sweep's axis, or side by side where
// nothing is swept; a sweep over rates is overRate's. It is nil where there is
// nothing to compare.
func speedup(sec view.Section) (*figure, error) {
	s := sec.Scenario
	if len(s.Groups) < 2 {
		return nil, nil
	}
	if s.Axis == result.AxisRate && len(s.Places) > 1 {
		return overRate(sec)
	}
	f := &figure{width: 9 * vg.Inch, height: 4.4 * vg.Inch, about: sec.About, warning: s.Warning(), panels: make([][]panel, 1)}
	f.title = sec.Title + ": " + view.MetricName(s.Judged())
	metrics := []string{s.Judged()}
	if s.Baseline != "" {
		f.title += " and speedup over " + modeName(s.Baseline)
		metrics = append(metrics, view.Speedup)
	}
	panelOf := overSweep
	if len(s.Places) == 1 {
		panelOf = sideBySide
		f.height = vg.Length(1.6+0.35*float64(len(s.Modes))) * vg.Inch
		if len(s.Groups[0].Trials) > 1 {
			f.legend = append(f.legend, entry{text: "each repetition", marker: repeated(grey)})
		}
	} else {
		f.legend = append(modeLegend(s), lawLegend(s, metrics)...)
	}
	f.legend = append(f.legend, publishedLegend(s)...)
	if s.HasIntervals() {
		f.legend = append(f.legend, entry{text: "95 % interval", line: draw.LineStyle{Color: grey, Width: barWidth}})
	}
	for _, m := range metrics {
		p, err := panelOf(s, m)
		if err != nil {
			return nil, err
		}
		if p != nil {
			f.panels[0] = append(f.panels[0], *p)
		}
	}
	if len(f.panels[0]) == 0 {
		return nil, nil
	}
	return f, nil
}

// axisOf is how a metric's values lie along an axis, and what it is called.
func axisOf(metric string) (label string, values scaling) {
	switch metric {
	case view.Makespan:
		return "makespan", scaling{logFrom: 20, label: duration}
	case view.Rate:
		return "throughput (calls/s)", scaling{logFrom: 50, label: number}
	}
	return "speedup", scaling{logFrom: 100, label: number}
}

// modeLegend has a line for each mode.
func modeLegend(s *view.Scenario) (entries []entry) {
	for i, mode := range s.Modes {
		entries = append(entries, entry{text: modeName(mode), line: lookOf(i).line(), marker: lookOf(i).dot()})
	}
	return entries
}

// publishedLegend explains the figures beside the measured ones.
func publishedLegend(s *view.Scenario) (entries []entry) {
	if source, ok := s.Source(); ok {
		text := "published"
		if source != "" {
			text += ": " + cut(source, 80)
		}
		entries = append(entries, entry{text: text, marker: look{Color: grey}.published()})
	}
	return entries
}

// extent is the range of all that a panel shows of a metric.
func extent(s *view.Scenario, metric string) (values span) {
	for _, g := range s.Groups {
		values.add(g.Measured(metric))
		if v, ok := g.Published(metric); ok {
			values.add(v)
		}
		if low, high, ok := g.Interval(); ok && metric == view.Speedup {
			values.add(low, high)
		}
	}
	if metric == view.Speedup && !values.empty() {
		values.add(1)
	}
	return values
}

// overSweep draws a metric over the sweep's axis, a line for each mode; nil
// without any value.
func overSweep(s *view.Scenario, metric string) (*panel, error) {
	var places span
	var swept []float64
	for _, at := range s.Places {
		swept = append(swept, view.Value(at))
	}
	places.add(swept...)
	values := extent(s, metric)
	further, higher := lawSpans(s, metric)
	places.add(further.low, further.high)
	values.add(higher.low, higher.high)
	if places.empty() || values.empty() {
		return nil, nil
	}
	name, unit := view.AxisLabel(s.Axis)
	if unit != "" {
		name += " (calls" + unit + ")"
	}
	label, along := axisOf(metric)
	p := newPanel(name, label)
	scaling{logFrom: 4, tight: true, label: number}.set(&p.X, places)
	p.Add(grid{x: named(&p.X, swept, number), y: along.set(&p.Y, values)})
	if metric == view.Speedup {
		p.Add(grid{y: []float64{1}, strong: true})
	}
	for i, mode := range s.Modes {
		if err := addMode(p, s.Along(mode), metric, lookOf(i)); err != nil {
			return nil, err
		}
	}
	for _, law := range laws(s, metric) {
		if err := addLaw(p, s, law, metric, lookOf(s.Nth(law.Mode))); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// addMode draws one mode: its line, its intervals, and the published figures
// as hollow markers.
func addMode(p *panel, groups []*view.Group, metric string, l look) error {
	var measured, published plotter.XYs
	for _, g := range groups {
		if g == nil || !drawable(view.Value(g.Sweep)) {
			continue
		}
		x := view.Value(g.Sweep)
		if v := g.Measured(metric); drawable(v) {
			measured = append(measured, plotter.XY{X: x, Y: v})
		}
		if v, ok := g.Published(metric); ok && drawable(v) {
			published = append(published, plotter.XY{X: x, Y: v})
		}
		if low, high, ok := g.Interval(); ok && metric == view.Speedup && drawable(low) && drawable(high) {
			p.Add(bar{from: plotter.XY{X: x, Y: low}, to: plotter.XY{X: x, Y: high}, color: l})
		}
	}
	if err := addLine(p, measured, l.line()); err != nil {
		return err
	}
	p.Add(dots{measured, l.dot()}, dots{published, l.published()})
	return nil
}

// sideBySide draws a metric of modes that were not swept: a row for each, with
// every repetition as a light dot behind their merger; nil without any value.
func sideBySide(s *view.Scenario, metric string) (*panel, error) {
	values := extent(s, metric)
	for _, g := range s.Groups {
		for _, t := range g.Trials {
			values.add(repetition(t, metric))
		}
	}
	if values.empty() {
		return nil, nil
	}
	label, along := axisOf(metric)
	along.logFrom = 100 // lengths from 0 are easier to compare
	p := newPanel(label, "")
	var names []plot.Tick
	for i, mode := range s.Modes {
		names = append(names, plot.Tick{Value: float64(-i), Label: modeName(mode)})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(names)
	p.Y.Tick.Length = 0
	p.Y.Min, p.Y.Max = 0.5-float64(len(s.Modes)), 0.5
	p.Add(grid{x: along.set(&p.X, values)})
	if metric == view.Speedup {
		p.Add(grid{x: []float64{1}, strong: true})
	}
	for i, mode := range s.Modes {
		if g := s.Group(mode, s.Places[0]); g != nil {
			addRow(p, g, metric, float64(-i), lookOf(i))
		}
		if mode == s.Baseline && metric == view.Speedup {
			p.Add(dots{plotter.XYs{{X: 1, Y: float64(-i)}}, lookOf(i).dot()})
		}
	}
	return p, nil
}

// addRow draws one mode beside others.
func addRow(p *panel, g *view.Group, metric string, y float64, l look) {
	var repetitions, measured, published plotter.XYs
	if v := g.Measured(metric); drawable(v) || v == 0 && p.X.Min == 0 {
		measured = plotter.XYs{{X: v, Y: y}}
		if p.X.Min == 0 { // only then has a stem's length a meaning
			p.Add(bar{from: plotter.XY{X: 0, Y: y}, to: measured[0], color: faint(l)})
		}
	}
	for _, t := range g.Trials {
		if v := repetition(t, metric); drawable(v) && len(g.Trials) > 1 {
			repetitions = append(repetitions, plotter.XY{X: v, Y: y})
		}
	}
	if low, high, ok := g.Interval(); ok && metric == view.Speedup && drawable(low) && drawable(high) {
		p.Add(bar{from: plotter.XY{X: low, Y: y}, to: plotter.XY{X: high, Y: y}, color: l})
	}
	if v, ok := g.Published(metric); ok && drawable(v) {
		published = plotter.XYs{{X: v, Y: y}}
	}
	p.Add(dots{repetitions, repeated(l)}, dots{measured, l.dot()}, dots{published, l.published()})
}

// repeated is the marker of one repetition, behind that of all.
func repeated(c color.Color) draw.GlyphStyle {
	return draw.GlyphStyle{Color: faint(c), Radius: 4, Shape: draw.RingGlyph{}}
}

// repetition is one trial's figure of a metric; 0 where there is none.
func repetition(t *result.Trial, metric string) float64 {
	switch metric {
	case view.Makespan:
		return t.MakespanS
	case view.Rate:
		return t.ThroughputPerS
	}
	return 0
}
