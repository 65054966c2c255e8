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
	f := &figure{width: 8 * vg.Inch, height: 4.8 * vg.Inch, title: sec.Title + ": " + answer, about: sec.About, hint: headroom}
	latencies, err := loadPanel(s, s.LoadLatencies(), "response time", scaling{logFrom: 0, label: duration})
	if err != nil || latencies == nil {
		return nil, err
	}
	f.panels = [][]panel{{*latencies}}
	if failures := s.LoadErrors(); anyAbove(failures) {
		p, err := loadPanel(s, []view.LoadCourse{failures}, "errors (%)", scaling{logFrom: 1e99, labels: 5, label: number})
		if err != nil {
			return nil, err
		}
		if p != nil {
			f.height = 6.5 * vg.Inch
			f.panels = append(f.panels, []panel{*p})
			f.panels[0][0].x, f.panels[0][0].X.Tick.Marker = "", plot.ConstantTicks(nil)
		}
	}
	f.legend = loadLegend(s)
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
	promiseLine  = draw.LineStyle{Color: brokenColour, Width: 1, Dashes: dashes}
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

func loadLegend(s *view.Scenario) (entries []entry) {
	for i, course := range s.LoadLatencies() {
		entries = append(entries, entry{text: course.Name, line: loadLine(i)})
	}
	entries = append(entries,
		entry{text: "promises kept", marker: verdictDot(view.LoadPoint{Kept: true})},
		entry{text: "broken", marker: verdictDot(view.LoadPoint{})})
	for _, p := range s.LoadErrors().Points {
		if p.Void {
			entries = append(entries, entry{text: "void: the generator fell behind", marker: verdictDot(p)})
			break
		}
	}
	entries = append(entries, entry{text: "promised", line: promiseLine})
	if s.Capacity.Bound == result.Found {
		entries = append(entries, entry{text: "capacity, 95 % interval", line: edgeLine})
	}
	return entries
}

// loadLine is how the n-th latency is drawn: the median first.
func loadLine(n int) draw.LineStyle {
	l := look{Color: ink}
	switch n {
	case 0:
		return look{Color: grey}.dashed()
	case 1:
		return l.line()
	}
	return lookOf(n).line()
}

// loadPanel draws courses over the load; nil without any value.
func loadPanel(s *view.Scenario, courses []view.LoadCourse, label string, along scaling) (*panel, error) {
	var loads, values span
	for _, c := range courses {
		values.add(c.Limit)
		for _, p := range c.Points {
			loads.add(p.Level)
			values.add(p.Value)
		}
	}
	if loads.empty() || values.empty() {
		return nil, nil
	}
	name, unit := view.AxisLabel(s.Axis)
	if unit != "" {
		name += " (calls" + unit + ")"
	}
	p := newPanel(name, label)
	x, y := scaling{logFrom: 4, tight: true, label: number}.set(&p.X, loads), along.set(&p.Y, values)
	if c := s.Capacity; c.Bound == result.Found {
		p.Add(band{from: c.Low, to: c.High})
	}
	p.Add(grid{x: x, y: y})
	for i, c := range courses {
		if err := p.addCourse(c, loadLine(i)); err != nil {
			return nil, err
		}
	}
	if c := s.Capacity; c.Bound == result.Found {
		p.Add(rule{at: c.Value, style: edgeLine, upright: true})
	}
	return p, nil
}

// addCourse draws one figure: its line, the promise, and every step.
func (p *panel) addCourse(c view.LoadCourse, style draw.LineStyle) error {
	fits := func(v float64) bool { return drawable(v) || v == 0 && p.Y.Min == 0 }
	var line plotter.XYs
	for _, at := range c.Line {
		if drawable(at.Level) && fits(at.Value) {
			line = append(line, plotter.XY{X: at.Level, Y: at.Value})
		}
	}
	if err := addLine(p, line, style); err != nil {
		return err
	}
	if fits(c.Limit) && c.Rule != "" {
		p.Add(rule{at: c.Limit, style: promiseLine, text: c.Rule})
	}
	for _, at := range c.Points {
		marker := verdictDot(at)
		if c.Rule == "" { // nothing was promised of it
			marker = draw.GlyphStyle{Color: style.Color, Radius: 1.8, Shape: draw.CircleGlyph{}}
		}
		if drawable(at.Level) && fits(at.Value) {
			p.Add(dots{plotter.XYs{{X: at.Level, Y: at.Value}}, marker})
		}
	}
	return nil
}

// band shades what lies between two values of x.
type band struct{ from, to float64 }

func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	left, right := max(c.Min.X, x(max(b.from, p.X.Min))), min(c.Max.X, x(min(b.to, p.X.Max)))
	right = max(right, left+0.5) // an interval without a width is seen, too
	c.FillPolygon(edgeShade, []vg.Point{{X: left, Y: c.Min.Y}, {X: right, Y: c.Min.Y}, {X: right, Y: c.Max.Y}, {X: left, Y: c.Max.Y}})
}

// rule is a line across the panel, upright or level, with a text at its
// beginning.
type rule struct {
	at      float64
	style   draw.LineStyle
	upright bool
	text    string
}

func (r rule) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	if r.upright {
		if r.at >= p.X.Min && r.at <= p.X.Max {
			c.StrokeLine2(r.style, x(r.at), c.Min.Y, x(r.at), c.Max.Y)
		}
		return
	}
	c.StrokeLine2(r.style, c.Min.X, y(r.at), c.Max.X, y(r.at))
	style := tickStyle
	style.Color, style.YAlign = r.style.Color, draw.YBottom
	c.FillText(style, vg.Point{X: c.Min.X + 4, Y: y(r.at) + 2}, r.text)
}
