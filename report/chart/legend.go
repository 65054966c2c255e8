package chart

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
)

// entry explains one way of drawing. Only what it is drawn with is set.
type entry struct {
	text   string
	rank   rank
	line   draw.LineStyle
	capped bool // the line is an interval
	marker draw.GlyphStyle
	area   color.Color
	bar    barLook
}

// same tells whether another entry explains the same.
func (e entry) same(o entry) bool {
	return e.text == o.text && e.line.Color == o.line.Color && e.marker.Color == o.marker.Color
}

// rank is where in the legend an entry stands.
type rank int

const (
	ofModes   rank = iota // which colour is whose
	ofFigures             // what is drawn
	ofAside               // what stands beside it: intervals, laws, references
)

const (
	stroke   = vg.Length(22) // length of an entry's line
	spacing  = vg.Length(18) // between entries
	lineStep = vg.Length(15)
)

// modeName is a mode's name, short enough for a legend and beside an axis, and
// unlike those of the scenario's other modes.
func modeName(s *view.Scenario, mode string) string { return shortName(s, mode, 40) }

func shortName(s *view.Scenario, mode string, longest int) string {
	name := cutWithin(view.Clean(mode), longest)
	before := 0
	for _, other := range s.Modes {
		if other == mode {
			break
		}
		if cutWithin(view.Clean(other), longest) == name {
			before++
		}
	}
	if before > 0 {
		return fmt.Sprintf("%s (%d)", cut(name, longest-4), before+1)
	}
	return name
}

// cut shortens a text to so many characters.
func cut(s string, longest int) string {
	if runes := []rune(s); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return s
}

// cutWithin leaves out the middle of a longer text: long names often differ in
// their ends.
func cutWithin(s string, longest int) string {
	runes := []rune(s)
	if len(runes) <= longest {
		return s
	}
	head := longest * 3 / 5
	return string(runes[:head]) + "…" + string(runes[len(runes)-(longest-head-1):])
}

// legendLines puts entries into as many lines as they need.
func legendLines(entries []entry, wide vg.Length) (lines [][]entry) {
	left := vg.Length(0)
	for _, e := range entries {
		if left -= e.width(); len(lines) == 0 || left < 0 {
			lines, left = append(lines, nil), wide-e.width()
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], e)
		left -= spacing
	}
	return lines
}

func (e entry) width() vg.Length { return stroke + 5 + tickStyle.Width(e.text) }

func legendHeight(entries []entry, wide vg.Length) vg.Length {
	if len(entries) == 0 {
		return 0
	}
	return vg.Length(len(legendLines(entries, wide)))*lineStep + 4
}

// drawLegend writes the entries from left to right above the panels, where
// they hide no data, and tells their height.
func drawLegend(c draw.Canvas, entries []entry) vg.Length {
	wide := c.Max.X - c.Min.X
	style := tickStyle
	style.YAlign = draw.YCenter
	at := vg.Point{Y: c.Max.Y - lineStep/2}
	for _, line := range legendLines(entries, wide) {
		at.X = c.Min.X
		for _, e := range line {
			e.sample(c, at)
			c.FillText(style, vg.Point{X: at.X + stroke + 5, Y: at.Y}, fitting(style, e.text, wide-stroke-5))
			at.X += e.width() + spacing
		}
		at.Y -= lineStep
	}
	return legendHeight(entries, wide)
}

// sample draws what an entry explains, to the right of a point.
func (e entry) sample(c draw.Canvas, at vg.Point) {
	end := at.X + stroke
	if e.area != nil {
		c.FillPolygon(e.area, corners(at.X, at.Y-4, end, at.Y+4))
		at.Y += 4 // the line is its upper edge
	}
	if e.line.Width > 0 {
		c.StrokeLine2(e.line, at.X, at.Y, end, at.Y)
	}
	if e.capped {
		for _, x := range []vg.Length{at.X, end} {
			c.StrokeLine2(e.line, x, at.Y-capLength/2, x, at.Y+capLength/2)
		}
	}
	if e.bar.height > 0 { // bars stand apart from each other, as they do in time
		e.bar.draw(&c, at.X, at.X+stroke*0.45, at.Y-2)
		e.bar.draw(&c, at.X+stroke*0.55, end, at.Y+2)
	}
	if e.marker.Shape != nil {
		c.DrawGlyphNoClip(e.marker, vg.Point{X: at.X + stroke/2, Y: at.Y})
	}
}

func corners(left, low, right, high vg.Length) []vg.Point {
	return []vg.Point{{X: left, Y: low}, {X: right, Y: low}, {X: right, Y: high}, {X: left, Y: high}}
}
