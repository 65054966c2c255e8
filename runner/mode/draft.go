package mode

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/setting"
)

// Draft is a mode as it was written: what it is said to be, and its settings.
type Draft struct {
	word, name setting.At[string]
	values     map[string]any // of every other key, a *setting.At of its type
}

func (d *Draft) put(name string, value any) {
	d.values = maps.Clone(d.values) // drafts are copied
	if d.values == nil {
		d.values = map[string]any{}
	}
	d.values[name] = value
}

// given tells whether there is a key, of any mode.
func (d Draft) given(name string) bool { return d.values[name] != nil }

// Column is a mode of a scenario: its name, and one Mode for each place of the
// sweep, or one for all places.
type Column struct {
	Name  string
	Modes []Mode
}

// Shape is how a scenario file spells a mode.
func Shape() setting.Shape[Draft] {
	var words, loaded, ways, examples []string
	var fields, refused []setting.Field[Draft]
	for _, f := range forms() {
		words = append(words, f.word)
		if f.alone {
			ways = append(ways, f.word)
		}
		if f.load == nil {
			examples = append(examples, "`mode: "+f.word+"`")
			refused = append(refused, setting.Refused[Draft](f.word, fmt.Sprintf("takes no value, and the colon makes a map of it: write %s alone, or with its settings beside it, %s", f.word, f.example)))
			continue
		}
		examples, loaded = append(examples, "`"+f.example+"`"), append(loaded, "`"+f.example+"`")
		fields = append(fields, f.load.field())
	}
	word := setting.Located(setting.Word("a mode", words...))
	fields = slices.Concat([]setting.Field[Draft]{
		setting.Key("mode", or(words)+", where there is no value to give.", word, func(d *Draft) *setting.At[string] { return &d.word }),
	}, fields, refused, []setting.Field[Draft]{
		setting.Key("name", "The column's name. Default: the mode as written, such as concurrent-10.", setting.Located(name()), func(d *Draft) *setting.At[string] { return &d.name }),
	})
	for _, k := range settings() {
		fields = append(fields, k.field())
	}
	full := setting.Where(setting.Object("a mode", fields...), func(d Draft) error {
		if !d.word.Given && !slices.ContainsFunc(words, d.given) {
			return errors.New("this does not say which mode it is: write " + or(examples))
		}
		return nil
	})
	return setting.Either("a mode: "+or(append(ways, loaded...)), setting.Forms[Draft]{
		Scalar: setting.Convert(word, func(_ *setting.Reader, _ setting.Pos, w setting.At[string]) (Draft, bool) {
			return Draft{word: w}, true
		}),
		Map: full,
	})
}

// or is "a, b or c".
func or(list []string) string { return joined(list, " or ") }

func joined(list []string, last string) string {
	n := len(list) - 1
	return strings.Join(list[:n], ", ") + last + list[n]
}

func name() setting.Shape[string] {
	read := func(text string) (string, error) {
		switch {
		case text == "" || strings.TrimSpace(text) != text || len(text) > 100:
			return "", errors.New("the name of a mode must have from 1 to 100 characters and no spaces around it")
		case strings.ContainsFunc(text, unicode.IsControl):
			return "", errors.New("the name of a mode must be one line without control characters")
		case text == "speedup":
			return "", errors.New("a mode cannot be called speedup, which has its own meaning in `expect`")
		}
		return text, nil
	}
	return setting.Parsed("a name", read, func() *jsonschema.Schema {
		return &jsonschema.Schema{Types: []string{"string", "number", "boolean"}}
	})
}

// form is that of the one thing that the mode is said to be; nil when there is
// none or more than one, and second is then where the other is said.
func (d Draft) form() (f *form, second setting.Pos) {
	said := setting.Pos{}
	if d.word.Given {
		f, said = formOf(d.word.Value), d.word.Pos
	}
	for _, option := range forms() {
		switch {
		case option.load == nil || !d.given(option.word):
		case said != (setting.Pos{}):
			return nil, setting.Later(said, option.load.written(d).pos)
		default:
			f, said = &option, option.load.written(d).pos
		}
	}
	return f, setting.Pos{}
}

