package data

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// readCSV reads fields that are separated by commas. The first line names the
// columns, unless columns does.
func readCSV(text []byte, columns []string) (*cells, *mistake) {
	text, err := decoded(text)
	if err != nil {
		return nil, err
	}
	lines := csv.NewReader(bytes.NewReader(text))
	lines.FieldsPerRecord, lines.ReuseRecord = -1, true
	c := &cells{names: columns}
	if len(columns) == 0 {
		if c.names, err = readHeader(lines); err != nil {
			return nil, err
		}
	}
	if err := c.fill(lines, len(text), bytes.Count(text, []byte("\n"))+1); err != nil {
		return nil, err
	}
	if len(c.starts) == 0 {
		return nil, wrong(0, "there is no row behind the header")
	}
	return c, nil
}

// fill reads all rows of a text of such a size.
func (c *cells) fill(lines *csv.Reader, size, rows int) *mistake {
	var all strings.Builder
	// A length takes the place of a comma or a line's end, and a second byte where
	// the field has 128 or more.
	all.Grow(size + size/128 + 1)
	c.starts = make([]uint32, 0, rows)
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			c.text = all.String()
			return nil
		}
		if err != nil {
			return unreadable(err)
		}
		if len(fields) != len(c.names) {
			line, _ := lines.FieldPos(0)
			return ragged(line, len(fields), len(c.names))
		}
		c.starts = append(c.starts, uint32(all.Len()))
		for _, f := range fields {
			putField(&all, f)
		}
	}
}

func ragged(line, fields, columns int) *mistake {
	cure := "leave none out, an empty one too has its comma"
	if fields > columns {
		cure = "put one that has a comma in it in quotes"
	}
	return wrong(line, "the row has %s, and there %s: %s", plural(fields, "%d field", "%d fields"), plural(columns, "is %d column", "are %d columns"), cure)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf(one, n)
	}
	return fmt.Sprintf(many, n)
}

// readHeader reads the names of the columns; blanks around them are no part of
// them.
func readHeader(lines *csv.Reader) ([]string, *mistake) {
	fields, err := lines.Read()
	if err != nil {
		return nil, unreadable(err)
	}
	line, _ := lines.FieldPos(0)
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = strings.TrimSpace(f)
	}
	if len(names) == 1 && strings.ContainsAny(names[0], ";\t|") {
		return nil, wrong(line, "the header is a single column, %.60q: separate fields by commas, or give the name in columns", names[0])
	}
	for i, name := range names {
		if problem := named(names[:i], name); problem != "" {
			return nil, wrong(line, "column %d of the header %s; where the file has no header, columns gives the names", i+1, problem)
		}
	}
	return names, nil
}

// named tells why a column cannot have a name beside those before it; it goes on
// after "column 3".
func named(before []string, name string) string {
	switch {
	case name == "":
		return "has no name"
	case strings.IndexFunc(name, unicode.IsControl) >= 0:
		return "has a line's end or another control character in its name"
	}
	for i, other := range before {
		if other == name {
			return "has the name of column " + strconv.Itoa(i+1) + ", " + strconv.Quote(name)
		}
	}
	return ""
}

// unreadable puts the library's errors in other words.
func unreadable(err error) *mistake {
	var at *csv.ParseError
	switch {
	case !errors.As(err, &at):
		return wrong(0, "%v", err)
	case errors.Is(err, csv.ErrBareQuote):
		return wrong(at.Line, "a quote stands inside a field that is not in quotes (column %d of the line): put all of the field in quotes, right behind the comma, and each quote in it twice", at.Column)
	}
	return wrong(at.StartLine, "the row that begins here has a field in quotes that is not closed, or goes on behind its closing quote: write each quote inside it twice")
}
