package view

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"plimsoll/runner/result"
)

// noteworthy is the share of failed calls from which the latencies of the
// successes alone may mislead.
const noteworthy = 0.01

// survivors says how few calls a group's latencies are of; "" where hardly
// any failed.
func (g *Group) survivors() string {
	if !g.failing() {
		return ""
	}
	return fmt.Sprintf("of the successes only (%s of %ss); %d failed, see errors", g.successShare(), g.noun(), g.Failed)
}

// failing tells whether a noteworthy share of the calls that ended by
// themselves failed.
func (g *Group) failing() bool {
	return g.Failed > 0 && float64(g.Failed) >= noteworthy*float64(g.OK+g.Failed)
}

// successShare is in percent, to one decimal; a few are never none.
func (g *Group) successShare() string {
	percent := math.Round(float64(g.OK)/float64(g.OK+g.Failed)*1000) / 10
	if percent == 0 && g.OK > 0 {
		return "less than 0.1 %"
	}
	return plainScale("").asWritten(percent) + " %"
}

// Survivors says of which of the groups the latencies shown are only those of
// few calls, because others failed; "" where of none.
func (s *Scenario) Survivors(groups []*Group) string {
	var parts []string
	samePlace := !slices.ContainsFunc(groups, func(g *Group) bool { return g.Sweep != groups[0].Sweep })
	for _, g := range groups {
		if !g.failing() {
			continue
		}
		part := g.successShare() + " of " + g.noun() + "s"
		if len(s.Modes) > 1 {
			part += " of " + Clean(g.Mode)
		}
		if !samePlace {
			part += " at " + s.placeWords(g.Sweep)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ""
	}
	return "Of the successes only: " + strings.Join(parts, ", ")
}

// unpromised tells whether a verdict is on what nobody has promised, and every trial
// fails without: that some call succeeds. Of a promise in the same words the limit is
// known.
func unpromised(v *result.Verdict) bool {
	return !v.Pass && v.Rule == "errors < 100%" && v.Step == "" && v.Limit == 0
}

// fruitless says that no call succeeded, which fails a trial by itself, in the
// words of the verdict on that.
func (s *Scenario) fruitless() (notes []Note) {
	for _, v := range s.verdicts {
		if !unpromised(v) {
			continue
		}
		for _, text := range []string{v.Reason, v.Note} {
			if strings.HasPrefix(text, noSuccess(s.Noun())) {
				notes = append(notes, Note{Bad, inFull(text)})
			}
		}
	}
	return notes
}

// fruitlessTold says the same in short, of the first group of trials and how many
// others there are; "" where calls succeeded.
func (s *Scenario) fruitlessTold() (text string) {
	more := 0
	for _, v := range s.verdicts {
		switch {
		case !unpromised(v):
		case text != "":
			more++
		default:
			text = s.nothingOf(v)
		}
	}
	if more > 0 {
		text += fmt.Sprintf(", nor of %d more", more)
	}
	return text
}

// nothingOf says that no call succeeded in the trials of such a verdict, and which
// failure most of them were.
func (s *Scenario) nothingOf(v *result.Verdict) string {
	often, _, _ := strings.Cut(v.Note, ";")
	text := noSuccess(s.Noun()) + strings.TrimPrefix(often, "no call succeeded") + s.of(v.Mode, v.Point)
	if _, why, given := strings.Cut(v.Reason, ": "); given {
		return text + ": " + inFull(why)
	}
	for _, g := range s.Groups {
		if g.Mode == v.Mode && g.Sweep == v.Point && g.Failed > 0 {
			text += fmt.Sprintf(": %d of %d failed (%s)", g.Failed, g.OK+g.Failed, Clean(byCount(g.Errors)[0]))
		}
	}
	return text
}

// ofSuccesses tells whether a verdict is on a latency of the trial's that failed
// calls have no part in.
func ofSuccesses(v *result.Verdict) bool {
	name := strings.TrimSpace(v.Rule)
	return quantity(v) == inSeconds && !ofBatch(metricName(v)) &&
		v.Step == "" && !strings.HasPrefix(name, "all.") && !strings.HasPrefix(name, "lateness.") && !strings.HasPrefix(name, "phase.") && !strings.HasPrefix(name, "queue.")
}
