package sample

import (
	"math/rand/v2"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// batch is a trial of calls that were started in this order, with when they were over.
func batch(t result.Trial, calls []call) result.Trial {
	t.Requests, t.Sweep = len(calls), result.Point{Requests: len(calls)}
	t.Health.KeptPace = true
	ends := latency.NewEnds(len(calls))
	for place, c := range calls {
		if c.class != underWay {
			ends.Record(uint64(place), c.end)
		}
	}
	t = timed(t, calls)
	t.Completions = result.NewCompletions(ends)
	return t
}

// Completions are 300 downloads, three times over, one after another, a few at a time
// and at once: most take half a second, and every tenth one ten times as long; of the
// ones at once some fail. And three search engines of 1.5, 2 and 1 s, of which the first
// answer is enough.
func Completions() *result.Run {
	r := run()
	for repeat := range 3 {
		for _, mode := range []struct {
			name   string
			places int
		}{{"sequential", 1}, {"concurrent-20", 20}, {"concurrent", 300}} {
			rng, n := rand.New(rand.NewPCG(31, uint64(repeat))), 0
			calls := pooled(300, mode.places, func() time.Duration {
				n++
				took := 0.2 + 0.3*rng.ExpFloat64()
				if n%10 == 4 {
					took *= 10
				}
				return time.Duration(took * 1e9)
			})
			if mode.places == 300 {
				for i := 0; i < 300; i += 50 {
					calls[i].class = "reset"
				}
			}
			r.Trials = append(r.Trials, batch(result.Trial{Scenario: "downloads", Mode: mode.name, Target: "mirror", Clock: "virtual", Engine: "virtual",
				Repeat: repeat, Concurrency: mode.places % 300}, calls))
		}
	}
	all := r.Trials[2]
	r.Verdicts = append(r.Verdicts,
		result.Verdict{Scenario: "downloads", Mode: "concurrent", Point: all.Sweep, Kind: result.KindThreshold, Rule: "half < 500ms", Limit: 0.5, Measured: *all.Completions.HalfS, Pass: *all.Completions.HalfS < 0.5},
		result.Verdict{Scenario: "downloads", Mode: "concurrent", Point: all.Sweep, Kind: result.KindThreshold, Rule: "in_order.half < 2s", Limit: 2, Measured: *all.Completions.InOrder.HalfS, Pass: *all.Completions.InOrder.HalfS < 2})
	first := batch(result.Trial{Scenario: "engines", Mode: "concurrent", Target: "engines", Clock: "virtual", Engine: "virtual", Ended: result.Stopped, Reason: "stop_when: first-completed"},
		[]call{{end: time.Second, class: underWay}, {end: time.Second, class: underWay}, {end: time.Second}})
	r.Trials = append(r.Trials, first)
	return r
}
