package runner

import (
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	compiled "plimsoll/runner/step"
	"plimsoll/target"
)

// A step's throughput is of the same time as its trial's: of the length where
// there is one, whoever began the call, and of all the trial otherwise.
func TestThroughputOfSteps(t *testing.T) {
	for _, c := range []struct {
		trial result.Trial
		want  float64
	}{
		{result.Trial{DurationS: 10, MakespanS: 12, Ended: result.Complete}, 0.2},
		{result.Trial{Requests: 4, MakespanS: 12, Ended: result.Complete}, 0.25},
		{result.Trial{DurationS: 10, MakespanS: 6, Ended: result.Stopped}, 0.5},
		{result.Trial{DurationS: 10, Ended: result.Interrupted}, 0},
	} {
		rec := drive.NewRecorder(10*time.Second, nil)
		for _, at := range []time.Duration{-2, -1, 3, 9, 10} { // begin at; take 1.5 s
			call := &drive.Call{
				Intended: at * time.Second, Ready: at * time.Second, Start: at * time.Second, End: at*time.Second + 1500*time.Millisecond, Outcome: &target.Outcome{},
			}
			rec.Step(1, false, 0, call, nil)
			rec.Block(2, 0, call)
		}
		rows := []journey.Row{{Name: "a", Path: "a"}, {Name: "b", Path: "b"}, {Name: "block", Path: "block"}}
		out := c.trial
		steps := &scenario.Scenario{Steps: &scenario.Steps{Compiled: &compiled.Compiled{Main: &journey.Program{Rows: rows}}}}
		out.Elapsed, out.ErrorElapsed = &result.Dist{}, &result.Dist{}
		out.Steps = describeSteps(rows)
		r := &underWay{}
		if err := r.fillSteps(&out, steps, rec.Interval, drive.Promises{}); err != nil {
			t.Fatal(err)
		}
		if out.Steps[0].ThroughputPerS != 0 || out.Steps[1].ThroughputPerS != c.want || out.Steps[2].ThroughputPerS != c.want {
			t.Errorf("%+v: %v/s, %v/s and %v/s, want 0 and twice %v", c.trial, out.Steps[0].ThroughputPerS, out.Steps[1].ThroughputPerS, out.Steps[2].ThroughputPerS, c.want)
		}
	}
}
