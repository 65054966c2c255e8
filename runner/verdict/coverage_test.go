package verdict

import (
	"cmp"
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"plimsoll/runner/result"
)

var long = flag.Bool("long", false, "measure the coverage of speedups for every workload, ten times as closely")

// call is the time that a call takes, in seconds.
type call func(*rand.Rand) float64

func exponential(rng *rand.Rand) float64 { return 0.05 * rng.ExpFloat64() }

// lognormal has a p99 of ten times its median.
func lognormal(rng *rand.Rand) float64 {
	return 0.02 * math.Exp(math.Log(10)/2.3263*rng.NormFloat64())
}

// workload is what two modes do with the same calls, or with other ones: each
// makes one repetition of the calls that are drawn.
type workload struct {
	name       string
	base, mode func(*rand.Rand) result.Trial
	truth      float64    // known by theory; 0 where it is not
	paired     [2]float64 // what the intervals are known to cover in pairs, in percent; 93 to 97 where not said
}

// workloads: of N exponential times in a batch, c at a time, the first N−c end
// c times as soon, and the last c as the largest of so many.
var workloads = []workload{
	{name: "200 exponential calls, 4 at a time", base: batch(200, 1, exponential), mode: batch(200, 4, exponential), truth: 200 / (49 + harmonic(4))},
	{name: "200 exponential calls, all at once", base: batch(200, 1, exponential), mode: batch(200, 200, exponential), truth: 200 / harmonic(200)},
	{name: "20 exponential calls, 4 at a time", base: batch(20, 1, exponential), mode: batch(20, 4, exponential), truth: 20 / (4 + harmonic(4))},
	{name: "200 lognormal calls, 4 at a time", base: batch(200, 1, lognormal), mode: batch(200, 4, lognormal), paired: [2]float64{89, 97}},
	{name: "200 lognormal calls, all at once", base: batch(200, 1, lognormal), mode: batch(200, 200, lognormal)},
	{name: "10 s of exponential calls, 4 at a time", base: lasting(10, 1, exponential), mode: lasting(10, 4, exponential), truth: 4},
	{name: "10 s at random, 40/s over 20/s", base: arriving(10, 20, exponential), mode: arriving(10, 40, exponential)},
}

// harmonic is the mean of the largest of n exponential times of mean 1.
func harmonic(n int) (sum float64) {
	for k := 1; k <= n; k++ {
		sum += 1 / float64(k)
	}
	return sum
}

// batch takes n calls, the next as soon as one of at most c has ended.
func batch(n, c int, took call) func(*rand.Rand) result.Trial {
	return func(rng *rand.Rand) result.Trial {
		free := make([]float64, min(n, c)) // since when
		for range n {
			free[soonest(free)] += took(rng)
		}
		makespan := 0.0
		for _, end := range free {
			makespan = max(makespan, end)
		}
		return result.Trial{Requests: n, MakespanS: makespan, Measure: result.Measure{OK: int64(n)}}
	}
}

// lasting takes as many calls, c at a time, as end within some seconds.
func lasting(seconds float64, c int, took call) func(*rand.Rand) result.Trial {
	return func(rng *rand.Rand) result.Trial {
		free, ended := make([]float64, c), 0
		for {
			i := soonest(free)
			if free[i] > seconds {
				return result.Trial{DurationS: seconds, ThroughputPerS: float64(ended) / seconds, Measure: result.Measure{OK: int64(ended)}}
			}
			if free[i] += took(rng); free[i] <= seconds {
				ended++
			}
		}
	}
}

// arriving takes calls that come at random, whatever the ones before do.
func arriving(seconds, rate float64, took call) func(*rand.Rand) result.Trial {
	return func(rng *rand.Rand) result.Trial {
		ended := 0
		for at := 0.0; at < seconds; at += rng.ExpFloat64() / rate {
			if at+took(rng) <= seconds {
				ended++
			}
		}
		return result.Trial{DurationS: seconds, ThroughputPerS: float64(ended) / seconds, Measure: result.Measure{OK: int64(ended)}}
	}
}

func soonest(free []float64) int {
	first := 0
	for i, at := range free {
		if at < free[first] {
			first = i
		}
		if at == 0 {
			return i
		}
	}
	return first
}

// The 95 % intervals of speedups cover the truth as often as they say, of
// batches whose modes meet the same draws, as they do, and of other draws.
// The table of docs/regression-checks.md is what -long -v prints.
func TestSpeedupIntervalsCoverTheTruth(t *testing.T) {
	experiments, chance, some := 1000, 1.5, workloads[:1] // two standard errors
	if *long {
		experiments, chance, some = 10_000, 0.5, workloads
	}
	for _, w := range some {
		t.Run(w.name, func(t *testing.T) {
			truth := w.longRun(t)
			for _, paired := range []bool{true, false} {
				least, most := 93.0, 97.0
				if paired && w.paired[1] > 0 {
					least, most = w.paired[0], w.paired[1]
				}
				for _, n := range []int{3, 5, 10} {
					got := w.covered(experiments, n, paired, truth)
					t.Logf("same draws %5t, %2d repetitions: %.1f %%", paired, n, got)
					if got < least-chance || got > most+chance {
						t.Errorf("same draws %t, %d repetitions: %.1f %% of the intervals cover %.4g", paired, n, got, truth)
					}
				}
			}
		})
	}
}

// longRun is the ratio of very many repetitions.
func (w workload) longRun(t *testing.T) float64 {
	rng := rand.New(rand.NewPCG(1, 1))
	var base, mode []*result.Trial
	for range 20_000 {
		draws := rng.Uint64()
		b, m := w.base(rand.New(rand.NewPCG(draws, 0))), w.mode(rand.New(rand.NewPCG(draws, 0)))
		base, mode = append(base, &b), append(mode, &m)
	}
	all := pairs{base: base, mode: mode}
	ratio := over(all.longer(-1), all.shorter(-1))
	if w.truth > 0 && math.Abs(ratio/w.truth-1) > 0.003 {
		t.Errorf("the ratio is %v, and theory says %v", ratio, w.truth)
	}
	return cmp.Or(w.truth, ratio)
}

// covered is the percentage of so many experiments whose interval has the
// truth in it.
func (w workload) covered(experiments, repetitions int, paired bool, truth float64) float64 {
	rng := rand.New(rand.NewPCG(uint64(repetitions), 2))
	hits := 0
	for range experiments {
		var base, mode result.Group
		for repeat := range repetitions {
			draws, others := rng.Uint64(), rng.Uint64()
			if paired {
				others = draws
			}
			b, m := w.base(rand.New(rand.NewPCG(draws, 0))), w.mode(rand.New(rand.NewPCG(others, 0)))
			b.Repeat, m.Repeat, b.Ended, m.Ended = repeat, repeat, result.Complete, result.Complete
			base.Trials, mode.Trials = append(base.Trials, &b), append(mode.Trials, &m)
		}
		var s result.Speedup
		if compare(&s, &base, &mode); s.Low <= truth && truth <= s.High {
			hits++
		}
	}
	return 100 * float64(hits) / float64(experiments)
}
