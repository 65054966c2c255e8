package sample

import (
	"math/rand/v2"
	"slices"
	"time"

	"plimsoll/runner/result"
)

// Callers is a sweep over the callers of a closed loop, four repetitions of
// 2 s each, against a target whose throughput follows the Universal
// Scalability Law and peaks at about 70, beyond what was measured.
func Callers() *result.Run {
	r := run()
	for repeat := range 4 {
		for _, n := range []int{1, 2, 4, 8, 16, 32, 48} {
			rng := rand.New(rand.NewPCG(uint64(repeat), uint64(n)))
			slow := (1 + 0.02*float64(n-1) + 0.0002*float64(n*(n-1))) * (1 + 0.02*rng.NormFloat64())
			calls := closedLoop(n, 2*time.Second, func() time.Duration {
				return time.Duration(slow * (15e6 + 5e6*rng.ExpFloat64()))
			})
			t := measured(result.Trial{Scenario: "callers", Mode: "concurrent", Target: "shop", Clock: "real", Engine: "wire-epoll", Repeat: repeat,
				DurationS: 2, Concurrency: n, Sweep: result.Point{Concurrency: n}, Health: result.Health{KeptPace: true}}, calls)
			if repeat == 0 && n == 48 { // only what charts show: encoding them takes its time
				t.Timeline = timeline(calls, 0)
			}
			r.Trials = append(r.Trials, t)
		}
	}
	r.Scaling = callersLaws()
	return r
}

// closedLoop is so many callers, each of which calls again at once until the
// end.
func closedLoop(callers int, end time.Duration, delay func() time.Duration) []call {
	var calls []call
	free := make([]time.Duration, callers)
	for {
		next := slices.Index(free, slices.Min(free))
		at := free[next]
		if at >= end {
			return calls
		}
		free[next] = at + delay()
		calls = append(calls, call{due: at, start: at, end: free[next]})
	}
}
