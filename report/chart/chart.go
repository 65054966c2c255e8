// Package chart draws a scenario as pictures for documents: the speedup over
// its sweep, latency by percentile, and the course of a trial over time. Equal
// scenarios give equal bytes.
package chart

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"plimsoll/report/view"
)

// Chart is one picture, twice.
type Chart struct {
	Kind string // "speedup", "latency" or "timeline"; "capacity" of a search
	SVG  []byte
	PNG  []byte
}

// Draw draws what there is to draw of a scenario: no latency without a
// success, no speedup with nothing to compare. A chart that cannot be drawn is
// left out and told in the error; the others come with it.
func Draw(sec view.Section) ([]Chart, error) {
	if len(sec.Scenario.Groups) == 0 {
		return nil, nil
	}
	var charts []Chart
	var problems []error
	drawn := kinds
	if sec.Scenario.Capacity != nil {
		drawn = searched
	}
	for _, k := range drawn {
		c, err := k.chart(sec)
		if err != nil {
			problems = append(problems, fmt.Errorf("cannot draw the %s chart of %s: %w", k.name, sec.Title, err))
		} else if c != nil {
			charts = append(charts, *c)
		}
	}
	return charts, errors.Join(problems...)
}

// kind is one of the charts, and how to lay it out: nil when there is nothing
// to draw.
type kind struct {
	name   string
	figure func(view.Section) (*figure, error)
}

var kinds = []kind{{"speedup", speedup}, {"latency", latency}, {"timeline", timeline}}

// searched are those of a capacity search, which has one picture to all its
// steps.
var searched = []kind{{"capacity", capacity}}

// chart draws into memory; nil when there is nothing to draw. The plotting
// library panics where it cannot go on, and no chart is worth a run.
func (k kind) chart(sec view.Section) (c *Chart, err error) {
	defer func() {
		if p := recover(); p != nil {
			c, err = nil, fmt.Errorf("%v", p)
		}
	}()
	f, err := k.figure(sec)
	if f == nil || err != nil {
		return nil, err
	}
	c = &Chart{Kind: k.name}
	if c.SVG, err = f.svg(); err != nil {
		return nil, err
	}
	if c.PNG, err = f.png(); err != nil {
		return nil, err
	}
	return c, nil
}

func (f *figure) svg() ([]byte, error) {
	canvas := vgsvg.NewWith(vgsvg.UseWH(f.width, f.height))
	canvas.SetColor(color.White)
	canvas.Fill(draw.New(canvas).Rectangle.Path())
	f.draw(draw.New(canvas))
	var out bytes.Buffer
	_, err := canvas.WriteTo(&out)
	return withFallbackFonts(out.Bytes()), err
}

// png has a white background of its own.
func (f *figure) png() ([]byte, error) {
	canvas := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(pngDPI))
	f.draw(draw.New(canvas))
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed} // hardly larger, and sooner done
	err := encoder.Encode(&out, canvas.Image())
	return out.Bytes(), err
}

const pngDPI = 144

// withFallbackFonts names fonts of the same metrics for readers that lack the
// one the texts were measured with.
func withFallbackFonts(svg []byte) []byte {
	return bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
}

// figure is a picture: a title, a legend below it, and panels.
type figure struct {
	width, height vg.Length
	title, about  string
	warning       string
	hint          string // what the figures are of
	legend        []entry
	panels        [][]panel // in rows
}

// panel is a plot with the names of its axes. They are drawn here, because
// the library puts them out of place where a scale is logarithmic.
type panel struct {
	*plot.Plot
	x, y string
}

const margin = vg.Length(12)

func (f *figure) draw(c draw.Canvas) {
	c = draw.Crop(c, margin, -margin, margin, -margin)
	c.Max.Y -= writeLine(c, titleStyle, f.title)
	c.Max.Y -= writeLine(c, aboutStyle, f.about)
	c.Max.Y -= writeLine(c, warningStyle, f.warning)
	c.Max.Y -= writeLine(c, labelStyle, f.hint)
	c.Max.Y -= drawLegend(c, f.legend)
	for i, row := range aligned(f.panels, c) {
		for j, at := range row {
			f.panels[i][j].draw(at)
		}
	}
}

