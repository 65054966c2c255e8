package chart

import (
	"image/color"

	"golang.org/x/image/font"
	"gonum.org/v1/plot"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// palette is Okabe and Ito's, which colour-blind readers can tell apart, less
// its yellow, which is too light for a line on white.
var palette = [...]color.RGBA{
	{0x00, 0x72, 0xB2, 0xFF}, // blue
	{0xD5, 0x5E, 0x00, 0xFF}, // vermilion
	{0x00, 0x9E, 0x73, 0xFF}, // green
	{0xCC, 0x79, 0xA7, 0xFF}, // purple
	{0xE6, 0x9F, 0x00, 0xFF}, // orange
	{0x56, 0xB4, 0xE9, 0xFF}, // sky
	{0x33, 0x33, 0x33, 0xFF}, // black
}

// shapes tell modes apart where colours run out, and in black and white.
var shapes = [...]draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}}

var (
	ink      = color.RGBA{0x22, 0x22, 0x22, 0xFF}
	grey     = color.RGBA{0x66, 0x66, 0x66, 0xFF}
	gridGrey = color.RGBA{0xE2, 0xE2, 0xE2, 0xFF}

	titleStyle   = textStyle(13, font.WeightBold, ink)
	aboutStyle   = textStyle(10, font.WeightNormal, grey)
	warningStyle = textStyle(10, font.WeightBold, palette[1])
	labelStyle   = textStyle(10, font.WeightNormal, ink)
	tickStyle    = textStyle(9, font.WeightNormal, ink)

	dashes = []vg.Length{4, 3}
	points = []vg.Length{1.5, 1.5}
)

func textStyle(size vg.Length, weight font.Weight, c color.Color) draw.TextStyle {
	return draw.TextStyle{
		Color:   c,
		Font:    plotfont.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight, Size: size},
		Handler: plot.DefaultTextHandler,
	}
}

// look is how the n-th mode is drawn.
type look struct {
	color.Color
	shape draw.GlyphDrawer
}

func lookOf(n int) look {
	return look{palette[n%len(palette)], shapes[(n/len(palette)+n)%len(shapes)]}
}

func (l look) line() draw.LineStyle { return draw.LineStyle{Color: l.Color, Width: 1.6} }

func (l look) dashed() draw.LineStyle {
	return draw.LineStyle{Color: l.Color, Width: 1.2, Dashes: dashes}
}

// dotted is for failures.
func (l look) dotted() draw.LineStyle {
	return draw.LineStyle{Color: l.Color, Width: 1.8, Dashes: points}
}

func (l look) dot() draw.GlyphStyle {
	return draw.GlyphStyle{Color: l.Color, Radius: 2.6, Shape: l.shape}
}

// published is the hollow marker of a published figure.
func (l look) published() draw.GlyphStyle {
	return draw.GlyphStyle{Color: l.Color, Radius: 5, Shape: draw.RingGlyph{}}
}

// newPanel makes a panel in the house style, with the axes' names.
func newPanel(x, y string) *panel {
	p := plot.New()
	p.BackgroundColor = nil // the figure has one
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		style := tickStyle
		style.XAlign, style.YAlign = axis.Tick.Label.XAlign, axis.Tick.Label.YAlign
		axis.Tick.Label = style
		axis.Padding = 0
		axis.LineStyle = draw.LineStyle{Color: grey, Width: 0.6}
		axis.Tick.LineStyle = axis.LineStyle
		axis.Tick.Length = 4
	}
	return &panel{Plot: p, x: x, y: y}
}

// grid draws light lines across the panel, or strong ones that mean something.
type grid struct {
	x, y   []float64
	strong bool
}

func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	style := draw.LineStyle{Color: gridGrey, Width: 0.6}
	if g.strong {
		style = draw.LineStyle{Color: grey, Width: 0.8, Dashes: dashes}
	}
	x, y := p.Transforms(&c)
	for _, v := range g.x {
		c.StrokeLine2(style, x(v), c.Min.Y, x(v), c.Max.Y)
	}
	for _, v := range g.y {
		c.StrokeLine2(style, c.Min.X, y(v), c.Max.X, y(v))
	}
}

// bar is a straight line between two points of the panel: an interval, or the
// stem of a dot.
type bar struct {
	from, to plotter.XY
	color    color.Color
}

const barWidth = vg.Length(1.2)

func (b bar) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	c.StrokeLine2(draw.LineStyle{Color: b.color, Width: barWidth}, x(b.from.X), y(b.from.Y), x(b.to.X), y(b.to.Y))
}

// faint is a lighter shade.
func faint(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	mix := func(v uint32) uint8 { return uint8((v>>8)*2/5 + 0xFF*3/5) }
	return color.RGBA{mix(r), mix(g), mix(b), 0xFF}
}

// addLine adds a line through points, which must be finite; a single one
// becomes a dot.
func addLine(p *panel, points plotter.XYs, style draw.LineStyle) error {
	switch len(points) {
	case 0:
		return nil
	case 1:
		p.Add(dots{points, draw.GlyphStyle{Color: style.Color, Radius: style.Width, Shape: draw.CircleGlyph{}}})
		return nil
	}
	line, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	line.LineStyle = style
	p.Add(line)
	return nil
}

// dots are markers. Unlike plotter.Scatter they leave the axes where they are
// when one of them lies at the panel's edge.
type dots struct {
	points plotter.XYs
	style  draw.GlyphStyle
}

func (d dots) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, at := range d.points {
		c.DrawGlyphNoClip(d.style, vg.Point{X: x(at.X), Y: y(at.Y)})
	}
}
