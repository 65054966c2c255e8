package main

import (
	"fmt"
	"time"

	"plimsoll/report"
	"plimsoll/runner"
	"plimsoll/runner/scenario"
)

// dryRun shows the trials and how long they will take, and sends nothing.
func (p *program) dryRun(plan *scenario.Plan, f runFlags) error {
	trials, err := runner.Select(plan, f.only)
	if err != nil {
		return err
	}
	var total time.Duration
	unknown := 0
	rows := make([][]string, len(trials))
	for i, t := range trials {
		took, known := runner.Estimate(t)
		text := "depends on the target"
		switch {
		case t.Scenario.Clock == scenario.Virtual:
			text = "at once (virtual clock)"
		case known:
			text = took.Round(time.Millisecond).String()
			total += took
		default:
			unknown++
		}
		rows[i] = []string{t.Scenario.Name, t.Mode.Name, t.Sweep.String(), fmt.Sprintf("%d", t.Repeat+1), t.Scenario.Target.Name, text}
	}
	if err := report.Table(p.stdout, []string{"scenario", "mode", "at", "repeat", "target", "takes about"}, rows); err != nil {
		return err
	}
	rest := ""
	if unknown > 0 {
		rest = fmt.Sprintf(" and %s whose length depends on the target", count(unknown, "trial"))
	}
	_, err = fmt.Fprintf(p.stdout, "%s: about %v%s\n", count(len(trials), "trial"), total.Round(time.Millisecond), rest)
	return err
}
