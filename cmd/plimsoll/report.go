package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"plimsoll/report"
	"plimsoll/report/view"
	"plimsoll/runner"
	"plimsoll/runner/result"
)

// reportFlags are the flags of `report`.
type reportFlags struct {
	format, charts string
	writes         writes
	shown
}

func (p *program) reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use: "report RUN", Short: "Render a result again",
		Long: `report renders a result directory, a run.json or results/latest again, from the
file alone: on the screen, and with --charts and --write into files. With these
it prints only what --format asks for.`,
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
			asked := cmd.Flags().Changed("format") || f.charts == "" && len(f.writes) == 0
			return broken(p.report(run, f, asked))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "text", report.Choice(report.Formats()))
	flags.StringVar(&f.charts, "charts", "", "draw the charts into `DIR`")
	f.writes.declare(flags)
	f.shown.declare(flags)
	return cmd
}

// report prints a result, where that is asked for, and fills the files.
func (p *program) report(run *result.Run, f reportFlags, asked bool) error {
	people := p.beside(f.writes)
	if note := view.Unfinished(run); note != "" && (!asked || f.format != report.Text && f.format != report.Markdown) {
		fmt.Fprintln(p.stderr, "plimsoll:", note)
	}
	if asked {
		if err := people.show(run, f.format, people.options(f.shown)); err != nil {
			return err
		}
	}
	if err := p.write(f.writes, run, report.Options{Confidence: f.confidence, Phases: f.phases, Completions: f.completions, Slowest: f.slowest}); err != nil {
		return err
	}
	if f.charts == "" {
		return nil
	}
	return report.WriteCharts(f.charts, run)
}
