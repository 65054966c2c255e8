package data

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"plimsoll/target/setting"
)

// read reads the sources of a scenario file beside which these files lie; what
// is wrong comes as "line:column text".
func read(t *testing.T, files map[string]string, text string) ([]*Source, []string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := setting.NewReader(func(name string) (string, bool) { return "from the " + name, name == "ENVIRONMENT" }, dir)
	var sources []*Source
	if root := r.Load([]byte(text)); root != nil {
		sources, _ = Shape().Read(r, root)
	}
	var problems []string
	for _, p := range r.Problems() {
		problems = append(problems, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Text))
	}
	return sources, problems
}

// rows are all rows of a source, as kinds and texts.
func rows(s *Source) []string {
	var all []string
	for n := range s.Rows() {
		v := s.Row(n).Value()
		all = append(all, fmt.Sprintf("%v %s", v.Kind, v))
	}
	return all
}

func TestSources(t *testing.T) {
	const bom = "\ufeff"
	files := map[string]string{
		"plain.csv":   "email,wish\na@b,tea\nc@d,\"cups, two\"\n",
		"excel.csv":   bom + "email , wish\r\na@b,\"say \"\"tea\"\"\"\r\n\r\nc@d,\"two\r\nlines\"\r\n",
		"bare.CSV":    "a@b,007\nc@d,",
		"one.csv":     "word\n\"\"\n 1 \n",
		"list.json":   bom + "[ {\"id\": 1.0, \"tags\" : [1, {\"a\":\"b, ]\"}]},\r\n {\"n\\u0061me\": \"J\\\"\", \"id\": null} ]\r\n",
		"words.json":  `["red", 7, true, null, "a b"]`,
		"lines.jsonl": "{\"id\":1}\r\n\n  {\"id\" : 12345678901234567890}\n",
	}
	for text, want := range map[string]string{
		"{file: plain.csv}":                                   `an object {"email":"a@b","wish":"tea"}|an object {"email":"c@d","wish":"cups, two"}`,
		"{file: excel.csv}":                                   `an object {"email":"a@b","wish":"say \"tea\""}|an object {"email":"c@d","wish":"two\nlines"}`,
		"{file: bare.CSV, columns: [email, 'n.o']}":           `an object {"email":"a@b","n.o":"007"}|an object {"email":"c@d","n.o":""}`,
		"{file: one.csv}":                                     `an object {"word":""}|an object {"word":" 1 "}`,
		"{file: list.json}":                                   `an object {"id":1.0,"tags":[1,{"a":"b, ]"}]}|an object {"n\u0061me":"J\"","id":null}`,
		"{file: words.json}":                                  `a text red|a number 7|true or false true|null null|a text a b`,
		"{file: lines.jsonl}":                                 `an object {"id":1}|an object {"id":12345678901234567890}`,
		"{values: [red, 7, 007, \"7\", true, ~, 2024-01-01]}": `a text red|a number 7|a text 007|a text 7|true or false true|null null|a text 2024-01-01`,
		"{values: [{a: 1, b: [x, {c: 2.50}]}, {b: é}]}":       `an object {"a":1,"b":["x",{"c":2.50}]}|an object {"b":"é"}`,
		"{values: ['${ENVIRONMENT}', '$${x}']}":               `a text from the ENVIRONMENT|a text ${x}`,
		"{range: [-1, 1]}":                                    `a number -1|a number 0|a number 1`,
	} {
		sources, problems := read(t, files, "it: "+text)
		if problems != nil || len(sources) != 1 {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		if got := strings.Join(rows(sources[0]), "|"); got != want {
			t.Errorf("%s has\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestPicksAreSpelled(t *testing.T) {
	seen := map[string]bool{}
	for _, pick := range ways() {
		sources, problems := read(t, nil, fmt.Sprintf("\n\nit: {range: [1, 9], pick: %s, secret: true}", pick))
		if problems != nil {
			t.Fatal(problems)
		}
		s := sources[0]
		if s.Pick != pick || s.Name != "it" || s.Pos != (setting.Pos{Line: 3, Column: 1}) || !s.Secret || s.Rows() != 9 {
			t.Errorf("%s is read as %+v", pick, s)
		}
		seen[s.Text()] = true
	}
	if len(seen) != len(ways()) || len(ways()) != len(spelled) {
		t.Errorf("%d ways and %d texts of %d", len(ways()), len(seen), len(spelled))
	}
	if sources, _ := read(t, nil, "it: {values: [1]}"); sources[0].Pick != (Pick{}) || sources[0].Secret {
		t.Errorf("the defaults are %+v", sources[0])
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	files := map[string]string{"a.csv": "x,y\n1,2\n", "a.json": "[1]", "a.txt": "x"}
	for text, want := range map[string]string{
		"{}":                                      "1:5 a data source needs its rows: write {file: customers.csv}, {values: [red, green]} or {range: [1, 1000]}",
		"customers.csv":                           `1:5 expected a data source such as {file: customers.csv}, found "customers.csv"`,
		"{file: a.csv, range: [1, 2]}":            "1:26 file, values and range exclude each other, leave all but one of them out",
		"{file: b.csv}":                           `1:12 cannot read the file "b.csv": it does not exist (paths count from the scenario file's folder)`,
		"{file: a.txt}":                           `1:12 cannot tell what is in "a.txt": write the name of a .csv, .json or .jsonl file`,
		"{file: a.csv, pik: next}":                `1:19 unknown key "pik" in a data source, did you mean "pick"?`,
		"{file: a.csv, columns: [x, ' ', x, x]}":  `1:32 column 2 has no name|1:37 column 3 has the name of column 1, "x"|1:40 column 4 has the name of column 1, "x"`,
		"{file: a.csv, columns: x}":               "1:28 columns is a list: put it in brackets, [x]",
		"{file: a.csv, columns: [x]}":             "1:12 a.csv:1: the row has 2 fields, and there is 1 column: put one that has a comma in it in quotes",
		"{file: a.json, columns: [x]}":            "1:29 columns names those of a CSV file, and the rows of a .json file have names of their own: leave columns out",
		"{values: [1], columns: [x]}":             "1:28 columns names those of a CSV file, and here is no file: write maps, or leave columns out",
		"{values: []}":                            "1:14 the list is empty, expected any value",
		"{values: red}":                           "1:14 values is a list: put it in brackets, [red]",
		"{values: [[1, 2]]}":                      `1:15 the row is a list: write a map with names, {"name": …}, or a single value`,
		"{values: [1, {a: 1}]}":                   "1:18 the row is a map, unlike those before it: rows are either all maps or all single values",
		"{values: [{a: 1}, null]}":                "1:23 the row is a single value, unlike those before it: rows are either all maps or all single values",
		"{values: [{'': 1}]}":                     "1:15 a field has no name",
		"{values: [{}]}":                          "1:14 the rows have no fields",
		"{values: ['${other.id}']}":               "1:15 rows are the same for all iterations, and a variable is not: take ${…} out, or write $${…} for the characters themselves",
		"{values: ['${UNSET}']}":                  "1:15 the environment variable UNSET is not set: set it, or give a default with ${UNSET:-default}",
		"{range: [9, 1]}":                         "1:13 there is no number from 9 to 1: swap them",
		"{range: [1]}":                            "1:13 range takes the first and the last number, such as [1, 1000], found 1 of them",
		"{range: 1000}":                           `1:13 expected the first and the last whole number, such as [1, 1000], found "1000"`,
		"{range: [1, 1e16]}":                      "1:17 1e16 is out of range: write a whole number of 15 digits at most",
		"{range: [-x, 1.5]}":                      `1:14 "-x" is no whole number: write one such as 1000, 10k or -5|1:18 "1.5" is no whole number: write one such as 1000, 10k or -5`,
		"{range: [1, 2], pick: shufle}":           `1:27 "shufle" is not a way to pick, did you mean "shuffle"?`,
		"{range: [1, 2], pick: zipf}":             "1:27 zipf needs its exponent: write {zipf: 1.1}",
		"{range: [1, 2], pick: {zipf: 0}}":        "1:34 0 is out of range: write a number above 0, up to 100",
		"{range: [1, 2], pick: {per-user: true}}": `1:28 unknown kind "per-user" of a way to pick, there is only zipf`,
		"{range: [1, 2], secret: perhaps}":        `1:29 "perhaps" is neither true nor false`,
	} {
		if _, problems := read(t, files, "it: "+text); strings.Join(problems, "|") != want {
			t.Errorf("%s says\n%s\nwant\n%s", text, strings.Join(problems, "|"), want)
		}
	}
	if sources, problems := read(t, files, "{a: {range: [1, 2]}, b: {range: [2, 1]}, c: {file: a.csv}}"); len(sources) != 3 || len(problems) != 1 || sources[1].Check([]string{"part"}) != nil {
		t.Errorf("beside one that is wrong there are %d: %v", len(sources), problems)
	}
}

func TestFilesThatAreWrong(t *testing.T) {
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	for _, c := range []struct{ name, content, want string }{
		{"a.csv", "", ": the file is empty"},
		{"a.csv", "\ufeff \r\n", ": the file is empty"},
		{"a.csv", "x,y\n\n", ": there is no row behind the header"},
		{"a.csv", "x,y\n1,2\n\n3\n", ":4: the row has 1 field, and there are 2 columns: leave none out, an empty one too has its comma"},
		{"a.csv", "x,y\r\n\"1\n\",2\r\n3,4,5\r\n", ":4: the row has 3 fields, and there are 2 columns: put one that has a comma in it in quotes"},
		{"a.csv", "x,,y\n", ":1: column 2 of the header has no name; where the file has no header, columns gives the names"},
		{"a.csv", "\nx,y, x\n", `:2: column 3 of the header has the name of column 1, "x"; where the file has no header, columns gives the names`},
		{"a.csv", "x\ry\r1\r2\r", ":1: column 1 of the header has a line's end or another control character in its name; where the file has no header, columns gives the names"},
		{"a.csv", "x;y\n1;2\n", `:1: the header is a single column, "x;y": separate fields by commas, or give the name in columns`},
		{"a.csv", "x,y\n1,a \"b\"\n", ":2: a quote stands inside a field that is not in quotes (column 5 of the line): put all of the field in quotes, right behind the comma, and each quote in it twice"},
		{"a.csv", "x,y\n1,\"2\n3,4\n", ":2: the row that begins here has a field in quotes that is not closed, or goes on behind its closing quote: write each quote inside it twice"},
		{"a.csv", "x,y\n1,\"2\"3\n", ":2: the row that begins here has a field in quotes that is not closed, or goes on behind its closing quote: write each quote inside it twice"},
		{"a.csv", "x,y\n1,M\xfcller\n", ":2: this is no UTF-8 text, save the file as UTF-8"},
		{"a.csv", "\xff\xfex\x00", ":1: the file is UTF-16, save it as UTF-8"},
		{"a.json", "[]", ": there is no row in the list"},
		{"a.json", "\n{\"a\": 1}", ":2: the file is no list, but a map: put the rows in [ ], separated by commas"},
		{"a.json", "7", ":1: the file is no list, but a single value: put the rows in [ ], separated by commas"},
		{"a.json", "{\"a\": 1}\n{\"a\": 2}\n", ":2: this is no JSON: invalid character '{' after top-level value; a file with a value in each line ends in .jsonl"},
		{"a.json", "[1,\n2,\n]", ":3: this is no JSON: invalid character ']' looking for beginning of value"},
		{"a.json", "[1,\n2\n", ":3: this is no JSON: it ends too early"},
		{"a.json", "[1,\n{\"a\": 2}]", ":2: the row is a map, unlike those before it: rows are either all maps or all single values"},
		{"a.json", "[{\"a\": 1,\n\"\\u0061\": 2}]", `:1: the row has the field "\u0061" twice`},
		{"a.json", "[\n" + deep + "]", ":2: lists and objects are nested more than 1000 levels deep here"},
		{"a.jsonl", "1\n" + "[" + deep + "]", ":2: lists and objects are nested more than 1000 levels deep here"},
		{"a.jsonl", "\n1\n\n[2]\n", `:4: the row is a list: write a map with names, {"name": …}, or a single value; a file that is one list ends in .json`},
		{"a.jsonl", "{\"a\":\n1}\n", ":1: this is no JSON: it ends too early; in a .jsonl file every line is a value of its own"},
		{"a.jsonl", "{\"a\": 1}\n{\"a\": 1, \"a\": 1}\n", `:2: the row has the field "a" twice`},
	} {
		_, problems := read(t, map[string]string{c.name: c.content}, "it: {file: "+c.name+"}")
		if got := strings.Join(problems, "|"); got != "1:12 "+c.name+c.want {
			t.Errorf("%.60q says\n%s\nwant\n%s", c.content, got, "1:12 "+c.name+c.want)
		}
	}
}

// The schema admits what the reader takes, and refuses what cannot be right
// whatever is in the files.
func TestSchema(t *testing.T) {
	resolved, err := Shape().Schema().Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"{a: {file: x.csv, columns: [a, b], pick: leased, secret: true}}": true,
		"{a: {values: [1, x, {a: [1]}]}, b: {range: [1, 1000]}}":          true,
		"{a: {range: [1, 10k], pick: {zipf: 1.1}}}":                       true,
		"{a: {range: [-5, 5], pick: per-user}}":                           true,
		"{a: {range: [1, 10], pick: zipf}}":                               false,
		"{a: {range: 10}}":                                                false,
		"{a: {values: 1}}":                                                false,
		"{a: x.csv}":                                                      false,
		"{a: {path: x.csv}}":                                              false,
		"{}":                                                              false,
	} {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		// As an editor has it, whose numbers are JSON's.
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(v); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}
