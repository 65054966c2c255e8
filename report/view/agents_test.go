package view_test

import (
	"reflect"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// Each agent has a row, whatever became of it, and the slowest is named.
func TestAgents(t *testing.T) {
	run := sample.Fleet()
	if err := run.Check(); err != nil {
		t.Fatal(err)
	}
	table := tables(t, run)["Agents"]
	for head, want := range map[string][]string{
		"agent":          {"east-1", "east-2", "west-1", "west-2"},
		"lateness":       {"0.100", "0.200", "7.200", "0.400"},
		"clock ahead by": {"−12.30 ms ± 200.0 µs", "0 ms ± 300.0 µs", "12.30 ms ± 400.0 µs", "24.60 ms ± 500.0 µs"},
	} {
		if got := below(t, table, head); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", head, got, want)
		}
	}
	notes := strings.Join(table.Notes, "\n")
	for _, want := range []string{"it was lost: nothing was heard of it for 3s", "it did not keep pace: lateness p99 was 7.2ms"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q does not say %q", notes, want)
		}
	}
	if table.Rows[2][0].Tone == view.Bad || table.Rows[2][1].Tone != view.Bad || table.Rows[0][1].Tone == view.Bad {
		t.Errorf("%+v", table.Rows)
	}
	v, err := view.New(run)
	if err != nil {
		t.Fatal(err)
	}
	slowest := ""
	for _, note := range v.Sections[0].Notes {
		if strings.Contains(note.Text, "slowest") {
			slowest = note.Text
		}
	}
	if !strings.HasPrefix(slowest, "the slowest of 4 agents was west-1 (rate-limited-200/s): ") || !strings.Contains(slowest, "7.200 ms, that of the promptest 100.0 µs") {
		t.Errorf("%q", slowest)
	}
	run.Trials[0].Agents, run.Trials[0].LostShare = run.Trials[0].Agents[:1], 0
	one := &run.Trials[0].Agents[0]
	one.Started, one.OK, one.Errors = run.Trials[0].Started, run.Trials[0].OK, run.Trials[0].Failed()
	if v, err = view.New(run); err != nil || len(v.Sections[0].Notes) > 0 && strings.Contains(v.Sections[0].Notes[0].Text, "slowest") {
		t.Errorf("one agent is no slowest: %v", err)
	}
	run.Trials[0].Agents = []result.Agent(nil)
	if _, there := tables(t, run)["Agents"]; there {
		t.Error("agents of no fleet")
	}
}
