package runner_test

import (
	"math"
	"testing"

	"plimsoll/runner/result"
)

// With `at_least` all calls count, however long: what is compared is theirs, and
// not how many happened to end in time.
func TestWholeCallsAreWaitedFor(t *testing.T) {
	run := carryOut(t, `
targets:
  short: {sim: {delay: 30ms}}
  long: {sim: {delay: 60s}}
scenarios:
  - {name: whole, clock: virtual, at_least: 100ms, repeat: 3, modes: [{mode: sequential, target: long, name: long}, {mode: sequential, target: short, name: short}]}
`)
	for _, trial := range run.Trials {
		calls, seconds := int64(4), 0.12
		if trial.Mode == "long" {
			calls, seconds = 1, 60
		}
		if trial.OK != calls || trial.Started != calls || trial.Cancelled != 0 || trial.MakespanS != seconds || trial.Ended != result.Complete {
			t.Errorf("%s: %d of %d calls succeeded, %d were cancelled, in %v s, %s", trial.Mode, trial.OK, trial.Started, trial.Cancelled, trial.MakespanS, trial.Ended)
		}
		if want := float64(calls) / seconds; math.Abs(trial.ThroughputPerS-want) > 1e-9*want {
			t.Errorf("%s: throughput %v, want %v", trial.Mode, trial.ThroughputPerS, want)
		}
		if !trial.Whole || trial.DurationS != 0.1 {
			t.Errorf("%s was asked for %v s, whole: %v", trial.Mode, trial.DurationS, trial.Whole)
		}
	}
	if len(run.Speedups) != 1 || math.Abs(run.Speedups[0].Ratio-2000) > 1e-6 {
		t.Errorf("speedups: %+v", run.Speedups)
	}
}

// Whoever gives a drain is not waited for longer.
func TestWholeCallsWithADrain(t *testing.T) {
	run := carryOut(t, `
targets:
  long: {sim: {delay: 60s}}
scenarios:
  - {name: whole, target: long, clock: virtual, at_least: 100ms, drain: 1s, modes: [sequential]}
`)
	if trial := run.Trials[0]; trial.OK != 0 || trial.Cancelled != 1 {
		t.Errorf("%d calls succeeded, %d were cancelled", trial.OK, trial.Cancelled)
	}
}
