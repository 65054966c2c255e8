package template

import (
	"errors"
	"regexp"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"

	"plimsoll/target/setting"
)

// Shape is a text with references in it. Those to the environment are filled in,
// and the others know their places.
func Shape(want string) setting.Shape[Template] {
	return setting.Shape[Template]{
		Want: want,
		Read: func(r *setting.Reader, n *yaml.Node) (Template, bool) {
			t := Template{source: n.Value}
			text, ok := r.Template(n, want)
			ok = ok && t.read(r, n, text, escaped)
			return t, ok
		},
		Schema: func() *jsonschema.Schema {
			return &jsonschema.Schema{Types: []string{"string", "number", "boolean"}}
		},
	}
}

// read parses the text of a node, and reports what is wrong with it.
func (t *Template) read(r *setting.Reader, n *yaml.Node, text string, form form) bool {
	at, before := setting.Pos{Line: n.Line, Column: n.Column}, len(t.refs)
	if err := t.parse(text, form); err != nil {
		var wrong *Error
		if errors.As(err, &wrong) {
			at = r.Find(at, "${"+wrong.Ref)
		}
		r.Problem(at, "%v", err)
		return false
	}
	for i := before; i < len(t.refs); i++ {
		written := "${" + t.refs[i].Text + "}"
		t.refs[i].Pos = r.Find(at, written)
		if at = t.refs[i].Pos; at.Line > 0 {
			at.Column++ // the same may stand there twice
		}
	}
	return true
}

// JSON is any value, as JSON: null, booleans and numbers as JSON spells them are
// those, all else that is no list or map is text, in which references may stand.
// A text that is nothing but one reference has its value's type.
func JSON() setting.Shape[Template] {
	return setting.Shape[Template]{
		Want: "any value",
		Read: func(r *setting.Reader, n *yaml.Node) (Template, bool) {
			var t Template
			ok := t.readJSON(r, n)
			return t, ok
		},
		Schema: func() *jsonschema.Schema { return &jsonschema.Schema{} },
	}
}

func (t *Template) readJSON(r *setting.Reader, n *yaml.Node) bool {
	switch n.Kind {
	case yaml.MappingNode:
		ok := true
		t.literal("{")
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				t.literal(",")
			}
			ok = t.readString(r, n.Content[i]) && ok
			t.literal(":")
			ok = t.readJSON(r, n.Content[i+1]) && ok
		}
		t.literal("}")
		return ok
	case yaml.SequenceNode:
		ok := true
		t.literal("[")
		for i, item := range n.Content {
			if i > 0 {
				t.literal(",")
			}
			ok = t.readJSON(r, item) && ok
		}
		t.literal("]")
		return ok
	}
	return t.readScalar(r, n)
}

// What is no text among plain scalars: YAML's core schema, cut down to what JSON
// can say.
var (
	null    = regexp.MustCompile(`^(null|Null|NULL|~|)$`)
	truth   = regexp.MustCompile(`^(true|True|TRUE)$`)
	untruth = regexp.MustCompile(`^(false|False|FALSE)$`)
	number  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

func (t *Template) readScalar(r *setting.Reader, n *yaml.Node) bool {
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if n.Style&quoted != 0 {
		return t.readText(r, n)
	}
	if null.MatchString(n.Value) {
		t.literal("null")
		return true
	}
	text, ok := r.Template(n, "a value")
	switch {
	case !ok:
		return false
	case truth.MatchString(text):
		t.literal("true")
	case untruth.MatchString(text):
		t.literal("false")
	case number.MatchString(text):
		t.literal(text)
	default:
		return t.readText(r, n)
	}
	return true
}

// readText reads a text, or the one reference that it is.
func (t *Template) readText(r *setting.Reader, n *yaml.Node) bool {
	text, ok := r.Template(n, "a text")
	if !ok {
		return false
	}
	var alone Template
	if err := alone.parse(text, asJSON); err == nil {
		if _, whole := alone.Whole(); whole {
			return t.read(r, n, text, asJSON)
		}
	}
	return t.readString(r, n)
}

// readString reads a text that stays one.
func (t *Template) readString(r *setting.Reader, n *yaml.Node) bool {
	text, ok := r.Template(n, "a text")
	t.literal(`"`)
	ok = ok && t.read(r, n, text, inString)
	t.literal(`"`)
	return ok
}
