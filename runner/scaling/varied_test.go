package scaling

import (
	"fmt"
	"testing"

	"plimsoll/runner/result"
)

// varied is a run of a program, one run a trial, that takes so long with each value
// of a variable.
func varied(name string, seconds map[string]float64, values ...string) *result.Run {
	run := &result.Run{Format: result.Format}
	for repeat := range 3 {
		for _, v := range values {
			run.Trials = append(run.Trials, result.Trial{
				Scenario: "s", Mode: "prog", Ended: result.Complete, Concurrency: 1, Repeat: repeat, Whole: true, DurationS: 0.1,
				Sweep: result.Point{Vary: name + "=" + v}, MakespanS: seconds[v], ThroughputPerS: 1 / seconds[v],
				Measure: result.Measure{OK: 1, Started: 1, Scheduled: 1, Errors: map[string]result.Error{}},
			})
		}
	}
	return run
}

// What is varied by whole numbers follows a law where more of it got more done.
func TestProgramsThatAreVaried(t *testing.T) {
	seconds := map[string]float64{}
	var values []string
	for _, n := range []float64{1, 2, 4, 8, 16} {
		v := fmt.Sprint(n)
		values, seconds[v] = append(values, v), 1/(curve{serial: 0.1, x1: 1}).at(n)
	}
	laws := of(t, varied("threads", seconds, values...))
	if len(laws) != 2 || !laws[0].Chosen || laws[0].Law != result.Amdahl || laws[0].Axis != result.AxisVary || laws[0].Largest != 16 {
		t.Fatalf("%+v", laws)
	}
	if got := laws[0].Serial.Value; got < 0.099 || got > 0.101 {
		t.Errorf("σ is %v, and 0.1 was drawn", got)
	}
	for what, run := range map[string]*result.Run{
		"the more there is to do the longer": varied("size", map[string]float64{"10": 1, "20": 2, "30": 3, "40": 4}, "10", "20", "30", "40"),
		"no number":                          varied("level", map[string]float64{"1": 1, "2": .5, "3": .3, "max": .2}, "1", "2", "3", "max"),
		"no whole number":                    varied("load", map[string]float64{"0.5": 1, "1": .5, "2": .3, "3": .2}, "0.5", "1", "2", "3"),
		"none of it":                         varied("j", map[string]float64{"0": 1, "1": .5, "2": .3, "3": .2}, "0", "1", "2", "3"),
	} {
		if laws := of(t, run); len(laws) != 0 {
			t.Errorf("%s: %+v", what, laws)
		}
	}
}
