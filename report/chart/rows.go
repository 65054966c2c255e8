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

// sideBySide draws a metric of modes that were not swept: a row for each, with
// every repetition as a light tick behind their merger; nil without any value.
func sideBySide(s *view.Scenario, modes []string, metric string) *panel {
	values := extent(s, modes, metric)
	for _, g := range shownGroups(s.Groups, modes) {
		for _, t := range g.Trials {
			values.add(repetition(t, metric))
		}
	}
	if values.empty() {
		return nil
	}
	label, along := axisOf(s, metric)
	along.logFrom = 100 // lengths from 0 are easier to compare
	promises := s.Promises(metric)
	values = along.reaching(values, append(ends(s, modes, metric), limits(promises)...)...)
	p := newPanel(label, "")
	var names []plot.Tick
	for i, mode := range modes {
		names = append(names, plot.Tick{Value: float64(-i), Label: shortName(s, mode, 26)})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(names)
	p.Y.Tick.Length = 0
	p.Y.Min, p.Y.Max = 0.5-float64(len(modes)), 0.5
	p.Y.Max += labelRoom * float64(labelled(s))
	along.labels = 6
	p.Add(grid{x: along.set(&p.X, values)})
	for i, mode := range modes {
		if g := s.Group(mode, s.Places[0]); g != nil {
			p.row(s, g, metric, float64(-i))
		}
		if mode == s.Baseline && metric == view.Speedup {
			p.Add(dots{points: plotter.XYs{{X: 1, Y: float64(-i)}}, style: lookOf(i).dot()})
		}
	}
	var others []view.Promise
	if metric == view.Speedup {
		others = baseline(s)
	}
	p.promise(promises, true, others...)
	p.Add(rules{lines: others, style: baselineLine, upright: true})
	return p
}

// labelRoom is what a label above the rows takes, as a share of a row.
const labelRoom = 0.4

// labelled is how many labels stand above the rows at most, in all panels
// alike.
func labelled(s *view.Scenario) int {
	speedups := 0
	if s.Baseline != "" {
		speedups = 1 + len(s.Promises(view.Speedup))
	}
	return min(mostLabels, max(speedups, len(s.Promises(s.Judged()))))
}

// row draws one mode beside others.
func (p *panel) row(s *view.Scenario, g *view.Group, metric string, y float64) {
	l := lookOf(s.Nth(g.Mode))
	var repetitions plotter.XYs
	for _, t := range g.Trials {
		if v := repetition(t, metric); drawable(v) && len(g.Trials) > 1 {
			repetitions = append(repetitions, plotter.XY{X: v, Y: y})
		}
	}
	v := g.Measured(metric)
	measured := drawable(v) || v == 0 && p.X.Min == 0
	if measured && p.X.Min == 0 { // only then has a stem's length a meaning
		p.Add(stem{plotter.XY{X: 0, Y: y}, plotter.XY{X: v, Y: y}, draw.LineStyle{Color: faint(l), Width: 1.2}})
	}
	if len(repetitions) > 0 {
		p.Add(dots{points: repetitions, style: repeated(l)})
		p.tell(entry{text: "each repetition", rank: ofFigures, marker: repeated(grey)})
	}
	if low, high, ok := intervalOf(g, metric); ok {
		i := interval{at: y, low: low, high: high, level: true, color: l}
		p.Add(i)
		p.tell(intervalEntries(i.cutOff(p.X))...)
	}
	if measured {
		p.Add(dots{points: plotter.XYs{{X: v, Y: y}}, style: l.dot()})
	}
	if v, ok := g.Published(metric); ok && drawable(v) {
		p.Add(dots{points: plotter.XYs{{X: v, Y: y}}, style: l.published()})
		p.tell(publishedEntry(s))
	}
}

// repeated is the marker of one repetition, behind that of all.
func repeated(c color.Color) draw.GlyphStyle {
	return draw.GlyphStyle{Color: faint(c), Radius: vg.Length(5), Shape: tick{}}
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
