package step

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/journey"
	"plimsoll/target/delay"
	"plimsoll/target/retry"
	"plimsoll/target/setting"
	"plimsoll/target/value"
)

// A condition between steps sees what the last call found, whichever that was:
// after a choice, in the second pass of a loop, behind a block that has failed.
func TestIfLooksAtTheLastCall(t *testing.T) {
	const shop = `
target: shop
shop:
  delay: 1s
  routes:
    /a: {answer: {json: {kind: a, more: 1}}}
    /b: {answer: {json: {kind: b, code: 7, more: 2}}}
    /c: {answer: {json: {kind: c}, headers: {X-Next: "d"}}}
    /bad: {answer: {status: 404, json: {kind: bad}}}
`
	for name, c := range map[string]struct {
		steps string
		want  []string
	}{
		"one": {`
  - get: /a
  - {get: /b, if: json.kind == a}
  - {get: /a, if: json.kind == a}
  - {get: /c, if: [json.kind == b, json.code == 7, time >= 1s]}
  - {get: /d, if: [header.X-Next == d, json.kind == c]}`, []string{"/a", "/b", "/c", "/d"}},
		"a choice": {`
  - {get: /b, extract: {n: json.code}}
  - {get: /a, if: n == 8}
  - {get: /c, if: n == 7, check: header.X-Next == d}
  - {get: /d, if: json.kind == c}`, []string{"/b", "/c", "/d"}},
		"a loop": {`
  - get: /a
  - repeat: 3
    steps:
      - {get: /e, if: json.kind == c}
      - {get: /c, if: json.kind != c}`, []string{"/a", "/c", "/e"}},
		"a block that fails": {`
  - get: /a
  - steps: [{get: /c, check: header.X-Next == z}, {get: /never}]
    on_error: continue
  - {get: /d, if: json.kind == c}`, []string{"/a", "/c", "/d"}},
		"branches": {`
  - get: /a
  - parallel: [{get: /d, if: json.kind == a}, {get: /c}]
  - {get: /b, if: json.kind == a}`, []string{"/a", "/d", "/c", "/b"}},
		"a status that is judged": {`
  - {get: /bad, check: status == 404}
  - {get: /d, if: status == 404}
  - {get: /bad, on_error: continue}
  - {get: /e, if: status == 404}
  - {get: /bad, fail_if: json.kind == bad}
  - {get: /never}`, []string{"/bad", "/d", "/bad", "/e", "/bad"}},
	} {
		t.Run(name, func(t *testing.T) {
			// What is not there fails no call of these: the default answer is no JSON.
			out := carry(t, []byte(shop+"steps:"+c.steps), 1, 1)
			var seen []string
			for _, s := range out.seen {
				seen = append(seen, s[strings.Index(s, "/"):])
			}
			same(t, seen, c.want)
		})
	}
}

// The steps of journeys are shared by scenarios: what one makes of them, the
// other does not see.
func TestJourneysAreShared(t *testing.T) {
	text := `
target: shop
shop: {answer: {json: {n: "${n}"}}}
journeys: {look: [{get: /look, check: "json.n == ${want}"}]}
steps: [{set: {want: 0}}, {journey: look}]
`
	r := setting.NewReader(func(string) (string, bool) { return "", false }, ".")
	f, _ := fileShape().Read(r, r.Load([]byte(text)))
	first := f.scenario()
	program, ok := Compile(r, first, &Names{})
	other := f.scenario()
	other.Main = append([]Step(nil), f.steps...)
	g, _ := fileShape().Read(r, r.Load([]byte("steps: [{set: {a: 1, b: 2, want: 3}}, {repeat: 2, if: [a == 1, \"b == ${a}\"], steps: [{journey: look}]}]")))
	other.Main = g.steps
	if _, good := Compile(r, other, &Names{}); !ok || !good {
		t.Fatal(r.Problems())
	}
	check := program.Main.Calls()[0].Check[0]
	if got := check.Explain(facts{program.Main}); got != "json.n is missing, want == want" {
		t.Errorf("it judges: %s", got)
	}
}

