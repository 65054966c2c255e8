package data

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"plimsoll/target/random"
	"plimsoll/target/value"
)

func one(t *testing.T, files map[string]string, text string) *Source {
	t.Helper()
	sources, problems := read(t, files, "customer: "+text)
	if len(problems) > 0 || len(sources) != 1 {
		t.Fatal(text, problems)
	}
	return sources[0]
}

// sample has what a row may hold, from a file of each format.
func sample(t *testing.T) map[string]*Source {
	files := map[string]string{
		"a.csv":   "email,wish\na@b,tea\nc@d," + strings.Repeat("cup", 100) + "\n",
		"a.json":  `[{"email": "a@b", "tags": ["x", {"id": 7}]}, {"email": "c@d", "a.b": null}]`,
		"a.jsonl": "\"a@b\"\n8\n",
	}
	return map[string]*Source{
		"csv": one(t, files, "{file: a.csv}"), "json": one(t, files, "{file: a.json}"), "jsonl": one(t, files, "{file: a.jsonl}"),
		"range": one(t, files, "{range: [5, 6]}"), "values": one(t, files, "{values: [{email: a@b, n: 007}, {n: [1]}]}"),
	}
}

// What is reached by path or by column is what reaching into the whole row gives.
func TestReachingIntoRows(t *testing.T) {
	sources := sample(t)
	for _, c := range []struct{ source, path, want string }{
		{"csv", "email", "a text a@b|a text c@d"},
		{"csv", "wish", "a text tea|a text " + strings.Repeat("cup", 100)},
		{"csv", "email.x", "nothing |nothing "},
		{"csv", "none", "nothing |nothing "},
		{"json", "email", "a text a@b|a text c@d"},
		{"json", "a.b", "nothing |null null"},
		{"json", "tags/0", "a text x|nothing "},
		{"json", "tags/last/id", "a number 7|nothing "},
		{"json", "tags/any/id", "a number 7|nothing "},
		{"jsonl", "", "a text a@b|a number 8"},
		{"jsonl", "x", "nothing |nothing "},
		{"range", "", "a number 5|a number 6"},
		{"values", "n", "a text 007|a list [1]"},
		{"values", "email", "a text a@b|nothing "},
	} {
		s := sources[c.source]
		path := strings.Split(c.path, "/")
		if c.path == "" {
			path = nil
		}
		last := func(n int) int { return n - 1 }
		var got []string
		for n := range s.Rows() {
			v, ok := s.Row(n).Follow(path, last)
			whole, whether := s.Row(n).Value().Follow(path, last)
			if v != whole || ok != whether && v.Kind != value.None {
				t.Errorf("%s %s is %+v, and of the whole row %+v", c.source, c.path, v, whole)
			}
			if v.Kind == value.None && ok {
				t.Errorf("%s %s is nothing, and there", c.source, c.path)
			}
			if column, known := s.Column(c.path); known && s.Row(n).Cell(column) != v {
				t.Errorf("%s %s is %+v by its column", c.source, c.path, s.Row(n).Cell(column))
			}
			got = append(got, fmt.Sprintf("%v %s", v.Kind, v))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s %s is %q, want %q", c.source, c.path, got, c.want)
		}
	}
}

func TestCheckTellsWhatIsNotThere(t *testing.T) {
	sources := sample(t)
	for _, c := range []struct{ source, path, want string }{
		{"csv", "", ""}, {"csv", "wish", ""}, {"json", "tags/0/id", ""}, {"json", "a.b", ""}, {"values", "n", ""}, {"range", "", ""},
		{"csv", "emial", `customer has no column "emial", did you mean "email"?`},
		{"json", "wish", `customer has no column "wish", there are email, tags and a.b`},
		{"csv", "email/0", "email of customer is text, which has no parts"},
		{"range", "id", "the rows of customer are single values, which have no parts: write ${customer}"},
		{"jsonl", "id", "the rows of customer are single values, which have no parts: write ${customer}"},
	} {
		path := strings.Split(c.path, "/")
		if c.path == "" {
			path = nil
		}
		got := ""
		if err := sources[c.source].Check(path); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.source, c.path, got, c.want)
		}
	}
}

func TestSuffice(t *testing.T) {
	s := one(t, nil, "{range: [1, 40], pick: per-user}")
	if err := s.Suffice(40); err != nil {
		t.Error(err)
	}
	if err := s.Suffice(50); err == nil || err.Error() != "customer has 40 rows for 50 users, each of whom keeps one (pick: per-user): add 10 rows, or pick: leased, with which users without a row wait for one" {
		t.Error(err)
	}
	if err := one(t, nil, "{range: [1, 40]}").Suffice(50); err != nil {
		t.Error(err)
	}
}

