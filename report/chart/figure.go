package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// figure is a picture: a title and what is to be known first, the legend of
// what the panels show, and the panels.
type figure struct {
	width, body  vg.Length // body is the height of all panels
	title, about string
	warning      string
	hints        []string // sentences on what the figures are of
	panels       [][]panel
}

// panel is a plot with the names of its axes. They are drawn here, because
// the library puts them out of place where a scale is logarithmic.
type panel struct {
	*plot.Plot
	x, y   string
	title  string
	legend []entry
	busy   []plotter.XYs // where lines go, and labels should not be
}

// draws adds lines.
func (p *panel) draws(lines ...course) {
	for _, c := range lines {
		p.Add(c)
		p.busy = append(p.busy, c.points)
	}
}

// tell explains in the legend what was drawn in a panel.
func (p *panel) tell(entries ...entry) { p.legend = append(p.legend, entries...) }

// legend is what the panels tell, each way of drawing once.
func (f *figure) legend() (all []entry) {
	for _, row := range f.panels {
		for _, p := range row {
			for _, e := range p.legend {
				if !slices.ContainsFunc(all, e.same) {
					all = append(all, e)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(a.rank, b.rank) })
	return all
}

const margin = vg.Length(12)

// heading is a line above the panels.
type heading struct {
	style draw.TextStyle
	text  string
}

func (h heading) height() vg.Length { return h.style.Font.Size * 1.5 }

// headings are the lines above the legend: the title and what is measured cut
// to their line, sentences whole.
func (f *figure) headings() (lines []heading) {
	wide := f.width - 2*margin
	add := func(style draw.TextStyle, texts ...string) {
		for _, text := range texts {
			if text != "" {
				lines = append(lines, heading{style, text})
			}
		}
	}
	add(titleStyle, fitting(titleStyle, f.title, wide))
	add(aboutStyle, fitting(aboutStyle, f.about, wide))
	add(warningStyle, wrapped(warningStyle, f.warning, wide)...)
	for _, hint := range f.hints {
		add(labelStyle, wrapped(labelStyle, hint, wide)...)
	}
	return lines
}

// height is that of the whole picture: panels do not shrink for what stands
// above them.
func (f *figure) height() vg.Length {
	height := 2*margin + f.body + legendHeight(f.legend(), f.width-2*margin)
	for _, line := range f.headings() {
		height += line.height()
	}
	return height
}

func (f *figure) draw(c draw.Canvas) {
	c = draw.Crop(c, margin, -margin, margin, -margin)
	for _, line := range f.headings() {
		line.style.YAlign = draw.YTop
		c.FillText(line.style, vg.Point{X: c.Min.X, Y: c.Max.Y}, line.text)
		c.Max.Y -= line.height()
	}
	c.Max.Y -= drawLegend(c, f.legend())
	for i, row := range aligned(f.panels, c) {
		for j, at := range row {
			f.panels[i][j].draw(at)
		}
	}
}

// nameHeight is what an axis' name takes, or a panel's.
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
	if p.title != "" {
		c.Max.Y -= nameHeight
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
	at.FillText(labelStyle, vg.Point{X: data.Min.X, Y: data.Max.Y + 6}, fitting(labelStyle, p.title, at.Max.X-data.Min.X))
}

// borders are what a panel needs around its data for axes and their names.
type borders struct{ left, right, below, above vg.Length }

func (p panel) borders(c draw.Canvas) borders {
	data := p.DataCanvas(p.inner(place{Canvas: c}))
	return borders{data.Min.X - c.Min.X, c.Max.X - data.Max.X, data.Min.Y - c.Min.Y, c.Max.Y - data.Max.Y}
}

// aligned gives the panels their places, so that all data areas have one size
// and stand in line. No row has more panels than the first.
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

// fitting is as much of a text as there is room for.
func fitting(style draw.TextStyle, text string, wide vg.Length) string {
	for n := len([]rune(text)); n > 1 && style.Width(text) > wide; n-- {
		text = cut(text, n-1)
	}
	return text
}

// wrapped is a text in lines that there is room for.
func wrapped(style draw.TextStyle, text string, wide vg.Length) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if longer := strings.TrimSpace(line + " " + word); line == "" || style.Width(longer) <= wide {
			line = longer
			continue
		}
		lines, line = append(lines, line), word
	}
	if line != "" {
		lines = append(lines, fitting(style, line, wide))
	}
	return lines
}
