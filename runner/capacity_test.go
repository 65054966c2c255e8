package runner_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/busy"
)

var long = flag.Bool("long", false, "search each capacity with 100 seeds, go shopping ten times as often: takes minutes")

// mm1 is the capacity of one exponential server of rate mu, where p99 must
// stay below the bound: the p99 at lambda is ln(100)/(mu−lambda).
func mm1(mu, bound float64) float64 { return mu - math.Log(100)/bound }

// mmc is the capacity of c exponential servers of rate mu each, where p99 must
// stay below the bound: the rate at which the share of slower calls is 1 %.
func mmc(c int, mu, bound float64) float64 {
	slower := func(lambda float64) float64 {
		a, b := lambda/mu, 1.0
		for k := 1; k <= c; k++ {
			b = a * b / (float64(k) + a*b)
		}
		wait := b / (1 - a/float64(c)*(1-b))
		theta := float64(c)*mu - lambda
		return (1-wait)*math.Exp(-mu*bound) + wait*(theta*math.Exp(-mu*bound)-mu*math.Exp(-theta*bound))/(theta-mu)
	}
	low, high := 0.0, 0.99999*float64(c)*mu // no bisection meets theta = mu, which has a limit only
	for range 100 {
		if mid := (low + high) / 2; slower(mid) < 0.01 {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// usl is the most callers of a target that follows the Universal Scalability
// Law for whom a delay takes less than the bound.
func usl(delay, serial, crosstalk, bound float64) float64 {
	n := 1.0
	for ; delay*(1+serial*n+crosstalk*n*(n+1)) < bound; n++ {
	}
	return n
}

// The formula of dependencies: 4 servers of rate 1 at 3.2/s have a p99 of
// 6.8932.
func TestCapacityFormulas(t *testing.T) {
	if got := mmc(4, 1, 6.8932); math.Abs(got-3.2) > 1e-4 {
		t.Errorf("M/M/4: %v", got)
	}
	if got := mmc(1, 100, 0.4605); math.Abs(got-mm1(100, 0.4605)) > 1e-6 {
		t.Errorf("M/M/1: %v, %v", got, mm1(100, 0.4605))
	}
}

// truths are searches whose answer is known.
var truths = []struct {
	name, target, search string
	low, high            float64 // the capacity lies between them: a limit of errors lets it be told only so well
}{
	{"M/M/1", `delay: {exponential: 10ms}, servers: 1`,
		`modes: [{mode: rate-limited, arrivals: poisson}], capacity: {find: rate, slo: [p99 < 460ms, errors < 0.1%], from: 5/s, to: 2000/s, hold: 20m}`,
		mm1(100, 0.46), mm1(100, 0.46)},
	{"M/M/1 at half load", `delay: {exponential: 10ms}, servers: 1`,
		`modes: [{mode: rate-limited, arrivals: poisson}], capacity: {find: rate, slo: p99 < 92ms, from: 5/s, to: 2000/s, hold: 10m}`,
		mm1(100, 0.092), mm1(100, 0.092)},
	{"M/M/4", `delay: {exponential: 40ms}, servers: 4`,
		`modes: [{mode: rate-limited, arrivals: poisson}], capacity: {find: rate, slo: p99 < 276ms, from: 5/s, to: 2000/s, hold: 10m}`,
		mmc(4, 25, 0.276), mmc(4, 25, 0.276)},
	{"M/M/4, short steps", `delay: {exponential: 40ms}, servers: 4`,
		`modes: [{mode: rate-limited, arrivals: poisson}], capacity: {find: rate, slo: p99 < 276ms, from: 5/s, to: 2000/s, hold: 100s}`,
		mmc(4, 25, 0.276), mmc(4, 25, 0.276)},
	{"quota", `delay: 5ms, quota: 137/s`,
		`capacity: {find: rate, slo: [p99 < 50ms, errors < 0.1%], from: 20/s, to: 2000/s, hold: 60s}`, 137, 137 / 0.999},
	{"USL", `delay: {lognormal: {median: 20ms, p99: 40ms}}, contention: {serial: 1.5%, crosstalk: 0.012%}`,
		`capacity: {find: concurrency, slo: p50 < 45ms, from: 1, to: 500, hold: 60s}`,
		usl(0.020, 0.015, 0.00012, 0.045), usl(0.020, 0.015, 0.00012, 0.045)},
	{"USL, constant", `delay: 20ms, contention: {serial: 1.5%, crosstalk: 0.012%}`,
		`capacity: {find: concurrency, slo: p99 < 45ms, from: 1, to: 500, hold: 20s, precision: 2%}`,
		usl(0.020, 0.015, 0.00012, 0.045), usl(0.020, 0.015, 0.00012, 0.045)},
}

// Where theory knows the capacity, the search finds it within the precision
// asked for, or says that its interval is wider; and the interval covers the
// truth in 90 of 100 searches and more.
func TestSearchFindsTheTruth(t *testing.T) {
	for _, truth := range truths {
		t.Run(truth.name, func(t *testing.T) {
			t.Parallel()
			seeds := uint64(2)
			if *long {
				seeds = 100
			}
			plan := parse(t, fmt.Sprintf("targets: {t: {sim: {%s}}}\nscenarios: [{name: s, target: t, clock: virtual, %s}]\n", truth.target, truth.search))
			covered, steps, wide := 0, 0, 0
			for seed := range seeds {
				c := searched(t, plan, seed)
				steps += len(c.Steps)
				if c.Bound != result.Found {
					t.Errorf("seed %d: %s %v", seed, c.Bound, c.Value)
					continue
				}
				if c.Low <= truth.high && truth.low <= c.High {
					covered++
				}
				near := c.Value >= truth.low*(1-c.Precision) && c.Value <= truth.high*(1+c.Precision)
				if !c.Precise {
					wide++
				} else if !near {
					t.Errorf("seed %d: %v (%v … %v) is called precise; it is %v", seed, c.Value, c.Low, c.High, truth.low)
				}
			}
			t.Logf("%d of %d intervals cover it, %d are wide, %.1f steps each", covered, seeds, wide, float64(steps)/float64(seeds))
			if float64(covered) < 0.9*float64(seeds)-1 || *long && covered < 90 {
				t.Errorf("%d of %d intervals cover the truth, %v", covered, seeds, truth.low)
			}
		})
	}
}

// Of whole numbers the answer is the highest load that kept its promises, found
// in few steps where nothing is left to chance; and it tells what is served
// there.
func TestWholeCapacities(t *testing.T) {
	for _, c := range []struct {
		target, search string
		low, high      float64 // of the truth
		throughput     float64
		steps          int // at the most; 0 where chance decides
	}{
		// Of 37 callers of 4 servers some wait 9 rounds of 10 ms, and end with the tenth.
		{"delay: 10ms, servers: 4", "p99 < 100ms, from: 1", 36, 36, 400, 14},
		{"delay: 10ms, servers: 4", "p99 < 100ms, from: 3", 36, 36, 400, 14},
		{"delay: 10ms, servers: 4", "p99 <= 100ms, from: 1", 40, 40, 400, 14},
		{"delay: 10ms, servers: 1", "p99 < 55ms, from: 1", 5, 5, 100, 9},
		{"delay: 10ms, servers: 64", "max < 25ms, from: 1", 128, 128, 6400, 16},
		{"delay: 20ms, contention: {serial: 1.5%, crosstalk: 0.012%}", "p99 < 45ms, from: 1", usl(0.020, 0.015, 0.00012, 0.045), usl(0.020, 0.015, 0.00012, 0.045), 0, 16},
		{"delay: {exponential: 10ms}, servers: 4", "mean < 100ms, from: 1", 39, 41, 400, 0},
	} {
		slo, from, _ := strings.Cut(c.search, ", from:")
		run := carryOut(t, fmt.Sprintf(
			"targets: {t: {sim: {%s}}}\nscenarios: [{name: s, target: t, clock: virtual, capacity: {find: concurrency, slo: %s, from: %s, to: 500}}]\n", c.target, slo, from))
		got := run.Capacities[0]
		name := c.target + ": " + c.search
		highest := 0.0
		for _, step := range got.Steps {
			if step.Verdict == result.Pass {
				highest = max(highest, step.Level)
			}
		}
		if got.Bound != result.Found || !got.Precise || got.Value > highest || got.Low > c.high || got.High < c.low || got.Value < c.low*(1-got.Precision) || got.Value > c.high {
			t.Errorf("%s: %s %v (%v … %v), %s; the highest step that passed is %v", name, got.Bound, got.Value, got.Low, got.High, got.Reason, highest)
		}
		if c.steps > 0 && (len(got.Steps) > c.steps || got.Value != highest) {
			t.Errorf("%s: %v after %d steps", name, got.Value, len(got.Steps))
		}
		if c.throughput > 0 && math.Abs(got.ThroughputPerS/c.throughput-1) > 0.02 {
			t.Errorf("%s: %v/s are served, %v/s can be", name, got.ThroughputPerS, c.throughput)
		}
	}
}

// searched carries out the plan's one search with a seed and tells what it
// found.
func searched(t *testing.T, plan *scenario.Plan, seed uint64) result.Capacity {
	t.Helper()
	seeded := *plan
	seeded.Seed = seed
	run, err := runner.Run(context.Background(), context.Background(), runner.Options{
		Plan: &seeded, Save: func(*result.Run) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Check(); err != nil {
		t.Fatal(err)
	}
	return run.Capacities[0]
}

// A target too fast for the generator gets no number: where the schedule was
// not kept, the search ends, and says so.
func TestGeneratorIsTheLimit(t *testing.T) {
	run := carryOut(t, `
targets: {t: {sim: {delay: 0s}}}
scenarios:
  - {name: s, target: t, drain: 1s, capacity: {find: rate, slo: p99 < 10s, from: 2000/s, to: 100M/s, hold: 100ms}}
`)
	c := run.Capacities[0]
	if c.Bound == result.Found || c.Bound == result.Below || c.LimitedBy != result.LimitGenerator || c.Low != 0 || c.High != 0 || !strings.Contains(c.Reason, "could not keep its schedule") {
		t.Errorf("%s %v, limited by %s: %s", c.Bound, c.Value, c.LimitedBy, c.Reason)
	}
	last := c.Steps[len(c.Steps)-1]
	if last.Verdict != result.Void || last.Level >= 100e6 {
		t.Errorf("the last step: %+v", last)
	}
	if last.StartedPerS <= 0 || last.StartedPerS > last.Level || !strings.Contains(c.Reason, "it managed") && !strings.Contains(c.Reason, "were late") {
		t.Errorf("the generator managed %v/s of %v/s: %s", last.StartedPerS, last.Level, c.Reason)
	}
	// Falling behind is an answer here; which code that makes is ExitCode's test.
	if kept := slices.ContainsFunc(c.Steps, func(s result.CapacityStep) bool { return s.Verdict == result.Pass }); !kept {
		busy.Skip(t, "this machine is too busy for the lowest rate")
	}
	if c.Bound != result.AtLeast || c.Value < 2000 || run.Exit != runner.ExitOK {
		t.Errorf("exit %d with bound %q, %v", run.Exit, c.Bound, c.Value)
	}
}

// A target that leaves its calls waiting at max_in_flight has failed, though
// it answers every one of them in the end and only errors were promised.
func TestHeldCallsAreTheTargetsFailure(t *testing.T) {
	run := carryOut(t, `
targets: {t: {sim: {delay: 100ms, servers: 1}}}
scenarios:
  - name: s
    target: t
    clock: virtual
    drain: 1h
    modes: [{mode: rate-limited, max_in_flight: 5}]
    capacity: {find: rate, slo: errors < 1%, from: 1/s, to: 1000/s, hold: 60s}
`)
	c := run.Capacities[0]
	if c.Bound != result.Found || c.LimitedBy != "max_in_flight" || c.Low > 10 || c.High < 10 || run.Exit != runner.ExitOK {
		t.Errorf("%s %v (%v … %v), limited by %s, exit %d", c.Bound, c.Value, c.Low, c.High, c.LimitedBy, run.Exit)
	}
}

// Each step is a trial of its own, of another draw where its level was tried
// before, and the run is planned as long as it was.
func TestStepsAreTrials(t *testing.T) {
	watch := &planned{}
	run := carryOut(t, randomSearch, func(o *runner.Options) { o.Watch = watch })
	c := run.Capacities[0]
	if len(c.Steps) != len(run.Trials) || run.Planned != len(run.Trials) || c.Most-watch.fewer != len(c.Steps) || watch.most != c.Most {
		t.Errorf("%d steps of at most %d, %d trials of %d, %d fewer", len(c.Steps), c.Most, len(run.Trials), run.Planned, watch.fewer)
	}
	seen := map[float64]map[float64]bool{}
	for i, step := range c.Steps {
		trial := run.Trials[i]
		if trial.Sweep != c.At(step) || trial.Repeat != step.Repeat || math.Abs(trial.RatePerS/step.Level-1) > 1e-9 || trial.DurationS != c.HoldS {
			t.Errorf("step %d, %+v, is not trial %+v, repeat %d", i, step, trial.Sweep, trial.Repeat)
		}
		if seen[step.Level] == nil {
			seen[step.Level] = map[float64]bool{}
		}
		if seen[step.Level][trial.Response.MeanS] {
			t.Errorf("step %d at %v/s met the draws of an earlier one", i, step.Level)
		}
		seen[step.Level][trial.Response.MeanS] = true
	}
	if len(seen) == len(c.Steps) {
		t.Error("nothing was repeated")
	}
	if len(run.Speedups)+len(run.Verdicts)+len(run.Scaling) > 0 {
		t.Error("the steps are taken for a sweep")
	}
}

const randomSearch = `
targets: {t: {sim: {delay: {exponential: 10ms}, servers: 1}}}
scenarios:
  - name: s
    target: t
    clock: virtual
    modes: [{mode: rate-limited, arrivals: poisson}]
    capacity: {find: rate, slo: p99 < 200ms, from: 10/s, to: 1000/s, hold: 100s}
`

// planned is a watcher that notes what is said of the run's length, and may do
// something when a step begins.
type planned struct {
	most, fewer int
	at          func(number int)
}

func (p *planned) Begin(t scenario.Trial, _ int64, _ time.Duration) {
	p.most = t.Most
	if p.at != nil {
		p.at(t.Number)
	}
}
func (p *planned) Sample(runner.Sample, time.Duration) {}
func (p *planned) End(*result.Trial)                   {}
func (p *planned) Fewer(trials int)                    { p.fewer += trials }
func (p *planned) Note(string)                         {}

// What an interrupted search has measured is kept, and is an answer as far as
// it goes.
func TestInterruptedSearch(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	watch := &planned{at: func(number int) {
		if number == 4 {
			interrupt()
		}
	}}
	saves := 0
	run, err := runner.Run(ctx, context.Background(), runner.Options{
		Plan: parse(t, randomSearch), Watch: watch,
		Save: func(*result.Run) error { saves++; return nil },
	})
	if err != nil || run.Check() != nil || run.Exit != runner.ExitInterrupted {
		t.Fatalf("%v, %v, exit %d", err, run.Check(), run.Exit)
	}
	c := run.Capacities[0]
	if len(c.Steps) != 3 || c.Bound != result.AtLeast || c.Value != 40 || !strings.Contains(c.Reason, "not finished") || saves < 2 {
		t.Errorf("%d steps, %s %v, %q, saved %d times", len(c.Steps), c.Bound, c.Value, c.Reason, saves)
	}
}

// How much a search may take is known before it begins.
func TestMost(t *testing.T) {
	text := `
targets: {t: {sim: {delay: 10ms}}}
scenarios:
  - {name: s, target: t, warmup: 2s, capacity: {find: rate, slo: p99 < 1s, from: 50/s, to: 20000/s, hold: 10s}}
  - {name: sweep, target: t, requests: [1, 2], modes: [sequential]}
`
	trials, err := runner.Select(parse(t, text), nil)
	if err != nil || len(trials) != 3 {
		t.Fatal(err, len(trials))
	}
	steps, took := runner.Most(trials[0])
	if steps != 10+4+16 || took != 30*(2+10+2)*time.Second || runner.Trials(trials) != steps+2 {
		t.Errorf("%d steps, %v, %d trials", steps, took, runner.Trials(trials))
	}
}
