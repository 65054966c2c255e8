package scenario

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
	"plimsoll/target/client"
	"plimsoll/target/delay"
	"plimsoll/target/http"
	"plimsoll/target/quantity"
	"plimsoll/target/sim"
)

// parse reads a good file whose targets are `model` (10 ms, simulated) and
// `shop` (http).
func parse(t *testing.T, scenarios string) *Plan {
	t.Helper()
	text := "targets:\n  model: {sim: {delay: 10ms}}\n  shop: {http: {url: \"http://127.0.0.1:8080/items\"}}\nscenarios:\n" + scenarios
	plan, problems := Parse("test.yaml", []byte(text), environment, "testdata/good")
	if len(problems) > 0 {
		t.Fatalf("%s\nis refused:\n%v", text, problems)
	}
	return plan
}

func goodFile(t *testing.T, name string) *Plan {
	t.Helper()
	text, err := os.ReadFile("testdata/good/" + name)
	if err != nil {
		t.Fatal(err)
	}
	plan, problems := Parse(name, text, environment, "testdata/good")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return plan
}

func TestDefaults(t *testing.T) {
	plan := parse(t, "  - {name: one, target: shop, requests: 3, modes: [rate-limited: 5/2s]}")
	column := &mode.Column{Name: "rate-limited-5/2s", Modes: []mode.Mode{
		mode.Open{Rate: quantity.Rate{N: 5, Per: 2 * time.Second}, Arrivals: mode.Constant, MaxInFlight: 10_000}}}
	settings := plan.Scenarios[0].Target.Settings.(*http.Settings)
	if settings.Scrub == nil {
		t.Error("the target cannot scrub")
	}
	settings.Scrub = nil
	want := &Scenario{
		Name: "one",
		Target: Target{"shop", &http.Settings{
			Calls:    []http.Request{{Method: "GET", URL: "http://127.0.0.1:8080/items"}},
			Settings: client.Settings{Timeout: 10 * time.Second}, Protocol: "1.1", Engine: "auto", MaxHead: 1_000_000, MaxBody: 1_000_000,
			Success: http.Success{Status: []http.StatusRange{{From: 200, To: 299}}},
		}},
		Clock: Real, Sweep: []result.Point{{Requests: 3}}, Requests: []int{3}, Drain: 30 * time.Second, Repeat: 1,
		Before: []string{}, After: []string{}, Modes: []*mode.Column{column}, Baseline: column,
	}
	if got := plan.Scenarios[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("the scenario is\n%s\nwant\n%s", dump(got), dump(want))
	}
	if len(plan.Targets) != 2 || plan.Targets[0].Name != "model" || plan.Targets[1] != plan.Scenarios[0].Target {
		t.Errorf("the targets are %s", dump(plan.Targets))
	}
	if plan.Seed != 1 || plan.Spin != 0.10 {
		t.Errorf("seed %d and spin %v, want 1 and 0.1", plan.Seed, plan.Spin)
	}
}

