package main

import (
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/drive"
	"plimsoll/runner/scenario"
)

// A piece of a trial is shown at the time of the trial's own clock: on a virtual one when
// its last call ended, however long that took anybody to find out.
func TestPiecesAreShownByTheTrialsClock(t *testing.T) {
	for clock, want := range map[string]time.Duration{scenario.Virtual: 20 * time.Minute, scenario.Real: 3 * time.Second} {
		p := runner.Piece{Trial: scenario.Trial{Scenario: &scenario.Scenario{Clock: clock}}, Interval: drive.NewInterval(), At: 3 * time.Second}
		p.LastEnd, p.OK, p.Dropped = 20*time.Minute, 7, 2
		if got := shownOf(p); got.At != want || got.OK != 7 || got.Dropped != 2 {
			t.Errorf("with a %s clock: %+v, want it at %v", clock, got, want)
		}
	}
}
