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

// The first line of all says what came of a scenario, with the margin of the
// promise that is nearest to its limit or furthest beyond it.
func TestTheAnswerComesFirst(t *testing.T) {
	kept := sample.Frozen()
	kept.Verdicts = kept.Verdicts[:4]
	missed := sample.Published()
	missed.Verdicts[1].Expected, missed.Verdicts[1].Pass = 0.9, false
	alone := sample.Frozen()
	alone.Verdicts = alone.Verdicts[:1]
	zero := sample.Frozen()
	zero.Verdicts = []result.Verdict{{Scenario: "steady-load", Mode: "rate-limited-200/s", Kind: result.KindThreshold, Rule: "errors == 0%", Measured: 0.003}}
	none := sample.Frozen()
	none.Verdicts = nil
	fast := sample.Bars()
	for name, c := range map[string]struct {
		run  *result.Run
		want view.Note
	}{
		"kept":           {kept, view.Note{Tone: view.Good, Text: "steady-load: 4 of 4 promises hold: rate 200.0/s, 0.5 % above 199/s"}},
		"one":            {alone, view.Note{Tone: view.Good, Text: "steady-load: 1 of 1 promise holds: p99 960.5 ms, 4.0 % below 1 s"}},
		"broken":         {sample.Frozen(), view.Note{Tone: view.Bad, Text: "steady-load: 1 of 5 promises broken: p90 565.2 ms, 183 % above 200 ms"}},
		"broken at zero": {zero, view.Note{Tone: view.Bad, Text: "steady-load: 1 of 1 promise broken: errors 0.3000 %"}},
		"published":      {sample.Published(), view.Note{Tone: view.Good, Text: "fetch-urls: 15 of 15 published figures reproduced within 5 %, 1.5 % off at most"}},
		"missed":         {missed, view.Note{Tone: view.Bad, Text: "fetch-urls: 1 of 15 published figures missed: makespan of concurrent at 5 requests 1.104 s, 23 % above the published 900 ms"}},
		"nothing judged": {none, view.Note{Tone: view.Plain, Text: "steady-load: 200.0/s, p50 5.001 ms, p99 960.5 ms"}},
		"speedups":       {fast, view.Note{Tone: view.Plain, Text: "fifty: concurrent-25 is 20.07 times as fast as sequential (19.2 … 21.0)"}},
		"capacity":       {sample.Searched(), view.Note{Tone: view.Good, Text: "how-much: capacity 351/s (336 … 367), limited by errors; headroom of 40 % (35 % … 47 %) above the peak load of 250/s"}},
	} {
		if got := of(t, c.run).Answer; len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %+v\nwant %+v", name, got, c.want)
		}
	}
}

