package template

import (
	"encoding/json"
	"reflect"
	"testing"
)

// A template that went to another process is the same there.
func TestTemplatesArePlainData(t *testing.T) {
	for _, text := range []string{"", "$$", "a ${b} c ${d.e|raw}${f}", `${query."a.b"}`, "${random.1-6}"} {
		was, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var is Template
		data, err := json.Marshal(was)
		if err == nil {
			err = json.Unmarshal(data, &is)
		}
		if err != nil || !reflect.DeepEqual(was, is) {
			t.Errorf("%q comes back as %+v, %v", text, is, err)
		}
	}
	for _, wrong := range []string{`{"Parts":[{"Hole":0}]}`, `{"Parts":[{"Hole":-2}]}`, `{"Parts":[{"Hole":-1,"Form":9}]}`, `[]`} {
		var is Template
		if json.Unmarshal([]byte(wrong), &is) == nil {
			t.Errorf("%s is read as a template", wrong)
		}
	}
}
