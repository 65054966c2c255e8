package view

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/runner/result"
)

// exitInterrupted is Run.Exit of a run that the user broke off.
const exitInterrupted = 130

// interruption says how far a run got that was broken off; "" where it was not.
func interruption(run *result.Run) string {
	finished, broken := 0, 0
	for i := range run.Trials {
		switch t := &run.Trials[i]; {
		case t.Finished():
			finished++
		case t.Ended == result.Interrupted:
			broken++
		}
	}
	if run.Exit == result.UnderWay {
		return Unfinished(run)
	}
	if run.Exit != exitInterrupted && broken == 0 {
		return ""
	}
	text := "interrupted: " + plural(finished, "trial") + " carried out"
	if run.Planned > 0 {
		text = fmt.Sprintf("interrupted: %d of %s carried out", finished, plural(run.Planned, "trial"))
	}
	if broken > 0 {
		text += fmt.Sprintf(", %d broken off", broken)
	}
	return text
}

// Unfinished says how far a run got that left no end: somebody has killed it,
// its machine has died, or it still goes on; "" where it has ended.
func Unfinished(run *result.Run) string {
	if run.Exit != result.UnderWay {
		return ""
	}
	text := "this run did not come to its end (it was killed, or still goes on): " + plural(len(run.Trials), "trial") + " carried out"
	if run.Planned > 0 {
		text = fmt.Sprintf("this run did not come to its end (it was killed, or still goes on): %d of %s carried out", len(run.Trials), plural(run.Planned, "trial"))
	}
	if run.UnderWay != nil {
		text += "; under way was " + Clean(run.UnderWay.Scenario) + ", " + where(run.UnderWay)
	}
	return text
}

// notRun names the scenarios that were to be run or were judged, but have no
// trial: a section further down would be read too late, if there is one.
func notRun(run *result.Run, all []*Scenario) []Note {
	names := slices.DeleteFunc(slices.Clone(run.Scenarios), func(name string) bool {
		return slices.ContainsFunc(all, func(s *Scenario) bool { return s.Name == name })
	})
	for _, s := range all {
		if len(s.trials) == 0 {
			names = append(names, s.Name)
		}
	}
	for i := range names {
		names[i] = Clean(names[i])
	}
	if len(names) == 0 || len(run.Trials) == 0 {
		return nil
	}
	return []Note{{Bad, "not run: " + strings.Join(names, ", ")}}
}

// judgedInterrupted counts the verdicts of a run that was broken off: those
// without anything measured neither passed nor failed.
func judgedInterrupted(run *result.Run, all []*Scenario) Note {
	passed, failed, open := 0, 0, 0
	for i := range run.Verdicts {
		switch v := &run.Verdicts[i]; {
		case v.Pass:
			passed++
		case slices.ContainsFunc(all, func(s *Scenario) bool { return s.Name == v.Scenario && s.unmeasured(v) }):
			open++
		default:
			failed++
		}
	}
	parts := []string{fmt.Sprintf("%d of %s passed", passed, plural(len(run.Verdicts), "verdict"))}
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", failed))
	}
	if open > 0 {
		parts = append(parts, fmt.Sprintf("%d could not be judged", open))
	}
	note := Note{Warn, interruption(run) + "; " + strings.Join(parts, ", ")}
	if failed > 0 {
		note.Tone = Bad
	}
	return note
}

// unmeasured tells whether no trial that came to its end stands behind a
// verdict.
func (s *Scenario) unmeasured(v *result.Verdict) bool {
	if v.Mode == "" { // of any mode, when none was run
		return len(s.trials) == 0
	}
	g := s.Group(v.Mode, v.Point)
	return g == nil || g.Partial
}
