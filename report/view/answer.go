package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plimsoll/runner/result"
)

// What is told of a run at the top of everything stays short: so many
// scenarios by a sentence of their own, and so many broken promises by name.
const mostSentences, mostBroken = 8, 8

// answers are what came of a run, for who reads nothing else: what spoils it,
// then a sentence a scenario and the broken promises by name, the worst first.
func answers(run *result.Run, all []*Scenario, late int) []Note {
	notes := slices.Concat(overall(run, late), notRun(run, all))
	var told []Note
	var broken []string
	for _, s := range all {
		name := Clean(s.Name) + ": "
		if len(s.trials) > 0 {
			note := s.told()
			told = append(told, Note{note.Tone, name + note.Text})
		}
		for _, text := range s.brokenPromises() {
			broken = append(broken, name+text)
		}
	}
	slices.SortStableFunc(told, func(a, b Note) int { return cmp.Compare(urgency(a.Tone), urgency(b.Tone)) })
	return slices.Concat(notes, few(told), fewBroken(broken))
}

// urgency sorts tones, the worst first; what nobody judged is as good as good.
func urgency(t Tone) int {
	switch t {
	case Bad:
		return 0
	case Warn:
		return 1
	}
	return 2
}

// few keeps the first sentences and counts the rest.
func few(told []Note) []Note {
	if len(told) <= mostSentences {
		return told
	}
	rest := told[mostSentences-1:]
	note := Note{rest[0].Tone, fmt.Sprintf("and %d more scenarios, none of them with a broken promise", len(rest))}
	bad := 0
	for _, n := range rest {
		if n.Tone == Bad || n.Tone == Warn {
			bad++
		}
	}
	if bad > 0 {
		note.Text = fmt.Sprintf("and %d more scenarios, %d of them not well: see below", len(rest), bad)
	}
	return append(slices.Clone(told[:mostSentences-1]), note)
}

func fewBroken(broken []string) (notes []Note) {
	for i, text := range broken {
		if i == mostBroken-1 && len(broken) > mostBroken {
			return append(notes, Note{Bad, fmt.Sprintf("and %d more broken promises: see below", len(broken)-i)})
		}
		notes = append(notes, Note{Bad, "broken: " + text})
	}
	return notes
}

// answers are what came of a bench, which is but one scenario.
func (b *Bench) answers(run *result.Run, s *Scenario) []Note {
	return slices.Concat(overall(run, 0), []Note{s.told()}, fewBroken(s.brokenPromises()))
}

// told is the sentence on a scenario that was run.
func (s *Scenario) told() Note {
	note := Note{Plain, s.inShort()}
	switch {
	case s.Capacity != nil:
		note = s.capacityTold()
	case len(s.verdicts) > 0:
		note = s.judged()
	}
	if text := s.failuresTold(); text != "" {
		note.Text += "; " + text
		if note.Tone != Bad {
			note.Tone = Warn
		}
	}
	if spoilt := s.spoilt(); spoilt != "" {
		note = Note{Bad, spoilt + "; " + note.Text}
	}
	return note
}

// capacityTold is a search's answer in one sentence.
func (s *Scenario) capacityTold() Note {
	list := s.answer()
	for _, more := range list[1:] {
		list[0].Text += "; " + more.Text
	}
	return list[0]
}

// spoilt says why a scenario's figures are not what was asked for.
func (s *Scenario) spoilt() string {
	var parts []string
	of := func(n int, what string) string {
		if len(s.trials) == 1 {
			return what
		}
		return fmt.Sprintf("%s in %d of %s", what, n, plural(len(s.trials), "trial"))
	}
	if n := s.fellBehind(); n > 0 {
		parts = append(parts, "NOT VALID, "+of(n, "the generator fell behind"))
	}
	failed, broken := 0, 0
	for _, t := range s.trials {
		switch t.Ended {
		case result.Failed:
			failed++
		case result.Interrupted:
			broken++
		}
	}
	if failed > 0 {
		parts = append(parts, "NOT CARRIED OUT, "+of(failed, "it went wrong"))
	}
	if broken > 0 {
		parts = append(parts, of(broken, "broken off"))
	}
	return strings.Join(parts, "; ")
}

