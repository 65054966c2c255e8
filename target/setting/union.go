package setting

import (
	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"
)

// List is a list with at least one item.
func List[T any](shape Shape[T]) Shape[[]T] {
	want := "a list: " + shape.Want
	return Shape[[]T]{
		Want: want,
		Read: func(r *Reader, n *yaml.Node) ([]T, bool) {
			if n.Kind != yaml.SequenceNode {
				r.mismatch(n, want)
				return nil, false
			}
			if len(n.Content) == 0 {
				r.Problem(place(n), "the list is empty, expected %s", shape.Want)
				return nil, false
			}
			var items []T
			ok := true
			for _, child := range n.Content {
				v, good := shape.Read(r, child)
				ok = ok && good
				items = append(items, v)
			}
			return items, ok
		},
		Schema: func() *jsonschema.Schema {
			return &jsonschema.Schema{Type: "array", Items: shape.Schema(), MinItems: new(1)}
		},
	}
}

// Forms are the shapes of a value that may be written in several ways; those
// that are not given are refused.
type Forms[T any] struct{ Scalar, List, Map Shape[T] }

// Either reads a value by the form it is written in.
func Either[T any](want string, forms Forms[T]) Shape[T] {
	return Shape[T]{
		Want: want,
		Read: func(r *Reader, n *yaml.Node) (T, bool) {
			shape := forms.Scalar
			switch {
			case isNull(n):
				shape = Shape[T]{}
			case n.Kind == yaml.SequenceNode:
				shape = forms.List
			case n.Kind == yaml.MappingNode:
				shape = forms.Map
			}
			if shape.Read == nil {
				r.mismatch(n, want)
				var none T
				return none, false
			}
			return shape.Read(r, n)
		},
		Schema: func() *jsonschema.Schema {
			var s jsonschema.Schema
			for _, shape := range []Shape[T]{forms.Scalar, forms.List, forms.Map} {
				if shape.Schema != nil {
					s.AnyOf = append(s.AnyOf, shape.Schema())
				}
			}
			return &s
		},
	}
}

// Several is one value or a list of them.
type Several[T any] struct {
	Items  []At[T]
	Listed bool // it was written as a list
}

// OneOrMore is a value or a list of such values.
func OneOrMore[T any](shape Shape[T]) Shape[Several[T]] {
	one := Convert(Located(shape), func(_ *Reader, _ Pos, v At[T]) (Several[T], bool) {
		return Several[T]{Items: []At[T]{v}}, true
	})
	list := List(Located(shape))
	return Either(shape.Want+", or a list of them", Forms[Several[T]]{
		Scalar: one,
		List: Shape[Several[T]]{
			Read: func(r *Reader, n *yaml.Node) (Several[T], bool) {
				items, ok := list.Read(r, n)
				return Several[T]{items, true}, ok
			},
			Schema: list.Schema,
		},
	})
}

// Values are the values without their places.
func (s Several[T]) Values() []T {
	values := make([]T, len(s.Items))
	for i, item := range s.Items {
		values[i] = item.Value
	}
	return values
}

// Case is one key of a Choice.
type Case[T any] struct {
	name, doc string
	shape     Shape[T]
}

// When is the case of a key whose value becomes a T.
func When[T, V any](name, doc string, shape Shape[V], become func(V) T) Case[T] {
	return Case[T]{name, doc, Convert(shape, func(_ *Reader, _ Pos, v V) (T, bool) { return become(v), true })}
}

// Choice is a map with exactly one of the cases' keys.
func Choice[T any](what string, cases ...Case[T]) Shape[T] {
	c := choice[T]{what, cases}
	return Shape[T]{Want: what + " (a map with one key)", Read: c.read, Schema: c.schema}
}

type choice[T any] struct {
	what  string
	cases []Case[T]
}

func (c choice[T]) read(r *Reader, n *yaml.Node) (T, bool) {
	var none T
	switch {
	case n.Kind != yaml.MappingNode:
		r.mismatch(n, c.what+" (a map with one key)")
		return none, false
	case len(n.Content) == 0:
		r.Problem(place(n), "the map is empty, expected the kind of %s%s", c.what, Suggest("", c.names()))
		return none, false
	case len(n.Content) > 2:
		r.Problem(place(n.Content[2]), "%s has one key that says its kind, found %q beside %q", c.what, clip(n.Content[2].Value), clip(n.Content[0].Value))
		return none, false
	}
	key := n.Content[0]
	if option, known := c.find(key.Value); known {
		return option.shape.Read(r, n.Content[1])
	}
	r.Problem(place(key), "unknown kind %q of %s%s", clip(key.Value), c.what, Suggest(key.Value, c.names()))
	if meant, found := nearest(key.Value, c.names()); found {
		option, _ := c.find(meant)
		option.shape.Read(r, n.Content[1]) // for what is wrong in there too
	}
	return none, false
}

func (c choice[T]) find(key string) (Case[T], bool) {
	for _, option := range c.cases {
		if option.name == key {
			return option, true
		}
	}
	return Case[T]{}, false
}

func (c choice[T]) names() []string {
	names := make([]string, len(c.cases))
	for i, option := range c.cases {
		names[i] = option.name
	}
	return names
}

func (c choice[T]) schema() *jsonschema.Schema {
	s := &jsonschema.Schema{
		Type:                 "object",
		Properties:           map[string]*jsonschema.Schema{},
		AdditionalProperties: nothing(),
		PropertyOrder:        c.names(),
		MinProperties:        new(1),
		MaxProperties:        new(1),
	}
	for _, option := range c.cases {
		s.Properties[option.name] = described(option.shape.Schema(), option.doc)
	}
	return s
}
