// Package runner carries out a plan: trial after trial, each a schedule driven
// against a target, measured, judged and saved.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/runner/verdict"
	"plimsoll/target/serve"
	"plimsoll/target/setting"
)

// Options say how to carry a plan out. Plan and Save must be there.
type Options struct {
	Plan *scenario.Plan
	// Only keeps the scenarios of these names; none keeps all.
	Only []string
	// Save is called after every trial with the run so far, and at the end.
	Save func(*result.Run) error
	// Watch sees trials come and go; nil for nobody.
	Watch Watcher
	// Calls gets every call as a line of CSV; nil for nowhere.
	Calls io.Writer
	// Output gets what `before` and `after` commands print.
	Output io.Writer
	// AllowLate accepts trials in which the generator fell behind.
	AllowLate bool
	// Version is the program's own, for the result.
	Version string
	// Child is the command line that serves a simulated server as a child
	// process.
	Child serve.Command
	// Now is the clock for times of day; nil means time.Now.
	Now func() time.Time
}

// Watcher sees a run's progress, from one goroutine at a time.
type Watcher interface {
	// Begin tells that a trial begins, with how many calls it makes (0:
	// unknown) and how long it takes (0: unknown).
	Begin(trial scenario.Trial, calls int64, length time.Duration)
	// Sample comes a few times a second while the trial is under way.
	Sample(sample drive.Sample, elapsed time.Duration)
	// End tells what came of it.
	End(trial *result.Trial)
}

// Exit codes of a run, see ExitCode.
const (
	ExitOK          = 0
	ExitBroken      = 1   // a verdict failed
	ExitUsage       = 2   // the command or the scenario file is wrong
	ExitInvalid     = 3   // not carried out, or the generator fell behind
	ExitInterrupted = 130 // by the user
)

// Select returns the plan's trials of the scenarios named, or all of them.
func Select(plan *scenario.Plan, only []string) ([]scenario.Trial, error) {
	for _, name := range only {
		if !slices.ContainsFunc(plan.Scenarios, func(s *scenario.Scenario) bool { return s.Name == name }) {
			return nil, fmt.Errorf("there is no scenario %q in %s%s", name, plan.File.Name, setting.Suggest(name, names(plan)))
		}
	}
	var trials []scenario.Trial
	for _, t := range plan.Trials() {
		if len(only) == 0 || slices.Contains(only, t.Scenario.Name) {
			trials = append(trials, t)
		}
	}
	return trials, nil
}

func names(plan *scenario.Plan) (list []string) {
	for _, s := range plan.Scenarios {
		list = append(list, s.Name)
	}
	return list
}

// Run carries the plan out. When ctx is done nothing more is started and what
// was measured is kept; when atOnce is done, what is in flight is given up as
// well. The run it returns is complete as far as it goes also with an error,
// which tells that the harness itself failed.
func Run(ctx, atOnce context.Context, o Options) (*result.Run, error) {
	trials, err := Select(o.Plan, o.Only)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	run := &result.Run{
		Format: result.Format, Tool: result.Tool{Name: "plimsoll", Version: o.Version},
		Started: o.Now().UTC(), Seed: o.Plan.Seed,
		Machine: result.ThisMachine(), File: o.Plan.File, Planned: len(trials),
		Trials: []result.Trial{}, Speedups: []result.Speedup{}, Verdicts: []result.Verdict{},
	}
	r := &underWay{Options: o, run: run, targets: newTargets(o), calls: newCallLog(o.Calls)}
	defer r.targets.close()
	err = r.all(ctx, atOnce, trials)
	if judged := r.judge(); err == nil {
		err = judged
	}
	run.Exit = ExitCode(run, ctx.Err() != nil, o.AllowLate)
	if err != nil {
		run.Exit = max(run.Exit, ExitInvalid)
	}
	return run, errors.Join(err, o.Save(run), r.calls.flush())
}

// underWay is a run that is being carried out.
type underWay struct {
	Options
	run     *result.Run
	targets *targets
	calls   *callLog

	saved    time.Time     // when the run was last saved
	saveTook time.Duration // and how long that took
}

func (r *underWay) all(ctx, atOnce context.Context, trials []scenario.Trial) error {
	for i, t := range trials {
		if i > 0 && t.Scenario.Clock == scenario.Real {
			pause(ctx, t.Scenario.Pause)
		}
		if ctx.Err() != nil {
			return nil
		}
		done := r.trial(ctx, atOnce, t)
		if err := done.Check(); err != nil {
			return fmt.Errorf("%s, %s: the harness miscounted, please report this: %w", t.Scenario.Name, t.Mode.Name, err)
		}
		r.run.Trials = append(r.run.Trials, *done)
		if err := r.save(t, trials[i+1:]); err != nil {
			return err
		}
		if r.Watch != nil {
			r.Watch.End(done)
		}
	}
	return nil
}

// save saves the run after a trial, and then its calls: whoever reads of a
// trial's end elsewhere finds it in run.json. Trials in virtual time may be so
// short that saving the growing run after each would take most of the time:
// one that is followed by another waits until as long has passed since the
// last save as that took. So a kill loses no more of them than one that comes
// while they are saved.
func (r *underWay) save(t scenario.Trial, rest []scenario.Trial) error {
	now := time.Now()
	among := t.Scenario.Clock == scenario.Virtual && len(rest) > 0 && rest[0].Scenario.Clock == scenario.Virtual
	if among && now.Sub(r.saved) < r.saveTook {
		return nil
	}
	err := r.Save(r.run)
	r.saved, r.saveTook = time.Now(), time.Since(now)
	_ = r.calls.flush() // a failure shows at the end: it spoils no measurement
	return err
}

func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// judge fills in speedups and verdicts.
func (r *underWay) judge() (err error) {
	baselines := map[string]string{}
	var thresholds []verdict.Threshold
	var expectations []verdict.Expectation
	for _, s := range r.Plan.Scenarios {
		if s.Baseline != nil {
			baselines[s.Name] = s.Baseline.Name
		}
		if len(r.Only) > 0 && !slices.Contains(r.Only, s.Name) {
			continue
		}
		for _, t := range s.Thresholds {
			thresholds = append(thresholds, verdict.Threshold{Scenario: s.Name, Mode: t.Mode, Rule: t.Rule})
		}
		for _, e := range s.Expect {
			expectations = append(expectations, verdict.Expectation{Scenario: s.Name, Mode: e.Mode, At: e.At,
				Metric: e.Metric, Value: e.Value, Tolerance: e.Tolerance, Source: e.Source})
		}
	}
	if r.run.Speedups, err = verdict.Speedups(r.run, func(name string) string { return baselines[name] }); err != nil {
		return err
	}
	verdicts, err := verdict.Judge(r.run, thresholds, expectations)
	r.run.Verdicts = append(r.run.Verdicts, verdicts...) // none is an empty list
	return err
}

// ExitCode is what a run amounts to. Where several codes apply, an interrupt
// comes first, then a run that is no measurement, then a broken promise.
func ExitCode(run *result.Run, interrupted, allowLate bool) int {
	if interrupted {
		return ExitInterrupted
	}
	for _, t := range run.Trials {
		if t.Ended == result.Failed || !t.Health.KeptPace && !allowLate {
			return ExitInvalid
		}
	}
	for _, v := range run.Verdicts {
		if !v.Pass {
			return ExitBroken
		}
	}
	return ExitOK
}
