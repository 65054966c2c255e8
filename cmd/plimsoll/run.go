package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"plimsoll/report"
	"plimsoll/report/compare"
	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/host"
	"plimsoll/target/plain"
)

// runFlags are the flags of `run`.
type runFlags struct {
	only                             []string
	out, format, calls               string
	seed                             uint64
	quiet, allowLate, dryRun, reseed bool
	noPage                           bool
	shown
	writes writes
	versus versus
	fleet  fleetFlags
	muster *mustering // nil: no fleet is wanted
	live   liveFlags
	air    *onAir // where the run is shown live; nil: nowhere
}

// What is printed while a load is made; report knows more.
var printed = []string{report.Text, report.Markdown, report.JSON}

const printedUsage = "what to print: text, markdown or json"

func checkPrinted(format string) error {
	switch {
	case slices.Contains(printed, format):
		return nil
	case slices.Contains(report.Formats(), format):
		return fmt.Errorf("--format is %s, not %q: for that, write --write %s=FILE (or =-)", report.Choice(printed), format, format)
	}
	return fmt.Errorf("--format is %s, not %q", report.Choice(printed), format)
}

func (p *program) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use: "run [FILE|-]", Short: "Run a scenario file, show tables, write a result directory",
		Long: `run carries out the scenarios of a file (default scenarios.yaml), shows tables
and writes a result directory with run.json, tables and charts.

With --against, --versus or --versus-target it compares, as compare does.

Exit codes: 0 all well; 1 a threshold or an expectation failed, no call of a
trial succeeded, or something is worse than what it was compared with; 2 the
command or the file is wrong, or results cannot be compared; 3 not carried out,
or the generator itself was the limit; 130 interrupted.`,
		Args: arguments(0, 1, "one scenario file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkPrinted(f.format); err != nil {
				return err
			}
			if err := cmp.Or(f.versus.check(), f.live.check(), f.fleet.check(f)); err != nil {
				return err
			}
			text, err := p.text(fileArgument(args))
			if err != nil {
				return err
			}
			plan, err := p.parse(fileArgument(args), text, nil)
			if err != nil {
				return err
			}
			if f.fleet.agents > 0 {
				if err := p.shareable(plan, f); err != nil {
					return err
				}
			}
			if f.reseed {
				plan.Seed = f.seed
			}
			if f.fleet.agents > 0 && !f.dryRun {
				if f.muster, err = p.mustering(f.fleet, plan, text, filepath.Dir(fileArgument(args))); err != nil {
					return err
				}
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
	flags.StringVar(&f.format, "format", "text", printedUsage)
	f.writes.declare(flags)
	flags.StringVar(&f.calls, "calls", "", "stream every call to `FILE.csv`; - is stdout, and the tables then go to stderr")
	flags.BoolVar(&f.quiet, "quiet", false, "show no progress")
	flags.BoolVar(&f.noPage, "no-html", false, "leave report.html out of the result directory")
	f.shown.declare(flags)
	flags.BoolVar(&f.allowLate, "allow-late", false, "accept trials in which the generator fell behind")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show the trials and how long they take; send nothing")
	f.fleet.declare(flags)
	f.live.declare(flags)
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
	if f.air, err = f.live.begin(p, plan.File.Name, runner.Trials(trials)); err != nil {
		return err
	}
	defer f.air.close(ctx)
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
	begun.AllowLost = f.fleet.allowLost
	run, err := p.watched(ctx, runner.Trials(trials), f, begun.Options)
	if run == nil {
		return broken(err)
	}
	if baseline == nil {
		return p.conclude(ctx, begun.dir, run, err, f, nil)
	}
	c, incomparable := f.compared(baseline, f.versus.against, run, begun.dir)
	f.versus.base = baseline
	return worst(p.conclude(ctx, begun.dir, run, err, f, c), p.ended(c, incomparable, f))
}

