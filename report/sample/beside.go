package sample

import (
	"fmt"
	"math/rand/v2"
	"time"

	"plimsoll/runner/result"
)

// Noisy is calls at two rates, twice each, while shoppers and a crawler go on in
// the background; once the generator was late for the crawler.
func Noisy() *result.Run {
	r := run()
	for repeat := range 2 {
		for _, perS := range []int{100, 300} {
			t := result.Trial{Scenario: "checkout", Mode: fmt.Sprintf("rate-limited-%d/s", perS), Target: "shop", Clock: "real", Engine: "wire-epoll",
				Repeat: repeat, DurationS: 20, RatePerS: float64(perS), Health: result.Health{KeptPace: true},
				Workload: fmt.Sprintf("rate-limited: %d/s, duration: 20s, clock: real, background: shoppers (rate-limited: 2/s; clock: real); crawler (concurrent: 2; clock: real)", perS)}
			rng := rand.New(rand.NewPCG(9, uint64(perS+repeat)))
			t = timed(t, openLoop(time.Second/time.Duration(perS), 20*time.Second, 8, func(start time.Duration) time.Duration {
				return start + time.Duration((10+float64(perS)/50*rng.ExpFloat64())*1e6)
			}))
			t.Beside = []result.Trial{shoppers(t), crawler(t, rng)}
			if late := &t.Beside[1].Health; perS == 300 && repeat == 1 {
				*late = result.Health{Why: "plimsoll stood still for 2.6s at 3s, and calls then took so much longer: others had the processors"}
				t.Health = result.Health{Why: "beside it, crawler: " + late.Why}
			}
			r.Trials = append(r.Trials, t)
		}
	}
	return r
}

// shoppers go through a shop in the background of a trial.
func shoppers(of result.Trial) result.Trial {
	return journeyTrial(result.Trial{Scenario: "shoppers", Mode: "rate-limited-2/s", Target: "shop", Clock: of.Clock, Engine: of.Engine,
		Repeat: of.Repeat, DurationS: of.DurationS, RatePerS: 2, Health: result.Health{KeptPace: true}}, 500*time.Millisecond, 1+of.RatePerS/400, 1, 0.05)
}

// crawler gets pages in the background of a trial, two at a time, of which some
// are not served; those under way when the trial is over are cancelled.
func crawler(of result.Trial, rng *rand.Rand) result.Trial {
	end := time.Duration(of.MakespanS * 1e9)
	var calls []call
	for _, c := range pooled(2000, 2, func() time.Duration { return time.Duration((30 + of.RatePerS/5*rng.ExpFloat64()) * 1e6) }) {
		switch {
		case c.start >= end:
			continue
		case c.end > end:
			c.end, c.class = end, underWay
		case rng.Float64() < 0.01:
			c.class = "status-503"
		}
		calls = append(calls, c)
	}
	return timed(result.Trial{Scenario: "crawler", Mode: "concurrent-2", Target: "shop", Clock: of.Clock, Engine: of.Engine,
		Repeat: of.Repeat, DurationS: of.DurationS, Concurrency: 2, Health: result.Health{KeptPace: true}}, calls)
}
