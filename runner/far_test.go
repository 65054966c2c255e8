package runner_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/result"
)

// overloaded is 700,000 calls at once for 8 servers that take 2 s each: the
// last one waits two days, and all together 1,900 years.
const overloaded = `
targets:
  t: {sim: {delay: 2s, servers: 8}}
scenarios:
  - name: flood
    target: t
    clock: virtual
    requests: %
    modes: [concurrent]
    thresholds: [p50 < 3600s, p50 > 24h]
`

// Sums of times are as long as they are: beyond an hour, and beyond what 64
// bits of nanoseconds hold.
func TestSumsBeyondTime(t *testing.T) {
	const n, servers, each = 700_000, 8, 2.0
	run := carryOut(t, strings.ReplaceAll(overloaded, "%", "700000"))
	trial := run.Trials[0]
	rounds := float64(n / servers)
	for what, pair := range map[string][2]float64{
		"makespan":  {trial.MakespanS, rounds * each},
		"in flight": {trial.InFlightMean, n * (rounds + 1) / (2 * rounds)},
		"mean":      {trial.Response.MeanS, each * (rounds + 1) / 2},
		"p50":       {trial.Response.P50S, each * rounds / 2},
		"max":       {trial.Response.MaxS, each * rounds},
		"stddev":    {trial.Response.StddevS, each * math.Sqrt((rounds*rounds-1)/12)},
	} {
		if math.Abs(pair[0]/pair[1]-1) > 0.001 {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
	if run.Exit != runner.ExitBroken || run.Verdicts[0].Pass || !run.Verdicts[1].Pass || len(trial.Warnings) > 0 {
		t.Errorf("exit %d, verdicts %+v, warnings %v", run.Exit, run.Verdicts, trial.Warnings)
	}
}

// A distribution without a mean draws what no clock can show: such delays are
// cut and told, and the trial comes to its end.
func TestDrawsBeyondTime(t *testing.T) {
	for name, mode := range map[string]string{
		"at once": "concurrent", "open": "{rate-limited: 10/s}", "limited": "{rate-limited: 10/s, max_in_flight: 3, overflow: drop}",
	} {
		run := carryOut(t, `
targets: {t: {sim: {delay: {pareto: {scale: 1ms, shape: 0.05}}}}}
scenarios: [{name: s, target: t, clock: virtual, requests: 200, modes: [`+mode+`]}]
`)
		trial := run.Trials[0]
		if trial.Ended != result.Complete || trial.OK+trial.Dropped != 200 || len(trial.Warnings) != 1 || !strings.Contains(trial.Warnings[0], "longer than 100 years") {
			t.Errorf("%s: %s (%s), %d ok, warnings %v", name, trial.Ended, trial.Reason, trial.OK, trial.Warnings)
		}
		const longest = 100 * 365 * 24 * 3600
		if trial.Response.MaxS != longest || trial.Response.P99S != longest {
			t.Errorf("%s: max %v s, p99 %v s", name, trial.Response.MaxS, trial.Response.P99S)
		}
	}
}

// Where the calls that were asked for come after the end of time, the trial
// says so and keeps what was measured until then.
func TestTimeIsOver(t *testing.T) {
	for name, trialOf := range map[string]string{
		"one after the other": `delay: {pareto: {scale: 1ms, shape: 0.05}}, requests: 200, mode: sequential`,
		"in line":             `delay: 876000h, servers: 1, requests: 4, mode: concurrent`,
		"frozen":              `delay: 876000h, stall: {every: 2s, for: 1.99s}, requests: 4, mode: concurrent`,
		"thinking":            `delay: 1s, requests: 9, mode: {mode: sequential, think_time: 876000h}`,
		"slowed":              `delay: 876000h, contention: {serial: 100%}, requests: 30, mode: {concurrent: 2}`,
	} {
		t.Run(name, func(t *testing.T) {
			model, rest, _ := strings.Cut(trialOf, ", requests:")
			requests, mode, _ := strings.Cut(rest, ", mode: ")
			began := time.Now()
			run := carryOut(t, `
targets: {t: {sim: {`+model+`}}}
scenarios: [{name: s, target: t, clock: virtual, requests: `+requests+`, modes: [`+mode+`]}]
`)
			trial := run.Trials[0]
			if trial.Ended != result.Failed || !strings.Contains(trial.Reason, "time is over") || run.Exit != runner.ExitInvalid {
				t.Errorf("%s (%s), exit %d, after %v", trial.Ended, trial.Reason, run.Exit, time.Since(began))
			}
			if trial.MakespanS > time.Duration(math.MaxInt64).Seconds() || trial.OK == 0 && name != "frozen" {
				t.Errorf("%d ok in %v s", trial.OK, trial.MakespanS)
			}
		})
	}
}

// A trial that has a length ends there, however far beyond it its calls do.
func TestLengthsEndWhatTimeDoesNot(t *testing.T) {
	for _, mode := range []string{"{concurrent: 5}", "{rate-limited: 10/s}", "{concurrent: 2, think_time: 876000h}"} {
		run := carryOut(t, `
targets: {t: {sim: {delay: {pareto: {scale: 1ms, shape: 0.01}}, servers: 2}}}
scenarios: [{name: s, target: t, clock: virtual, duration: 3s, warmup: 1s, drain: 1s, modes: [`+mode+`]}]
`)
		if trial := run.Trials[0]; trial.Ended != result.Complete || trial.MakespanS > 4 {
			t.Errorf("%s: %s (%s) after %v s", mode, trial.Ended, trial.Reason, trial.MakespanS)
		}
	}
}

// Starts belong to [from, to) and ends to (from, to]: a rate has no fence post
// too many after a warm-up.
func TestRatesHaveNoFencePost(t *testing.T) {
	for name, c := range map[string]struct {
		delay, mode, warmup, duration string
		rate                          float64
	}{
		"at a rate":                {"50ms", "{rate-limited: 10/s}", "1s", "1s", 10},
		"at once":                  {"0s", "{rate-limited: 10/s}", "1s", "1s", 10},
		"due when others end":      {"100ms", "{rate-limited: 10/s}", "1s", "1s", 10},
		"as long as the trial":     {"1s", "{rate-limited: 10/s}", "1s", "1s", 10},
		"in rounds":                {"1s", "{concurrent: 1000}", "1s", "2s", 1000},
		"in rounds, no warm-up":    {"1s", "{concurrent: 1000}", "0s", "2s", 1000},
		"one after another":        {"100ms", "sequential", "500ms", "1s", 10},
		"thinking, taking no time": {"0s", "{concurrent: 3, think_time: 100ms}", "1s", "1s", 30},
	} {
		run := carryOut(t, `
targets: {t: {sim: {delay: `+c.delay+`}}}
scenarios: [{name: s, target: t, clock: virtual, duration: `+c.duration+`, warmup: `+c.warmup+`, modes: [`+c.mode+`], thresholds: [`+fmt.Sprintf("goodput(2s) == %v/s", c.rate)+`]}]
`)
		if trial := run.Trials[0]; math.Abs(trial.ThroughputPerS-c.rate) > 1e-9 || !run.Verdicts[0].Pass {
			t.Errorf("%s: %v/s, want %v/s; %+v", name, trial.ThroughputPerS, c.rate, run.Verdicts[0])
		}
	}
}
