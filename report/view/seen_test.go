package view

import (
	"strings"
	"testing"

	"plimsoll/runner/result"
)

// rowsText is a table's cells, a line a row.
func rowsText(t *Table) string {
	var lines []string
	for _, c := range t.Columns {
		lines = append(lines, c.Name)
	}
	text := strings.Join(lines, "|")
	for _, row := range t.Rows {
		var cells []string
		for _, c := range row {
			cells = append(cells, c.Text)
		}
		text += "\n" + strings.Join(cells, "|")
	}
	return text
}

// The slowest calls of a mode are those of all its repetitions, the slowest first,
// at most ten; columns that hold nothing are left out, and what they say is harmless.
func TestTheSlowestCallsAreListed(t *testing.T) {
	plainCalls := func(repeat int, seconds ...float64) result.Trial {
		trial := result.Trial{Scenario: "s", Mode: "m", Repeat: repeat, Ended: result.Complete, Measure: result.Measure{Errors: map[string]result.Error{}}}
		for i, s := range seconds {
			trial.Slowest = append(trial.Slowest, result.Seen{AtS: float64(i), ResponseS: s, ServiceS: s, Number: uint64(repeat*100 + i)})
		}
		return trial
	}
	table := func(trials ...result.Trial) *Table {
		t.Helper()
		v, err := Options{Slowest: true}.View(&result.Run{Trials: trials})
		if err != nil {
			t.Fatal(err)
		}
		for i := range v.Sections[0].Tables {
			if one := &v.Sections[0].Tables[i]; strings.HasPrefix(one.Title, "Slowest calls") {
				return one
			}
		}
		return nil
	}
	got := table(plainCalls(0, 0.9, 0.7, 0.5, 0.3), plainCalls(1, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05, 0.04))
	want := "due at|response|service|number\n" +
		"0|900.0|900.0|0\n0|800.0|800.0|100\n1.00|700.0|700.0|1\n1.00|600.0|600.0|101\n2.00|500.0|500.0|2\n" +
		"2.00|400.0|400.0|102\n3.00|300.0|300.0|3\n3.00|200.0|200.0|103\n4.00|100.0|100.0|104\n5.00|50.0|50.0|105"
	if got == nil || rowsText(got) != want {
		t.Errorf("the table is\n%s\nwant\n%s", rowsText(got), want)
	}
	if table(plainCalls(0)) != nil {
		t.Error("a table of nothing")
	}

	step := plainCalls(0, 0.02)
	step.Slowest[0] = result.Seen{AtS: 1, ResponseS: 0.02, ServiceS: 0.015, HeldS: 0.005, Number: 7, Step: "buy/pay", Iteration: 3, Class: "check", Example: "no\x1b[31m", Trace: "4bf9"}
	if got, want := rowsText(table(step)), "due at|response|service|held|number|step|iteration|failed|trace|example\n1.00|20.0|15.0|5.0|7|buy/pay|3|check|4bf9|no [31m"; got != want {
		t.Errorf("the table is\n%s\nwant\n%s", got, want)
	}
}

// Errors say when they were seen, where a file tells; an older one has no columns
// for it.
func TestErrorsSayWhenTheyWereSeen(t *testing.T) {
	of := func(e result.Error) string {
		s := Scenario{Modes: []string{"m"}, Groups: []*Group{{Group: result.Group{Mode: "m", Sum: result.Sum{Errors: map[string]result.Error{"reset": e}}}}}}
		return rowsText(s.errorTable())
	}
	if got, want := of(result.Error{Count: 2, Example: "broke"}), "mode|class|count|example\nm|reset|2|broke"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	told := result.Error{Count: 2, Example: "broke", FirstS: 2.25, LastS: 12, Calls: []result.Seen{{AtS: 2, ResponseS: 0.25, Class: "reset"}}}
	if got, want := of(told), "mode|class|count|first seen|last seen|example\nm|reset|2|2.25|12.00|broke"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
