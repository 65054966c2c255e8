package result

import "testing"

// What is served at the capacity is the mean of the steps that passed at the
// highest load at which any did, wherever in the search they came.
func TestServedAtTheCapacity(t *testing.T) {
	c := Capacity{Find: FindRate, Value: 110, Steps: []CapacityStep{
		{Level: 50, Verdict: Pass, ThroughputPerS: 50},
		{Level: 200, Verdict: Pass, ThroughputPerS: 180}, // by chance: it is above the capacity
		{Level: 100, Verdict: Pass, ThroughputPerS: 90},
		{Level: 50, Verdict: Pass, ThroughputPerS: 50},
		{Level: 100, Verdict: Fail, ThroughputPerS: 10},
		{Level: 100, Verdict: Pass, ThroughputPerS: 99},
		{Level: 110, Verdict: Void, ThroughputPerS: 70},
	}}
	if got := c.Served(); got != 94.5 {
		t.Errorf("%v/s are served", got)
	}
	c.Value = 49
	if got := c.Served(); got != 0 {
		t.Errorf("%v/s are served where nothing passed", got)
	}
}
