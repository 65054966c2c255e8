package template

import (
	"os"
	"strings"
	"testing"

	"plimsoll/target/setting"
	"plimsoll/target/value"
)

func TestAppend(t *testing.T) {
	args := []value.Value{value.Of(`a b/"c?&=é`), {Kind: value.Number, Text: "1.50"}, {Kind: value.Object, Text: `{"k": [1]}`}}
	for text, want := range map[string]string{
		"/x/${a}?q=${b}&c=${c}":    "/x/a%20b%2F%22c%3F&=%C3%A9?q=1.50&c=%7B%22k%22%3A%20%5B1%5D%7D",
		"/x?q=${a}":                "/x?q=a%20b%2F%22c%3F%26%3D%C3%A9",
		"${a|raw}&x=${b}&y=${c}":   `a b/"c?&=é&x=1.50&y=%7B%22k%22%3A%20%5B1%5D%7D`,
		"/$${a}/$x/$$/${a.f}${b}$": "/${a}/$x/$/a%20b%2F%22c%3F&=%C3%A91.50$",
		`${a."}.|" . x}`:           "",
		"nothing":                  "nothing",
		"":                         "",
		`/${a."}.|"|raw}`:          `/a b/"c?&=é`,
	} {
		got, err := Parse(text)
		if want == "" && text != "" {
			if err == nil {
				t.Errorf("%s is taken", text)
			}
			continue
		}
		if s := string(got.Append(nil, args, InURL)); err != nil || s != want {
			t.Errorf("%s becomes %s, %v; want %s", text, s, err, want)
		}
	}
}

func TestHolesNumberAllTextsOfACall(t *testing.T) {
	var h Holes
	one, _ := h.Parse("/${a}/${b.0.\"x.y\"}")
	two, _ := h.Parse("${random.-3-7}")
	args := []value.Value{value.Of("1"), value.Of("2"), value.Of("3")}
	if got := string(two.Append(one.Append(nil, args, AsIs), args, AsIs)); got != "/1/23" {
		t.Errorf("got %s", got)
	}
	refs := h.Refs()
	if len(refs) != 3 || refs[1].Name != "b" || strings.Join(refs[1].Path, "|") != "0|x.y" || refs[2].Low != -3 || refs[2].High != 7 {
		t.Errorf("got %+v", refs)
	}
	if hole, whole := two.Whole(); !whole || hole != 2 {
		t.Errorf("%d, %v", hole, whole)
	}
}

func TestJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{id: "${a}", n: [1.0, 007, 1_000, 0x1F, .5, 1e3, 2001-01-01], s: 'x ${a} "y"', t: True, u: null, v: ~, w: "", y: yes, q: "1", "${b}": $N, e: '${E}', i: {}, r: '${b|raw}'}`: `{"id":7,"n":[1.0,"007","1_000","0x1F",".5",1e3,"2001-01-01"],"s":"x 7 \"y\"","t":true,"u":null,"v":null,"w":"","y":"yes","q":"1","b\"":"$N","e":"$${x}\"","i":{},"r":b"}`,
		"n: ${FIVE}\ns: '${FIVE}'\nt: ${FIVE}${a}": `{"n":5,"s":"5","t":"57"}`,
		"'${b}'": `"b\""`,
	} {
		r := setting.NewReader(func(name string) (string, bool) {
			return map[string]string{"E": `$${x}"`, "FIVE": "5"}[name], true
		}, "")
		got, ok := JSON().Read(r, r.Load([]byte(text)))
		args := make([]value.Value, len(got.Refs()))
		for i, ref := range got.Refs() {
			args[i] = map[string]value.Value{"a": {Kind: value.Number, Text: "7"}, "b": value.Of(`b"`)}[ref.Name]
		}
		if s := string(got.Append(nil, args, AsIs)); !ok || s != want {
			t.Errorf("%s becomes\n%s\n%s\n%v", text, s, want, r.Problems())
		}
	}
}

func TestReferencesKnowTheirPlaces(t *testing.T) {
	r := setting.NewReader(os.LookupEnv, "")
	got, _ := Shape("a text").Read(r, r.Load([]byte("'${a} é ${b}${a}'")))
	for i, column := range []int{2, 9, 13} {
		if at := got.Refs()[i].Pos; at != (setting.Pos{Line: 1, Column: column}) {
			t.Errorf("reference %d stands at %v, want column %d", i, at, column)
		}
	}
	Shape("a text").Read(r, r.Load([]byte("\"\\u0041 ${a} é ${random.9-1}\"")))
	if p := r.Problems(); len(p) != 1 || p[0].Column != 16 || !strings.Contains(p[0].Text, "9 is above 1: swap them") {
		t.Errorf("%v", p)
	}
}
