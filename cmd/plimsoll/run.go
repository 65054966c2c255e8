package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/report"
	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// runFlags are the flags of `run`.
type runFlags struct {
	only                                      []string
	out, format, calls                        string
	seed                                      uint64
	quiet, noColor, allowLate, dryRun, reseed bool
	confidence                                bool
	versus                                    versus
}

const confidenceUsage = "show the 95 % interval of every percentile"

func (p *program) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use: "run [FILE|-]", Short: "Run a scenario file, show tables, write a result directory",
		Long: `run carries out the scenarios of a file (default scenarios.yaml), shows tables
and writes a result directory with run.json, tables and charts.

With --against, --versus or --versus-target it compares, as compare does.

Exit codes: 0 all well; 1 a threshold or an expectation failed, or something is
worse than what it was compared with; 2 the command or the file is wrong, or
results cannot be compared; 3 not carried out, or the generator itself fell
behind; 130 interrupted.`,
		Args: arguments(0, 1, "one scenario file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !report.KnownFormat(f.format) || f.format == report.CSV || f.format == report.Benchstat {
				return fmt.Errorf("--format is text, markdown or json, not %q", f.format)
			}
			if err := f.versus.check(); err != nil {
				return err
			}
			plan, err := p.load(fileArgument(args))
			if err != nil {
				return err
			}
			if f.reseed {
				plan.Seed = f.seed
			}
			if f.versus.file != "" || f.versus.target != "" {
				return p.inTurns(cmd.Context(), plan, f)
			}
			if f.dryRun {
				return p.dryRun(plan, f)
			}
			return p.carryOut(cmd.Context(), plan, f)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.only, "only", nil, "run only the scenario `NAME` (repeatable)")
	flags.StringVar(&f.out, "out", "results", "`DIR` for result directories")
	flags.Func("seed", "seed of every random choice, a whole number `N`, instead of the file's", f.setSeed)
	flags.StringVar(&f.format, "format", "text", "what to print: text, markdown or json")
	flags.StringVar(&f.calls, "calls", "", "stream every call to `FILE.csv`; - is stdout, and the tables then go to stderr")
	flags.BoolVar(&f.quiet, "quiet", false, "show no progress")
	flags.BoolVar(&f.confidence, "confidence", false, confidenceUsage)
	flags.BoolVar(&f.noColor, "no-color", false, "no colour (also: NO_COLOR)")
	flags.BoolVar(&f.allowLate, "allow-late", false, "accept trials in which the generator fell behind")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show the trials and how long they take; send nothing")
	f.versus.declare(flags)
	return cmd
}

func (f *runFlags) setSeed(text string) (err error) {
	f.reseed = true
	f.seed, err = parseSeed(text)
	return err
}

func parseSeed(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errors.New("write a whole number from 0 to 2^64-1")
	}
	return n, nil
}

// carryOut runs the plan, reports and judges.
func (p *program) carryOut(ctx context.Context, plan *scenario.Plan, f runFlags) error {
	trials, err := runner.Select(plan, f.only)
	if err != nil {
		return err
	}
	baseline, err := f.versus.baseline(trials)
	if err != nil {
		return err
	}
	calls, p, err := p.createCalls(f.calls)
	if err != nil {
		return err
	}
	defer calls.Close()
	begun, err := f.begun(plan, "")
	if err != nil {
		return broken(err)
	}
	begun.Calls = calls.writer()
	run, err := p.watched(ctx, runner.Trials(trials), f.quiet, begun.Options)
	if run == nil {
		return broken(err)
	}
	err = p.conclude(begun.dir, run, err, f)
	if baseline == nil {
		return err
	}
	return worst(err, p.judgeRun(baseline, f.versus.against, run, begun.dir, f))
}

// watched carries a plan out, of so many trials, and shows how far it is. With
// an interrupt it ends early, with a second one at once.
func (p *program) watched(ctx context.Context, trials int, quiet bool, o runner.Options) (run *result.Run, err error) {
	err = p.watching(ctx, trials, quiet, func(atOnce context.Context, w *watcher) (err error) {
		run, err = runner.Run(ctx, atOnce, p.equipped(o, w))
		return err
	})
	return run, err
}

