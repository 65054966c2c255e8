package text

import (
	"slices"
	"strings"

	"plimsoll/report/view"
)

// fitted lays a table out so that it fits into the terminal, if it can: units
// that columns share go above them, then the columns that matter least are left
// out, and told by name. What still does not fit is for parts to split.
func (p *printer) fitted(t view.Table) (l *layout, gone []string) {
	l = layOut(t)
	if p.Width < 1 || l.width() <= p.Width {
		return l, nil
	}
	units := sharedUnits(&t)
	without := func(columns []int) *layout {
		l := layOutBelow(t.Without(columns), units)
		l.narrow(p.Width)
		return l
	}
	var out []int
	for l = without(nil); l.width() > p.Width; l = without(out) {
		least := leastOf(t, out)
		if least < 0 {
			break
		}
		out = append(out, least)
	}
	for i := len(out) - 1; i >= 0; i-- { // a narrow one may have room again
		if back := slices.Delete(slices.Clone(out), i, i+1); without(back).width() <= p.Width {
			out = back
		}
	}
	l = without(out)
	l.squeeze(l.width()-p.Width, l.Keys, len(l.Columns), 20)
	l.squeeze(l.width()-p.Width, 0, l.Keys, 10)
	if l.width() > p.Width { // then at least each part
		l.squeeze(l.widestPart()-p.Width, 0, l.Keys, 10)
	}
	slices.Sort(out)
	for _, i := range out {
		if c := t.Columns[i]; !c.Qualifies && i >= t.Keys {
			gone = append(gone, strings.TrimSpace(c.Group+" "+c.Name))
		}
	}
	return l, gone
}

// leastOf is the column to be left out next, -1 for none: of those of the
// highest rank the last.
func leastOf(t view.Table, out []int) int {
	least, highest := -1, 1
	for i := range t.Columns {
		if t.Columns[i].Rank >= highest && !slices.Contains(out, i) {
			least, highest = i, t.Columns[i].Rank
		}
	}
	return least
}

// squeeze breaks the widest text of some columns into lines, as far as that is
// all it takes to win so much room, and they stay legible.
func (l *layout) squeeze(over, from, to, legible int) {
	widest := -1
	for c := from; c < to; c++ {
		if l.Columns[c].Left && (widest < 0 || l.widths[c] > l.widths[widest]) {
			widest = c
		}
	}
	if over <= 0 || widest < 0 || l.widths[widest]-over < legible {
		return
	}
	room := l.widths[widest] - over
	l.widths[widest] = lineWidth(l.heads[widest])
	for r := range l.cells {
		l.cells[r][widest] = strings.Join(chopped(strings.ReplaceAll(l.cells[r][widest], "\n", " "), room), "\n")
		l.widths[widest] = max(l.widths[widest], lineWidth(l.cells[r][widest]))
	}
}

// width is that of the whole table.
func (l *layout) width() int { return l.keysTake() + l.span(l.Keys, len(l.Columns), true) }

// widestPart is the width of the widest part that a column makes by itself.
func (l *layout) widestPart() (width int) {
	for c := l.Keys; c < len(l.Columns); c++ {
		width = max(width, l.keysTake()+l.span(c, c+1, true))
	}
	return width
}

// sharedUnits are the units of the groups all of whose figures have the same
// one. Where that is the same for all groups, the table's title tells it.
func sharedUnits(t *view.Table) map[string]string {
	units, all := map[string]string{}, map[string]bool{}
	for _, c := range t.Columns[t.Keys:] {
		switch unit, met := units[c.Group]; {
		case c.Group == "" || c.Qualifies:
		case met && unit != c.Unit:
			units[c.Group] = ""
		default:
			units[c.Group] = c.Unit
		}
	}
	for _, unit := range units {
		all[unit] = true
	}
	if len(all) != 1 || all[""] {
		return units
	}
	for i, c := range t.Columns {
		if unit := units[c.Group]; unit != "" {
			t.Columns = slices.Clone(t.Columns)
			t.Columns[i].Unit = ""
			t.Title += ending(t.Title, " in "+unit)
		}
	}
	return nil
}

// ending is what is missing at the end of a text.
func ending(text, end string) string {
	if strings.HasSuffix(text, end) {
		return ""
	}
	return end
}
