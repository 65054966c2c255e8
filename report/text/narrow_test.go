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

// On a narrow terminal nothing overflows and nothing is lost: qualifiers leave
// what they qualify, and long texts are broken into lines.
func TestNarrowTerminals(t *testing.T) {
	blanks := regexp.MustCompile(`[^0-9A-Za-z]+`)
	for name, run := range map[string]*result.Run{"published": sample.Published(), "frozen": sample.Frozen(), "failing": sample.Failing(),
		"bars": sample.Bars(), "rates": sample.Rates(), "interrupted": sample.Interrupted()} {
		whole := terminal(t, of(t, run), text.Options{})
		for _, width := range []int{40, 45, 60} {
			narrow := terminal(t, of(t, run), text.Options{Width: width})
			for line := range strings.Lines(narrow) {
				if got := twwidth.Width(strings.TrimRight(line, "\n")); got > width {
					t.Errorf("%s: at %d columns a line takes %d: %s", name, width, got, line)
				}
			}
			for line := range strings.Lines(whole) { // a figure is at least as often there
				for _, word := range strings.Fields(blanks.ReplaceAllString(line, " ")) {
					if !strings.Contains(blanks.ReplaceAllString(narrow, ""), word) {
						t.Errorf("%s: at %d columns %q of %q is gone", name, width, word, line)
					}
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

// A column that stands without what it qualifies has that one's name above it.
func TestPartedQualifiersAreNamed(t *testing.T) {
	narrow := terminal(t, of(t, sample.Published()), text.Options{Width: 40})
	if want := "             sequential\n requests    published (s)¹  Δ (%)\n"; !strings.Contains(narrow, want) {
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
