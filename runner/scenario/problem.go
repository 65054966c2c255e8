package scenario

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"plimsoll/target/plain"
	"plimsoll/target/setting"
)

// Problem is one mistake in a scenario file: where it is, what is wrong and
// what would be right. Line and Column count from 1, columns in characters.
type Problem struct {
	File         string
	Line, Column int
	Text         string
	Source       string // the line it stands in
}

// Problems are all mistakes of a file, in its order. There are none when the
// file is good.
type Problems []Problem

func newProblems(file string, lines []string, found []setting.Problem) Problems {
	problems := make(Problems, len(found))
	for i, p := range found {
		problems[i] = Problem{File: file, Line: p.Line, Column: p.Column, Text: p.Text}
		if p.Line <= len(lines) {
			problems[i].Source = lines[p.Line-1]
		}
	}
	return problems
}

// Error is the message for people: of every problem file:line:column, the
// text, the line and a caret under the place.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	return b.String()
}

// String shows the problem with the line it stands in.
func (p Problem) String() string {
	if p.Line == 0 { // of what was read from no file
		return printable(p.Text) + "\n"
	}
	before, after := p.window()
	number := fmt.Sprintf("%5d", p.Line)
	return fmt.Sprintf("%s:%d:%d: %s\n%s | %s%s\n%*s | %s^\n",
		p.File, p.Line, p.Column, printable(p.Text), number, printable(before), printable(after), len(number), "", blank(before))
}

// context is how much of a very long line is shown on either side.
const context = 80

// window is the line before and after the place, as much as is shown.
func (p Problem) window() (before, after string) {
	line := []rune(p.Source)
	at := min(p.Column-1, len(line))
	before, after = string(line[max(at-context, 0):at]), string(line[at:min(at+context, len(line))])
	if at > context {
		before = "…" + before
	}
	if len(line) > at+context {
		after += "…"
	}
	return before, after
}

// printable takes out what would move a terminal's cursor.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || !plain.Harmless(c) {
			return plain.Instead
		}
		return c
	}, s)
}

// blank is as wide as s on a terminal; tabs stay, whatever their width is.
func blank(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch kind := width.LookupRune(c).Kind(); {
		case c == '\t':
			b.WriteByte('\t')
		case unicode.In(c, unicode.Mn, unicode.Me):
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}
