package scenario

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"
)

// example is a scenario file that must be good.
type example struct {
	name, dir string
	text      []byte
}

// examples are those of this package and, where they are there, the
// repository's own: scenarios.yaml and the blocks of the documentation.
func examples(t *testing.T) []example {
	t.Helper()
	var all []example
	add := func(pattern string, split func([]byte) [][]byte) {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasPrefix(filepath.Base(file), "adding-a-") {
				continue // what these pages add is not there yet; tests of their own carry them out
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, part := range split(text) {
				all = append(all, example{fmt.Sprintf("%s#%d", file, i), filepath.Dir(file), part})
			}
		}
	}
	whole := func(text []byte) [][]byte { return [][]byte{text} }
	add("testdata/good/*.yaml", whole)
	if len(all) < 5 {
		t.Fatalf("there are only %d examples in testdata/good", len(all))
	}
	add("../../scenarios.yaml", whole)
	add("../../README.md", scenarioBlocks)
	add("../../docs/*.md", scenarioBlocks)
	return all
}

var fenced = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")

// scenarioBlocks are the fenced blocks of a Markdown text that are scenario
// files and not parts of one.
func scenarioBlocks(text []byte) [][]byte {
	var blocks [][]byte
	for _, match := range fenced.FindAllSubmatch(text, -1) {
		if block := "\n" + string(match[1]); strings.Contains(block, "\ntargets:") && strings.Contains(block, "\nscenarios:") {
			blocks = append(blocks, match[1])
		}
	}
	return blocks
}

func TestExamplesParseAndValidate(t *testing.T) {
	schema := resolvedSchema(t)
	for _, e := range examples(t) {
		t.Run(e.name, func(t *testing.T) {
			plan, problems := Parse(e.name, e.text, environment, e.dir)
			if len(problems) > 0 {
				t.Fatalf("the example is refused:\n%v", problems)
			}
			if len(plan.Trials()) == 0 {
				t.Error("the example has no trials")
			}
			if err := schema.Validate(jsonValue(t, e.text)); err != nil {
				t.Errorf("the schema refuses the example: %v", err)
			}
		})
	}
}

