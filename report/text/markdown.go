package text

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"plimsoll/report/view"
)

// Markdown prints a view as a document. Pictures names the image files to
// show in a section; nil shows none.
func Markdown(w io.Writer, v *view.View, pictures func(view.Section) []string) error {
	p := &printer{w: w}
	p.line("# " + escaped(v.Title))
	p.quotes(v.Answer)
	p.quotes(v.Notes)
	for _, sec := range v.Sections {
		p.line("\n## " + escaped(sec.Title))
		if sec.About != "" {
			p.line("\n" + escaped(sec.About))
		}
		p.quotes(sec.Notes)
		for _, t := range sec.Tables {
			p.line("\n### " + escaped(t.Title) + "\n")
			if p.err == nil {
				p.err = p.pipes(t)
			}
			for _, remark := range t.Remarks {
				p.line("\n" + escaped(remark))
			}
			for i, note := range t.Notes {
				p.line("\n" + superscript([]int{i + 1}) + " " + escaped(note))
			}
		}
		if pictures != nil {
			for _, file := range pictures(sec) {
				p.line(fmt.Sprintf("\n![%s](<%s>)", escaped(sec.Title), file))
			}
		}
	}
	p.quotes(v.Summary)
	return p.err
}

// quotes prints notes as one block, the loud ones in bold.
func (p *printer) quotes(notes []view.Note) {
	for i, n := range notes {
		if i == 0 {
			p.line("")
		} else {
			p.line(">")
		}
		text := escaped(n.Text)
		if n.Tone == view.Bad || n.Tone == view.Warn {
			text = "**" + text + "**"
		}
		p.line("> " + text)
	}
}

// pipes prints a table; it is as wide as it is.
func (p *printer) pipes(t view.Table) error {
	align := make([]tw.Align, len(t.Columns))
	heads := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		align[i] = tw.AlignRight
		if c.Left {
			align[i] = tw.AlignLeft
		}
		heads[i] = head(c)
		if c.Group != "" && !c.Qualifies {
			heads[i] = c.Group + " " + heads[i]
		}
		heads[i] = escaped(heads[i])
	}
	table := tablewriter.NewTable(p.w,
		tablewriter.WithRenderer(renderer.NewMarkdown()),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}),
	)
	table.Header(heads)
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = escaped(c.Text) + superscript(c.Marks)
			if c.Tone == view.Bad {
				cells[i] = "**" + cells[i] + "**"
			}
		}
		if err := table.Append(cells); err != nil {
			return err
		}
	}
	return table.Render()
}

// escaped takes the meaning from the characters that Markdown would read.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "`", "\\`", "[", `\[`, "<", "&lt;").Replace(s)
}
