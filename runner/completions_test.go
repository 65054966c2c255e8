package runner_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"plimsoll/runner/result"
)

// seconds are the times of a curve, and its marks' ends, in a text; – is never.
func seconds(c *result.Curve) string {
	var all []string
	for _, at := range []*float64{c.FirstS, c.HalfS, c.LastS} {
		if at == nil {
			all = append(all, "–")
		} else {
			all = append(all, fmt.Sprint(*at))
		}
	}
	all = append(all, "|")
	for _, m := range c.Marks {
		all = append(all, fmt.Sprint(m.AtS()))
	}
	return strings.Join(all, " ")
}

// When the calls of a batch are over is what delays say, to the digit: whoever
// handles answers as they come has the first as soon as it is there, whoever takes
// them in order waits for those before it.
func TestCompletionsOfArrangements(t *testing.T) {
	for delays, want := range map[string][2]string{
		"1s 1.5s 2s":  {"1 1.5 2 | 1 1.5 2", "1 1.5 2 | 1 1.5 2"},
		"1.5s 2s 1s":  {"1 1.5 2 | 1 1.5 2", "1.5 2 2 | 1.5 2 2"},
		"3s 1s 2s":    {"1 2 3 | 1 2 3", "3 3 3 | 3 3 3"},
		"2s 3s 1s":    {"1 2 3 | 1 2 3", "2 3 3 | 2 3 3"},
		"1s 4s 2s 3s": {"1 2 4 | 1 2 3 4", "1 4 4 | 1 4 4 4"},
	} {
		var turns []string
		each := strings.Fields(delays)
		for _, d := range each {
			turns = append(turns, "{delay: "+d+"}")
		}
		text := "targets: {api: {sim: {turns: [" + strings.Join(turns, ", ") + "]}}}\nscenarios:\n" + fmt.Sprintf(
			"  - {name: calls, target: api, clock: virtual, requests: %[1]d, warmup: 1s, repeat: 2, modes: [concurrent]}\n"+
				"  - {name: tried, target: retried, clock: virtual, requests: %[1]d, modes: [concurrent]}\n"+
				"  - {name: iterations, target: api, clock: virtual, requests: %[1]d, modes: [concurrent], steps: [{get: /}]}\n", len(each)) +
			""
		text = strings.Replace(text, "]}}}\n", "]}}, retried: {sim: {timeout: 60s, turns: ["+strings.Join(turns, ", ")+"]}}}\n", 1)
		for _, trial := range carryOut(t, text).Trials {
			c := trial.Completions
			if got := [2]string{seconds(&c.Curve), seconds(&c.InOrder)}; got != want {
				t.Errorf("%s of %s: %q instead of %q", trial.Scenario, delays, got, want)
			}
		}
	}
}

// Users who come back take what is next in line: its place is when it was started, not
// whose it is.
func TestCompletionsOfUsers(t *testing.T) {
	// The first user is busy with its first for 5 s; the other one does the rest.
	for _, steps := range []string{"", ", steps: [{get: /}]"} {
		trial := carryOut(t, `
targets: {api: {sim: {turns: [{delay: 5s}, {delay: 1s}, {delay: 1s}, {delay: 1s}]}}}
scenarios:
  - {name: s, target: api, clock: virtual, requests: 4, modes: [concurrent: 2]`+steps+`}
`).Trials[0]
		c := trial.Completions
		if got, want := seconds(&c.Curve), "1 2 5 | 1 2 3 5"; got != want {
			t.Errorf("%s: as completed %q instead of %q", steps, got, want)
		}
		if got, want := seconds(&c.InOrder), "5 5 5 | 5 5 5 5"; got != want {
			t.Errorf("%s: in order %q instead of %q", steps, got, want)
		}
	}
}

