package chart

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
)

// What stands beside the measured figures: intervals, promises, references.

// interval is a 95 % interval across its value: upright, or level where the
// figures lie along x. What the axis does not reach is cut with an arrow, and
// the end written beside it.
type interval struct {
	at, low, high float64
	level         bool
	color         color.Color
	shift         vg.Length
	left          bool // the side for what is written beside it; else right
}

const (
	intervalWidth = vg.Length(1.1)
	capLength     = vg.Length(5)
)

// cutOff tells whether the axis ends before the interval does.
func (i interval) cutOff(axis plot.Axis) bool {
	return i.low < axis.Min*(1-1e-9) || i.high > axis.Max*(1+1e-9)
}

func (i interval) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	along, axis, across := y, p.Y, x(i.at)+i.shift
	if i.level {
		along, axis, across = x, p.X, y(i.at)+i.shift
	}
	style := draw.LineStyle{Color: i.color, Width: intervalWidth}
	place := func(along, across vg.Length) vg.Point {
		if i.level {
			return vg.Point{X: along, Y: across}
		}
		return vg.Point{X: across, Y: along}
	}
	low, high := along(max(i.low, axis.Min)), along(min(i.high, axis.Max))
	c.StrokeLines(style, []vg.Point{place(low, across), place(high, across)})
	end := func(value float64, at vg.Length, direction vg.Length, cut bool) {
		if !cut {
			c.StrokeLines(style, []vg.Point{place(at, across-capLength/2), place(at, across+capLength/2)})
			return
		}
		ahead := place(direction, 0)
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: i.color, Radius: 3, Shape: wedge{ahead.X, ahead.Y}}, place(at-direction*3, across))
		i.written(c, at, across, direction, value)
	}
	end(i.low, low, -1, i.low < axis.Min*(1-1e-9))
	end(i.high, high, 1, i.high > axis.Max*(1+1e-9))
}

// written tells where the interval ends, beside the arrow.
func (i interval) written(c draw.Canvas, at, across, direction vg.Length, value float64) {
	text, style := threeDigits(value), smallStyle
	style.Color, style.YAlign = i.color, draw.YCenter
	if i.level {
		style.XAlign = draw.XCenter - draw.XAlignment(direction)*0.5
		written(c, style, vg.Point{X: at, Y: across + 8}, text)
		return
	}
	if i.left || across+5+style.Width(text) > c.Max.X+margin {
		style.XAlign = draw.XRight
		across -= 10
	}
	written(c, style, vg.Point{X: across + 5, Y: at - direction*4}, text)
}

// threeDigits prints what the axis does not reach.
func threeDigits(v float64) string {
	if v >= 100 && v < 1e6 {
		return number(math.Round(v))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// written is a text that stays readable on whatever is behind it, beginning at
// a point, or ending there.
func written(c draw.Canvas, style draw.TextStyle, at vg.Point, text string) {
	left := at.X + style.Width(text)*vg.Length(style.XAlign)
	half := style.Font.Size / 2
	c.FillPolygon(backdrop, corners(left-1, at.Y-half, left+style.Width(text)+1, at.Y+half))
	c.FillText(style, at, text)
}

// backdrop is behind texts that stand among lines.
var backdrop = color.NRGBA{0xFF, 0xFF, 0xFF, 0xC8}

// promise draws the promises on what a panel shows, their labels below those
// of others.
func (p *panel) promise(promises []view.Promise, upright bool, others ...view.Promise) {
	var drawn []view.Promise
	within := false
	axis := p.Y
	if upright {
		axis = p.X
	}
	for _, promise := range promises {
		if drawable(promise.Limit) || promise.Limit == 0 && axis.Min == 0 {
			drawn = append(drawn, promise)
			within = within || promise.Limit >= axis.Min && promise.Limit <= axis.Max
		}
	}
	if len(drawn) == 0 {
		return
	}
	p.Add(rules{lines: drawn, style: promiseLine, upright: upright, busy: p.busy, lower: len(others)})
	if within {
		p.tell(entry{text: "promised", rank: ofAside, line: promiseLine})
	}
}

// limits are what promises ask for.
func limits(promises []view.Promise) (values []float64) {
	for _, p := range promises {
		values = append(values, p.Limit)
	}
	return values
}

// intervalEntries explain intervals, and arrows where one is cut off.
func intervalEntries(cut bool) []entry {
	grey := look{Color: grey}
	all := []entry{{text: "95 % interval", rank: ofAside, line: draw.LineStyle{Color: grey, Width: intervalWidth}, capped: true}}
	if cut {
		all = append(all, beyondEntry)
	}
	return all
}

// beyondEntry explains the arrows on what is cut off.
var beyondEntry = entry{text: "goes on to the figure beside the arrow", rank: ofAside,
	marker: draw.GlyphStyle{Color: grey, Radius: 3, Shape: wedge{0, 1}}}
