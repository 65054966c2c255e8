package value

import (
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Numbers compare as math/big has them, whatever their length.
func TestNumbersCompareExactly(t *testing.T) {
	spelling := rapid.StringMatching(`[+-]?([0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,5})([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := spelling.Draw(t, "a"), spelling.Draw(t, "b")
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		if got := Compare(Of(a), Of(b)); got != x.Cmp(y) {
			t.Fatalf("%s and %s compare as %d, want %d", a, b, got, x.Cmp(y))
		}
	})
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"9007199254740993", "9007199254740992", 1}, {"1e99999999999999999999", "2", 1}, {"007", "7", 0}, {"250ms", "0.3s", -1}, {"1m", "60s", 0}, {"10", "9x", -1}, {"true", "true", 0}, {"1.2.3", "1.2.3", 0}, {"-0", "0.0", 0}} {
		if got := cmp.Compare(Compare(Of(c.a), Of(c.b)), 0); got != c.want {
			t.Errorf("%s and %s compare as %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// Any text goes through JSON and comes back, as encoding/json reads it.
func TestTextsComeBackFromJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		raw := Of(text).AppendJSON(nil)
		var back string
		if err := json.Unmarshal(raw, &back); err != nil || back != text || JSON(string(raw)) != Of(text) {
			t.Fatalf("%q becomes %s, %q, %v", text, raw, back, err)
		}
	})
}

func TestDeepJSONIsRefused(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if JSON(nested(Deepest)).Kind != List || Check(nested(Deepest)) != nil {
		t.Errorf("%d levels are refused", Deepest)
	}
	for _, raw := range []string{nested(Deepest + 1), nested(1 << 20), strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 1<<18)} {
		if v := JSON(raw); v.Kind != None {
			t.Errorf("%.20s… of %d bytes is %v", raw, len(raw), v.Kind)
		}
		if err := Check(raw); err == nil || !strings.Contains(err.Error(), "1000 levels") {
			t.Errorf("%.20s…: %v", raw, err)
		}
	}
}

func TestFollow(t *testing.T) {
	v := JSON(` {"a.b": [1, {"x": "y"}, null], "n": 5} `)
	for path, want := range map[string]string{"a.b/0": "1", "a.b/1/x": "y", "a.b/count": "3", "a.b/last": "null", "a.b/first": "1", "a.b/any/x": "y", "n": "5"} {
		if got, ok := v.Follow(strings.Split(path, "/"), func(n int) int { return n - 2 }); !ok || got.String() != want {
			t.Errorf("%s is %v, %v; want %s", path, got, ok, want)
		}
	}
	for _, path := range []string{"a", "a.b/3", "a.b/-1", "a.b/#", "n/x", "*", "a.b/18446744073709551616"} {
		if got, ok := v.Follow(strings.Split(path, "/"), func(int) int { return 0 }); ok {
			t.Errorf("%s is %v", path, got)
		}
	}
}

// Texts are of all depths, without names of fields, and numbers as they came.
func TestTexts(t *testing.T) {
	for text, want := range map[string][]string{
		`{"a": "s\"q", "b": ["x", {"c": 2.50}], "d": true, "e": null}`: {`s"q`, "x", "2.50"},
		`"one"`: {"one"}, `[[["deep"]]]`: {"deep"}, `null`: nil, `true`: nil, `{}`: nil,
	} {
		if got := JSON(text).Texts(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
