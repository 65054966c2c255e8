// Package text prints a view: for a terminal, as Markdown and as CSV. It
// computes nothing: every figure, label and footnote is the view's.
package text

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"plimsoll/report/view"
)

// Options are how to print for a terminal.
type Options struct {
	// Colour marks good and bad in green, red and yellow.
	Colour bool
	// Width is how many columns the terminal has: a wider table is printed in
	// parts, each with the columns that name its rows. 0 is no limit.
	Width int
}

// Terminal prints a view for a person.
func Terminal(w io.Writer, v *view.View, o Options) error {
	p := &printer{w: w, Options: o}
	p.answer(v.Answer)
	for _, line := range wrapped(v.Title, p.Width) {
		p.line(p.bold(line))
	}
	p.notes(v.Notes)
	for _, sec := range v.Sections {
		p.line("")
		p.heading(sec)
		p.notes(sec.Notes)
		for _, t := range sec.Tables {
			p.table(t)
		}
	}
	if len(v.Summary) > 0 {
		p.line("")
		p.notes(v.Summary)
	}
	return p.err
}

// answer prints what came of it all above everything else.
func (p *printer) answer(notes []view.Note) {
	if len(notes) > 0 {
		p.notes(notes)
		p.line("")
	}
}

// heading is a section's title and what it is about, in one line if it fits.
func (p *printer) heading(sec view.Section) {
	about := " · " + sec.About
	switch {
	case sec.About == "":
		p.line(p.bold(sec.Title))
	case p.Width < 1 || twwidth.Width(sec.Title+about) <= p.Width:
		p.line(p.bold(sec.Title) + p.faint(about))
	default:
		p.line(p.bold(sec.Title))
		for _, line := range wrapped(sec.About, p.Width) {
			p.line(p.faint(line))
		}
	}
}

// printer keeps the first error, so that its users need not look after each
// line.
type printer struct {
	w io.Writer
	Options
	err error
}

func (p *printer) line(s string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, s)
	}
}

func (p *printer) notes(notes []view.Note) {
	for _, n := range notes {
		bullet := "  "
		if n.Tone == view.Bad || n.Tone == view.Warn {
			bullet = "! "
		}
		for i, line := range wrapped(n.Text, p.Width-2) {
			if i > 0 {
				bullet = "  "
			}
			p.line(p.toned(n.Tone, bullet+line))
		}
	}
}

func (p *printer) table(t view.Table) {
	l, gone := p.fitted(t)
	t = l.Table
	p.line("")
	for _, line := range wrapped(t.Title, p.Width) {
		p.line(p.bold(line))
	}
	l.narrow(p.Width)
	for i, part := range l.parts(p.Width) {
		if i > 0 {
			p.line("")
		}
		if p.err == nil {
			p.err = p.grid(l, part)
		}
	}
	remarks := t.Remarks
	if len(gone) > 0 {
		remarks = append(slices.Clone(remarks), "no room for "+strings.Join(gone, ", ")+": a wider terminal shows them, and so does --format markdown")
	}
	for _, remark := range remarks {
		for _, line := range wrapped(remark, p.Width-1) {
			p.line(" " + line)
		}
	}
	for i, note := range t.Notes {
		mark := superscript([]int{i + 1}) + " "
		for j, line := range wrapped(note, p.Width-3) {
			if j > 0 {
				mark = strings.Repeat(" ", twwidth.Width(mark))
			}
			p.line(" " + p.faint(mark+line))
		}
	}
}

// wrapped breaks a sentence into lines of at most width columns, at spaces.
// A width of less than one is no limit.
func wrapped(s string, width int) []string {
	if width < 1 {
		return []string{s}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && twwidth.Width(line)+1+twwidth.Width(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

// chopped is wrapped, but for words that are longer than a line: they are
// broken, too.
func chopped(s string, width int) (lines []string) {
	for _, line := range wrapped(s, width) {
		for twwidth.Width(line) > width {
			end := 0
			for i, r := range line {
				if twwidth.Width(line[:i]+string(r)) > width {
					break
				}
				end = i + utf8.RuneLen(r)
			}
			lines, line = append(lines, line[:end]), line[end:]
		}
		lines = append(lines, line)
	}
	return lines
}

// superscript prints the numbers of footnotes.
func superscript(marks []int) string {
	digits := strings.NewReplacer("0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")
	var s []string
	for _, m := range marks {
		s = append(s, digits.Replace(fmt.Sprint(m)))
	}
	return strings.Join(s, ",")
}

// toned colours a text by its meaning.
func (p *printer) toned(tone view.Tone, s string) string {
	switch tone {
	case view.Good:
		return p.escape("32", s)
	case view.Bad:
		return p.escape("31", s)
	case view.Warn:
		return p.escape("33", s)
	}
	return s
}

func (p *printer) bold(s string) string  { return p.escape("1", s) }
func (p *printer) faint(s string) string { return p.escape("2", s) }

func (p *printer) escape(code, s string) string {
	if !p.Colour || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
