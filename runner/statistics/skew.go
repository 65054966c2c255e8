package statistics

import (
	"fmt"
	"math"
)

// How much further the longer side of a skewed interval reaches; see
// PairedRatio. The numbers are what experiments ask for, from a batch's end
// (skewed by nearly as much as one exponential time) to draws that are not
// skewed at all: docs/regression-checks.md has what they then cover.
const (
	ownSkew       = 0.25 // of whatever the repetitions are
	leftByPairing = 2.5  // of what is left where pairing took out all else
)

// PairedRatio estimates the ratio over/under of two figures of different
// kinds, such as the makespans of two modes, measured in the same n
// repetitions. Each figure is computed from all repetitions but the without-th
// (0 … n−1), or from all of them (None).
//
// As with Ratio the interval is the jackknife of the logarithm, with Student's
// t, but of its two sides the one towards the longer tail reaches further. The
// modes of a scenario meet the same draws, so that their sums cancel in a
// pair, and what is left is how a batch ends: idle workers waiting for the last
// call. Of such a skewed rest few repetitions mostly show the short side, with
// too small a mean and too small a variance together, and a symmetric interval
// misses the truth twice as often as it says. The remedy grows with the skewness
// that is seen, falls with the square root of n as the error does (Johnson
// 1978), and is the larger the more of the variance pairing took out.
//
// Repetitions that do not vary at all give Low = Value = High. It is an error
// if n is below 2, or if a figure has no logarithm.
func PairedRatio(n int, over, under func(without int) float64) (Estimate, error) {
	if n < 2 {
		return Estimate{}, fmt.Errorf("an interval needs at least 2 repetitions, not %d", n)
	}
	value := over(None) / under(None)
	if err := hasLogarithm(value); err != nil {
		return Estimate{}, err
	}
	above, err := logarithmsWithout(n, over)
	if err != nil {
		return Estimate{}, err
	}
	below, err := logarithmsWithout(n, under)
	if err != nil {
		return Estimate{}, err
	}
	deleted := make([]float64, n)
	for i := range deleted {
		deleted[i] = above[i] - below[i]
	}
	half := studentsT(n-1) * standardError(deleted)
	down, up := tails(deleted, cancelled(above, below, deleted))
	return around(value, half*down, half*up)
}

// cancelled is which share of two figures' variances pairing took out of their
// difference, from 0 to 1.
func cancelled(a, b, difference []float64) float64 {
	apart := square(standardError(a)) + square(standardError(b))
	if apart == 0 {
		return 0
	}
	return max(0, 1-square(standardError(difference))/apart)
}

func square(v float64) float64 { return v * v }

// tails are the factors by which an interval reaches further down and up than
// a symmetric one: 1 to the shorter side.
func tails(deleted []float64, cancelled float64) (down, up float64) {
	skewness := skewnessOf(deleted)
	longer := 1 + (ownSkew+leftByPairing*cancelled)*math.Abs(skewness)/math.Sqrt(float64(len(deleted)))
	if skewness > 0 {
		return longer, 1 // what a repetition adds is missing where it is left out
	}
	return 1, longer
}

// skewnessOf is the sample skewness G₁ (Joanes & Gill 1998); 0 where fewer than
// three values have none.
func skewnessOf(values []float64) float64 {
	n := float64(len(values))
	squares, cubes := 0.0, 0.0
	for _, off := range offMean(values) {
		squares += off * off / n
		cubes += off * off * off / n
	}
	if n < 3 || squares == 0 {
		return 0
	}
	return cubes / math.Pow(squares, 1.5) * math.Sqrt(n*(n-1)) / (n - 2)
}