// failuresTold says how many calls failed, where that is many and no broken
// promise about errors says so.
func (s *Scenario) failuresTold() string {
	var worst *Group
	for _, g := range s.Groups {
		if g.failing() && (worst == nil || g.failedShare() > worst.failedShare()) {
			worst = g
		}
	}
	told := slices.ContainsFunc(s.broken(), ofErrors)
	switch {
	case worst == nil || told || s.Capacity != nil:
		return ""
	case worst.OK == 0 && len(s.Groups) == 1:
		return fmt.Sprintf("%s: %d of %d failed (%s)", noSuccess(worst.noun()), worst.Failed, worst.Failed, Clean(byCount(worst.Errors)[0]))
	}
	return fmt.Sprintf("%s of %ss failed%s (%s)", shareText(worst.failedShare()), worst.noun(), s.of(worst.Mode, worst.Sweep), Clean(byCount(worst.Errors)[0]))
}

func (g *Group) failedShare() float64 { return float64(g.Failed) / float64(g.OK+g.Failed) }

// ofErrors tells whether a verdict is on how many calls failed.
func ofErrors(v *result.Verdict) bool {
	name := metricName(v)
	return name == "errors" || strings.HasPrefix(name, "errors.")
}

// shareText is a share in percent, to three digits.
func shareText(v float64) string { return plainScale("", v*100).text(v*100) + " %" }

// of says which of several modes and places something is about.
func (s *Scenario) of(mode string, at result.Point) (text string) {
	if len(s.Modes) > 1 && mode != "" {
		text = " of " + Clean(mode)
	}
	if len(s.Places) > 1 && Axis(at) != "" {
		text += " at " + s.placeWords(at)
	}
	return text
}

// inShort is what was measured where nothing was promised.
func (s *Scenario) inShort() string {
	if best := s.fastest(); best != nil {
		text := fmt.Sprintf("%s times as fast as %s", fourDigits(best.Speedup.Ratio, 1), Clean(s.Baseline))
		if low, high, ok := best.Interval(); ok {
			unit := plainScale("", low)
			text += fmt.Sprintf(" (%s … %s)", unit.text(low), unit.text(high))
		}
		text = Clean(best.Mode) + " is " + text
		if len(s.Places) > 1 {
			text += " at " + s.placeWords(best.Sweep)
		}
		return text
	}
	ends := []*Group{s.Groups[0]}
	if last := s.Groups[len(s.Groups)-1]; last != ends[0] {
		ends = append(ends, last)
	}
	var parts []string
	for _, g := range ends {
		parts = append(parts, g.inShort()+s.of(g.Mode, g.Sweep))
	}
	return strings.Join(parts, " … ")
}

// fastest is the group with the greatest speedup at the last place.
func (s *Scenario) fastest() (best *Group) {
	for _, g := range s.AtLast() {
		if g.Speedup != nil && g.Speedup.Ratio > 0 && (best == nil || g.Speedup.Ratio > best.Speedup.Ratio) {
			best = g
		}
	}
	return best
}

// inShort is a group's throughput and the highest percentiles that its sample
// supports.
func (g *Group) inShort() string {
	text := rateText(fourDigits(g.ThroughputPerS, 1), g.noun())
	if g.OK == 0 {
		return text
	}
	text += ", p50 " + alone(quantile(g.Response, 50))
	for _, p := range []float64{99, 95, 90} {
		if supports(g.Response, p) {
			return text + ", " + percentileName(p) + " " + alone(quantile(g.Response, p))
		}
	}
	return text + ", max " + alone(longestOf(g.Response))
}
