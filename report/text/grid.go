package text

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"plimsoll/report/view"
)

// layout is a table with its texts as they will be printed and the width of
// each column.
type layout struct {
	view.Table
	heads  []string
	cells  [][]string
	widths []int
	// units are those that a group's label tells for all of its columns, by
	// the group's name.
	units map[string]string
}

// gap is the blank columns that tablewriter puts around a cell; groups of
// columns get wideGap before them.
const gap, wideGap = 2, 4

func layOut(t view.Table) *layout { return layOutBelow(t, nil) }

func layOutBelow(t view.Table, units map[string]string) *layout {
	l := &layout{Table: t, heads: make([]string, len(t.Columns)), cells: make([][]string, len(t.Rows)), widths: make([]int, len(t.Columns)), units: units}
	for i, c := range t.Columns {
		if c.Unit == units[c.Group] {
			c.Unit = ""
		}
		l.heads[i] = head(c)
		l.widths[i] = twwidth.Width(l.heads[i])
	}
	for r, row := range t.Rows {
		l.cells[r] = make([]string, len(row))
		for i, c := range row {
			l.cells[r][i] = c.Text + superscript(c.Marks)
		}
	}
	for i, c := range t.Columns {
		if !c.Left {
			l.alignMarks(i)
		}
		for r := range l.cells {
			l.widths[i] = max(l.widths[i], twwidth.Width(l.cells[r][i]))
		}
	}
	return l
}

// Table prints plain texts under their heads.
func Table(w io.Writer, heads []string, rows [][]string) error {
	t := view.Table{}
	for _, head := range heads {
		t.Columns = append(t.Columns, view.Column{Name: head, Left: true})
	}
	for _, row := range rows {
		cells := make([]view.Cell, len(heads))
		for i := range min(len(row), len(heads)) {
			cells[i].Text = view.Clean(row[i])
		}
		t.Rows = append(t.Rows, cells)
	}
	l, p := layOut(t), &printer{w: w}
	return p.grid(l, l.parts(0)[0])
}

// head is a column's name with its unit: "p99 (ms)".
func head(c view.Column) string {
	name := c.Name
	if c.Unit != "" {
		name += " (" + c.Unit + ")"
	}
	return name + superscript(c.Marks)
}

// starts tells whether a group begins with a column; keys are a group too.
func (l *layout) starts(column int) bool {
	return column == 0 || l.Columns[column-1].Group != l.Columns[column].Group
}

// alignMarks makes figures stand below each other whether or not they have
// footnotes.
func (l *layout) alignMarks(column int) {
	widest := 0
	for r := range l.Rows {
		widest = max(widest, twwidth.Width(superscript(l.Rows[r][column].Marks)))
	}
	for r := range l.Rows {
		missing := widest - twwidth.Width(superscript(l.Rows[r][column].Marks))
		l.cells[r][column] += strings.Repeat(" ", missing)
	}
}

// narrow breaks long texts into lines, so that each column has room beside
// the keys, and heads that are wider than their figures. Words and figures stay
// whole.
func (l *layout) narrow(width int) {
	room := width - l.keysTake() - gap
	if width < 1 || room < shortestText {
		return
	}
	for c := l.Keys; c < len(l.Columns); c++ {
		if l.widths[c] <= room-(wideGap-gap) {
			continue
		}
		l.heads[c] = strings.Join(wrapped(l.heads[c], room-(wideGap-gap)), "\n")
		l.widths[c] = lineWidth(l.heads[c])
		for r := range l.cells {
			if l.Columns[c].Left {
				l.cells[r][c] = strings.Join(chopped(l.cells[r][c], room), "\n")
			}
			l.widths[c] = max(l.widths[c], lineWidth(l.cells[r][c]))
		}
	}
}

// lineWidth is the width of a text's widest line.
func lineWidth(text string) (width int) {
	for line := range strings.SplitSeq(text, "\n") {
		width = max(width, twwidth.Width(line))
	}
	return width
}

// shortestText is the least room that a text is broken for: narrower columns
// cannot be read.
const shortestText = 12

// keysTake is how many columns of the terminal the keys do.
func (l *layout) keysTake() (taken int) {
	for key := range l.Keys {
		taken += l.widths[key] + gap
	}
	return taken
}

