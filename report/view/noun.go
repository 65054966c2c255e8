package view

import (
	"strings"

	"plimsoll/runner/result"
)

// Noun is what the scenario's figures are of, in a word: "call", or "iteration"
// where it has steps.
func (s *Scenario) Noun() string {
	if len(s.Groups) == 0 {
		return result.Noun("")
	}
	return s.Groups[0].noun()
}

func (g *Group) noun() string { return result.Noun(g.Unit) }

// nounOf is what a verdict's rate is of: a step's, and all steps', is of calls.
func (s *Scenario) nounOf(v *result.Verdict) string {
	if v.Step != "" || strings.HasPrefix(v.Rule, "calls.") {
		return result.Noun("")
	}
	return s.Noun()
}

// iterates tells whether the scenario has steps.
func (s *Scenario) iterates() bool { return s.Noun() == result.UnitIteration }

// rateUnit is the unit of rates of a noun's.
func rateUnit(noun string) string {
	if noun == result.UnitIteration {
		return "it/s"
	}
	return "/s"
}

// rateText is a rate with its unit: "120/s", "120 it/s".
func rateText(figure, noun string) string {
	if unit := rateUnit(noun); unit != "/s" {
		return figure + " " + unit
	}
	return figure + "/s"
}

// article is a noun with its indefinite article.
func article(noun string) string {
	if noun == result.UnitIteration {
		return "an " + noun
	}
	return "a " + noun
}
