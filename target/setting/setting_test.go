package setting

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"plimsoll/target/quantity"
)

// animal has a field of every form.
type animal struct {
	name  string
	legs  At[int]
	sleep time.Duration
	food  []string
	young *animal
}

func animalShape() Shape[animal] {
	return Define("animal", func(self Shape[animal]) Shape[animal] {
		young := Convert(self, func(_ *Reader, _ Pos, a animal) (*animal, bool) { return &a, true })
		return Object("an animal",
			Key("name", "Its name.", Text("a name"), func(a *animal) *string { return &a.name }).Required(),
			Key("legs", "How many it has.", Located(Count(0, 1000)), func(a *animal) *At[int] { return &a.legs }),
			Key("sleep", "How long it sleeps.", LongerThanZero(), func(a *animal) *time.Duration { return &a.sleep }),
			Key("food", "What it eats.", Convert(OneOrMore(Word("food", "grass", "meat")), func(_ *Reader, _ Pos, s Several[string]) ([]string, bool) { return s.Values(), true }), func(a *animal) *[]string { return &a.food }),
			Key("young", "Its young.", young, func(a *animal) **animal { return &a.young }),
			Refused[animal]("wings", "are for birds"),
			Ignored[animal]("x-", "Anything."),
		)
	})
}

// read is the value of a text and the problems, as "line:column text".
func read[T any](shape Shape[T], text string) (T, []string) {
	r := NewReader(func(name string) (string, bool) {
		return map[string]string{"LEGS": "4", "EMPTY": ""}[name], name != "UNSET"
	}, ".")
	var v T
	if root := r.Load([]byte(text)); root != nil {
		v, _ = shape.Read(r, root)
	}
	var problems []string
	for _, p := range r.Problems() {
		problems = append(problems, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Text))
	}
	return v, problems
}