func formOf(word string) *form {
	for _, f := range forms() {
		if f.word == word {
			return &f
		}
	}
	return nil
}

// said is form, with a problem where a mode is said to be two things.
func (d Draft) said(r *setting.Reader) (f *form, twice bool) {
	f, second := d.form()
	if twice = second != (setting.Pos{}); twice {
		keys := []string{"mode"}
		for _, f := range forms() {
			if f.load != nil {
				keys = append(keys, f.word)
			}
		}
		r.Problem(second, "a mode is said to be two things: leave one of %s out", joined(keys, " and "))
	}
	return f, twice
}

// Name is the mode's: the given one, or else the mode as written, joined by a
// hyphen. It is "" when what makes the name could not be read.
func (d Draft) Name() string {
	f, _ := d.form()
	if d.name.Given || f == nil {
		return d.name.Value
	}
	if f.load == nil || !d.given(f.word) || f.load.listed(d) {
		return f.word
	}
	w := f.load.written(d)
	if !w.valid {
		return ""
	}
	value := w.text
	if strings.Contains(value, "$") {
		value = f.load.value(d) // where it came from is not its name
	}
	return f.word + "-" + strings.Join(strings.Fields(value), "")
}

// Column is the plan's. It has no modes where the draft does not say which.
func (d Draft) Column(r *setting.Reader, at setting.Pos) *Column {
	f, _ := d.said(r)
	c := &Column{Name: d.Name()}
	if f == nil {
		return c
	}
	d.checkKeys(r, f)
	if f.check != nil {
		f.check(r, at, d)
	}
	if f.load == nil || !f.load.written(d).valid {
		c.Modes = []Mode{f.plain(d)}
		return c
	}
	for _, m := range f.load.modes(d) {
		c.Modes = append(c.Modes, m.Value)
	}
	return c
}

// checkKeys reports settings that other modes have.
func (d Draft) checkKeys(r *setting.Reader, f *form) {
	for _, k := range settings() {
		w := k.written(d)
		if !w.given || has(f.keys, k.called()) {
			continue
		}
		var others []string
		for _, other := range forms() {
			if has(other.keys, k.called()) {
				others = append(others, other.word)
			}
		}
		r.Problem(w.pos, "%s belongs to %s modes, a %s one has none: leave it out", k.called(), strings.Join(others, " and "), f.word)
	}
	if d.given("start") && !d.given("stages") {
		r.Problem(start().of(d).Pos, "start is where the first of `stages` begins, and there are none: leave it out")
	}
}

// Staged tells whether stages give the mode a length of its own, and where they
// stand.
func (d Draft) Staged() (setting.Pos, bool) {
	at := stages().of(d)
	return at.Pos, at.Given
}

// Untimed tells why time alone cannot end the mode; "" where it can.
func (d Draft) Untimed() string {
	if f := formOf(d.word.Value); f != nil {
		return f.untimed
	}
	return ""
}

// CheckRequests reports why the mode cannot make so many.
func (d Draft) CheckRequests(r *setting.Reader, requests setting.At[int]) {
	if f, _ := d.form(); f != nil && f.batch != nil {
		f.batch(r, d, requests)
	}
}

// Sweep is a load that was written as a list.
type Sweep struct {
	Word  string
	Pos   setting.Pos
	Modes []setting.At[Mode] // nil where not all could be read
}

// Sweeps are the draft's: more than one is a mistake.
func (d Draft) Sweeps() (all []Sweep) {
	for _, f := range forms() {
		if f.load == nil || !f.load.listed(d) {
			continue
		}
		w := f.load.written(d)
		s := Sweep{Word: f.word, Pos: w.pos}
		if w.valid {
			s.Modes = f.load.modes(d)
		}
		all = append(all, s)
	}
	return all
}