// TestSchemaRefusesBrokenFiles shows that the schema is no empty promise: it
// finds the mistakes that need no second look.
func TestSchemaRefusesBrokenFiles(t *testing.T) {
	schema := resolvedSchema(t)
	for _, name := range []string{"misspelt-keys", "misspelt-top-key", "missing-keys", "wrong-forms", "unknown-kind", "unknown-words", "no-units", "kinds", "empty-values", "negative-delay", "requests-zero", "a-word"} {
		text, err := os.ReadFile("testdata/broken/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(jsonValue(t, text)) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

func resolvedSchema(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	schema := parsedSchema(t)
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// parsedSchema is the schema as an editor gets it.
func parsedSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	schema := new(jsonschema.Schema)
	if err := json.Unmarshal(text, schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// jsonValue is YAML as an editor shows it to a schema.
func jsonValue(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := yaml.Load(text, &v); err != nil {
		t.Fatal(err)
	}
	return jsonable(v)
}

func jsonable(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = jsonable(value)
		}
	case map[any]any:
		m := map[string]any{}
		for key, value := range v {
			m[fmt.Sprint(key)] = jsonable(value)
		}
		return m
	case []any:
		for i, item := range v {
			v[i] = jsonable(item)
		}
	case int:
		return float64(v)
	}
	return v
}

const stranger = "zzqq"

// TestSchemaAndParserKnowTheSameKeys goes through every map of the examples
// that has fixed keys. A key that neither knows is put there: the schema must
// refuse it, and the parser must refuse it and name the very keys that the
// schema lists. Together the examples use every key of the schema.
func TestSchemaAndParserKnowTheSameKeys(t *testing.T) {
	resolved, root := resolvedSchema(t), parsedSchema(t)
	used, listed := map[string]bool{}, map[string]bool{}
	for _, e := range examples(t) {
		if !strings.HasPrefix(e.name, "testdata/") {
			continue
		}
		var document yaml.Node
		if err := yaml.Load(e.text, &document); err != nil {
			t.Fatal(err)
		}
		walk(root, root, document.Content[0], func(schema *jsonschema.Schema, n *yaml.Node) {
			for i := 0; i < len(n.Content); i += 2 {
				used[keys(schema)+n.Content[i].Value] = true
			}
			for name := range schema.Properties {
				listed[keys(schema)+name] = true
			}
			before := n.Content
			n.Content = append(slices.Clone(before), &yaml.Node{Kind: yaml.ScalarNode, Value: stranger}, &yaml.Node{Kind: yaml.ScalarNode, Value: "1"})
			text, err := yaml.Dump(&document)
			n.Content = before
			if err != nil {
				t.Fatal(err)
			}
			if resolved.Validate(jsonValue(t, text)) == nil {
				t.Errorf("%s: the schema takes the key %s beside %s", e.name, stranger, keys(schema))
			}
			_, problems := Parse(e.name, text, environment, e.dir)
			checkStranger(t, schema, problems.Error())
		})
	}
	for key := range listed {
		if !used[key] {
			t.Errorf("no example uses the last key of %s", key)
		}
	}
}

// walk calls visit for every map that has fixed keys in the schema.
func walk(root, schema *jsonschema.Schema, n *yaml.Node, visit func(*jsonschema.Schema, *yaml.Node)) {
	if name, found := strings.CutPrefix(schema.Ref, "#/$defs/"); found {
		schema = root.Defs[name]
	}
	for _, option := range schema.AnyOf {
		if !lacks(option, n) {
			walk(root, option, n, visit)
		}
	}
	switch {
	case n.Kind == yaml.SequenceNode && schema.Type == "array":
		for _, item := range n.Content {
			walk(root, schema.Items, item, visit)
		}
	case n.Kind == yaml.MappingNode && schema.Properties != nil:
		for i := 0; i < len(n.Content); i += 2 {
			if value := schema.Properties[n.Content[i].Value]; value != nil {
				walk(root, value, n.Content[i+1], visit)
			}
		}
		visit(schema, n)
	case n.Kind == yaml.MappingNode && schema.Type == "object":
		for i := 0; i < len(n.Content); i += 2 {
			walk(root, schema.AdditionalProperties, n.Content[i+1], visit)
		}
	}
}

// lacks tells whether a map has not the keys that one of several shapes needs, and so
// is of another.
func lacks(option *jsonschema.Schema, n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	return slices.ContainsFunc(option.Required, func(key string) bool {
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return false
			}
		}
		return true
	})
}

// keys names an object of the schema by its keys.
func keys(schema *jsonschema.Schema) string {
	var names []string
	for name := range schema.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ") + ": "
}

var offered = regexp.MustCompile(stranger + `" in [a-z -]+, there (?:are|is only) (.*)`)

// checkStranger looks whether the parser refused the strange key, and offered
// the keys of the schema instead.
func checkStranger(t *testing.T, schema *jsonschema.Schema, message string) {
	t.Helper()
	if schema.MaxProperties != nil { // a choice of one key
		if !strings.Contains(message, stranger) {
			t.Errorf("the parser takes the key %s beside %s:\n%s", stranger, keys(schema), message)
		}
		return
	}
	match := offered.FindStringSubmatch(message)
	if match == nil {
		t.Errorf("the parser takes the key %s beside %s:\n%s", stranger, keys(schema), message)
		return
	}
	names := strings.FieldsFunc(strings.ReplaceAll(match[1], " and ", ","), func(c rune) bool { return c == ',' || c == ' ' })
	slices.Sort(names)
	if got := strings.Join(names, " ") + ": "; got != keys(schema) {
		t.Errorf("the parser knows the keys %s\nthe schema %s", got, keys(schema))
	}
}
