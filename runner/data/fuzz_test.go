package data

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"plimsoll/target/value"
)

// Whatever the bytes, what is read as CSV is what encoding/csv reads, and what is
// refused it refuses, or has a reason of ours.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"x,y\n1,2\n", "\ufeffx , y\r\n\"1\"\"\",\"2\r\n3\"\r\n\r\n4,5", "x\n\"\"\n", "x,x\n1,2", "x,y\n1\n", "x\n\"1", "x\n1\"", ",\n", "x\r1", "\xff\xfe", "a;b\n", strings.Repeat("x", 300) + "\n" + strings.Repeat("y", 20000),
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, headless bool) {
		lines := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
		lines.FieldsPerRecord = -1
		want, wrong := lines.ReadAll()
		var columns []string
		if headless {
			columns = []string{"a", "b"}
		} else if len(want) > 0 {
			for _, name := range want[0] {
				columns = append(columns, strings.TrimSpace(name))
			}
			want = want[1:]
		}
		given := columns
		if !headless {
			given = nil
		}
		c, err := readCSV(bytes.Clone(text), given)
		ours := !utf8.Valid(text) || len(want) == 0 || !plainNames(columns)
		for _, row := range want {
			ours = ours || len(row) != len(columns)
		}
		if (err != nil) != (wrong != nil || ours) {
			t.Fatalf("%q: %v, encoding/csv %v", text, err, wrong)
		}
		if err != nil {
			if last := bytes.Count(text, []byte("\n")) + 1; err.line > last {
				t.Fatalf("%q: in line %d of %d: %v", text, err.line, last, err)
			}
			return
		}
		if !reflect.DeepEqual(c.names, columns) || c.rows() != uint64(len(want)) {
			t.Fatalf("%q: %d rows of %q, want %d of %q", text, c.rows(), c.names, len(want), columns)
		}
		for n, row := range want {
			whole := map[string]string{}
			if err := json.Unmarshal([]byte(c.row(uint64(n)).Text), &whole); err != nil {
				t.Fatal(err)
			}
			for i, field := range row {
				if got := c.cell(uint64(n), i); got != value.Of(field) || whole[columns[i]] != field {
					t.Fatalf("%q: row %d, column %d is %q, %q; want %q", text, n, i, got.Text, whole[columns[i]], field)
				}
			}
		}
	})
}

// plainNames tells whether columns can have these names.
func plainNames(names []string) bool {
	for i, name := range names {
		if named(names[:i], name) != "" {
			return false
		}
	}
	return len(names) != 1 || !strings.ContainsAny(names[0], ";\t|")
}

// Whatever the bytes, rows in JSON mean what encoding/json takes them for.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`[{"a":1.50,"b":[1,{"c":"]}"}]},{"\u0061":"x\"","":2}]`, "{\"a\":1}\n\n {\"a\" : null}", `["x",true,null,1e9,-0]`, "[]", "7", `[[1]]`, `[{"a":1,"a":2}]`, `[{"a":1},2]`, "\ufeff[1 ,\r\n2]", `["\ud800"]`, `{"a`, "[\"\\",
		strings.Repeat("[", 1002) + strings.Repeat("]", 1002), `[{" a ":{"b":{}}, "c,d":[]}]`,
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, lines bool) {
		reader, want, bad := readList, []json.RawMessage(nil), false
		if lines {
			reader = readLines
			for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\ufeff"))) {
				if line = bytes.TrimSpace(line); len(line) > 0 {
					want, bad = append(want, line), bad || !json.Valid(line)
				}
			}
		} else {
			bad = json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &want) != nil
		}
		d, err := reader(bytes.Clone(text))
		if (bad || len(want) == 0) && err == nil {
			t.Fatalf("%q is read", text)
		}
		if err != nil {
			if !bad && refusal(text, want, lines) == "" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if why := refusal(text, want, lines); why != "" || d.rows() != uint64(len(want)) {
			t.Fatalf("%q: %d rows, want %d; %s", text, d.rows(), len(want), why)
		}
		for n, raw := range want {
			if got := d.row(uint64(n)); !reflect.DeepEqual(meaning(got.AppendJSON(nil)), meaning(raw)) {
				t.Fatalf("%q: row %d is %+v, want %s", text, n, got, raw)
			}
		}
	})
}

func meaning(raw []byte) (v any) {
	values := json.NewDecoder(bytes.NewReader(raw))
	values.UseNumber()
	if err := values.Decode(&v); err != nil {
		return err.Error()
	}
	return v
}

// refusal is why we read no such rows, though they are JSON.
func refusal(text []byte, rows []json.RawMessage, lines bool) string {
	if !utf8.Valid(text) || len(rows) == 0 {
		return "text"
	}
	fields := false
	for _, raw := range rows {
		inFile := string(raw)
		if !lines {
			inFile = "[" + inFile + "]"
		}
		switch {
		case value.Check(inFile) != nil:
			return "depth"
		case raw[0] == '[' || (raw[0] == '{') != (rows[0][0] == '{'):
			return "kind"
		case raw[0] != '{':
			fields = true
			continue
		}
		seen, names := map[string]bool{}, json.NewDecoder(bytes.NewReader(raw))
		_, _ = names.Token()
		for names.More() {
			name, _ := names.Token()
			if seen[name.(string)] || name == "" {
				return "names"
			}
			seen[name.(string)], fields = true, true
			var field json.RawMessage
			_ = names.Decode(&field)
		}
	}
	if !fields {
		return "fields"
	}
	return ""
}