// nameHeight is what an axis' name takes.
const nameHeight = vg.Length(16)

// place is where a panel is drawn.
type place struct {
	draw.Canvas
	indent vg.Length // of the plot from the left, besides the axis' name
}

// inner is the part of the place that is left for the plot.
func (p panel) inner(at place) draw.Canvas {
	c := at.Canvas
	c.Min.X += at.indent
	if p.x != "" {
		c.Min.Y += nameHeight
	}
	if p.y != "" {
		c.Min.X += nameHeight
	}
	return c
}

func (p panel) draw(at place) {
	inner := p.inner(at)
	p.Plot.Draw(inner)
	data := p.DataCanvas(inner)
	style := labelStyle
	style.XAlign, style.YAlign = draw.XCenter, draw.YBottom
	at.FillText(style, vg.Point{X: data.Center().X, Y: at.Min.Y}, p.x)
	style.Rotation, style.YAlign = math.Pi/2, draw.YTop
	at.FillText(style, vg.Point{X: at.Min.X, Y: data.Center().Y}, p.y)
}

// borders are what a panel needs around its data for axes and their names.
type borders struct{ left, right, below, above vg.Length }

func (p panel) borders(c draw.Canvas) borders {
	data := p.DataCanvas(p.inner(place{Canvas: c}))
	return borders{data.Min.X - c.Min.X, c.Max.X - data.Max.X, data.Min.Y - c.Min.Y, c.Max.Y - data.Max.Y}
}

// aligned gives the panels their places, so that all data areas have one size
// and stand in line.
func aligned(panels [][]panel, c draw.Canvas) [][]place {
	const gapX, gapY = vg.Length(24), vg.Length(12)
	columns, rows := make([]borders, len(panels[0])), make([]borders, len(panels))
	width := c.Max.X - c.Min.X - gapX*vg.Length(len(columns)-1)
	height := c.Max.Y - c.Min.Y - gapY*vg.Length(len(rows)-1)
	for i, row := range panels {
		for j, p := range row {
			b := p.borders(c)
			columns[j].left, columns[j].right = max(columns[j].left, b.left), max(columns[j].right, b.right)
			rows[i].below, rows[i].above = max(rows[i].below, b.below), max(rows[i].above, b.above)
		}
	}
	for _, b := range columns {
		width -= b.left + b.right
	}
	for _, b := range rows {
		height -= b.below + b.above
	}
	width, height = width/vg.Length(len(columns)), height/vg.Length(len(rows))
	places := make([][]place, len(rows))
	top := c.Max.Y
	for i, row := range panels {
		left := c.Min.X
		for j, p := range row {
			b, at := p.borders(c), place{Canvas: c}
			at.indent = columns[j].left - b.left // so the names stand in line too
			at.Min.X = left
			at.Max.X = left + columns[j].left + width + b.right
			at.Max.Y = top - rows[i].above + b.above
			at.Min.Y = top - rows[i].above - height - b.below
			places[i] = append(places[i], at)
			left += columns[j].left + width + columns[j].right + gapX
		}
		top -= rows[i].above + height + rows[i].below + gapY
	}
	return places
}

// writeLine writes a line at the top left, as much as there is room for, and
// tells its height.
func writeLine(c draw.Canvas, style draw.TextStyle, line string) vg.Length {
	if line == "" {
		return 0
	}
	for n := len([]rune(line)); n > 1 && style.Width(line) > c.Max.X-c.Min.X; n-- {
		line = cut(line, n-1)
	}
	style.YAlign = draw.YTop
	c.FillText(style, vg.Point{X: c.Min.X, Y: c.Max.Y}, line)
	return style.Font.Size * 1.5
}
