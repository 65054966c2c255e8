package data

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/quantity"
	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// Shape is how a scenario file spells its sources: {NAME: SOURCE, …}.
func Shape() setting.Shape[[]*Source] {
	named := setting.Map("data sources by name", source())
	return setting.Complete(named, func(_ *setting.Reader, _ setting.Pos, entries []setting.Entry[*Source]) ([]*Source, bool) {
		var all []*Source
		for _, e := range entries {
			if e.Value == nil { // what is wrong with it has been told; that it is there is known
				e.Value = &Source{}
			}
			e.Value.Name, e.Value.Pos = e.Key, e.Pos
			all = append(all, e.Value)
		}
		return all, true
	})
}

// written is a source as it was written: one of file, values and span.
type written struct {
	file    setting.At[string]
	columns setting.At[[]setting.At[string]]
	values  setting.At[[]setting.At[string]] // in JSON
	span    setting.At[span]
	pick    Pick
	secret  bool
}

func source() setting.Shape[*Source] {
	names := setting.List("columns", "give the names in brackets, [email, password]", setting.Located(setting.Text("the name of a column")))
	values := setting.List("values", "give them in brackets, [red, green], or begin each with a dash", setting.Located(constant()))
	object := setting.Object("a data source",
		setting.Key("file", "A .csv file, whose first line names the columns, a .json file with a list, or a .jsonl file with a value a line.", setting.Located(setting.Text("the name of a .csv, .json or .jsonl file")), func(w *written) *setting.At[string] { return &w.file }),
		setting.Key("columns", "The names of the columns of a CSV file that has no header.", setting.Located(names), func(w *written) *setting.At[[]setting.At[string]] { return &w.columns }),
		setting.Key("values", "The rows themselves: single values, or maps.", setting.Located(values), func(w *written) *setting.At[[]setting.At[string]] { return &w.values }),
		setting.Key("range", "All whole numbers from the first to the last: [1, 1000].", setting.Located(spanShape()), func(w *written) *setting.At[span] { return &w.span }),
		setting.Key("pick", "Who gets which row: "+strings.Join(words(), ", ")+" or {zipf: 1.1}. Default next.", pickShape(), func(w *written) *Pick { return &w.pick }),
		setting.Key("secret", "Whether nobody is to see its values: wherever something is written, they are left out.", setting.Bool(), func(w *written) *bool { return &w.secret }),
	)
	return setting.Either("a data source such as {file: customers.csv}", setting.Forms[*Source]{
		Map: setting.Complete(object, func(r *setting.Reader, at setting.Pos, w written) (*Source, bool) {
			s := &Source{Pick: w.pick, Secret: w.secret}
			rows, ok := w.table(r, at)
			if ok {
				s.table = rows
			}
			return s, ok
		}),
	})
}

// table reads the rows.
func (w written) table(r *setting.Reader, at setting.Pos) (table, bool) {
	if w.columns.Given && !w.file.Given {
		r.Problem(w.columns.Pos, "columns names those of a CSV file, and here is no file: write maps, or leave columns out")
		return nil, false
	}
	switch given := count(w.file.Given, w.values.Given, w.span.Given); {
	case given == 0:
		r.Problem(at, "a data source needs its rows: write {file: customers.csv}, {values: [red, green]} or {range: [1, 1000]}")
		return nil, false
	case given > 1:
		second := setting.Later(w.file.Pos, setting.Later(w.values.Pos, w.span.Pos))
		r.Problem(second, "file, values and range exclude each other, leave all but one of them out")
		return nil, false
	case w.file.Given:
		return w.fromFile(r)
	case w.values.Given:
		return w.fromValues(r)
	}
	return w.span.Value, w.span.Valid
}

func count(all ...bool) (n int) {
	for _, one := range all {
		if one {
			n++
		}
	}
	return n
}

func (w written) fromFile(r *setting.Reader) (table, bool) {
	if !w.file.Valid {
		return nil, false
	}
	f, known := formatOf(w.file.Value)
	if !known {
		r.Problem(w.file.Pos, "cannot tell what is in %q: write the name of a .csv, .json or .jsonl file", w.file.Value)
		return nil, false
	}
	names, ok := w.header(r, f)
	if !ok {
		return nil, false
	}
	text, ok := r.File(w.file.Pos, w.file.Value)
	if !ok {
		return nil, false
	}
	rows, err := f.read(text, names)
	if err != nil {
		r.Problem(w.file.Pos, "%s%v", w.file.Value, err)
		return nil, false
	}
	return rows, true
}