func TestObject(t *testing.T) {
	v, problems := read(animalShape(), "name: cow\nlegs: ${LEGS}\nsleep: 4h\nx-note: [1]\nfood: grass\nyoung:\n  name: calf\n  food: [grass, meat]\n")
	if problems != nil {
		t.Fatal(problems)
	}
	if v.name != "cow" || v.legs.Value != 4 || v.legs.Pos != (Pos{2, 7}) || !v.legs.Given || !v.legs.Valid || v.sleep != 4*time.Hour {
		t.Errorf("read as %+v", v)
	}
	if v.young == nil || v.young.name != "calf" || v.young.legs.Given || !slices.Equal(v.young.food, []string{"grass", "meat"}) {
		t.Errorf("the young is read as %+v", v.young)
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"all at once", "legs: -1\nsleep: 0s\nfood: [grass, stone]\nwings: 2\nlegz: 5\nyoung: {name: [a]}", []string{
			`1:1 an animal needs the key name: its name`,
			`1:7 -1 is out of range: write a whole number from 0 to 1k`,
			`2:8 the duration "0s" must be above zero`,
			`3:15 "stone" is not food, there are grass and meat`,
			`4:1 wings are for birds`,
			`5:1 unknown key "legz" in an animal, did you mean "legs"?`,
			`6:15 expected a name, found a list`,
		}},
		{"a misspelt key's value is read too", "name: cow\nlegz: many", []string{
			`2:1 unknown key "legz" in an animal, did you mean "legs"?`,
			`2:7 "many" is not a count: write a whole number from 0 to 1k`,
		}},
		{"a misspelt required key is not missing", "nane: cow", []string{`1:1 unknown key "nane" in an animal, did you mean "name"?`}},
		{"nothing", "name:", []string{`1:6 expected a name, found nothing`}},
		{"not a map", "[name]", []string{`1:1 expected an animal (a map), found a list`}},
		{"an explicit null", "name: ~", []string{`1:7 expected a name, found nothing`}},
		{"null document", "---\n", []string{`1:4 expected an animal (a map), found nothing`}},
		{"unset", "name: ${UNSET}", []string{`1:7 the environment variable UNSET is not set: set it, or give a default with ${UNSET:-default}`}},
		{"what an alias repeats is said once", "name: &n [a]\nyoung: {name: *n}", []string{`1:7 expected a name, found a list`}},
		{"duplicates", "name: cow\n\"name\": calf", []string{`2:1 the key "name" comes twice, first in line 1: leave one of them out`}},
		{"null key", "name: cow\n~: 5", []string{`2:1 a key must be a word, found nothing`}},
		{"several documents", "name: cow\n---\nname: calf\n---\n[", []string{`2:1 a second document begins here, expected one: take the line --- away or make two files`}},
		{"a bracket in a text in brackets", "food: [status in [200, 201]]", []string{`1:18 a text with "[" in it needs single quotes inside [ ] or { }, such as 'status in [200, 201]'; else what begins in line 1, column 7 is not closed`}},
		{"a list that is not closed", "food: [grass\nname: cow", []string{`2:5 expected ',' or ']': what begins in line 1, column 7 is not closed`}},
		{"no YAML", "name: cow\nfood: [,]\n", []string{`2:8 this is no YAML: did not find expected node content`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, got := read(animalShape(), c.text); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestMergeKeys(t *testing.T) {
	text := "x-a: &a {name: cow, legs: 4}\nx-b: &b {legs: 5, sleep: 1h}\n<<: [*a, *b]\nyoung: {<<: *b, name: calf}\n"
	v, problems := read(animalShape(), text)
	if problems != nil {
		t.Fatal(problems)
	}
	if v.name != "cow" || v.legs.Value != 4 || v.sleep != time.Hour || v.young.name != "calf" || v.young.legs.Value != 5 {
		t.Errorf("merged to %+v and %+v", v, v.young)
	}
}

func TestAliasesCannotBlowUp(t *testing.T) {
	var text strings.Builder
	text.WriteString("x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&text, "x-%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	_, problems := read(animalShape(), text.String()+"name: cow\n")
	if len(problems) != 1 || !strings.Contains(problems[0], "more than 20000 values") {
		t.Errorf("the problems are %v", problems)
	}
	if _, problems := read(animalShape(), "name: cow\nyoung: &y\n  name: calf\n  young: *y\n"); len(problems) != 1 || problems[0] != "4:10 the alias *y stands inside what it stands for" {
		t.Errorf("the problems are %v", problems)
	}
}

func TestNearest(t *testing.T) {
	keys := []string{"requests", "duration", "url", "rate-limited", "think_time", "p99", "p50"}
	for word, want := range map[string]string{
		"request": "requests", "reqeusts": "requests", "REQUESTS": "requests", "rate_limited": "rate-limited", "thinktime": "think_time", "uri": "url", "p98": "p99",
		"": "", "colour": "", "dur": "", "requestsrequests": "", strings.Repeat("x", 1<<20): "",
	} {
		got, found := nearest(word, keys)
		if got != want || found != (want != "") {
			t.Errorf("nearest(%.20q) = %q, %v; want %q", word, got, found, want)
		}
	}
}

func TestSlip(t *testing.T) {
	methods := []string{"GET", "POST", "DELETE"}
	for word, want := range map[string]string{
		"GETT": "GET", "GT": "GET", "GAT": "GET", "PSOT": "POST", "DELET": "DELETE",
		"GET": "", "PURGE": "", "GETTT": "", "": "", "get": "", strings.Repeat("G", 1<<20): "",
	} {
		if got, found := Slip(word, methods); got != want || found != (want != "") {
			t.Errorf("Slip(%.20q) = %q, %v; want %q", word, got, found, want)
		}
	}
}

// Whatever is wrong with a value, the range that is named is the same.
func TestRangesAgree(t *testing.T) {
	for _, text := range []string{"0", "-5", "-1k", "2.5", "101", "1M", "1e300", "1e999", "many", "", "-0.5"} {
		if n, err := ParseCount(text, 1, 100); err == nil || !strings.HasSuffix(err.Error(), "write a whole number from 1 to 100") {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"0s", "-5s", "0", "-1h", "-0s"} {
		if d, err := ParseLongerThanZero(text); err == nil || !strings.HasSuffix(err.Error(), "must be above zero") {
			t.Errorf("%q: %v, %v", text, d, err)
		}
	}
	for _, text := range []string{"-5", "fast", "-5x"} {
		if d, err := ParseLongerThanZero(text); err == nil {
			t.Errorf("%q: %v", text, d)
		}
	}
	for text, want := range map[string]int64{"1": 1, "100": 100, "0.1k": 100, "1e2": 100} {
		if n, err := ParseCount(text, 1, 100); err != nil || n != want {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
}

// Whoever leaves the time out is told the rate that the reader then takes.
func TestRateWithoutTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.StringMatching(`[1-9][0-9]?([.][0-9])?[kM]?`).Draw(t, "count")
		text := count + rapid.SampledFrom([]string{"", "rps", " RPS", "qps", " req/s", "r/s"}).Draw(t, "unit")
		_, err := ParseRate(text)
		if err == nil || !strings.HasSuffix(err.Error(), "write "+count+"/s") {
			t.Fatalf("%q is answered by: %v", text, err)
		}
		if _, err := ParseRate(count + "/s"); err != nil && !strings.Contains(err.Error(), "too high") {
			t.Error(err)
		}
	})
	for text, want := range map[string]string{"2.5": "write 2.5/s", "0.4 rps": "write 0.4/s", "0": "must be above zero", "-5": "must be above zero", "1e9": "is not a rate"} {
		if _, err := ParseRate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is answered by %v, want %s", text, err, want)
		}
	}
	for _, text := range []string{"fast", "5/2s", "300/min", "rps", "2.5/s", "-10/s"} {
		_, got := ParseRate(text)
		if _, want := quantity.ParseRate(text); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q is answered by %v, want %v", text, got, want)
		}
	}
}

// The distance is a metric, near enough: 0 only for equals, the same both
// ways, and one slip of the keyboard away is 1.
func TestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := []rune(rapid.StringMatching(`[a-d]{0,6}`).Draw(t, "a")), []rune(rapid.StringMatching(`[a-d]{0,6}`).Draw(t, "b"))
		d := distance(a, b)
		if (d == 0) != slices.Equal(a, b) || d != distance(b, a) || d > max(len(a), len(b)) || d < len(a)-len(b) {
			t.Errorf("from %q to %q it is %d, back %d", string(a), string(b), d, distance(b, a))
		}
		at := rapid.IntRange(0, len(a)).Draw(t, "at")
		if one := distance(a, slices.Insert(slices.Clone(a), at, 'x')); one != 1 {
			t.Errorf("one letter more than %q is %d away", string(a), one)
		}
		if at+1 < len(a) && a[at] != a[at+1] {
			swapped := slices.Clone(a)
			swapped[at], swapped[at+1] = swapped[at+1], swapped[at]
			if one := distance(a, swapped); one != 1 {
				t.Errorf("from %q to %q it is %d, want 1", string(a), string(swapped), one)
			}
		}
	})
}

