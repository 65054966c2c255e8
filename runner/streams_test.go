package runner_test

import (
	"math"
	"testing"
	"time"

	"plimsoll/runner/result"
)

const chat = `
targets:
  model: {sim: {stream: {first: 200ms, gap: 20ms, events: 100}, routes: {/rate: {delay: 5ms}}}}
scenarios:
  - name: calls
    target: model
    clock: virtual
    duration: 60s
    warmup: 1s
    modes: [{rate-limited: 5/s, max_in_flight: 8, name: too much}, {concurrent: 3, name: users}]
    thresholds:
      - service.first_event.max == 200ms
      - gap.mean == 20ms
      - "goodput(first_event < 500ms, gap <= 20ms) > 0/s"
      - too much: ["goodput(first_event < 700ms, gap < 20ms) == 0/s", "goodput(response < 3s, service < 3s) > 0/s"]
  - name: steps
    target: model
    clock: virtual
    duration: 60s
    modes: [{rate-limited: 1/s, name: visits}]
    steps:
      - name: talk
        parallel:
          - {name: ask, post: /chat, extract: {s: status}}
          - {name: rate, post: /rate}
      - {name: never, get: /rate, if: s == 404}
    thresholds:
      - "goodput(response <= 2.18s, service < 3s) >= 0.95/s"
      - ask: ["goodput(first_event < 201ms, gap < 21ms) >= 0.95/s", first_event.max == 200ms, gap.p99 < 21ms, goodput(3s) >= 0.95/s]
      - rate: "goodput(response < 6ms) >= 0.95/s"
      - talk: "goodput(response < 2180ms) == 0/s"
      - rate: gap.max < 1s
      - never: "goodput(gap < 1s) > 0/s"
`

// A server that streams in simulated time, of which more is asked than it has places
// for: events, tokens, first events and the calls that kept what was promised are
// those that a queue of eight makes of it, to the nanosecond.
func TestStreamsInSimulatedTime(t *testing.T) {
	run := carryOut(t, chat)
	const every, takes, length, warmup = 200 * time.Millisecond, 200*time.Millisecond + 99*20*time.Millisecond, 60 * time.Second, time.Second
	var ended []time.Duration
	var counted, inTime, kept, keptInTime, fastInTime int64
	var longest time.Duration
	for k := 0; ; k++ {
		due := -warmup + time.Duration(k)*every
		if due >= length {
			break
		}
		start := due
		if k >= 8 {
			start = max(due, ended[k-8])
		}
		end := start + takes
		ended = append(ended, end)
		keeps := int64(0)
		if start-due+200*time.Millisecond < 500*time.Millisecond {
			keeps = 1
		}
		if due >= 0 {
			counted, kept = counted+1, kept+keeps
			longest = max(longest, start-due+200*time.Millisecond)
		}
		if end > 0 && end <= length {
			inTime, keptInTime = inTime+1, keptInTime+keeps
			if end-due < 3*time.Second {
				fastInTime++
			}
		}
	}
	much := trialAt(t, run, "calls", "too much")
	if much.OK != counted || much.Phases[result.FirstEvent].MaxS != longest.Seconds() || much.Phases[result.FirstEvent].MinS < 0.2 {
		t.Errorf("%d ok, first events of %+v; want %d up to %v", much.OK, much.Phases[result.FirstEvent], counted, longest)
	}
	for name, want := range map[string]float64{result.ServiceFirstEvent: 0.2, result.Gap: 0.02} {
		if d := much.Phases[name]; d.MinS != want || d.MaxS != want || d.StddevS > 1e-12 {
			t.Errorf("%s: %+v, want all %v", name, d, want)
		}
	}
	s := much.Stream
	if s == nil || s.Events != 100*counted || s.Tokens == nil || *s.Tokens != 100*counted || much.Phases[result.Gap].Count != 99*counted {
		t.Fatalf("%+v, %d gaps, of %d calls", s, much.Phases[result.Gap].Count, counted)
	}
	same(t, "events a second", s.EventsPerS, 100*float64(inTime)/60)
	same(t, "tokens a second", *s.TokensPerS, 100*float64(inTime)/60)
	same(t, "throughput", much.ThroughputPerS, float64(inTime)/60)
	if kept == 0 || kept == counted || keptInTime == kept {
		t.Fatalf("%d of %d calls keep it, %d of them in time: that tells little", kept, counted, keptInTime)
	}
	good := much.Goodput["first_event < 500ms, gap <= 20ms"]
	if same(t, "goodput", good.PerS, float64(keptInTime)/60); good.Calls != kept {
		t.Errorf("%d calls kept it, want %d", good.Calls, kept)
	}
	if none := much.Goodput["first_event < 700ms, gap < 20ms"]; none != (result.Kept{}) || len(much.Goodput) != 3 {
		t.Errorf("%+v", much.Goodput)
	}
	same(t, "of response times alone", verdictOf(t, run, "too much", "goodput(response < 3s, service < 3s) > 0/s").Measured, float64(fastInTime)/60)
	if users := trialAt(t, run, "calls", "users"); len(users.Goodput) != 1 || users.Goodput["first_event < 500ms, gap <= 20ms"].Calls != users.OK {
		t.Errorf("%+v of %d calls kept it", users.Goodput, users.OK)
	}
}

