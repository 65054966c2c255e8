package runner_test

import (
	"fmt"
	"slices"
	"testing"

	"plimsoll/runner/result"
)

// In simulated time nobody looks where nothing happens, and all the same a trial
// ends at the very second at which somebody who looks at each ends it: where a rate
// over all so far has come down to its limit; and where something is under way of
// which nothing comes back, at the end of the first second for which it was.
func TestQuietTrialsStopInTime(t *testing.T) {
	for _, c := range []struct {
		name, delay, think, rule string
		stops                    int
	}{
		{"a rate falls", "1s", "100s", "{rule: rate > 0.05/s, stop: true}", 20},
		{"a rate falls for long", "1s", "1000000s", "{rule: rate > 0.00001/s, stop: true}", 100_000},
		{"goodput falls", "1s", "100s", "{rule: goodput(2s) >= 0.05/s, stop: true}", 21},
		{"nothing comes back", "10s", "20s", "{rule: rate > 0.1/s, over: 2s, after: 15s, stop: true}", 31},
		{"nothing comes back for long", "9.5s", "1000000s", "{rule: rate > 0.1/s, over: 2s, after: 15s, stop: true}", 1_000_010},
	} {
		t.Run(c.name, func(t *testing.T) {
			trial := &carryOut(t, fmt.Sprintf(`
targets:
  model: {sim: {delay: %s}}
scenarios:
  - name: quiet
    target: model
    clock: virtual
    duration: 2000000s
    modes: [{concurrent: 1, think_time: %s}]
    thresholds: [%s]
`, c.delay, c.think, c.rule)).Trials[0]
			if w := trial.Watched[0]; trial.Ended != result.Stopped || w.WorstAtS != float64(c.stops) || !w.Broken {
				t.Errorf("ended %s (%s): %+v; want a stop at %d s", trial.Ended, trial.Reason, w, c.stops)
			}
		})
	}
}

// Where all calls are waited for, windows are judged to the last whole second of the
// trial, with all calls that ended in them: as they are where calls are counted.
func TestWindowsOfWholeCalls(t *testing.T) {
	var counted []result.Watched
	for _, lasts := range []string{"requests: 2", "at_least: 3s", "duration: 5s"} {
		trial := &carryOut(t, fmt.Sprintf(`
targets:
  model: {sim: {delay: 2500ms}}
scenarios:
  - name: programs
    target: model
    clock: virtual
    %s
    modes: [sequential]
    thresholds:
      - {rule: p50 < 1s, over: 5s}
      - {rule: rate > 0.3/s, over: 5s}
      - {rule: rate > 0.6/s, over: 2s, after: 5s}
      - {rule: goodput(5s) > 0.3/s, over: 5s}
      - {rule: goodput(service < 5s) > 0.5/s, over: 5s}
`, lasts)).Trials[0]
		if counted == nil {
			counted = trial.Watched
		}
		if trial.MakespanS != 5 || trial.Watched[1].Measured != 2./5 || trial.Watched[2].Measured != 1./2 || !slices.Equal(trial.Watched, counted) {
			t.Errorf("%s: %+v", lasts, trial.Watched)
		}
	}
}

// Where one promise stops a trial before the first window of another is over, that
// one is told why nobody has seen anything of it.
func TestStoppedBeforeTheFirstWindow(t *testing.T) {
	for end, reason := range map[string]string{
		"{rule: errors < 50%, stop: true}": "the trial ended before a window was over that had calls: stop: errors < 50% was broken at 1 s",
		"errors <= 100%":                   "there were no calls, or no window was over before the trial was",
	} {
		run := carryOut(t, fmt.Sprintf(`
targets:
  model: {sim: {delay: 20ms, errors: {rate: 100%%, kind: timeout}}}
scenarios:
  - name: short
    target: model
    clock: virtual
    requests: 60
    modes: [{rate-limited: 20/s}]
    thresholds: [%s, {rule: rate > 1/s, over: 10s}]
`, end))
		if v := run.Verdicts[1]; v.Pass || v.Reason != reason {
			t.Errorf("%s: %+v, want %q", end, v, reason)
		}
	}
}
