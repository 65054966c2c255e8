package chart

import (
	"bytes"
	"math"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
)

// The curve goes through what was measured, and half as far again.
func TestCurvesOfLaws(t *testing.T) {
	s := sections(t, sample.Callers())[0].Scenario
	law := s.Law("concurrent")
	curve := lawCurve(s, law, view.Rate, 1, 48)
	if first, last := curve[0], curve[len(curve)-1]; first.X != 1 || math.Abs(last.X-48) > 1e-9 {
		t.Errorf("from %v to %v", first, last)
	}
	for _, g := range s.Groups {
		n := view.Value(g.Sweep)
		if at := lawCurve(s, law, view.Rate, n, n+1)[0].Y; math.Abs(at/g.ThroughputPerS-1) > 0.03 {
			t.Errorf("at %v the curve is %v, measured is %v", n, at, g.ThroughputPerS)
		}
	}
	places, values := lawSpans(s, s.Modes, view.Rate)
	if places.low != 1 || math.Abs(places.high-1.2*law.Peak.Value) > 1e-6 || values.high < s.ByLaw(law, view.Rate, 60) {
		t.Errorf("the curve takes %v and %v", places, values)
	}
	if _, values := lawSpans(s, s.Modes, view.Speedup); !values.empty() {
		t.Error("a law of throughputs has a curve of speedups")
	}
}

// Dashes are what nobody measured; without a law there are none.
func TestExtrapolationIsDashed(t *testing.T) {
	dashed := func(svg []byte) int { return bytes.Count(svg, []byte("stroke-dasharray:4,3")) }
	run := sample.Callers()
	with := dashed(svgs(t, run)["speedup"])
	run.Scaling = nil
	if without := dashed(svgs(t, run)["speedup"]); with != without+2 { // the curve's, and the legend's
		t.Errorf("%d dashed lines with a law, %d without", with, without)
	}
}

// Where the text says that no law fits, the chart has no curve, and speaks of
// none.
func TestNoCurveWhereNoLawFits(t *testing.T) {
	run := sample.Callers()
	for i := range run.Scaling {
		run.Scaling[i].Off = 0.3
	}
	misfit := svgs(t, run)["speedup"]
	run.Scaling = nil
	if !bytes.Equal(misfit, svgs(t, run)["speedup"]) {
		t.Error("a law that does not fit leaves its traces")
	}
}
