package verdict

import (
	"testing"
	"time"

	"plimsoll/runner/result"
)

// Promises on a crawl, on either side of what was measured, are judged by the mean
// of its repetitions, and asked of nothing else.
func TestPromisesOnCrawls(t *testing.T) {
	visited := trial{mode: "sequential", makespan: time.Second, ok: times(50, ms), service: times(50, ms)}
	again, plain := visited, visited
	again.repeat, plain.mode = 1, "plain"
	run := runOf(t, visited, again, plain)
	run.Trials[0].Crawl = &result.Crawl{Pages: 80, Depth: 4}
	run.Trials[1].Crawl = &result.Crawl{Pages: 85, Depth: 4}
	for text, want := range map[string]struct {
		measured float64
		pass     bool
	}{
		"crawl.pages == 82.5": {82.5, true}, "crawl.pages < 82.5": {82.5, false}, "crawl.pages <= 82.5": {82.5, true},
		"crawl.depth >= 4": {4, true}, "crawl.depth > 4": {4, false},
	} {
		rule, err := ParseRule(text)
		if err != nil || !rule.OfCrawls() || rule.OfSteps() {
			t.Fatalf("%s: %+v, %v", text, rule, err)
		}
		verdicts, err := Judge(run, []Threshold{{Scenario: run.Trials[0].Scenario, Mode: "sequential", Rule: rule}}, nil, nil)
		if err != nil || len(verdicts) != 1 {
			t.Fatalf("%s: %+v, %v", text, verdicts, err)
		}
		if v := verdicts[0]; v.Measured != want.measured || v.Pass != want.pass {
			t.Errorf("%s: %v, %v, want %v, %v", text, v.Measured, v.Pass, want.measured, want.pass)
		}
		verdicts, err = Judge(run, []Threshold{{Scenario: run.Trials[0].Scenario, Mode: "plain", Rule: rule}}, nil, nil)
		if err != nil || len(verdicts) != 1 || verdicts[0].Pass || verdicts[0].Reason != "there is no crawl that it could be of" {
			t.Errorf("%s of what is no crawl: %+v, %v", text, verdicts, err)
		}
	}
}
