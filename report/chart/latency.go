package chart

import (
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// latency draws the modes' percentile curves at the largest value of the
// sweep, on the scale of HdrHistogram's plots: each power of ten of 1/(1−p)
// is as wide as the next. It is nil without a success.
func latency(sec view.Section) (*figure, error) {
	s := sec.Scenario
	var values, tails span
	for _, g := range s.AtLast() {
		for _, times := range []result.Times{g.ResponseTimes(), g.ServiceTimes()} {
			for _, point := range view.Curve(times) {
				values.add(point.Seconds)
				tails.add(point.Tail)
			}
		}
	}
	if values.empty() {
		return nil, nil
	}
	f := &figure{width: 8 * vg.Inch, height: 5 * vg.Inch, about: sec.About, warning: s.Warning(), hint: s.Survivors(s.AtLast())}
	f.title = sec.Title + ": latency by percentile" + atLast(s)
	p := newPanel("percentile of calls", "latency")
	y := scaling{logFrom: 0, label: duration}
	p.Add(grid{x: percentiles(&p.X, tails.high), y: y.set(&p.Y, values)})
	for _, g := range s.AtLast() {
		l := lookOf(s.Nth(g.Mode))
		if err := addLine(p, curve(g.ResponseTimes()), l.line()); err != nil {
			return nil, err
		}
		if err := addLine(p, curve(g.ServiceTimes()), l.dashed()); err != nil {
			return nil, err
		}
		if g.OK > 0 {
			f.legend = append(f.legend, entry{text: modeName(g.Mode), line: l.line()})
		}
	}
	f.legend = append(f.legend,
		entry{text: "response time", line: look{Color: grey}.line()},
		entry{text: "service time", line: look{Color: grey}.dashed()})
	f.panels = [][]panel{{*p}}
	return f, nil
}

// atLast says where in the sweep a chart was taken, when there is one.
func atLast(s *view.Scenario) string {
	if at := view.At(s.Places[len(s.Places)-1]); at != "" {
		return ", " + at
	}
	return ""
}

// curve places a distribution on the axes; durations of zero have no place on
// a logarithmic one.
func curve(times result.Times) (points plotter.XYs) {
	for _, point := range view.Curve(times) {
		if drawable(point.Seconds) {
			points = append(points, plotter.XY{X: math.Log10(point.Tail), Y: point.Seconds})
		}
	}
	return points
}

// percentiles gives an axis over log10 of the tail its ticks, and tells where
// they are. It ends where there are too few values to tell of.
func percentiles(a *plot.Axis, longest float64) (lines []float64) {
	a.Min, a.Max = 0, math.Log10(max(2, longest))
	ticks := []plot.Tick{{Value: 0, Label: "0 %"}}
	add := func(tail float64, label string) {
		if at := math.Log10(tail); at <= a.Max+1e-9 {
			ticks = append(ticks, plot.Tick{Value: at, Label: label + " %"})
			lines = append(lines, at)
		}
	}
	add(2, "50")
	add(4, "75")
	add(10, "90")
	for nines := 2; nines <= 9; nines++ {
		label := strings.Repeat("9", 2)
		if nines > 2 {
			label += "." + strings.Repeat("9", nines-2)
		}
		add(math.Pow10(nines), label)
	}
	a.Tick.Marker = plot.ConstantTicks(ticks)
	return lines
}
