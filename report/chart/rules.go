package chart

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
)

// rules are labelled lines across a panel: level, or upright where the figures
// lie along x. Those that the axis does not reach are told at its end, with an
// arrow.
type rules struct {
	lines   []view.Promise
	style   draw.LineStyle
	upright bool
	busy    []plotter.XYs // where labels should not be
	lower   int           // by how many lines the labels of upright ones stand lower
}

func (r rules) Plot(c draw.Canvas, p *plot.Plot) {
	lines := slices.Clone(r.lines)
	slices.SortStableFunc(lines, func(a, b view.Promise) int { return cmp.Compare(a.Limit, b.Limit) })
	var taken []vg.Rectangle
	busy := seen(&c, p, r.busy)
	for n, line := range lines {
		var l label
		if r.upright {
			l = uprightLabel(c, p, line, n+r.lower)
		} else {
			l = levelLabel(c, p, line, taken, busy)
		}
		if l.beyond == 0 {
			from, to := vg.Point{X: c.Min.X, Y: l.line}, vg.Point{X: c.Max.X, Y: l.line}
			if r.upright {
				from, to = vg.Point{X: l.line, Y: c.Min.Y}, vg.Point{X: l.line, Y: c.Max.Y}
			}
			c.StrokeLines(r.style, []vg.Point{from, to})
		}
		l.draw(c, r.upright)
		taken = append(taken, l.box())
	}
}

// label is a text beside a line, or at the end of the axis that the line is
// beyond.
type label struct {
	text   string
	line   vg.Length // where on its axis the line is
	beyond vg.Length // -1 or 1; 0 within the axis
	corner vg.Point  // lower left
}

const arrowRoom = vg.Length(9)

func (l label) size() (wide, high vg.Length) {
	wide, high = smallStyle.Width(l.text), smallStyle.Font.Size+1
	if l.beyond != 0 {
		wide += arrowRoom
	}
	return wide, high
}

func (l label) box() vg.Rectangle {
	wide, high := l.size()
	return vg.Rectangle{Min: l.corner, Max: l.corner.Add(vg.Point{X: wide, Y: high})}
}

func (l label) draw(c draw.Canvas, upright bool) {
	box := l.box()
	c.FillPolygon(backdrop, corners(box.Min.X-1, box.Min.Y, box.Max.X+1, box.Max.Y))
	at := vg.Point{X: l.corner.X, Y: l.corner.Y + 2.5}
	if l.beyond != 0 {
		shape := wedge{0, l.beyond}
		if upright {
			shape = wedge{l.beyond, 0}
		}
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: ink, Radius: 2.6, Shape: shape}, vg.Point{X: at.X + 3.5, Y: at.Y + 3})
		at.X += arrowRoom
	}
	c.FillText(smallStyle, at, l.text)
}

// levelLabel finds the place beside a level line where a label hides least.
func levelLabel(c draw.Canvas, p *plot.Plot, line view.Promise, taken []vg.Rectangle, busy []vg.Point) label {
	_, y := p.Transforms(&c)
	l := label{text: fitting(smallStyle, line.Text, c.Max.X-c.Min.X-2*arrowRoom)}
	l.line, l.beyond = located(line.Limit, p.Y, y, c.Min.Y, c.Max.Y)
	wide, high := l.size()
	best, least := l, math.MaxInt
	for _, below := range []bool{false, true} {
		for _, share := range []vg.Length{0, 1, 0.5, 0.25, 0.75} {
			l.corner = vg.Point{X: c.Min.X + 4 + share*(c.Max.X-c.Min.X-8-wide), Y: l.line + 1.5}
			if below {
				l.corner.Y = l.line - high - 1.5
			}
			if l.corner.Y < c.Min.Y || l.corner.Y+high > c.Max.Y {
				continue
			}
			if hides := l.hides(taken, busy); hides < least {
				best, least = l, hides
			}
		}
	}
	if least == math.MaxInt { // no room on either side
		best.corner = vg.Point{X: c.Min.X + 4, Y: l.line + 1.5}
	}
	return best
}

// hides counts what a label would lie upon: another label counts for much.
func (l label) hides(taken []vg.Rectangle, busy []vg.Point) (count int) {
	box := l.box()
	for _, other := range taken {
		if box.Min.X < other.Max.X && other.Min.X < box.Max.X && box.Min.Y < other.Max.Y && other.Min.Y < box.Max.Y {
			count += 1000
		}
	}
	for _, at := range busy {
		if at.X >= box.Min.X && at.X <= box.Max.X && at.Y >= box.Min.Y-1 && at.Y <= box.Max.Y+1 {
			count++
		}
	}
	return count
}

// mostLabels is how many labels of upright lines stand below each other.
const mostLabels = 4

// uprightLabel stands at the top, to the right of the n-th line, or to its left
// in the right half of the panel.
func uprightLabel(c draw.Canvas, p *plot.Plot, line view.Promise, n int) label {
	x, _ := p.Transforms(&c)
	l := label{text: fitting(smallStyle, line.Text, (c.Max.X-c.Min.X)*0.8)}
	l.line, l.beyond = located(line.Limit, p.X, x, c.Min.X, c.Max.X)
	wide, high := l.size()
	l.corner = vg.Point{X: l.line + 3, Y: c.Max.Y - high*vg.Length(1+n%mostLabels)}
	if l.line > (c.Min.X+c.Max.X)/2 {
		l.corner.X = l.line - wide - 3
	}
	l.corner.X = max(c.Min.X+1, min(l.corner.X, c.Max.X-wide))
	return l
}

// located is where on an axis a value lies, or the end that it is beyond: -1
// or 1.
func located(v float64, axis plot.Axis, along func(float64) vg.Length, low, high vg.Length) (at, beyond vg.Length) {
	switch {
	case v < axis.Min:
		return low, -1
	case v > axis.Max:
		return high, 1
	}
	return along(v), 0
}

// seen are places in the picture that lines go through, some points apart.
func seen(c *draw.Canvas, p *plot.Plot, lines []plotter.XYs) (places []vg.Point) {
	const apart, most = vg.Length(4), 200
	x, y := p.Transforms(c)
	for _, line := range lines {
		for i := range line {
			at := vg.Point{X: x(line[i].X), Y: y(line[i].Y)}
			places = append(places, at)
			if i == 0 {
				continue
			}
			way := at.Sub(vg.Point{X: x(line[i-1].X), Y: y(line[i-1].Y)})
			n := min(most, int((math.Abs(float64(way.X))+math.Abs(float64(way.Y)))/float64(apart)))
			for k := range n {
				places = append(places, at.Sub(way.Scale(vg.Length(k)/vg.Length(n))))
			}
		}
	}
	return places
}
