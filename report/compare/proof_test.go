package compare

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"plimsoll/runner/statistics"
)

// The product's proof that it does not cry wolf: of identical runs (10
// repetitions of 25,000 lognormal calls each) at most 1 % say better or worse
// of any metric with a tolerance of 3 %, and at most 5 % with a tolerance of
// 0, which is the test that can fail. With -long there are 1,000 pairs.
func TestIdenticalRunsAreNotCalledDifferent(t *testing.T) {
	n := size(30, 1000)
	tolerant, strict, uncorrected := 0, 0, 0
	experiments(n, 1, func(rng *rand.Rand, report func(func())) {
		was, is := lognormal.pair(rng, 1, false)
		withTolerance, without := judged(was, is, 0.03), judged(was, is, 0)
		report(func() {
			tolerant += called(withTolerance)
			strict += called(without)
			for _, c := range without {
				if c.Alone != "" || c.Verdict != CannotTell {
					uncorrected++
					break
				}
			}
		})
	})
	t.Logf("of %d pairs of identical runs %d are called different with a tolerance of 3 %%, %d with 0 (%d without the correction)", n, tolerant, strict, uncorrected)
	if tolerant*100 > n {
		t.Errorf("tolerance 3 %%: %d of %d identical pairs are called different", tolerant, n)
	}
	if strict*100 > 5*n {
		t.Errorf("tolerance 0: %d of %d identical pairs are called different", strict, n)
	}
	if *long && strict == 0 {
		t.Error("not one pair in 1,000: the tests are too shy to find anything")
	}
}

// called is 1 if any change is.
func called(changes map[string]Change) int {
	for _, c := range changes {
		if c.Verdict == Better || c.Verdict == Worse {
			return 1
		}
	}
	return 0
}

// A true change of twice the tolerance (5 %) is called at least 95 times in
// 100 on every metric, one of half the tolerance at most 2.5 times on any.
func TestRealChangesAreCalled(t *testing.T) {
	n := size(10, 200)
	for _, c := range []struct {
		scale float64
		want  Verdict
	}{{1.10, Worse}, {1 / 1.10, Better}, {1.025, ""}, {1 / 1.025, ""}} {
		calls, any, wrong := map[string]int{}, 0, 0
		experiments(n, 2, func(rng *rand.Rand, report func(func())) {
			was, is := lognormal.pair(rng, c.scale, false)
			changes := judged(was, is, DefaultTolerance)
			report(func() {
				any += called(changes)
				for metric, change := range changes {
					switch change.Verdict {
					case c.want:
						calls[metric]++
					case Better, Worse:
						wrong++
					}
				}
			})
		})
		t.Logf("a true ratio of %.4g: of %d pairs %d are called, by metric %v", c.scale, n, any, calls)
		for _, metric := range []string{Makespan, P50, P99} {
			if c.want != "" && calls[metric]*100 < 95*n {
				t.Errorf("ratio %.4g: %s is called in %d of %d", c.scale, metric, calls[metric], n)
			}
		}
		if c.want != "" && wrong > 0 || c.want == "" && any*1000 > 25*n {
			t.Errorf("ratio %.4g: of %d pairs %d are called, %d of the verdicts are wrong", c.scale, n, any, wrong)
		}
	}
}

// 95 % intervals of the ratios cover the true one in 92 to 98 of 100
// experiments, also where repetitions differ by the machine's mood (3 %),
// which pairs share. With -long there are 1,000 experiments each.
func TestIntervalsCoverTheTruth(t *testing.T) {
	n, slack := size(120, 1000), 0.05
	if *long {
		slack = 0
	}
	const truth = 1.07
	for _, repetitions := range []int{3, 5, 10} {
		for _, paired := range []bool{false, true} {
			l := lognormal
			l.repetitions, l.calls, l.drift = repetitions, 2_000, 0.03
			covered := map[string]int{}
			experiments(n, 3, func(rng *rand.Rand, report func(func())) {
				was, is := l.pair(rng, truth, paired)
				differ := statistics.Unpaired
				if paired {
					differ = statistics.Paired
				}
				for _, metric := range []string{Makespan, P50, P99} {
					low, high := differ(was.figure(metric), is.figure(metric)).Interval()
					if low <= math.Log(truth) && math.Log(truth) <= high {
						report(func() { covered[metric]++ })
					}
				}
			})
			t.Logf("%d repetitions, paired %v: of %d experiments covered %v", repetitions, paired, n, covered)
			for _, metric := range []string{Makespan, P50, P99} {
				if share := float64(covered[metric]) / float64(n); share < 0.92-slack || share > 0.98+slack {
					t.Errorf("%d repetitions, paired %v: the interval of %s covers %.1f %%", repetitions, paired, metric, share*100)
				}
			}
		}
	}
}

// The proofs above take a short cut around files: it leads to the same place.
func TestTheShortCutIsNone(t *testing.T) {
	l := lognormal
	l.calls = 1000
	was, is := l.pair(rand.New(rand.NewPCG(4, 4)), 1.2, false)
	tolerance := 0.1
	whole := mustCompare(t, was.run(t), is.run(t), Options{Tolerance: &tolerance})
	for _, change := range whole.Changes {
		short, there := judged(was, is, tolerance)[change.Metric]
		if change.Metric != Errors && !there || there && !reflect.DeepEqual(short, change) {
			t.Errorf("%+v by files, %+v by the short cut", change, short)
		}
	}
	if len(whole.Changes) != 4 {
		t.Errorf("%d changes", len(whole.Changes))
	}
}
