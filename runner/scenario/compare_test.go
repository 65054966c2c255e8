package scenario

import (
	"reflect"
	"strings"
	"testing"

	"plimsoll/runner/result"
	"plimsoll/target/sim"
)

func TestTolerancesAreRead(t *testing.T) {
	plan := parse(t, `
  - {name: one, target: model, requests: 3, modes: [sequential], compare: {p50: 1%, tolerance: 7%, errors: 0.5%, makespan: 0%}}
  - {name: two, target: model, duration: 1s, modes: [sequential], compare: {rate: 2%, p99: 150%}}
  - {name: three, target: model, duration: 1s, modes: [sequential]}`)
	for i, want := range [][]result.Tolerance{
		{{Scenario: "one", Metric: "", Value: 0.07}, {Scenario: "one", Metric: "makespan"}, {Scenario: "one", Metric: "p50", Value: 0.01}, {Scenario: "one", Metric: "errors", Value: 0.005}},
		{{Scenario: "two", Metric: "rate", Value: 0.02}, {Scenario: "two", Metric: "p99", Value: 1.5}},
		nil,
	} {
		if got := plan.Scenarios[i].Tolerances; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", plan.Scenarios[i].Name, got, want)
		}
	}
}

func TestRetarget(t *testing.T) {
	text := `
targets:
  slow: {sim: {delay: 10ms}}
  fast: {sim: {delay: 1ms}}
  instant: {sim: {}}
  shop: {http: {url: "http://127.0.0.1:8080/items"}}
scenarios:
  - {name: one, target: slow, clock: virtual, duration: 1s, modes: [sequential]}
  - {name: two, target: shop, requests: 5, modes: [sequential]}
`
	plan, problems := Parse("s.yaml", []byte(text), environment, ".")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	other, err := plan.Retarget("fast")
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range other.Scenarios {
		if s.Target.Name != "fast" || s.Target.Settings.(*sim.Settings) == nil || !reflect.DeepEqual(s.Modes, plan.Scenarios[i].Modes) {
			t.Errorf("scenario %d calls %v", i, s.Target)
		}
	}
	if plan.Scenarios[0].Target.Name != "slow" || plan.Scenarios[1].Target.Name != "shop" {
		t.Error("the plan itself was changed")
	}
	for name, want := range map[string]string{
		"fest":    `there is no target "fest" in s.yaml, did you mean "fast"?`,
		"shop":    `scenario "one" cannot call the target "shop": only sim targets can keep a virtual clock`,
		"instant": `scenario "one" cannot call the target "instant": mode sequential: simulated time would stand still: the target answers at once`,
	} {
		if _, err := plan.Retarget(name); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
