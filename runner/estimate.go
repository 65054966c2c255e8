package runner

import (
	"time"

	"plimsoll/runner/scenario"
	"plimsoll/target/agenda"
	"plimsoll/target/delay"
	"plimsoll/target/http"
	"plimsoll/target/sim"
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
	call, known := callTime(t.Scenario.Target.Settings)
	if !known {
		return 0, false
	}
	return agenda.Later(around, t.Mode.Lasts(t.Requests, call)), true
}

// callTime is about how long one call takes, where the target is ours.
func callTime(settings any) (time.Duration, bool) {
	mean := func(d delay.Delay) (time.Duration, bool) { return d.Mean(), true }
	switch s := settings.(type) {
	case *sim.Settings:
		return mean(s.Delay)
	case *http.Settings:
		if s.Serve != nil {
			return mean(s.Serve.Delay)
		}
	}
	return 0, false
}
