package view

import (
	"fmt"
	"slices"

	"plimsoll/runner/result"
)

// limits says of every threshold of a sweep, mode by mode, where it begins or
// ceases to hold. Where it goes back and forth there is no such place, and
// the table has to speak for itself.
func (s *Scenario) limits() (sentences []string) {
	if len(s.Places) < 2 {
		return nil
	}
	for _, mode := range s.Modes {
		var rules []string
		for _, v := range s.verdicts {
			if v.Kind == result.KindThreshold && v.Mode == mode && !slices.Contains(rules, v.Promise()) {
				rules = append(rules, v.Promise())
			}
		}
		for _, rule := range rules {
			if sentence := s.limit(mode, rule); sentence != "" {
				if len(s.Modes) > 1 {
					sentence = Clean(mode) + ": " + sentence
				}
				sentences = append(sentences, sentence)
			}
		}
	}
	return sentences
}

// limit is the sentence on one mode's threshold; "" where there is none to be
// made.
func (s *Scenario) limit(mode, rule string) string {
	places, passes, late := s.outcomes(mode, rule)
	if len(places) < 2 {
		return ""
	}
	first, last := s.placeWords(places[0]), s.placeWords(places[len(places)-1])
	turn := slices.Index(passes, !passes[0])
	if turn >= 0 && slices.Contains(passes[turn:], passes[0]) {
		return ""
	}
	text := Clean(rule)
	switch {
	case turn < 0 && passes[0]:
		text += fmt.Sprintf(" holds all the way from %s to %s", first, last)
	case turn < 0:
		text += fmt.Sprintf(" is broken all the way from %s to %s", first, last)
	case passes[0]:
		text += fmt.Sprintf(" holds up to %s and breaks from %s on", s.placeWords(places[turn-1]), s.placeWords(places[turn]))
	default:
		text += fmt.Sprintf(" is broken up to %s and holds from %s on", s.placeWords(places[turn-1]), s.placeWords(places[turn]))
	}
	if late {
		text += ", leaving aside where the generator fell behind"
	}
	return text
}

// outcomes are a threshold's verdicts along the sweep, where they say
// something about the target; late tells that elsewhere the generator fell
// behind.
func (s *Scenario) outcomes(mode, rule string) (places []result.Point, passes []bool, late bool) {
	for _, at := range s.Places {
		g := s.Group(mode, at)
		judged := slices.IndexFunc(s.verdicts, func(v *result.Verdict) bool {
			return v.Kind == result.KindThreshold && v.Mode == mode && v.Promise() == rule && v.Point == at
		})
		switch {
		case g == nil || g.Partial || judged < 0:
		case g.late() > 0:
			late = true
		default:
			places, passes = append(places, at), append(passes, s.verdicts[judged].Pass)
		}
	}
	return places, passes, late
}

// placeWords is a place within a sentence: "380/s", "50 requests".
func (s *Scenario) placeWords(p result.Point) string { return placeWords(p, s.Noun()) }

func placeWords(p result.Point, noun string) string {
	switch Axis(p) {
	case result.AxisRequests:
		if noun == result.UnitIteration {
			return plural(p.Requests, noun)
		}
		return plural(p.Requests, "request")
	case result.AxisRate:
		return placeText(p) + "/s"
	}
	return At(p)
}
