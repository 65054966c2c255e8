package view_test

import (
	"math"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
)

// The unit of errors is per cent, and ns/op the throughput turned over.
func TestBenchmarksAreInTheirUnits(t *testing.T) {
	run := sample.Failing()
	lines := view.Benchmarks(run)
	if len(lines) != 2 { // of three, one without a success
		t.Fatalf("%d lines", len(lines))
	}
	for i, line := range lines {
		trial := run.Trials[i]
		want := map[string]float64{
			"ns/op": 1e9 / trial.ThroughputPerS, "p50-ns": trial.Response.P50S * 1e9, "p99-ns": trial.Response.P99S * 1e9,
			"errors-%": 100 * float64(trial.Failed()) / float64(trial.OK+trial.Failed()),
		}
		for _, f := range line.Figures {
			if math.Abs(f.Value-want[f.Unit]) > 1e-9*want[f.Unit] {
				t.Errorf("%s: %v %s, want %v", line.Name, f.Value, f.Unit, want[f.Unit])
			}
		}
	}
	if share := lines[1].Figures[3].Value; share < 20 || share > 30 {
		t.Errorf("a quarter of the calls failed: %v", share)
	}
}
