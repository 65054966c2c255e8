package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"plimsoll/report"
	"plimsoll/report/view"
	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target"
)

// commandsOf are the commands among the arguments of bench, of which those from the
// dash on (−1: there is none) are the words of one; none: there is one address.
func commandsOf(args []string, dash int) (commands []scenario.Command, err error) {
	texts := args
	if dash >= 0 {
		texts = args[:dash]
		if dash == len(args) {
			return nil, errors.New("no program follows --: write bench -- PROGRAM ARGUMENT …")
		}
	}
	addresses := 0
	for _, text := range texts {
		if scenario.IsAddress(text) {
			addresses++
		}
		commands = append(commands, scenario.Command{Text: text})
	}
	if dash >= 0 {
		commands = append(commands, scenario.Command{Text: strings.Join(args[dash:], " "), Words: args[dash:]})
	}
	switch {
	case addresses == 1 && len(commands) == 1:
		return nil, nil
	case addresses == len(commands):
		return nil, fmt.Errorf("bench takes one address, but there are %d arguments: %s", len(args), strings.Join(args, " "))
	case addresses > 0:
		return nil, errors.New("bench loads one address, or compares commands: not both at once")
	}
	return commands, nil
}

// declarePrograms declares what is said of programs alone.
func (f *benchFlags) declarePrograms(flags *pflag.FlagSet) {
	o := &f.programs
	flags.Func("warmup-runs", "run each program `N` times first, without counting", atLeastOne(&o.WarmupRuns))
	flags.StringVar(&o.Prepare, "prepare", "", "`COMMAND` for a shell before each run of a program")
	flags.StringVar(&o.Cleanup, "cleanup", "", "`COMMAND` for a shell after all runs of the programs")
	flags.BoolVar(&o.Shell, "shell", false, "have /bin/sh carry the commands out, and take off what its start takes")
	flags.BoolVar(&o.IgnoreFailure, "ignore-failure", false, "go on when a program ends with an exit code other than 0")
	flags.Func("vary", "run the programs with each of some values of {NAME}: `NAME=VALUE,VALUE,…`", f.setVary)
}

// Flags of one sort of bench alone.
var (
	ofPrograms  = []string{"warmup-runs", "prepare", "cleanup", "shell", "ignore-failure", "vary"}
	ofAddresses = []string{"concurrency", "rate", "method", "header", "body", "insecure", "http2", "engine", "unix", "stream", "content", "tokens", "schema", "loops", "warmup"}
)

// fitting tells which flags are not for what is benched.
func (f *benchFlags) fitting(flags *pflag.FlagSet, programs bool) (err error) {
	others, what := ofPrograms, "programs, and what is benched is an address"
	if programs {
		others, what = ofAddresses, "addresses, and what is benched is a program"
	}
	flags.Visit(func(flag *pflag.Flag) {
		if slices.Contains(others, flag.Name) && err == nil {
			err = fmt.Errorf("--%s is for %s", flag.Name, what)
			if flag.Name == "warmup" {
				err = fmt.Errorf("%w: write --warmup-runs N", err)
			}
		}
	})
	return err
}

// setVary reads a variable and its values.
func (f *benchFlags) setVary(text string) error {
	name, values, found := strings.Cut(text, "=")
	list := strings.Split(values, ",")
	switch {
	case !found || name == "" || values == "":
		return errors.New("write NAME=VALUE,VALUE, such as --vary threads=1,2,4,8 with {threads} in a command")
	case f.programs.Variable != "":
		return fmt.Errorf("%s varies already: one variable at a time", f.programs.Variable)
	case slices.Contains(list, ""):
		return errors.New("a value is empty: leave the comma out")
	}
	f.programs.Variable, f.programs.Values = name, list
	return nil
}

