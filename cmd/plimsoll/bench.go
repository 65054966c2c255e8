package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"plimsoll/report"
	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// benchFlags are the flags of `bench`.
type benchFlags struct {
	load              scenario.Quick
	programs          scenario.Programs
	body              string // as given: text, or @file
	out, save, format string
	writes            writes
	charts, json      bool
	quiet, allowLate  bool
	shown
}

func (p *program) benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use: "bench ADDRESS | COMMAND … | -- PROGRAM ARGUMENT …", Short: "Load one URL, or compare programs, without a file",
		Long: `bench URL sends one request again and again, and shows how fast the answers
came. With nothing but a URL: 10 at a time for 10 s.
-c keeps that many calls in flight, the next one starting when one has ended.
With -r calls are due at a fixed rate, in all, whatever comes back, and their
response times count from then; -c, if given, bounds how many are in flight.

bench 'COMMAND' 'COMMAND' … runs programs, in turns, each at least 10 times and
for 3 s in all, and says which is the fastest, how many times, and how sure that
is. Commands are taken apart into words as a shell does, but run without one.
With --vary threads=1,2,4 {threads} in them is each of these values.

--http2 --connections 8 --streams 8 -c 64 keeps 8 calls in flight on each of 8
connections; without --streams a connection takes up to 100. With --connections
alone calls spread over so many, and without it they share as few as can be.

An address begins with http://, https:// or unix:, or is HOST:PORT; or with
redis://, postgres://, mysql://, ws://, wss://, tcp://, nats://, grpc:// or
grpcs://, where --body is the command, the statement or the message. Anything else is a command, and
so is what follows --. Both carry out the scenario that
--save writes, as run would; for more, write such a file.

Exit codes: 0 all well; 1 a --threshold failed, or no call succeeded; 2 the
command is wrong; 3 not carried out, or the generator itself was the limit;
130 interrupted. Other calls that fail do not change them: promise something
about errors. A program that fails ends all with 1, but for --ignore-failure.`,
		Args: arguments(1, math.MaxInt, "an address, or commands"),
		RunE: func(cmd *cobra.Command, args []string) error {
			commands, err := commandsOf(args, cmd.ArgsLenAtDash())
			if err != nil {
				return err
			}
			if err := f.fitting(cmd.Flags(), commands != nil); err != nil {
				return err
			}
			if err := f.settleFormat(cmd.Flags().Changed("format")); err != nil {
				return err
			}
			if commands != nil {
				return p.benchPrograms(cmd.Context(), f, commands)
			}
			f.load.URL = args[0]
			return p.benchAddress(cmd.Context(), f)
		},
	}
	f.declare(cmd.Flags())
	return cmd
}

func (f *benchFlags) declare(flags *pflag.FlagSet) {
	l := &f.load
	flags.FuncP("concurrency", "c", "`N` calls in flight (default 10); with -r the most there may be", atLeastOne(&l.Concurrency))
	flags.FuncP("requests", "n", "`N` calls in all, or runs of each program", atLeastOne(&l.Requests))
	flags.FuncP("duration", "d", "how long calls become due, a `TIME` such as 30s (default 10s, without -n); of each program, how long at least (default 3s)", f.setDuration)
	flags.FuncP("rate", "r", "calls in a second, in all: a `RATE` such as 500 or 300/min", f.setRate)
	flags.StringVarP(&l.Method, "method", "m", "", "`METHOD` of the request (default GET, or POST with a body)")
	flags.FuncP("header", "H", "a header `'NAME: VALUE'`, or a key of gRPC's metadata (repeatable)", f.addHeader)
	flags.StringVar(&f.body, "body", "", "`TEXT` to send, or @FILE with it")
	flags.Func("timeout", "the most `TIME` a call may take (default 10s; a program: as long as it takes)", longerThanZero(&l.Timeout))
	flags.BoolVarP(&l.Insecure, "insecure", "k", false, "trust any certificate")
	flags.BoolVar(&l.HTTP2, "http2", false, "HTTP/2; on http:// without TLS (h2c)")
	flags.Func("connections", "the most connections there may be, `N`; a call that finds all taken is held", atLeastOne(&l.Connections))
	flags.Func("streams", "the most calls at once on a connection of HTTP/2 or gRPC, `N` (default: 100; with std as many as the server lets)", atLeastOne(&l.Streams))
	flags.StringVar(&l.Engine, "engine", "", "`ENGINE` that carries the calls out, as in a scenario file (default auto)")
	flags.StringVar(&l.Unix, "unix", "", "`PATH` of the Unix socket that the server listens on, instead of the URL's address")
	flags.StringVar(&l.Stream, "stream", "", "the answer comes event by event: `HOW`, sse, ndjson or chunks")
	flags.StringVar(&l.Content, "content", "", "`OPERAND` that an event must have to count, such as json.choices.0.delta.content")
	flags.StringVar(&l.Tokens, "tokens", "", "`OPERAND` that tells how many tokens there have been, such as json.usage.completion_tokens")
	flags.StringVar(&l.Schema, "schema", "", "`FILE` that describes the methods of grpc://, NAME.proto or NAME.protoset (default: the server is asked)")
	flags.Func("loops", "`N` event loops that share the load (default auto: one for each 64 calls in flight or 40,000 a second, on half the processors)", atLeastOne(&l.Loops))
	flags.Func("warmup", "call for this `TIME` first, without counting", longerThanZero(&l.Warmup))
	flags.Func("repeat", "make the whole load `N` times, so that two results can be compared (3 or more); of programs, in N rounds (default 10)", atLeastOne(&l.Repeat))
	flags.StringArrayVar(&l.Thresholds, "threshold", nil, "a promise, `RULE`, such as 'p99 < 200ms' or 'errors < 0.1%' (repeatable)")
	flags.Func("seed", "seed of every random choice, a whole number `N` (default 1)", f.setSeed)
	f.declarePrograms(flags)
	flags.StringVar(&f.save, "save", "", "write the scenario that does the same to `FILE.yaml` (never overwrites)")
	flags.StringVar(&f.out, "out", "", "write a result directory with run.json and report.html into `DIR` (default: none)")
	flags.BoolVar(&f.charts, "charts", false, "draw charts into the result directory, too")
	flags.StringVar(&f.format, "format", "text", printedUsage)
	flags.BoolVar(&f.json, "json", false, "print run.json instead of tables: --format json")
	f.writes.declare(flags)
	flags.BoolVar(&f.quiet, "quiet", false, "show no progress")
	f.shown.declare(flags)
	flags.BoolVar(&f.allowLate, "allow-late", false, "accept a run in which the generator fell behind")
}