// watched carries a plan out, of so many trials, and shows how far it is. With
// an interrupt it ends early, with a second one at once.
func (p *program) watched(ctx context.Context, trials int, f runFlags, o runner.Options) (run *result.Run, err error) {
	err = p.watching(ctx, trials, f.quiet, func(atOnce context.Context, w *watcher) (err error) {
		w.air, o.Takers = f.air, f.air.takers()
		if f.muster != nil {
			note := w.Note
			if f.quiet { // this is no progress: there is none until somebody does what it says
				note = func(text string) { fmt.Fprintln(p.stderr, text) }
			}
			var m *mustered
			if m, err = f.muster.muster(ctx, note); err != nil {
				return err
			}
			o.Fleet = m
			if o.Recovering = f.muster.recover; o.Recovering {
				o.Now = m.Began
			}
			defer func() { m.release(err == nil && run != nil && (!o.Recovering || ctx.Err() == nil)) }()
		}
		run, err = runner.Run(ctx, atOnce, p.equipped(o, w))
		return err
	})
	return run, err
}

// watching shows how far something is that carries out so many trials, and
// tells it when all is to end at once.
func (p *program) watching(ctx context.Context, trials int, quiet bool, carryOut func(atOnce context.Context, w *watcher) error) error {
	defer attend(ctx)()
	// The loop's thread must never wait for a processor that others hold.
	runtime.GOMAXPROCS(host.Processors() + 1)
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

// conclude writes what a person reads, beside a comparison if there is one,
// and ends with the run's exit code, whatever went wrong on the way.
func (p *program) conclude(ctx context.Context, dir string, run *result.Run, err error, f runFlags, c *compare.Comparison) error {
	people := p.beside(f.writes)
	how := people.options(f.shown)
	how.Against, how.Strict, how.Base, how.NoPage = c, f.versus.strict, f.versus.base, f.noPage
	how = how.Once(run)
	if wrote := report.Write(dir, run, how); err == nil {
		err = wrote
	}
	if pointed := result.PointLatest(dir); err == nil {
		err = pointed
	}
	if shown := people.show(run, f.format, how); err == nil {
		err = shown
	}
	if f.format == report.Text {
		fmt.Fprintf(people.stdout, "\nresults: %s\n", dir)
	}
	if wrote := p.write(f.writes, run, how); err == nil {
		err = wrote
	}
	if shown := f.air.report(ctx, p, run, how); err == nil {
		err = shown
	}
	return ending(run, err)
}

// ending is the end of a run, of which err is what went wrong on the way.
func ending(run *result.Run, err error) error {
	if err != nil {
		return &exit{int(max(run.Exit, runner.ExitInvalid)), err}
	}
	if run.Exit != runner.ExitOK {
		return &exit{code: int(run.Exit)}
	}
	return nil
}

// show prints a run whole or not at all.
func (p *program) show(run *result.Run, format string, o report.Options) error {
	var out bytes.Buffer
	if err := report.Render(&out, run, format, o); err != nil {
		return err
	}
	_, err := p.printer(format == report.JSON).Write(out.Bytes())
	return err
}

// printer prints on stdout what is JSON, or is not.
func (p *program) printer(json bool) io.Writer {
	if json {
		return &plain.Writer{To: p.stdout, JSON: true}
	}
	return p.stdout
}

// shown is what people want to see beyond the usual, or not to.
type shown struct{ noColor, confidence, phases, completions, slowest bool }

func (s *shown) declare(flags *pflag.FlagSet) {
	flags.BoolVar(&s.confidence, "confidence", false, "show the 95 % interval of every percentile")
	flags.BoolVar(&s.phases, "phases", false, "show how long the parts of calls took, as far as their kind knows")
	flags.BoolVar(&s.completions, "completions", false, "show when the calls of batches were over: first, each tenth, last")
	flags.BoolVar(&s.slowest, "slowest", false, "show the ten slowest calls of each mode: when, how long, which step, iteration and trace")
	flags.BoolVar(&s.noColor, "no-color", false, "no colour (also: NO_COLOR)")
}

// options are how to print on what stdout is.
func (p *program) options(s shown) report.Options {
	colour := !s.noColor && os.Getenv("NO_COLOR") == "" && terminal(p.stdout)
	return report.Options{Colour: colour, Width: report.Width(beneath(p.stdout)), Confidence: s.confidence, Phases: s.phases, Completions: s.completions, Slowest: s.slowest, CI: ci(os.Getenv)}
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
		return callsFile{unclosed{p.stdout}}, &program{stdin: p.stdin, stdout: p.stderr, stderr: p.stderr}, nil
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
