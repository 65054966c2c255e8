package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"plimsoll/report"
	"plimsoll/report/compare"
	"plimsoll/report/view"
	"plimsoll/runner"
	"plimsoll/runner/result"
)

// reportFlags are the flags of `report`.
type reportFlags struct {
	format, charts string
	against        string
	writes         writes
	shown
}

func (p *program) reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use: "report RUN", Short: "Render a result again",
		Long: `report renders a result directory, a run.json or results/latest again, from the
file alone: on the screen, and with --charts and --write into files. With these
it prints only what --format asks for. With --against another result stands
beside it; whether anything is worse does not change the exit code (compare
does).`,
		Args: arguments(1, 1, "one result (its directory, its run.json, or results/latest)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(report.Formats(), f.format) {
				return fmt.Errorf("--format is %s, not %q", report.Choice(report.Formats()), f.format)
			}
			run, err := result.Load(args[0])
			if err != nil && scenarioFile(args[0]) {
				err = fmt.Errorf("%w; is it a scenario file? plimsoll run %s carries it out and leaves a result", err, args[0])
			}
			if err != nil {
				return &exit{runner.ExitUsage, err}
			}
			against, err := f.compared(run, args[0])
			if err != nil {
				return &exit{runner.ExitUsage, err}
			}
			asked := cmd.Flags().Changed("format") || f.charts == "" && len(f.writes) == 0
			return broken(p.report(run, f, against, asked))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "text", report.Choice(report.Formats()))
	flags.StringVar(&f.against, "against", "", "compare with the result `BASELINE`, and draw it beside")
	flags.StringVar(&f.charts, "charts", "", "draw the charts into `DIR`")
	f.writes.declare(flags)
	f.shown.declare(flags)
	return cmd
}

// compared is what a result at path stands against, where --against names something.
func (f *reportFlags) compared(run *result.Run, path string) (against view.Against, err error) {
	if f.against == "" {
		return against, nil
	}
	if against.Base, err = result.Load(f.against); err == nil {
		against.Comparison, err = compare.Runs(against.Base, run, compare.Options{Baseline: f.against, Current: path})
	}
	if err != nil {
		return against, fmt.Errorf("--against %s: %w", f.against, err)
	}
	return against, nil
}

// report prints a result, where that is asked for, and fills the files.
func (p *program) report(run *result.Run, f reportFlags, against view.Against, asked bool) error {
	people := p.beside(f.writes)
	how := people.options(f.shown)
	how.Against, how.Base = against.Comparison, against.Base
	if note := view.Unfinished(run); note != "" && (!asked || f.format != report.Text && f.format != report.Markdown) {
		fmt.Fprintln(p.stderr, "plimsoll:", note)
	}
	if asked {
		if err := people.show(run, f.format, how); err != nil {
			return err
		}
		how.CI = summarized(how.CI, f.format)
	}
	if err := p.write(f.writes, run, how); err != nil {
		return err
	}
	if f.charts == "" {
		return nil
	}
	return report.WriteCharts(f.charts, run)
}
