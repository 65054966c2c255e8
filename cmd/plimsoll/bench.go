package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
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
	"plimsoll/target/http"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// benchFlags are the flags of `bench`.
type benchFlags struct {
	load                      scenario.Quick
	body                      string // as given: text, or @file
	out, save                 string
	charts, json              bool
	quiet, noColor, allowLate bool
	confidence                bool
}

func (p *program) benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use: "bench URL", Short: "Load one URL without a file: a closed loop (-c) or a fixed rate (-r)",
		Long: `bench sends one request again and again, and shows how fast the answers came.
With nothing but a URL: 10 at a time for 10 s. It carries out the scenario that
--save writes, as run would; for more than one request, write such a file.

-c keeps that many calls in flight, the next one starting when one has ended.
With -r calls are due at a fixed rate, in all, whatever comes back, and their
response times count from then; -c, if given, bounds how many are in flight.

Exit codes: 0 all well; 2 the command is wrong; 3 not carried out, or the
generator itself fell behind; 130 interrupted. Calls that fail do not change
them.`,
		Args: arguments(1, 1, "one URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.load.URL = args[0]
			plan, err := f.plan()
			if err != nil {
				return err
			}
			return p.bench(cmd.Context(), plan, f)
		},
	}
	f.declare(cmd.Flags())
	return cmd
}

func (f *benchFlags) declare(flags *pflag.FlagSet) {
	l := &f.load
	flags.FuncP("concurrency", "c", "`N` calls in flight (default 10); with -r the most there may be", atLeastOne(&l.Concurrency))
	flags.FuncP("requests", "n", "`N` calls in all", atLeastOne(&l.Requests))
	flags.FuncP("duration", "d", "how long calls become due, a `TIME` such as 30s (default 10s, without -n)", longerThanZero(&l.Duration))
	flags.FuncP("rate", "r", "calls in a second, in all: a `RATE` such as 500 or 300/min", f.setRate)
	flags.StringVarP(&l.Method, "method", "m", "", "`METHOD` of the request (default GET, or POST with a body)")
	flags.FuncP("header", "H", "a header `'NAME: VALUE'` (repeatable)", f.addHeader)
	flags.StringVar(&f.body, "body", "", "`TEXT` to send, or @FILE with it")
	flags.Func("timeout", "the most `TIME` a call may take (default 10s)", longerThanZero(&l.Timeout))
	flags.BoolVarP(&l.Insecure, "insecure", "k", false, "trust any certificate")
	flags.BoolVar(&l.HTTP2, "http2", false, "HTTP/2, on http:// without TLS (h2c)")
	flags.StringVar(&l.Engine, "engine", "", "`ENGINE` that carries the calls out, as in a scenario file (default auto)")
	flags.Func("loops", "`N` event loops that share the load (default auto: one for each 64 calls in flight or 40,000 a second, on half the processors)", atLeastOne(&l.Loops))
	flags.Func("warmup", "call for this `TIME` first, without counting", longerThanZero(&l.Warmup))
	flags.Func("seed", "seed of every random choice, a whole number `N` (default 1)", f.setSeed)
	flags.StringVar(&f.save, "save", "", "write the scenario that does the same to `FILE.yaml` (never overwrites)")
	flags.StringVar(&f.out, "out", "", "write a result directory with run.json into `DIR` (default: none)")
	flags.BoolVar(&f.charts, "charts", false, "draw charts into the result directory, too")
	flags.BoolVar(&f.json, "json", false, "print run.json instead of tables")
	flags.BoolVar(&f.quiet, "quiet", false, "show no progress")
	flags.BoolVar(&f.confidence, "confidence", false, confidenceUsage)
	flags.BoolVar(&f.noColor, "no-color", false, "no colour (also: NO_COLOR)")
	flags.BoolVar(&f.allowLate, "allow-late", false, "accept a run in which the generator fell behind")
}

// plan is what a file with the same scenario would give, and writes that file
// where it is asked for.
func (f *benchFlags) plan() (*scenario.Plan, error) {
	switch {
	case f.load.Requests > 0 && f.load.Duration > 0:
		return nil, errors.New("-n and -d exclude each other: leave one of them out")
	case f.charts && f.out == "":
		return nil, errors.New("--charts draws into the result directory: say where that shall be with --out DIR")
	}
	file, inFile := strings.CutPrefix(f.body, "@")
	if inFile && file == "" {
		return nil, errors.New("--body @ names no file: write --body @FILE")
	}
	name, dir := "bench", "."
	if f.save != "" {
		name, dir = f.save, filepath.Dir(f.save)
	}
	if inFile {
		f.load.BodyFile = seenFrom(dir, file)
	} else {
		f.load.Body = f.body
	}
	text, err := f.load.YAML()
	if err != nil {
		return nil, err
	}
	plan, problems := scenario.Parse(name, text, os.LookupEnv, dir)
	if len(problems) > 0 {
		return nil, wrong(problems)
	}
	if f.save != "" {
		err = writeNew(f.save, text)
	}
	return plan, err
}

// wrong is what is wrong without a place in a file that nobody has written.
func wrong(problems scenario.Problems) error {
	texts := make([]string, len(problems))
	for i, problem := range problems {
		texts[i] = problem.Text
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

// bench carries the plan out and shows what came of it.
func (p *program) bench(ctx context.Context, plan *scenario.Plan, f benchFlags) error {
	dir := ""
	if f.out != "" {
		var err error
		if dir, err = result.NewDirectory(f.out, time.Now(), filepath.Base(plan.File.Name)); err != nil {
			return broken(err)
		}
	}
	run, err := p.watched(ctx, 1, f.quiet, runner.Options{
		Plan: plan, AllowLate: f.allowLate, Save: func(run *result.Run) error {
			if dir == "" {
				return nil
			}
			return result.Save(dir, run)
		},
	})
	if run == nil {
		return broken(err)
	}
	if dir != "" {
		err = errors.Join(err, result.PointLatest(dir))
	}
	if f.charts {
		err = errors.Join(err, report.WriteCharts(dir, run))
	}
	if err = errors.Join(err, p.showBench(plan, run, dir, f)); err != nil {
		return &exit{max(run.Exit, runner.ExitInvalid), err}
	}
	if run.Exit != runner.ExitOK {
		return &exit{code: run.Exit}
	}
	return nil
}

func (p *program) showBench(plan *scenario.Plan, run *result.Run, dir string, f benchFlags) error {
	if f.json {
		return p.show(run, report.JSON, report.Options{})
	}
	var out bytes.Buffer
	if err := report.Bench(&out, run, subject(plan), p.options(f.noColor, f.confidence)); err != nil {
		return err
	}
	if dir != "" || f.save != "" {
		fmt.Fprintln(&out)
	}
	if f.save != "" {
		fmt.Fprintf(&out, "scenario: %s\n", f.save)
	}
	if dir != "" {
		fmt.Fprintf(&out, "results: %s\n", dir)
	}
	_, err := p.stdout.Write(out.Bytes())
	return err
}

// subject is the request, without a password that its URL may hold.
func subject(plan *scenario.Plan) string {
	request := plan.Targets[0].Settings.(*http.Settings).Calls[0]
	u, err := url.Parse(request.URL)
	if err != nil {
		return request.Method // cannot be: Parse has read it
	}
	return request.Method + " " + u.Redacted()
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
	f.load.Headers = append(f.load.Headers, http.Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	return nil
}

func (f *benchFlags) setSeed(text string) error {
	seed, err := parseSeed(text)
	f.load.Seed = &seed
	return err
}
