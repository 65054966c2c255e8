package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"plimsoll/report"
	"plimsoll/report/compare"
	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/quantity"
)

// judging are the flags of whoever judges by comparison.
type judging struct {
	tolerance *float64
	strict    bool // what cannot be told fails
}

func (j *judging) declare(flags *pflag.FlagSet) {
	flags.Func("tolerance", "a change of up to this `PERCENTAGE` is none, unless the file names the metric (default 5%)", func(text string) error {
		v, err := quantity.ParsePercent(text)
		j.tolerance = &v
		return err
	})
	flags.Func("fail-on", "which `VERDICT` ends with exit code 1: worse (default), or cannot-tell as well", func(text string) error {
		if text != "worse" && text != "cannot-tell" {
			return fmt.Errorf("%q is neither worse nor cannot-tell", text)
		}
		j.strict = text == "cannot-tell"
		return nil
	})
}

func (p *program) compareCommand() *cobra.Command {
	var j judging
	var format string
	var noColor bool
	cmd := &cobra.Command{
		Use: "compare BASELINE CURRENT", Short: "Judge a result against an earlier one: better, worse, no change, or cannot tell",
		Long: `compare judges by how much the second of two results (a result directory, its
run.json, or results/latest) differs from the first: makespan or throughput,
median and 99th percentile of the response time, and the share of errors. What
was asked for must be the same, the target need not.

A change is called where it is shown to lie beyond the tolerance, and its
absence where it is shown to lie inside; both take at least 3 repetitions.

Exit codes: 0 nothing is worse; 1 something is, or --fail-on cannot-tell; 2 the
command is wrong, or the results cannot be compared.`,
		Args: arguments(2, 2, "two results, the baseline first"),
		RunE: func(_ *cobra.Command, args []string) error {
			if !report.KnownComparisonFormat(format) {
				return fmt.Errorf("--format is text, markdown, json or junit, not %q", format)
			}
			var runs [2]*result.Run
			for i, path := range args {
				var err error
				if runs[i], err = result.Load(path); err != nil {
					return &exit{runner.ExitUsage, err}
				}
			}
			return p.judge(runs[0], runs[1], compare.Options{Tolerance: j.tolerance, Baseline: args[0], Current: args[1]},
				j, format, p.options(shown{noColor: noColor}))
		},
	}
	flags := cmd.Flags()
	j.declare(flags)
	flags.StringVar(&format, "format", "text", "text, markdown, json or junit")
	flags.BoolVar(&noColor, "no-color", false, "no colour (also: NO_COLOR)")
	return cmd
}

// judge compares, prints, and fails where something is worse.
func (p *program) judge(baseline, current *result.Run, o compare.Options, j judging, format string, how report.Options) error {
	c, err := compare.Runs(baseline, current, o)
	if err != nil {
		return &exit{runner.ExitUsage, err}
	}
	if err := p.showComparison(c, j, format, how); err != nil {
		return broken(err)
	}
	return j.ended(c)
}

// showComparison prints a comparison whole or not at all.
func (p *program) showComparison(c *compare.Comparison, j judging, format string, how report.Options) error {
	var out bytes.Buffer
	if err := report.Compare(&out, c, format, j.strict, how); err != nil {
		return err
	}
	_, err := p.printer(format == report.JSON).Write(out.Bytes())
	return err
}

// ended fails where something is worse.
func (j *judging) ended(c *compare.Comparison) error {
	if c.Count(compare.Worse) > 0 || j.strict && c.Count(compare.CannotTell) > 0 {
		return &exit{code: runner.ExitBroken}
	}
	return nil
}

// versus are the flags of `run` that compare with something.
type versus struct {
	judging
	against, file, target string
	base                  *result.Run // what was compared with, once it is there
}

func (v *versus) declare(flags *pflag.FlagSet) {
	flags.StringVar(&v.against, "against", "", "compare with the result `BASELINE` afterwards")
	flags.StringVar(&v.file, "versus", "", "run in turns with the scenario file `FILE`, the baseline, and compare in pairs")
	flags.StringVar(&v.target, "versus-target", "", "run in turns with target `NAME`, the candidate, in place of the file's own, the baseline")
	v.judging.declare(flags)
}

// check reports flags that contradict each other.
func (v *versus) check() error {
	given := []string{}
	for _, f := range []struct{ flag, value string }{{"--against", v.against}, {"--versus", v.file}, {"--versus-target", v.target}} {
		if f.value != "" {
			given = append(given, f.flag)
		}
	}
	switch {
	case len(given) > 1:
		return fmt.Errorf("%s exclude each other: leave one of them out", strings.Join(given, " and "))
	case len(given) == 0 && (v.tolerance != nil || v.strict):
		return errors.New("--tolerance and --fail-on are for comparing: add --against, --versus or --versus-target")
	}
	return nil
}

// baseline is the result that a run of the plan will be compared with; nil for
// none. What would keep them from being compared is told before anything runs.
func (v *versus) baseline(trials []scenario.Trial) (*result.Run, error) {
	if v.against == "" {
		return nil, nil
	}
	run, err := result.Load(v.against)
	if err == nil {
		err = compare.Usable(run)
	}
	if err == nil {
		err = compare.Comparable(run, runner.Preview(trials))
	}
	if err != nil {
		return nil, &exit{runner.ExitUsage, fmt.Errorf("--against %s: %w", v.against, err)}
	}
	return run, nil
}

