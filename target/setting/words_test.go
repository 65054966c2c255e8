package setting

import (
	"slices"
	"testing"
)

// What is missing could be written in each of the forms, and what the YAML
// library says of an alias comes in plainer words.
func TestProblemsNameWhatWouldBeRight(t *testing.T) {
	for text, want := range map[string]string{
		"name: cow\nfood: ~": "2:7 expected food: grass, meat, or a list of them, found nothing",
		"name: cow\nfood:":   "2:6 expected food: grass, meat, or a list of them, found nothing",
		"name: *cow":         "1:7 the alias *cow has no anchor before it: write &NAME where the value stands first",
	} {
		if _, got := read(animalShape(), text); !slices.Equal(got, []string{want}) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// An empty list is no list, whoever asks.
func TestEmptyListsAreNotRead(t *testing.T) {
	r := NewReader(func(string) (string, bool) { return "", false }, ".")
	if list, ok := Items(Text("a name")).Read(r, r.Load([]byte("[]"))); ok || len(list) > 0 || len(r.Problems()) != 1 {
		t.Errorf("%q, %v: %v", list, ok, r.Problems())
	}
}
