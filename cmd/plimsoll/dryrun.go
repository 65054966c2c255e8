package main

import (
	"fmt"
	"slices"
	"time"

	"plimsoll/report"
	"plimsoll/runner"
	"plimsoll/runner/scenario"
	"plimsoll/target/agenda"
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
		if t.Scenario.Capacity != nil {
			var most time.Duration
			rows[i], most = search(t)
			total = agenda.Later(total, most)
			continue
		}
		took, known := runner.Estimate(t)
		text := "depends on the target"
		switch {
		case t.Scenario.Clock == scenario.Virtual:
			text = "at once (virtual clock)"
		case known:
			text = took.Round(time.Millisecond).String()
			total = agenda.Later(total, took)
		default:
			unknown++
		}
		rows[i] = []string{t.Scenario.Name, t.Mode.Name, t.Sweep.String(), fmt.Sprintf("%d", t.Repeat+1), t.Scenario.Target.Name, text}
	}
	if err := report.Table(p.stdout, []string{"scenario", "mode", "at", "repeat", "target", "takes about"}, rows); err != nil {
		return err
	}
	about, rest := "about", ""
	if runner.Trials(trials) > len(trials) {
		about = "at most"
	}
	if unknown > 0 {
		rest = fmt.Sprintf(" and %s whose length depends on the target", count(unknown, "trial"))
	}
	_, err = fmt.Fprintf(p.stdout, "%s: %s %v%s\n", count(runner.Trials(trials), "trial"), about, total.Round(time.Millisecond), rest)
	if err != nil {
		return err
	}
	if err := p.showWatched(trials); err != nil {
		return err
	}
	return p.rehearse(plan, trials, f)
}

// showWatched shows which promises of the scenarios are looked at while they run.
func (p *program) showWatched(trials []scenario.Trial) error {
	var done []*scenario.Scenario
	for _, t := range trials {
		if slices.Contains(done, t.Scenario) {
			continue
		}
		done = append(done, t.Scenario)
		for _, promise := range t.Scenario.Thresholds {
			text := promise.Watched()
			if text == "" {
				continue
			}
			if promise.Mode != "" {
				text = promise.Mode + ": " + text
			}
			if _, err := fmt.Fprintf(p.stdout, "watched: %s: %s\n", t.Scenario.Name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// rehearse shows an iteration of each scenario that has steps.
func (p *program) rehearse(plan *scenario.Plan, trials []scenario.Trial, f runFlags) error {
	var done []*scenario.Scenario
	for _, t := range trials {
		if t.Scenario.Steps == nil || slices.Contains(done, t.Scenario) {
			continue
		}
		done = append(done, t.Scenario)
		fmt.Fprintf(p.stdout, "\nOne iteration of %s, as far as it is known before there are answers:\n", t.Scenario.Name)
		shown := p.transcript(plan, f.noColor)
		if err := runner.Rehearse(runner.Options{Plan: plan}, t.Scenario, shown); err != nil {
			return err
		}
		if err := shown.Err(); err != nil {
			return err
		}
	}
	return nil
}

// search is the row of a capacity search, and how long it takes at the most.
func search(t scenario.Trial) (row []string, most time.Duration) {
	c := t.Scenario.Capacity
	steps, most := runner.Most(t)
	text := "at once (virtual clock)"
	if t.Scenario.Clock == scenario.Real {
		text = fmt.Sprintf("at most %v, and up to %v after each to drain", most.Round(time.Millisecond), t.Scenario.Drain)
	}
	at := fmt.Sprintf("%s to %v", t.Sweep, c.To)
	return []string{t.Scenario.Name, t.Mode.Name, at, fmt.Sprintf("at most %d steps", steps), t.Scenario.Target.Name, text}, most
}
