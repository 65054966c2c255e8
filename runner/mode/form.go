package mode

import (
	"slices"

	"plimsoll/target/setting"
)

// forms is the table of the modes, in the order in which messages name them.
func forms() []form {
	return []form{
		sequential(),
		concurrent(),
		rateLimited(),
		producerConsumer(),
	}
}

// form is a mode in a scenario file. What is left out of it is not there.
type form struct {
	word, example string // what it is called, and how it is written
	alone         bool   // its word alone says all
	// load is a value of the key of its name, of which a list is a sweep; doc
	// says what it is for. A doc of "" means that there is no such key.
	load setting.Shape[any]
	doc  string
	// parts is in its place where a load is more than one value: one of these may
	// be a list then. axis is which one is, and its value at a load.
	parts setting.Shape[setting.Several[any]]
	axis  func(load any) (name, value string)
	// keys are its settings besides, in the order of the schema. Modes that have
	// one in common share it.
	keys []key
	// mode is the draft's at a load, or without one (nil).
	mode func(d Draft, load any) Mode
	// check reports what does not go together; at is where the mode stands.
	check func(r *setting.Reader, at setting.Pos, d Draft)
	// batch reports why it cannot make so many requests, untimed tells why time
	// cannot end it where its word stands alone.
	batch   func(r *setting.Reader, d Draft, requests setting.At[int])
	untimed string
	// crawls reports what it has that does not go with calls which are found on the
	// way; nil: it makes its calls itself.
	crawls func(r *setting.Reader, d Draft)
	// finds is what a search through its loads finds, which are then Searchable;
	// parse reads such a load, also as a number, and search reports what keeps a
	// mode from being searched.
	finds  string
	parse  func(text string) (load any, number float64, err error)
	search func(r *setting.Reader, d Draft) (kept bool)
}

// key is a setting of a mode.
type key struct {
	name, doc string
	shape     setting.Shape[any]
}

func keyed[T any](name, doc string, shape setting.Shape[T]) key {
	return key{name, doc, untyped(shape)}
}

func untyped[T any](shape setting.Shape[T]) setting.Shape[any] {
	return setting.Complete(shape, func(_ *setting.Reader, _ setting.Pos, v T) (any, bool) { return v, true })
}

func (k key) field() setting.Field[Draft] {
	return setting.Key(k.name, k.doc, setting.Located(k.shape), func(d *Draft) *setting.At[any] {
		d.put(k.name, setting.At[any]{})
		return d.values[k.name]
	})
}

// loads is the key of the mode's name.
func (f form) loads() key {
	if f.axis != nil {
		return keyed(f.word, f.doc, f.parts)
	}
	return keyed(f.word, f.doc, setting.OneOrMore(f.load))
}

func (f form) has(name string) bool {
	return slices.ContainsFunc(f.keys, func(k key) bool { return k.name == name })
}

// settings are the keys of all modes besides their loads, each once.
func settings() (all form) {
	for _, f := range forms() {
		for _, k := range f.keys {
			if !all.has(k.name) {
				all.keys = append(all.keys, k)
			}
		}
	}
	return all
}
