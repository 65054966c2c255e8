package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"plimsoll/report"
	"plimsoll/report/view"
	"plimsoll/runner"
	"plimsoll/runner/result"
)

func (p *program) reportCommand() *cobra.Command {
	var format, charts string
	var noColor, confidence bool
	cmd := &cobra.Command{
		Use: "report RUN", Short: "Render a result again",
		Long: "report renders a result directory, a run.json or results/latest again, from the file alone.",
		Args: arguments(1, 1, "one result (its directory, its run.json, or results/latest)"),
		RunE: func(_ *cobra.Command, args []string) error {
			if !report.KnownFormat(format) {
				return fmt.Errorf("--format is text, markdown, csv, json or benchstat, not %q", format)
			}
			run, err := result.Load(args[0])
			if err != nil {
				return &exit{runner.ExitUsage, err}
			}
			if note := view.Unfinished(run); note != "" && format != report.Text && format != report.Markdown {
				fmt.Fprintln(p.stderr, "plimsoll:", note)
			}
			if err := p.show(run, format, p.options(noColor, confidence)); err != nil {
				return broken(err)
			}
			if charts != "" {
				return broken(report.WriteCharts(charts, run))
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "text", "text, markdown, csv, json or benchstat")
	flags.StringVar(&charts, "charts", "", "write the charts into `DIR` as well")
	flags.BoolVar(&confidence, "confidence", false, confidenceUsage)
	flags.BoolVar(&noColor, "no-color", false, "no colour (also: NO_COLOR)")
	return cmd
}
