package scenario

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"

	"plimsoll/runner/condition"
	"plimsoll/runner/data"
	"plimsoll/target/look"
)

// proven are the scenario files with steps that a test of cmd/plimsoll carries
// out, of which it is known from elsewhere how often each step is done.
func proven(t *testing.T) (all []example) {
	t.Helper()
	files, err := filepath.Glob("../../cmd/plimsoll/testdata/journeys/*.yaml")
	if err != nil || len(files) == 0 {
		t.Skip("the repository is not there", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, example{file, filepath.Dir(file), text})
	}
	pages, err := filepath.Glob("../../docs/targets/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(pages, "../../docs/journeys.md") {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile("(?ms)^<!-- (?:tags [a-z]+, )?counts: [^\n]* -->\n\n```yaml\n(.*?)^```").FindAllSubmatch(page, -1) {
			all = append(all, example{name, "../../docs", match[1]})
		}
	}
	return all
}

// words are what a set of files has of the language of steps.
type words struct {
	root *jsonschema.Schema
	keys map[string]bool // "KEYS OF THE MAP: KEY", and of lists of words "=WORD"
	// texts of conditions and of what is looked at, as they are written
	conditions, operands []string
	picks                []string
}

// read takes down what is in a node.
func (w *words) read(schema *jsonschema.Schema, n *yaml.Node) {
	if name, found := strings.CutPrefix(schema.Ref, "#/$defs/"); found {
		schema = w.root.Defs[name]
	}
	for _, option := range schema.AnyOf {
		w.read(option, n)
	}
	switch {
	case n.Kind == yaml.ScalarNode && slices.Contains(schema.Enum, any(n.Value)):
		w.keys["="+n.Value] = true
	case n.Kind == yaml.SequenceNode && schema.Type == "array" && schema.Items != nil:
		for _, item := range n.Content {
			w.read(schema.Items, item)
		}
	case n.Kind == yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			if of := schema.Properties[key]; of != nil {
				w.keys[keys(schema)+key] = true
				if schema.Properties["matches"] == nil { // else it is what ends an answer
					w.note(key, value)
				}
				w.read(of, value)
			} else if schema.AdditionalProperties != nil {
				w.read(schema.AdditionalProperties, value)
			}
		}
	}
}

// note takes down what is written in texts.
func (w *words) note(key string, value *yaml.Node) {
	var texts []string
	for _, n := range append(slices.Clone(value.Content), value) {
		if n.Kind == yaml.ScalarNode {
			texts = append(texts, n.Value)
		}
	}
	switch key {
	case "check", "if", "until", "fail_if":
		w.conditions = append(w.conditions, texts...)
	case "extract", "record", "from":
		w.operands = append(w.operands, texts...)
	case "pick":
		w.picks = append(w.picks, texts...)
	}
}

// listed are the keys and words that the schema has below one of its parts; of
// what others test, and steps have too, only that there is such a key.
func (w *words) listed(schema *jsonschema.Schema, seen map[*jsonschema.Schema]bool, found func(string)) {
	if name, ref := strings.CutPrefix(schema.Ref, "#/$defs/"); ref {
		schema = w.root.Defs[name]
	}
	if seen[schema] {
		return
	}
	seen[schema] = true
	for _, word := range schema.Enum {
		if text, is := word.(string); is {
			found("=" + text)
		}
	}
	for _, option := range schema.AnyOf {
		w.listed(option, seen, found)
	}
	for key, of := range schema.Properties {
		found(keys(schema) + key)
		if !slices.Contains([]string{"retry", "think_time", "every"}, key) {
			w.listed(of, seen, found)
		}
	}
	for _, of := range []*jsonschema.Schema{schema.Items, schema.AdditionalProperties} {
		if of != nil {
			w.listed(of, seen, found)
		}
	}
}

// Every action, modifier, pick, operand and operator that a scenario with steps can
// have, and every key of theirs, occurs in a file that is carried out and of which
// the right answer is known.
func TestEveryWordOfStepsIsProven(t *testing.T) {
	root := parsedSchema(t)
	w := &words{root: root, keys: map[string]bool{}}
	for _, e := range proven(t) {
		var document yaml.Node
		if err := yaml.Load(e.text, &document); err != nil {
			t.Fatal(e.name, err)
		}
		w.read(root, document.Content[0])
	}
	one := root.Properties["scenarios"].Items
	seen := map[*jsonschema.Schema]bool{}
	for _, part := range []*jsonschema.Schema{root.Defs["step"], root.Properties["data"], one.Properties["enter"], one.Properties["auth"]} {
		w.listed(part, seen, func(word string) {
			if !w.keys[word] {
				t.Errorf("no file that is carried out has the last key, or word, of %s", word)
			}
		})
	}
	for _, key := range append([]string{"data", "trace"}, ofSteps...) {
		if !w.keys[keys(one)+key] {
			t.Errorf("no file that is carried out has %s in a scenario", key)
		}
	}
	w.checkPicks(t)
	w.checkConditions(t)
}

func (w *words) checkPicks(t *testing.T) {
	t.Helper()
	for way := data.Next; way <= data.Once; way++ {
		word := data.Pick{Way: way}.String()
		if way == data.Zipf {
			word = "zipf"
		}
		if !slices.Contains(w.picks, word) {
			t.Errorf("no file that is carried out has pick: %s", word)
		}
	}
}

// checkConditions looks for operators and for operands.
func (w *words) checkConditions(t *testing.T) {
	t.Helper()
	operators, operands := map[string]bool{}, map[string]bool{}
	for _, text := range w.conditions {
		c, err := condition.Parse(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		left, rest, _ := strings.Cut(c.String(), " ")
		operator, _, _ := strings.Cut(rest, " ")
		operators[operator], operands[look.Word(left)] = true, true
	}
	for _, text := range w.operands {
		operands[look.Word(text)] = true
	}
	for _, word := range condition.Operators() {
		if !operators[word] {
			t.Errorf("no file that is carried out has the operator %s", word)
		}
	}
	for _, word := range append(look.Words(), condition.Time) {
		if !operands[word] {
			t.Errorf("no file that is carried out has the operand %s", word)
		}
	}
}
