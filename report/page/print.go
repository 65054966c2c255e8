package page

import (
	"html"
	"strconv"
	"strings"

	"plimsoll/report/view"
)

// raw prints markup: texts of this package, and numbers.
func (p *printer) raw(parts ...string) {
	for _, part := range parts {
		p.out.WriteString(part)
	}
}

// text prints what somebody else wrote, or may have.
func (p *printer) text(s string) { p.out.WriteString(html.EscapeString(s)) }

// attr prints an attribute, its value in quotes.
func (p *printer) attr(name, value string) {
	p.raw(` `, name, `="`)
	p.text(value)
	p.raw(`"`)
}

func number(n int) string { return strconv.Itoa(n) }

// id is a new name of an element.
func (p *printer) id() string {
	p.ids++
	return "e" + number(p.ids)
}

// table prints a table with its title, its footnotes and its remarks.
func (p *printer) table(t view.PageTable, heading string) {
	id := p.id()
	p.raw(`<`, heading, ` id=`, id, `>`)
	p.text(t.Title)
	class := "scroll"
	if len(t.Rows) > longTable {
		class = `"scroll long"`
	}
	element, _, _ := strings.Cut(heading, " ")
	p.raw(`</`, element, `><div class=`, class, ` tabindex=0 role=group aria-labelledby=`, id, `><table aria-labelledby=`, id)
	if t.Sorts {
		p.raw(` data-sorts`)
	}
	p.raw(`>`)
	p.heads(t.Table)
	p.raw(`<tbody>`)
	for i, row := range t.Rows {
		p.raw(`<tr`)
		if i < len(t.Curves) && t.Curves[i] != "" {
			p.attr("data-q", t.Curves[i])
		}
		if i < len(t.Courses) && t.Courses[i] != "" {
			p.attr("data-w", t.Courses[i])
		}
		p.raw(`>`)
		for j, c := range row {
			p.cell(t.Columns[j], c, j < t.Keys)
		}
	}
	p.raw(`</table></div>`)
	p.footnotes(t.Table)
}

// longTable is from how many rows on a table is laid out only when it is looked at.
const longTable = 100

// heads are the names of the columns. Neighbours of one group stand under a common
// heading.
func (p *printer) heads(t view.Table) {
	p.raw(`<thead><tr>`)
	for _, c := range t.Columns {
		p.raw(`<th scope=col`)
		if c.Left {
			p.raw(` class=l`)
		}
		p.raw(`>`)
		if c.Group != "" && !c.Qualifies {
			p.text(c.Group + " ")
		}
		p.text(c.Name)
		if c.Unit != "" {
			p.text(" (" + c.Unit + ")")
		}
		p.marks(c.Marks)
	}
}

func (p *printer) cell(of view.Column, c view.Cell, names bool) {
	element := `<td`
	if names {
		element = `<th scope=row`
	}
	p.raw(element)
	switch class := toneOf(c, of); class {
	case "":
	default:
		p.raw(` class="`, class, `"`)
	}
	p.raw(`>`)
	p.text(c.Text)
	p.marks(c.Marks)
}

// toneOf are a cell's classes.
func toneOf(c view.Cell, of view.Column) string {
	class := ""
	if of.Left {
		class = "l"
	}
	if c.Tone != view.Plain {
		class += " " + tone(c.Tone)
	}
	return class
}

func (p *printer) marks(marks []int) {
	for i, m := range marks {
		p.raw(`<sup>`)
		if i > 0 {
			p.raw(`, `) // 2 and 3 are not 23
		}
		p.raw(number(m), `</sup>`)
	}
}

func (p *printer) footnotes(t view.Table) {
	for i, n := range t.Notes {
		p.raw(`<p class=foot><sup>`, number(i+1), `</sup> `)
		p.text(n)
	}
	for _, r := range t.Remarks {
		p.raw(`<p class=foot>`)
		p.text(r)
	}
}
