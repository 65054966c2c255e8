package condition

import (
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"

	"plimsoll/target/setting"
)

const like = "a condition such as status == 200"

// inQuotes is the cure for what YAML reads as something else.
const inQuotes = "put a condition that holds one of # , [ ] { } or ': ' in single quotes, one a line"

// Shape is one condition or a list of them, which must all hold.
func Shape() setting.Shape[[]Condition] {
	return setting.Shape[[]Condition]{
		Want: like + ", or a list of them",
		Read: func(r *setting.Reader, n *yaml.Node) ([]Condition, bool) {
			if n.Kind != yaml.SequenceNode {
				c, ok := read(r, n)
				return []Condition{c}, ok
			}
			if len(n.Content) == 0 {
				r.Problem(setting.Pos{Line: n.Line, Column: n.Column}, "the list is empty, expected %s", like)
				return nil, false
			}
			all, ok := make([]Condition, len(n.Content)), true
			for i, item := range n.Content {
				var good bool
				all[i], good = read(r, item)
				ok = ok && good
			}
			return all, ok
		},
		Schema: func() *jsonschema.Schema {
			one := func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }
			return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{one(), {Type: "array", Items: one(), MinItems: new(1)}}}
		},
	}
}

// read reads one condition, and says where YAML may have made something else of
// it.
func read(r *setting.Reader, n *yaml.Node) (Condition, bool) {
	at := setting.Pos{Line: n.Line, Column: n.Column}
	if n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode {
		r.Problem(at, "expected %s, found %s: %s", like, map[yaml.Kind]string{yaml.SequenceNode: "a list", yaml.MappingNode: "a map"}[n.Kind], inQuotes)
		return Condition{}, false
	}
	text, ok := r.Template(n, like)
	if !ok {
		return Condition{}, false
	}
	c, err := Parse(text)
	c.Pos = at
	plain := Plain(n)
	if err != nil {
		if plain && (n.LineComment != "" || inFlow(r, n)) {
			r.Problem(at, "%v (%s)", err, inQuotes)
		} else {
			r.Problem(at, "%v", err)
		}
		return c, false
	}
	if plain {
		warn(r, n, c)
	}
	return c, true
}

// Plain tells whether a scalar stands without quotes.
func Plain(n *yaml.Node) bool {
	return n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

// inFlow tells whether a scalar stands between brackets, where a comma ends it:
// it is followed by one, or stands behind one.
func inFlow(r *setting.Reader, n *yaml.Node) bool {
	lines := r.Lines()
	if n.Line < 1 || n.Line > len(lines) {
		return false
	}
	line := []rune(lines[n.Line-1])
	before := strings.TrimRight(string(line[:min(max(n.Column-1, 0), len(line))]), " \t")
	return strings.HasSuffix(before, ",") || strings.HasSuffix(before, "[")
}

// warn says what is good as it stands, and easily is not after the next change.
func warn(r *setting.Reader, n *yaml.Node, c Condition) {
	if n.LineComment != "" {
		r.Warn(c.Pos, "what follows # is a comment and no part of the condition: put the condition in single quotes, with the # inside or outside")
	}
	if c.like != nil {
		r.Warn(c.Pos, "put a condition with a regular expression in single quotes: YAML makes something else of many of them")
	} else if i := strings.IndexAny(n.Value, "#,[]{}"); i >= 0 && !strings.HasPrefix(n.Value[max(i-1, 0):], "${") {
		r.Warn(c.Pos, "put a condition with %q in it in single quotes: YAML makes something else of it elsewhere", n.Value[i:i+1])
	}
}
