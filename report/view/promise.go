package view

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
)

// broken are the verdicts that failed, and not only because the run was broken
// off before there was anything to judge.
func (s *Scenario) broken() (list []*result.Verdict) {
	for _, v := range s.verdicts {
		if !v.Pass && !s.unreached(v) {
			list = append(list, v)
		}
	}
	return list
}

// unreached tells whether there is nothing to judge because the run was broken
// off.
func (s *Scenario) unreached(v *result.Verdict) bool {
	return !v.Pass && s.Interrupted != "" && s.unmeasured(v)
}

// brokenPromises names what failed, each with its margin; none where the
// sentence on the scenario says it already.
func (s *Scenario) brokenPromises() (list []string) {
	all := s.broken()
	if len(all) == 1 && len(s.trials) > 0 {
		return nil
	}
	for _, v := range all {
		if unpromised(v) {
			continue // the sentence says that, too
		}
		of, _ := strings.CutPrefix(s.of(v.Mode, v.Point), " ")
		text := joined([]string{Clean(v.Promise()), of}, " ") + ": "
		if v.Reason != "" {
			text += inFull(v.Reason)
		} else {
			text += joined([]string{s.measuredText(v), farText(v.Measured, cmp.Or(v.Expected, v.Limit))}, ", ")
		}
		list = append(list, text)
	}
	return list
}

// judged is what came of a scenario's promises and published figures.
func (s *Scenario) judged() Note {
	note := Note{Tone: Good}
	var parts []string
	for _, kind := range []kindOfVerdict{promises, publishedFigures} {
		if text := s.tally(kind); text != "" {
			parts = append(parts, text)
		}
	}
	if text := s.fruitlessTold(); text != "" {
		parts = append(parts, text)
	}
	note.Text = strings.Join(parts, "; ")
	switch {
	case len(s.broken()) > 0:
		note.Tone = Bad
	case strings.Contains(note.Text, notJudged):
		note.Tone = Warn
	}
	return note
}

// kindOfVerdict is what is counted together, and in which words.
type kindOfVerdict struct {
	thing, held, broken string
	expect              bool
}

var (
	promises         = kindOfVerdict{"promise", "hold", "broken", false}
	publishedFigures = kindOfVerdict{"published figure", "reproduced", "missed", true}
)

const notJudged = "not judged"

// tally counts the verdicts of a kind, and tells the margin of the one that is
// nearest to its limit, or furthest beyond it; "" without any.
func (s *Scenario) tally(kind kindOfVerdict) string {
	var nearest *result.Verdict
	all, broken, open := 0, 0, 0
	for _, v := range s.verdicts {
		if (v.Kind == result.KindExpect) != kind.expect || unpromised(v) {
			continue
		}
		all++
		switch {
		case s.unreached(v):
			open++
			continue
		case !v.Pass:
			broken++
		}
		if nearest == nil || margin(v) < margin(nearest) {
			nearest = v
		}
	}
	if all == 0 {
		return ""
	}
	text := kind.counted(all, broken, open)
	switch {
	case nearest == nil:
	case kind.expect && nearest.Pass:
		text += fmt.Sprintf(" within %s %%, %s at most", plainScale("").asWritten(nearest.Tolerance*100), offText(nearest))
	case !nearest.Pass || !math.IsInf(margin(nearest), 1):
		text += ": " + s.marginOf(nearest)
	}
	return text
}

// counted is "3 of 3 promises hold", "1 of 4 promises broken, 2 not judged".
func (k kindOfVerdict) counted(all, broken, open int) string {
	held := all - broken - open
	text := "%d of " + plural(all, k.thing) + " "
	switch {
	case broken > 0:
		text = fmt.Sprintf(text+k.broken, broken)
	case held == 1 && all == 1 && k == promises:
		text = fmt.Sprintf(text+"holds", held)
	case held > 0:
		text = fmt.Sprintf(text+k.held, held)
	default:
		return fmt.Sprintf(text+notJudged, open)
	}
	if open > 0 {
		text += fmt.Sprintf(", %d %s", open, notJudged)
	}
	return text
}

