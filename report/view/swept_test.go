package view_test

import (
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// Where modes stand beside each other at every place of a sweep, the figures
// of the mode that fell behind are marked, at the place where it did, and none
// besides.
func TestInvalidInTheSweptTable(t *testing.T) {
	run := sample.Published()
	late := &run.Trials[len(run.Trials)-1]
	late.Health = result.Health{Why: "lateness p99 3.1 ms"}
	v := of(t, run)
	s := v.Sections[0].Scenario
	if len(s.Places) < 2 {
		t.Fatal("nothing is swept")
	}
	speedups := table(t, v, 0, "Makespan")
	marked := 0
	for i, row := range speedups.Rows {
		for k, cell := range row {
			told := strings.Contains(strings.Join(footnotes(speedups, cell.Marks), "\n"), "invalid: the generator fell behind")
			head := speedups.Columns[k]
			if want := s.Places[i] == late.Sweep && head.Name == late.Mode; want != told {
				t.Errorf("%+v of row %d is marked: %v", head, i, told)
			}
			if told {
				marked++
			}
			if told && cell.Tone != view.Warn {
				t.Errorf("%+v", cell)
			}
		}
	}
	if marked == 0 {
		t.Error("nothing is marked")
	}
}

// What was measured of a promise stands in its column, and nothing where
// nothing was.
func TestPromisesOfSteps(t *testing.T) {
	run := sample.Searched()
	c := &run.Capacities[0]
	for i := range c.Steps {
		c.Steps[i].Measured[0] = 0.123
	}
	c.Steps[0].Measured = nil // at the lowest load
	steps := table(t, of(t, run), 0, "Steps")
	at := column(t, steps, "response", "p95")
	for i, row := range steps.Rows {
		if (row[at].Text == view.None) != (i == 0) || i > 0 && row[at].Text != "123" {
			t.Errorf("row %d: %q", i, row[at].Text)
		}
	}
}
