package setting

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// shelter is a union: a number of places, or a map with one key.
func shelterShape() Shape[string] {
	return Either("a shelter: a count, or what it is", Forms[string]{
		Scalar: Convert(Count(1, 9), func(*Reader, Pos, int) (string, bool) { return "places", true }),
		Map: Choice("a shelter",
			When("stable", "Of stone.", Count(1, 9), func(int) string { return "stable" }),
			When("nest", "Of straw.", Object("a nest", Key("eggs", "How many.", Count(0, 5), func(n *int) *int { return n }).Required()), func(int) string { return "nest" }),
		),
	})
}

// A value of a union that is wrong is told in the words of the form that was
// meant, where it stands.
func TestUnions(t *testing.T) {
	for text, want := range map[string]string{
		"3":                     "",
		"stable: 3":             "",
		"{nest: {eggs: 2}}":     "",
		"12":                    "1:1 12 is out of range: write a whole number from 1 to 9",
		"[3]":                   "1:1 expected a shelter: a count, or what it is, found a list",
		"~":                     "1:1 expected a shelter: a count, or what it is, found nothing",
		"{}":                    "1:1 the map is empty, expected the kind of a shelter, there are stable and nest",
		"cave: 1":               `1:1 unknown kind "cave" of a shelter, there are stable and nest`,
		"stabel: 99":            `1:1 unknown kind "stabel" of a shelter, did you mean "stable"?|1:9 99 is out of range: write a whole number from 1 to 9`,
		"{nest: {}, eggs: 2}":   `1:12 a shelter has one key that says its kind, found "eggs" beside "nest": indent it under nest`,
		"{eggs: 2, nest: }":     `1:2 a shelter has one key that says its kind, found "eggs" beside "nest": indent it under nest`,
		"{nest: {}, stable: 1}": `1:12 a shelter has one key that says its kind, found "stable" beside "nest"`,
		"nest: {}":              "1:7 a nest needs the key eggs: how many",
	} {
		v, problems := read(shelterShape(), text)
		if got := strings.Join(problems, "|"); got != want || (want == "") != (v != "") {
			t.Errorf("%s\nis %q, and says\n%s\nwant\n%s", text, v, got, want)
		}
	}
}

// The schema of unions and lists admits what their readers take.
func TestSchemaAdmitsUnions(t *testing.T) {
	checkScalar(t, "a shelter", shelterShape(), `[0-9]|\{(nest|stable|cave): ([0-9]|\{eggs: [0-9]\})\}`)
	checkScalar(t, "one or more", OneOrMore(Count(1, 5)), `[0-9]|\[[0-9](, [0-9k]){0,3}\]`)
	checkScalar(t, "by name", Map("counts by name", Count(1, 5)), `\{[a-c]: [0-9], [d-f]: [0-9]\}`)
}

// What a text holds of the environment is put in wherever it stands, and a
// text that is escaped means itself.
func TestEnvironment(t *testing.T) {
	text := Text("a text")
	for written, want := range map[string]string{
		"a-${LEGS}-b${LEGS}": "a-4-b4", "${EMPTY}": "", "${EMPTY:-7}": "7", "${UNSET:-}": "", "${UNSET:-a b}": "a b", "${LEGS:-7}": "4",
		"$${LEGS}": "${LEGS}", "$$$$": "$$", "$5 a $": "$5 a $", "${UNSET": "!1:1", "${legs}": "!1:1", "x ${a.b}": "!1:1", "${9}": "!1:1", "${UNSET}": "!1:1",
	} {
		got, problems := read(text, `"`+written+`"`)
		place, wrong := strings.CutPrefix(want, "!")
		if wrong != (len(problems) == 1) || wrong && !strings.HasPrefix(problems[0], place+" ") || !wrong && got != want {
			t.Errorf("%s is %q, want %q: %v", written, got, want, problems)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.StringMatching(`[a-zA-Z${} :_-]{1,12}`).Draw(t, "text")
		written := strings.ReplaceAll(plain, "$", "$$")
		if got, problems := read(text, `"`+written+`"`); got != plain || problems != nil {
			t.Fatalf("%q is read as %q: %v", written, got, problems)
		}
	})
}

// Problems come in the order of the file, wherever they were reported, and
// inside it.
func TestProblemsAreOrderedAndInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := NewReader(func(string) (string, bool) { return "", false }, ".")
		r.Load([]byte("a: 1\nbb: 22\n"))
		at := rapid.IntRange(-2, 9)
		for range rapid.IntRange(1, 6).Draw(t, "problems") {
			r.Problem(Pos{at.Draw(t, "line"), at.Draw(t, "column")}, "wrong")
		}
		problems := r.Problems()
		for i, p := range problems {
			if p.Line < 1 || p.Line > 2 || p.Column < 1 || p.Column > len(r.Lines()[p.Line-1])+1 {
				t.Fatalf("%v lies outside", p)
			}
			if i > 0 && (Later(p.Pos, problems[i-1].Pos) != p.Pos || p == problems[i-1]) {
				t.Fatalf("%v", problems)
			}
		}
	})
}

// A value and a list of such are read alike, and know which they were.
func TestOneOrMore(t *testing.T) {
	shape := OneOrMore(Count(1, 9))
	for text, want := range map[string][]int{"3": {3}, "[3]": {3}, "[1, 2, 9]": {1, 2, 9}, "[]": nil, "[1, x]": nil, "{a: 1}": nil} {
		got, problems := read(shape, text)
		if (problems == nil) != (want != nil) || want != nil && (!slices.Equal(got.Values(), want) || got.Listed != strings.HasPrefix(text, "[")) {
			t.Errorf("%s: %+v, %v", text, got, problems)
		}
	}
}
