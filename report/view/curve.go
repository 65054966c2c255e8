package view

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"plimsoll/runner/latency"
	"plimsoll/runner/statistics"
)

// CurvePoint is one point of a percentile curve.
type CurvePoint struct {
	Tail    float64 // 1/(1−p): 2 is the median, 100 is p99
	Seconds float64
}

// Curve is a distribution's quantiles evenly over the logarithm of the tail,
// from the shortest duration to the last of the percentiles that CurveEnd
// knows. Lost calls took longer than anybody waited for: they count as infinite,
// and the curve ends before it comes to them. It is empty where there are no
// values, or hardly any among lost ones.
func Curve(h *latency.Histogram, lost int64) []CurvePoint {
	const each = 40 // points in each power of ten of the tail
	end := CurveEnd(h.Count(), lost)
	if h.Count() == 0 || end == 0 {
		return nil
	}
	quantile := func(h *latency.Histogram, percent float64) float64 {
		return quantile(h, min(100, percent*float64(h.Count()+lost)/float64(h.Count())))
	}
	var points []CurvePoint
	for i := 0; ; i++ {
		tail := math.Pow(10, float64(i)/each)
		if tail >= end*(1-1e-9) {
			return append(points, CurvePoint{end, quantile(h, percentOf(end))})
		}
		points = append(points, CurvePoint{tail, quantile(h, percentOf(tail))})
	}
}

func percentOf(tail float64) float64 { return 100 * (1 - 1/tail) }

// curveEnds are the tails at which a curve may end: p50, p75, p90, and every
// further nine.
var curveEnds = [...]float64{2, 4, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// CurveEnd is the tail of the last percentile that so many calls bear, of
// those where a curve may end, besides others that were lost; 0 for none.
func CurveEnd(calls, lost int64) (last float64) {
	for _, tail := range curveEnds {
		known := (1-1/tail)*float64(calls+lost) <= float64(calls)
		if known && statistics.Supports(calls+lost, 1-1/tail) {
			last = tail
		}
	}
	return last
}

// TailName is the percentile at a tail: 99.9 at 1000.
func TailName(tail float64) string {
	nines := int(math.Round(math.Log10(tail)))
	switch {
	case tail < 10:
		return fmt.Sprintf("%.0f", percentOf(tail))
	case nines == 1:
		return "90"
	case nines == 2:
		return "99"
	}
	return "99." + strings.Repeat("9", nines-2)
}

// CurveEnds says where the curves of groups end, and why there.
func CurveEnds(groups []*Group) string {
	var ends []string
	var last *Group
	alike := true
	for _, g := range groups {
		if g.OK == 0 {
			continue
		}
		alike = alike && (last == nil || CurveEnd(last.OK, 0) == CurveEnd(g.OK, 0))
		last = g
		ends = append(ends, fmt.Sprintf("%s at p%s (%s)", Clean(g.Mode), TailName(CurveEnd(g.OK, 0)), plural(g.OK, "call")))
	}
	const few = 4
	if last == nil {
		return ""
	}
	next := CurveEnd(last.OK, 0) * 10
	if next < 100 {
		next = curveEnds[slices.Index(curveEnds[:], CurveEnd(last.OK, 0))+1]
	}
	takes := fmt.Sprintf("p%s takes %s calls", TailName(next), thousands(strconv.FormatInt(statistics.NeededFor(1-1/next), 10)))
	switch {
	case len(ends) == 1:
		return fmt.Sprintf("The curve ends at p%s: %s, here are %s.", TailName(CurveEnd(last.OK, 0)), takes, thousands(strconv.FormatInt(last.OK, 10)))
	case alike:
		return fmt.Sprintf("The curves end at p%s: %s of one mode.", TailName(CurveEnd(last.OK, 0)), takes)
	case len(ends) > few:
		return "Each curve ends where its calls cannot bear the next nine: p90 takes 36 of them, p99 368, p99.9 3,688."
	}
	return "Each curve ends where its calls cannot bear the next nine: " + strings.Join(ends, ", ") + "."
}