// What a shape reads, its schema admits: an editor never marks a good value.
func TestSchemaAdmitsWhatIsRead(t *testing.T) {
	number := `[-+]?[0-9]{1,4}(\.[0-9]{0,2})?`
	checkScalar(t, "Duration", Duration(), number+`(ns|us|ms|s|m|h)`)
	checkScalar(t, "LongerThanZero", LongerThanZero(), number+`(us|ms|s|m|h)`)
	checkScalar(t, "Rate", Rate(), `[1-9][0-9]{0,2}[kM]? ?/ ?[0-9]?(s|ms|min)`)
	checkScalar(t, "Percent", Percent(), number+` ?%`)
	checkScalar(t, "Share", Share(), number+` ?%`)
	checkScalar(t, "Count", Count(3, 2000), `[0-9]{1,4}([eE][0-9]|\.0|k)?`)
	checkScalar(t, "Number", Number(0, 100, true), number)
	checkScalar(t, "Bool", Bool(), `[Tt]rue|FALSE|false`)
	checkScalar(t, "Word", Word("a version", "1.1", "2", "auto"), `1\.1|2|auto|2\.0`)
	checkScalar(t, "Text", Text("a text"), `[a-z0-9 .,]*`)
}

func checkScalar[T any](t *testing.T, name string, shape Shape[T], spelling string) {
	t.Helper()
	schema, err := shape.Schema().Resolve(nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	taken, refused := 0, 0
	try := func(text string) {
		var value any
		if yaml.Load([]byte(text), &value) != nil {
			return
		}
		_, problems := read(shape, text)
		admits := schema.Validate(asJSON(t, value))
		switch {
		case problems == nil && admits != nil:
			t.Errorf("%s takes %q, and its schema does not: %v", name, text, admits)
		case problems == nil:
			taken++
		case admits != nil:
			refused++
		}
	}
	for _, text := range []string{"true", "False", "FALSE", "auto", "1.1", "2", "off", "${LEGS}", "${EMPTY:-5}", "\"5\"", "\"1.1\"", "~", "[]", "{}", "0x10", "010", ".5", "5.", "5/s", "5%", "5s", "", "100%", "1e3"} {
		try(text)
	}
	texts := rapid.OneOf(rapid.StringMatching(spelling), rapid.StringMatching(`"(`+spelling+`)"`))
	rapid.Check(t, func(t *rapid.T) { try(texts.Draw(t, "text")) })
	if taken < 3 || refused < 3 {
		t.Errorf("%s took %d texts, and schema and reader refused %d: the test shows nothing", name, taken, refused)
	}
}

// asJSON is a value as it is after a trip through JSON.
func asJSON(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// The schema of a shape that holds itself is finite, resolves, and says the
// same as the reader.
func TestDocument(t *testing.T) {
	schema := Document("animals", animalShape())
	if len(schema.Defs) != 1 || schema.Defs["animal"] == nil || schema.Schema != "https://json-schema.org/draft/2020-12/schema" {
		t.Fatalf("the schema is %+v", schema)
	}
	resolved, err := schema.Resolve(&jsonschema.ResolveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for text, good := range map[string]bool{
		`{"name": "cow", "young": {"name": "calf", "young": {"name": "x", "legs": "${LEGS}"}}}`: true,
		`{"name": "cow", "x-anything": {"at": "all"}}`:                                          true,
		`{"name": "cow", "young": {"legs": 4}}`:                                                 false,
		`{"name": "cow", "wings": 2}`:                                                           false,
		`{"name": "cow", "young": {"name": "calf", "young": {"name": "x", "legs": -4}}}`:        false,
		`{"name": "cow", "food": []}`:                                                           false,
		`{"name": "cow", "food": ["stone"]}`:                                                    false,
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(v); (err == nil) != good {
			t.Errorf("%s: good is %v, the schema says %v", text, good, err)
		}
		if _, problems := read(animalShape(), text); (problems == nil) != good {
			t.Errorf("%s: good is %v, the reader says %v", text, good, problems)
		}
	}
}
