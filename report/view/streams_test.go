package view_test

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// tableOf is the table of a title in one of a run's sections; nil: there is none.
func tableOf(t *testing.T, run *result.Run, section int, title string) *view.Table {
	t.Helper()
	v, err := view.New(run)
	if err != nil {
		t.Fatal(err)
	}
	tables := v.Sections[section].Tables
	if i := slices.IndexFunc(tables, func(t view.Table) bool { return t.Title == title }); i >= 0 {
		return &tables[i]
	}
	return nil
}

// heads are a table's columns in words, and rows its cells.
func heads(table *view.Table) (list []string) {
	for _, c := range table.Columns {
		list = append(list, strings.TrimSpace(c.Group+" "+c.Name+" "+c.Unit))
	}
	return list
}

func rowsOf(table *view.Table) (rows []string) {
	for _, row := range table.Rows {
		var texts []string
		for _, c := range row {
			texts = append(texts, c.Text)
		}
		rows = append(rows, strings.Join(texts, "|"))
	}
	return rows
}

// Streams have their table wherever there are some, and nobody asks for it: with
// tokens where they were counted, and else with events, never the one for the other.
func TestStreamsTable(t *testing.T) {
	table := tableOf(t, sample.Streams(), 0, "Streams")
	if table == nil {
		t.Fatal("there is no table")
	}
	if got := heads(table); !slices.Equal(got, []string{"mode", "first event p50 s", "first event p99 s", "gap p50 ms", "gap p99 ms", "tokens /s", "goodput /s"}) {
		t.Errorf("columns %q", got)
	}
	if len(table.Rows) != 2 || len(table.Notes) != 1 || table.Notes[0] != "calls with first_event < 300ms, gap < 20ms" {
		t.Errorf("%q, %q", rowsOf(table), table.Notes)
	}
	steps := tableOf(t, sample.Streams(), 1, "Streams")
	if steps == nil || len(steps.Rows) != 1 || steps.Rows[0][1].Text != "ask" || !slices.Contains(heads(steps), "events /s") || slices.Contains(heads(steps), "tokens /s") {
		t.Errorf("of steps: %+v", steps)
	}
	if plain := tableOf(t, sample.Frozen(), 0, "Streams"); plain != nil {
		t.Errorf("there were no streams: %q", rowsOf(plain))
	}
}

// Modes of which one tells tokens have a column for each, and a promise that one of
// them has not counted has a dash there.
func TestStreamsThatDiffer(t *testing.T) {
	run := sample.Streams()
	for i := range run.Trials {
		if one := &run.Trials[i]; one.Mode == "rate-limited-24/s" {
			one.Stream.Tokens, one.Stream.TokensPerS = nil, nil
			one.Goodput = map[string]result.Kept{"gap < 1s": {Calls: 700, PerS: 23}}
		}
	}
	table := tableOf(t, run, 0, "Streams")
	rows := rowsOf(table)
	if got := heads(table)[5:]; !slices.Equal(got, []string{"tokens /s", "events /s", "goodput /s", "goodput /s"}) {
		t.Errorf("columns %q", got)
	}
	if !strings.HasSuffix(rows[0], "|374|–|9.75|–") || !strings.HasSuffix(rows[1], "|–|442|–|23.0") {
		t.Errorf("rows\n%s", strings.Join(rows, "\n"))
	}
	// Of streams without an event there is nothing to time, and that is told.
	for i := range run.Trials {
		run.Trials[i].Phases = nil
		if run.Trials[i].Stream != nil {
			run.Trials[i].Stream = &result.Stream{}
		}
	}
	table = tableOf(t, run, 0, "Streams")
	if rows := rowsOf(table); !strings.HasPrefix(rows[0], "rate-limited-10/s|–|–|–|–|0|") || !slices.Contains(table.Notes, "no stream had an event") || !slices.Contains(table.Notes, "no stream had two events") {
		t.Errorf("rows\n%s\n%q", strings.Join(rows, "\n"), table.Notes)
	}
}

// The phases of streams are told with the others, where those are asked for; gaps are
// many a call.
func TestPhasesOfStreams(t *testing.T) {
	v, err := view.Options{Phases: true}.View(sample.Streams())
	if err != nil {
		t.Fatal(err)
	}
	tables := v.Sections[0].Tables
	i := slices.IndexFunc(tables, func(t view.Table) bool { return t.Title == "Phases" })
	if i < 0 {
		t.Fatal("there is no table")
	}
	if got := heads(&tables[i]); !slices.Contains(got, "values") || slices.Contains(got, "calls") {
		t.Errorf("columns %q", got)
	}
	var names []string
	for _, row := range tables[i].Rows[:3] {
		names = append(names, row[1].Text)
	}
	if !slices.Equal(names, []string{"first_event", "gap", "service.first_event"}) {
		t.Errorf("phases %q", names)
	}
}
