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

	"plimsoll/runner/export"
	"plimsoll/runner/result"
	"plimsoll/runner/scaling"
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
	// Save is called before and after every trial with the run so far, and at
	// the end.
	Save func(*result.Run) error
	// Watch sees trials come and go; nil for nobody.
	Watch Watcher
	// Takers are given all that trials record while they go on.
	Takers []Taker
	// Calls gets every call as a line of CSV; nil for nowhere.
	Calls io.Writer
	// Output gets what `before` and `after` commands print.
	Output io.Writer
	// AllowLate accepts trials in which the generator fell behind.
	AllowLate bool
	// Calibration is what this machine is known to resolve, for the result; nil
	// where nobody has found out.
	Calibration *result.Calibration
	// Version is the program's own, for the result.
	Version string
	// Child is the command line that serves a simulated server as a child
	// process.
	Child serve.Command
	// Permit judges the address that a connection is about to go to (see kind.Site);
	// nil: any may.
	Permit func(network, address string) error
	// Fleet carries the trials out on other machines; nil: this process does.
	Fleet Fleet
	// Recovering tells that nothing is loaded: the fleet hands over what its agents have
	// kept of trials that were carried out before. So there are no commands before and
	// after, nobody watches the other side, and exporters are told nothing.
	Recovering bool
	// AllowLost accepts trials of a fleet that have lost an agent.
	AllowLost bool
	// Now is the clock for times of day; nil means time.Now.
	Now func() time.Time
}

// Watcher sees a run's progress, from one goroutine at a time.
type Watcher interface {
	// Begin tells that a trial begins, with how many calls it makes (0:
	// unknown) and how long it takes (0: unknown).
	Begin(trial scenario.Trial, calls int64, length time.Duration)
	// Sample comes a few times a second while the trial is under way.
	Sample(sample Sample, elapsed time.Duration)
	// End tells what came of it.
	End(trial *result.Trial)
	// Fewer tells that so many of the trials that were planned are not needed:
	// a search may be over sooner than it must.
	Fewer(trials int)
	// Note tells something beside that people should know, from any goroutine.
	Note(text string)
}

// Exit codes. Where several apply, the highest counts.
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
	r, trials, err := begin(o)
	if err != nil {
		return nil, err
	}
	steps := make([]step, len(trials))
	for i, t := range trials {
		steps[i] = step{r, t}
	}
	err = carryOut(ctx, atOnce, steps)
	return r.run, errors.Join(err, r.finish(ctx, err))
}