// Steps have streams of their own, and promises, which a step that nobody came to
// has counted, too; what is no stream says so.
func TestStreamsOfSteps(t *testing.T) {
	run := carryOut(t, chat)
	trial := trialAt(t, run, "steps", "visits")
	if trial.Stream != nil || trial.Goodput["response <= 2.18s, service < 3s"].Calls != 60 {
		t.Errorf("iterations: %+v, %+v", trial.Stream, trial.Goodput)
	}
	ask, rate, never := rowOf(t, trial, "talk/ask"), rowOf(t, trial, "talk/rate"), rowOf(t, trial, "never")
	if ask.Stream == nil || ask.Stream.Events != 6000 || ask.Goodput["first_event < 201ms, gap < 21ms"].Calls != 60 || ask.Phases[result.FirstEvent].Count != 60 {
		t.Errorf("ask: %+v, %+v", ask.Stream, ask.Goodput)
	}
	same(t, "goodput", ask.Goodput["first_event < 201ms, gap < 21ms"].PerS, ask.ThroughputPerS)
	same(t, "events a second", ask.Stream.EventsPerS, 100*ask.ThroughputPerS)
	if rate.Stream != nil || rate.Goodput["response < 6ms"].Calls != 60 || rowOf(t, trial, "talk").Goodput["response < 2.18s"] != (result.Kept{}) {
		t.Errorf("rate: %+v, %+v; talk: %+v", rate.Stream, rate.Goodput, rowOf(t, trial, "talk").Goodput)
	}
	if _, counted := never.Goodput["gap < 1s"]; !counted || never.Started > 0 {
		t.Errorf("never: %+v", never.Goodput)
	}
	for _, v := range run.Verdicts {
		switch reason := ""; {
		case v.Scenario != "steps":
		case v.Step == "talk/rate" && v.Rule == "gap.max < 1s":
			reason = "no call that succeeded was a stream"
			fallthrough
		case v.Step == "never":
			if reason == "" {
				reason = "no iteration came to it"
			}
			if v.Pass || v.Reason != reason {
				t.Errorf("%+v, want %q", v, reason)
			}
		case !v.Pass:
			t.Errorf("%+v", v)
		}
	}
}

// same fails the test unless two figures are alike but for the rounding of floating
// point.
func same(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9*want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// trialAt is the only trial of a scenario and mode.
func trialAt(t *testing.T, run *result.Run, scenario, mode string) *result.Trial {
	t.Helper()
	for i := range run.Trials {
		if run.Trials[i].Scenario == scenario && run.Trials[i].Mode == mode {
			return &run.Trials[i]
		}
	}
	t.Fatalf("there is no trial of %s, %s", scenario, mode)
	return nil
}

// verdictOf is that on a mode's rule.
func verdictOf(t *testing.T, run *result.Run, mode, rule string) result.Verdict {
	t.Helper()
	for _, v := range run.Verdicts {
		if v.Mode == mode && v.Rule == rule {
			return v
		}
	}
	t.Fatalf("there is no verdict on %s of %s", rule, mode)
	return result.Verdict{}
}

const patient = `
targets:
  model: {sim: {stream: {first: 200ms, gap: 100ms, events: 10}, timeout: 150ms}}
scenarios:
  - name: talks
    target: model
    clock: virtual
    requests: 20
    modes: [sequential]
    steps:
      - {name: as the target says, get: /, on_error: continue}
      - {name: long enough, get: /, timeout: 250ms, on_error: continue}
      - {name: too short, get: /, timeout: 90ms, on_error: continue}
`

// A step's time-out bounds the first event and each gap of a stream, as its target's
// does, and not the whole.
func TestTimeoutsOfStepsThatStream(t *testing.T) {
	trial := &carryOut(t, patient).Trials[0]
	for path, want := range map[string]struct{ ok, late int64 }{
		"as the target says": {0, 20}, "long enough": {20, 0}, "too short": {0, 20},
	} {
		if s := rowOf(t, trial, path); s.OK != want.ok || s.Errors["timeout"].Count != want.late {
			t.Errorf("%s: %d well, %+v, want %+v", path, s.OK, s.Errors, want)
		}
	}
}