// margin is how far a verdict's figure is from its limit, as a share of it:
// below zero beyond, infinite where there is no measure of it. What could not
// be measured is the furthest beyond.
func margin(v *result.Verdict) float64 {
	switch {
	case v.Reason != "":
		return math.Inf(-1)
	case v.Kind == result.KindExpect:
		return v.Tolerance - math.Abs(v.Measured/v.Expected-1)
	case !(v.Limit > 0) || comparison(v) == "==":
		if v.Pass {
			return math.Inf(1)
		}
		return math.Inf(-1)
	case strings.HasPrefix(comparison(v), ">"):
		return v.Measured/v.Limit - 1
	}
	return 1 - v.Measured/v.Limit
}

// comparison is a threshold's <, <=, >, >= or ==.
func comparison(v *result.Verdict) string {
	_, op, _, _ := verdict.Cut(v.Rule)
	return op
}

// marginOf tells what was measured and how that compares with the limit: "p99
// 183.2 ms, 8 % below 200 ms".
func (s *Scenario) marginOf(v *result.Verdict) string {
	name, of := promised(v), s.of(v.Mode, v.Point)
	if v.Reason != "" {
		return name + of + ": " + inFull(v.Reason)
	}
	text := name + of + " " + s.measuredText(v)
	if v.Kind == result.KindExpect {
		return text + ", " + offText(v) + " the published " + amountText(quantity(v), v.Expected)
	}
	if quantity(v) == watchedFigure {
		return joined([]string{text, joined([]string{farText(v.Measured, v.Limit), watchedText(v, plainScale("").asWritten(v.Limit), v.Limit)}, " ")}, ", ")
	}
	side := farText(v.Measured, v.Limit)
	if side == "" {
		return text
	}
	return text + ", " + side + " " + amountText(quantity(v), v.Limit)
}

// promised is the figure that a verdict is on, as its rule has it, and of which
// step.
func promised(v *result.Verdict) string {
	if v.Metric != "" {
		return Clean(v.Metric)
	}
	name, _, _, _ := verdict.Cut(v.Rule)
	if v.Step != "" {
		name = v.Step + ": " + name
	}
	return Clean(name)
}

// farText is "8 % below", "20 % above", "3.2 times"; "" where a limit of 0
// leaves nothing to compare with.
func farText(measured, limit float64) string {
	if !(limit > 0) {
		return ""
	}
	switch ratio := measured / limit; {
	case ratio == 1:
		return "exactly"
	case ratio >= 10:
		return thousands(strconv.FormatFloat(ratio, 'f', 0, 64)) + " times"
	case ratio > 1:
		return percentText(ratio-1) + " above"
	default:
		return percentText(1-ratio) + " below"
	}
}

// offText is how far a measured figure is from a published one.
func offText(v *result.Verdict) string {
	off := math.Abs(v.Measured/v.Expected - 1)
	if v.Pass {
		return percentText(off) + " off"
	}
	return farText(v.Measured, v.Expected)
}

// percentText is a share in percent, whole from 10 % on; a little is not
// nothing.
func percentText(v float64) string {
	switch {
	case v < 1e-9:
		return "0 %"
	case v < 0.0005:
		return "less than 0.1 %"
	case v < 0.0995:
		return fmt.Sprintf("%.1f %%", v*100)
	}
	return fmt.Sprintf("%.0f %%", v*100)
}

// amountText is a limit as somebody wrote it, with its unit.
func amountText(q kindOfQuantity, v float64) string {
	switch q {
	case inSeconds:
		return lasting(v)
	case perSecond:
		return plainScale("").asWritten(v) + "/s"
	case share:
		return plainScale("").asWritten(v*100) + " %"
	case inBytes:
		return bytesText(v * 1e9)
	}
	return plainScale("").asWritten(v)
}