// What spoils a run comes before what it says, and what is broken by name
// after it.
func TestTheAnswerIsWorstFirst(t *testing.T) {
	good, bad := sample.Published(), sample.Failing()
	run := good
	run.Trials, run.Verdicts, run.Speedups = append(run.Trials, bad.Trials...), append(run.Verdicts, bad.Verdicts...), append(run.Speedups, bad.Speedups...)
	var got []string
	for _, n := range of(t, run).Answer {
		text, _, _ := strings.Cut(n.Text, ":")
		got = append(got, text+" "+fmt.Sprint(n.Tone))
	}
	want := []string{"THE GENERATOR FELL BEHIND in 1 of 13 trials 2", "over-the-top 2", "fetch-urls 1", "broken 2", "broken 2"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// Calls that failed are told where nobody promised anything about them.
func TestFailedCallsAreInTheAnswer(t *testing.T) {
	run := sample.Failing()
	run.Trials, run.Verdicts, run.Speedups = run.Trials[2:], nil, nil
	if got := of(t, run).Answer; len(got) != 1 || got[0] != (view.Note{Tone: view.Warn, Text: "over-the-top: 0/s; no call succeeded: 50 of 50 failed (timeout)"}) {
		t.Errorf("%+v", got)
	}
	if got := of(t, sample.Rates()).Answer[0].Text; !strings.HasSuffix(got, "; 20.1 % of calls failed at 450/s (status-503)") {
		t.Errorf("%q", got)
	}
}

// Where nothing was promised, and no call succeeded, no promise is said to be broken.
func TestNoSuccessIsNoBrokenPromise(t *testing.T) {
	run := sample.Failing()
	run.Trials, run.Speedups = run.Trials[2:], nil
	nothing := result.Verdict{Scenario: "over-the-top", Mode: run.Trials[0].Mode, Kind: result.KindThreshold, Rule: "errors < 100%", Measured: 1, Note: "no call succeeded in 1 of 2 repetitions; where that is expected, promise something"}
	none := nothing
	none.Reason, none.Note = "no call succeeded: none ended before it was given up", ""
	promise := nothing
	promise.Rule, promise.Limit, promise.Reason, promise.Note = "p99 < 1s", 1, "no call succeeded", ""
	promised := nothing
	promised.Limit, promised.Note = 1, ""
	for name, c := range map[string]struct {
		verdicts []result.Verdict
		want     string
	}{
		"nothing promised": {[]result.Verdict{nothing}, "over-the-top: no call succeeded in 1 of 2 repetitions: 50 of 50 failed (timeout)"},
		"none ended":       {[]result.Verdict{none}, "over-the-top: no call succeeded: none ended before it was given up"},
		"another promise":  {[]result.Verdict{promise, nothing}, "over-the-top: 1 of 1 promise broken: p99: no call succeeded; no call succeeded in 1 of 2 repetitions: 50 of 50 failed (timeout)"},
		"promised":         {[]result.Verdict{promised}, "over-the-top: 1 of 1 promise broken: errors 100.0 %, exactly 100 %"},
	} {
		run.Verdicts = c.verdicts
		answer := of(t, run).Answer
		if answer[0] != (view.Note{Tone: view.Bad, Text: c.want}) {
			t.Errorf("%s: %+v\nwant %s", name, answer[0], c.want)
		}
		for _, more := range answer[1:] {
			if strings.Contains(more.Text, "errors < 100%") {
				t.Errorf("%s: %+v", name, more)
			}
		}
	}
}

// Many scenarios and many broken promises stay a summary; what is not told is
// counted.
func TestTheAnswerStaysShort(t *testing.T) {
	one := sample.Frozen()
	run := sample.Frozen()
	run.Trials, run.Verdicts = nil, nil
	for i := range 40 {
		trial, name := one.Trials[0], fmt.Sprintf("s%d", i)
		trial.Scenario = name
		run.Trials = append(run.Trials, trial)
		for range 2 { // broken where i is odd
			run.Verdicts = append(run.Verdicts, result.Verdict{Scenario: name, Mode: trial.Mode, Kind: result.KindThreshold, Rule: "p99 < 1s", Limit: 1, Measured: 0.5 + float64(i%2), Pass: i%2 == 0})
		}
	}
	answer := of(t, run).Answer
	if len(answer) != 16 {
		t.Fatalf("%d lines: %+v", len(answer), answer)
	}
	if got := answer[7].Text; got != "and 33 more scenarios, 13 of them not well: see below" {
		t.Errorf("%q", got)
	}
	if got := answer[15].Text; got != "and 33 more broken promises: see below" {
		t.Errorf("%q", got)
	}
	run.Verdicts = nil
	if answer := of(t, run).Answer; len(answer) != 8 || answer[7].Text != "and 33 more scenarios, none of them with a broken promise" {
		t.Errorf("%+v", answer)
	}
}

// A trial that was broken off or whose generator was late shows what was
// measured all the same, marked as what it is.
func TestVerdictsThatAreNotValidShowWhatWasMeasured(t *testing.T) {
	late := table(t, of(t, sample.Failing()), 0, "Verdicts")
	row := late.Rows[1]
	if row[2].Text != "24.30 %" || row[3].Text != "FAIL, not valid" || row[3].Tone != view.Warn {
		t.Errorf("%+v", row)
	}
	broken := table(t, of(t, sample.Interrupted()), 0, "Verdicts")
	row = broken.Rows[1]
	if row[3].Text != "1.104 s" || row[4].Text != "not judged" || len(row[4].Marks) == 0 {
		t.Errorf("%+v", row)
	}
	run := sample.Interrupted()
	run.Verdicts[1].Measured = 0 // of before
	if got := table(t, of(t, run), 0, "Verdicts").Rows[1][3].Text; got != view.None {
		t.Errorf("%q", got)
	}
}

// The bench answers above its tables, too.
func TestABenchAnswersFirst(t *testing.T) {
	b, err := view.NewBench(sample.Frozen(), "GET /")
	if err != nil || len(b.Answer) != 1 || b.Answer[0].Text != "1 of 5 promises broken: p90 565.2 ms, 183 % above 200 ms" {
		t.Errorf("%+v, %v", b.Answer, err)
	}
	if last := b.Tables[len(b.Tables)-1]; last.Title != "Verdicts" {
		t.Errorf("the last table is %q", last.Title)
	}
}

// Reasons and warnings keep their end, however long.
func TestSentencesAreNotCut(t *testing.T) {
	long := strings.Repeat("a long story ", 30) + "with an end"
	run := sample.Failing()
	run.Trials[1].Health.Why, run.Trials[0].Warnings = long, []string{long}
	run.Trials[1].Errors = map[string]result.Error{"reset": {Count: run.Trials[1].Failed(), Example: long}}
	run.Verdicts[2].Reason, run.Verdicts[1].Note = long, long+"!"
	v := of(t, run)
	count := 0
	for _, sec := range v.Sections {
		for _, n := range sec.Notes {
			count += strings.Count(n.Text, long)
		}
		for _, table := range sec.Tables {
			for _, note := range table.Notes {
				count += strings.Count(note, long)
			}
			for _, row := range table.Rows {
				for _, cell := range row {
					count += strings.Count(cell.Text, long)
				}
			}
		}
	}
	if count != 5 {
		t.Errorf("%d of 5 long sentences are whole", count)
	}
}
