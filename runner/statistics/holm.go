package statistics

import (
	"cmp"
	"slices"
)

// Holm corrects p-values for being many: a claim is made where the corrected
// value is at most the level, and the chance that any of all the claims made
// is wrong then is at most the level, however they depend on each other (Holm
// 1979). The k-th smallest of m, from 0, is multiplied by m−k; none becomes
// smaller than one before it, or larger than 1.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	corrected, least := make([]float64, len(p)), 0.0
	for k, i := range order {
		least = max(least, min(1, p[i]*float64(len(p)-k)))
		corrected[i] = least
	}
	return corrected
}