func dump(v any) string {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestScenarioSettings(t *testing.T) {
	plan := goodFile(t, "scenario.yaml")
	s := plan.Scenarios[0]
	p99, _ := verdict.ParseRule("speedup > 0.05")
	makespan, _ := verdict.ParseRule("makespan <= 5s")
	errors, _ := verdict.ParseRule("errors == 0%")
	at := result.Point{Requests: 100}
	want := &Scenario{
		Name: "Every.setting_1", Target: Target{"model", &sim.Settings{Delay: delay.Of(10 * time.Millisecond)}},
		Clock: Real, Sweep: []result.Point{at}, Requests: []int{100}, Warmup: 5 * time.Second, Drain: 0, Pause: 500 * time.Millisecond,
		Repeat: 5, KeepOrder: true, StopWhen: FirstError, StopOnError: true,
		Before: []string{"docker compose up -d"}, After: []string{`docker compose logs "$SERVICE" $1`, "docker compose down"},
		Modes:      []*mode.Column{{Name: "sequential", Modes: []mode.Mode{mode.Sequential{Closed: mode.Closed{Users: 1}}}}, {Name: "concurrent-10", Modes: []mode.Mode{mode.Closed{Users: 10}}}},
		Thresholds: []Threshold{{Mode: "sequential", Rule: p99}, {Mode: "sequential", Rule: makespan}, {Mode: "concurrent-10", Rule: errors}},
		Expect: []Expect{
			{"sequential", at, "makespan", 1, 0.005, "a book"},
			{"concurrent-10", at, "rate", 990.5, 0.005, "a book"},
			{"sequential", at, "speedup", 0.1, 0.005, "a book"},
		},
	}
	want.Baseline = want.Modes[1]
	if !reflect.DeepEqual(s, want) {
		t.Errorf("the scenario is\n%s\nwant\n%s", dump(s), dump(want))
	}
	if s.Baseline != s.Modes[1] {
		t.Error("the baseline is no mode of the scenario")
	}
	if merged := plan.Scenarios[2]; merged.Name != "merged" || len(merged.Thresholds) != 2 || merged.Thresholds[1].Rule.Text != "p(99.9)<300" {
		t.Errorf("what << merges is lost: %s", dump(merged))
	}
	if figures := plan.Scenarios[3].Expect; figures[1].At != (result.Point{RatePerS: 20}) || figures[1].Tolerance != 0.05 {
		t.Errorf("the figures at 1200/min are %+v, want them at 20/s with 5%%", figures[1])
	}
}

func feed(producers, consumers, queue int, produce delay.Delay) mode.Feed {
	return mode.Feed{Producers: producers, Consumers: consumers, Queue: queue, Produce: produce}
}

func TestModes(t *testing.T) {
	plan := goodFile(t, "modes.yaml")
	rate := func(n int64, per time.Duration) quantity.Rate { return quantity.Rate{N: n, Per: per} }
	column := func(name string, modes ...mode.Mode) mode.Column { return mode.Column{Name: name, Modes: modes} }
	open := func(name string, o mode.Open) mode.Column {
		o.MaxInFlight = cmp.Or(o.MaxInFlight, 10_000)
		return column(name, o)
	}
	want := []mode.Column{
		column("sequential", mode.Sequential{Closed: mode.Closed{Users: 1}}),
		column("slow", mode.Sequential{Closed: mode.Closed{Users: 1, Think: delay.Of(time.Second)}}),
		column("concurrent", mode.Closed{}),
		column("concurrent-10", mode.Closed{Users: 10}),
		column("concurrent-20", mode.Closed{Users: 20, Think: delay.Delay{Kind: delay.Exponential, A: time.Second}}),
		column("steady", mode.Closed{Users: 20, Think: delay.Of(time.Second), Pace: 5 * time.Second}),
		column("paced", mode.Sequential{Closed: mode.Closed{Users: 1, Pace: 200 * time.Millisecond}}),
		open("rate-limited-5/2s", mode.Open{Rate: rate(5, 2*time.Second), Arrivals: mode.Constant}),
		open("rate-limited-300/min", mode.Open{Rate: rate(300, time.Minute), Arrivals: mode.Poisson}),
		open("rate-limited-6/2s", mode.Open{Rate: rate(6, 2*time.Second), Arrivals: mode.Window, MaxInFlight: 1000}),
		open("rate-limited-7/2s", mode.Open{Rate: rate(7, 2*time.Second), Arrivals: mode.Bucket, Burst: 20, Drop: true}),
		open("rate-limited-40/s", mode.Open{Rate: rate(40, time.Second), Arrivals: mode.Constant}),
		open("rate-limited", mode.Open{Arrivals: mode.Constant, Start: rate(10, time.Second), Stages: []mode.Stage[quantity.Rate]{
			{Target: rate(100, time.Second), Duration: 30 * time.Second}, {}, {Target: rate(10, time.Second), Duration: time.Minute}}}),
		open("poisson", mode.Open{Arrivals: mode.Poisson, Stages: []mode.Stage[quantity.Rate]{{Target: rate(100, time.Second), Duration: 30 * time.Second}}}),
		column("concurrent", mode.Closed{Start: 1, Think: delay.Of(10 * time.Millisecond), Stages: []mode.Stage[int]{{Target: 10, Duration: 30 * time.Second}, {Target: 0, Duration: 5 * time.Second}}}),
		column("concurrent", mode.Closed{Users: 1}, mode.Closed{Users: 2}, mode.Closed{Users: 4}, mode.Closed{Users: 8}),
		column("producer-consumer", feed(2, 3, 10, delay.Delay{Kind: delay.Uniform, A: 100 * time.Millisecond, B: 500 * time.Millisecond})),
		column("eager", feed(2, 3, 1000, delay.Of(0))),
		column("producer-consumer", feed(2, 3, 1, delay.Of(100*time.Millisecond)), feed(2, 3, 10, delay.Of(100*time.Millisecond))),
	}
	columns := slices.Concat(plan.Scenarios[0].Modes, plan.Scenarios[1].Modes, plan.Scenarios[2].Modes[:1], plan.Scenarios[4].Modes, plan.Scenarios[5].Modes[:1])
	if len(columns) != len(want) {
		t.Fatalf("there are %d modes, want %d", len(columns), len(want))
	}
	for i, c := range columns {
		if !reflect.DeepEqual(*c, want[i]) {
			t.Errorf("mode %d is\n%s\nwant\n%s", i, dump(c), dump(want[i]))
		}
	}
}

// brief tells each trial in a few words; behind @ its sweep value, as
// requests/concurrency/rate.
func brief(trials []Trial) []string {
	var all []string
	for _, t := range trials {
		text := fmt.Sprintf("%s #%d", t.Mode.Name, t.Repeat)
		if t.Requests > 0 {
			text += fmt.Sprintf(" n=%d", t.Requests)
		}
		if load := t.Mode.Traits(); t.Mode.Name != "sequential" && load.Concurrency > 0 {
			text += fmt.Sprintf(" c=%d", load.Concurrency)
		} else if load.RatePerS > 0 {
			text += fmt.Sprintf(" %g/s", load.RatePerS)
		}
		all = append(all, fmt.Sprintf("%s @%d/%d/%g", text, t.Sweep.Requests, t.Sweep.Concurrency, t.Sweep.RatePerS))
	}
	return all
}

func TestOrderOfTrials(t *testing.T) {
	for _, c := range []struct {
		name, scenario string
		want           []string
	}{
		{"interleaved", "{name: a, target: model, requests: [5, 10], repeat: 2, modes: [sequential, concurrent: 3]}", []string{
			"sequential #0 n=5 @5/0/0", "concurrent-3 #0 n=5 c=3 @5/0/0",
			"sequential #0 n=10 @10/0/0", "concurrent-3 #0 n=10 c=3 @10/0/0",
			"sequential #1 n=5 @5/0/0", "concurrent-3 #1 n=5 c=3 @5/0/0",
			"sequential #1 n=10 @10/0/0", "concurrent-3 #1 n=10 c=3 @10/0/0",
		}},
		{"sequential", "{name: a, target: model, requests: [5, 10], repeat: 2, order: sequential, modes: [sequential, concurrent]}", []string{
			"sequential #0 n=5 @5/0/0", "sequential #1 n=5 @5/0/0",
			"concurrent #0 n=5 @5/0/0", "concurrent #1 n=5 @5/0/0",
			"sequential #0 n=10 @10/0/0", "sequential #1 n=10 @10/0/0",
			"concurrent #0 n=10 @10/0/0", "concurrent #1 n=10 @10/0/0",
		}},
		{"swept concurrency", "{name: a, target: model, requests: 100, modes: [sequential, concurrent: [2, 4], {concurrent: 9}]}", []string{
			"sequential #0 n=100 @0/2/0", "concurrent #0 n=100 c=2 @0/2/0", "concurrent-9 #0 n=100 c=9 @0/2/0",
			"sequential #0 n=100 @0/4/0", "concurrent #0 n=100 c=4 @0/4/0", "concurrent-9 #0 n=100 c=9 @0/4/0",
		}},
		{"swept rate", "{name: a, target: model, duration: 1s, modes: [rate-limited: [5/2s, 300/min], concurrent: 1]}", []string{
			"rate-limited #0 2.5/s @0/0/2.5", "concurrent-1 #0 c=1 @0/0/2.5",
			"rate-limited #0 5/s @0/0/5", "concurrent-1 #0 c=1 @0/0/5",
		}},
		{"a list of one", "{name: a, target: model, duration: 1s, modes: [concurrent: [7]]}", []string{"concurrent #0 c=7 @0/7/0"}},
		{"one count", "{name: a, target: model, requests: 1k, modes: [sequential]}", []string{"sequential #0 n=1000 @1000/0/0"}},
		{"no sweep", "{name: a, target: model, duration: 1s, modes: [sequential]}", []string{"sequential #0 @0/0/0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := brief(parse(t, "  - "+c.scenario).Trials()); !reflect.DeepEqual(got, c.want) {
				t.Errorf("the trials are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestScenariosRunInTheOrderOfTheFile(t *testing.T) {
	plan := parse(t, "  - {name: b, target: model, requests: 1, repeat: 2, modes: [sequential]}\n  - {name: a, target: model, requests: 1, modes: [sequential]}")
	var names []string
	for _, trial := range plan.Trials() {
		names = append(names, trial.Scenario.Name)
	}
	if want := []string{"b", "b", "a"}; !reflect.DeepEqual(names, want) {
		t.Errorf("the scenarios run as %v, want %v", names, want)
	}
}

// Not more than 100,000 trials, and that many are fine.
func TestMostTrials(t *testing.T) {
	plan := parse(t, "  - {name: a, target: model, requests: 1, repeat: 50000, modes: [sequential, concurrent]}")
	if got := len(plan.Trials()); got != mostTrials {
		t.Errorf("there are %d trials, want %d", got, mostTrials)
	}
}

// A closed loop under the virtual clock that only time ends must let time
// pass; anything else is fine.
func TestStandstill(t *testing.T) {
	const virtual, stuck = "clock: virtual, duration: 1s, ", true
	for _, c := range []struct {
		model, scenario string
		stuck           bool
	}{
		{"{}", virtual + "modes: [sequential]", stuck},
		{"{}", "duration: 1s, modes: [sequential]", false},
		{"{}", "clock: virtual, requests: 5, modes: [sequential]", false},
		{"{}", virtual + "modes: [rate-limited: 5/s]", false},
		{"{}", virtual + "modes: [{mode: sequential, think_time: 1ms}]", false},
		{"{delay: {uniform: [0s, 1ms]}}", virtual + "modes: [sequential]", false},
		{"{delay: {mix: [{weight: 1, delay: 0s}]}}", virtual + "modes: [sequential]", stuck},
		{"{delay: 1s, errors: {rate: 100%, after: 0s}}", virtual + "modes: [sequential]", stuck},
		{"{delay: 1s, errors: {rate: 99%, after: 0s}}", virtual + "modes: [sequential]", false},
		{"{delay: 1s, servers: 2, queue: 1}", virtual + "modes: [concurrent: 3]", false},
		{"{delay: 1s, servers: 2, queue: 1}", virtual + "modes: [concurrent: 4]", stuck},
		{"{delay: 1s, quota: 5/2s}", virtual + "modes: [sequential]", false},
		{"{delay: 1s, quota: 5/2s}", virtual + "modes: [concurrent: 2]", stuck},
		{"{delay: {exponential: 1s}, quota: 5/2s}", virtual + "modes: [sequential]", stuck},
	} {
		text := fmt.Sprintf("targets: {model: {sim: %s}}\nscenarios: [{name: one, target: model, %s}]", c.model, c.scenario)
		_, problems := Parse("test.yaml", []byte(text), environment, ".")
		if got := len(problems) == 1 && strings.Contains(problems[0].Text, "time would stand still"); got != c.stuck || len(problems) > 1 {
			t.Errorf("%s\nstuck is %v, want %v: %v", text, got, c.stuck, problems)
		}
	}
}

// A plan whose result could not be read again is none.
func TestMostVerdicts(t *testing.T) {
	sweep := make([]string, 900)
	for i := range sweep {
		sweep[i] = strconv.Itoa(i + 1)
	}
	rules := strings.TrimSuffix(strings.Repeat("p99 < 1s, ", 300), ", ")
	text := "targets: {model: {sim: {delay: 10ms}}}\nscenarios:\n  - {name: a, target: model, requests: [" + strings.Join(sweep, ", ") + "], modes: [sequential], thresholds: [" + rules + "]}"
	_, problems := Parse("s.yaml", []byte(text), environment, ".")
	if len(problems) != 1 || !strings.Contains(problems.Error(), "comes to 270000 verdicts, and 200000 are the limit") {
		t.Errorf("says %.300s", problems.Error())
	}
}

// A list among the settings of a mode is the sweep's axis, by its name.
func TestSweepsOverSettingsOfModes(t *testing.T) {
	plan := goodFile(t, "modes.yaml")
	for n, want := range map[int][]string{
		5: {"queue=1", "queue=10"},
		6: {"produce=100ms", "produce=exponential 100ms", "produce=uniform 50ms 150ms"},
	} {
		var got []string
		for _, p := range plan.Scenarios[n].Sweep {
			got = append(got, p.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("places are %q, want %q", got, want)
		}
	}
	rooms := plan.Scenarios[5].trials()
	if at := rooms[4]; len(rooms) != 6 || at.Mode.Text() != "mode: producer-consumer, producers: 1, consumers: 3, queue: 10, produce: 50ms" || len(at.Values()) != 0 {
		t.Errorf("%d trials, the fifth is %s, with the values %v", len(rooms), at.Mode.Text(), at.Values())
	}
	if e := plan.Scenarios[6].Expect; len(e) != 1 || e[0].At != plan.Scenarios[6].Sweep[1] {
		t.Errorf("figures at %+v", e)
	}
}
