package scenario

import (
	"testing"

	"plimsoll/runner/result"
	"plimsoll/target/value"
)

// Each trial calls the target of its mode, and has the value of its place: in a
// scenario of single calls and in one of steps.
func TestTrialsCallTheirModesTargets(t *testing.T) {
	const text = `
targets:
  old: {sim: {delay: 1ms}}
  new: {sim: {delay: 2ms}}
  other: {sim: {delay: 3ms}}
scenarios:
  - name: calls
    requests: 4
    vary: {size: [10, all, 2.5]}
    modes: [{mode: sequential, target: old, name: old}, {mode: sequential, target: new, name: new}]
  - name: steps
    target: old
    requests: [4, 5]
    modes: [sequential, {concurrent: 2, target: new, name: new}]
    steps: [{get: /a}, {get: /b, target: other}]
`
	plan, problems := Parse("s.yaml", []byte(text), environment, ".")
	if plan == nil {
		t.Fatal(problems)
	}
	varied := map[string]value.Value{
		"size=10": {Kind: value.Number, Text: "10"}, "size=all": value.Of("all"), "size=2.5": {Kind: value.Number, Text: "2.5"},
	}
	seen := map[string]int{}
	for _, trial := range plan.Trials() {
		want := map[string]string{"old": "old", "new": "new", "sequential": "old"}[trial.Mode.Name]
		if got := trial.Scenario.Target.Name; got != want {
			t.Errorf("%s %s calls %s", trial.Scenario.Name, trial.Mode.Name, got)
		}
		called := trial.Called()
		if trial.Scenario.Name == "steps" {
			if len(called) != 2 || called[0].Name != want || called[1].Name != "other" || trial.Scenario.Steps.Main.Rows[0].Target != want {
				t.Errorf("steps of %s call %v", trial.Mode.Name, called)
			}
			continue
		}
		if size := trial.Values()["size"]; trial.Requests != 4 || size != varied[trial.Sweep.Vary] || size.Kind == value.None {
			t.Errorf("at %s size is %v, of %d requests", trial.Sweep, size, trial.Requests)
		}
		seen[trial.Sweep.Vary+" "+trial.Mode.Name]++
	}
	if len(seen) != 6 {
		t.Errorf("%v", seen)
	}
	if calls := plan.Scenarios[0]; len(calls.Sweep) != 3 || calls.Sweep[1] != (result.Point{Vary: "size=all"}) {
		t.Errorf("%v", calls.Sweep)
	}
	again, err := plan.Retarget("other")
	if err != nil {
		t.Fatal(err)
	}
	for _, trial := range again.Trials() {
		if trial.Scenario.Target.Name != "other" {
			t.Errorf("%s %s calls %s where all were to call another", trial.Scenario.Name, trial.Mode.Name, trial.Scenario.Target.Name)
		}
	}
}
