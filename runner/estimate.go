package runner

import (
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
	if !t.Batch() {
		return around + length(t), true
	}
	if t.Scenario.Steps != nil || t.Scenario.Crawl != nil {
		return 0, false
	}
	traits := t.Scenario.Target.Settings.Traits()
	if !traits.Known {
		return 0, false
	}
	return agenda.Later(around, t.Mode.Lasts(t.Requests, traits.CallTime)), true
}
