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

// capacity draws what a search saw: response times over the load, and below
// them the share of errors where there were any; each step is a
// marker, and the edge stands with its interval behind all. It is nil without
// any step.
func capacity(sec view.Section) (*figure, error) {
	s := sec.Scenario
	answer, headroom := s.Answer()
	f := &figure{width: 8 * vg.Inch, body: 4.2 * vg.Inch, title: sec.Title + ": " + answer, about: sec.About, warning: s.Warning(), hints: []string{headroom}}
	latencies := loadPanel(s, s.LoadLatencies(), loadLine, "response time", scaling{logFrom: 0, label: duration})
	if latencies == nil {
		return nil, nil
	}
	f.panels = [][]panel{{*latencies}}
	if failures := s.LoadErrors(); anyAbove(failures) {
		if p := loadPanel(s, []view.LoadCourse{failures}, func(int) draw.LineStyle { return failureLine }, "errors (%)", scaling{logFrom: 1e99, labels: 5, label: number}); p != nil {
			f.body = 5.8 * vg.Inch
			f.panels = append(f.panels, []panel{*p})
			f.panels[0][0].x, f.panels[0][0].X.Tick.Marker = "", plot.ConstantTicks(nil)
		}
	}
	return f, nil
}

func anyAbove(course view.LoadCourse) bool {
	for _, p := range course.Points {
		if p.Value > 0 {
			return true
		}
	}
	return false
}

// The colours of verdicts, and how the edge is drawn.
var (
	keptColour   = palette[2]
	brokenColour = palette[1]
	voidColour   = grey
	edgeShade    = color.RGBA{0xDD, 0xE9, 0xF3, 0xFF}
	edgeLine     = draw.LineStyle{Color: palette[0], Width: 1.2}
)

// verdictDot is the marker of a step.
func verdictDot(p view.LoadPoint) draw.GlyphStyle {
	switch {
	case p.Void:
		return draw.GlyphStyle{Color: voidColour, Radius: 3.2, Shape: draw.CrossGlyph{}}
	case p.Kept:
		return draw.GlyphStyle{Color: keptColour, Radius: 3, Shape: draw.CircleGlyph{}}
	}
	return draw.GlyphStyle{Color: brokenColour, Radius: 3.2, Shape: draw.PyramidGlyph{}}
}

// loadLine is how the n-th latency is drawn: the median first. Colours of
// verdicts are none of a latency's.
func loadLine(n int) draw.LineStyle {
	if n == 0 {
		return look{Color: grey}.dashed()
	}
	return look{Color: []color.Color{ink, palette[3], palette[5], palette[4]}[(n-1)%4]}.line()
}

// failureLine is how shares of errors are.
var failureLine = look{Color: ink}.dotted()

// loadPanel draws courses over the load; nil without any value.
func loadPanel(s *view.Scenario, courses []view.LoadCourse, lines func(n int) draw.LineStyle, label string, along scaling) *panel {
	var loads, values span
	var promises []view.Promise
	for _, c := range courses {
		for _, p := range c.Points {
			loads.add(p.Level)
			values.add(p.Value)
		}
		if c.Rule != "" {
			promises = append(promises, view.Promise{Text: c.Rule, Limit: c.Limit})
		}
	}
	if loads.empty() || values.empty() {
		return nil
	}
	name, unit := view.AxisLabel(s.Axis)
	if unit != "" {
		name += " (" + s.Noun() + "s" + unit + ")"
	}
	p := newPanel(name, label)
	x := scaling{logFrom: 4, tight: true, label: number}
	xs, ys := x.set(&p.X, x.reaching(loads, s.Capacity.PeakLoad)), along.set(&p.Y, along.reaching(values, limits(promises)...))
	p.edge(s.Capacity.Capacity, grid{x: xs, y: ys})
	for i, c := range courses {
		p.course(c, lines(i))
	}
	if peak := s.Capacity.PeakLoad; drawable(peak) {
		p.Add(rules{lines: []view.Promise{{Text: "expected peak", Limit: peak}}, style: baselineLine, upright: true})
	}
	p.promise(promises, false)
	return p
}

// edge draws the answer of a search, with its interval behind the grid.
func (p *panel) edge(c *result.Capacity, behind grid) {
	if c.Bound != result.Found || !drawable(c.Value) {
		p.Add(behind)
		return
	}
	if c.High >= c.Low && c.High >= p.X.Min && c.Low <= p.X.Max {
		p.Add(band{from: c.Low, to: c.High})
		p.tell(entry{text: "its 95 % interval", rank: ofAside, area: edgeShade})
	}
	p.Add(behind, upright{at: c.Value, style: edgeLine})
	if c.Value >= p.X.Min && c.Value <= p.X.Max {
		p.legend = append([]entry{{text: "capacity", rank: ofAside, line: edgeLine}}, p.legend...)
	}
}

// course draws one figure: its line and every step.
func (p *panel) course(c view.LoadCourse, style draw.LineStyle) {
	fits := func(v float64) bool { return drawable(v) || v == 0 && p.Y.Min == 0 }
	var line plotter.XYs
	for _, at := range c.Line {
		if drawable(at.Level) && fits(at.Value) {
			line = append(line, plotter.XY{X: at.Level, Y: at.Value})
		}
	}
	e := entry{text: c.Name, rank: ofModes, line: style}
	if c.Rule == "" { // nothing was promised of it, so its steps have no verdict
		e.marker = draw.GlyphStyle{Color: style.Color, Radius: 1.8, Shape: draw.CircleGlyph{}}
	}
	if len(line) > 0 {
		p.draws(course{points: line, line: style})
		p.tell(e)
	}
	for _, at := range c.Points {
		if !drawable(at.Level) || !fits(at.Value) {
			continue
		}
		marker := e.marker
		if c.Rule != "" {
			marker = verdictDot(at)
			p.tell(entry{text: verdictOf(at), rank: ofFigures, marker: marker})
		}
		p.Add(dots{points: plotter.XYs{{X: at.Level, Y: at.Value}}, style: marker})
	}
}

func verdictOf(p view.LoadPoint) string {
	switch {
	case p.Void:
		return "void: the generator fell behind"
	case p.Kept:
		return "all promises kept"
	}
	return "a promise broken"
}

// band shades what lies between two values of x.
type band struct{ from, to float64 }

func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	left, right := max(c.Min.X, x(max(b.from, p.X.Min))), min(c.Max.X, x(min(b.to, p.X.Max)))
	right = max(right, left+0.5) // an interval without a width is seen, too
	c.FillPolygon(edgeShade, corners(left, c.Min.Y, right, c.Max.Y))
}

// upright is a line at a value of x, as far as it is in the panel.
type upright struct {
	at    float64
	style draw.LineStyle
}

func (u upright) Plot(c draw.Canvas, p *plot.Plot) {
	if x, _ := p.Transforms(&c); u.at >= p.X.Min && u.at <= p.X.Max {
		c.StrokeLine2(u.style, x(u.at), c.Min.Y, x(u.at), c.Max.Y)
	}
}
