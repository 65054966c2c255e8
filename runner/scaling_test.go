package runner_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"plimsoll/runner/result"
)

// chosenLaw is the law that the data of a mode support.
func chosenLaw(t *testing.T, run *result.Run, mode string) result.Scaling {
	t.Helper()
	for _, s := range run.Scaling {
		if s.Mode == mode && s.Chosen {
			return s
		}
	}
	t.Fatalf("no law is chosen for %s in %+v", mode, run.Scaling)
	return result.Scaling{}
}

func within(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if !(math.Abs(got-want) <= share*want) {
		t.Errorf("%s is %.6g, want %.6g ± %.2g %%", what, got, want, 100*share)
	}
}

// The target's own σ and κ come out of sweeps that cost no noise: over batches
// that are all made at once beside a sequential baseline, and over callers.
func TestContentionIsRecovered(t *testing.T) {
	const target = `
targets:
  contended: {sim: {delay: 100ms, contention: {serial: 3%, crosstalk: 0.02%}}}
scenarios:
`
	peak := math.Sqrt(0.97 / 0.0002) // 69.6
	for name, c := range map[string]struct {
		scenario, mode, axis, baseline string
		x1                             float64
	}{
		"batches": {"  - {name: s, target: contended, clock: virtual, requests: [1, 5, 10, 20, 50, 100], modes: [sequential, concurrent]}",
			"concurrent", result.AxisRequests, "sequential", 1},
		"batches alone": {"  - {name: s, target: contended, clock: virtual, requests: [2, 5, 10, 20, 50, 100], modes: [concurrent]}",
			"concurrent", result.AxisRequests, "", 10},
		"callers": {"  - {name: s, target: contended, clock: virtual, duration: 1000s, modes: [concurrent: [1, 4, 16, 32, 64, 128]]}",
			"concurrent", result.AxisConcurrency, "", 10},
	} {
		t.Run(name, func(t *testing.T) {
			run := carryOut(t, target+c.scenario+"\n")
			s := chosenLaw(t, run, c.mode)
			if s.Law != result.USL || s.Axis != c.axis || s.Baseline != c.baseline || s.Points != 6 || s.Peak == nil {
				t.Fatalf("%+v", s)
			}
			within(t, "σ", s.Serial.Value, 0.03, 0.02)
			within(t, "κ", s.Crosstalk.Value, 0.0002, 0.02)
			within(t, "the peak", s.Peak.Value, peak, 0.02)
			within(t, "X(1)", s.X1.Value, c.x1, 0.02)
			for _, other := range run.Scaling {
				if other.Mode == "sequential" {
					t.Errorf("a law of scaling for one call at a time: %+v", other)
				}
			}
		})
	}
}

// The measured table gives what the published one does.
func TestThePublishedTablesLaw(t *testing.T) {
	s := chosenLaw(t, carryOut(t, published), "concurrent")
	within(t, "σ", s.Serial.Value, 0.0148, 0.02)
	within(t, "κ", s.Crosstalk.Value, 0.000118, 0.02)
	if s.Law != result.USL || s.Baseline != "sequential" || s.Basis != result.FromResiduals {
		t.Errorf("%+v", s)
	}
}

func TestSweepsThatHaveNoLaw(t *testing.T) {
	run := carryOut(t, `
targets: {t: {sim: {delay: 10ms}}}
scenarios:
  - {name: rates, target: t, clock: virtual, duration: 1s, modes: [rate-limited: [10/s, 20/s, 40/s, 80/s]]}
  - {name: pool, target: t, clock: virtual, requests: [5, 10, 20, 50], modes: [sequential, concurrent: 5]}
  - {name: once, target: t, clock: virtual, requests: 10, modes: [sequential, concurrent]}
  - {name: short, target: t, clock: virtual, requests: [5, 10, 20], modes: [sequential, concurrent]}
`)
	var got []string
	for _, s := range run.Scaling {
		got = append(got, fmt.Sprintf("%s %s: %s", s.Scenario, s.Mode, s.Refused))
	}
	want := `short concurrent: Amdahl's law needs 4 points; there are 3
short concurrent: the Universal Scalability Law needs 5 points; there are 3`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// Little's law holds in whatever is recorded: warm-ups, waiting, errors,
// dropped and cancelled calls included, and never by luck of one record.
func TestLittlesLawHolds(t *testing.T) {
	run := carryOut(t, `
targets:
  mm1: {sim: {delay: {exponential: 8ms}, servers: 1}}
  refusing: {sim: {delay: {lognormal: {median: 20ms, p99: 300ms}}, servers: 4, queue: 5, errors: {rate: 5%, kind: timeout, after: 700ms}}}
  failing: {sim: {delay: {exponential: 20ms}, servers: 4, errors: {rate: 5%, kind: reset, after: 3ms}}}
  frozen: {sim: {delay: 5ms, stall: {every: 5s, for: 1s, at: 2s}}}
  slow: {sim: {delay: {exponential: 10s}}}
scenarios:
  - {name: mm1, target: mm1, clock: virtual, duration: 100s, modes: [{rate-limited: 100/s, arrivals: poisson}]}
  - {name: closed, target: mm1, clock: virtual, duration: 60s, warmup: 5s, modes: [sequential, {concurrent: 20, think_time: 5ms}]}
  - {name: drops, target: refusing, clock: virtual, duration: 60s, warmup: 2s, modes: [{rate-limited: 300/s, arrivals: poisson, max_in_flight: 6, overflow: drop}]}
  - {name: held, target: frozen, clock: virtual, duration: 20s, modes: [{rate-limited: 200/s, max_in_flight: 8}, {rate-limited: 50/s, arrivals: window}]}
  - {name: cancelled, target: slow, clock: virtual, duration: 10s, drain: 1s, modes: [rate-limited: 20/s]}
  - {name: batch, target: failing, clock: virtual, requests: 500, warmup: 1s, modes: [concurrent, concurrent: 7]}
`)
	kinds := map[string]int64{}
	for _, trial := range run.Trials {
		kinds["errors"] += trial.Failed()
		kinds["dropped"] += trial.Dropped
		kinds["held"] += trial.HeldCalls
		kinds["cancelled"] += trial.Cancelled
		area := 0.0
		for _, w := range trial.Timeline {
			area += w.InFlightMean * w.WidthS
		}
		within(t, trial.Scenario+", "+trial.Mode+": time in flight", area, trial.InFlightMean*trial.MakespanS, 0.001)
		if len(trial.Warnings) > 0 {
			t.Errorf("%s, %s: %q", trial.Scenario, trial.Mode, trial.Warnings)
		}
		// L = λW, of the calls that were served: all, where none failed.
		if trial.Failed() == 0 && trial.Cancelled == 0 {
			lambda := float64(trial.OK) / trial.MakespanS
			within(t, trial.Scenario+", "+trial.Mode+": mean in flight", trial.InFlightMean, lambda*trial.Service.MeanS, 0.001)
		}
	}
	for _, kind := range []string{"errors", "dropped", "held", "cancelled"} {
		if kinds[kind] == 0 {
			t.Errorf("no calls were %s: the scenarios show nothing", kind)
		}
	}
}
