package runner

import (
	"strings"
	"testing"

	"plimsoll/runner/result"
)

// Of the steps around the edge more than a third must have drifted to be told;
// those elsewhere do not count.
func TestDriftAroundTheEdgeIsTold(t *testing.T) {
	found := func(drifting, steady int) *result.Capacity {
		c := &result.Capacity{Low: 90, High: 110, Steps: []result.CapacityStep{
			{Level: 80}, {Level: 89.9, Drifting: true}, {Level: 110.1, Drifting: true}, {Level: 200, Drifting: true},
		}}
		for i := range drifting + steady {
			c.Steps = append(c.Steps, result.CapacityStep{Level: []float64{90, 100, 110}[i%3], Drifting: i < drifting})
		}
		return c
	}
	for _, c := range []struct {
		drifting, steady int
		told             string
	}{
		{0, 6, ""}, {1, 5, ""}, {2, 4, ""}, {3, 4, "in 3 of 7 steps"}, {3, 3, "in 3 of 6 steps"}, {1, 0, "in 1 of 1 steps"}, {0, 0, ""},
	} {
		if got := unsettled(found(c.drifting, c.steady)); !strings.HasPrefix(got, c.told) || (got == "") != (c.told == "") {
			t.Errorf("%d of %d drifted: %q", c.drifting, c.drifting+c.steady, got)
		}
	}
}

// Where the load could not be made, the answer says what could.
func TestWhatTheGeneratorManagedIsTold(t *testing.T) {
	for _, c := range []struct {
		started []float64
		want    string
	}{
		{[]float64{1532.7, 1480}, ": it managed 1530/s"}, {[]float64{2000}, "its calls were late"}, {[]float64{0}, "at 2000/s"},
	} {
		steps := []result.CapacityStep{{Level: 1000, StartedPerS: 5}}
		for _, rate := range c.started {
			steps = append(steps, result.CapacityStep{Level: 2000, Verdict: result.Void, StartedPerS: rate})
		}
		if got := voided(&result.Capacity{Find: result.FindRate, Steps: steps}, 2000); !strings.Contains(got, c.want) || !strings.Contains(got, "2000/s") {
			t.Errorf("of %v: %q", c.started, got)
		}
	}
}
