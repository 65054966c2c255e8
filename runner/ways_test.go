package runner_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/result"
	"plimsoll/target/busy"
)

// What the shop's servers do. Delays that come in turn have the same distribution
// wherever they are carried out.
const served = `{delay: 50ms, routes: {
      /login: {delay: 100ms, answer: {json: {token: "t${n}"}}},
      /list: {answer: {json: {ids: [1, 2, 3, 4]}}, turns: [{delay: 60ms}, {delay: 80ms}, {delay: 100ms}, {delay: 120ms}, {delay: 140ms}]},
      "/items/*": {delay: 70ms, answer: {json: {path: "${path}"}}},
      /advice: {turns: [{}, {errors: {rate: 100%, kind: status-503}}]},
      "/jobs/*": {turns: [{answer: {json: {state: new}}}, {answer: {json: {state: done}}}]}}}`

const ways = `
targets:
  shop: {KIND}
scenarios:
  - name: ways
    target: shop
    clock: CLOCK
    requests: 100
    modes: [concurrent: 20]
    enter:
      - think_time: {uniform: [0s, 400ms]} # nobody comes when others do
      - {name: login, post: /login, extract: {token: json.token}}
    steps:
      - {name: list, get: /list, auth: {bearer: "${token}"}, extract: {ids: json.ids}}
      - {each: {id: ids}, concurrent: 2, name: details, steps: [{name: item, get: "/items/${id}", check: "json.path == /items/${id}"}]}
      - think_time: 50ms
      - {name: advice, get: /advice, on_error: continue}
      - {name: taken, if: status == 200, put: /basket, json: {n: "${iteration}"}}
      - {name: done, get: "/jobs/${ids.any}", until: json.state == done, every: 20ms}
    leave: [{name: logout, post: /logout}]
`

// The same journey over the model in simulated time, in real time, and over HTTP on
// the model as a server: the same counts by step, and the same times: p50 within
// 2 % and 1 ms, p99 within 10 %, for each step in one of three tries.
func TestAJourneyThreeWays(t *testing.T) {
	way := func(kind, clock string) *result.Trial {
		return &carryOut(t, strings.NewReplacer("KIND", kind, "CLOCK", clock).Replace(ways)).Trials[0]
	}
	virtual := way("sim: "+served, "virtual")
	for path, want := range map[string]struct {
		calls    int64
		p50, p99 time.Duration
	}{
		"login": {20, 100, 100}, "list": {100, 100, 140}, "details": {100, 140, 140}, "details/item": {400, 70, 70},
		"advice": {100, 50, 50}, "taken": {50, 50, 50}, "done": {100, 0, 0}, "logout": {20, 50, 50},
	} {
		row := rowOf(t, virtual, path)
		if row.Started != want.calls {
			t.Errorf("%s: %d calls, want %d", path, row.Started, want.calls)
		}
		if want.p50 > 0 && (!near(row.Service.P50S, (want.p50*time.Millisecond).Seconds(), 0.001, 0) || !near(row.Service.P99S, (want.p99*time.Millisecond).Seconds(), 0.001, 0)) {
			t.Errorf("%s: p50 %v, p99 %v, want %v and %v ms", path, row.Service.P50S, row.Service.P99S, int(want.p50), int(want.p99))
		}
	}
	noise := ""
	for name, kind := range map[string]string{"sim": "sim: " + served, "HTTP": "http: {serve: " + served + "}"} {
		off := map[string]string{"": "nothing tried"}
		for try := 0; try < 3 && len(off) > 0; try++ {
			trial := way(kind, "real")
			if got, want := done(trial), done(virtual); got != want {
				t.Fatalf("%s: what was done is\n%s\nand in simulated time\n%s", name, got, want)
			}
			off = differences(t, trial, virtual, off)
		}
		if len(off) > 0 {
			noise += fmt.Sprintf("\n%s: %v", name, off)
		}
	}
	if noise != "" {
		busy.Skip(t, "the times of these steps were too far off in each of three tries:"+noise)
	}
}

// done is what was done by step, whenever it was.
func done(trial *result.Trial) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %d\n", trial.Unit, trial.OK, trial.Attempts)
	for i := range trial.Steps {
		s := &trial.Steps[i]
		fmt.Fprintf(&b, "%s %t: %d of %d ok, %d cancelled, %d attempts,", s.Path, s.Outside, s.OK, s.Started, s.Cancelled, s.Attempts)
		for class, e := range s.Errors {
			fmt.Fprintf(&b, " %d %s", e.Count, class)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// differences are the steps whose times are too far off, and were in all tries
// before.
func differences(t *testing.T, trial, virtual *result.Trial, before map[string]string) map[string]string {
	t.Helper()
	off := map[string]string{}
	for i := range virtual.Steps {
		want := &virtual.Steps[i]
		_, was := before[want.Path]
		_, first := before[""]
		if want.Path == "done" || !was && !first { // who gets which answer of a poll depends on who comes first
			continue
		}
		got := rowOf(t, trial, want.Path)
		if !near(got.Service.P50S, want.Service.P50S, 0.02, 0.001) || !near(got.Service.P99S, want.Service.P99S, 0.1, 0) {
			off[want.Path] = fmt.Sprintf("p50 %.4f s, p99 %.4f s, in simulated time %.4f and %.4f s", got.Service.P50S, got.Service.P99S, want.Service.P50S, want.Service.P99S)
		}
	}
	return off
}

// near tells whether a value is another one, but for a share of it and so much
// more.
func near(got, want, share, more float64) bool { return math.Abs(got-want) <= share*want+more }
