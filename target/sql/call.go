package sql

import (
	"strconv"
	"strings"

	"plimsoll/target/plain"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Call is what a call asks: a statement, or several in one transaction.
type Call struct {
	statements  []statement
	transaction bool
	holes       template.Holes
}

// statement is a text, and what is handed over beside it: never a part of it.
type statement struct {
	text string
	args []argument
}

// argument is one value, with its type: the same for every call, that of one
// reference, or a text with references in it.
type argument struct {
	fixed [2]any // with its type, and as a text
	hole  int    // of the one reference; none: -1
	text  template.Template
	mixed bool
}

// Name is the statement as it is written, in one line.
func (c *Call) Name() string {
	const longest = 80
	var texts []string
	for _, s := range c.statements {
		texts = append(texts, s.text)
	}
	return plain.Clip(strings.Join(texts, "; "), longest)
}

// Refs are what the holes of the arguments stand for.
func (c *Call) Refs() []template.Ref { return c.holes.Refs() }

// add puts a statement behind those there are. Each of its arguments is a
// template of one value as JSON.
func (c *Call) add(text string, args []template.Template) {
	s := statement{text: text}
	for _, t := range args {
		s.args = append(s.args, argumentOf(c.holes.Add(t)))
	}
	c.statements = append(c.statements, s)
}

func argumentOf(t template.Template) argument {
	if text, constant := t.Constant(); constant {
		v := value.JSON(text)
		return argument{fixed: [2]any{typed(v), texted(v)}, hole: -1}
	}
	if hole, whole := t.Whole(); whole {
		return argument{hole: hole}
	}
	return argument{hole: -1, text: t, mixed: true}
}

// values are the arguments of one call, with their types or as texts.
func (s *statement) values(args []value.Value, texts bool) []any {
	if len(s.args) == 0 {
		return nil
	}
	form, of := 0, typed
	if texts {
		form, of = 1, texted
	}
	all := make([]any, len(s.args))
	for i := range s.args {
		switch a := &s.args[i]; {
		case a.mixed:
			all[i] = of(value.JSON(string(a.text.Append(nil, args, template.AsIs))))
		case a.hole >= 0:
			all[i] = of(args[a.hole])
		default:
			all[i] = a.fixed[form]
		}
	}
	return all
}

// texted is a value as its text; null is nothing.
func texted(v value.Value) any {
	if v.Kind == value.None || v.Kind == value.Null {
		return nil
	}
	return v.Text
}

// typed is a value as drivers take it. A whole number beyond 64 bits goes as its
// text, and so do a list and an object, as JSON.
func typed(v value.Value) any {
	switch v.Kind {
	case value.None, value.Null:
		return nil
	case value.Bool:
		return v.Text == "true"
	case value.Number:
		if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			return n
		}
		if whole := !strings.ContainsAny(v.Text, ".eE"); whole {
			return v.Text
		}
		if x, err := strconv.ParseFloat(v.Text, 64); err == nil {
			return x
		}
	}
	return v.Text
}
