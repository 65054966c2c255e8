package statistics

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02.
func TestHolmIsThePublishedCorrection(t *testing.T) {
	got := Holm([]float64{0.01, 0.04, 0.03, 0.005})
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("%v", got)
		}
	}
	if len(Holm(nil)) != 0 {
		t.Error("none is none")
	}
}

// It keeps the order, is nowhere below the p-value or above Bonferroni's, and
// what was certain stays so.
func TestHolmLiesBetweenNoneAndBonferroni(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 20).Draw(t, "p")
		corrected := Holm(slices.Clone(p))
		for i := range p {
			if corrected[i] < p[i] || corrected[i] > min(1, p[i]*float64(len(p))) && !follows(p, corrected, i) {
				t.Fatalf("%v becomes %v", p, corrected)
			}
			for j := range p {
				if p[i] < p[j] && corrected[i] > corrected[j] {
					t.Fatalf("%v becomes %v: the order is lost", p, corrected)
				}
			}
		}
	})
}

// follows tells whether the i-th only keeps up with a smaller one.
func follows(p, corrected []float64, i int) bool {
	for j := range p {
		if p[j] <= p[i] && j != i && corrected[j] == corrected[i] {
			return true
		}
	}
	return false
}
