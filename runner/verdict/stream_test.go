package verdict

import (
	"strings"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// streamed is a run of 4 s in two repetitions, 10 calls each, which were streams of 5
// events: the first after 100 ms, 80 ms from when it was sent, the others every 20 ms.
func streamed(t *testing.T) *result.Run {
	run := runOf(t,
		trial{mode: "a", duration: time.Second, makespan: time.Second, ok: times(10, 200*ms), service: times(10, 180*ms)},
		trial{mode: "a", repeat: 1, duration: 3 * time.Second, makespan: 3 * time.Second, ok: times(10, 200*ms), service: times(10, 180*ms)})
	for i := range run.Trials {
		one := &run.Trials[i]
		one.Phases = map[string]result.Dist{
			result.FirstEvent: dist(t, times(10, 100*ms)), result.ServiceFirstEvent: dist(t, times(10, 80*ms)), result.Gap: dist(t, times(40, 20*ms)),
		}
		one.Stream = &result.Stream{Events: 50, EventsPerS: 50 / one.DurationS}
		one.Goodput = map[string]result.Kept{
			"first_event < 500ms, gap < 50ms": {Calls: 8, PerS: 8 / one.DurationS},
			"response < 1s":                   {Calls: 10, PerS: 10 / one.DurationS},
		}
	}
	run.Trials[1].Goodput["gap < 1ms"] = result.Kept{} // the other one has not counted it
	if err := run.Check(); err != nil {
		t.Fatal(err)
	}
	return run
}

// verdictOn is the only verdict on a rule.
func verdictOn(t *testing.T, run *result.Run, text string) result.Verdict {
	t.Helper()
	rule, err := ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	all, err := Judge(run, []Threshold{{Scenario: "s", Rule: rule}}, nil, failing)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	return all[0]
}

// Promises on streams go by their own distributions, and by what was counted: what a
// run has not counted, nobody can tell afterwards.
func TestPromisesOnStreams(t *testing.T) {
	run := streamed(t)
	for text, want := range map[string]struct {
		pass   bool
		reason string
	}{
		"first_event.max <= 100ms":                          {true, ""},
		"first_event.p50 < 100ms":                           {false, ""},
		"service.first_event.max < 81ms":                    {true, ""},
		"service.first_event.min < 80ms":                    {false, ""},
		"gap.mean == 20ms":                                  {true, ""},
		"gap.p99 > 30ms":                                    {false, ""},
		"phase.service.first_event.max < 81ms":              {true, ""},
		"goodput(first_event < 500ms, gap < 50ms) == 4/s":   {true, ""}, // 16 in 4 s
		"goodput(gap < 0.05s, first_event < 500ms) > 4/s":   {false, ""},
		"goodput(response < 1000ms) == 5/s":                 {true, ""},
		"goodput(1s) == 5/s":                                {true, ""},
		"goodput(first_event < 501ms, gap < 50ms) > 0.1/s":  {false, "this run did not count the calls that keep first_event < 501ms, gap < 50ms: run it again with the threshold"},
		"goodput(first_event <= 500ms, gap < 50ms) > 0.1/s": {false, "this run did not count"},
		"goodput(gap < 1ms) < 100/s":                        {false, "this run did not count"},
	} {
		v := verdictOn(t, run, text)
		if v.Pass != want.pass || !strings.HasPrefix(v.Reason, want.reason) || want.reason == "" && v.Reason != "" {
			t.Errorf("%s: %+v", text, v)
		}
	}
}

// Where no call was a stream, that is what a promise on streams says; it never
// passes.
func TestPromisesOnStreamsThatWereNone(t *testing.T) {
	plain := runOf(t, trial{mode: "a", duration: time.Second, makespan: time.Second, ok: times(10, 200*ms)})
	plain.Trials[0].Goodput = map[string]result.Kept{"gap < 50ms": {}, "response < 1s": {Calls: 10, PerS: 10}}
	short := runOf(t, trial{mode: "a", duration: time.Second, makespan: time.Second, ok: times(10, 200*ms)})
	short.Trials[0].Stream = &result.Stream{}
	none := runOf(t, trial{mode: "a", duration: time.Second, makespan: time.Second, errors: map[string][]time.Duration{"timeout": times(3, 200*ms)}})
	none.Trials[0].Goodput = plain.Trials[0].Goodput
	for _, c := range []struct {
		run          *result.Run
		rule, reason string
		pass         bool
	}{
		{plain, "first_event.p50 < 1h", "no call that succeeded was a stream", false},
		{plain, "goodput(gap < 50ms) < 1/s", "no call that succeeded was a stream", false},
		{plain, "goodput(response < 1s) >= 10/s", "", true},
		{short, "first_event.p50 < 1h", "no stream had an event", false},
		{short, "service.first_event.max < 1h", "no stream had an event", false},
		{short, "gap.max < 1h", "no stream had two events", false},
		{none, "gap.max < 1h", "no call succeeded", false},
	} {
		if v := verdictOn(t, c.run, c.rule); v.Pass != c.pass || v.Reason != c.reason {
			t.Errorf("%s: %+v, want %q", c.rule, v, c.reason)
		}
	}
}

// A step is judged by its own streams.
func TestPromisesOnStreamsOfSteps(t *testing.T) {
	run := streamed(t)
	for i := range run.Trials {
		one := &run.Trials[i]
		one.Steps = []result.Step{{Name: "ask", Path: "chat/ask", Kind: "http", ThroughputPerS: one.ThroughputPerS, Measure: one.Measure}}
		one.Stream, one.Phases, one.Goodput = nil, nil, nil
		one.Unit = result.UnitIteration
	}
	for text, want := range map[string]float64{
		"first_event.max < 1s": 0.1, "gap.max < 1s": 0.02, "goodput(first_event < 500ms, gap < 50ms) > 3/s": 4, "goodput(1s) > 3/s": 5,
	} {
		rule, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		rule.Step = "chat/ask"
		all, err := Judge(run, []Threshold{{Scenario: "s", Rule: rule}}, nil, failing)
		if err != nil || len(all) != 1 || !all[0].Pass || all[0].Measured < want*0.999 || all[0].Measured > want*1.001 {
			t.Errorf("%s: %+v, %v", text, all, err)
		}
	}
}
