package condition

import (
	"strings"
	"testing"
	"time"

	"plimsoll/target/look"
	"plimsoll/target/setting"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// world are facts for tests, numbered as they are asked for.
type world struct {
	answer    look.Answer
	variables map[string]value.Value
	operands  []look.Operand
	refs      []template.Ref
}

func (w *world) bind(c *Condition) {
	c.Bind(func(o look.Operand) int { w.operands = append(w.operands, o); return len(w.operands) - 1 },
		func(r template.Ref) int { w.refs = append(w.refs, r); return len(w.refs) - 1 })
}

func (w *world) Found(n int) value.Value {
	v, _ := w.operands[n].Find(&w.answer)
	return v
}
func (w *world) Time() time.Duration { return 250 * time.Millisecond }
func (w *world) Variable(n int) value.Value {
	v, _ := w.variables[w.refs[n].Name].Follow(w.refs[n].Path, func(int) int { return 0 })
	return v
}

func someWorld() *world {
	return &world{
		answer: look.Answer{Status: 201, Body: []byte(`{"total":0,"big":9007199254740993,"state":"not yet","took":"1500ms","tags":["a",7],"nil":null,"empty":""}`), Head: []byte("X-Cost: 1e2\r\n")},
		variables: map[string]value.Value{
			"ids": value.JSON(`[3,4]`), "want": {Kind: value.Number, Text: "201.0"}, "who": value.Of("Ann, B"),
		},
	}
}

// What each holds is known from the contract, and what is said of it when asked
// what both sides are.
func TestHolds(t *testing.T) {
	for text, want := range map[string]string{
		"status == 201":                    "+",
		"status==201":                      "+",
		"status == ${want}":                "+",
		"status != 201":                    "-status is 201, want != 201",
		"status in [200, 202]":             "-status is 201, want in [200, 202]",
		"status in [200, '201']":           "+",
		"status matches ^2":                "+",
		"json.total > 0":                   "-json.total is 0, want > 0",
		"json.total == 0.0":                "+",
		"json.big == 9007199254740992":     "-json.big is 9007199254740993, want == 9007199254740992",
		"json.big > 9007199254740992":      "+",
		"json.state == done":               `-json.state is "not yet", want == done`,
		"json.state == 'not yet'":          "+",
		`json.state == not yet`:            "+",
		"json.state contains yet":          "+",
		"json.tags contains 7.0":           "+",
		"json.tags contains b":             `-json.tags is ["a",7], want contains b`,
		"json.took > 1s":                   "+",
		"json.took <= 1.5s":                "+",
		"json.nil exists":                  "+",
		"json.nil == null":                 "+",
		"json.gone missing":                "+",
		"json.gone exists":                 "-json.gone is missing, want it there",
		"json.total missing":               "-json.total is 0, want it missing",
		"json.gone != 1":                   "-json.gone is missing, want != 1",
		`json.empty == ""`:                 "+",
		`json.empty != ""`:                 `-json.empty is "", want != ""`,
		"header.x-cost == 100":             "+",
		"bytes < 1kB":                      "+",
		"bytes > 1kB":                      "-bytes is 105, want > 1000",
		"time < 300ms":                     "+",
		"time < 0.25s":                     "-time is 250ms, want < 0.25s",
		"ids.count > 0":                    "+",
		"ids.count == 2":                   "+",
		"ids.last >= 5":                    "-ids.last is 4, want >= 5",
		"ids contains 3":                   "+",
		"gone exists":                      "-gone is missing, want it there",
		"json.state == ${who}":             `-json.state is "not yet", want == "Ann, B"`,
		"json.state == x${gone}":           `-json.state is "not yet", want == x${gone} (which has no value)`,
		`who in ["Ann, B", c]`:             "+",
		"body matches \"state\":\\s*\"not": "+",
	} {
		c, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		w := someWorld()
		w.bind(&c)
		if got := c.Holds(w); got != (want == "+") {
			t.Errorf("%s holds: %v (%s)", text, got, c.Explain(w))
		} else if !got && "-"+c.Explain(w) != want {
			t.Errorf("%s: %s, want %s", text, c.Explain(w), want)
		}
	}
}

func TestWhatIsNoCondition(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "is empty",
		"status":             "no operator",
		"true":               "no operator",
		"status = 200":       `did you mean "=="?`,
		"status => 200":      `did you mean ">="?`,
		"status is 200":      `did you mean "=="?`,
		"body contain x":     `did you mean "contains"?`,
		"body like x":        "there are ==, !=",
		"${id} == 3":         "write id without ${ }",
		"== 3":               "nothing on its left",
		"status ==":          "nothing behind ==",
		"json.id exists now": "nothing may follow exists",
		"status in 200":      "no list of values",
		"status in []":       "no list of values",
		"status in [200,,]":  "beside a comma",
		"status == 2xx":      "write status matches ^2",
		"status == ok":       "no status code",
		"time < 300":         "write 300s or 300ms",
		"time.x < 3s":        "time alone",
		"bytes < 3 miles":    "not a size",
		"rows > many":        "rows is a number",
		"body matches (":     "does not compile: missing closing )",
		"body matches (?=x)": "RE2 cannot look around",
		"body matches ${x}":  "cannot have variables",
		"body matches":       "nothing behind matches",
		"Status == 200":      "neither something of an answer",
		"header == 3":        "header needs a name",
		"json..a == 3":       "lacks a name beside a dot",
		"json.a == ${b":      "is not closed",
		"status.code == 3":   "write status alone",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestWhatYAMLMakesOfConditions(t *testing.T) {
	const quote = "in single quotes"
	for text, want := range map[string][2]string{ // a problem, a warning
		"status == 200":                       {},
		"[status == 200, json.total > 0]":     {},
		"- status == 200\n- json.id == ${id}": {},
		"'status in [200, 201]'":              {},
		"status in [200, 201]":                {"", quote},
		"body matches ^a":                     {"", quote},
		"status == 200 # fine":                {"", "is a comment"},
		"'status == 200' # fine":              {},
		"- body contains a,b":                 {"", quote},
		"body contains #1":                    {quote, ""},
		"[body contains a, b]":                {quote, ""},
		"body contains a: b":                  {quote, ""},
		"[[status == 1]]":                     {quote, ""},
		"[]":                                  {"the list is empty", ""},
		"":                                    {"", ""},
		"json.state == ${STATE}":              {},
	} {
		r := setting.NewReader(func(name string) (string, bool) { return "${x}", name == "STATE" }, "")
		root := r.Load([]byte("check: " + strings.ReplaceAll("\n"+text, "\n", "\n  ")))
		if text == "" {
			continue
		}
		got, ok := Shape().Read(r, root.Content[1])
		if problems, warnings := r.Problems(), r.Warnings(); ok != (want[0] == "") || len(problems) > 0 == ok || len(warnings) > 0 != (want[1] != "") ||
			!ok && !strings.Contains(problems[0].Text, want[0]) || want[1] != "" && !strings.Contains(warnings[0].Text, want[1]) {
			t.Errorf("%s: %v, %v, %v; want %q", text, got, problems, warnings, want)
		}
	}
}

func TestTheEnvironmentsValuesAreNoTemplates(t *testing.T) {
	r := setting.NewReader(func(string) (string, bool) { return "${x}$$", true }, "")
	got, ok := Shape().Read(r, r.Load([]byte("json.a == ${STATE}")))
	w := someWorld()
	w.bind(&got[0])
	if !ok || got[0].Explain(w) != "json.a is missing, want == ${x}$$" {
		t.Errorf("%v", r.Problems())
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"status in [200, '201']", `json."a.b".*.c matches ^"x"$`, "a.b.0 == ${random.1-3}$$", "time < 3s", "x=="} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		w := someWorld()
		w.bind(&c)
		if c.Explain(w) == "" || c.Holds(w) && c.op.word == missing && c.left.value(w).Kind != value.None {
			t.Errorf("%q: %s", text, c.Explain(w))
		}
		again, err := Parse(c.String())
		if err != nil || again.String() != c.String() {
			t.Errorf("%q is read as %q, and that as %q, %v", text, c.String(), again.String(), err)
		}
	})
}