// What a step says goes before what its scenario does, and what neither says has
// its default.
func TestWhatCallsAreMadeOf(t *testing.T) {
	compiled, _, told := compiled(".", []byte(`
target: shop
timeout: 30s
steps:
  - {get: /a, until: json.a == 1}
  - {get: /b, timeout: 2s, retry: {attempts: 4}, until: json.a == 1, every: 3s, within: 9s, on_error: stop}
  - {call: stock, on_error: continue, check: status == 404}
`))
	if told != "" {
		t.Fatal(told)
	}
	calls := compiled.Main.Calls()
	a, b, c := calls[0], calls[1], calls[2]
	if a.Timeout != 30*time.Second || a.Every.Kind != delay.Of(time.Second).Kind || a.Every.A != time.Second || a.Within != 0 || a.OnError != journey.End || a.AnyStatus || a.Carrier != 0 {
		t.Errorf("the first is %+v", a)
	}
	if b.Timeout != 2*time.Second || b.Retry.Attempts != 4 || b.Every.A != 3*time.Second || b.Within != 9*time.Second || b.OnError != journey.Stop {
		t.Errorf("the second is %+v", b)
	}
	if c.Prepared != nil || c.OnError != journey.Continue || !c.AnyStatus || c.Carrier != 1 || fmt.Sprint(compiled.Targets) != "[shop stock]" {
		t.Errorf("the third is %+v of %v", c, compiled.Targets)
	}
	if zero := (retry.Settings{}); a.Retry.Attempts != zero.Attempts {
		t.Errorf("the first is tried again: %+v", a.Retry)
	}
}

// facts show which variable a reference stands for.
type facts struct{ *journey.Program }

func (facts) Found(int) value.Value { return value.Value{} }
func (facts) Time() time.Duration   { return 0 }
func (f facts) Variable(n int) value.Value {
	if n >= len(f.Refs) {
		return value.Value{}
	}
	return value.Of(f.Names[f.Refs[n].Variable])
}

// What says who asks is a secret, whoever has set it; what else is sent is none.
func TestWhoAsksIsASecret(t *testing.T) {
	compiled, _, told := compiled(".", []byte(`
target: shop
data: {who: {values: [{name: a}]}}
steps:
  - {get: /a, extract: {token: json.a, session: json.b, key: json.c, raw: json.d, id: json.e}}
  - {get: "/b/${id}", auth: {bearer: "${token}"}, cookies: {s: "${session}"}, headers: {Authorisation: "${id}"}}
  - {get: /c, headers: {authorization: "Key ${key} ${who.name}", X-Id: "${id}", COOKIE: "a=${raw}"}}
`))
	if told != "" || fmt.Sprint(compiled.Secrets) != "[key raw session token]" {
		t.Errorf("secret are %v %s", compiled.Secrets, told)
	}
}

// A journey that one of a file's scenarios does is used, and one that none does is
// told of once.
func TestJourneysAreTheWholeFiles(t *testing.T) {
	r := setting.NewReader(func(string) (string, bool) { return "", false }, "testdata")
	f, ok := fileShape().Read(r, r.Load([]byte("target: shop\njourneys:\n  browse: [{get: /a}]\n  buy: [{get: /b}]\n  rest: [{get: /c}]\nmix: {browse: 1}\n")))
	other, good := fileShape().Read(r, r.Load([]byte("target: shop\nsteps: [{journey: buy}]\n")))
	if !ok || !good {
		t.Fatal(r.Problems())
	}
	second := other.scenario()
	second.Journeys = f.journeys
	names := &Names{}
	for _, s := range []*Scenario{f.scenario(), second} {
		if _, ok := Compile(r, s, names); !ok {
			t.Fatal(r.Problems())
		}
	}
	names.Warn(r)
	if told := r.Warnings(); len(told) != 1 || !strings.Contains(told[0].Text, "no scenario does the journey rest") {
		t.Errorf("%v", told)
	}
}
