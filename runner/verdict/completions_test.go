package verdict

import (
	"testing"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// batchOf is a run of a batch whose calls took so long, and were started at once.
func batchOf(t *testing.T, took ...time.Duration) *result.Run {
	run := runOf(t, trial{mode: "a", makespan: 3 * time.Second, ok: took})
	run.Trials[0].Requests = len(took)
	ends := latency.NewEnds(len(took))
	for place, at := range took {
		ends.Record(uint64(place), at)
	}
	run.Trials[0].Completions = result.NewCompletions(ends)
	if err := run.Check(); err != nil {
		t.Fatal(err)
	}
	return run
}

// Promises on how far a batch has come are durations, judged as they are.
func TestPromisesOnCompletions(t *testing.T) {
	run := batchOf(t, 3*time.Second, time.Second, 2*time.Second)
	for text, want := range map[string]bool{
		"first <= 1s": true, "first < 1s": false, "half == 2s": true, "half < 1500ms": false, "last <= 3s": true, "last < 2.9s": false,
		"in_order.first == 3s": true, "in_order.half < 3s": false, "in_order.last >= 3s": true,
	} {
		if v := verdictOn(t, run, text); v.Pass != want || v.Reason != "" || v.Measured == 0 {
			t.Errorf("%s: %+v", text, v)
		}
	}
	run.Trials[0].Completions = result.NoCompletions(2_000_000)
	if v := verdictOn(t, run, "half < 5s"); v.Pass || v.Reason != run.Trials[0].Completions.Why {
		t.Errorf("%+v", v)
	}
	run.Trials[0].Completions = nil
	if v := verdictOn(t, run, "half < 5s"); v.Pass || v.Reason != "this run does not tell when the calls of a batch ended: run it again" {
		t.Errorf("%+v", v)
	}
	run.Trials[0].Requests = 0
	if v := verdictOn(t, run, "half < 5s"); v.Pass || v.Reason != "its calls are no batch" {
		t.Errorf("%+v", v)
	}
}

// A batch that fails at once is not fast.
func TestPromisesOnCompletionsOfFailures(t *testing.T) {
	run := batchOf(t, 3*time.Second, time.Second, 2*time.Second)
	one := &run.Trials[0]
	one.OK, one.Errors = 1, map[string]result.Error{"reset": {Count: 2}}
	rule, err := ParseRule("first < 5s")
	if err != nil {
		t.Fatal(err)
	}
	for mayFail, want := range map[bool]string{false: "not judged: 66.6 % failed", true: ""} {
		verdicts, err := Judge(run, []Threshold{{Scenario: "s", Rule: rule}}, nil, func(string) bool { return mayFail })
		if err != nil || len(verdicts) != 1 || verdicts[0].Reason != want || verdicts[0].Pass != mayFail {
			t.Errorf("%+v, %v", verdicts, err)
		}
	}
}