// A failure is an end like any other; a call that is given up, or dropped, has none, and
// what stands in line behind it is never there.
func TestCompletionsThatNeverCome(t *testing.T) {
	run := carryOut(t, `
targets:
  one: {sim: {turns: [{delay: 3s}, {delay: 1s}, {delay: 2s}]}}
  failing: {sim: {turns: [{delay: 2s}, {errors: {rate: 100%, kind: reset, after: 1s}}, {delay: 3s}]}}
  slow: {sim: {delay: 2500ms}}
  tried: {sim: {delay: 2500ms, timeout: 60s}}
scenarios:
  - {name: first-completed, target: one, clock: virtual, requests: 3, modes: [concurrent], stop_when: first-completed,
     thresholds: [first <= 1s, half < 10s, last < 10s, in_order.first < 10s]}
  - {name: first-error, target: failing, clock: virtual, requests: 3, modes: [concurrent], stop_when: first-error, thresholds: [first == 1s]}
  - {name: failing, target: failing, clock: virtual, requests: 3, modes: [concurrent], thresholds: [errors < 50%, first == 1s, half == 2s, last == 3s, in_order.half == 2s]}
  - {name: dropped, target: slow, clock: virtual, requests: 6, modes: [{rate-limited: 1/s, max_in_flight: 2, overflow: drop}], thresholds: [half < 10s, in_order.half < 10s]}
  - {name: dropped-iterations, target: slow, clock: virtual, requests: 6, modes: [{rate-limited: 1/s, max_in_flight: 2, overflow: drop}], steps: [{get: /}]}
  - {name: dropped-tries, target: tried, clock: virtual, requests: 6, modes: [{rate-limited: 1/s, max_in_flight: 2, overflow: drop}]}
`)
	for i, want := range [][2]string{
		{"1 – – | 1", "– – – |"},
		{"1 – – | 1", "– – – |"},
		{"1 2 3 | 1 2 3", "2 2 3 | 2 2 3"},
		{"2.5 5.5 – | 2.5 3.5 5.5 6.5", "2.5 – – | 2.5 3.5"}, // the third and the sixth found no place
		{"2.5 5.5 – | 2.5 3.5 5.5 6.5", "2.5 – – | 2.5 3.5"},
		{"2.5 5.5 – | 2.5 3.5 5.5 6.5", "2.5 – – | 2.5 3.5"},
	} {
		c := run.Trials[i].Completions
		if got := [2]string{seconds(&c.Curve), seconds(&c.InOrder)}; got != want {
			t.Errorf("%s: %q instead of %q", run.Trials[i].Scenario, got, want)
		}
	}
	held := map[string]string{}
	for _, v := range run.Verdicts {
		held[v.Scenario+": "+v.Rule] = fmt.Sprint(v.Pass, " ", v.Measured, " ", v.Reason)
	}
	for promise, want := range map[string]string{
		"first-completed: first <= 1s":          "true 1 ",
		"first-completed: half < 10s":           "false 0 half of the calls never ended",
		"first-completed: last < 10s":           "false 0 not all of the calls ended",
		"first-completed: in_order.first < 10s": "false 0 the first call never ended",
		"first-error: first == 1s":              "true 1 ",
		"failing: last == 3s":                   "true 3 ",
		"failing: in_order.half == 2s":          "true 2 ",
		"dropped: half < 10s":                   "true 5.5 ",
		"dropped: in_order.half < 10s":          "false 0 one of the first half of the calls never ended",
	} {
		if held[promise] != want {
			t.Errorf("%s: %q instead of %q", promise, held[promise], want)
		}
	}
}

// Whoever watches a trial leaves no trace in when its calls ended; a batch's last is
// its makespan; and what is no batch has no such times.
func TestCompletionsBesideOtherFigures(t *testing.T) {
	const text = `
targets: {api: {sim: {delay: {exponential: 50ms}, errors: 5%}}}
scenarios:
  - {name: batch, target: api, clock: virtual, requests: [1, 1000], repeat: 2, modes: [sequential, concurrent: 7, rate-limited: 100/s], thresholds: [errors < 90%]}
  - {name: goes-on, target: api, clock: virtual, duration: 10s, modes: [concurrent: 7]}
`
	for _, trial := range carryOut(t, text).Trials {
		c := trial.Completions
		if trial.Requests == 0 {
			if c != nil {
				t.Errorf("%s has completions", trial.Scenario)
			}
			continue
		}
		if *c.LastS != trial.MakespanS || *c.InOrder.LastS != trial.MakespanS {
			t.Errorf("%s, %s: the last are at %v and %v, the makespan is %v", trial.Mode, trial.Sweep, *c.LastS, *c.InOrder.LastS, trial.MakespanS)
		}
		if trial.Mode == "sequential" && !reflect.DeepEqual(c.Curve, c.InOrder) {
			t.Errorf("one call after another, and another order: %+v", c)
		}
		if want := min(trial.Requests, result.MostMarks); len(c.Marks) != want || len(c.InOrder.Marks) != want {
			t.Errorf("%d and %d marks instead of %d", len(c.Marks), len(c.InOrder.Marks), want)
		}
	}
}

// A batch that is too large has no completions, and says why.
func TestCompletionsOfTooManyCalls(t *testing.T) {
	run := carryOut(t, `
targets: {api: {sim: {delay: 1ms}}}
scenarios:
  - {name: s, target: api, clock: virtual, requests: 1000001, modes: [concurrent: 100], thresholds: [half < 100s]}
`)
	c, v := run.Trials[0].Completions, run.Verdicts[0]
	if c == nil || c.FirstS != nil || len(c.Marks) > 0 || !strings.Contains(c.Why, "1000001") {
		t.Errorf("%+v", c)
	}
	if v.Pass || v.Reason != c.Why {
		t.Errorf("%+v", v)
	}
}