// Two sources draw apart, one draws the same again, and another seed draws
// otherwise.
func TestDealersDrawBySeedAndName(t *testing.T) {
	sources, problems := read(t, nil, "{a: {range: [1, 1000], pick: random}, b: {range: [1, 1000], pick: random}}")
	if problems != nil {
		t.Fatal(problems)
	}
	draws := func(s *Source, seed uint64) (all [8]uint64) {
		d := s.Dealer(random.New(seed, "scenario"))
		for i := range all {
			all[i], _, _ = d.Deal(Turn{Iteration: uint64(i)})
		}
		return all
	}
	if draws(sources[0], 1) != draws(sources[0], 1) {
		t.Error("a source draws otherwise the second time")
	}
	if draws(sources[0], 1) == draws(sources[1], 1) || draws(sources[0], 1) == draws(sources[0], 2) {
		t.Error("other names or seeds draw the same")
	}
}

// What rows there are and how they are picked tells workloads apart; what they
// are called and in which file they are does not.
func TestTextTellsSourcesApart(t *testing.T) {
	files := map[string]string{"a.csv": "x\n1\n2\n", "b.csv": "\ufeff\"x\"\r\n1\r\n2", "c.csv": "x\n1\n3\n", "d.csv": "y\n1\n2\n", "e.json": `[{"x":"1"},{"x":"2"}]`}
	seen := map[string]string{}
	for _, text := range []string{"{file: a.csv}", "{file: c.csv}", "{file: d.csv}", "{file: e.json}", "{file: a.csv, pick: random}", "{file: a.csv, pick: {zipf: 1}}", "{file: a.csv, pick: {zipf: 1.5}}", "{range: [1, 2]}", "{range: [2, 3]}", "{file: a.csv, secret: true}"} {
		s := one(t, files, text)
		if other, known := seen[s.Text()]; known {
			t.Errorf("%s and %s are both %s", text, other, s.Text())
		}
		seen[s.Text()] = text
	}
	if one(t, files, "{file: a.csv}").Text() != one(t, files, "{file: b.csv}").Text() {
		t.Error("the same rows have two texts")
	}
	if got := one(t, files, "{file: a.csv, secret: true}").Text(); got != "{rows: 2, of: secret, pick: next}" {
		t.Error(got)
	}
}

func TestTextsAreAllThatIsSecret(t *testing.T) {
	for text, want := range map[string][]string{
		"{values: [{a: s3cret, b: [x, {c: 2.50, d: \"q\\\"\"}, true], e: ~}]}": {"s3cret", "x", "2.50", `q"`},
		"{values: [s3cret]}": {"s3cret"},
		"{range: [5, 6]}":    {"5"},
		"{file: a.csv}":      {"a,b", "2", ""},
	} {
		if got := one(t, map[string]string{"a.csv": "x,y,z\n\"a,b\",2,\n"}, text).Row(0).Texts(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// people is a CSV file of so many rows.
func people(rows int) string {
	var all strings.Builder
	all.WriteString("id,email,password,wish,note\n")
	for i := range rows {
		fmt.Fprintf(&all, "%d,user%d@example.com,secret-%d,\"tea, cups\",%s\n", i, i, i*7919, strings.Repeat("x", i%40))
	}
	return all.String()
}

// A file's rows take little more memory than the file.
func TestRowsTakeAsMuchMemoryAsTheirFile(t *testing.T) {
	const rows = 100_000
	text := []byte(people(rows))
	before := heap()
	c, err := readCSV(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	used := heap() - before
	if most := int64(len(text) + len(text)/100 + 4*rows + 4096); used > most {
		t.Errorf("%d rows of %d bytes take %d bytes, more than %d", rows, len(text), used, most)
	}
	if v := c.cell(rows-1, 1); v.Text != "user99999@example.com" {
		t.Errorf("the last is %q", v.Text)
	}
	runtime.KeepAlive(text)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestCellsOfCSVAllocateNothing(t *testing.T) {
	s := sample(t)["csv"]
	column, _ := s.Column("wish")
	if n := testing.AllocsPerRun(100, func() { s.Row(1).Cell(column) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCell(b *testing.B) {
	c, err := readCSV([]byte(people(100_000)), nil)
	if err != nil {
		b.Fatal(err)
	}
	s, n := &Source{table: c}, uint64(0)
	for b.Loop() {
		s.Row(n * 7919 % 100_000).Cell(3)
		n++
	}
}

func BenchmarkReadCSV(b *testing.B) {
	text := []byte(people(100_000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := readCSV(text, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadList(b *testing.B) {
	row := `{"id": 17, "email": "user@example.com", "tags": ["a", "b"], "address": {"city": "Ulm"}}`
	text := []byte("[" + strings.Repeat(row+",\n", 99_999) + row + "]")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := readList(text); err != nil {
			b.Fatal(err)
		}
	}
}
