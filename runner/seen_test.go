package runner_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"

	"plimsoll/runner"
	"plimsoll/runner/result"
)

// listed is a call as --calls lists it.
type listed struct {
	result.Seen
	end float64
}

// callsListed are the calls of a trial, the whole list of which is given.
func callsListed(t *testing.T, list []byte, trial *result.Trial) (all []listed) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(list)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		cell := map[string]string{}
		for i, name := range rows[0] {
			cell[name] = row[i]
		}
		if cell["scenario"] != trial.Scenario || cell["mode"] != trial.Mode || cell["outcome"] == "cancelled" {
			continue
		}
		number := func(name string) uint64 { n, _ := strconv.ParseUint(cell[name], 10, 64); return n }
		seconds := func(name string) float64 { s, _ := strconv.ParseFloat(cell[name], 64); return s }
		one := listed{result.Seen{
			AtS: seconds("intended_s"), ResponseS: seconds("response_s"), ServiceS: seconds("service_s"), HeldS: seconds("held_s"),
			Number: number("call"), Step: cell["step"], Iteration: number("iteration"), Class: cell["outcome"], Trace: cell["trace"],
		}, seconds("end_s")}
		if one.Class == "ok" {
			one.Class = ""
		}
		all = append(all, one)
	}
	return all
}

// sameCalls tells whether calls that are told of are those of a list, in its order.
func sameCalls(t *testing.T, what string, got []result.Seen, want []listed) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d calls, want %d", what, len(got), len(want))
		return
	}
	for i, w := range want {
		g := got[i]
		if w.Class != "" && g.Example == "" {
			t.Errorf("%s: call %d: failed (%s) without a word", what, g.Number, w.Class)
		}
		g.Example = ""
		for _, pair := range [][2]*float64{{&g.AtS, &w.AtS}, {&g.ResponseS, &w.ResponseS}, {&g.ServiceS, &w.ServiceS}, {&g.HeldS, &w.HeldS}} {
			if math.Abs(*pair[0]-*pair[1]) < 2e-9 {
				*pair[0] = *pair[1]
			}
		}
		if g != w.Seen {
			t.Errorf("%s: %+v\nwant %+v", what, g, w.Seen)
		}
	}
}

// The slowest calls of a trial, and the first failures of each class, are those of
// the list of all its calls: of single calls and of steps, under both clocks, after a
// warm-up, and with second tries.
func TestWhatIsToldOfCallsIsInTheListOfAll(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/pot" {
			w.WriteHeader(http.StatusTeapot)
		}
		fmt.Fprintln(w, "tea")
	}))
	defer server.Close()
	for name, text := range map[string]string{
		"single calls": `
targets: {shop: {sim: {delay: {exponential: 20ms}, errors: {rate: 5%, kind: status-500}, servers: 2, timeout: 60ms, retry: {attempts: 2, on: [timeout]}}}}
scenarios:
  - {name: single, target: shop, clock: virtual, duration: 20s, warmup: 2s, modes: [{rate-limited: 80/s, arrivals: poisson}, concurrent: 5]}
`,
		"steps": `
targets: {shop: {sim: {delay: {exponential: 20ms}, errors: {rate: 5%, kind: status-500}, servers: 2}}}
scenarios:
  - name: steps
    target: shop
    clock: virtual
    duration: 20s
    modes: [{rate-limited: 20/s, arrivals: poisson}, concurrent: 3]
    steps:
      - {get: /a, name: browse}
      - think_time: 10ms
      - {name: buy, steps: [{get: /b, name: pay}, {get: /c, name: ship, on_error: continue}]}
`,
		"traced steps": fmt.Sprintf(`
targets: {shop: {http: {url: %q}}}
scenarios:
  - name: traced
    target: shop
    requests: 60
    modes: [concurrent: 3]
    trace: w3c
    steps: [{get: /, name: cup}, {get: /pot, name: pot}]
`, server.URL),
	} {
		t.Run(name, func(t *testing.T) {
			var calls bytes.Buffer
			run := carryOut(t, text, func(o *runner.Options) { o.Calls = &calls })
			for i := range run.Trials {
				told(t, calls.Bytes(), &run.Trials[i])
			}
		})
	}
}

