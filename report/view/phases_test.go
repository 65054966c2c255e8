package view_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/report/sample"
	"plimsoll/report/view"
)

// Where phases are asked for there is a row for each, with its figures and their
// units, in the order of the file's places; and nowhere else.
func TestPhasesTable(t *testing.T) {
	run := sample.Programs(1, 1, 50,
		sample.Program{Mode: "a", Vary: "level=low", Mean: 100 * time.Millisecond, Memory: 80_000_000},
		sample.Program{Mode: "a", Vary: "level=high", Mean: 200 * time.Millisecond, Memory: 90_000_000})
	tableOf := func(o view.Options) *view.Table {
		v, err := o.View(run)
		if err != nil {
			t.Fatal(err)
		}
		tables := v.Sections[0].Tables
		if i := slices.IndexFunc(tables, func(t view.Table) bool { return strings.HasPrefix(t.Title, "Phases") }); i >= 0 {
			return &tables[i]
		}
		return nil
	}
	if tableOf(view.Options{}) != nil {
		t.Error("nobody has asked for phases")
	}
	table := tableOf(view.Options{Phases: true})
	if table == nil {
		t.Fatal("there is no table")
	}
	var rows []string
	for _, row := range table.Rows {
		var cells []string
		for _, c := range row {
			cells = append(cells, c.Text)
		}
		rows = append(rows, strings.Join(cells, "|"))
	}
	want := []string{
		"low|a|cpu_system|50|5.000 ms|5.000 ms|–|5.000 ms", "low|a|cpu_user|50|10.00 ms|10.00 ms|–|10.00 ms", "low|a|memory|50|80.00 MB|80.00 MB|–|80.00 MB",
		"high|a|cpu_system|50|10.00 ms|10.00 ms|–|10.00 ms", "high|a|cpu_user|50|20.00 ms|20.00 ms|–|20.00 ms", "high|a|memory|50|90.00 MB|90.00 MB|–|90.00 MB",
	}
	if !slices.Equal(rows, want) {
		t.Errorf("%v\n%s", table.Columns, strings.Join(rows, "\n"))
	}
	if table.Columns[0].Name != "level" {
		t.Errorf("the places are of %q", table.Columns[0].Name)
	}
}
