package chart

import (
	"math"
	"strings"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// lawWidth is that of a law's curve, thinner than what was measured.
const lawWidth = 0.7

// laws are the laws of scaling that tell of a metric, of the modes that follow
// one: no curve claims what the text refuses.
func laws(s *view.Scenario, modes []string, metric string) (found []*result.Scaling) {
	for _, mode := range modes {
		if law := s.Fitting(mode); law != nil && drawable(s.ByLaw(law, metric, float64(law.Largest))) {
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
		if v := s.ByLaw(law, metric, n); drawable(v) && drawable(n) {
			points = append(points, plotter.XY{X: n, Y: v})
		}
	}
	return points
}

// law draws a law's curve: as far as was measured, and dashed beyond.
func (p *panel) law(s *view.Scenario, law *result.Scaling, metric string) {
	l := lookOf(s.Nth(law.Mode))
	measured, beyond := draw.LineStyle{Color: l.Color, Width: lawWidth}, l.dashed()
	beyond.Width = lawWidth
	p.draws(course{points: lawCurve(s, law, metric, float64(law.Smallest), float64(law.Largest)), line: measured},
		course{points: lawCurve(s, law, metric, float64(law.Largest), view.Reach(law)), line: beyond})
	measured.Color, beyond.Color = grey, grey
	p.tell(entry{text: strings.TrimPrefix(result.LawName(law.Law), "the ") + ", fitted", rank: ofAside, line: measured},
		entry{text: "extrapolated", rank: ofAside, line: beyond})
}

// lawSpans are the range of N and of the metric that the curves take.
func lawSpans(s *view.Scenario, modes []string, metric string) (places, values span) {
	for _, law := range laws(s, modes, metric) {
		for _, at := range lawCurve(s, law, metric, float64(law.Smallest), view.Reach(law)) {
			places.add(at.X)
			values.add(at.Y)
		}
	}
	return places, values
}