// begin makes a run in which nothing has been measured yet, and tells the
// trials that will be.
func begin(o Options) (*underWay, []scenario.Trial, error) {
	trials, err := Select(o.Plan, o.Only)
	if err != nil {
		return nil, nil, err
	}
	if err := o.shareable(); err != nil {
		return nil, nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	run := &result.Run{
		Format: result.Format, Tool: result.Tool{Name: "plimsoll", Version: o.Version},
		Started: o.Now().UTC(), Seed: o.Plan.Seed, Exit: result.UnderWay,
		Machine: result.ThisMachine(), File: o.Plan.File, Planned: Trials(trials), Only: o.Only,
		Trials: []result.Trial{}, Speedups: []result.Speedup{}, Verdicts: []result.Verdict{},
	}
	for _, t := range trials {
		if !slices.Contains(run.Scenarios, t.Scenario.Name) {
			run.Scenarios = append(run.Scenarios, t.Scenario.Name)
		}
		if t.Scenario.Clock == scenario.Real {
			run.Calibration = o.Calibration // virtual time needs no machine
		}
	}
	for _, s := range o.Plan.Scenarios {
		if slices.Contains(run.Scenarios, s.Name) {
			run.Tolerances = append(run.Tolerances, s.Tolerances...)
		}
	}
	r := &underWay{Options: o, run: run, targets: newTargets(o), takers: o.Takers}
	r.calls = newCallLog(o.Calls, o.Plan, r.scrub)
	if err := r.export(); err != nil {
		return nil, nil, err
	}
	r.announce(trials)
	return r, trials, nil
}

// shareable tells what keeps the fleet, if there is one, from carrying out the plan.
func (o *Options) shareable() error {
	if o.Fleet == nil {
		return nil
	}
	if o.Calls != nil {
		return errors.New("a fleet's agents do not send each call by itself: leave --calls out, or have one machine carry the plan out")
	}
	problems, err := NotDivisible(o.Plan, o.Only, o.Fleet.Size())
	if err == nil && len(problems) > 0 {
		return problems
	}
	return err
}

// finish judges and saves the run, which has failed if broken is an error, and
// tells what else has gone wrong.
func (r *underWay) finish(ctx context.Context, broken error) error {
	r.targets.close()
	err := r.judge()
	r.run.Exit = result.Exit(ExitCode(r.run, ctx.Err() != nil, Allowed{Late: r.AllowLate, Lost: r.AllowLost}))
	if broken != nil || err != nil {
		r.run.Exit = max(r.run.Exit, ExitInvalid)
	}
	err = errors.Join(err, r.Save(r.run), r.calls.flush())
	r.exported(ctx)
	return err
}

// underWay is a run that is being carried out.
type underWay struct {
	Options
	run     *result.Run
	targets *targets
	calls   *callLog
	takers  takers
	part    *part // of each trial, that this process carries out for others; nil: it carries out all

	exporter *export.Exporter // nil: nobody is told

	saved    time.Time     // when the run was last saved
	saveTook time.Duration // and how long that took
}

// step is one trial of a run.
type step struct {
	run   *underWay
	trial scenario.Trial
}

// carryOut carries out trials of one run, or of several in turns.
func carryOut(ctx, atOnce context.Context, steps []step) error {
	for i, s := range steps {
		r, t := s.run, s.trial
		if i > 0 && t.Scenario.Clock == scenario.Real && !r.Recovering {
			pause(ctx, t.Scenario.Pause)
		}
		if ctx.Err() != nil {
			return nil
		}
		if t.Scenario.Capacity != nil {
			if err := r.search(ctx, atOnce, t, steps[i+1:]); err != nil {
				return err
			}
			continue
		}
		done, err := r.one(ctx, atOnce, t)
		if err != nil {
			return err
		}
		if err := r.save(t, steps[i+1:]); err != nil {
			return err
		}
		if r.Watch != nil {
			r.Watch.End(done)
		}
	}
	return nil
}

// one carries out one trial and adds it to the run.
func (r *underWay) one(ctx, atOnce context.Context, t scenario.Trial) (*result.Trial, error) {
	if err := r.begins(t); err != nil {
		return nil, err
	}
	done := r.trial(ctx, atOnce, t)
	r.run.UnderWay = nil
	if err := done.Check(); err != nil {
		return nil, fmt.Errorf("%s, %s: the harness miscounted, please report this: %w", t.Scenario.Name, t.Mode.Name, err)
	}
	r.run.Trials = append(r.run.Trials, *done)
	return done, nil
}

// save saves the run after a trial, and then its calls: whoever reads of a
// trial's end elsewhere finds it in the result. Trials in virtual time may be so
// short that saving each would take most of the time: one that is followed by
// another waits until as long has passed since the last save as that took. So a kill loses no more of them than one that comes
// while they are saved.
func (r *underWay) save(t scenario.Trial, rest []step) error {
	among := t.Scenario.Clock == scenario.Virtual && len(rest) > 0 && rest[0].trial.Scenario.Clock == scenario.Virtual
	if among && time.Since(r.saved) < r.saveTook {
		return nil
	}
	return r.saveNow()
}

// begins saves that a trial is under way: whatever becomes of this process,
// the result says where it was. For virtual time see save.
func (r *underWay) begins(t scenario.Trial) error {
	r.run.UnderWay = r.describe(t)
	r.run.UnderWay.Ended = ""
	if t.Scenario.Clock == scenario.Virtual && time.Since(r.saved) < r.saveTook {
		return nil
	}
	return r.saveNow()
}

func (r *underWay) saveNow() error {
	began := time.Now()
	err := r.Save(r.run)
	r.saved, r.saveTook = time.Now(), time.Since(began)
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

// judge fills in speedups, laws of scaling and verdicts.
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
			thresholds = append(thresholds, verdict.Threshold{Scenario: s.Name, Mode: t.Mode, Rule: t.Rule, Watch: t.Watch})
		}
		for _, e := range s.Expect {
			expectations = append(expectations, verdict.Expectation{Scenario: s.Name, Mode: e.Mode, At: e.At,
				Metric: e.Metric, Value: e.Value, Tolerance: e.Tolerance, Source: e.Source})
		}
	}
	if len(baselines) > 0 {
		if r.run.Speedups, err = verdict.Speedups(r.run, func(name string) string { return baselines[name] }); err != nil {
			return err
		}
	}
	if r.run.Scaling, err = scaling.Of(r.run); err != nil {
		return err
	}
	// The levels of a search cluster where the promise breaks: no sweep to fit.
	r.run.Scaling = slices.DeleteFunc(r.run.Scaling, func(law result.Scaling) bool { return r.run.Searched(law.Scenario) != nil })
	verdicts, err := verdict.Judge(r.run, thresholds, expectations, r.endsByErrors)
	r.run.Verdicts = append(r.run.Verdicts, verdicts...) // none is an empty list
	return err
}

// endsByErrors tells whether a scenario ends when a call fails, or may: then
// that calls fail is what it was made for.
func (r *underWay) endsByErrors(name string) bool {
	return slices.ContainsFunc(r.Plan.Scenarios, func(s *scenario.Scenario) bool {
		return s.Name == name && (s.StopOnError || s.StopWhen != "")
	})
}

// Allowed is what a run may be and yet count: Late, where the generator fell behind;
// Lost, where a fleet has lost an agent.
type Allowed struct{ Late, Lost bool }

// ExitCode is what a run amounts to.
func ExitCode(run *result.Run, interrupted bool, may Allowed) int {
	code := ExitOK
	for _, v := range run.Verdicts {
		if !v.Pass {
			code = max(code, ExitBroken)
		}
	}
	for _, c := range run.Capacities {
		if c.Bound == "" {
			code = max(code, ExitInvalid)
		}
	}
	for i := range run.Trials {
		if invalid(run, &run.Trials[i], may) {
			code = max(code, ExitInvalid)
		}
	}
	if interrupted {
		code = max(code, ExitInterrupted)
	}
	return code
}

// invalid tells whether a trial is no measurement of its target. A search ends
// where the generator is the limit, and says so. Lateness may be accepted, and that an
// agent was lost; calls that could not be made are none, whoever accepts that.
func invalid(run *result.Run, t *result.Trial, may Allowed) bool {
	searched := run.Searched(t.Scenario) != nil
	switch {
	case t.Ended == result.Failed:
		return !searched || t.Health.KeptPace
	case t.Health.KeptPace, searched:
		return false
	}
	lost, behind := t.AgentsNot()
	lacking := t.Lacking()
	for i := range t.Beside {
		lacking += t.Beside[i].Lacking()
	}
	if lost > 0 && behind == 0 { // nothing else is wrong
		return !may.Lost || lacking > 0
	}
	return !may.Late || lost > 0 && !may.Lost || lacking > 0
}
