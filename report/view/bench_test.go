package view_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// only is a run of one trial of another run.
func only(run *result.Run, trial int) *result.Run {
	one := *run
	one.Trials, one.Speedups, one.Verdicts = run.Trials[trial:trial+1], nil, nil
	return &one
}

func benchOf(t rapid.TB, run *result.Run) *view.Bench {
	t.Helper()
	b, err := view.NewBench(run, "GET http://example.com")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// cell is a figure of the table that a title begins with, by its row's name
// and its column's.
func cell(t *testing.T, b *view.Bench, title, row, column string) string {
	t.Helper()
	for _, table := range b.Tables {
		at := slices.IndexFunc(table.Columns, func(c view.Column) bool { return c.Name == column })
		for _, cells := range table.Rows {
			if strings.HasPrefix(table.Title, title) && at >= 0 && (row == "" || cells[0].Text == row) {
				return cells[at].Text
			}
		}
	}
	t.Fatalf("%q has no row %q with a %q", title, row, column)
	return ""
}

// Every trial can be looked at closely, however it went.
func TestBenchOfEveryTrial(t *testing.T) {
	for name, run := range runs() {
		for i := range run.Trials {
			b := benchOf(t, only(run, i))
			if trial := run.Trials[i]; (b.Profile != nil) != (trial.OK > 0) || (len(b.Tables) > 0) != (trial.Started > 0) {
				t.Errorf("%s %d: %d of %d ok: %d tables", name, i, trial.OK, trial.Started, len(b.Tables))
			}
			checkProfile(t, b.Profile)
		}
	}
	if b := benchOf(t, &result.Run{}); len(b.Notes) != 1 || b.Notes[0].Text != "no trial was carried out" {
		t.Errorf("of no trial: %+v", b)
	}
}

// The figures of the frozen server are the analytic ones, which the other
// tests of it know; the gap between response and service time is explained.
func TestBenchShowsBothTimes(t *testing.T) {
	b := benchOf(t, only(sample.Frozen(), 0))
	for _, want := range []struct{ row, column, text string }{
		{"response", "p50", "5.00"}, {"response", "p90", "565.2"}, {"service", "p99", "5.00"}, {"held", "p99", "920.1"},
	} {
		if got := cell(t, b, "Times in ms", want.row, want.column); got != want.text {
			t.Errorf("%s %s is %s, not %s", want.row, want.column, got, want.text)
		}
	}
	times := b.Tables[2]
	if notes := footnotes(times, times.Rows[1][0].Marks); len(notes) != 1 || !strings.Contains(notes[0], "which users feel") {
		t.Errorf("service time is footnoted with %q", notes)
	}
	at := b.Profile.Bars[slices.IndexFunc(b.Profile.Bars, func(bar view.Bar) bool { return bar.Name == "p90" })]
	if at.Outer < at.Inner+0.5 {
		t.Errorf("at p90 the bar goes to %.2f and %.2f", at.Inner, at.Outer)
	}
}

// Failures are told by class, the most frequent first, with their share of
// all answers and their own times.
func TestBenchTellsFailures(t *testing.T) {
	run := only(sample.Failing(), 1)
	b, trial := benchOf(t, run), run.Trials[0]
	if b.Notes[0].Tone != view.Bad || !strings.HasPrefix(b.Notes[0].Text, "THE GENERATOR FELL BEHIND") {
		t.Errorf("notes: %+v", b.Notes)
	}
	var classes []string
	for _, row := range b.Tables[1].Rows {
		classes = append(classes, row[0].Text)
	}
	if !slices.Equal(classes, []string{"ok", "status-503", "timeout", "reset"}) {
		t.Errorf("classes: %q", classes)
	}
	share := 100 * float64(trial.Errors["status-503"].Count) / float64(trial.OK+trial.Failed())
	if got := cell(t, b, "Answers", "status-503", "share"); !near(got, share) {
		t.Errorf("share %s, not %.3f", got, share)
	}
	cell(t, b, "Times in", "of errors", "p50")
	if got := cell(t, b, "Load", "", "dropped"); got != "17" {
		t.Errorf("dropped: %s", got)
	}
}

// Requests that the protocol had sent again are told wherever calls are, and
// what they are; without any nothing is said.
func TestResentIsTold(t *testing.T) {
	for _, resent := range []int64{0, 7} {
		run := only(sample.Frozen(), 0)
		trial := run.Trials[0]
		trial.Attempts, trial.Resent = trial.Started+resent, resent
		run.Trials = []result.Trial{trial}
		v, err := view.New(run)
		if err != nil {
			t.Fatal(err)
		}
		tables := slices.Clone(benchOf(t, run).Tables[:1])
		for _, table := range v.Sections[0].Tables {
			if table.Title == "Latency" {
				tables = append(tables, table)
			}
		}
		for _, table := range tables {
			at := slices.IndexFunc(table.Columns, func(c view.Column) bool { return c.Name == "resent" })
			if shown := at >= 0; shown != (resent > 0) || shown && (table.Rows[0][at].Text != "7" || !strings.Contains(strings.Join(table.Notes, " "), "had not looked at")) {
				t.Errorf("%d sent again, %s: column %d, notes %q", resent, table.Title, at, table.Notes)
			}
		}
		if len(tables) != 2 {
			t.Errorf("%d tables", len(tables))
		}
	}
}

// Whatever the durations are, the bars lie in their order between the marks
// that enclose them.
func TestProfileIsToScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		response, service := latency.New(latency.Fine), latency.New(latency.Fine)
		for _, d := range rapid.SliceOfN(rapid.Float64Range(0, math.Log(float64(time.Hour))), 1, 200).Draw(t, "logarithms") {
			service.Record(time.Duration(math.Exp(d)))
			response.Record(time.Duration(math.Exp(d)) + time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "waited")))
		}
		trial := result.Trial{Scenario: "s", Mode: "m", Measure: result.Measure{OK: response.Count(), Started: response.Count()}, MakespanS: 1}
		var err1, err2 error
		trial.Response, err1 = result.NewDist(response)
		trial.Service, err2 = result.NewDist(service)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		profile := benchOf(t, &result.Run{Trials: []result.Trial{trial}}).Profile
		checkProfile(t, profile)
		longest := profile.Bars[len(profile.Bars)-1]
		for _, tick := range profile.Ticks {
			mark, err := time.ParseDuration(strings.ReplaceAll(tick.Label, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			if below := mark <= response.Max(); below != (tick.At <= longest.Outer+1e-9) && mark != response.Max() {
				t.Fatalf("the longest took %v: its bar goes to %.4f, the mark %s stands at %.4f", response.Max(), longest.Outer, tick.Label, tick.At)
			}
		}
	})
}

// near tells whether a figure is printed of the value v.
func near(figure string, v float64) bool {
	printed, err := strconv.ParseFloat(figure, 64)
	return err == nil && math.Abs(printed-v) <= 0.01*v
}

func checkProfile(t rapid.TB, p *view.Profile) {
	t.Helper()
	if p == nil {
		return
	}
	inner, outer := 0.0, 0.0
	for _, b := range p.Bars {
		if !(b.Inner >= inner && b.Outer >= outer && b.Outer >= b.Inner && b.Outer <= 1) {
			t.Fatalf("after %.3f and %.3f comes %+v", inner, outer, b)
		}
		inner, outer = b.Inner, b.Outer
	}
	if len(p.Ticks) < 2 || p.Ticks[0].At != 0 || p.Ticks[len(p.Ticks)-1].At != 1 || len(p.Ticks) > 20 ||
		!slices.IsSortedFunc(p.Ticks, func(a, b view.Tick) int { return int(math.Copysign(1, a.At-b.At)) }) {
		t.Fatalf("ticks: %+v", p.Ticks)
	}
}
