package view_test

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

func TestAnInterruptedRunSaysSoFirst(t *testing.T) {
	v := of(t, sample.Interrupted())
	want := []view.Note{
		{Tone: view.Bad, Text: "interrupted: 1 of 6 trials carried out, 1 broken off"},
		{Tone: view.Bad, Text: "not run: steady-load"},
	}
	if !slices.Equal(v.Answer[:2], want) {
		t.Errorf("notes: %+v", v.Answer)
	}
	if got := v.Sections[0].Notes; !slices.Contains(got, view.Note{Tone: view.Warn, Text: "concurrent at requests 5 was interrupted by the user"}) {
		t.Errorf("the section's notes: %+v", got)
	}
	if got := v.Sections[0].Scenario.Warning(); !strings.HasPrefix(got, "Interrupted: 1 of 6 trials") {
		t.Errorf("the charts' warning: %q", got)
	}
	verdicts := table(t, v, 0, "Verdicts")
	if cell := verdicts.Rows[1][len(verdicts.Columns)-1]; cell.Text != "not judged" || cell.Tone != view.Warn {
		t.Errorf("the verdict on a trial that was broken off: %+v", cell)
	}
	summary := view.Note{Tone: view.Warn, Text: "interrupted: 1 of 6 trials carried out, 1 broken off; 1 of 3 verdicts passed, 2 could not be judged"}
	if !slices.Equal(v.Summary, []view.Note{summary}) {
		t.Errorf("summary: %+v", v.Summary)
	}
}

func TestInterruptedBetweenTrials(t *testing.T) {
	run := sample.Frozen()
	run.Exit, run.Planned = 130, 2
	v := of(t, run)
	if v.Answer[0].Text != "interrupted: 1 of 2 trials carried out" {
		t.Errorf("notes: %+v", v.Answer)
	}
	if got := v.Summary[0]; got.Tone != view.Bad || !strings.HasSuffix(got.Text, "; 4 of 5 verdicts passed, 1 failed") {
		t.Errorf("summary: %+v", got)
	}
	run.Exit, run.Planned = 130, 0 // of an older version
	if got := of(t, run).Answer[0].Text; got != "interrupted: 1 trial carried out" {
		t.Errorf("notes: %q", got)
	}
	run.Exit = 1
	if notes := of(t, run).Answer; len(notes) != 1 {
		t.Errorf("notes on a run that came to its end: %+v", notes)
	}
}

// A run that was killed says so before anything else.
func TestUnfinishedIsToldFirst(t *testing.T) {
	run := sample.Frozen()
	begun := run.Trials[0]
	begun.Repeat, begun.Ended = 1, ""
	run.Exit, run.Planned, run.UnderWay, run.Verdicts = result.UnderWay, 7, &begun, nil
	v := of(t, run)
	want := "this run did not come to its end (it was killed, or still goes on): 1 of 7 trials carried out; under way was " + begun.Scenario + ", " + begun.Mode
	if got := v.Answer[0]; got.Tone != view.Bad || !strings.HasPrefix(got.Text, want) {
		t.Errorf("notes: %+v", v.Answer)
	}
	run.Trials, run.Planned = nil, 0
	if got := of(t, run).Answer[0].Text; !strings.HasPrefix(got, "this run did not come to its end (it was killed, or still goes on): 0 trials carried out") {
		t.Errorf("notes: %q", got)
	}
}

func TestFailuresAreToldBesideLatencies(t *testing.T) {
	v := of(t, sample.Rates())
	latencies := table(t, v, 0, "Latency")
	hint := "of the successes only (79.9 % of calls); 452 failed, see errors"
	for _, c := range []int{column(t, latencies, "response", "p50"), column(t, latencies, "response", "max"), column(t, latencies, "service", "p99")} {
		if got := footnotes(latencies, latencies.Rows[6][c].Marks); !slices.Contains(got, hint) {
			t.Errorf("%s: footnotes %q", latencies.Columns[c].Name, got)
		}
		if got := footnotes(latencies, latencies.Rows[2][c].Marks); len(got) > 0 {
			t.Errorf("%s: footnotes where nothing failed: %q", latencies.Columns[c].Name, got)
		}
	}
	verdicts := table(t, v, 0, "Verdicts")
	for _, row := range verdicts.Rows {
		rule, verdict := row[2].Text, row[len(row)-1]
		want := row[0].Text == "450" && rule == "p50 < 10s"
		if got := slices.Contains(footnotes(verdicts, verdict.Marks), hint); got != want {
			t.Errorf("%s at %s: hint %v", rule, row[0].Text, got)
		}
	}
}

// Those whose figures know of failures need no hint.
func TestVerdictsThatKnowOfFailures(t *testing.T) {
	run := sample.Rates()
	for i := range run.Verdicts {
		run.Verdicts[i].Rule = []string{"all.p99 < 10s", "lateness.p99 < 1s", "makespan < 1h"}[i%3]
		run.Verdicts[i].Pass = true
	}
	if notes := table(t, of(t, run), 0, "Verdicts").Notes; len(notes) > 0 {
		t.Errorf("footnotes: %q", notes)
	}
}

func TestOpenLoopsHaveNoSpeedup(t *testing.T) {
	run := sample.Failing()
	if title := table(t, of(t, run), 0, "Throughput").Title; title != "Throughput" {
		t.Errorf("the table of open loops is %q", title)
	}
	run.Trials[1].RatePerS = 0 // one of them is none
	if title := table(t, of(t, run), 0, "Throughput").Title; title != "Throughput and speedup over rate-limited-50/s" {
		t.Errorf("the table is %q", title)
	}
	published := sample.Failing()
	published.Verdicts = append(published.Verdicts, result.Verdict{Scenario: "over-the-top", Mode: "rate-limited-400/s",
		Kind: result.KindExpect, Metric: view.Speedup, Expected: 6, Measured: 6.03, Pass: true})
	if title := table(t, of(t, published), 0, "Throughput").Title; !strings.Contains(title, "speedup") {
		t.Errorf("a published speedup is left out of %q", title)
	}
}

func TestWhereThresholdsTurn(t *testing.T) {
	remarks := func(change func(*result.Run)) []string {
		run := sample.Rates()
		change(run)
		return table(t, of(t, run), 0, "Verdicts").Remarks
	}
	want := []string{
		"p99 < 120ms holds up to 350/s and breaks from 380/s on",
		"p50 < 10s holds all the way from 100/s to 450/s",
		"rate >= 250/s is broken up to 200/s and holds from 300/s on",
	}
	if got := remarks(func(*result.Run) {}); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	back := remarks(func(run *result.Run) { run.Verdicts[3*6].Pass = true }) // p99 at the highest rate
	if !slices.Equal(back, want[1:]) {
		t.Errorf("back and forth: %q", back)
	}
	late := remarks(func(run *result.Run) { run.Trials[4].Health = result.Health{Why: "late"} }) // at 380/s
	if got := "p99 < 120ms holds up to 350/s and breaks from 400/s on, leaving aside where the generator fell behind"; late[0] != got {
		t.Errorf("fallen behind: %q", late)
	}
	broken := remarks(func(run *result.Run) {
		for i := range run.Verdicts {
			run.Verdicts[i].Pass = false
		}
	})
	if broken[0] != "p99 < 120ms is broken all the way from 100/s to 450/s" {
		t.Errorf("never kept: %q", broken)
	}
	if got := table(t, of(t, sample.Frozen()), 0, "Verdicts").Remarks; got != nil {
		t.Errorf("remarks without a sweep: %q", got)
	}
}
