package data

import (
	"bytes"
	"encoding/json"
	"errors"

	"plimsoll/target/value"
)

// readList reads a file that is one JSON list, whose members are the rows.
func readList(text []byte) (*documents, *mistake) {
	text, err := decoded(text)
	if err != nil {
		return nil, err
	}
	if at := tooDeep(text); at >= 0 {
		return nil, wrong(lineOf(text, at), "lists and objects are nested more than %d levels deep here", value.Deepest)
	}
	if err := wellFormed(text); err != nil {
		if !hasManyValues(text) {
			return nil, err
		}
		return nil, wrong(err.line, "%s; a file with a value in each line ends in .jsonl", err.text)
	}
	if first := bytes.TrimSpace(text)[0]; first != '[' {
		return nil, wrong(lineOf(text, bytes.IndexByte(text, first)), "the file is no list, but %s: put the rows in [ ], separated by commas", kindOf(first))
	}
	var b builder
	for from, to := range parts(text) {
		if err := b.add(text[from:to]); err != "" {
			return nil, wrong(lineOf(text, from), "%s", err)
		}
	}
	return b.finish()
}

// readLines reads a file that has a JSON value in each line.
func readLines(text []byte) (*documents, *mistake) {
	text, err := decoded(text)
	if err != nil {
		return nil, err
	}
	var b builder
	line := 0
	for raw := range bytes.Lines(text) {
		line++
		raw = bytes.TrimSpace(raw)
		if len(raw) == 0 {
			continue
		}
		if tooDeep(raw) >= 0 {
			return nil, wrong(line, "lists and objects are nested more than %d levels deep here", value.Deepest)
		}
		if err := wellFormed(raw); err != nil {
			return nil, wrong(line, "%s; in a .jsonl file every line is a value of its own", err.text)
		}
		if raw[0] == '[' {
			return nil, wrong(line, "%s; a file that is one list ends in .json", b.add(raw))
		}
		if err := b.add(raw); err != "" {
			return nil, wrong(line, "%s", err)
		}
	}
	return b.finish()
}

// hasManyValues tells whether the first value of a text is whole, and more comes
// behind it.
func hasManyValues(text []byte) bool {
	values := json.NewDecoder(bytes.NewReader(text))
	var first json.RawMessage
	return values.Decode(&first) == nil && values.More()
}

// wellFormed tells where and why a text is no JSON.
func wellFormed(text []byte) *mistake {
	if json.Valid(text) {
		return nil
	}
	var raw json.RawMessage
	err := json.Unmarshal(text, &raw)
	var syntax *json.SyntaxError
	switch {
	case !errors.As(err, &syntax):
		return wrong(0, "this is no JSON: %v", err)
	case syntax.Error() == "unexpected end of JSON input":
		return wrong(lineOf(text, len(text)), "this is no JSON: it ends too early")
	}
	return wrong(lineOf(text, int(syntax.Offset)-1), "this is no JSON: %v", err)
}

// builder puts rows in JSON together.
type builder struct {
	text    bytes.Buffer
	starts  []uint32
	names   []string
	columns map[string]int // the names' places, by how they are spelled in JSON
	last    []int          // the last row, from 1, that has each column
	single  bool           // the rows are no objects
}

// add appends a well-formed row, or tells what is wrong with it.
func (b *builder) add(raw []byte) (problem string) {
	single := raw[0] != '{'
	switch {
	case raw[0] == '[':
		return "the row is a list: write a map with names, {\"name\": …}, or a single value"
	case len(b.starts) > 0 && single != b.single:
		return "the row is " + kindOf(raw[0]) + ", unlike those before it: rows are either all maps or all single values"
	}
	b.single = single
	b.starts = append(b.starts, uint32(b.text.Len()))
	if err := json.Compact(&b.text, raw); err != nil {
		return err.Error()
	}
	if single {
		return ""
	}
	for from, to := range parts(raw) {
		if problem := b.column(raw[from:to]); problem != "" {
			return problem
		}
	}
	return ""
}

// column takes the name of a field in, which is written "name": value.
func (b *builder) column(field []byte) (problem string) {
	quoted := field[:pastString(field, 0)]
	index, known := b.columns[string(quoted)]
	if !known {
		var name string
		if err := json.Unmarshal(quoted, &name); err != nil {
			return err.Error()
		}
		if name == "" {
			return "a field has no name"
		}
		index = b.index(name)
		b.columns[string(quoted)] = index
	}
	if b.last[index] == len(b.starts) {
		return "the row has the field " + string(quoted) + " twice"
	}
	b.last[index] = len(b.starts)
	return ""
}

// index is the place of a name among all of them; the same name may be spelled
// in several ways.
func (b *builder) index(name string) int {
	spelled := `"` + name + `"`
	index, known := b.columns[spelled]
	if !known {
		index = len(b.names)
		b.names, b.last = append(b.names, name), append(b.last, 0)
	}
	if b.columns == nil {
		b.columns = map[string]int{}
	}
	b.columns[spelled] = index
	return index
}

func (b *builder) finish() (*documents, *mistake) {
	if len(b.starts) == 0 {
		return nil, wrong(0, "there is no row in the list")
	}
	if !b.single && len(b.names) == 0 {
		return nil, wrong(0, "the rows have no fields")
	}
	return &documents{b.names, b.text.String(), append(b.starts, uint32(b.text.Len()))}, nil
}

// kindOf names what begins so.
func kindOf(first byte) string {
	switch first {
	case '{':
		return "a map"
	case '[':
		return "a list"
	}
	return "a single value"
}
