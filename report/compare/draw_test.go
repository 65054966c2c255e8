package compare

import (
	"flag"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// long asks for the full size of the proofs: go test ./report/compare -long
var long = flag.Bool("long", false, "the proofs at their full size: minutes")

// size is how many experiments to do.
func size(short, full int) int {
	if *long {
		return full
	}
	return short
}

// load is what experiments measure: calls one after the other that take
// lognormal times.
type load struct {
	repetitions, calls int
	median             time.Duration
	sigma              float64 // of the logarithm
	drift              float64 // standard deviation of a repetition's log scale
}

// lognormal is the default: median 20 ms, p99 200 ms.
var lognormal = load{repetitions: 10, calls: 25_000, median: 20 * time.Millisecond, sigma: math.Log(10) / 2.3263}

// draw makes a sample of the load, each call scaled. Drifts are each
// repetition's own scale, as a machine's mood.
func (l load) draw(rng *rand.Rand, scale float64, drifts []float64) sample {
	group := &result.Group{Scenario: "s", Mode: "sequential", Clock: "virtual", Requests: l.calls, Sum: result.Sum{Response: latency.New(latency.Fine)}}
	s := sample{group: group}
	for repeat := range l.repetitions {
		h := latency.New(latency.Fine)
		factor := float64(l.median) * scale * math.Exp(drifts[repeat])
		for range l.calls {
			h.Record(time.Duration(factor * math.Exp(l.sigma*rng.NormFloat64())))
		}
		trial := trialOf(h, repeat)
		s.repetitions = append(s.repetitions, repetition{trial, h})
		group.Trials, group.OK = append(group.Trials, trial), group.OK+trial.OK
		group.Response.Merge(h)
	}
	group.MakespanS = result.MeanMakespan(group.Trials)
	return s
}

// run is the sample as a result has it.
func (s sample) run(t testing.TB) *result.Run {
	run := &result.Run{Planned: len(s.repetitions)}
	for _, r := range s.repetitions {
		trial := *r.Trial
		var err error
		if trial.Response, err = result.NewDist(r.response); err != nil {
			t.Fatal(err)
		}
		run.Trials = append(run.Trials, trial)
	}
	return run
}

func (l load) drifts(rng *rand.Rand) []float64 {
	drifts := make([]float64, l.repetitions)
	for i := range drifts {
		drifts[i] = l.drift * rng.NormFloat64()
	}
	return drifts
}

// trialOf is a trial of calls one after the other, but for the histogram.
func trialOf(h *latency.Histogram, repeat int) *result.Trial {
	n := h.Count()
	makespan := h.Mean() * float64(n) / 1e9
	return &result.Trial{
		Scenario: "s", Mode: "sequential", Target: "api", Clock: "virtual", Engine: "virtual", Repeat: repeat,
		Workload: "mode: sequential", Requests: int(n),
		MakespanS: makespan, ThroughputPerS: float64(n) / makespan,
		Measure: result.Measure{Scheduled: n, Started: n, OK: n}, Ended: result.Complete, Health: result.Health{KeptPace: true},
	}
}

// experiments carries out n experiments of seeds of their own, on every
// processor. Each may call report once it has its outcome: one at a time.
func experiments(n int, seed uint64, experiment func(rng *rand.Rand, report func(func()))) {
	var mu sync.Mutex
	report := func(f func()) {
		mu.Lock()
		defer mu.Unlock()
		f()
	}
	var all sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := worker; i < n; i += runtime.GOMAXPROCS(0) {
				experiment(rand.New(rand.NewPCG(seed, uint64(i))), report)
			}
		})
	}
	all.Wait()
}

// pair draws a baseline and a current sample, whose calls are scaled.
func (l load) pair(rng *rand.Rand, scale float64, paired bool) (was, is sample) {
	first, second := l.drifts(rng), l.drifts(rng)
	if paired {
		second = first
	}
	return l.draw(rng, 1, first), l.draw(rng, scale, second)
}

// judged is what Runs would say of two samples, without their way through
// files.
func judged(was, is sample, tolerance float64) map[string]Change {
	var family []*test
	for _, metric := range []string{Makespan, P50, P99} {
		t := newTest(metric, was, is, limits{general: &tolerance})
		t.examine(was.figure(metric), is.figure(metric), false)
		family = append(family, t)
	}
	conclude(family)
	changes := map[string]Change{}
	for _, t := range family {
		changes[t.change.Metric] = t.change
	}
	return changes
}

func mustCompare(t testing.TB, was, is *result.Run, o Options) *Comparison {
	t.Helper()
	c, err := Runs(was, is, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
