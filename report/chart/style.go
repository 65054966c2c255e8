package chart

import (
	"image/color"

	"golang.org/x/image/font"
	"gonum.org/v1/plot"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
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
var shapes = [...]draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, wedge{0, -1}, diamond{}}

// mostLooks is how many modes look different from each other: each colour
// with each shape. mostColours is as many where there are only colours.
const (
	mostLooks   = len(palette) * len(shapes)
	mostColours = len(palette)
)

var (
	ink      = color.RGBA{0x22, 0x22, 0x22, 0xFF}
	grey     = color.RGBA{0x66, 0x66, 0x66, 0xFF}
	gridGrey = color.RGBA{0xE2, 0xE2, 0xE2, 0xFF}

	titleStyle   = textStyle(13, font.WeightBold, ink)
	aboutStyle   = textStyle(10, font.WeightNormal, grey)
	warningStyle = textStyle(10, font.WeightBold, palette[1])
	labelStyle   = textStyle(10, font.WeightNormal, ink)
	tickStyle    = textStyle(9, font.WeightNormal, ink)
	smallStyle   = textStyle(8.5, font.WeightNormal, ink)

	dashes   = []vg.Length{4, 3}
	points   = []vg.Length{1.5, 1.5}
	long     = []vg.Length{9, 3}
	fine     = []vg.Length{1, 2}
	dashDots = []vg.Length{8, 2.5, 1.5, 2.5}
)

// Looks that mean the same in every chart. Within a chart no other is drawn
// alike.
var (
	promiseLine  = draw.LineStyle{Color: ink, Width: 0.9, Dashes: dashDots}
	baselineLine = draw.LineStyle{Color: grey, Width: 0.9, Dashes: fine}
)

// writing is how texts of all charts are measured and drawn.
var writing = &letters{text.Plain{Fonts: plotfont.DefaultCache}, otherFonts}

func textStyle(size vg.Length, weight font.Weight, c color.Color) draw.TextStyle {
	return draw.TextStyle{
		Color:   c,
		Font:    plotfont.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight, Size: size},
		Handler: writing,
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

// line is for what a chart is about.
func (l look) line() draw.LineStyle { return draw.LineStyle{Color: l.Color, Width: 1.6} }

// wide is a light line that is seen behind another one.
func (l look) wide() draw.LineStyle { return draw.LineStyle{Color: faint(l.Color), Width: 4.4} }

func (l look) dashed() draw.LineStyle {
	return draw.LineStyle{Color: l.Color, Width: 1.2, Dashes: dashes}
}

func (l look) longDashed() draw.LineStyle {
	return draw.LineStyle{Color: l.Color, Width: 1.5, Dashes: long}
}

// dotted is for failures.
func (l look) dotted() draw.LineStyle {
	return draw.LineStyle{Color: l.Color, Width: 1.8, Dashes: points}
}

// thin is for what was held.
func (l look) thin() draw.LineStyle { return draw.LineStyle{Color: l.Color, Width: 0.8} }

// finest is for lateness.
func (l look) finest() draw.LineStyle {
	return draw.LineStyle{Color: l.Color, Width: 1.8, Dashes: fine}
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

// blank is a panel without anything in it, and why.
func (p *panel) blank(why string) {
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.ConstantTicks(nil), plot.ConstantTicks(nil)
	p.Add(remark(why))
}

// remark is a text in the middle of a panel.
type remark string

func (r remark) Plot(c draw.Canvas, _ *plot.Plot) {
	style := labelStyle
	style.Color, style.XAlign, style.YAlign = grey, draw.XCenter, draw.YCenter
	c.FillText(style, c.Center(), string(r))
}

// grid draws light lines across the panel.
type grid struct{ x, y []float64 }

func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	style := draw.LineStyle{Color: gridGrey, Width: 0.6}
	x, y := p.Transforms(&c)
	for _, v := range g.x {
		c.StrokeLine2(style, x(v), c.Min.Y, x(v), c.Max.Y)
	}
	for _, v := range g.y {
		c.StrokeLine2(style, c.Min.X, y(v), c.Max.X, y(v))
	}
}

// shaded is a colour that others are seen through.
func shaded(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	return color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 0x38}
}

// faint is a lighter shade.
func faint(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	mix := func(v uint32) uint8 { return uint8((v>>8)*2/5 + 0xFF*3/5) }
	return color.RGBA{mix(r), mix(g), mix(b), 0xFF}
}
