package chart

import (
	"image/color"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
)

// A line through a single point would be no line: it shows as a dot, in the
// line's colour, unless there is a marker anyway.
func TestASinglePointIsADot(t *testing.T) {
	line := draw.LineStyle{Color: color.Black, Width: 2}
	for name, c := range map[string]struct {
		course        course
		fills, stroke int
	}{
		"nothing":        {course{line: line}, 0, 0},
		"a point":        {course{line: line, points: plotter.XYs{{X: 1, Y: 1}}}, 1, 0},
		"a marked point": {course{line: line, points: plotter.XYs{{X: 1, Y: 1}}, marker: draw.GlyphStyle{Color: color.Black, Radius: 2, Shape: diamond{}}}, 1, 0},
		"a line":         {course{line: line, points: plotter.XYs{{X: 1, Y: 1}, {X: 2, Y: 3}}}, 0, 1},
	} {
		p := plot.New()
		p.X.Max, p.Y.Max = 5, 5
		var seen recorder.Canvas
		c.course.Plot(draw.NewCanvas(&seen, 100, 100), p)
		fills, strokes := 0, 0
		for _, action := range seen.Actions {
			switch action.(type) {
			case *recorder.Fill:
				fills++
			case *recorder.Stroke:
				strokes++
			}
		}
		if fills != c.fills || strokes != c.stroke {
			t.Errorf("%s: %d pieces are filled, %d lines drawn; want %d and %d", name, fills, strokes, c.fills, c.stroke)
		}
	}
}
