package verdict

import (
	"strings"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// Promises on a queue, on either side of what was measured, are judged by the
// repetitions together, and asked of no mode without a queue.
func TestPromisesOnQueues(t *testing.T) {
	fed := trial{mode: "fed", makespan: time.Second, ok: times(50, ms), service: times(50, ms)}
	again, plain := fed, fed
	again.repeat, plain.mode = 1, "plain"
	run := runOf(t, fed, again, plain)
	run.Trials[0].Queue = &result.Queue{LengthMean: 2, LengthMax: 8, BlockedS: 1, ConsumersBusy: 0.5}
	run.Trials[1].Queue = &result.Queue{LengthMean: 3, LengthMax: 6, BlockedS: 2, ConsumersBusy: 0.75}
	for text, want := range map[string]struct {
		measured float64
		pass     bool
	}{
		"queue.length_max <= 8":         {8, true},
		"queue.length_max < 8":          {8, false},
		"queue.length_mean <= 2.5":      {2.5, true},
		"queue.length_mean > 2.5":       {2.5, false},
		"queue.blocked < 1.6s":          {1.5, true},
		"queue.blocked < 1400ms":        {1.5, false},
		"queue.blocked == 1.5s":         {1.5, true},
		"queue.consumers_busy >= 62.5%": {0.625, true},
		"queue.consumers_busy > 63%":    {0.625, false},
	} {
		rule, err := ParseRule(text)
		if err != nil || !rule.OfQueues() || rule.OfSteps() {
			t.Fatalf("%s: %+v, %v", text, rule, err)
		}
		verdicts, err := Judge(run, []Threshold{{Scenario: run.Trials[0].Scenario, Rule: rule}}, nil, nil)
		if err != nil || len(verdicts) != 1 || verdicts[0].Mode != "fed" {
			t.Fatalf("%s: %+v, %v", text, verdicts, err)
		}
		if v := verdicts[0]; v.Measured != want.measured || v.Pass != want.pass {
			t.Errorf("%s: %v, %v, want %v, %v", text, v.Measured, v.Pass, want.measured, want.pass)
		}
		verdicts, err = Judge(run, []Threshold{{Scenario: run.Trials[0].Scenario, Mode: "plain", Rule: rule}}, nil, nil)
		if err != nil || len(verdicts) != 1 || verdicts[0].Pass || verdicts[0].Reason != "there is no queue that it could be of" {
			t.Errorf("%s of a mode without a queue: %+v, %v", text, verdicts, err)
		}
	}
}

func TestBrokenPromisesOnQueues(t *testing.T) {
	for text, want := range map[string]string{
		"queue.foo < 8":               `unknown metric "queue.foo", there are queue.length_max, queue.length_mean, queue.blocked and queue.consumers_busy`,
		"queue.lenght_max < 8":        `did you mean "queue.length_max"`,
		"queue.length_max < 8s":       `"8s" is no length of a queue`,
		"queue.length_max < -1":       "no length of a queue",
		"queue.length_max <":          "has no value",
		"queue.blocked < 5":           `"5" has no unit: write 5s`,
		"queue.consumers_busy > 110%": "more than 100%",
		"queue.consumers_busy > busy": "busy",
	} {
		if _, err := ParseRule(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
