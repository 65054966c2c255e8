package chart

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
)

// entry explains one way of drawing: a line, a marker, or both.
type entry struct {
	text   string
	line   draw.LineStyle
	marker draw.GlyphStyle
}

const (
	stroke   = vg.Length(22) // length of an entry's line
	spacing  = vg.Length(20) // between entries
	lineStep = vg.Length(15)
)

// modeName is a mode's name, short enough for a legend and beside an axis.
func modeName(mode string) string { return cut(view.Clean(mode), 40) }

// cut shortens a text to so many characters.
func cut(s string, longest int) string {
	if runes := []rune(s); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return s
}

// drawLegend writes the entries from left to right above the panels, where
// they hide no data, in as many lines as they need, and tells their height.
func drawLegend(c draw.Canvas, entries []entry) vg.Length {
	if len(entries) == 0 {
		return 0
	}
	style := tickStyle
	style.YAlign = draw.YCenter
	at := vg.Point{X: c.Min.X, Y: c.Max.Y - lineStep/2}
	for _, e := range entries {
		width := stroke + 5 + style.Width(e.text)
		if at.X > c.Min.X && at.X+width > c.Max.X {
			at = vg.Point{X: c.Min.X, Y: at.Y - lineStep}
		}
		if e.line.Width > 0 {
			c.StrokeLine2(e.line, at.X, at.Y, at.X+stroke, at.Y)
		}
		if e.marker.Shape != nil {
			c.DrawGlyphNoClip(e.marker, vg.Point{X: at.X + stroke/2, Y: at.Y})
		}
		c.FillText(style, vg.Point{X: at.X + stroke + 5, Y: at.Y}, e.text)
		at.X += width + spacing
	}
	return c.Max.Y - at.Y + lineStep/2 + 4
}
