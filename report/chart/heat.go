package chart

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
)

// Heat draws a heat map as SVG, without a title: it stands under one.
func Heat(h *view.Heat) (svg []byte, err error) {
	defer recovered(&err)
	p := newPanel("time since the trial began", "response time")
	last := len(h.TimesS) - 1
	x := scaling{logFrom: 1e99, tight: true, label: duration, clock: true}.set(&p.X, span{low: h.TimesS[last], high: h.TimesS[last]})
	y := scaling{logFrom: 0, labels: 8, label: duration}.set(&p.Y, span{low: h.Bins[0], high: h.Bins[len(h.Bins)-1]})
	p.Add(grid{x: x, y: y}, shades{h})
	f := &figure{width: 8 * vg.Inch, body: 2.6 * vg.Inch, panels: [][]panel{{*p}}}
	return f.svg()
}

// shades are the cells of a heat map, all of one shade with one stroke of the brush.
type shades struct{ *view.Heat }

func (s shades) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	inside := func(v vg.Length) vg.Length { return max(c.Min.Y, min(v, c.Max.Y)) }
	for level := 1; level <= view.HeatLevels; level++ {
		var cells vg.Path
		for i, column := range s.Calls {
			for j, calls := range column {
				if s.Level(calls) != level {
					continue
				}
				left, right := x(s.TimesS[i]), x(s.TimesS[i+1])
				low, high := inside(y(s.Bins[j])), inside(y(s.Bins[j+1]))
				cells.Move(vg.Point{X: left, Y: low})
				cells.Line(vg.Point{X: right, Y: low})
				cells.Line(vg.Point{X: right, Y: high})
				cells.Line(vg.Point{X: left, Y: high})
				cells.Close()
			}
		}
		if len(cells) > 0 {
			c.SetColor(shade(lookOf(s.Look).Color, level))
			c.Fill(cells)
		}
	}
}

// shade is a colour that is the stronger, the higher its level.
func shade(of color.Color, level int) color.Color {
	r, g, b, _ := of.RGBA()
	return color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(0x100*level/view.HeatLevels - 1)}
}