// benchPrograms compares programs.
func (p *program) benchPrograms(ctx context.Context, f benchFlags, commands []scenario.Command) error {
	if err := f.check(); err != nil {
		return err
	}
	o := f.programs
	o.Commands, o.Runs, o.AtLeast, o.Rounds = commands, f.load.Requests, f.load.Duration, f.load.Repeat
	o.Timeout, o.Seed, o.Thresholds = f.load.Timeout, f.load.Seed, f.load.Thresholds
	if o.Prepare != "" && o.Runs == 0 && o.Rounds == 0 {
		var err error
		if o.Rounds, err = p.estimated(ctx, f, o); err != nil {
			return err
		}
	}
	text, err := o.YAML()
	if err != nil {
		return err
	}
	plan, err := f.parse(text)
	if err == nil && f.save != "" {
		err = writeNew(f.save, text)
	}
	if err != nil {
		return err
	}
	shown := func(to io.Writer, run *result.Run, format string, how report.Options) error {
		of := view.Programs{Scenario: scenario.ProgramsName, Ignored: o.IgnoreFailure}
		if o.Shell {
			of.Shell = scenario.ShellName
		}
		return report.Programs(to, run, format, of, how)
	}
	return p.bench(ctx, benching{benchFlags: f, plan: plan, trials: o.Trials(), shown: shown, written: shown, stop: stopping(o)})
}

// estimated is how many rounds of one run take long enough, by a first one. What
// prepares a run counts, as it is waited for, too.
func (p *program) estimated(ctx context.Context, f benchFlags, o scenario.Programs) (rounds int64, err error) {
	all := o.AtLeast
	if all == 0 {
		all = scenario.ProgramsTime
	}
	first := o
	first.Runs, first.WarmupRuns, first.Cleanup, first.Thresholds = 1, 0, "", nil
	text, err := first.YAML()
	if err != nil {
		return 0, err
	}
	plan, err := f.parse(text)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	run, err := p.watchedUntil(ctx, first.Trials(), true, runner.Options{Plan: plan, Save: func(*result.Run) error { return nil }}, stopping(o))
	if stopped := (&stopped{}); errors.As(err, &stopped) {
		return 0, &exit{code: runner.ExitBroken, err: stopped.why}
	}
	if err != nil || ctx.Err() != nil {
		return 0, &exit{code: int(run.Exit), err: err}
	}
	each := time.Since(began) / time.Duration(first.Trials())
	return min(scenario.MostSingleRounds, max(scenario.ProgramRounds, int64(math.Ceil(float64(all)/float64(each))))), nil
}

// stopped is an end that was brought about by what came of a trial.
type stopped struct{ why error }

func (s *stopped) Error() string { return s.why.Error() }

// watchedUntil is watched until a trial gives a reason to stop.
func (p *program) watchedUntil(ctx context.Context, trials int, quiet bool, o runner.Options, stop func(*result.Trial) error) (run *result.Run, err error) {
	err = p.watching(ctx, trials, quiet, func(atOnce context.Context, w *watcher) error {
		until, end := context.WithCancelCause(ctx)
		defer end(nil)
		if stop != nil {
			w.ended = func(t *result.Trial) bool {
				why := stop(t)
				if why != nil {
					end(&stopped{why})
				}
				return why != nil
			}
		}
		if run, err = runner.Run(until, atOnce, p.equipped(o, w)); err != nil {
			return err
		}
		if why := (&stopped{}); errors.As(context.Cause(until), &why) {
			return why
		}
		return nil
	})
	return run, err
}

// stopping tells after which trials there is nothing left to compare: a program that
// fails is mostly fast, and not what was meant.
func stopping(o scenario.Programs) func(*result.Trial) error {
	return func(t *result.Trial) error {
		switch {
		case t.Ended == result.Failed:
			return errors.New(t.Reason)
		case o.IgnoreFailure:
			return nil
		}
		for class, e := range t.Errors {
			switch {
			case class == target.NotFound && looksLikeHost(t.Mode):
				return fmt.Errorf("%s; if %s is an address, write http://%s", e.Example, t.Mode, t.Mode)
			case class == target.NotFound || class == target.Denied || class == target.Generator:
				return errors.New(e.Example)
			}
			name := "'" + t.Mode + "'"
			if t.Sweep.Vary != "" {
				name += " with " + t.Sweep.Vary
			}
			return fmt.Errorf("%s failed: %s (--ignore-failure goes on)", name, e.Example)
		}
		return nil
	}
}

// looksLikeHost tells whether a command may have been meant as an address.
func looksLikeHost(command string) bool {
	return !strings.ContainsAny(command, " \t") && !strings.HasPrefix(command, ".") && (strings.Contains(command, ".") || command == "localhost")
}
