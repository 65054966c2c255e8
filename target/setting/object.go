package setting

import (
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"
)

// Field is one key of an Object that becomes a T.
type Field[T any] struct {
	name     string
	doc      string
	required bool
	refusal  string // why there is no such key
	prefix   bool   // name stands for every key that begins with it
	read     func(*Reader, *yaml.Node, *T) bool
	schema   func() *jsonschema.Schema
}

// Key is a key whose value goes where field points.
func Key[T, V any](name, doc string, shape Shape[V], field func(*T) *V) Field[T] {
	return Field[T]{
		name: name,
		doc:  doc,
		read: func(r *Reader, n *yaml.Node, into *T) (ok bool) {
			*field(into), ok = shape.Read(r, n)
			return ok
		},
		schema: shape.Schema,
	}
}

// Within is the key of a part of U.
func Within[T, U any](f Field[T], part func(*U) *T) Field[U] {
	out := Field[U]{name: f.name, doc: f.doc, required: f.required, refusal: f.refusal, prefix: f.prefix, schema: f.schema}
	if f.read != nil {
		out.read = func(r *Reader, n *yaml.Node, into *U) bool { return f.read(r, n, part(into)) }
	}
	return out
}

// Required makes it a mistake to leave the key out.
func (f Field[T]) Required() Field[T] {
	f.required = true
	return f
}

// Refused is a key that people may expect but that is not there; why goes on
// after its name, as in "is reserved for a later version".
func Refused[T any](name, why string) Field[T] {
	return Field[T]{name: name, refusal: why}
}

// Ignored stands for all keys that begin with prefix and hold anything.
func Ignored[T any](prefix, doc string) Field[T] {
	return Field[T]{
		name: prefix, doc: doc, prefix: true,
		read:   func(*Reader, *yaml.Node, *T) bool { return true },
		schema: func() *jsonschema.Schema { return &jsonschema.Schema{} },
	}
}

// Object is a map with these keys and no others; what names it in messages
// ("an http target").
func Object[T any](what string, fields ...Field[T]) Shape[T] {
	o := object[T]{what, fields}
	return Shape[T]{Want: o.want(), Read: o.read, Schema: o.schema}
}

type object[T any] struct {
	what   string
	fields []Field[T]
}

func (o object[T]) want() string { return o.what + " (a map)" }

func (o object[T]) read(r *Reader, n *yaml.Node) (T, bool) {
	var v T
	if n.Kind != yaml.MappingNode {
		r.mismatch(n, o.want())
		return v, false
	}
	ok, seen := true, map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		f, known := o.find(key.Value)
		if !known {
			r.Problem(place(key), "unknown key %q in %s%s", clip(key.Value), o.what, Suggest(key.Value, o.names()))
			ok = false
			// Going on with the key that was meant finds what is wrong with its
			// value too, and spares the complaint that it is missing.
			meant, _ := nearest(key.Value, o.names())
			if f, known = o.find(meant); !known || has(n, meant) {
				continue
			}
		}
		if f.refusal != "" {
			r.Problem(place(key), "%s %s", key.Value, f.refusal)
			ok = false
			continue
		}
		seen[f.name] = true
		ok = f.read(r, value, &v) && ok
	}
	for _, f := range o.fields {
		if f.required && !seen[f.name] {
			r.Problem(place(n), "%s needs the key %s: %s", o.what, f.name, strings.ToLower(f.doc[:1])+strings.TrimSuffix(f.doc[1:], "."))
			ok = false
		}
	}
	return v, ok
}

// has tells whether a map has the key.
func has(n *yaml.Node, key string) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

func (o object[T]) find(key string) (Field[T], bool) {
	for _, f := range o.fields {
		if f.name == key || f.prefix && strings.HasPrefix(key, f.name) {
			return f, true
		}
	}
	return Field[T]{}, false
}

func (o object[T]) names() []string {
	var names []string
	for _, f := range o.fields {
		if f.refusal == "" && !f.prefix {
			names = append(names, f.name)
		}
	}
	return names
}

func (o object[T]) schema() *jsonschema.Schema {
	s := &jsonschema.Schema{
		Type:                 "object",
		Properties:           map[string]*jsonschema.Schema{},
		AdditionalProperties: nothing(),
		PropertyOrder:        o.names(),
	}
	for _, f := range o.fields {
		switch {
		case f.refusal != "":
		case f.prefix:
			s.PatternProperties = map[string]*jsonschema.Schema{"^" + f.name: described(f.schema(), f.doc)}
		default:
			s.Properties[f.name] = described(f.schema(), f.doc)
		}
		if f.required {
			s.Required = append(s.Required, f.name)
		}
	}
	return s
}

// Entry is one key of a Map with its value.
type Entry[V any] struct {
	Key   string
	Pos   Pos // of the key
	Value V
}

// Map is a map whose keys are the user's own names, in the file's order.
func Map[V any](what string, shape Shape[V]) Shape[[]Entry[V]] {
	want := what + " (a map)"
	read := func(r *Reader, n *yaml.Node) ([]Entry[V], bool) {
		if n.Kind != yaml.MappingNode {
			r.mismatch(n, want)
			return nil, false
		}
		if len(n.Content) == 0 {
			r.Problem(place(n), "the map is empty, expected %s", what)
			return nil, false
		}
		var entries []Entry[V]
		ok := true
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, good := shape.Read(r, n.Content[i+1])
			ok = ok && good
			entries = append(entries, Entry[V]{n.Content[i].Value, place(n.Content[i]), v})
		}
		return entries, ok
	}
	return Shape[[]Entry[V]]{Want: want, Read: read, Schema: func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "object", AdditionalProperties: shape.Schema(), MinProperties: new(1)}
	}}
}
