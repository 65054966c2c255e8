package view

import (
	"fmt"

	"plimsoll/report/compare"
)

// Check is one verdict as test reports have it.
type Check struct {
	Group, Name   string
	Outcome       Outcome
	Text, Details string // what is to be said of a failed or skipped one
}

// Outcome is what came of a check.
type Outcome int

// The outcomes.
const (
	Passed Outcome = iota
	Failed
	Skipped
)

// Checks are a comparison's verdicts. What cannot be told is skipped, or
// failed where strict.
func Checks(c *compare.Comparison, strict bool) []Check {
	var checks []Check
	for i := range c.Changes {
		ch := &c.Changes[i]
		check := Check{Group: Clean(ch.Scenario), Name: joined([]string{Clean(ch.Mode), At(ch.Point), MetricName(ch.Metric)}, " ")}
		switch {
		case ch.Verdict == compare.Worse, ch.Verdict == compare.CannotTell && strict:
			check.Outcome = Failed
		case ch.Verdict == compare.CannotTell:
			check.Outcome = Skipped
		}
		if check.Outcome != Passed {
			check.Text, check.Details = changeSentences(c, ch)
		}
		checks = append(checks, check)
	}
	return checks
}

// changeSentences put a change into words.
func changeSentences(c *compare.Comparison, ch *compare.Change) (text, details string) {
	text = fmt.Sprintf("%s: %s was %s, is %s", ch.Verdict, MetricName(ch.Metric), orNone(ch.NoBaseline, figureText(ch.Metric, ch.Baseline)), orNone(ch.NoCurrent, figureText(ch.Metric, ch.Current)))
	if change, interval := changeTexts(ch); change != None {
		text += fmt.Sprintf(" (change %s, 95 %% interval %s, tolerance %s)", change, interval, toleranceText(ch))
	}
	for _, note := range changeVerdict(c, ch).notes {
		details += note + "\n"
	}
	return text, details
}
