package setting

import (
	"maps"

	"github.com/google/jsonschema-go/jsonschema"
)

// environment matches a text whose value is known only when it is read.
const environment = `\$\{`

// Spelled is a text of a given spelling, or one from the environment, or a
// value of one of the other JSON types.
func Spelled(pattern string, others ...string) *jsonschema.Schema {
	return &jsonschema.Schema{Types: append([]string{"string"}, others...), Pattern: `^\s*(` + pattern + `)\s*$|` + environment}
}

// nothing is the schema that no value meets.
func nothing() *jsonschema.Schema { return &jsonschema.Schema{Not: &jsonschema.Schema{}} }

func described(s *jsonschema.Schema, doc string) *jsonschema.Schema {
	s.Description = doc
	return s
}

// Document is the schema of a whole file that has the given shape.
func Document[T any](title string, shape Shape[T]) *jsonschema.Schema {
	root := shape.Schema()
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.Title = title
	defs := map[string]*jsonschema.Schema{}
	hoist(root, defs)
	if len(defs) > 0 {
		root.Defs = defs
	}
	return root
}

// hoist moves the definitions that Define left all over the tree to one map.
func hoist(s *jsonschema.Schema, defs map[string]*jsonschema.Schema) {
	if s == nil {
		return
	}
	inner := s.Defs
	s.Defs = nil
	for name, def := range inner {
		if defs[name] == nil {
			defs[name] = def
			hoist(def, defs)
		}
	}
	for child := range maps.Values(s.Properties) {
		hoist(child, defs)
	}
	for child := range maps.Values(s.PatternProperties) {
		hoist(child, defs)
	}
	for _, child := range s.AnyOf {
		hoist(child, defs)
	}
	hoist(s.Items, defs)
	hoist(s.AdditionalProperties, defs)
}
