package statistics

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// mean is a figure that is a plain mean of its repetitions, of which the
// jackknife is known to be the classic standard error, s/√n.
func mean(xs []float64) Figure {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	f := Figure{All: sum / float64(len(xs))}
	for _, x := range xs {
		f.Without = append(f.Without, (sum-x)/float64(len(xs)-1))
	}
	return f
}

// Snedecor & Cochran's weight gains of rats under high and low protein
// (Statistical Methods, table 6.9.1), a classic of Welch's test: R's t.test
// has t = 1.9107, df = 13.082, p = 0.07821, interval −2.469073 to 40.469073.
func TestUnpairedIsWelchsTest(t *testing.T) {
	high := []float64{134, 146, 104, 119, 124, 161, 107, 83, 113, 129, 97, 123}
	low := []float64{70, 118, 101, 85, 107, 132, 94}
	d := Unpaired(mean(low), mean(high))
	from, to := d.Interval()
	for what, pair := range map[string][2]float64{
		"difference": {d.Value, 19}, "t": {d.Value / d.spread(0).error, 1.9107}, "degrees": {d.spread(0).degrees, 13.082},
		"two-sided p": {2 * d.Above(0), 0.07821}, "low": {from, -2.469073}, "high": {to, 40.469073},
	} {
		if math.Abs(pair[0]-pair[1]) > 5e-5*math.Abs(pair[1]) {
			t.Errorf("%s is %.6f, want %v", what, pair[0], pair[1])
		}
	}
}

// Student's sleep data (1908): in pairs t = 4.0621 with 9 degrees of freedom,
// interval 0.7001142 to 2.4598858 (R's ?sleep).
func TestPairedIsStudentsTest(t *testing.T) {
	one := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	two := []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	d := Paired(mean(one), mean(two))
	from, to := d.Interval()
	if math.Abs(from-0.7001142) > 1e-6 || math.Abs(to-2.4598858) > 1e-6 || math.Abs(2*d.Above(0)-0.002833) > 1e-6 {
		t.Errorf("interval %.7f to %.7f, p %.6f", from, to, 2*d.Above(0))
	}
}

// A pair of logarithms is what Ratio estimates.
func TestPairedIsTheRatio(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(rapid.Float64Range(0.1, 10), 3, 8).Draw(t, "a")
		b := rapid.SliceOfN(rapid.Float64Range(0.1, 10), len(a), len(a)).Draw(t, "b")
		d := Paired(mean(a), mean(b))
		want, err := Ratio(len(a), func(without int) float64 {
			if without == None {
				return math.Exp(d.Value)
			}
			return math.Exp(mean(b).Without[without] - mean(a).Without[without])
		})
		low, high := d.Interval()
		if err != nil || math.Abs(math.Exp(low)/want.Low-1) > 1e-9 || math.Abs(math.Exp(high)/want.High-1) > 1e-9 {
			t.Fatalf("%v to %v, want %+v, %v", math.Exp(low), math.Exp(high), want, err)
		}
	})
}

// The uncorrected verdict can be read off the interval: it lies beyond a bound
// just when the test of 2.5 % to that side says so.
func TestIntervalAndTestsAgree(t *testing.T) {
	values := rapid.SliceOfN(rapid.Float64Range(-1, 1), 3, 6)
	rapid.Check(t, func(t *rapid.T) {
		d := Unpaired(mean(values.Draw(t, "a")), mean(values.Draw(t, "b")))
		bound := rapid.Float64Range(0, 1).Draw(t, "bound")
		low, high := d.Interval()
		const margin = 1e-9
		near := math.Min(math.Abs(low-bound), math.Abs(high+bound)) < margin || math.Abs(low+bound) < margin || math.Abs(high-bound) < margin
		if near {
			return
		}
		if (low > bound) != (d.Above(bound) < 0.025) || (high < -bound) != (d.Below(-bound) < 0.025) ||
			(low > -bound && high < bound) != (d.Within(bound) < 0.025) {
			t.Fatalf("%v to %v against ±%v: above %v, below %v, within %v", low, high, bound, d.Above(bound), d.Below(-bound), d.Within(bound))
		}
	})
}

