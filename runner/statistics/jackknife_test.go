package statistics

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

var long = flag.Bool("long", false, "simulate coverage twenty times as long")

// Two-sided 95 % points of Student's t, from the tables (Fisher & Yates 1938;
// NIST/SEMATECH e-Handbook, 1.3.6.7.2).
func TestStudentsTIsThePublishedTable(t *testing.T) {
	for degrees, want := range map[int]float64{1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 10: 2.228, 29: 2.045, 120: 1.980} {
		if got := studentsT(degrees); math.Abs(got-want) > 0.0005 {
			t.Errorf("t of %d degrees is %.4f, want %.3f", degrees, got, want)
		}
	}
}

// logMean is a ratio whose logarithm is a plain mean, for which the jackknife
// is known to be the classic interval x̄ ± t·s/√n.
func logMean(xs []float64) func(int) float64 {
	return func(without int) float64 {
		sum, n := 0.0, 0.0
		for i, x := range xs {
			if i != without {
				sum, n = sum+x, n+1
			}
		}
		return math.Exp(sum / n)
	}
}

func TestOfAMeanItIsTheClassicInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(-3, 3), 2, 12).Draw(t, "x")
		n := float64(len(xs))
		mean, squares := 0.0, 0.0
		for _, x := range xs {
			mean += x / n
		}
		for _, x := range xs {
			squares += (x - mean) * (x - mean)
		}
		half := studentsT(len(xs)-1) * math.Sqrt(squares/(n-1)/n)
		e, err := Ratio(len(xs), logMean(xs))
		if err != nil {
			t.Fatal(err)
		}
		for what, pair := range map[string][2]float64{
			"value": {math.Log(e.Value), mean}, "low": {math.Log(e.Low), mean - half}, "high": {math.Log(e.High), mean + half},
		} {
			if math.Abs(pair[0]-pair[1]) > 1e-9*(1+math.Abs(pair[1])) {
				t.Fatalf("log %s of %v is %v, want %v", what, xs, pair[0], pair[1])
			}
		}
	})
}

// Worked by hand: makespans 10, 12, 11 against 5, 5, 6. The ratios without
// one are 23/11, 21/11 and 22/10.
func TestAWorkedExample(t *testing.T) {
	a, b := []float64{10, 12, 11}, []float64{5, 5, 6}
	e, err := Ratio(3, func(without int) float64 { return meanWithout(a, without) / meanWithout(b, without) })
	if err != nil {
		t.Fatal(err)
	}
	// ln: 0.737599, 0.646627, 0.788457; mean 0.724228; Σ squares 0.01032608;
	// standard error √(2/3 · 0.01032608) = 0.0829702; times 4.302653 = 0.356992;
	// e^0.356992 = 1.429024.
	for what, pair := range map[string][2]float64{"value": {e.Value, 33.0 / 16}, "low": {e.Low, 2.0625 / 1.429024}, "high": {e.High, 2.0625 * 1.429024}} {
		if math.Abs(pair[0]-pair[1]) > 5e-6 {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
}

func meanWithout(xs []float64, without int) float64 {
	sum, n := 0.0, 0.0
	for i, x := range xs {
		if i != without {
			sum, n = sum+x, n+1
		}
	}
	return sum / n
}

func TestNoVariationIsNoInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ratio := rapid.Float64Range(1e-9, 1e9).Draw(t, "ratio")
		n := rapid.IntRange(2, 30).Draw(t, "n")
		e, err := Ratio(n, func(int) float64 { return ratio })
		if err != nil || e != (Estimate{ratio, ratio, ratio}) {
			t.Fatalf("%d times %v: %v, %v", n, ratio, e, err)
		}
	})
}

func TestWhatHasNoInterval(t *testing.T) {
	if _, err := Ratio(1, func(int) float64 { return 2 }); err == nil {
		t.Error("one repetition has an interval")
	}
	for _, ratio := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		for _, where := range []int{None, 0, 2} {
			_, err := Ratio(3, func(without int) float64 {
				if without == where {
					return ratio
				}
				return 2
			})
			if err == nil {
				t.Errorf("ratio %v without %d has an interval", ratio, where)
			}
		}
	}
	if e, err := Ratio(2, func(without int) float64 { return []float64{1, 1e-300, 1e300}[without+1] }); err == nil {
		t.Errorf("an infinite interval: %v", e)
	}
}

// trial is one repetition's calls as counts by latency, in bins of 1 % on a
// log scale, so that merging and leaving out are additions.
type trial [1000]int

const perBin = 0.01

func (r *trial) record(latency float64) {
	r[min(max(int(math.Log(latency)/perBin)+600, 0), len(r)-1)]++
}

// experiment is one simulated comparison: n paired repetitions of two modes,
// the second three times as fast. A repetition drifts for both alike by 10 %
// and for each by 5 % (one standard deviation each), and its latencies are
// exponential.
type experiment struct {
	slow, fast         []trial
	slowSpan, fastSpan []float64
}

const truth = 3.0

func simulate(n, calls int, rng *rand.Rand) *experiment {
	e := &experiment{}
	run := func(scale float64) (trial, float64) {
		var r trial
		span := 0.0
		for range calls {
			latency := scale * rng.ExpFloat64()
			r.record(latency)
			span += latency
		}
		return r, span
	}
	for range n {
		drift := math.Exp(0.1 * rng.NormFloat64())
		slow, slowSpan := run(drift * math.Exp(0.05*rng.NormFloat64()))
		fast, fastSpan := run(drift * math.Exp(0.05*rng.NormFloat64()) / truth)
		e.slow, e.slowSpan = append(e.slow, slow), append(e.slowSpan, slowSpan)
		e.fast, e.fastSpan = append(e.fast, fast), append(e.fastSpan, fastSpan)
	}
	return e
}

