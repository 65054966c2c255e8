package statistics_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"plimsoll/runner/statistics"
)

// The smallest samples that bound a quantile from above are the published
// ones: the largest value is beyond it but for a chance of 2.5 %.
func TestQuantilesNeedValues(t *testing.T) {
	for _, c := range []struct {
		p    float64
		need int64
	}{
		{0.9, 36}, {0.95, 72}, {0.99, 368}, {99.9 / 100, 3688}, {0.9999, 36887},
	} {
		if got := statistics.NeededFor(c.p); got != c.need {
			t.Errorf("p%v needs %d values, not %d", 100*c.p, c.need, got)
		}
		for n, want := range map[int64]bool{c.need - 1: false, c.need: true} {
			if got := statistics.Supports(n, c.p); got != want {
				t.Errorf("%d values support p%v: %v", n, 100*c.p, got)
			}
			if _, high, ok := statistics.QuantileRanks(n, c.p); ok != want || ok && high != n {
				t.Errorf("p%v of %d values: bounded %v, by the value %d", 100*c.p, n, ok, high)
			}
		}
	}
	for _, n := range []int64{1, 2, 5} { // every sample has a median, though not always an interval
		if _, _, ok := statistics.QuantileRanks(n, 0.5); ok || !statistics.Supports(n, 0.5) {
			t.Errorf("median of %d values: interval %v, supported %v", n, ok, statistics.Supports(n, 0.5))
		}
	}
	if statistics.Supports(0, 0.5) || statistics.Supports(1<<62, 1) || statistics.NeededFor(1) != math.MaxInt64 {
		t.Error("nothing supports a median of nothing, or p100")
	}
}

// Tables print the ranks of the median's interval: Conover's, and those of
// any other text on the sign test.
func TestRanksOfTheMedian(t *testing.T) {
	for n, want := range map[int64][2]int64{6: {1, 6}, 8: {1, 8}, 9: {2, 8}, 10: {2, 9}, 20: {6, 15}, 25: {8, 18}, 100: {40, 61}} {
		if low, high, ok := statistics.QuantileRanks(n, 0.5); !ok || low != want[0] || high != want[1] {
			t.Errorf("of %d values: %d to %d (%v), want %v", n, low, high, ok, want)
		}
	}
}

// The ranks are the narrowest that keep 2.5 % beyond either end, by sums of
// the binomial's own probabilities.
func TestRanksAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 2000).Draw(t, "n")
		p := rapid.Float64Range(0.001, 0.999).Draw(t, "p")
		low, high, ok := statistics.QuantileRanks(n, p)
		law := distuv.Binomial{N: float64(n), P: p}
		below, wider := 0.0, 0.0 // P(Bin < low), P(Bin < low+1)
		above, closer := 0.0, 0.0
		for k := range n + 1 {
			chance := law.Prob(float64(k))
			switch {
			case k < low:
				below += chance
			case k == low:
				wider = chance
			}
			switch {
			case k >= high:
				above += chance
			case k == high-1:
				closer = chance
			}
		}
		const tail, slack = 0.025, 1e-9
		if below > tail+slack || above > tail+slack || below+wider < tail-slack || above+closer < tail-slack {
			t.Fatalf("%d to %d of %d at %v leave %.4f below and %.4f above (one further: %.4f, %.4f)", low, high, n, p, below, above, below+wider, above+closer)
		}
		if ok != (low >= 1 && high <= n) {
			t.Fatalf("%d to %d of %d: %v", low, high, n, ok)
		}
	})
}

// Drawn again and again, the interval holds the true quantile at least as
// often as it says, and hardly more often than the values' coarseness allows.
func TestRanksCoverTheQuantile(t *testing.T) {
	const experiments = 4000
	for _, c := range []struct {
		n int64
		p float64
	}{{10, 0.5}, {100, 0.5}, {100, 0.9}, {400, 0.99}, {2000, 0.99}} {
		low, high, ok := statistics.QuantileRanks(c.n, c.p)
		if !ok {
			t.Fatalf("%+v has no interval", c)
		}
		rng := rand.New(rand.NewPCG(uint64(c.n), math.Float64bits(c.p)))
		truth := -math.Log(1 - c.p)
		values := make([]float64, c.n)
		covered := 0
		for range experiments {
			for i := range values {
				values[i] = rng.ExpFloat64()
			}
			slices.Sort(values)
			if values[low-1] <= truth && truth < values[high-1] {
				covered++
			}
		}
		if share := float64(covered) / experiments; share < 0.94 || share > 0.99 {
			t.Errorf("%+v: %d to %d cover %.3f", c, low, high, share)
		}
	}
}

// So many calls as a long run makes are no trouble either.
func TestRanksOfManyValues(t *testing.T) {
	const n, p = 1_000_000_000, 0.999
	low, high, ok := statistics.QuantileRanks(n, p)
	half := 1.959964 * math.Sqrt(n*p*(1-p))
	if !ok || math.Abs(float64(low)-(n*p-half)) > half/100 || math.Abs(float64(high)-(n*p+half)) > half/100 {
		t.Errorf("%d to %d, the normal approximation is %.0f ± %.0f", low, high, n*p, half)
	}
}
