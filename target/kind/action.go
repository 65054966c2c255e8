package kind

import (
	"maps"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"

	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// Action is what targets of a kind can be asked, or of several that are alike: a
// key, and others beside it. They stand in a step, or in the target itself.
type Action struct {
	// Word is the key, and Doc what it does; Sort says in messages what it makes
	// of a step, "a statement".
	Word, Doc, Sort string
	// Shape is that of the key's value, and Keys may stand beside it.
	Shape setting.Shape[any]
	Keys  []Key
	// Call makes of them what is asked, and reports what is wrong. It is called
	// where all that is there could be read.
	Call func(r *setting.Reader, w *Written) (Call, bool)
}

// Call is what is asked, with holes for values.
type Call interface {
	// Name is how it is called where nobody has named it: as it is written.
	Name() string
	// Refs are what its holes stand for, in the order of a request's arguments.
	Refs() []template.Ref
}

// Key is a key beside an action's own.
type Key struct {
	Name, Doc string
	Shape     setting.Shape[any]
}

// Keyed is a key of that shape.
func Keyed[T any](name, doc string, shape setting.Shape[T]) Key {
	return Key{name, doc, Untyped(shape)}
}

// Untyped is a shape of which it does not matter what it reads.
func Untyped[T any](shape setting.Shape[T]) setting.Shape[any] {
	return setting.Complete(shape, func(_ *setting.Reader, _ setting.Pos, v T) (any, bool) { return v, true })
}

// keys are all that the action has, its own first.
func (a Action) keys() []Key {
	return append([]Key{{a.Word, a.Doc, a.Shape}}, a.Keys...)
}

// Has tells whether a key belongs to the action.
func (a Action) Has(name string) bool {
	return slices.ContainsFunc(a.keys(), func(k Key) bool { return k.Name == name })
}

// Written is an action as it stands in a file: what is there of its keys.
type Written struct {
	// Pos is where it stands, as a whole.
	Pos    setting.Pos
	values map[string]*setting.At[any]
}

// At is what is said of a key.
func (w *Written) At(name string) (said setting.At[any]) {
	if value := w.values[name]; value != nil {
		said = *value
	}
	return said
}

// Value is that of a key whose type is known: none where it is not there.
func Value[T any](w *Written, name string) T {
	v, _ := w.At(name).Value.(T)
	return v
}

// Given are the keys that are there, in their order.
func (w *Written) Given() []string {
	return slices.SortedFunc(maps.Keys(w.values), func(a, b string) int {
		if setting.Later(w.values[a].Pos, w.values[b].Pos) == w.values[b].Pos {
			return -1
		}
		return 1
	})
}

func (w *Written) put(name string) *setting.At[any] {
	w.values = maps.Clone(w.values) // what has been read is copied
	if w.values == nil {
		w.values = map[string]*setting.At[any]{}
	}
	w.values[name] = &setting.At[any]{}
	return w.values[name]
}

// Fields are the keys of actions, each once, wherever T keeps what is written.
func Fields[T any](of func(*T) *Written, actions ...Action) (fields []setting.Field[T]) {
	known := map[string]bool{}
	for _, a := range actions {
		for _, k := range a.keys() {
			if !known[k.Name] {
				known[k.Name] = true
				fields = append(fields, setting.Key(k.Name, k.Doc, setting.Located(k.Shape), func(t *T) *setting.At[any] { return of(t).put(k.Name) }))
			}
		}
	}
	return fields
}

// Target is how a target is spelled that is asked by an action: a map of its
// settings, among them the keys of its own call, or in short the value of the
// action's key alone. Which call that is the settings are told; nil: it has none,
// and is only asked by steps.
func Target[T any](what string, a Action, settings func(r *setting.Reader, at setting.Pos, t T, own Call) (Settings, bool), fields ...setting.Field[T]) setting.Shape[Settings] {
	type written struct {
		settings T
		call     Written
	}
	inner := make([]setting.Field[written], 0, len(fields)+1+len(a.Keys))
	for _, f := range fields {
		inner = append(inner, setting.Within(f, func(w *written) *T { return &w.settings }))
	}
	inner = append(inner, Fields(func(w *written) *Written { return &w.call }, a)...)
	full := setting.Complete(setting.Object(what, inner...), func(r *setting.Reader, at setting.Pos, w written) (Settings, bool) {
		call, ok := a.own(r, at, &w.call)
		s, good := settings(r, at, w.settings, call)
		return s, ok && good
	})
	short := setting.Complete(setting.Located(a.Shape), func(r *setting.Reader, at setting.Pos, v setting.At[any]) (Settings, bool) {
		w := &Written{Pos: at, values: map[string]*setting.At[any]{a.Word: &v}}
		var none T
		call, ok := a.own(r, at, w)
		s, good := settings(r, at, none, call)
		return s, ok && good
	})
	return either(what, a, full, short)
}

// own is the call that a target has of its own, if it has one.
func (a Action) own(r *setting.Reader, at setting.Pos, w *Written) (Call, bool) {
	w.Pos = at
	said := w.At(a.Word)
	if !said.Given {
		if given := w.Given(); len(given) > 0 {
			r.Problem(w.At(given[0]).Pos, "%s belongs to %s, which is not there: write %s too, or leave %[1]s out", given[0], a.Word, a.Word)
			return nil, false
		}
		return nil, true
	}
	for _, name := range w.Given() {
		if !w.At(name).Valid {
			return nil, true // it has been reported
		}
	}
	return a.Call(r, w)
}

// either is a target's map, or its short form.
func either(what string, a Action, full, short setting.Shape[Settings]) setting.Shape[Settings] {
	return setting.Shape[Settings]{
		Want: what + ": a map, or " + a.Shape.Want,
		Read: func(r *setting.Reader, n *yaml.Node) (Settings, bool) {
			if n.Kind == yaml.MappingNode {
				return full.Read(r, n)
			}
			return short.Read(r, n)
		},
		Schema: func() *jsonschema.Schema {
			forms := []*jsonschema.Schema{full.Schema()}
			if s := mapless(short.Schema()); s != nil {
				forms = append(forms, s)
			}
			return &jsonschema.Schema{AnyOf: forms}
		},
	}
}

// mapless is a schema without its maps, which are read as the target's own; nil:
// it has nothing else.
func mapless(s *jsonschema.Schema) *jsonschema.Schema {
	if s.Type == "object" {
		return nil
	}
	var left []*jsonschema.Schema
	for _, option := range s.AnyOf {
		if kept := mapless(option); kept != nil {
			left = append(left, kept)
		}
	}
	s.AnyOf = left
	return s
}
