package runner

import (
	"strings"
	"testing"
	"time"

	"plimsoll/runner/capacity"
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

// Steps and warm-ups that are shorter than iterations are told of, by the steps
// that kept the promises.
func TestStepsShorterThanIterationsAreToldOf(t *testing.T) {
	for _, c := range []struct {
		hold    float64
		warmup  time.Duration
		elapsed []float64 // of those that kept the promises
		want    string
	}{
		{10, 0, []float64{5, 10}, ""},
		{10, 0, []float64{5, 10.2, 3}, "steps of 10s are shorter than iterations, of which 95 % elapsed within 10.2s: make hold longer than that"},
		{10, 5 * time.Second, []float64{5}, ""},
		{10, 4999 * time.Millisecond, []float64{5}, "warm-ups of 4.999s are shorter than iterations, of which 95 % elapsed within 5s: make warmup longer than that"},
		{10, 5 * time.Second, []float64{12}, "steps of 10s and warm-ups of 5s are shorter than iterations, of which 95 % elapsed within 12s: make hold and warmup longer than that"},
		{10, 5 * time.Second, []float64{0}, ""}, // of single calls
		{10, 5 * time.Second, nil, ""},
	} {
		found := &result.Capacity{HoldS: c.hold, Steps: []result.CapacityStep{{Verdict: result.Fail, ElapsedP95S: 99}, {Verdict: result.Void, ElapsedP95S: 99}}}
		for _, p95 := range c.elapsed {
			found.Steps = append(found.Steps, result.CapacityStep{Verdict: result.Pass, ElapsedP95S: p95})
		}
		if got := hasty(found, c.warmup); got != c.want {
			t.Errorf("steps of %v s after %v, elapsed %v: %q, want %q", c.hold, c.warmup, c.elapsed, got, c.want)
		}
		for _, bound := range []string{result.Found, result.AtLeast} {
			if state(found, capacity.Answer{Bound: bound, Precise: true}, c.warmup); found.Reason != c.want {
				t.Errorf("%s: %q, want %q", bound, found.Reason, c.want)
			}
		}
	}
}

// Where the lowest load is too much only because nobody came to a step, that is
// told.
func TestStepsThatNobodyCameToAreToldOf(t *testing.T) {
	for reason, want := range map[string]string{"pay: p99 < 1s": "", "pay: p99 < 1s: no iteration came to it": "pay: p99 < 1s: no iteration came to it"} {
		found := &result.Capacity{Steps: []result.CapacityStep{{Level: 5, Verdict: result.Fail, Reason: reason}}}
		if state(found, capacity.Answer{Bound: result.Below, Value: 5, Limit: "pay: p99 < 1s"}, 0); found.Reason != want {
			t.Errorf("%q: %q", reason, found.Reason)
		}
	}
}