// settleFormat is what to print, of --format and --json.
func (f *benchFlags) settleFormat(given bool) error {
	switch {
	case f.json && given && f.format != report.JSON:
		return fmt.Errorf("--json and --format %s exclude each other: leave one of them out", f.format)
	case f.json:
		f.format = report.JSON
	}
	return checkPrinted(f.format)
}

// check tells which flags leave no room for each other.
func (f *benchFlags) check() error {
	switch {
	case f.load.Requests > 0 && f.load.Duration > 0:
		return errors.New("-n and -d exclude each other: leave one of them out")
	case f.charts && f.out == "":
		return errors.New("--charts draws into the result directory: say where that shall be with --out DIR")
	}
	return nil
}

// benchAddress loads what an address names.
func (p *program) benchAddress(ctx context.Context, f benchFlags) error {
	plan, err := f.plan()
	if err != nil {
		return err
	}
	return p.bench(ctx, benching{
		benchFlags: f, plan: plan, trials: int(max(1, f.load.Repeat)), written: report.Render,
		shown: func(to io.Writer, run *result.Run, format string, how report.Options) error {
			if how.Advice = scenario.InFlags; format == report.Text {
				return report.Bench(to, run, subject(plan), how)
			}
			return report.Render(to, run, format, how)
		},
	})
}

// plan is what a file with the same scenario would give, and writes that file
// where it is asked for.
func (f *benchFlags) plan() (*scenario.Plan, error) {
	if err := errors.Join(scenario.CheckScheme(f.load.URL), f.check()); err != nil {
		return nil, err
	}
	file, inFile := strings.CutPrefix(f.body, "@")
	if inFile && file == "" {
		return nil, errors.New("--body @ names no file: write --body @FILE")
	}
	dir := f.folder()
	if inFile {
		f.load.BodyFile = seenFrom(dir, file)
	} else {
		f.load.Body = f.body
	}
	if f.load.Unix != "" && !strings.HasPrefix(f.load.Unix, "@") {
		f.load.Unix = seenFrom(dir, f.load.Unix)
	}
	if strings.Contains(f.load.Schema, ".") {
		f.load.Schema = seenFrom(dir, f.load.Schema)
	}
	text, err := f.load.YAML()
	if err != nil {
		return nil, err
	}
	plan, err := f.parse(text)
	if err != nil || f.save == "" {
		return plan, err
	}
	return plan, writeNew(f.save, text)
}

// folder is the one from which the scenario's files count.
func (f *benchFlags) folder() string {
	if f.save == "" {
		return "."
	}
	return filepath.Dir(f.save)
}

// parse reads a scenario as if it were a file.
func (f *benchFlags) parse(text []byte) (*scenario.Plan, error) {
	plan, problems := scenario.Parse(cmp.Or(f.save, "bench"), text, os.LookupEnv, f.folder())
	if len(problems) > 0 {
		return nil, wrong(problems)
	}
	return plan, nil
}

