// Package calibration finds out what this machine can resolve: what a call
// costs by itself, how punctual calls are, what rate can be held, and how
// small a difference between two measurements can be told. It writes scenarios
// and has package runner carry them out, so that what it says holds for
// whatever else the runner measures. Everything stays on this machine.
package calibration

import (
	"context"
	"fmt"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/serve"
)

// Size is how much is measured, and so how long it takes.
type Size struct {
	// Cost is how long each engine is measured alone, and again with many
	// calls in flight.
	Cost time.Duration
	// Lateness is measured at each of Rates (calls a second), for the time
	// that belongs to it.
	Rates    []int
	Lateness []time.Duration
	// Steps are the most rates tried for the highest that can be held, each
	// for Step, and a second time where it is not.
	Steps int
	Step  time.Duration
	// Repetitions, an even number of at least 4, of Repetition each are
	// halved in every way.
	Repetitions int
	Repetition  time.Duration
}

// Full takes about 45 s.
func Full() Size {
	return Size{
		Cost:  700 * time.Millisecond,
		Rates: []int{100, 1000, 10_000}, Lateness: []time.Duration{4 * time.Second, 3 * time.Second, 3 * time.Second},
		Steps: 10, Step: time.Second,
		Repetitions: 12, Repetition: time.Second,
	}
}

// Quick takes about 15 s and is coarser.
func Quick() Size {
	return Size{
		Cost:  200 * time.Millisecond,
		Rates: []int{100, 1000, 10_000}, Lateness: []time.Duration{4 * time.Second, time.Second / 2, time.Second / 2},
		Steps: 7, Step: 300 * time.Millisecond,
		Repetitions: 8, Repetition: 500 * time.Millisecond,
	}
}

// Trials is the most that Measure carries out, for whoever shows progress.
func (s Size) Trials() int { return 1 + 2*len(costs) + len(s.Rates) + 2*s.Steps + s.Repetitions }

// Options say how to calibrate. Size must be there.
type Options struct {
	Size
	Version string         // the program's own, for the result
	Child   serve.Command  // starts simulated servers, see runner.Options
	Watch   runner.Watcher // sees trials come and go; nil for nobody
	Now     time.Time      // when it is done, for the result
}

// Measure takes its time. It ends with ctx's error when ctx is done, and with
// one of the harness if a trial could not be carried out.
func Measure(ctx context.Context, o Options) (*result.Calibration, error) {
	c := &result.Calibration{
		Taken: o.Now.UTC(), Tool: result.Tool{Name: "plimsoll", Version: o.Version}, Machine: result.ThisMachine(),
	}
	for _, step := range []func(context.Context, *result.Calibration) error{o.cost, o.lateness, o.heldRate, o.floor} {
		if err := step(ctx, c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// run carries a scenario file out and returns its trials, each of which has
// come to its end.
func (o Options) run(ctx context.Context, file string) ([]result.Trial, error) {
	plan, problems := scenario.Parse("calibration", []byte(file), func(string) (string, bool) { return "", false }, ".")
	if len(problems) > 0 {
		return nil, fmt.Errorf("the calibration's own scenario is wrong, a bug of plimsoll: %s", problems.Error())
	}
	run, err := runner.Run(ctx, ctx, runner.Options{
		Plan: plan, Watch: o.Watch, Child: o.Child, Version: o.Version, AllowLate: true,
		Save: func(*result.Run) error { return nil },
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	for _, t := range run.Trials {
		switch {
		case t.Ended != result.Complete:
			return nil, fmt.Errorf("%s could not be carried out: %s", t.Scenario, t.Reason)
		case t.OK == 0:
			return nil, fmt.Errorf("%s: plimsoll's own server answered nothing in %v s: the machine is too busy", t.Scenario, t.DurationS)
		case t.Lacking() > 0:
			return nil, fmt.Errorf("%s: %s", t.Scenario, t.Health.Why)
		case t.Failed() > 0:
			return nil, fmt.Errorf("%s: %d of %d calls failed against plimsoll's own server", t.Scenario, t.Failed(), t.Started)
		}
	}
	return run.Trials, nil
}

// costs are the engines whose calls are measured by themselves, by the target
// that chooses them, and whether that is served, which is to be waited for.
var costs = [...]struct {
	target, settings string
	served           bool
}{
	{"simulated", "sim: {delay: 0s}", false},
	{"chosen", "http: {serve: {delay: 0s}}", true},
	{"net-http", "http: {engine: std, serve: {delay: 0s}}", true},
}

// cost measures what a call costs: the time of one alone, one after the other,
// and the processor time of each among 16.
func (o Options) cost(ctx context.Context, c *result.Calibration) error {
	virtual, err := o.virtualCost(ctx)
	if err != nil {
		return err
	}
	c.Engines = append(c.Engines, virtual)
	for _, of := range costs {
		trials, err := o.run(ctx, fmt.Sprintf(`
targets: {%s: {%s}}
scenarios:
  - {name: cost, target: %[1]s, duration: %[3]s, warmup: 100ms, modes: [sequential, concurrent: 16]}
`, of.target, of.settings, o.Cost))
		if err != nil {
			return err
		}
		alone, many := &trials[0], &trials[1]
		cost := result.EngineCost{Engine: many.Engine, CPUS: cpuOfEach(many)}
		if of.served {
			cost.P50S = alone.Service.P50S
		}
		c.Engines = append(c.Engines, cost)
	}
	return nil
}

// cpuOfEach is the processor time of a call; machine_use is of the warm-up,
// too.
func cpuOfEach(t *result.Trial) float64 {
	if t.MachineUse == nil || t.MachineUse.WallS == 0 {
		return 0
	}
	return t.MachineUse.CPUS / t.MachineUse.WallS * t.MakespanS / float64(t.Started)
}

// virtualCost measures simulated time, which takes a processor for as long as
// it lasts.
func (o Options) virtualCost(ctx context.Context) (result.EngineCost, error) {
	const calls = 500_000
	began := time.Now()
	trials, err := o.run(ctx, fmt.Sprintf(`
targets: {simulated: {sim: {delay: 1ms}}}
scenarios:
  - {name: cost, target: simulated, clock: virtual, requests: %d, modes: [concurrent: 16]}
`, calls))
	if err != nil {
		return result.EngineCost{}, err
	}
	return result.EngineCost{Engine: trials[0].Engine, CPUS: time.Since(began).Seconds() / calls}, nil
}

// lateness measures how late calls are at constant rates.
func (o Options) lateness(ctx context.Context, c *result.Calibration) error {
	file := "targets: {served: {http: {serve: {delay: 0s}}}}\nscenarios:\n"
	for i, rate := range o.Rates {
		file += fmt.Sprintf("  - {name: lateness-%d, target: served, duration: %s, warmup: 100ms, modes: [rate-limited: %[1]d/s]}\n", rate, o.Lateness[i])
	}
	trials, err := o.run(ctx, file)
	for i := range trials {
		t := &trials[i]
		c.Lateness = append(c.Lateness, result.LatenessAt{
			Engine: t.Engine, RatePerS: t.RatePerS, P50S: t.Lateness.P50S, P99S: t.Lateness.P99S, KeptPace: t.Health.KeptPace,
		})
	}
	return err
}
