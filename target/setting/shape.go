// Package setting declares what a piece of a scenario file may hold.
//
// One declaration, a Shape, is both the reader of that piece and its JSON
// Schema, so the two cannot drift apart:
//
//	setting.Object("a stall",
//		setting.Key("for", "How long it lasts.", setting.LongerThanZero(), func(s *Stall) *time.Duration { return &s.For }).Required(),
//		setting.Key("every", "The time from one to the next.", setting.LongerThanZero(), func(s *Stall) *time.Duration { return &s.Every }),
//	)
//
// A Reader collects everything that is wrong, each with its line and column,
// in words for the person who wrote the file; nothing stops at the first
// mistake. Values come out typed, with ${NAME} replaced; what needs another
// value to be judged is read as At, which remembers its place.
package setting

import (
	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"
)

// Shape is one kind of value.
type Shape[T any] struct {
	// Want says in words what is expected: "a duration such as 1.5s or 200ms".
	Want string
	// Read takes the value at a node. What is wrong with it goes to the
	// Reader; false says that something was, and the value is then only what
	// could be made of it.
	Read func(*Reader, *yaml.Node) (T, bool)
	// Schema makes a new schema of the value, shared with nobody.
	Schema func() *jsonschema.Schema
}

// Pos is a place in the file, both counted from 1; columns count characters.
type Pos struct{ Line, Column int }

func place(n *yaml.Node) Pos { return Pos{n.Line, n.Column} }

// Later is the one of two places that comes later in the file.
func Later(a, b Pos) Pos {
	if b.Line > a.Line || b.Line == a.Line && b.Column > a.Column {
		return b
	}
	return a
}

// At is a value and where it stands. The zero At is a key that was left out.
type At[T any] struct {
	Value T
	Text  string // a single value as it is written, before ${NAME} is replaced
	Pos   Pos
	Given bool // the key is there,
	Valid bool // and its value could be read
}

// Located keeps the place of a value beside it.
func Located[T any](shape Shape[T]) Shape[At[T]] {
	return Shape[At[T]]{
		Want: shape.Want,
		Read: func(r *Reader, n *yaml.Node) (At[T], bool) {
			v, ok := shape.Read(r, n)
			return At[T]{Value: v, Text: n.Value, Pos: place(n), Given: true, Valid: ok}, ok
		},
		Schema: shape.Schema,
	}
}

// Convert makes of a value that was read well what the program works with;
// convert reports what it finds wrong, as Read does.
func Convert[T, U any](shape Shape[T], convert func(*Reader, Pos, T) (U, bool)) Shape[U] {
	return Shape[U]{
		Want: shape.Want,
		Read: func(r *Reader, n *yaml.Node) (U, bool) {
			v, ok := shape.Read(r, n)
			if !ok {
				var none U
				return none, false
			}
			return convert(r, place(n), v)
		},
		Schema: shape.Schema,
	}
}

// Complete is Convert for values of many parts: complete is called with what
// could be read also when something is wrong in it, so that all mistakes come
// out at once.
func Complete[T, U any](shape Shape[T], complete func(*Reader, Pos, T) (U, bool)) Shape[U] {
	return Shape[U]{
		Want: shape.Want,
		Read: func(r *Reader, n *yaml.Node) (U, bool) {
			v, ok := shape.Read(r, n)
			u, good := complete(r, place(n), v)
			return u, ok && good
		},
		Schema: shape.Schema,
	}
}

// Where adds a condition on a value that was read well; its error is reported
// at the value.
func Where[T any](shape Shape[T], check func(T) error) Shape[T] {
	read := shape.Read
	shape.Read = func(r *Reader, n *yaml.Node) (T, bool) {
		v, ok := read(r, n)
		if !ok {
			return v, false
		}
		if err := check(v); err != nil {
			r.Problem(place(n), "%v", err)
			return v, false
		}
		return v, true
	}
	return shape
}

// Secret marks the values from the environment inside a shape as secrets.
func Secret[T any](shape Shape[T]) Shape[T] {
	read := shape.Read
	shape.Read = func(r *Reader, n *yaml.Node) (T, bool) {
		defer func(before bool) { r.secret = before }(r.secret)
		r.secret = true
		return read(r, n)
	}
	return shape
}

// Define names a shape in the schema's $defs, so that it may hold itself.
func Define[T any](name string, declare func(self Shape[T]) Shape[T]) Shape[T] {
	var body Shape[T]
	reference := func() *jsonschema.Schema { return &jsonschema.Schema{Ref: "#/$defs/" + name} }
	body = declare(Shape[T]{
		Read:   func(r *Reader, n *yaml.Node) (T, bool) { return body.Read(r, n) },
		Schema: reference,
	})
	return Shape[T]{
		Want: body.Want,
		Read: body.Read,
		Schema: func() *jsonschema.Schema {
			s := reference()
			s.Defs = map[string]*jsonschema.Schema{name: body.Schema()}
			return s
		},
	}
}
