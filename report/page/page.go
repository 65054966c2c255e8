// Package page writes a run as one HTML file, which opens from disk in any
// browser, asks for nothing, and says all without a script: tables, and charts as
// pictures. The script that is in it draws the charts anew out of the tables beside
// them, to be looked at closer.
//
// Whatever a text came from (a scenario, a server, a result file), it goes through
// printer.text or printer.attr, which escape it; nothing else prints one.
package page

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"plimsoll/report/chart"
	"plimsoll/report/view"
)

// Write prints a page.
func Write(w io.Writer, p *view.Page) error {
	var body printer
	body.page(p)
	var all printer
	all.head(p.Title, body.styles.css(), policy(""))
	_, _ = body.out.WriteTo(&all.out)
	all.tail()
	_, err := all.out.WriteTo(w)
	return errors.Join(err, body.err)
}

// printer prints HTML. End tags that may be left out are: a page has many cells.
type printer struct {
	out    bytes.Buffer
	styles styles
	ids    int
	err    error // which charts could not be drawn
}

func (p *printer) page(v *view.Page) {
	p.raw(`<body><a class=skip href="#answer">To the answer</a><header><h1>`)
	p.text(v.Title)
	p.raw(`</h1><p class=about>`)
	p.text(v.About)
	p.raw(`<p class="outcome `, tone(v.Verdict.Tone), `"><b>`)
	p.text(v.Verdict.Text)
	p.raw(`</b></header><main id=answer><section aria-labelledby=s0><h2 id=s0>The answer</h2>`)
	p.notes(v.Answer)
	p.notes(v.Notes)
	for _, t := range v.Before {
		p.table(view.PageTable{Table: t}, "h3")
	}
	p.contents(v.Sections)
	p.raw(`</section>`)
	for i, sec := range v.Sections {
		drawn, err := chart.Pictures(sec.Section, kindsOf(sec)...)
		p.failed(err)
		p.section(i+1, sec, drawn)
	}
	p.method(v)
	p.raw(`</main>`)
}

// kindsOf are the pictures that a section shows.
func kindsOf(sec view.PageSection) []string {
	kinds := []string{}
	for _, c := range sec.Chapters {
		for _, plot := range c.Plots {
			if plot.Kind != "" {
				kinds = append(kinds, plot.Kind)
			}
		}
	}
	return kinds
}

// failed notes that a chart could not be drawn: the others are worth having.
func (p *printer) failed(err error) { p.err = errors.Join(p.err, err) }

// contents leads to the scenarios, where there are several.
func (p *printer) contents(sections []view.PageSection) {
	if len(sections) < 2 {
		return
	}
	p.raw(`<nav aria-label=Scenarios><ul>`)
	for i, sec := range sections {
		p.raw(`<li><a href="#s`, number(i+1), `">`)
		p.text(sec.Title)
		p.raw(`</a>`)
	}
	p.raw(`</ul></nav>`)
}

func (p *printer) section(n int, sec view.PageSection, pictures []chart.Chart) {
	id := "s" + number(n)
	p.raw(`<section class=scenario aria-labelledby=`, id, `><h2 id=`, id, `>`)
	p.text(sec.Title)
	p.raw(`</h2>`)
	if sec.About != "" {
		p.raw(`<p class=about>`)
		p.text(sec.About)
	}
	p.notes(sec.Notes)
	for _, c := range sec.Chapters {
		p.chapter(c, pictures)
	}
	p.raw(`</section>`)
}

// chapter prints its charts and its tables; a chart without a picture and without
// numbers is none, and so is a chapter without anything.
func (p *printer) chapter(c view.Chapter, pictures []chart.Chart) {
	c.Plots = slices.DeleteFunc(slices.Clone(c.Plots), func(plot view.Plot) bool {
		if plot.Kind != "" {
			return pictureOf(plot.Kind, pictures) == nil
		}
		return plot.Heat == nil && len(plot.Numbers.Rows) == 0
	})
	if len(c.Plots)+len(c.Tables) == 0 {
		return
	}
	p.raw(`<section class=chapter><h3>`)
	p.text(c.Title)
	p.raw(`</h3>`)
	for _, plot := range c.Plots {
		p.plot(plot, pictureOf(plot.Kind, pictures))
	}
	for _, t := range c.Tables {
		if t.Title == c.Title {
			p.table(t, "h4 class=hidden")
		} else {
			p.table(t, "h4")
		}
	}
	p.raw(`</section>`)
}

func pictureOf(kind string, pictures []chart.Chart) []byte {
	for _, c := range pictures {
		if c.Kind == kind {
			return c.SVG
		}
	}
	return nil
}

// method is how it was measured, the scenario file, and the words.
func (p *printer) method(v *view.Page) {
	p.raw(`<section aria-labelledby=how><h2 id=how>How it was measured</h2>`)
	p.facts(v.Method)
	if v.Source != "" {
		p.raw(`<details><summary>The scenario file</summary><pre tabindex=0>`)
		p.text(v.Source)
		p.raw(`</pre></details>`)
	}
	p.raw(`<details><summary>What the words mean</summary>`)
	p.facts(v.Terms)
	p.raw(`</details></section>`)
}

func (p *printer) facts(facts []view.Fact) {
	p.raw(`<dl>`)
	for _, f := range facts {
		p.raw(`<dt>`)
		p.text(f.Name)
		p.raw(`<dd>`)
		p.text(f.Text)
	}
	p.raw(`</dl>`)
}

// notes are sentences, the loud ones with a word for who sees no colours.
func (p *printer) notes(notes []view.Note) {
	if len(notes) == 0 {
		return
	}
	p.raw(`<ul class=notes>`)
	for _, n := range notes {
		p.raw(`<li class=`, tone(n.Tone), `>`)
		if word := toneWords[n.Tone]; word != "" {
			p.raw(`<b>`, word, `</b> `)
		}
		p.text(n.Text)
	}
	p.raw(`</ul>`)
}

var (
	toneNames = map[view.Tone]string{view.Plain: "plain", view.Good: "good", view.Bad: "bad", view.Warn: "warn"}
	toneWords = map[view.Tone]string{view.Good: "✓ good:", view.Bad: "✗ bad:", view.Warn: "! note:"}
)

func tone(t view.Tone) string { return toneNames[t] }
