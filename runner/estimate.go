package runner

import (
	"math"
	"time"

	"plimsoll/runner/scenario"
	"plimsoll/target/agenda"
)

// Estimate is about how long a trial will take on the wall, warm-up and pause
// included; known is false where only the target could tell.
func Estimate(t scenario.Trial) (took time.Duration, known bool) {
	if t.Scenario.Clock == scenario.Virtual {
		return 0, true
	}
	around := t.Scenario.Warmup + t.Scenario.Pause
	if t.Requests == 0 {
		return around + length(t), true
	}
	traits := t.Scenario.Target.Settings.Traits()
	if !traits.Known {
		return 0, false
	}
	call := traits.CallTime
	if t.Mode.Kind == scenario.RateLimited {
		return agenda.Later(agenda.Later(around, lastStart(t)), call), true
	}
	rounds := math.Ceil(float64(t.Requests) / float64(max(1, users(t))))
	return agenda.Later(around, nanoseconds(rounds*(float64(call)+float64(t.Mode.Think.Mean())))), true
}

// nanoseconds is a duration; agenda.Never where it is beyond the end of time.
func nanoseconds(ns float64) time.Duration {
	if ns < float64(agenda.Never) {
		return time.Duration(ns)
	}
	return agenda.Never
}

// lastStart is when an open loop's last call is due.
func lastStart(t scenario.Trial) time.Duration {
	gaps := float64(t.Requests - 1)
	switch t.Mode.Arrivals {
	case scenario.Window:
		return nanoseconds(math.Floor(gaps/float64(t.Rate.N)) * float64(t.Rate.Per))
	case scenario.Bucket:
		gaps = max(0, float64(t.Requests-t.Burst()))
	}
	return nanoseconds(gaps / t.Rate.PerSecond() * 1e9)
}
