package statistics

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mathext"
)

// QuantileRanks tells between which of n ordered independent values a quantile
// of what they were drawn from lies, whatever its distribution: with 95 %
// confidence, and at most 2.5 % beyond either end, it is at least the low-th
// value and less than the high-th (counted from 1). p is the quantile's share,
// 0 < p < 1. Ok is false where the values do not bound it on both sides.
//
// The number of values up to the quantile is binomial, so the interval is
// exact: low and high are the narrowest with P(Bin(n,p) < low) ≤ 2.5 % and
// P(Bin(n,p) ≥ high) ≤ 2.5 % (Conover, Practical Nonparametric Statistics,
// section 3.2).
func QuantileRanks(n int64, p float64) (low, high int64, ok bool) {
	if n < 1 || !(p > 0 && p < 1) {
		return 0, 0, false
	}
	const tail = (1 - Confidence) / 2
	low = int64(sort.Search(int(n), func(k int) bool { return atMost(n, p, int64(k)) > tail }))
	high = int64(sort.Search(int(n)+1, func(k int) bool { return 1-atMost(n, p, int64(k)-1) <= tail }))
	return low, high, low >= 1 && high <= n
}

// atMost is P(Bin(n,p) ≤ k).
func atMost(n int64, p float64, k int64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n:
		return 1
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p)
}

// Supports tells whether n values are enough to speak of a quantile (p, a
// share of 1): above the median its 95 % interval must have an upper end,
// which the largest of them is from NeededFor(p) values on. Below, durations
// bound it by themselves, and so every sample has a median.
func Supports(n int64, p float64) bool { return n > 0 && n >= NeededFor(p) }

// NeededFor is how many values a quantile (p, a share of 1) asks for: 1 up to
// the median, 36 for 0.9, 368 for 0.99, 3,688 for 0.999; math.MaxInt64 where
// no number is enough.
func NeededFor(p float64) int64 {
	if p <= 0.5 {
		return 1
	}
	// The largest of n is below the quantile with a chance of pⁿ.
	if n := math.Ceil(math.Log((1-Confidence)/2) / math.Log(p)); p < 1 && n < math.MaxInt64 {
		return int64(n)
	}
	return math.MaxInt64
}
