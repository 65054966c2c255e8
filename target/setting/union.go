package setting

import (
	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"
)

// List is a list with at least one item. Whoever writes something else is
// told that name is a list, and how one is written: "begin each stage with a
// dash, `- target: …`".
func List[T any](name, how string, shape Shape[T]) Shape[[]T] {
	list := Items(shape)
	return Shape[[]T]{
		Want: list.Want,
		Read: func(r *Reader, n *yaml.Node) ([]T, bool) {
			if n.Kind == yaml.SequenceNode {
				return list.Read(r, n)
			}
			if n.Kind == yaml.ScalarNode && takes(r, n, shape.Read) {
				r.Problem(place(n), "%s is a list: put it in brackets, [%s]", name, clip(n.Value))
			} else {
				r.Problem(place(n), "%s is a list, found %s: %s", name, describe(n), how)
			}
			return nil, false
		},
		Schema: list.Schema,
	}
}

// Items is List for a form of Forms, where whatever else stands in its place is
// somebody else's.
func Items[T any](shape Shape[T]) Shape[[]T] {
	return Shape[[]T]{
		Want: "a list: " + shape.Want,
		Read: func(r *Reader, n *yaml.Node) ([]T, bool) {
			if len(n.Content) == 0 {
				r.Problem(place(n), "the list is empty, expected %s", shape.Want)
				return nil, false
			}
			var all []T
			ok := true
			for _, child := range n.Content {
				v, good := shape.Read(r, child)
				ok = ok && good
				all = append(all, v)
			}
			return all, ok
		},
		Schema: func() *jsonschema.Schema {
			return &jsonschema.Schema{Type: "array", Items: shape.Schema(), MinItems: new(1)}
		},
	}
}

// ItemsOrNone is Items where there may be none: [].
func ItemsOrNone[T any](shape Shape[T]) Shape[[]T] {
	some := Items(shape)
	return Shape[[]T]{
		Want: some.Want,
		Read: func(r *Reader, n *yaml.Node) ([]T, bool) {
			if len(n.Content) == 0 {
				return nil, true
			}
			return some.Read(r, n)
		},
		Schema: func() *jsonschema.Schema {
			s := some.Schema()
			s.MinItems = nil
			return s
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

// Telling reads a map by one shape where its keys and values tell that this is
// meant, and by another one else, which may be none that has no more than its Want.
func Telling[T any](tells func(n *yaml.Node) bool, meant, otherwise Shape[T]) Shape[T] {
	return Shape[T]{
		Want: otherwise.Want,
		Read: func(r *Reader, n *yaml.Node) (T, bool) {
			switch {
			case tells(n):
				return meant.Read(r, n)
			case otherwise.Read != nil:
				return otherwise.Read(r, n)
			}
			r.mismatch(n, otherwise.Want)
			var none T
			return none, false
		},
		Schema: func() *jsonschema.Schema {
			if otherwise.Schema == nil {
				return meant.Schema()
			}
			return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{meant.Schema(), otherwise.Schema()}}
		},
	}
}

// Several is one value or a list of them.
type Several[T any] struct {
	Items  []At[T]
	Listed bool // it was written as a list
}

// OneOrMore is a value or a list of such values.
func OneOrMore[T any](shape Shape[T]) Shape[Several[T]] { return oneOrMore(shape, nil) }

// OneOrMoreMaps is OneOrMore of values that may be maps.
func OneOrMoreMaps[T any](shape Shape[T]) Shape[Several[T]] { return oneOrMore(shape, one(shape).Read) }

func oneOrMore[T any](shape Shape[T], readMap func(*Reader, *yaml.Node) (Several[T], bool)) Shape[Several[T]] {
	list := Items(Located(shape))
	return Either(shape.Want+", or a list of them", Forms[Several[T]]{
		Scalar: one(shape),
		List: Shape[Several[T]]{
			Read: func(r *Reader, n *yaml.Node) (Several[T], bool) {
				items, ok := list.Read(r, n)
				return Several[T]{items, true}, ok
			},
			Schema: list.Schema,
		},
		Map: Shape[Several[T]]{Read: readMap}, // in the schema of one
	})
}

func one[T any](shape Shape[T]) Shape[Several[T]] {
	return Complete(Located(shape), func(_ *Reader, _ Pos, v At[T]) (Several[T], bool) {
		return Several[T]{Items: []At[T]{v}}, true
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
		c.crowded(r, n)
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

// crowded reports a second key: most likely a setting of the kind, which
// should stand one level deeper.
func (c choice[T]) crowded(r *Reader, n *yaml.Node) {
	at := 0
	for i := 2; i < len(n.Content) && !c.has(n.Content[at].Value); i += 2 {
		if c.has(n.Content[i].Value) {
			at = i
		}
	}
	kind, value, other := n.Content[at], n.Content[at+1], n.Content[0]
	if at == 0 {
		other = n.Content[2]
	}
	hint := ""
	if c.has(kind.Value) && !c.has(other.Value) && (isNull(value) || value.Kind == yaml.MappingNode) {
		hint = ": indent it under " + kind.Value
	}
	r.Problem(place(other), "%s has one key that says its kind, found %q beside %q%s", c.what, clip(other.Value), clip(kind.Value), hint)
}

func (c choice[T]) has(key string) bool {
	_, known := c.find(key)
	return known
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
