package calibration

import (
	"context"
	"fmt"
	"math"

	"plimsoll/runner/result"
)

// The search for the highest rate: from where it begins, in calls a second,
// and how close it needs to come.
const (
	lowestRate = 2000
	closeness  = 1.05
)

// What gives way beyond the highest rate.
const (
	generator = "generator"
	server    = "server"
)

// heldRate finds the highest constant rate that calls keep against our own
// server, which shares the machine.
func (o Options) heldRate(ctx context.Context, c *result.Calibration) error {
	held, err := highest(lowestRate, o.Steps, func(rate float64) (limit string, err error) {
		for range 2 { // a hiccup of the machine is no limit
			if limit, err = o.tryRate(ctx, int(rate), &c.HeldRate.Engine); limit == "" || err != nil {
				break
			}
		}
		return limit, err
	})
	c.HeldRate.RatePerS, c.HeldRate.LimitedBy = held.rate, held.limit
	return err
}

// found is the highest rate that held, and what gave way beyond; 0 and "" where
// there was no such.
type found struct {
	rate  float64
	limit string
}

// highest finds the highest rate, a whole number, at which nothing limits: it
// doubles from the lowest on until something does (or halves while something
// does), and then halves the gap on a logarithmic scale until that is closed or
// steps are used up.
func highest(lowest float64, steps int, try func(rate float64) (limit string, err error)) (f found, err error) {
	beyond := math.Inf(1)
	for next := lowest; steps > 0 && next >= 1 && beyond > max(f.rate+1, f.rate*closeness); steps-- {
		next = math.Round(next)
		limit, err := try(next)
		if err != nil {
			return found{}, err
		}
		if limit == "" {
			f.rate = next
		} else {
			beyond, f.limit = next, limit
		}
		switch {
		case math.IsInf(beyond, 1):
			next = 2 * f.rate
		case f.rate == 0:
			next = beyond / 2
		default:
			next = math.Sqrt(f.rate * beyond)
		}
	}
	return f, nil
}

// tryRate tells what does not keep a rate: "" where it is kept.
func (o Options) tryRate(ctx context.Context, rate int, engine *string) (limit string, err error) {
	const enough = 0.98 // of the calls asked for are answered in time
	trials, err := o.run(ctx, fmt.Sprintf(`
targets: {served: {http: {serve: {delay: 0s}}}}
scenarios:
  - {name: rate-%d, target: served, duration: %s, warmup: 100ms, drain: 1s, modes: [{rate-limited: %[1]d/s, max_in_flight: 256}]}
`, rate, o.Step))
	if err != nil {
		return "", err
	}
	t := &trials[0]
	*engine = t.Engine
	switch {
	case !t.Health.KeptPace:
		return generator, nil
	case t.ThroughputPerS < enough*t.RatePerS:
		return server, nil
	}
	return "", nil
}
