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
	word, name, target setting.At[string]
	values             map[string]*setting.At[any] // of every other key
}

func (d *Draft) put(name string, value setting.At[any]) {
	d.values = maps.Clone(d.values) // drafts are copied
	if d.values == nil {
		d.values = map[string]*setting.At[any]{}
	}
	d.values[name] = &value
}

// at is what is said of a key, of any mode.
func (d Draft) at(name string) (said setting.At[any]) {
	if value := d.values[name]; value != nil {
		said = *value
	}
	return said
}

// value is that of a key whose type is known.
func value[T any](d Draft, name string) T {
	v, _ := d.at(name).Value.(T)
	return v
}

// loads are those that are said of a mode.
func (d Draft) loads(f *form) setting.Several[any] { return value[setting.Several[any]](d, f.word) }

// modes are the draft's, one at each load.
func (d Draft) modes(f *form) (list []setting.At[Mode]) {
	for _, load := range d.loads(f).Items {
		list = append(list, setting.At[Mode]{Value: f.mode(d, load.Value), Pos: load.Pos})
	}
	return list
}

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
		if f.doc == "" {
			examples = append(examples, "`mode: "+f.word+"`")
			refused = append(refused, setting.Refused[Draft](f.word, fmt.Sprintf("takes no value, and the colon makes a map of it: write %s alone, or with its settings beside it, %s", f.word, f.example)))
			continue
		}
		examples, loaded = append(examples, "`"+f.example+"`"), append(loaded, "`"+f.example+"`")
		fields = append(fields, f.loads().field())
	}
	word := setting.Located(setting.Word("a mode", words...))
	fields = slices.Concat([]setting.Field[Draft]{
		setting.Key("mode", or(words)+", where there is no value to give.", word, func(d *Draft) *setting.At[string] { return &d.word }),
	}, fields, refused, []setting.Field[Draft]{
		setting.Key("name", "The column's name. Default: the mode as written, such as concurrent-10.", setting.Located(name()), func(d *Draft) *setting.At[string] { return &d.name }),
	})
	fields = append(fields, setting.Key("target", "The target that this mode calls, instead of the scenario's.", setting.Located(setting.Text("the name of a target")), func(d *Draft) *setting.At[string] { return &d.target }))
	for _, k := range settings().keys {
		fields = append(fields, k.field())
	}
	full := setting.Where(setting.Object("a mode", fields...), func(d Draft) error {
		if !d.word.Given && !slices.ContainsFunc(words, func(word string) bool { return d.at(word).Given }) {
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
		switch load := d.at(option.word); {
		case !load.Given:
		case said != (setting.Pos{}):
			return nil, setting.Later(said, load.Pos)
		default:
			f, said = &option, load.Pos
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
			if f.doc != "" {
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
	load, loads := d.at(f.word), d.loads(f)
	switch {
	case !load.Given || loads.Listed:
		return f.word
	case !load.Valid:
		return ""
	case f.axis != nil: // too much for a name
		return f.word
	}
	value := load.Text
	if strings.Contains(value, "$") {
		value = fmt.Sprint(loads.Items[0].Value) // where it came from is not its name
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
	if !d.at(f.word).Valid {
		c.Modes = []Mode{f.mode(d, nil)}
		return c
	}
	for _, m := range d.modes(f) {
		c.Modes = append(c.Modes, m.Value)
	}
	return c
}

// checkKeys reports settings that other modes have.
func (d Draft) checkKeys(r *setting.Reader, f *form) {
	for _, k := range settings().keys {
		if !d.at(k.name).Given || f.has(k.name) {
			continue
		}
		var others []string
		for _, other := range forms() {
			if other.has(k.name) {
				others = append(others, other.word)
			}
		}
		r.Problem(d.at(k.name).Pos, "%s belongs to %s modes, a %s one has none: leave it out", k.name, strings.Join(others, " and "), f.word)
	}
	if start := d.at("start"); start.Given && !d.at("stages").Given {
		r.Problem(start.Pos, "start is where the first of `stages` begins, and there are none: leave it out")
	}
}

// Target is the one that the mode names for itself.
func (d Draft) Target() setting.At[string] { return d.target }

// Stages are Given where they give the mode a length of its own.
func (d Draft) Stages() setting.At[any] { return d.at("stages") }

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

// CheckCrawl reports why the mode cannot visit what is found on the way; it stands
// there.
func (d Draft) CheckCrawl(r *setting.Reader, at setting.Pos) {
	f, _ := d.form()
	if f == nil {
		return
	}
	if f.crawls != nil {
		f.crawls(r, d)
		return
	}
	var words []string
	for _, other := range forms() {
		if other.crawls != nil {
			words = append(words, other.word)
		}
	}
	r.Problem(at, "%s makes its calls itself, and a crawl finds them: write %s", f.word, or(words))
}

// Sweep is a load, or a part of one, that was written as a list.
type Sweep struct {
	Word  string
	Pos   setting.Pos
	Modes []setting.At[Mode] // nil where not all could be read
	Parts []string           // of a part: its value in each of the Modes
}

// Sweeps are the draft's: more than one is a mistake.
func (d Draft) Sweeps() (all []Sweep) {
	for _, f := range forms() {
		if !d.loads(&f).Listed {
			continue
		}
		s := Sweep{Word: f.word, Pos: d.at(f.word).Pos}
		if d.at(f.word).Valid {
			s.Modes = d.modes(&f)
		}
		for _, load := range d.loads(&f).Items {
			if f.axis != nil {
				name, value := f.axis(load.Value)
				s.Word, s.Parts = name, append(s.Parts, value)
			}
		}
		all = append(all, s)
	}
	return all
}
