package view

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// CurvePoint is one point of a percentile curve.
type CurvePoint struct {
	Tail    float64 // 1/(1−p): 2 is the median, 100 is p99
	Seconds float64
}

// Curve is a distribution's quantiles evenly over the logarithm of the tail,
// from the shortest duration to CurveEnd. It is empty where there are no values,
// or hardly any among calls that were given up.
func Curve(times result.Times) []CurvePoint {
	const each = 40 // points in each power of ten of the tail
	end := CurveEnd(times)
	if end == 0 {
		return nil
	}
	var points []CurvePoint
	for i := 0; ; i++ {
		tail := math.Pow(10, float64(i)/each)
		last := tail >= end*(1-1e-9)
		if last {
			tail = end
		}
		points = append(points, CurvePoint{tail, times.Quantile(percentOf(tail)).Least.High})
		if last {
			return points
		}
	}
}

func percentOf(tail float64) float64 { return 100 * (1 - 1/tail) }

// curveEnds are the tails at which a curve may end: p50, p75, p90, and every
// further nine.
var curveEnds = [...]float64{2, 4, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// CurveEnd is the tail of the last percentile, of those where a curve may end,
// that so many calls bear and that those given up have no part in; 0 for none.
func CurveEnd(times result.Times) (last float64) {
	for _, tail := range curveEnds {
		if statistics.Supports(times.Count(), 1-1/tail) && times.Quantile(percentOf(tail)).Known() {
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
	var end float64 // of the last one
	var calls int64
	alike := true
	for _, g := range groups {
		times := g.ResponseTimes()
		this := CurveEnd(times)
		if this == 0 {
			continue
		}
		if this < CurveEnd(result.NewTimes(times.Lowest(), nil)) {
			return "A curve ends where " + g.noun() + "s that were given up have a part: nobody knows how long those would have taken."
		}
		alike = alike && (len(ends) == 0 || this == end)
		end, calls = this, times.Count()
		ends = append(ends, fmt.Sprintf("%s at p%s (%s)", Clean(g.Mode), TailName(end), plural(calls, g.noun())))
	}
	if len(ends) == 0 {
		return ""
	}
	const few = 4
	noun := groups[0].noun()
	switch {
	case len(ends) == 1:
		return fmt.Sprintf("The curve ends at p%s: %s, here are %s.", TailName(end), next(end, noun), thousands(strconv.FormatInt(calls, 10)))
	case alike:
		return fmt.Sprintf("The curves end at p%s: %s of one mode.", TailName(end), next(end, noun))
	case len(ends) > few:
		return "Each curve ends where its " + noun + "s cannot bear the next nine: p90 takes 36 of them, p99 368, p99.9 3,688."
	}
	return "Each curve ends where its " + noun + "s cannot bear the next nine: " + strings.Join(ends, ", ") + "."
}

// next says what it takes for a curve to go on.
func next(end float64, noun string) string {
	tail := end * 10
	if tail < 100 {
		tail = curveEnds[slices.Index(curveEnds[:], end)+1]
	}
	return fmt.Sprintf("p%s takes %s %ss", TailName(tail), thousands(strconv.FormatInt(statistics.NeededFor(1-1/tail), 10)), noun)
}