// What goes on in the background, the steps of a search and streams tell of their
// slowest calls, too: ten, as far as there were any, of which the first is the slowest
// that there was.
func TestEveryKindOfTrialTellsOfItsSlowestCalls(t *testing.T) {
	run := carryOut(t, `
targets:
  shop: {sim: {delay: {exponential: 10ms}, servers: 2}}
  model: {sim: {stream: {first: 20ms, gap: 5ms, events: 4}}}
scenarios:
  - {name: front, target: shop, clock: virtual, duration: 5s, modes: [concurrent: 2], background: behind}
  - {name: behind, target: shop, clock: virtual, modes: [{rate-limited: 20/s, arrivals: poisson}]}
  - {name: streams, target: model, clock: virtual, requests: 30, modes: [concurrent: 3]}
  - {name: search, target: shop, clock: virtual, capacity: {find: rate, slo: [p90 < 100ms], from: 20/s, to: 300/s, hold: 5s}}
`)
	scenarios := map[string]int{}
	check := func(trial *result.Trial) {
		scenarios[trial.Scenario]++
		if len(trial.Slowest) != 10 || trial.Slowest[0].ResponseS != trial.Response.MaxS {
			t.Errorf("%s: %d calls, the slowest took %v s of %v", trial.Scenario, len(trial.Slowest), trial.Slowest, trial.Response.MaxS)
		}
	}
	for i := range run.Trials {
		check(&run.Trials[i])
		for k := range run.Trials[i].Beside {
			check(&run.Trials[i].Beside[k])
		}
	}
	if len(scenarios) != 4 || scenarios["search"] < 2 {
		t.Errorf("%v", scenarios)
	}
}

// told compares what a trial tells of calls with the list of all of them.
func told(t *testing.T, calls []byte, trial *result.Trial) {
	t.Helper()
	all := callsListed(t, calls, trial)
	slices.SortStableFunc(all, func(a, b listed) int {
		return cmp.Or(cmp.Compare(b.ResponseS, a.ResponseS), cmp.Compare(a.Number, b.Number))
	})
	if len(all) < 50 {
		t.Fatalf("%s: %d calls", trial.Mode, len(all))
	}
	sameCalls(t, trial.Mode+": slowest", trial.Slowest, all[:10])
	slices.SortStableFunc(all, func(a, b listed) int { return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.Number, b.Number)) })
	measures := map[string]*result.Measure{"": &trial.Measure}
	for i := range trial.Steps {
		delete(measures, "")
		if s := &trial.Steps[i]; s.IsCall() {
			measures[s.Path] = &s.Measure
		}
	}
	for step, m := range measures {
		for class, e := range m.Errors {
			failed := slices.DeleteFunc(slices.Clone(all), func(c listed) bool { return c.Class != class || c.Step != step })
			if first, last := failed[0].end, failed[len(failed)-1].end; math.Abs(e.FirstS-first)+math.Abs(e.LastS-last) > 4e-9 {
				t.Errorf("%s: %s: from %v to %v s, want %v to %v", trial.Mode, class, e.FirstS, e.LastS, first, last)
			}
			sameCalls(t, trial.Mode+": "+class, e.Calls, failed[:min(len(failed), 3)])
		}
	}
}

// What fails an iteration is told of it: the step and the iteration. A window's
// failures by class are those of the iterations.
func TestAFailedIterationTellsItsStep(t *testing.T) {
	run := carryOut(t, `
targets: {shop: {sim: {delay: 10ms, routes: {"/pay": {errors: {rate: 100%, kind: status-503}}}}}}
scenarios:
  - name: shop
    target: shop
    clock: virtual
    requests: 5
    modes: [sequential]
    steps: [{get: /, name: browse}, {name: buy, steps: [{get: /pay, name: pay}]}]
`)
	trial := &run.Trials[0]
	e := trial.Errors["status-503"]
	if len(e.Calls) != 3 || e.FirstS != 0.02 || e.LastS != 0.1 {
		t.Fatalf("%+v", e)
	}
	for i, c := range e.Calls {
		if c.Step != "buy/pay" || c.Iteration != uint64(i) || c.ResponseS != 0.02 || c.Example == "" {
			t.Errorf("%+v", c)
		}
	}
	if block := rowOf(t, trial, "buy").Errors["status-503"].Calls; len(block) != 3 || block[1].Step != "buy/pay" || block[1].Iteration != 1 || block[1].ResponseS != 0.01 {
		t.Errorf("of the block: %+v", block)
	}
	n := int64(0)
	for _, w := range trial.Timeline {
		n += w.ErrorsByClass["status-503"]
	}
	if n != 5 {
		t.Errorf("%d failures in the windows", n)
	}
}
