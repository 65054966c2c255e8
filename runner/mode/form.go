package mode

import (
	"fmt"
	"slices"

	"plimsoll/target/setting"
)

// forms is the table of the modes, in the order in which messages name them.
func forms() []form {
	return []form{
		sequential(),
		concurrent(),
		rateLimited(),
	}
}

// form is a mode in a scenario file. What is left out of it holds for none.
type form struct {
	word    string // what it is called,
	example string // and an example of how it is written
	alone   bool   // its word alone says all
	// load is the key of its name, with what can be swept; nil: there is none.
	load load
	// keys are its settings besides, in the order of the schema. Modes that have
	// one in common share it.
	keys []keyed
	// plain is the mode without its load.
	plain func(Draft) Mode
	// check reports what does not go together; at is where the mode stands.
	check func(r *setting.Reader, at setting.Pos, d Draft)
	// batch reports why it cannot make so many requests.
	batch func(r *setting.Reader, d Draft, requests setting.At[int])
	// untimed tells why time cannot end it where its word stands alone.
	untimed string
	// finds is what a search through its loads finds, which are then Searchable;
	// search reports what keeps one from being searched.
	finds  string
	search func(r *setting.Reader, d Draft) (kept bool)
}

// keyed is a key of any type.
type keyed interface {
	called() string
	field() setting.Field[Draft]
	written(Draft) written
}

// written is what a key is known by without its type.
type written struct {
	pos          setting.Pos
	given, valid bool
	text         string
}

// key is a setting of a mode: its name, what it is for, and what it holds.
type key[T any] struct {
	name, doc string
	shape     setting.Shape[T]
}

func (k key[T]) called() string { return k.name }

func (k key[T]) field() setting.Field[Draft] {
	return setting.Key(k.name, k.doc, setting.Located(k.shape), func(d *Draft) *setting.At[T] {
		value := new(setting.At[T])
		d.put(k.name, value)
		return value
	})
}

// of is what a draft says of the key.
func (k key[T]) of(d Draft) setting.At[T] {
	if value, ok := d.values[k.name].(*setting.At[T]); ok {
		return *value
	}
	return setting.At[T]{}
}

func (k key[T]) written(d Draft) written {
	at := k.of(d)
	return written{at.Pos, at.Given, at.Valid, at.Text}
}

// load is the key that says how much: of it there may be a list.
type load interface {
	keyed
	listed(Draft) bool
	// value is the first, as its type prints it.
	value(Draft) string
	// modes are the draft's, one at each load.
	modes(Draft) []setting.At[Mode]
	// read is a load that is told in a text, as a number.
	read(text string) (float64, error)
	// set puts such a load into a draft, as a list of one.
	set(d *Draft, at setting.Pos, text string)
}

// loads is a load of type T.
type loads[T any] struct {
	key[setting.Several[T]]
	parse  func(string) (T, error)
	number func(T) float64
	mode   func(Draft, T) Mode
}

func (l loads[T]) listed(d Draft) bool { return l.of(d).Value.Listed }

func (l loads[T]) value(d Draft) string { return fmt.Sprint(l.of(d).Value.Items[0].Value) }

func (l loads[T]) modes(d Draft) (list []setting.At[Mode]) {
	for _, item := range l.of(d).Value.Items {
		list = append(list, setting.At[Mode]{Value: l.mode(d, item.Value), Pos: item.Pos, Given: true, Valid: item.Valid})
	}
	return list
}

func (l loads[T]) read(text string) (float64, error) {
	v, err := l.parse(text)
	return l.number(v), err
}

func (l loads[T]) set(d *Draft, at setting.Pos, text string) {
	v, _ := l.parse(text)
	one := setting.Several[T]{Items: []setting.At[T]{{Value: v, Pos: at, Given: true, Valid: true}}, Listed: true}
	d.put(l.name, &setting.At[setting.Several[T]]{Value: one, Pos: at, Given: true, Valid: true})
}

// settings are the keys of all modes besides their loads, each once.
func settings() (all []keyed) {
	for _, f := range forms() {
		for _, k := range f.keys {
			if !has(all, k.called()) {
				all = append(all, k)
			}
		}
	}
	return all
}

func has(keys []keyed, name string) bool {
	return slices.ContainsFunc(keys, func(k keyed) bool { return k.called() == name })
}