// header is what columns says.
func (w written) header(r *setting.Reader, f format) ([]string, bool) {
	if !w.columns.Given {
		return nil, true
	}
	if !f.header {
		r.Problem(w.columns.Pos, "columns names those of a CSV file, and the rows of a %s file have names of their own: leave columns out", f.ending)
		return nil, false
	}
	var names []string
	ok := w.columns.Valid
	for i, column := range w.columns.Value {
		name := strings.TrimSpace(column.Value)
		if problem := named(names, name); problem != "" && column.Valid {
			r.Problem(column.Pos, "column %d %s", i+1, problem)
			ok = false
		}
		names = append(names, name)
	}
	return names, ok
}

func (w written) fromValues(r *setting.Reader) (table, bool) {
	var b builder
	ok := w.values.Valid
	for _, row := range w.values.Value {
		if !row.Valid {
			continue
		}
		if problem := b.add([]byte(row.Value)); problem != "" {
			r.Problem(row.Pos, "%s", problem)
			ok = false
		}
	}
	if !ok {
		return nil, false
	}
	rows, err := b.finish()
	if err != nil {
		r.Problem(w.values.Pos, "%s", err.text)
		return nil, false
	}
	return rows, true
}

// constant is any value, in JSON.
func constant() setting.Shape[string] {
	return setting.Convert(template.JSON(), func(r *setting.Reader, at setting.Pos, t template.Template) (string, bool) {
		text, ok := t.Constant()
		if !ok {
			r.Problem(at, "rows are the same for all iterations, and a variable is not: take ${…} out, or write $${…} for the characters themselves")
		}
		return text, ok
	})
}

func spanShape() setting.Shape[span] {
	bounds := setting.Either("the first and the last whole number, such as [1, 1000]", setting.Forms[[]int64]{
		List: setting.Items(whole()),
	})
	return setting.Convert(bounds, func(r *setting.Reader, at setting.Pos, b []int64) (span, bool) {
		switch {
		case len(b) != 2:
			r.Problem(at, "range takes the first and the last number, such as [1, 1000], found %d of them", len(b))
		case b[0] > b[1]:
			r.Problem(at, "there is no number from %d to %d: swap them", b[0], b[1])
		default:
			return span{b[0], b[1]}, true
		}
		return span{}, false
	})
}

// whole is a whole number of either sign.
func whole() setting.Shape[int64] {
	read := func(text string) (int64, error) {
		size, negative := strings.CutPrefix(text, "-")
		n, err := quantity.ParseCount(size)
		switch {
		case err != nil && !quantity.IsWhole(size):
			return 0, fmt.Errorf("%.60q is no whole number: write one such as 1000, 10k or -5", text)
		case err != nil || n > furthest:
			return 0, fmt.Errorf("%.60s is out of range: write a whole number of %d digits at most", text, len(strconv.Itoa(furthest))-1)
		case negative:
			return -n, nil
		}
		return n, nil
	}
	return setting.Parsed("a whole number", read, func() *jsonschema.Schema {
		return setting.Spelled("-?"+quantity.CountPattern, "integer")
	})
}

// words are the ways that have no number, by name, in their order.
func words() []string {
	var all []string
	for way, word := range spelled {
		if Way(way) != Zipf {
			all = append(all, word)
		}
	}
	return all
}

// spelled are the ways as files have them.
var spelled = [...]string{Next: "next", Shuffle: "shuffle", Random: "random", Zipf: "zipf", PerUser: "per-user", Leased: "leased", Once: "once"}

// String is the pick as files have it.
func (p Pick) String() string {
	if p.Way == Zipf {
		return fmt.Sprintf("{zipf: %s}", strconv.FormatFloat(p.Exponent, 'g', -1, 64))
	}
	return spelled[p.Way]
}

func pickShape() setting.Shape[Pick] {
	word := setting.Word("a way to pick", words()...)
	return setting.Either(word.Want+", or {zipf: 1.1}", setting.Forms[Pick]{
		Scalar: setting.Parsed(word.Want, parseWay, word.Schema),
		Map: setting.Choice("a way to pick",
			setting.When("zipf", "By popularity: the k-th row, from 1, in proportion to 1/k^s; s is this number.", setting.Number(0, steepest, true), func(s float64) Pick {
				return Pick{Zipf, s}
			}),
		),
	})
}

func parseWay(text string) (Pick, error) {
	if text == spelled[Zipf] {
		return Pick{}, errors.New("zipf needs its exponent: write {zipf: 1.1}")
	}
	for way, word := range spelled {
		if word == text {
			return Pick{Way: Way(way)}, nil
		}
	}
	return Pick{}, fmt.Errorf("%.60q is not a way to pick%s", text, setting.Suggest(text, words()))
}
