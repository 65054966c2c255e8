package view_test

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// completions is the table of a section, as far as there is one.
func completions(t *testing.T, o view.Options, run *result.Run, section int) *view.Table {
	t.Helper()
	v, err := o.View(run)
	if err != nil {
		t.Fatal(err)
	}
	for i := range v.Sections[section].Tables {
		if table := &v.Sections[section].Tables[i]; table.Title == "Completions" {
			return table
		}
	}
	return nil
}

// The table of when batches are over is there for whoever asks, or promised something of
// it; and has both orders where they differ.
func TestCompletionsTable(t *testing.T) {
	run := sample.Completions()
	asked := view.Options{Completions: true}
	table := completions(t, view.Options{}, run, 0)
	if table == nil {
		t.Fatal("something is promised, and there is no table")
	}
	want := []string{"requests", "mode", "over first s", "over 10 % s", "over 20 % s", "over 30 % s", "over 40 % s", "over 50 % s", "over 60 % s", "over 70 % s", "over 80 % s", "over 90 % s", "over last s"}
	if got := heads(table); !slices.Equal(got, want) {
		t.Errorf("columns %q", got)
	}
	rows := rowsOf(table)
	for i, order := range []string{"300|sequential, either way|", "300|concurrent-20, as completed|", "300|concurrent-20, in order|", "300|concurrent, as completed|", "300|concurrent, in order|"} {
		if i >= len(rows) || !strings.HasPrefix(rows[i], order) {
			t.Errorf("row %d is no %q: %q", i, order, rows)
		}
	}
	if !slices.Contains(table.Remarks, "a failure is an end, too") || len(table.Remarks) != 2 {
		t.Errorf("%q", table.Remarks)
	}
	if unasked := completions(t, view.Options{}, run, 1); unasked != nil {
		t.Errorf("nobody asks for %q", rowsOf(unasked))
	}
	stopped := completions(t, asked, run, 1)
	if got := rowsOf(stopped); !slices.Equal(got, []string{
		"3|concurrent, as completed|1.00|1.00|1.00|1.00|–|–|–|–|–|–|–", "3|concurrent, in order|–|–|–|–|–|–|–|–|–|–|–",
	}) || len(stopped.Remarks) != 2 {
		t.Errorf("%q, %q", got, stopped.Remarks)
	}
	if plain := completions(t, asked, sample.Frozen(), 0); plain != nil {
		t.Errorf("there is no batch: %q", rowsOf(plain))
	}
}

// A batch that is too large says why it has no figures.
func TestCompletionsThatAreNotKept(t *testing.T) {
	run := sample.Completions()
	for i := range run.Trials {
		run.Trials[i].Completions = result.NoCompletions(2_000_000)
	}
	table := completions(t, view.Options{Completions: true}, run, 0)
	if table == nil || len(table.Rows) != 3 || len(table.Notes) != 1 || !strings.Contains(table.Notes[0], "2000000") {
		t.Errorf("%+v", table)
	}
}

// Every row of latency.csv has first, half and last where its trials are batches, and
// those of steps have not.
func TestCompletionsInRecords(t *testing.T) {
	run := sample.Completions()
	journey := sample.Journey().Trials[0]
	run.Trials = append(run.Trials, journey)
	v, err := view.New(run)
	if err != nil {
		t.Fatal(err)
	}
	records, err := v.LatencyRecords()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(records[0], "first_s")
	if at < 0 || !slices.Equal(records[0][at:at+6], []string{"first_s", "half_s", "last_s", "in_order_first_s", "in_order_half_s", "in_order_last_s"}) {
		t.Fatalf("%q", records[0])
	}
	batches := 0
	for _, row := range records[1:] {
		if len(row) != len(records[0]) {
			t.Fatalf("%d fields, and %d names: %q", len(row), len(records[0]), row)
		}
		fields := row[at : at+6]
		switch {
		case row[0] == "downloads" && !slices.Contains(fields, ""):
			batches++
		case row[0] == "engines" && strings.Join(fields, "|") == "1|||||":
			batches++
		case strings.Join(fields, "") != "":
			t.Errorf("%s has %q", row[0], fields)
		}
	}
	if batches != 3*4+2 {
		t.Errorf("%d rows of batches", batches)
	}
}

// The marks of a batch have its first call's among them, and three are milestones.
func TestMarksOfABatch(t *testing.T) {
	at := func(s float64) *float64 { return &s }
	batch := func(requests int, c result.Curve) view.Completed {
		return view.Completed{Group: &view.Group{Group: result.Group{Requests: requests}}, Completions: &result.Completions{Curve: c, InOrder: c}}
	}
	curve := result.Curve{FirstS: at(0), HalfS: at(2), LastS: at(3), Marks: []result.Mark{{0.5, 2}, {1, 3}}}
	never := result.Curve{Marks: []result.Mark{}}
	for _, o := range view.Orders {
		if got := batch(4, curve).Over(o); !slices.Equal(got, []result.Mark{{0.25, 0}, {0.5, 2}, {1, 3}}) {
			t.Errorf("%s: %v", o.Name, got)
		}
		if got := batch(2, curve).Over(o); !slices.Equal(got, curve.Marks) { // the first is there already
			t.Errorf("%s: %v", o.Name, got)
		}
		if got := batch(5, curve).Milestones(o); !slices.Equal(got, []result.Mark{{0.2, 0}, {0.6, 2}, {1, 3}}) {
			t.Errorf("%s: %v", o.Name, got)
		}
		if marks, milestones := batch(4, never).Over(o), batch(4, never).Milestones(o); len(marks)+len(milestones) > 0 {
			t.Errorf("%s: %v, %v of calls that never ended", o.Name, marks, milestones)
		}
	}
}