func (e *experiment) makespans(without int) float64 {
	return meanWithout(e.slowSpan, without) / meanWithout(e.fastSpan, without)
}

func (e *experiment) quantiles(p float64) func(int) float64 {
	return func(without int) float64 { return quantile(e.slow, without, p) / quantile(e.fast, without, p) }
}

// quantile of all repetitions but one, merged; within a bin by proportion.
func quantile(repetitions []trial, without int, p float64) float64 {
	total := 0
	var merged trial
	for i := range repetitions {
		if i == without {
			continue
		}
		for bin, count := range &repetitions[i] {
			merged[bin] += count
			total += count
		}
	}
	rank := p * float64(total)
	for bin, count := range &merged {
		if c := float64(count); rank > c {
			rank -= c
		} else {
			return math.Exp((float64(bin-600) + rank/c) * perBin)
		}
	}
	return math.NaN()
}

// holds tells whether the statistic's interval, made narrower or wider by the
// factor, holds the truth.
func holds(n int, statistic func(int) float64, factor float64) bool {
	e, err := Ratio(n, statistic)
	return err == nil && math.Abs(math.Log(truth/e.Value)) <= factor*math.Log(e.High/e.Value)
}

func TestIntervalsCoverTheTruth(t *testing.T) {
	times := 1000
	if *long {
		times *= 20
	}
	for _, n := range []int{3, 5, 10} {
		rng := rand.New(rand.NewPCG(1, uint64(n)))
		held := map[string]int{}
		for range times {
			e := simulate(n, 300, rng)
			for name, covered := range map[string]bool{
				"makespan": holds(n, e.makespans, 1),
				"p50":      holds(n, e.quantiles(0.5), 1),
				"p99":      holds(n, e.quantiles(0.99), 1),
				// Would this test notice wrong intervals? The normal
				// distribution's 1.96 in place of Student's t, twice the width.
				"normal": holds(n, e.makespans, 1.96/studentsT(n-1)),
				"double": holds(n, e.makespans, 2),
			} {
				if covered {
					held[name]++
				}
			}
		}
		percent := func(name string) float64 { return 100 * float64(held[name]) / float64(times) }
		for _, name := range []string{"makespan", "p50", "p99"} {
			t.Logf("%2d repetitions, %-8s %.1f %%", n, name, percent(name))
			if percent(name) < 92 || percent(name) > 98 {
				t.Errorf("95 %% intervals of %s over %d repetitions cover %.1f %% of the time", name, n, percent(name))
			}
		}
		if n < 10 && percent("normal") >= 92 || percent("double") <= 98 {
			t.Errorf("over %d repetitions normal intervals cover %.1f %%, doubled ones %.1f %%: this test sees nothing", n, percent("normal"), percent("double"))
		}
	}
}

// Where the repetitions lean to neither side, an interval of pairs is the
// plain one; otherwise its longer side reaches further, and the other does not.
func TestPairedRatioReachesTowardsTheTail(t *testing.T) {
	evenly := func(without int) float64 { return logMean([]float64{1, 2, 3})(without) }
	one := func(int) float64 { return 1 }
	plain, _ := Ratio(3, evenly)
	if got, err := PairedRatio(3, evenly, one); err != nil || math.Abs(got.Low/plain.Low-1) > 1e-12 || math.Abs(got.High/plain.High-1) > 1e-12 {
		t.Errorf("%+v, want %+v, %v", got, plain, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 12).Draw(t, "n")
		xs := rapid.SliceOfN(rapid.Float64Range(-3, 3), n, n).Draw(t, "x")
		ys := rapid.SliceOfN(rapid.Float64Range(-3, 3), n, n).Draw(t, "y")
		diff := make([]float64, n)
		for i := range xs {
			diff[i] = xs[i] - ys[i]
		}
		plain, err := Ratio(n, logMean(diff))
		got, err2 := PairedRatio(n, logMean(xs), logMean(ys))
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		skewed := skewnessOf(diff)
		const rounding = 1e-9
		up, down := math.Log(got.High/plain.High), math.Log(plain.Low/got.Low)
		if up < -rounding || down < -rounding || skewed > 0.1 && down > rounding || skewed < -0.1 && up > rounding {
			t.Fatalf("skewed by %v it reaches %v further up and %v down", skewed, up, down)
		}
		if swapped, _ := PairedRatio(n, logMean(ys), logMean(xs)); math.Abs(swapped.Low*got.High-1) > rounding || math.Abs(swapped.High*got.Low-1) > rounding {
			t.Fatalf("%+v, and turned about %+v", got, swapped)
		}
	})
}

// The sample skewness as textbooks define it: of 1, 2, 3, 10 it is 1.7635.
func TestSkewness(t *testing.T) {
	// mean 4; squares 9+4+1+36 = 50; cubes −27−8−1+216 = 180;
	// g₁ = 45 / 12.5^1.5 = 1.01823; G₁ = g₁·√12/2.
	if got := skewnessOf([]float64{1, 2, 3, 10}); math.Abs(got-1.763632) > 1e-5 {
		t.Errorf("%v", got)
	}
	if skewnessOf([]float64{1, 5}) != 0 || skewnessOf([]float64{2, 2, 2}) != 0 {
		t.Error("what has none is skewed")
	}
}
