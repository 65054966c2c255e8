package chart

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// course is a line through points, with their markers; a single point becomes
// a dot. Its shifts move points aside, by so much each, where others stand in
// their way.
type course struct {
	points plotter.XYs
	line   draw.LineStyle
	marker draw.GlyphStyle
	shifts map[float64]vg.Length // by x
}

func (l course) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var at []vg.Point
	for _, point := range l.points {
		at = append(at, vg.Point{X: x(point.X) + l.shifts[point.X], Y: min(y(point.Y), c.Max.Y)})
	}
	switch {
	case len(at) > 1:
		c.StrokeLines(l.line, at)
	case len(at) == 1 && l.marker.Shape == nil:
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: l.line.Color, Radius: l.line.Width, Shape: draw.CircleGlyph{}}, at[0])
	}
	if l.marker.Shape == nil {
		return
	}
	for _, point := range at {
		c.DrawGlyphNoClip(l.marker, point)
	}
}

// dots are markers. Unlike plotter.Scatter they leave the axes where they are
// when one of them lies at the panel's edge.
type dots struct {
	points plotter.XYs
	style  draw.GlyphStyle
	shifts map[float64]vg.Length // by x
}

func (d dots) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, at := range d.points {
		c.DrawGlyphNoClip(d.style, vg.Point{X: x(at.X) + d.shifts[at.X], Y: y(at.Y)})
	}
}

// stem is a straight line between two points of the panel.
type stem struct {
	from, to plotter.XY
	style    draw.LineStyle
}

func (s stem) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	c.StrokeLine2(s.style, x(s.from.X), y(s.from.Y), x(s.to.X), y(s.to.Y))
}

// area fills what lies under a line of steps.
type area struct {
	points plotter.XYs
	color  color.Color
}

func (a area) Plot(c draw.Canvas, p *plot.Plot) {
	if len(a.points) == 0 {
		return
	}
	x, y := p.Transforms(&c)
	outline := []vg.Point{{X: x(a.points[0].X), Y: c.Min.Y}}
	for _, at := range a.points {
		outline = append(outline, vg.Point{X: x(at.X), Y: min(y(at.Y), c.Max.Y)})
	}
	c.FillPolygon(a.color, append(outline, vg.Point{X: outline[len(outline)-1].X, Y: c.Min.Y}))
}

// overflow marks where steps go on above the panel, up to which figure.
type overflow struct {
	points plotter.XYs
	color  color.Color
}

func overflowing(points plotter.XYs, top float64) bool {
	return slices.ContainsFunc(points, func(at plotter.XY) bool { return at.Y > top })
}

func (o overflow) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	free := c.Min.X - 1                       // of labels
	for i := 0; i+1 < len(o.points); i += 2 { // each step has two ends
		from, to := o.points[i], o.points[i+1]
		if from.Y <= p.Y.Max {
			continue
		}
		at := vg.Point{X: (x(from.X) + x(to.X)) / 2, Y: c.Max.Y - 4}
		if at.X < free {
			continue
		}
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: o.color, Radius: 3, Shape: wedge{0, 1}}, at)
		style := smallStyle
		style.Color, style.YAlign = o.color, draw.YCenter
		at.X += 5
		text := threeDigits(from.Y)
		written(c, style, at, text)
		free = at.X + style.Width(text) + 6
	}
}

// barLook is how bars are drawn: filled, and edged above and below.
type barLook struct {
	fill, edge color.Color
	height     vg.Length
}

func (b barLook) draw(c *draw.Canvas, left, right, y vg.Length) {
	low, high := y-b.height/2, y+b.height/2
	c.FillPolygon(b.fill, corners(left, low, right, high))
	if b.edge != nil {
		style := draw.LineStyle{Color: b.edge, Width: 0.7}
		c.StrokeLine2(style, left, low, right, low)
		c.StrokeLine2(style, left, high, right, high)
	}
}

// above makes bars higher that others would hide.
func (b barLook) above(hidden int) barLook {
	b.height += vg.Length(min(hidden, 4)) * 2.4
	return b
}

// piece is a figure that holds from one place on the x axis to another.
type piece struct{ from, to, value float64 }

// bars are figures that stand apart from each other, each over exactly the
// time that it is of.
type bars struct {
	pieces []piece
	look   barLook
}

func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, piece := range b.pieces {
		b.look.draw(&c, x(piece.from), max(x(piece.to), x(piece.from)+0.4), y(piece.value))
	}
}

// wedge is a triangle that points somewhere.
type wedge struct{ x, y vg.Length }

func (w wedge) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	r := style.Radius * 1.15
	ahead, aside := vg.Point{X: w.x * r, Y: w.y * r}, vg.Point{X: w.y * r, Y: w.x * r}
	c.FillPolygon(style.Color, []vg.Point{
		at.Add(ahead), at.Sub(ahead).Add(aside), at.Sub(ahead).Sub(aside),
	})
}

type diamond struct{}

func (diamond) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	r := style.Radius * 1.35
	c.FillPolygon(style.Color, []vg.Point{{X: at.X, Y: at.Y + r}, {X: at.X + r, Y: at.Y}, {X: at.X, Y: at.Y - r}, {X: at.X - r, Y: at.Y}})
}

// tick is a short upright line.
type tick struct{}

func (tick) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	c.StrokeLine2(draw.LineStyle{Color: style.Color, Width: 1.1}, at.X, at.Y-style.Radius, at.X, at.Y+style.Radius)
}

// hiding tells of each line how many of those after it run where it does, so
// that it would be hidden by them.
func hiding(lines []plotter.XYs) []int {
	counts := make([]int, len(lines))
	for i, line := range lines {
		for _, later := range lines[i+1:] {
			if coincide(line, later) {
				counts[i]++
			}
		}
	}
	return counts
}

// coincide tells whether nearly all of a line's points are another's, too.
func coincide(line, other plotter.XYs) bool {
	at := map[float64]float64{}
	for _, p := range other {
		at[p.X] = p.Y
	}
	same := 0
	for _, p := range line {
		if y, ok := at[p.X]; ok && math.Abs(y-p.Y) <= 0.01*math.Abs(p.Y) {
			same++
		}
	}
	return same > 0 && 10*same >= 9*len(line)
}

// above widens a line that others would hide, so that it shows on both sides
// of them.
func above(style draw.LineStyle, hidden int) draw.LineStyle {
	style.Width += vg.Length(min(hidden, 4)) * 1.8
	return style
}