// parts splits the columns so that each part, the keys repeated, is not wider
// than the terminal; where one column alone is too wide it stays whole. Groups
// stay together if they can, and columns that qualify others beside them.
func (l *layout) parts(width int) [][]int {
	var keys []int
	for i := range l.Keys {
		keys = append(keys, i)
	}
	taken := l.keysTake()
	used, part := taken, slices.Clone(keys)
	var parts [][]int
	for from := l.Keys; from < len(l.Columns); {
		to, together := l.next(from)
		if width > 0 && taken+l.span(from, to, true) > width {
			to = from + 1
		}
		fits := used+l.span(from, to, len(part) == len(keys)) <= width
		if l.starts(from) && taken+l.span(from, together, true) <= width {
			fits = used+l.span(from, together, len(part) == len(keys)) <= width
		}
		if width > 0 && !fits && len(part) > len(keys) {
			parts = append(parts, part)
			used, part = taken, slices.Clone(keys)
		}
		used += l.span(from, to, len(part) == len(keys))
		for ; from < to; from++ {
			part = append(part, from)
		}
	}
	return append(parts, part)
}

// next is where the column's qualifiers and where its group end.
func (l *layout) next(from int) (qualifiers, group int) {
	for qualifiers = from + 1; qualifiers < len(l.Columns) && l.Columns[qualifiers].Qualifies; qualifiers++ {
	}
	for group = from + 1; group < len(l.Columns) && !l.starts(group); group++ {
	}
	return qualifiers, group
}

// span is the width of the columns from up to to, gaps included; first tells
// whether they are the first of a part.
func (l *layout) span(from, to int, first bool) int {
	width := 0
	for c := from; c < to; c++ {
		label, indent := l.lead(c, first && c == from)
		width += indent + max(l.widths[c], twwidth.Width(label)) + gap
	}
	return width
}

// lead is what stands above and before a column where a group begins, or goes
// on in a new part. A qualifier that got parted from what it belongs to has
// the name of that above it.
func (l *layout) lead(column int, first bool) (label string, indent int) {
	if first && column > 0 && l.Columns[column].Qualifies {
		of := column
		for of > 0 && l.Columns[of].Qualifies {
			of--
		}
		return l.Columns[of].Name, wideGap - gap
	}
	group := l.Columns[column].Group
	if unit := l.units[group]; unit != "" {
		group += " (" + unit + ")"
	}
	if column < l.Keys || first && group == "" || !first && !l.starts(column) {
		return "", 0
	}
	return group, wideGap - gap
}

// grid prints some columns of a table.
func (p *printer) grid(l *layout, columns []int) error {
	var buffer bytes.Buffer
	table := tablewriter.NewTable(&buffer, gridOptions(l, columns)...)
	table.Header(p.gridHeads(l, columns))
	for r := range l.cells {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = p.toned(l.Rows[r][c].Tone, l.cells[r][c])
		}
		if err := table.Append(row); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	for line := range strings.Lines(buffer.String()) {
		p.line(strings.TrimRight(line, " \n"))
	}
	return p.err
}

// gridHeads are the heads, below the groups' names where there are any. They
// are filled up to the column's width, and a group's first one further, since
// a head that is too wide is all that makes tablewriter leave a gap. All have
// as many lines, the last ones are theirs.
func (p *printer) gridHeads(l *layout, columns []int) []string {
	labels, indents := make([]string, len(columns)), make([]int, len(columns))
	lines, labelled := 1, 0
	for i, c := range columns {
		labels[i], indents[i] = l.lead(c, i == l.Keys)
		lines = max(lines, 1+strings.Count(l.heads[c], "\n"))
		if labels[i] != "" {
			labelled = 1
		}
	}
	heads := make([]string, len(columns))
	for i, c := range columns {
		all := slices.Repeat([]string{""}, labelled+lines)
		own := strings.Split(l.heads[c], "\n")
		copy(all[len(all)-len(own):], own)
		blank, width := strings.Repeat(" ", indents[i]), max(l.widths[c], twwidth.Width(labels[i]))
		for j, line := range all {
			switch {
			case j < labelled:
				all[j] = blank + labels[i] + strings.Repeat(" ", width-twwidth.Width(labels[i]))
			case l.Columns[c].Left:
				all[j] = p.bold(line) + strings.Repeat(" ", width-twwidth.Width(line))
			default:
				all[j] = blank + strings.Repeat(" ", width-twwidth.Width(line)) + p.bold(line)
			}
		}
		heads[i] = strings.Join(all, "\n")
	}
	return heads
}

func gridOptions(l *layout, columns []int) []tablewriter.Option {
	align := make([]tw.Align, len(columns))
	for i, c := range columns {
		align[i] = tw.AlignRight
		if l.Columns[c].Left {
			align[i] = tw.AlignLeft
		}
	}
	return []tablewriter.Option{
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off, ShowHeader: tw.Off},
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On},
			},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}),
	}
}
