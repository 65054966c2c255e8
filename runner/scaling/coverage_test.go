package scaling

import (
	"math"
	"math/rand/v2"
	"testing"
)

// experiment draws sweeps of a law and counts how often the intervals cover
// the truth: those of σ, κ, X(1) and the peak.
type experiment struct {
	name        string
	n           []float64
	truth       curve
	relative    bool
	repetitions int
	noise       float64 // a share of the largest capacity, or of each one's own
	own         bool
	wide        bool // intervals may be wider than need be
}

func (c curve) at(n float64) float64 { return c.x1 * n / (1 + c.serial*(n-1) + c.crosstalk*n*(n-1)) }

func (e experiment) sweep(rng *rand.Rand) Sweep {
	largest := 0.0
	for _, n := range e.n {
		largest = max(largest, e.truth.at(n))
	}
	all := make([][]float64, e.repetitions)
	for r := range all {
		for _, n := range e.n {
			size := largest
			if e.own {
				size = e.truth.at(n)
			}
			all[r] = append(all[r], e.truth.at(n)+e.noise*size*rng.NormFloat64())
		}
	}
	return Sweep{N: e.n, Repetitions: e.repetitions, Relative: e.relative, Capacity: func(without int) []float64 {
		mean := make([]float64, len(e.n))
		for r := range all {
			for i, v := range all[r] {
				if r != without {
					mean[i] += v
				}
			}
		}
		for i := range mean {
			mean[i] /= float64(e.repetitions)
			if without >= 0 {
				mean[i] *= float64(e.repetitions) / float64(e.repetitions-1)
			}
		}
		return mean
	}}
}

func (e experiment) run(t *testing.T, rounds int) {
	rng := rand.New(rand.NewPCG(1, uint64(len(e.name))))
	var covered [4]int
	for range rounds {
		fits, err := Laws(e.sweep(rng))
		if err != nil {
			t.Fatal(err)
		}
		usl := fits[1]
		for i, c := range []struct{ low, truth, high float64 }{
			{usl.Serial.Low, e.truth.serial, usl.Serial.High}, {usl.Crosstalk.Low, e.truth.crosstalk, usl.Crosstalk.High},
			{usl.X1.Low, e.truth.x1, usl.X1.High}, {usl.Peak.Low, 1 / math.Sqrt(e.truth.bend()), usl.Peak.High},
		} {
			if c.low <= c.truth && c.truth <= c.high {
				covered[i]++
			}
		}
	}
	for i, what := range []string{"σ", "κ", "X(1)", "the peak"} {
		share := float64(covered[i]) / float64(rounds)
		most := 0.98
		if e.wide || what == "X(1)" && e.relative { // where it is 1
			most = 1
		}
		if share < 0.92 || share > most {
			t.Errorf("%s: intervals of %s cover the truth in %.1f %% of %d experiments", e.name, what, 100*share, rounds)
		}
	}
}

// 95 % intervals hold what they promise.
func TestIntervalsCoverTheTruth(t *testing.T) {
	const rounds = 500 // so that the share is known to a hundredth
	if testing.Short() {
		t.Skip("thousands of fits")
	}
	truth := curve{serial: 0.03, crosstalk: 0.0003, x1: 50}
	alone := truth
	alone.x1 = 1
	wide := []float64{1, 2, 4, 8, 16, 32, 64, 100}
	for _, e := range []experiment{
		{name: "residuals of throughputs", n: wide, truth: truth, repetitions: 1, noise: 0.01},
		{name: "residuals of speedups", n: []float64{5, 10, 20, 50, 100}, truth: alone, relative: true, repetitions: 1, noise: 0.01},
		{name: "three repetitions", n: wide, truth: truth, repetitions: 3, noise: 0.02, own: true},
		{name: "five repetitions", n: wide, truth: truth, repetitions: 5, noise: 0.03, own: true},
		{name: "ten repetitions of speedups", n: []float64{5, 10, 20, 50, 100}, truth: alone, relative: true, repetitions: 10, noise: 0.05, own: true},
		{name: "X(1) measured, residuals", n: []float64{1, 4, 16, 32, 64}, truth: truth, repetitions: 1, noise: 0.005, wide: true},
		{name: "X(1) measured, repetitions", n: []float64{1, 4, 16, 32, 64}, truth: truth, repetitions: 4, noise: 0.005, own: true},
	} {
		t.Run(e.name, func(t *testing.T) { e.run(t, rounds) })
	}
}
