package text

import (
	"io"
	"math"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"plimsoll/report/view"
)

// Bench prints what came of a single trial.
func Bench(w io.Writer, b *view.Bench, o Options) error {
	p := &printer{w: w, Options: o}
	p.answer(b.Answer)
	p.heading(b.Section)
	p.notes(b.Notes)
	for _, t := range b.Tables {
		p.table(t)
	}
	if b.Profile != nil {
		p.profile(*b.Profile)
	}
	return p.err
}

// A profile is as wide as a usual terminal, or as a narrower one; where there
// is no room for bars worth the name, it is left out.
const widest, shortestBar = 80, 16

// profile draws percentiles as bars: a dark part up to the one time, a light
// part from there up to the other.
func (p *printer) profile(v view.Profile) {
	names, values := 0, 0
	for _, b := range v.Bars {
		names, values = max(names, twwidth.Width(b.Name)), max(values, twwidth.Width(b.Value))
	}
	width := widest
	if p.Width > 0 {
		width = min(width, p.Width)
	}
	before := names + values + 4
	long := width - before - 1
	if long < shortestBar {
		return
	}
	p.line("")
	legend := "  █ " + v.Inner + "  ░ up to " + v.Outer
	if twwidth.Width(v.Title+legend) <= width {
		p.line(p.bold(v.Title) + p.faint(legend))
	} else {
		for _, line := range wrapped(v.Title, width) {
			p.line(p.bold(line))
		}
		p.line(p.faint(strings.TrimPrefix(legend, " ")))
	}
	for _, b := range v.Bars {
		label := " " + b.Name + strings.Repeat(" ", names-twwidth.Width(b.Name)+1) +
			strings.Repeat(" ", values-twwidth.Width(b.Value)) + b.Value + "  "
		outer := max(1, column(b.Outer, long))
		inner := min(outer, max(1, column(b.Inner, long)))
		p.line(label + strings.Repeat("█", inner) + p.toned(view.Warn, strings.Repeat("░", outer-inner)))
	}
	p.axis(v.Ticks, before, long)
}

// column is how many columns a share of the axis is.
func column(share float64, long int) int { return int(math.Round(share * float64(long))) }

// axis prints the marks below the bars and below them their labels, without
// those that would touch.
func (p *printer) axis(ticks []view.Tick, before, long int) {
	marks := []rune(strings.Repeat("─", long+1))
	labels, end := "", -1
	for _, t := range ticks {
		at := column(t.At, long)
		marks[at] = '┴'
		width := twwidth.Width(t.Label)
		from := min(max(0, at-width/2), long+1-width)
		if from <= end {
			continue
		}
		labels += strings.Repeat(" ", from-max(0, end)) + t.Label
		end = from + width
	}
	margin := strings.Repeat(" ", before)
	p.line(margin + p.faint(string(marks)))
	p.line(margin + p.faint(labels))
}
