package view

import "slices"

// column is a column under construction: every cell carries its own footnotes
// as texts, which finish numbers.
type column struct {
	head  Column
	notes []string // footnotes to the head
	cells []draft
}

type draft struct {
	text  string
	tone  Tone
	notes []string
}

// empty is the cell where there is no figure.
func empty() draft { return draft{text: None} }

// texts is a column of texts.
func texts(name string, cells []string) column {
	c := column{head: Column{Name: name, Left: true}}
	for _, text := range cells {
		c.cells = append(c.cells, draft{text: text})
	}
	return c
}

// figures is a column of numbers in one unit.
func figures(head Column, s scale, values []float64) column {
	head.Unit = s.unit
	c := column{head: head}
	for _, v := range values {
		c.cells = append(c.cells, draft{text: s.text(v)})
	}
	return c
}

// dull tells whether a column says nothing: no cell has a figure.
func (c column) dull() bool {
	return !slices.ContainsFunc(c.cells, func(d draft) bool { return d.text != None && d.text != "0" && d.text != "" })
}

// flag marks the groups whose figures are not what they seem.
func (c *column) flag(groups []*Group) {
	for i, g := range groups {
		if g == nil {
			continue
		}
		if notes, tone := g.faults(); len(notes) > 0 {
			c.cells[i].notes, c.cells[i].tone = append(c.cells[i].notes, notes...), tone
			c.head.Rank = 0 // or nobody would see it
		}
	}
}

// hoist moves the footnotes to the head when all cells have the same ones,
// those without a figure and without a footnote aside.
func (c *column) hoist() {
	var noted []int
	for i, d := range c.cells {
		if d.text != None || len(d.notes) > 0 {
			noted = append(noted, i)
		}
	}
	for _, i := range noted {
		if !slices.Equal(c.cells[i].notes, c.cells[noted[0]].notes) {
			return
		}
	}
	for n, i := range noted {
		if n == 0 {
			c.notes = append(c.notes, c.cells[i].notes...)
		}
		c.cells[i].notes = nil
	}
}

// finish turns columns into a table and numbers the footnotes in the order
// they are met.
func finish(title string, keys int, columns []column) *Table {
	t := &Table{Title: title, Keys: keys}
	for i := range columns {
		columns[i].hoist()
		head := columns[i].head
		head.Marks = t.marks(columns[i].notes)
		t.Columns = append(t.Columns, head)
	}
	for row := range columns[0].cells {
		cells := make([]Cell, len(columns))
		for i, c := range columns {
			d := c.cells[row]
			cells[i] = Cell{Text: d.text, Tone: d.tone, Marks: t.marks(d.notes)}
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// marks numbers footnotes, old ones as before.
func (t *Table) marks(notes []string) []int {
	var marks []int
	for _, n := range notes {
		at := slices.Index(t.Notes, n)
		if at < 0 {
			at = len(t.Notes)
			t.Notes = append(t.Notes, n)
		}
		marks = append(marks, at+1)
	}
	return marks
}

// keyColumns name the rows: the place, where there is an axis, and the mode.
func (s *Scenario) keyColumns(groups []*Group) []column {
	places, modes := make([]string, len(groups)), make([]string, len(groups))
	for i, g := range groups {
		places[i], modes[i] = placeText(g.Sweep), Clean(g.Mode)
	}
	if s.Axis == "" {
		return []column{s.modeColumn(modes)}
	}
	return []column{s.axisColumn(places), s.modeColumn(modes)}
}

// modeColumn is the first to go where there is but one mode.
func (s *Scenario) modeColumn(modes []string) column {
	c := texts("mode", modes)
	if len(s.Modes) == 1 {
		c.head.Rank = 4
	}
	return c
}

func (s *Scenario) axisColumn(places []string) column {
	c := texts("", places)
	c.head.Left = false
	c.head.Name, c.head.Unit = AxisLabel(s.Axis)
	return c
}

// rank says how soon columns are left out where there is no room.
func rank(r int, columns ...column) []column {
	for i := range columns {
		columns[i].head.Rank = r
	}
	return columns
}

// Without is the table without some of its columns, and without the footnotes
// that only these had.
func (t Table) Without(gone []int) Table {
	short := Table{Title: t.Title, Keys: t.Keys, Remarks: t.Remarks}
	anew := func(marks []int) []int {
		var notes []string
		for _, m := range marks {
			notes = append(notes, t.Notes[m-1])
		}
		return short.marks(notes)
	}
	for _, i := range gone {
		if i < t.Keys {
			short.Keys--
		}
	}
	for i, c := range t.Columns {
		if !slices.Contains(gone, i) {
			c.Marks = anew(c.Marks)
			short.Columns = append(short.Columns, c)
		}
	}
	for _, row := range t.Rows {
		var cells []Cell
		for i, c := range row {
			if !slices.Contains(gone, i) {
				c.Marks = anew(c.Marks)
				cells = append(cells, c)
			}
		}
		short.Rows = append(short.Rows, cells)
	}
	return short
}

// unnamed is the table without the columns that name its rows; nil of none.
func (t *Table) unnamed() *Table {
	if t == nil {
		return nil
	}
	var keys []int
	for i := range t.Keys {
		keys = append(keys, i)
	}
	short := t.Without(keys)
	return &short
}
