package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"
)

// What `plimsoll schema` prints is a JSON Schema that accepts the scenario
// files of this repository, and refuses a misspelt key.
func TestSchema(t *testing.T) {
	end := within("schema")
	var schema jsonschema.Schema
	if err := json.Unmarshal([]byte(end.stdout), &schema); err != nil || end.code != 0 || end.stderr != "" {
		t.Fatalf("exit code %d, %v, %s", end.code, err, end.stderr)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(root, "scenarios.yaml"), "starter.yaml"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file map[string]any
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(asJSON(file)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		file["scenarois"] = file["scenarios"]
		if resolved.Validate(asJSON(file)) == nil {
			t.Errorf("%s: a misspelt key is accepted", path)
		}
	}
}

// asJSON turns what YAML gives into what JSON would.
func asJSON(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = asJSON(e)
		}
		return out
	case map[any]any: // with keys that are no texts
		out := map[string]any{}
		for k, e := range v {
			text, _ := yaml.Marshal(k)
			out[string(text[:len(text)-1])] = asJSON(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = asJSON(e)
		}
		return out
	case int:
		return float64(v)
	}
	return value
}