func TestWhatDoesNotVaryIsCertain(t *testing.T) {
	same := Figure{1, []float64{1, 1, 1}}
	more := Figure{1.5, []float64{1.5, 1.5, 1.5}}
	d := Unpaired(same, more)
	if low, high := d.Interval(); low != 0.5 || high != 0.5 {
		t.Errorf("%v to %v", low, high)
	}
	for what, p := range map[string]float64{
		"above 0.4": d.Above(0.4), "within 0.5": d.Within(0.5), "within 0.6": d.Within(0.6), "no change": Paired(same, same).Within(0),
	} {
		if p != 0 {
			t.Errorf("p of %s is %v", what, p)
		}
	}
	if d.Above(0.5) != 1 || d.Below(0.5) != 1 || d.Within(0.4) != 1 {
		t.Errorf("%v %v %v", d.Above(0.5), d.Below(0.5), d.Within(0.4))
	}
}

// Exactly the tolerance is no change, whatever rounding says of it: one float
// to either side is, too, and what can be seen to be beyond is not.
func TestExactlyTheToleranceIsNoChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tolerance := float64(rapid.IntRange(1, 500).Draw(t, "tolerance, tenths of a percent")) / 1000
		was := rapid.Float64Range(1e-6, 1e6).Draw(t, "was")
		bound := math.Log1p(tolerance)
		exactly := was * (1 + tolerance)
		for _, c := range []struct {
			is     float64
			within bool
		}{
			{exactly, true}, {math.Nextafter(exactly, math.Inf(1)), true}, {math.Nextafter(exactly, 0), true},
			{was / (1 + tolerance), true}, {exactly * (1 + 1e-9), false}, {was / (1 + tolerance) * (1 - 1e-9), false},
		} {
			known := func(v float64) Figure { v = math.Log(v); return Figure{v, []float64{v, v, v}} }
			for _, d := range []Difference{Paired(known(was), known(c.is)), Unpaired(known(was), known(c.is))} {
				beyond := min(d.Above(bound), d.Below(-bound)) == 0
				if within := d.Within(bound) == 0; within != c.within || beyond == c.within {
					t.Fatalf("from %v to %v with a tolerance of %v: within %v, beyond %v", was, c.is, tolerance, within, beyond)
				}
			}
		}
	})
}

// With as many more repetitions as estimated, an error that falls as it should
// decides in about 80 of 100 experiments.
func TestMoreIsAboutEnough(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	const repetitions, truth, bound = 5, 0.10, 0.05
	exact := Difference{truth, []part{{0.1 * 0.1 / repetitions, repetitions}, {0.1 * 0.1 / repetitions, repetitions}}}
	more := exact.More(bound, 0.025)
	n, told := repetitions+more, 0
	const experiments = 2000
	for range experiments {
		a, b := make([]float64, n), make([]float64, n)
		for i := range n {
			a[i], b[i] = 0.1*rng.NormFloat64(), truth+0.1*rng.NormFloat64()
		}
		if Unpaired(mean(a), mean(b)).Above(bound) <= 0.025 {
			told++
		}
	}
	if share := float64(told) / experiments; more < 10 || share < 0.75 || share > 0.87 {
		t.Errorf("with %d more repetitions %.0f %% of the experiments tell", more, share*100)
	}
}

func TestMoreGivesUp(t *testing.T) {
	wide := []part{{1, 3}, {1, 3}}
	if more := (Difference{0.05, wide}).More(0.05, 0.025); more != 0 {
		t.Errorf("right on the bound: %d", more)
	}
	if more := (Difference{0.051, wide}).More(0.05, 0.025); more != 0 {
		t.Errorf("next to the bound: %d", more)
	}
	few, many := (Difference{5, wide}).More(0.05, 0.025), (Difference{2, wide}).More(0.05, 0.025)
	if few < 1 || many <= few {
		t.Errorf("%d for a large difference, %d for a smaller one", few, many)
	}
}
