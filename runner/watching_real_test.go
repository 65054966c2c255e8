package runner_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
)

// failing is a server that counts, and fails from its n-th call on.
func failing(t *testing.T, by web, from int64) (url string, calls *atomic.Int64) {
	calls = &atomic.Int64{}
	server := by.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) >= from {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

// Over real connections windows are those of the list of calls, on every engine; a
// trial that stops has sent what the server saw, and nothing more than a look after
// it broke.
func TestStopsInRealTime(t *testing.T) {
	for _, by := range everyWeb {
		t.Run(by.engine, func(t *testing.T) {
			t.Parallel()
			url, seen := failing(t, by, 150)
			run, calls := withCalls(t, fmt.Sprintf(`
targets:
  web: {http: {url: %q, engine: %s}}
scenarios:
  - name: breaker
    target: web
    duration: 30s
    modes: [{rate-limited: 100/s}]
    thresholds:
      - {rule: errors < 20%%, over: 1s, stop: true}
      - {rule: max < 1h, over: 1s}
      - {rule: all.p90 < 1h, over: 2s, after: 1s}
`, url, by.engine))
			trial := &run.Trials[0]
			stopped := trial.Watched[0]
			if trial.Ended != result.Stopped || !strings.HasPrefix(trial.Reason, "stop: errors < 20% over 1s was broken at ") || run.Verdicts[0].Pass || run.Exit == 0 {
				t.Fatalf("ended %s: %s; %+v", trial.Ended, trial.Reason, stopped)
			}
			if seen.Load() != trial.Started || int(trial.Started) != len(calls) {
				t.Errorf("the server saw %d calls, %d were started, %d listed", seen.Load(), trial.Started, len(calls))
			}
			last := int(stopped.WorstAtS)
			for _, c := range calls {
				if c.start > time.Duration(last+3)*time.Second { // one, and two for a machine that is busy
					t.Errorf("a call was sent at %v, which broke at %d s", c.start, last)
				}
			}
			for i, r := range []*byHand{
				{metric: "errors", op: "<", value: 0.2, over: 1, figure: shareByHand("")},
				{metric: "max", op: "<", value: 3600, over: 1, figure: statByHand(responseOf, true, 0)},
				{metric: "all.p90", op: "<", value: 3600, over: 2, after: 1, figure: statByHand(allOf, false, 90)},
			} {
				want, got := r.slide(calls, nil, last), trial.Watched[i]
				if got.Measured != want.measured || got.WorstAtS != float64(want.at) || got.Broken != want.broken {
					t.Errorf("%s: says %+v, want %+v", r.metric, got, want)
				}
			}
		})
	}
}

// Loops that share a trial stop together.
func TestSharedTrialsStop(t *testing.T) {
	url, seen := failing(t, web{}, 500)
	run := carryOut(t, fmt.Sprintf(`
loops: 2
targets:
  web: {http: {url: %q}}
scenarios:
  - name: breaker
    target: web
    duration: 30s
    modes: [{concurrent: 16, think_time: 20ms}]
    thresholds:
      - {rule: errors < 20%%, stop: true}
      - {rule: errors <= 100%%, over: 1s}
`, url))
	trial := &run.Trials[0]
	if trial.Loops != 2 || trial.Ended != result.Stopped || seen.Load() != trial.Started || trial.Errors["status-503"].Count != trial.Started-499 {
		t.Errorf("%d loops, ended %s (%s); the server saw %d calls, %d were started, %+v", trial.Loops, trial.Ended, trial.Reason, seen.Load(), trial.Started, trial.Errors)
	}
	if run.Verdicts[0].Pass || !run.Verdicts[1].Pass || trial.Watched[1].Measured < trial.Watched[0].Measured {
		t.Errorf("%+v", trial.Watched)
	}
}

// What goes on beside a trial ends with it, when a promise stops that; and so do a
// batch, pauses before second tries, and polls.
func TestWhateverGoesOnStops(t *testing.T) {
	const beside = `
targets:
  shop: {sim: {delay: 15ms, errors: {rate: 50%, kind: status-503}}}
scenarios:
  - name: main
    target: shop
    clock: virtual
    duration: 60s
    modes: [{rate-limited: 20/s}]
    background: crowd
    thresholds: [{rule: errors < 20%, after: 3s, stop: true}]
  - name: crowd
    target: shop
    clock: virtual
    modes: [{concurrent: 2, think_time: 100ms}]
`
	trial := &carryOut(t, beside).Trials[0]
	if trial.Ended != result.Stopped || trial.Started != 60 || trial.Dropped != 0 || len(trial.Beside) != 1 || trial.Beside[0].Ended != result.Stopped || trial.MakespanS > 3.02 {
		t.Errorf("%s (%s): %d started, %d dropped, until %v; %s beside", trial.Ended, trial.Reason, trial.Started, trial.Dropped, trial.MakespanS, trial.Beside[0].Ended)
	}
	const batch = `
targets:
  shop: {sim: {delay: 40ms, errors: {rate: 100%, kind: status-503}, retry: {attempts: 5, backoff: 700ms, factor: 1, jitter: none, on: [5xx]}}}
scenarios:
  - name: batch
    target: shop
    clock: virtual
    requests: 500
    modes: [{concurrent: 5}]
    thresholds: [{rule: errors < 20%, after: 4s, stop: true}, {rule: cancelled <= 0%, over: 1s, after: 4s}]
`
	trial = &carryOut(t, batch).Trials[0]
	// Each call takes 5 · 40 ms + 4 · 700 ms = 3 s; at 4 s the five of the second
	// round are between their tries.
	if trial.Ended != result.Stopped || trial.Errors["status-503"].Count != 5 || trial.Cancelled != 5 || trial.Attempts != 5*5+5*2 || trial.MakespanS != 4 || trial.Watched[1].Broken {
		t.Errorf("%s (%s): %+v, %d cancelled, %d attempts, until %v; %+v", trial.Ended, trial.Reason, trial.Errors, trial.Cancelled, trial.Attempts, trial.MakespanS, trial.Watched)
	}
	const polls = `
targets:
  shop: {sim: {delay: 40ms, routes: {/fails: {answer: {status: 500}}}}}
scenarios:
  - name: visits
    target: shop
    clock: virtual
    duration: 60s
    modes: [{concurrent: 1, name: one}]
    enter: [{name: enter, get: /}]
    steps:
      - {name: bad, get: /fails, on_error: continue}
      - {name: wait, get: /, until: status == 404, every: 500ms, within: 50s}
      - {name: never, get: /}
    leave: [{name: leave, get: /bye}]
    thresholds: [bad: {rule: errors < 20%, after: 3s, stop: true}]
`
	trial = &carryOut(t, polls).Trials[0]
	wait, leave := rowOf(t, trial, "wait"), rowOf(t, trial, "leave")
	if trial.Ended != result.Stopped || trial.Cancelled != 1 || wait.Cancelled != 1 || wait.Attempts != 6 || rowOf(t, trial, "never").Started != 0 || leave.OK != 1 || trial.MakespanS != 3 {
		t.Errorf("%s (%s): %d cancelled, the poll %d with %d looks, %d left, until %v", trial.Ended, trial.Reason, trial.Cancelled, wait.Cancelled, wait.Attempts, leave.OK, trial.MakespanS)
	}
}

// Of several repetitions the worst window decides, and is told by its repetition;
// one that stops does not stop the others.
func TestTheWorstOfAllRepetitions(t *testing.T) {
	const file = `
targets:
  shop: {sim: {delay: {exponential: 20ms}, errors: {rate: 10%, kind: timeout}}}
scenarios:
  - name: r
    target: shop
    clock: virtual
    duration: 10s
    repeat: 4
    modes: [{rate-limited: 50/s}]
    thresholds: [{rule: errors < 16%, over: 1s}, {rule: errors < 12%, over: 1s, stop: true}]
`
	run := carryOut(t, file)
	worst, of, stops := result.Watched{}, 0, 0
	for i := range run.Trials {
		if w := run.Trials[i].Watched[0]; w.Measured > worst.Measured {
			worst, of = w, i+1
		}
		if run.Trials[i].Ended == result.Stopped {
			stops++
		}
	}
	v := run.Verdicts[0]
	if len(run.Trials) != 4 || stops == 0 || v.Measured != worst.Measured || v.WorstAtS != worst.WorstAtS || v.Pass == worst.Broken {
		t.Errorf("%d of %d stopped; worst %+v, verdict %#v", stops, len(run.Trials), worst, v)
	}
	var thresholds []verdict.Threshold // judged again from the file alone, it is the same
	for _, p := range parse(t, file).Scenarios[0].Thresholds {
		thresholds = append(thresholds, verdict.Threshold{Scenario: "r", Rule: p.Rule, Watch: p.Watch})
	}
	again, err := verdict.Judge(run, thresholds, nil, nil)
	if err != nil || !slices.Equal(again, run.Verdicts) {
		t.Errorf("judged again: %#v, %v", again, err)
	}
	for i := range run.Trials {
		run.Trials[i].Watched = nil
	}
	again, err = verdict.Judge(run, thresholds[:1], nil, nil)
	if err != nil || again[0].Pass || !strings.HasPrefix(again[0].Reason, "nobody looked at it") {
		t.Errorf("judged without what was seen: %#v, %v", again, err)
	}
	if want := fmt.Sprintf("in repetition %d of 4", of); worst.Broken && v.Note != want {
		t.Errorf("the note is %q, want %q", v.Note, want)
	}
}
