package text_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"plimsoll/report/sample"
	"plimsoll/report/text"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// tall counts the tables of a view as printed: a line below each part's heads.
func tall(printed string) int { return strings.Count(printed, "\n──") }

func tables(v *view.View) (n int) {
	for _, sec := range v.Sections {
		n += len(sec.Tables)
	}
	return n
}

// At 80 columns every table stands in one piece: what matters least is left
// out, and told by name. In a pipe nothing is.
func TestTablesStandInOnePieceAt80Columns(t *testing.T) {
	for name, run := range map[string]*result.Run{"published": sample.Published(), "frozen": sample.Frozen(), "failing": sample.Failing(),
		"bars": sample.Bars(), "rates": sample.Rates(), "interrupted": sample.Interrupted(), "searched": sample.Searched(), "callers": sample.Callers(), "noisy": sample.Noisy()} {
		v := of(t, run)
		whole, narrow := terminal(t, v, text.Options{}), terminal(t, v, text.Options{Width: 80})
		if tall(narrow) != tables(v) || tall(whole) != tables(v) {
			t.Errorf("%s: %d pieces of %d tables at 80 columns, %d in a pipe:\n%s", name, tall(narrow), tables(v), tall(whole), narrow)
		}
		if strings.Contains(whole, "no room for") {
			t.Errorf("%s: left out in a pipe:\n%s", name, whole)
		}
		told := strings.Join(strings.Fields(narrow), " ")
		for _, sec := range v.Sections {
			for _, table := range sec.Tables {
				for _, c := range table.Columns[table.Keys:] {
					shown := strings.Contains(narrow, " "+c.Name) || strings.Contains(told, strings.TrimSpace(c.Group+" "+c.Name))
					if !shown && !c.Qualifies {
						t.Errorf("%s: %s %s is neither there nor told of:\n%s", name, c.Group, c.Name, narrow)
					}
				}
			}
		}
	}
}

// However narrow a terminal, no line overflows it, and sentences, names and
// promises come through whole.
func TestNarrowTerminals(t *testing.T) {
	blanks := regexp.MustCompile(`[^0-9A-Za-z]+`)
	for name, run := range map[string]*result.Run{"published": sample.Published(), "frozen": sample.Frozen(), "failing": sample.Failing(),
		"bars": sample.Bars(), "rates": sample.Rates(), "interrupted": sample.Interrupted(), "journey": sample.Journey(), "noisy": sample.Noisy(), "streams": sample.Streams(), "completions": sample.Completions()} {
		v := of(t, run)
		for _, width := range []int{40, 45, 60, 80} {
			narrow := terminal(t, v, text.Options{Width: width})
			for line := range strings.Lines(narrow) {
				if got := twwidth.Width(strings.TrimRight(line, "\n")); got > width {
					t.Errorf("%s: at %d columns a line takes %d: %s", name, width, got, line)
				}
			}
			squashed := blanks.ReplaceAllString(narrow, "")
			for _, said := range essentials(v) {
				if !strings.Contains(squashed, blanks.ReplaceAllString(said, "")) {
					t.Errorf("%s: at %d columns %q is gone", name, width, said)
				}
			}
		}
	}
	for i := range sample.Failing().Trials {
		for line := range strings.Lines(bench(t, sample.Failing(), i, text.Options{Width: 40})) {
			if got := twwidth.Width(strings.TrimRight(line, "\n")); got > 40 {
				t.Errorf("bench %d: a line takes %d: %s", i, got, line)
			}
		}
	}
}

// essentials are what every width has: what came of it, notes, and the figures
// of columns that are never left out.
func essentials(v *view.View) (list []string) {
	for _, n := range v.Answer {
		list = append(list, n.Text)
	}
	for _, sec := range v.Sections {
		for _, n := range sec.Notes {
			list = append(list, n.Text)
		}
		for _, table := range sec.Tables {
			list = append(list, table.Remarks...)
			for i, c := range table.Columns {
				for _, row := range table.Rows {
					if c.Rank == 0 && (i >= table.Keys || len(row[i].Text) <= 10) && !strings.Contains(row[i].Text, " ") {
						list = append(list, row[i].Text)
					}
				}
			}
		}
	}
	return list
}

// A column that stands without what it qualifies has that one's name above it.
func TestPartedQualifiersAreNamed(t *testing.T) {
	v := &view.View{Sections: []view.Section{{Tables: []view.Table{{Title: "t", Keys: 1,
		Columns: []view.Column{{Name: "k", Left: true}, {Group: "makespan", Name: "sequential"}, {Group: "makespan", Name: "published", Qualifies: true}},
		Rows:    [][]view.Cell{{{Text: "a"}, {Text: "1"}, {Text: "2"}}}}}}}}
	narrow := terminal(t, v, text.Options{Width: 20})
	if want := "      sequential\n k     published\n"; !strings.Contains(narrow, want) {
		t.Errorf("%q is not in\n%s", want, narrow)
	}
}

// Words that are longer than a line are broken wherever it ends, between
// characters.
func TestLongWordsAreBroken(t *testing.T) {
	v := &view.View{Sections: []view.Section{{Tables: []view.Table{{Title: "t", Keys: 1, Columns: []view.Column{{Name: "k", Left: true}, {Name: "v", Left: true}},
		Rows: [][]view.Cell{{{Text: "a"}, {Text: "日本語日本語日本語日本語 " + strings.Repeat("x", 40)}}, {{Text: "b"}, {Text: "short"}}}}}}}}
	out := terminal(t, v, text.Options{Width: 22})
	want := " k  v\n──────────────────────\n a  日本語日本語日本\n    語日本語\n"
	if !strings.Contains(out, want) || strings.Count(out, "x") != 40 {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}
