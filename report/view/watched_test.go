package view_test

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// watched is a run with promises that were watched: the worst window is told by
// its length, its figure and its end.
func watched(all ...result.Verdict) *result.Run {
	run := sample.Frozen()
	for i := range all {
		all[i].Scenario, all[i].Mode, all[i].Kind = "steady-load", "rate-limited-200/s", result.KindThreshold
	}
	run.Verdicts = all
	return run
}

func TestTheWorstWindowIsTold(t *testing.T) {
	whole := result.Verdict{Rule: "errors < 5%", Limit: 0.05, Measured: 0.01, Pass: true}
	window := result.Verdict{Rule: "errors < 5%", Limit: 0.05, Measured: 0.073, OverS: 10, WorstAtS: 42}
	stopped := result.Verdict{Rule: "errors < 5%", Limit: 0.05, Measured: 0.12, Stop: true, WorstAtS: 7}
	dead := result.Verdict{Rule: "rate > 90/s", Limit: 90, OverS: 1, WorstAtS: 13}
	refused := result.Verdict{Rule: "p99 < 1s", Limit: 1, OverS: 2, WorstAtS: 5, Reason: "no call succeeded"}
	for name, c := range map[string]struct {
		run          *result.Run
		answer, cell string
	}{
		"window":  {watched(window), "errors worst 10 s: 7.300 % at 42 s, 46 % above 5 %", "worst 10 s: 7.300 % at 42 s"},
		"stopped": {watched(stopped), "errors 12.00 % at 7 s, 140 % above 5 %", "12.00 % at 7 s"},
		"a rate":  {watched(dead), "rate worst 1 s: 0/s at 13 s, 100 % below 90/s", "worst 1 s: 0/s at 13 s"},
		"none":    {watched(refused), "p99: no call succeeded", "worst 2 s: – at 5 s"},
	} {
		if got := of(t, c.run).Answer[0].Text; got != "steady-load: 1 of 1 promise broken: "+c.answer {
			t.Errorf("%s: the answer is %q", name, got)
		}
		if row := verdicts(t, c.run)[0]; !strings.Contains(row, c.cell) {
			t.Errorf("%s: the row is %q", name, row)
		}
	}
	both := watched(whole, window)
	if rows := verdicts(t, both); len(rows) != 2 || !strings.Contains(rows[0], "errors < 5% |") || !strings.Contains(rows[1], "errors < 5% over 10s |") {
		t.Errorf("%q", rows)
	}
	times := watched(result.Verdict{Rule: "p99 < 1s", Limit: 1, Measured: 0.9, Pass: true}, result.Verdict{Rule: "p99 < 1s", Limit: 1, Measured: 2, OverS: 3, WorstAtS: 4})
	var lines []string
	for _, p := range of(t, times).Sections[0].Scenario.Promises(view.Response) {
		lines = append(lines, p.Text)
	}
	if want := []string{"p99 < 1s", "p99 < 1s over 3s"}; !slices.Equal(lines, want) {
		t.Errorf("the lines are %q, want %q", lines, want)
	}
}

// verdicts are the rows of the first table of them, with bars between cells.
func verdicts(t *testing.T, run *result.Run) (rows []string) {
	t.Helper()
	for _, table := range of(t, run).Sections[0].Tables {
		if table.Title != "Verdicts" {
			continue
		}
		for _, row := range table.Rows {
			var cells []string
			for _, cell := range row {
				cells = append(cells, cell.Text)
			}
			rows = append(rows, strings.Join(cells, " | "))
		}
	}
	return rows
}
