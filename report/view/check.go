package view

import (
	"fmt"

	"plimsoll/report/compare"
	"plimsoll/runner/result"
)

// Check is one verdict as test reports have it.
type Check struct {
	Group, Name   string
	Outcome       Outcome
	Text, Details string // what is to be said of a failed or skipped one
	Line          int    // of the scenario file; 0: it is not known
}

// Outcome is what came of a check.
type Outcome int

// The outcomes.
const (
	Passed Outcome = iota
	Failed
	Skipped
)

// RunChecks are a run's: that each scenario was measured, and each of its
// promises and published figures. Whatever else made the run end with another
// exit code than 0 is one more, so that no such run passes.
func RunChecks(run *result.Run) ([]Check, error) {
	all, err := Options{}.scenarios(run)
	if err != nil {
		return nil, err
	}
	accepted := run.Exit == 0 || run.Exit == 1 // what was late, by --allow-late
	var checks []Check
	failed, lines := false, linesOf(run.File)
	for _, s := range all {
		c := s.carriedOut(accepted)
		c.Line = lines.of(s.Name)
		checks = append(checks, c)
		for _, v := range s.verdicts {
			c := s.check(v, accepted)
			c.Line = lines.promise(v)
			checks = append(checks, c)
		}
	}
	for _, c := range checks {
		failed = failed || c.Outcome == Failed
	}
	if run.Exit != 0 && !failed {
		text := fmt.Sprintf("it ended with exit code %d", run.Exit)
		for _, n := range answers(run, all, 0) {
			text += "; " + n.Text
		}
		checks = append(checks, Check{Group: "the run", Name: "ends well", Outcome: Failed, Text: text})
	}
	return checks, nil
}

// carriedOut is the check of a scenario's trials.
func (s *Scenario) carriedOut(accepted bool) Check {
	c := Check{Group: Clean(s.Name), Name: "is measured"}
	spoilt := s.spoilt()
	switch {
	case len(s.trials) == 0:
		c.Outcome, c.Text = Skipped, "it was not run"
	case s.Capacity != nil && s.Capacity.Bound == "":
		c.Outcome, c.Text = Failed, s.capacityTold().Text
	case spoilt != "" && !accepted:
		c.Outcome, c.Text = Failed, spoilt
	}
	if c.Outcome == Failed {
		for _, n := range s.health() {
			c.Details += n.Text + "\n"
		}
	}
	return c
}

// check is a verdict's. One on what is no measurement of the target, or was
// broken off, says nothing.
func (s *Scenario) check(v *result.Verdict, accepted bool) Check {
	c := Check{Group: Clean(s.Name), Name: joined([]string{Clean(v.Mode), At(v.Point), inFull(v.Promise())}, " ")}
	g := s.Group(v.Mode, v.Point)
	switch {
	case s.unreached(v):
		c.Outcome = Skipped
	case g != nil && g.late() > 0 && !accepted:
		c.Outcome = Skipped
		c.Details = "not valid: the generator fell behind\n"
	case !v.Pass:
		c.Outcome = Failed
	}
	if c.Outcome != Passed {
		c.Text = s.marginOf(v)
		for _, note := range s.verdictCell(v).notes {
			c.Details += note + "\n"
		}
	}
	return c
}

// Checks are a comparison's verdicts. What cannot be told is skipped, or
// failed where strict.
func Checks(c *compare.Comparison, strict bool) []Check {
	var checks []Check
	for i := range c.Changes {
		ch := &c.Changes[i]
		check := Check{Group: Clean(ch.Scenario), Name: joined([]string{Clean(ch.Mode), At(ch.Point), changed(ch)}, " ")}
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
	text = fmt.Sprintf("%s: %s was %s, is %s", ch.Verdict, changed(ch), baselineText(ch), currentText(ch))
	if change, interval := changeTexts(ch); change != None {
		text += fmt.Sprintf(" (change %s, 95 %% interval %s, tolerance %s)", change, interval, toleranceText(ch))
	}
	for _, note := range changeVerdict(c, ch).notes {
		details += note + "\n"
	}
	return text, details
}
