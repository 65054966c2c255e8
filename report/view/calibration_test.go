package view_test

import (
	"slices"
	"testing"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// Halves of so many repetitions are what was compared, and that is said.
func TestWhatTheFloorIsOf(t *testing.T) {
	c := &result.Calibration{
		P50Floor: 0.012, P99Floor: 0.2,
		Floor: result.Floor{Engine: "wire-epoll", Repetitions: 12, CallsEach: 500, P50S: 0.01, P99S: 0.02},
	}
	for _, section := range view.NewCalibration(c).Sections {
		for _, table := range section.Tables {
			if slices.Contains(table.Remarks, "95 of 100 pairs of identical measurements, 6 × 500 calls each (wire-epoll engine), differ by less.") {
				return
			}
		}
	}
	t.Errorf("nothing of it in %+v", view.NewCalibration(c))
}