// both are the baseline's and the candidate's plan of a run in turns.
func (p *program) both(plan *scenario.Plan, f runFlags) (baseline, candidate *scenario.Plan, err error) {
	baseline, candidate = plan, plan
	if f.versus.file != "" {
		baseline, err = p.load(f.versus.file)
	} else {
		candidate, err = plan.Retarget(f.versus.target)
	}
	if err != nil {
		return nil, nil, err
	}
	var previews [2]*result.Run
	for i, one := range []*scenario.Plan{baseline, candidate} {
		trials, err := runner.Select(one, f.only)
		if err != nil {
			return nil, nil, err
		}
		previews[i] = runner.Preview(trials)
	}
	return baseline, candidate, compare.Comparable(previews[0], previews[1])
}

// inTurns runs two plans in turns, reports, and judges them in pairs.
func (p *program) inTurns(ctx context.Context, plan *scenario.Plan, f runFlags) error {
	baseline, candidate, err := p.both(plan, f)
	if err != nil {
		return err
	}
	if f.dryRun {
		fmt.Fprintln(p.stdout, "in turns, the baseline:")
		err := p.dryRun(baseline, f)
		fmt.Fprintln(p.stdout, "and the candidate:")
		return errors.Join(err, p.dryRun(candidate, f))
	}
	trials := 0
	for _, one := range []*scenario.Plan{baseline, candidate} {
		selected, _ := runner.Select(one, f.only) // as it has been already
		trials += runner.Trials(selected)
	}
	if f.air, err = f.live.begin(p, plan.File.Name, trials); err != nil {
		return err
	}
	defer f.air.close(ctx)
	calls, p, err := p.createCalls(f.calls)
	if err != nil {
		return err
	}
	defer calls.Close()
	was, err := f.begun(baseline, "-baseline")
	if err != nil {
		return broken(err)
	}
	is, err := f.begun(candidate, "")
	if err != nil {
		return broken(err)
	}
	is.Calls = calls.writer()
	was.Takers, is.Takers = f.air.takers(), f.air.takers()
	var old, now *result.Run
	err = p.watching(ctx, trials, f.quiet, func(atOnce context.Context, w *watcher) (err error) {
		w.air = f.air
		old, now, err = runner.Pair(ctx, atOnce, p.equipped(was.Options, w.of("baseline")), p.equipped(is.Options, w.of("candidate")))
		return err
	})
	if now == nil {
		return broken(err)
	}
	wrote := report.Write(was.dir, old, report.Options{NoPage: f.noPage})
	f.versus.base = old
	c, incomparable := f.compared(old, was.dir, now, is.dir)
	ended := p.conclude(ctx, is.dir, now, errors.Join(err, wrote), f, c)
	if f.format == report.Text {
		fmt.Fprintf(p.beside(f.writes).stdout, "baseline: %s\n", was.dir)
	}
	if old.Exit == runner.ExitInvalid || old.Exit == runner.ExitInterrupted {
		ended = worst(&exit{code: int(old.Exit)}, ended)
	}
	return worst(ended, p.ended(c, incomparable, f))
}

// begun is a run that is about to begin, with the directory that it fills.
type begun struct {
	runner.Options
	dir string
}

func (f runFlags) begun(plan *scenario.Plan, suffix string) (begun, error) {
	name := filepath.Base(plan.File.Name)
	ending := filepath.Ext(name)
	dir, err := result.NewDirectory(f.out, time.Now(), strings.TrimSuffix(name, ending)+suffix+ending)
	return begun{runner.Options{
		Plan: plan, Only: f.only, AllowLate: f.allowLate,
		Save: result.NewJournal(dir).Save,
	}, dir}, err
}

// compared judges a run that was just carried out.
func (f runFlags) compared(baseline *result.Run, was string, current *result.Run, is string) (*compare.Comparison, error) {
	return compare.Runs(baseline, current, compare.Options{Tolerance: f.versus.tolerance, Baseline: was, Current: is})
}

// ended is what a comparison beside a run amounts to. Text and Markdown have
// shown it; as JSON it is a second value.
func (p *program) ended(c *compare.Comparison, incomparable error, f runFlags) error {
	if incomparable != nil {
		return &exit{runner.ExitUsage, incomparable}
	}
	if f.format == report.JSON {
		if err := p.beside(f.writes).showComparison(c, f.versus.judging, f.format, report.Options{}); err != nil {
			return broken(err)
		}
	}
	return f.versus.ended(c)
}

// worst is of two ends the one that counts. What either has to say is said.
func worst(a, b error) error {
	code := runner.ExitOK
	var texts []error
	for _, err := range []error{a, b} {
		var end *exit
		switch {
		case errors.As(err, &end):
			code = max(code, end.code)
			texts = append(texts, end.err)
		case err != nil:
			code = max(code, runner.ExitUsage)
			texts = append(texts, err)
		}
	}
	if code == runner.ExitOK {
		return nil
	}
	return &exit{code, errors.Join(texts...)}
}
