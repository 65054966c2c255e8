package sample

import (
	"math/rand/v2"
	"time"

	"plimsoll/runner/result"
)

// Searched is a capacity search against a server of 8 places, 20 ms each on
// average, which refuses some calls when it is overloaded: grown from 50/s,
// bisected, and repeated around the edge.
func Searched() *result.Run {
	r := run()
	c := result.Capacity{
		Scenario: "how-much", Mode: "rate-limited", Target: "shop", Find: result.FindRate,
		SLO: []result.Promise{
			{Rule: "p95 < 100ms", Metric: "p", Percentile: 95, Limit: 0.1},
			{Rule: "p99 < 150ms", Metric: "p", Percentile: 99, Limit: 0.15},
			{Rule: "errors < 0.1%", Metric: "errors", Limit: 0.001},
		},
		From: 50, To: 2000, HoldS: 5, Precision: 0.05, PeakLoad: 250, Most: 27,
		Bound: result.Found, Value: 351.2, Low: 336.4, High: 366.8, Precise: true, LimitedBy: "errors < 0.1%", Headroom: 351.2 / 250,
	}
	repeats := map[float64]int{}
	for _, level := range []float64{50, 100, 200, 400, 282.8, 336.4, 366.8, 336.4, 366.8, 336.4} {
		t := loaded(level, repeats[level])
		step := result.CapacityStep{
			Level: level, Repeat: repeats[level], Verdict: result.Pass, Measured: []float64{t.Response.P95S, t.Response.P99S, share(t)},
			P50S: t.Response.P50S, P99S: t.Response.P99S, Errors: share(t), ThroughputPerS: t.ThroughputPerS,
		}
		if step.Errors >= 0.001 {
			step.Verdict, step.Reason = result.Fail, "errors < 0.1%"
		}
		if level == 400 {
			step.SkippedS, step.Drifting = 2.5, true
		}
		repeats[level]++
		r.Trials, c.Steps = append(r.Trials, t), append(c.Steps, step)
	}
	r.Capacities = []result.Capacity{c}
	return r
}

// loaded is a step at a rate.
func loaded(rate float64, repeat int) result.Trial {
	rng := rand.New(rand.NewPCG(uint64(repeat), uint64(rate)))
	calls := openLoop(time.Duration(1e9/rate), 5*time.Second, 8, func(start time.Duration) time.Duration {
		return start + time.Duration(rng.ExpFloat64()*20e6)
	})
	for i := range calls {
		if rate > 350 && rng.Float64() < 0.05 {
			calls[i].class = "status-503"
		}
	}
	return measured(result.Trial{Scenario: "how-much", Mode: "rate-limited", Target: "shop", Clock: "virtual", Engine: "virtual",
		Repeat: repeat, DurationS: 5, RatePerS: rate, Sweep: result.Point{RatePerS: rate}, Health: result.Health{KeptPace: true}}, calls)
}

func share(t result.Trial) float64 { return float64(t.Failed()) / float64(t.Started) }

// GeneratorLimited is a search that ended where the load could not be made.
func GeneratorLimited() *result.Run {
	r := Searched()
	c := &r.Capacities[0]
	c.Bound, c.Value, c.Low, c.High, c.Precise = result.AtLeast, 200, 0, 0, false
	c.Headroom, c.LimitedBy, c.Reason = 200.0/250, result.LimitGenerator, "the generator could not keep its schedule at 400/s"
	c.Steps, r.Trials = c.Steps[:4], r.Trials[:4]
	last := &c.Steps[3]
	last.Verdict, last.Reason, last.LatenessP99S = result.Void, "lateness p99 was 3.1ms, more than 1ms", 0.0031
	r.Trials[3].Health = result.Health{Why: last.Reason}
	return r
}
