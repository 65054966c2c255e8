package chart

import (
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// lawWidth is that of a law's curve, thinner than what was measured.
const lawWidth = 0.8

// laws are the laws of scaling that tell of a metric.
func laws(s *view.Scenario, metric string) (found []*result.Scaling) {
	for _, mode := range s.Modes {
		if law := s.Law(mode); law != nil && drawable(s.ByLaw(law, metric, float64(law.Largest))) {
			found = append(found, law)
		}
	}
	return found
}

// lawCurve is a law's curve from one N to another, evenly over their
// logarithm.
func lawCurve(s *view.Scenario, law *result.Scaling, metric string, from, to float64) (points plotter.XYs) {
	const steps = 60
	for i := range steps + 1 {
		n := from * math.Pow(to/from, float64(i)/steps)
		if v := s.ByLaw(law, metric, n); drawable(v) {
			points = append(points, plotter.XY{X: n, Y: v})
		}
	}
	return points
}

// addLaw draws a law's curve: as far as was measured, and dashed beyond.
func addLaw(p *panel, s *view.Scenario, law *result.Scaling, metric string, l look) error {
	measured, beyond := draw.LineStyle{Color: l.Color, Width: lawWidth}, l.dashed()
	beyond.Width = lawWidth
	if err := addLine(p, lawCurve(s, law, metric, float64(law.Smallest), float64(law.Largest)), measured); err != nil {
		return err
	}
	return addLine(p, lawCurve(s, law, metric, float64(law.Largest), view.Reach(law)), beyond)
}

// lawSpans are the range of N and of the metric that the curves take.
func lawSpans(s *view.Scenario, metric string) (places, values span) {
	for _, law := range laws(s, metric) {
		for _, at := range lawCurve(s, law, metric, float64(law.Smallest), view.Reach(law)) {
			places.add(at.X)
			values.add(at.Y)
		}
	}
	return places, values
}

// lawLegend explains the curves, where there are any.
func lawLegend(s *view.Scenario, metrics []string) []entry {
	var names []string
	for _, metric := range metrics {
		for _, law := range laws(s, metric) {
			names = append(names, strings.TrimPrefix(result.LawName(law.Law), "the "))
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return nil
	}
	return []entry{
		{text: strings.Join(names, ", ") + ", fitted", line: draw.LineStyle{Color: grey, Width: lawWidth}},
		{text: "extrapolated", line: draw.LineStyle{Color: grey, Width: lawWidth, Dashes: dashes}},
	}
}
