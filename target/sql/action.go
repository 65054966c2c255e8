package sql

import (
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"

	"plimsoll/target/kind"
	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// Action is how steps, and a target itself, ask a database.
func Action() kind.Action {
	return kind.Action{
		Word: "sql",
		Doc:  "The statement, whose rows are read to the end; of a list of statements, one transaction, rolled back where one fails.",
		Sort: "a statement",
		Shape: kind.Untyped(setting.OneOrMore(template.Shape(
			"a statement of SQL"))),
		Keys: []kind.Key{kind.Keyed("args", "What the statement's placeholders ($1, $2 for PostgreSQL, ? for MySQL and SQLite) stand for, in order and with their types; for a list of statements, a list for each.", arguments())},
		Call: call,
	}
}

// call makes a call of what is written.
func call(r *setting.Reader, w *kind.Written) (kind.Call, bool) {
	statements := kind.Value[setting.Several[template.Template]](w, "sql")
	args := w.At("args")
	given := kind.Value[[]operand](w, "args")
	c, ok := &Call{transaction: statements.Listed}, true
	lists := make([][]operand, len(statements.Items))
	switch {
	case !args.Given:
	case !statements.Listed:
		lists[0] = given
	default:
		ok = spread(r, args.Pos, given, lists)
	}
	for i, s := range statements.Items {
		text, good := textOf(r, s)
		values, fine := valuesOf(r, lists[i], statements.Listed)
		ok = ok && good && fine
		c.add(text, values)
	}
	return c, ok
}

// spread gives each statement of a transaction its list.
func spread(r *setting.Reader, at setting.Pos, given []operand, lists [][]operand) bool {
	for _, o := range given {
		if !o.listed {
			r.Problem(o.pos, "sql is a list of statements, so args has a list for each of them: [[…], […]], or [] for one without")
			return false
		}
	}
	if len(given) != len(lists) {
		r.Problem(at, "there are %d statements, and %d lists of args: write one for each, [] for a statement without", len(lists), len(given))
		return false
	}
	for i, o := range given {
		lists[i] = o.items
	}
	return true
}

// textOf is the text of a statement, in which no values may stand.
func textOf(r *setting.Reader, s setting.At[template.Template]) (string, bool) {
	if refs := s.Value.Refs(); len(refs) > 0 {
		r.Problem(refs[0].Pos, "${%s} would become a part of the statement's text, where any value could be a statement: write a placeholder there ($1, $2 … for PostgreSQL, ? for MySQL and SQLite), and beside it args: [\"${%[1]s}\"]", refs[0].Text)
		return "", false
	}
	text, _ := s.Value.Constant()
	if strings.TrimSpace(text) == "" {
		r.Problem(s.Pos, "the statement is empty, expected one such as select 1")
		return "", false
	}
	return text, true
}

// valuesOf are the arguments of one statement.
func valuesOf(r *setting.Reader, given []operand, listed bool) (values []template.Template, ok bool) {
	for _, o := range given {
		switch {
		case o.listed && listed:
			r.Problem(o.pos, "an argument is one value, found a list: write it as a text that the database reads as one, '{1,2}' or '[1,2]'")
			return nil, false
		case o.listed:
			r.Problem(o.pos, "an argument is one value, found a list: lists of args are for a list of statements; an array is written as a text, '{1,2}' or '[1,2]'")
			return nil, false
		}
		values = append(values, o.value)
	}
	return values, true
}

// operand is an item of args: a value, or a list of such.
type operand struct {
	pos    setting.Pos
	value  template.Template
	items  []operand
	listed bool
}

// arguments are values, each with its type.
func arguments() setting.Shape[[]operand] {
	const want = `a list of values, such as [1, "${id}"]`
	return setting.Shape[[]operand]{
		Want: want,
		Read: func(r *setting.Reader, n *yaml.Node) ([]operand, bool) {
			if n.Kind != yaml.SequenceNode {
				r.Problem(setting.Pos{Line: n.Line, Column: n.Column}, "args is a list, one value for each placeholder: put it in brackets, %s", strings.TrimPrefix(want, "a list of values, such as "))
				return nil, false
			}
			return operands(r, n)
		},
		Schema: func() *jsonschema.Schema {
			scalar := &jsonschema.Schema{Types: []string{"null", "string", "number", "boolean"}}
			return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
				scalar, {Type: "array", Items: scalar.CloneSchemas()},
			}}}
		},
	}
}

func operands(r *setting.Reader, n *yaml.Node) (all []operand, ok bool) {
	ok = true
	for _, item := range n.Content {
		o := operand{pos: setting.Pos{Line: item.Line, Column: item.Column}}
		var good bool
		switch item.Kind {
		case yaml.MappingNode:
			r.Problem(o.pos, "an argument is one value, found a map: write it as a text of JSON, '{\"a\": 1}'")
		case yaml.SequenceNode:
			o.listed = true
			o.items, good = operands(r, item)
		default:
			o.value, good = template.JSON().Read(r, item)
		}
		all, ok = append(all, o), ok && good
	}
	return all, ok
}
