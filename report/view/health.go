package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"plimsoll/runner/result"
)

// fellBehind tells whether the generator could not keep its schedule in a
// trial. One that could not be carried out at all is another matter.
func fellBehind(t *result.Trial) bool {
	return !t.Health.KeptPace && t.Ended != result.Failed
}

// behindHow is what was wrong with the generator in such trials: it lacked what
// its calls needed, it lost some of its machines, or it was late.
func behindHow(trials []*result.Trial) string {
	if slices.ContainsFunc(trials, func(t *result.Trial) bool { return t.Lacking() > 0 }) {
		return "was at its limit"
	}
	if !slices.ContainsFunc(trials, func(t *result.Trial) bool { lost, _ := t.AgentsNot(); return lost == 0 && fellBehind(t) }) &&
		slices.ContainsFunc(trials, func(t *result.Trial) bool { lost, _ := t.AgentsNot(); return lost > 0 }) {
		return "lost agents"
	}
	return "fell behind"
}

// accepted says how to have such a run accepted, where it can be: calls that
// could not be made were no measurement however late.
func accepted(run *result.Run) string {
	if slices.ContainsFunc(run.Trials, func(t result.Trial) bool { return t.Lacking() > 0 }) {
		return ""
	}
	lost, behind := 0, 0
	for i := range run.Trials {
		l, b := run.Trials[i].AgentsNot()
		if lost += l; l == 0 && fellBehind(&run.Trials[i]) {
			b++
		}
		behind += b
	}
	switch {
	case lost > 0 && behind > 0:
		return " (--allow-lost and --allow-late accept it)"
	case lost > 0:
		return " (--allow-lost accepts it)"
	}
	return " (--allow-late accepts it)"
}

// late is how many repetitions the generator fell behind in.
func (g *Group) late() int {
	late := 0
	for _, t := range g.all() {
		if fellBehind(t) {
			late++
		}
	}
	return late
}

// all are all repetitions, however they ended.
func (g *Group) all() []*result.Trial { return slices.Concat(g.Trials, g.LeftOut) }

func (s *Scenario) fellBehind() int {
	late := 0
	if s.Capacity != nil { // there it ends the search, which says so
		return late
	}
	for _, g := range s.Groups {
		late += g.late()
	}
	return late
}

// Warning is what must be known before any figure of the scenario is read; ""
// when all is well.
func (s *Scenario) Warning() string {
	late := ""
	if n := s.fellBehind(); n > 0 {
		late = fmt.Sprintf("Invalid: the generator %s in %d of %s, no measurement of the target", behindHow(s.trials), n, plural(len(s.trials), "trial"))
	}
	return joined([]string{capital(s.Interrupted), late}, " · ")
}

// faults says why a group's figures are not what they seem.
func (g *Group) faults() (notes []string, tone Tone) {
	if g.late() > 0 {
		notes, tone = append(notes, "invalid: the generator "+behindHow(g.all())+", so this is no measurement of the target"), Warn
	}
	switch {
	case g.Partial:
		notes, tone = append(notes, "did not come to its end: only what had ended until then is counted"), Warn
	case len(g.LeftOut) > 0:
		notes, tone = append(notes, fmt.Sprintf("%d of %s did not come to an end and are left out", len(g.LeftOut), plural(len(g.all()), "repetition"))), Warn
	}
	return notes, tone
}

// overall is what must be known before any figure is read.
func overall(run *result.Run, late int) []Note {
	var notes []Note
	if text := interruption(run); text != "" {
		notes = append(notes, Note{Bad, text})
	}
	if late > 0 {
		notes = append(notes, Note{Bad, fmt.Sprintf(
			"THE GENERATOR %s in %d of %s: there the result is no measurement of the target%s",
			strings.ToUpper(behindHow(pointers(run.Trials))), late, plural(len(run.Trials), "trial"), accepted(run))})
	}
	failed := 0
	for i := range run.Trials {
		if run.Trials[i].Ended == result.Failed {
			failed++
		}
	}
	if failed > 0 {
		notes = append(notes, Note{Warn, plural(failed, "trial") + " could not be carried out"})
	}
	if len(run.Trials) == 0 {
		notes = append(notes, Note{Warn, "no trial was carried out"})
	}
	return notes
}

func pointers(trials []result.Trial) (list []*result.Trial) {
	for i := range trials {
		list = append(list, &trials[i])
	}
	return list
}

// health is what is to be said of a scenario's trials: loudest first.
func (s *Scenario) health() []Note {
	if len(s.trials) == 0 {
		return []Note{{Warn, "was not run"}}
	}
	var behind, ended []Note
	stopped := map[string]int{}
	for _, t := range s.trials {
		why := ""
		if t.Reason != "" {
			why = ": " + inFull(t.Reason)
		}
		switch {
		case fellBehind(t) && s.Capacity == nil:
			behind = append(behind, Note{Bad, "THE GENERATOR " + strings.ToUpper(behindHow([]*result.Trial{t})) + ": " + where(t) + ": " + inFull(t.Health.Why)})
		case t.Ended == result.Failed:
			ended = append(ended, Note{Bad, where(t) + " could not be carried out" + why})
		case t.Ended == result.Interrupted:
			ended = append(ended, Note{Warn, where(t) + " was " + interruptedHow(t)})
		case t.Ended == result.Stopped:
			stopped[why]++
		}
	}
	for _, why := range slices.Sorted(maps.Keys(stopped)) {
		ended = append(ended, Note{Plain, fmt.Sprintf("%d of %s stopped early%s", stopped[why], plural(len(s.trials), "trial"), why)})
	}
	return append(behind, ended...)
}

// warnings are what trials contradict themselves in.
func (s *Scenario) warnings() (notes []Note) {
	for _, t := range s.trials {
		for _, warning := range t.Warnings {
			notes = append(notes, Note{Bad, where(t) + ": " + inFull(warning)})
		}
	}
	return notes
}

// interruptedHow is "interrupted" and why, as far as the reason does not say so
// by itself.
func interruptedHow(t *result.Trial) string {
	reason := inFull(t.Reason)
	switch {
	case reason == "":
		return result.Interrupted
	case strings.HasPrefix(reason, result.Interrupted):
		return reason
	}
	return result.Interrupted + ": " + reason
}

// limited says what held a group's calls back by the user's own wish.
func (g *Group) limited() []string {
	if g.Health.LimitedBy == "" {
		return nil
	}
	what := "place"
	if g.Health.LimitedBy == "data" {
		what = "row"
	}
	return []string{"limited by " + Clean(g.Health.LimitedBy) + ": " + g.noun() + "s that found no " + what + " waited for one"}
}
