package view_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// below is what a table has under a head, from the top.
func below(t *testing.T, table view.Table, head string) (texts []string) {
	t.Helper()
	at := slices.IndexFunc(table.Columns, func(c view.Column) bool { return c.Name == head })
	if at < 0 {
		t.Fatalf("%s has no column %s", table.Title, head)
	}
	for _, row := range table.Rows {
		texts = append(texts, row[at].Text)
	}
	return texts
}

// Each mode has a row for each scenario in its background, of all repetitions as
// one; calls and iterations are told apart, and so is what the generator was late
// for.
func TestBackground(t *testing.T) {
	run := sample.Noisy()
	if err := run.Check(); err != nil {
		t.Fatal(err)
	}
	table := tables(t, run)["Background"]
	started, failed, rate := map[string]int64{}, map[string]int64{}, map[string]float64{}
	var keys []string
	for _, trial := range run.Trials {
		for _, b := range trial.Beside {
			key := trial.Mode + " " + b.Scenario
			if trial.Repeat == 0 {
				keys = append(keys, key)
			}
			started[key], failed[key] = started[key]+b.Started, failed[key]+b.Failed()
			rate[key] += b.ThroughputPerS / 2
		}
	}
	modes, names, theirs := below(t, table, "mode"), below(t, table, "scenario"), below(t, table, "its mode")
	counts, of, errors, rates := below(t, table, "started"), below(t, table, "of"), below(t, table, "errors"), below(t, table, "throughput")
	if len(keys) != 4 || len(table.Rows) != 4 || table.Keys != 2 {
		t.Fatalf("%d rows, %d keys, want those of %q", len(table.Rows), table.Keys, keys)
	}
	for i, key := range keys {
		want, mode := "calls", "concurrent-2"
		if strings.HasSuffix(key, "shoppers") {
			want, mode = "iterations", "rate-limited-2/s"
		}
		if modes[i]+" "+names[i] != key || of[i] != want || theirs[i] != mode || counts[i] != fmt.Sprint(started[key]) || errors[i] != fmt.Sprint(failed[key]) || rates[i] != fmt.Sprintf("%.2f", rate[key]) {
			t.Errorf("%s %s: %s %s in %s, %s errors, %s; want %s: %d %s, %d errors, %v", modes[i], names[i], counts[i], of[i], theirs[i], errors[i], rates[i], key, started[key], want, failed[key], rate[key])
		}
		if late := len(table.Rows[i][1].Marks) > 0; late != (key == "rate-limited-300/s crawler") {
			t.Errorf("%s is marked: %t", key, late)
		}
	}
	if all := strings.Join(table.Notes, "\n"); !strings.Contains(all, "the generator fell behind") || !strings.Contains(all, fmt.Sprintf("%d status-503: ", failed["rate-limited-300/s crawler"])) {
		t.Errorf("says\n%s", all)
	}
}

// Where all of it counts the same, the heads say what; of a sweep it is the last
// place's.
func TestBackgroundOfOneKind(t *testing.T) {
	run := sample.Noisy()
	run.Trials = []result.Trial{run.Trials[0], run.Trials[1]}
	for i := range run.Trials {
		trial := &run.Trials[i]
		trial.Mode, trial.Sweep, trial.Beside = "rate-limited", result.Point{RatePerS: trial.RatePerS}, trial.Beside[:1]
	}
	table := tables(t, run)["Background at 300/s"]
	if got := below(t, table, "iterations"); len(got) != 1 || got[0] != fmt.Sprint(run.Trials[1].Beside[0].Started) {
		t.Errorf("iterations: %q", got)
	}
	if at := slices.IndexFunc(table.Columns, func(c view.Column) bool { return c.Name == "throughput" }); table.Columns[at].Unit != "it/s" || table.Keys != 1 {
		t.Errorf("throughput in %s, %d keys", table.Columns[at].Unit, table.Keys)
	}
	for i := range run.Trials {
		run.Trials[i].Beside = nil
	}
	if table, there := tables(t, run)["Background at 300/s"]; there {
		t.Errorf("there is nothing in the background of %+v", table)
	}
}

// What went on beside trials that were broken off is left out with them, or
// marked where there is nothing else.
func TestBackgroundOfWhatWasBrokenOff(t *testing.T) {
	run := sample.Noisy()
	for i := range run.Trials {
		if run.Trials[i].Repeat == 1 || run.Trials[i].RatePerS == 100 {
			run.Trials[i].Ended = result.Interrupted
		}
	}
	table := tables(t, run)["Background"]
	for i, want := range []string{"did not come to its end", "did not come to its end", "1 of 2 repetitions", "1 of 2 repetitions"} {
		marks := table.Rows[i][1].Marks
		if !slices.ContainsFunc(marks, func(m int) bool { return strings.Contains(table.Notes[m-1], want) }) {
			t.Errorf("row %d is marked %v of %q, want %s", i, marks, table.Notes, want)
		}
	}
}

// A CSV file has all of the background behind what it was beside, its steps too,
// and says beside what; other runs have no column more.
func TestRecordsOfTheBackground(t *testing.T) {
	run := sample.Noisy()
	v, err := view.New(run)
	if err != nil {
		t.Fatal(err)
	}
	records, err := v.LatencyRecords()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range records[0] {
		at[name] = i
	}
	started := map[string]int64{}
	for _, row := range records[1:] {
		if len(row) != len(records[0]) {
			t.Fatalf("%d fields, %d columns: %q", len(row), len(records[0]), row)
		}
		var n int64
		if row[at["record"]] == "" {
			if _, err := fmt.Sscan(row[at["started"]], &n); err != nil {
				t.Fatal(err)
			}
		}
		key := row[at["beside"]] + " " + row[at["beside_mode"]] + " " + row[at["scenario"]] + " " + row[at["mode"]] + " " + row[at["repeat"]] + " " + row[at["step"]]
		started[key] += n
	}
	for _, trial := range run.Trials {
		for _, b := range trial.Beside {
			key := fmt.Sprintf("%s %s %s %s %d ", trial.Scenario, trial.Mode, b.Scenario, b.Mode, b.Repeat+1)
			if started[key] != b.Started {
				t.Errorf("%s: %d, want %d", key, started[key], b.Started)
			}
			for _, s := range b.Steps {
				if started[key+s.Path] != s.Started {
					t.Errorf("%s%s: %d, want %d", key, s.Path, started[key+s.Path], s.Started)
				}
			}
		}
		if key := fmt.Sprintf("  %s %s %d ", trial.Scenario, trial.Mode, trial.Repeat+1); started[key] != trial.Started {
			t.Errorf("%s: %d, want %d", key, started[key], trial.Started)
		}
	}
	for i := range run.Trials {
		run.Trials[i].Beside = nil
	}
	if v, err = view.New(run); err != nil {
		t.Fatal(err)
	}
	if alone, err := v.LatencyRecords(); err != nil || slices.Contains(alone[0], "beside") || slices.Contains(alone[0], "unit") || len(alone) != 1+6 {
		t.Errorf("%d rows under %q, %v", len(alone), alone[0], err)
	}
}