// wrong is what is wrong without a place in a file that nobody has written.
func wrong(problems scenario.Problems) error {
	texts := make([]string, len(problems))
	for i, problem := range problems {
		texts[i] = scenario.InFlags(problem.Text)
	}
	return errors.New(strings.Join(texts, "\n"))
}

// seenFrom names a file as a scenario in the folder dir names it: Parse joins
// the two again, letter by letter.
func seenFrom(dir, file string) string {
	if filepath.IsAbs(file) || dir == "." {
		return file
	}
	from, err1 := filepath.Abs(dir)
	to, err2 := filepath.Abs(file)
	if relative, err := filepath.Rel(from, to); errors.Join(err1, err2, err) == nil {
		return relative
	}
	return to // from another drive, say
}

// benching is a bench that is to be carried out, and how it is looked at: on the
// screen, and in files.
type benching struct {
	benchFlags
	plan           *scenario.Plan
	trials         int
	shown, written render
	stop           func(*result.Trial) error // ends it after such a trial; nil: nothing does
}

// bench carries a plan out and shows what came of it.
func (p *program) bench(ctx context.Context, f benching) error {
	dir, save := "", func(*result.Run) error { return nil }
	if f.out != "" {
		var err error
		if dir, err = result.NewDirectory(f.out, time.Now(), filepath.Base(f.plan.File.Name)); err != nil {
			return broken(err)
		}
		save = result.NewJournal(dir).Save
	}
	run, err := p.watchedUntil(ctx, f.trials, f.quiet, runner.Options{Plan: f.plan, AllowLate: f.allowLate, Save: save}, f.stop)
	if run == nil {
		return broken(err)
	}
	if stopped := (&stopped{}); errors.As(err, &stopped) {
		return &exit{code: runner.ExitBroken, err: stopped.why}
	}
	if dir != "" {
		err = errors.Join(err, result.PointLatest(dir), report.WritePage(dir, run, report.Options{}))
	}
	if f.charts {
		err = errors.Join(err, report.WriteCharts(dir, run))
	}
	return ending(run, errors.Join(err, p.showBench(run, dir, f)))
}

// showBench prints what came of it, and fills the files.
func (p *program) showBench(run *result.Run, dir string, f benching) error {
	people := p.beside(f.writes)
	how := people.options(f.benchFlags.shown)
	var out bytes.Buffer
	err := f.shown(&out, run, f.format, how)
	if err != nil {
		return err
	}
	if f.format == report.Text {
		f.places(&out, dir)
	}
	_, err = people.printer(f.format == report.JSON).Write(out.Bytes())
	return errors.Join(err, p.writeAs(f.writes, run, how, f.written))
}

// places says where the scenario and the result lie.
func (f *benchFlags) places(out io.Writer, dir string) {
	if dir != "" || f.save != "" {
		fmt.Fprintln(out)
	}
	if f.save != "" {
		fmt.Fprintf(out, "scenario: %s\n", f.save)
	}
	if dir != "" {
		fmt.Fprintf(out, "results: %s\n", dir)
	}
}

// subject is the request, or what else a call is.
func subject(plan *scenario.Plan) string {
	settings := plan.Targets[0].Settings
	if s, ok := settings.(interface{ Subject() string }); ok {
		return s.Subject()
	}
	return settings.Traits().Own.Name()
}

// The readers of flags. Limits beyond theirs are those of the scenario file.

func atLeastOne(into *int64) func(string) error {
	return func(text string) (err error) {
		*into, err = setting.ParseCount(text, 1, math.MaxInt64)
		return err
	}
}

func longerThanZero(into *time.Duration) func(string) error {
	return func(text string) (err error) {
		*into, err = setting.ParseLongerThanZero(text)
		return err
	}
}

// setDuration reads how long to load; others' -d is a body.
func (f *benchFlags) setDuration(text string) error {
	err := longerThanZero(&f.load.Duration)(text)
	if err != nil && strings.ContainsAny(text, `{}="@<&`) {
		return errors.New("it is how long to load; a body is --body TEXT, or --body @FILE")
	}
	return err
}

// setRate reads a rate; a number alone is of a second.
func (f *benchFlags) setRate(text string) (err error) {
	if quantity.IsNumber(text) {
		text += "/s"
	}
	f.load.Rate, err = quantity.ParseRate(text)
	return err
}

func (f *benchFlags) addHeader(text string) error {
	name, value, found := strings.Cut(text, ":")
	if !found {
		return errors.New("write its name, a colon and its value, such as -H 'Accept: text/html'")
	}
	f.load.Headers = append(f.load.Headers, scenario.Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	return nil
}

func (f *benchFlags) setSeed(text string) error {
	seed, err := parseSeed(text)
	f.load.Seed = &seed
	return err
}
