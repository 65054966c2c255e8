package capacity

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// edge is where the margin crosses zero, as far as the steps tell.
type edge struct {
	value, low, high float64
	// noise is how far a single step's randomness moves the edge, as a share
	// of it.
	noise float64
}

const (
	// window is how far from the edge steps count, as a share of it: further
	// out the margin need no longer be straight. Wider ones gain nothing where
	// theory knows the answer, and make M/M/4's interval miss it.
	window = 0.20
	// confidence is that of the interval if the search had not been looking at
	// it. It stops when the interval is narrow, which happens too often when
	// it is so by chance; so it asks for more than the 95 % it promises.
	confidence = 0.98
	// grain is the least noise of a margin, that of the histograms' digits:
	// what does not vary at all was not measured without end.
	grain = 0.002
	// steepest is the narrowest slope that is looked for, as a share of the
	// edge: to every ladder it is a cliff.
	steepest = 0.002
)

// point is one step.
type point struct{ level, margin float64 }

// points are the steps around a level and all from low to high.
func (s *Search) points(centre float64, low, high int) (points []point) {
	wide := max(window, 2*s.settings.Precision)
	from, to := min(s.levels[low], centre*(1-wide)), max(s.levels[high], centre*(1+wide))
	for at, steps := range s.steps {
		for _, step := range steps {
			if level := s.levels[at]; !step.Void && level >= from && level <= to {
				points = append(points, point{level, step.Margin})
			}
		}
	}
	return points
}

// edge finds the edge that lies about between two levels, twice: what is
// around it is only known once it is. Where nothing is left to chance there is
// no line to draw: it lies between the two.
func (s *Search) edge(low, high int) (edge, []point) {
	if s.settled(low) && s.settled(high) {
		return edge{value: s.levels[low], low: s.levels[low], high: s.levels[high]}, nil
	}
	first := fit(s.points(math.Sqrt(s.levels[low]*s.levels[high]), low, high))
	points := s.points(first.value, low, high)
	return s.coarsen(fit(points), points), points
}

// coarsen widens the interval to the levels around the edge: nothing is
// claimed to be known more closely than it was tried. Where every step below
// some level kept the promises and every one above broke them, as at the cliff
// of a quota, nothing contradicts an edge anywhere between the two.
func (s *Search) coarsen(e edge, points []point) edge {
	kept, broken := 0.0, math.Inf(1)
	for _, p := range points {
		if p.margin <= 0 {
			kept = max(kept, p.level)
		} else {
			broken = min(broken, p.level)
		}
	}
	if 0 < kept && kept < broken && !math.IsInf(broken, 1) {
		e.value = max(kept, min(broken, e.value))
		e.low, e.high = min(e.low, kept), max(e.high, broken)
		return e
	}
	at := s.upper(e.value)
	e.low, e.high = min(e.low, s.levels[max(0, at-1)]), max(e.high, s.levels[at])
	return e
}

// upper is the lowest level that is not below a load, or the last.
func (s *Search) upper(load float64) int {
	at, _ := slices.BinarySearch(s.levels, load)
	return min(at, len(s.levels)-1)
}

// fit finds the edge as the c of the line clamp((x−c)/h, −1, 1) that is
// closest to the points by least squares, and as its interval every c whose
// best line is not much further from them (the profile of the sum of squares,
// by Student's t): for a straight line that is Fieller's interval. A smooth
// edge has a wide h, and its points vote with their distance from zero; a
// cliff has hardly any, and every c between its two sides fits alike.
//
// The edge itself lies among the levels that were tried; the interval may
// reach beyond them.
func fit(points []point) edge {
	const each = 600
	low, high := extent(points)
	from, to := low*(1-window), high*(1+window)
	cs, sums := make([]float64, each+1), make([]float64, each+1)
	best, width := math.Inf(1), 0.0
	for i := range cs {
		cs[i] = from + (to-from)*float64(i)/each
		sum, h := closest(points, cs[i])
		if sums[i] = sum; sum < best && low <= cs[i] && cs[i] <= high {
			best, width = sum, h
		}
	}
	far, noise := tolerance(best, len(points))
	e := edge{low: high, high: low}
	first, last := high, low // of those that fit best
	for i, c := range cs {
		if sums[i] <= best+1e-9 && low <= c && c <= high {
			first, last = min(first, c), max(last, c)
		}
		if sums[i] <= best+far {
			e.low, e.high = min(e.low, c), max(e.high, c)
		}
	}
	e.value = (first + last) / 2
	e.noise = noise * width / e.value
	return e
}

// tolerance is by how much a sum of squares of n points may exceed the best
// one, and what the noise of a single point is. Two points fit any line.
func tolerance(best float64, n int) (far, noise float64) {
	free := float64(n - 2)
	if free <= 0 {
		return math.Inf(1), grain
	}
	noise = max(grain, math.Sqrt(best/free))
	t := distuv.StudentsT{Sigma: 1, Nu: free}.Quantile((1 + confidence) / 2)
	return t * t * noise * noise, noise
}

// closest is the least sum of squares of the lines that cross zero at c, and
// the width of that line's slope.
func closest(points []point, c float64) (sum, width float64) {
	sum = math.Inf(1)
	for h := c * steepest; h < 20*c; h *= 1.3 {
		total := 0.0
		for _, p := range points {
			off := p.margin - max(-1, min(1, (p.level-c)/h))
			total += off * off
		}
		if total < sum {
			sum, width = total, h
		}
	}
	return sum, width
}

// extent is the range of the points' levels.
func extent(points []point) (low, high float64) {
	low, high = points[0].level, points[0].level
	for _, p := range points {
		low, high = min(low, p.level), max(high, p.level)
	}
	return low, high
}
