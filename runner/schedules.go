package runner

import (
	"math/rand/v2"
	"time"

	"plimsoll/runner/scenario"
	"plimsoll/runner/schedule"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
)

// newSchedule turns a mode into the schedule of a loop's share of it, from
// `from` (before 0 in a warm-up) until `until`.
func newSchedule(t scenario.Trial, s share, from, until time.Duration, streams random.Source) *schedule.Schedule {
	bounds := schedule.Bounds{From: from, Until: until, Requests: int64(t.Requests)}
	stop := schedule.StopOn{
		FirstCompleted: t.Scenario.StopWhen == scenario.FirstCompleted,
		FirstError:     t.Scenario.StopWhen == scenario.FirstError,
		Error:          t.Scenario.StopOnError,
	}
	if t.Mode.Kind == scenario.RateLimited {
		return schedule.NewOpen(schedule.Open{
			Bounds: bounds, Arrivals: s.arrivals(arrivals(t, streams)), MaxInFlight: s.of(t.Mode.MaxInFlight), Drop: t.Mode.Drop, Hold: pool(t),
		}, stop)
	}
	closed := schedule.Closed{Bounds: bounds, Users: s.of(users(t))}
	for _, s := range t.Mode.UserStages {
		closed.Stages = append(closed.Stages, schedule.UserStage(s))
	}
	if think := t.Mode.Think; !think.IsZero() {
		rng := streams(s.name("think"))
		closed.Think = func() time.Duration { return think.Draw(rng) }
	}
	return schedule.NewClosed(closed, stop)
}

// pool is how many calls the target's own pool of connections has room for, 0
// for no limit, where the schedule keeps starts apart: there it holds those
// calls that the pool would, which lets them go all at once.
func pool(t scenario.Trial) int {
	if t.Mode.Arrivals != scenario.Window && t.Mode.Arrivals != scenario.Bucket {
		return 0
	}
	return t.Scenario.Target.Settings.Traits().Places
}

// users is how many virtual users a closed loop has at its beginning.
func users(t scenario.Trial) int {
	switch {
	case t.Mode.Kind == scenario.Sequential:
		return 1
	case len(t.Mode.UserStages) > 0:
		return t.Mode.StartUsers
	case t.Concurrency > 0:
		return t.Concurrency
	}
	return t.Requests // all at once
}

func arrivals(t scenario.Trial, streams random.Source) schedule.Arrivals {
	if len(t.Mode.RateStages) > 0 {
		stages := make([]schedule.RateStage, len(t.Mode.RateStages))
		for i, s := range t.Mode.RateStages {
			stages[i] = schedule.RateStage{Target: perNanosecond(s.Target), Duration: s.Duration}
		}
		var rng *rand.Rand
		if t.Mode.Arrivals == scenario.Poisson {
			rng = streams("arrivals")
		}
		return schedule.Stages(perNanosecond(t.Mode.StartRate), stages, rng)
	}
	switch t.Mode.Arrivals {
	case scenario.Poisson:
		return schedule.Poisson(t.Rate.N, t.Rate.Per, streams("arrivals"))
	case scenario.Window:
		return schedule.Window(t.Rate.N, t.Rate.Per)
	case scenario.Bucket:
		return schedule.Bucket(t.Rate.N, t.Rate.Per, t.Burst())
	}
	return schedule.Constant(t.Rate.N, t.Rate.Per)
}

func perNanosecond(r quantity.Rate) float64 {
	if r.Per == 0 {
		return 0
	}
	return float64(r.N) / float64(r.Per)
}