// watching shows how far something is that carries out so many trials, and
// tells it when all is to end at once.
func (p *program) watching(ctx context.Context, trials int, quiet bool, carryOut func(atOnce context.Context, w *watcher) error) error {
	// The loop's thread must never wait for a processor that others hold.
	runtime.GOMAXPROCS(runtime.NumCPU() + 1)
	watch, err := newWatcher(p.stderr, quiet, trials)
	if err != nil {
		return err
	}
	defer watch.close()
	atOnce, release := secondInterrupt(ctx, func() {
		watch.bars.Note("interrupted: waiting for the calls in flight; once more stops at once")
	})
	defer release()
	return carryOut(atOnce, watch)
}

// equipped is a run with all that is the same for every run.
func (p *program) equipped(o runner.Options, w *watcher) runner.Options {
	o.Watch, o.Output, o.Version, o.Calibration = w, w.output, version(), p.calibrated()
	return o
}

// conclude writes what a person reads, and ends with the run's exit code,
// whatever went wrong on the way.
func (p *program) conclude(dir string, run *result.Run, err error, f runFlags) error {
	if wrote := report.Write(dir, run); err == nil {
		err = wrote
	}
	if pointed := result.PointLatest(dir); err == nil {
		err = pointed
	}
	if shown := p.show(run, f.format, p.options(f.noColor, f.confidence)); err == nil {
		err = shown
	}
	if f.format == "text" {
		fmt.Fprintf(p.stdout, "\nresults: %s\n", dir)
	}
	if err != nil {
		return &exit{max(run.Exit, runner.ExitInvalid), err}
	}
	if run.Exit != runner.ExitOK {
		return &exit{code: run.Exit}
	}
	return nil
}

// show prints a run whole or not at all.
func (p *program) show(run *result.Run, format string, o report.Options) error {
	var out bytes.Buffer
	if err := report.Render(&out, run, format, o); err != nil {
		return err
	}
	_, err := p.stdout.Write(out.Bytes())
	return err
}

// options are how to print on what stdout is.
func (p *program) options(noColor, confidence bool) report.Options {
	colour := !noColor && os.Getenv("NO_COLOR") == "" && terminal(p.stdout)
	return report.Options{Colour: colour, Width: report.Width(p.stdout), Confidence: confidence}
}

// sameInterrupt is how long after an interrupt another one counts as the same:
// timeout(1) and some supervisors send it to the process and to its group.
const sameInterrupt = 200 * time.Millisecond

// secondInterrupt is a context that is done when, after the first interrupt
// has ended ctx, another comes.
func secondInterrupt(ctx context.Context, first func()) (context.Context, func()) {
	atOnce, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		first()
		time.Sleep(sameInterrupt)
		again := make(chan os.Signal, 1)
		signal.Notify(again, os.Interrupt, syscall.SIGTERM)
		defer signal.Stop(again)
		select {
		case <-again:
			cancel()
		case <-atOnce.Done():
		}
	})
	return atOnce, func() { stop(); cancel() }
}

// callsFile is where --calls goes; the zero value is nowhere.
type callsFile struct{ file io.WriteCloser }

// createCalls opens where --calls goes. Where that is stdout, the program that
// is handed back prints everything else on stderr.
func (p *program) createCalls(path string) (callsFile, *program, error) {
	switch path {
	case "":
		return callsFile{}, p, nil
	case "-":
		return callsFile{unclosed{p.stdout}}, &program{p.stdin, p.stderr, p.stderr}, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return callsFile{}, p, fmt.Errorf("--calls: %w", err)
	}
	return callsFile{file}, p, nil
}

// unclosed is a stream that others go on using.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

func (c callsFile) writer() io.Writer {
	if c.file == nil {
		return nil
	}
	return c.file
}

func (c callsFile) Close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}
