package view_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

func runs() map[string]*result.Run {
	all := sample.Odd()
	delete(all, "unreadable")
	maps.Copy(all, map[string]*result.Run{"published": sample.Published(), "frozen": sample.Frozen(),
		"failing": sample.Failing(), "wide": sample.Wide(), "bars": sample.Bars(), "rates": sample.Rates(), "callers": sample.Callers(), "interrupted": sample.Interrupted()})
	return all
}

func of(t *testing.T, run *result.Run) *view.View {
	t.Helper()
	v, err := view.New(run)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func table(t *testing.T, v *view.View, section int, title string) view.Table {
	t.Helper()
	for _, table := range v.Sections[section].Tables {
		if strings.HasPrefix(table.Title, title) {
			return table
		}
	}
	t.Fatalf("there is no table %q in %+v", title, v.Sections[section].Tables)
	return view.Table{}
}

// column finds a column by its group and name.
func column(t *testing.T, table view.Table, group, name string) int {
	t.Helper()
	i := slices.IndexFunc(table.Columns, func(c view.Column) bool { return c.Group == group && c.Name == name })
	if i < 0 {
		t.Fatalf("there is no column %s %s in %+v", group, name, table.Columns)
	}
	return i
}

// footnotes are what the marks of a cell refer to.
func footnotes(table view.Table, marks []int) (notes []string) {
	for _, m := range marks {
		notes = append(notes, table.Notes[m-1])
	}
	return notes
}

func TestTablesAreWhole(t *testing.T) {
	for name, run := range runs() {
		for _, sec := range of(t, run).Sections {
			for _, table := range sec.Tables {
				used := map[int]bool{}
				mark := func(marks []int) {
					for _, m := range marks {
						if m < 1 || m > len(table.Notes) {
							t.Fatalf("%s, %s: a mark %d where there are %d footnotes", name, table.Title, m, len(table.Notes))
						}
						used[m] = true
					}
				}
				for _, c := range table.Columns {
					mark(c.Marks)
				}
				for _, row := range table.Rows {
					if len(row) != len(table.Columns) {
						t.Fatalf("%s, %s: %d cells under %d columns", name, table.Title, len(row), len(table.Columns))
					}
					for _, cell := range row {
						mark(cell.Marks)
					}
				}
				if len(used) != len(table.Notes) {
					t.Errorf("%s, %s: footnotes that nothing refers to: %q", name, table.Title, table.Notes)
				}
			}
		}
	}
}

func TestThePublishedFigureStandsBesideTheMeasuredOne(t *testing.T) {
	v := of(t, sample.Published())
	speedups := table(t, v, 0, "Makespan and speedup over sequential")
	measured := column(t, speedups, "speedup", "concurrent")
	last := speedups.Rows[len(speedups.Rows)-1]
	if got := []string{last[0].Text, last[measured].Text, last[measured+1].Text, last[measured+2].Text}; !slices.Equal(got, []string{"100", "27.52", "27.5", "+0.1"}) {
		t.Errorf("the last row's speedup: %q", got)
	}
	if got := footnotes(speedups, speedups.Columns[measured+1].Marks); !slices.Equal(got, []string{"published: asyncio guide, sync vs async table"}) {
		t.Errorf("the published column's footnotes: %q", got)
	}
	if got := footnotes(speedups, speedups.Columns[measured].Marks); !slices.Equal(got, []string{"one repetition: no interval"}) {
		t.Errorf("the speedup column's footnotes: %q", got)
	}
	if got := v.Sections[0].Notes; !slices.Contains(got, view.Note{Tone: view.Good, Text: "15 of 15 published figures reproduced within 5 %"}) {
		t.Errorf("the section's notes: %+v", got)
	}
}

func TestAMissedFigureIsLoud(t *testing.T) {
	run := sample.Published()
	run.Verdicts[1].Expected, run.Verdicts[1].Pass = 0.9, false
	v := of(t, run)
	speedups := table(t, v, 0, "Makespan")
	cell := speedups.Rows[0][column(t, speedups, "makespan", "concurrent")+2]
	if cell.Text != "+22.7" || cell.Tone != view.Bad || !slices.Equal(footnotes(speedups, cell.Marks), []string{"outside the tolerance of 5 %"}) {
		t.Errorf("the deviation: %+v of %q", cell, speedups.Notes)
	}
	if rows := table(t, v, 0, "Verdicts").Rows; len(rows) != 1 {
		t.Errorf("%d verdicts are listed, want the missed one", len(rows))
	}
	if v.Summary[0] != (view.Note{Tone: view.Bad, Text: "1 of 15 verdicts failed"}) {
		t.Errorf("summary: %+v", v.Summary)
	}
}

func TestPercentilesNeedEnoughCalls(t *testing.T) {
	for calls, want := range map[int]string{367: "", 368: "1.00"} { // without any figure there is no column
		h := latency.New(latency.Fine)
		for range calls {
			h.Record(1e9)
		}
		d, err := result.NewDist(h)
		if err != nil {
			t.Fatal(err)
		}
		latencies := table(t, of(t, &result.Run{Trials: []result.Trial{{Scenario: "s", Mode: "m",
			Measure: result.Measure{OK: int64(calls), Started: int64(calls), Response: d, Service: d},
			Ended:   result.Complete, Health: result.Health{KeptPace: true}}}}), 0, "Latency")
		got := ""
		for i, c := range latencies.Columns {
			if c.Group == "response" && c.Name == "p99" {
				got = latencies.Rows[0][i].Text
			}
		}
		told := slices.ContainsFunc(latencies.Remarks, func(r string) bool { return strings.HasPrefix(r, "without p99, p99.9: too few calls") })
		if got != want || told != (want == "") {
			t.Errorf("p99 of %d calls: %q, want %q; told %v", calls, got, want, told)
		}
	}
}

func TestResponseFarAboveServiceIsExplained(t *testing.T) {
	explained := func(run *result.Run) bool {
		latencies := table(t, of(t, run), 0, "Latency")
		return slices.ContainsFunc(footnotes(latencies, latencies.Columns[column(t, latencies, "service", "p50")].Marks),
			func(note string) bool { return strings.Contains(note, "waited longer to be sent") })
	}
	if !explained(sample.Frozen()) {
		t.Error("response 960 ms, service 5 ms, and no word about it")
	}
	if explained(sample.Published()) {
		t.Error("an explanation where both are the same")
	}
}

func TestFallingBehindComesFirst(t *testing.T) {
	v := of(t, sample.Failing())
	for _, notes := range [][]view.Note{v.Answer, v.Sections[0].Notes} {
		if len(notes) == 0 || notes[0].Tone != view.Bad || !strings.HasPrefix(notes[0].Text, "THE GENERATOR FELL BEHIND") {
			t.Errorf("the first note: %+v", notes)
		}
	}
	latencies := table(t, v, 0, "Latency")
	if cell := latencies.Rows[1][0]; cell.Tone != view.Warn || len(cell.Marks) != 1 {
		t.Errorf("the row of the mode that fell behind: %+v", cell)
	}
	if column(t, latencies, "lateness", "p99") < 0 {
		t.Error("lateness is not shown")
	}
}

// A trial that could not be carried out says nothing of the generator's pace.
func TestFailedIsNotFallenBehind(t *testing.T) {
	v := of(t, &result.Run{Trials: []result.Trial{{Scenario: "s", Mode: "m", Ended: result.Failed, Reason: "no server"}}})
	if v.Answer[0].Text != "1 trial could not be carried out" || strings.Contains(v.Answer[1].Text, "fell behind") {
		t.Errorf("notes: %+v", v.Answer)
	}
}

func TestRepetitionsLeftOutAreTold(t *testing.T) {
	run := sample.Bars()
	run.Trials[0].Ended = result.Interrupted
	v := of(t, run)
	speedups := table(t, v, 0, "Makespan")
	if got := footnotes(speedups, speedups.Rows[0][1].Marks); !slices.Equal(got, []string{"1 of 5 repetitions did not come to an end and are left out"}) {
		t.Errorf("footnotes of the first mode: %q", got)
	}
}

func TestPromisesAboutWhatWasNotRun(t *testing.T) {
	run := sample.Frozen()
	run.Verdicts = append(run.Verdicts, result.Verdict{Scenario: "never", Kind: result.KindThreshold, Rule: "p99 < 1s", Reason: "it was not run"})
	v := of(t, run)
	if len(v.Sections) != 2 || v.Sections[1].Title != "never" || len(table(t, v, 1, "Verdicts").Rows) != 1 {
		t.Errorf("sections: %+v", v.Sections)
	}
}

func TestVerdictsShowTheirUnit(t *testing.T) {
	run := &result.Run{Trials: []result.Trial{{Scenario: "s", Mode: "m", Ended: result.Complete}}}
	want := map[string]string{"p99 < 200ms": "178.0 ms", "p(99)<200": "178.0 ms", "service.mean < 1s": "178.0 ms", "errors.timeout<1%": "17.80 %",
		"rate >= 480/s": "0.1780/s", "goodput(200ms) > 1/s": "0.1780/s", "speedup >= 4": "0.1780", "makespan<1s": "178.0 ms", "lateness.max < 1s": "178.0 ms"}
	for rule := range want {
		run.Verdicts = append(run.Verdicts, result.Verdict{Scenario: "s", Mode: "m", Kind: result.KindThreshold, Rule: rule, Measured: 0.178})
	}
	verdicts := table(t, of(t, run), 0, "Verdicts")
	for _, row := range verdicts.Rows {
		if got := row[2].Text; got != want[row[1].Text] {
			t.Errorf("%s: measured %s, want %s", row[1].Text, got, want[row[1].Text])
		}
	}
}

func TestNamesFitOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got := view.Clean(rapid.String().Draw(t, "name"))
		if n := len([]rune(got)); n > 120 || strings.TrimSpace(got) != got {
			t.Fatalf("%q: %d characters", got, n)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q cannot be printed", got)
			}
		}
	})
}

func TestAnUnreadableHistogramIsAnError(t *testing.T) {
	if _, err := view.New(sample.Odd()["unreadable"]); err == nil || !strings.Contains(err.Error(), "response") {
		t.Errorf("error: %v", err)
	}
}
