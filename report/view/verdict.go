package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/runner/result"
)

// errorTable lists what went wrong, by class; nil where nothing did.
func (s *Scenario) errorTable() *Table {
	var groups []*Group
	var classes, counts, examples []string
	var errors []result.Error
	for _, g := range s.Groups {
		for _, class := range byCount(g.Errors) {
			groups = append(groups, g)
			e := g.Errors[class]
			classes, errors = append(classes, Clean(class)), append(errors, e)
			counts, examples = append(counts, fmt.Sprint(e.Count)), append(examples, inFull(e.Example))
		}
	}
	if len(groups) == 0 {
		return nil
	}
	columns := s.keyColumns(groups)
	keys := len(columns)
	columns[keys-1].flag(groups)
	title := "Errors"
	if s.iterates() {
		title += " of iterations"
	}
	columns = append(append(columns, texts("class", classes), right("count", counts)), seenColumns(errors)...)
	return finish(title, keys, append(columns, texts("example", examples)))
}

// byCount sorts the classes, the most frequent first.
func byCount(errors map[string]result.Error) []string {
	var classes []string
	for class := range errors {
		classes = append(classes, class)
	}
	slices.SortFunc(classes, func(a, b string) int {
		return cmp.Or(cmp.Compare(errors[b].Count, errors[a].Count), cmp.Compare(a, b))
	})
	return classes
}

// verdictTable shows thresholds and what else was judged. Published figures
// stand beside the measured ones in the speedup table: here are only those
// that were missed.
func (s *Scenario) verdictTable() *Table {
	var places, modes, rules, figures []string
	var verdicts []draft
	var groups []*Group
	for _, v := range s.verdicts {
		if v.Kind == result.KindExpect && v.Pass {
			continue
		}
		places = append(places, placeText(v.Point))
		modes = append(modes, Clean(v.Mode))
		rules = append(rules, Clean(v.Promise()))
		figures = append(figures, s.measuredText(v))
		verdicts = append(verdicts, s.verdictCell(v))
		groups = append(groups, s.Group(v.Mode, v.Point))
	}
	if len(verdicts) == 0 {
		return nil
	}
	columns := []column{s.modeColumn(modes)}
	if s.Axis != "" {
		columns = append([]column{s.axisColumn(places)}, columns...)
	}
	keys := len(columns)
	columns[keys-1].flag(groups)
	measured := texts("measured", figures)
	measured.head.Left, measured.head.Rank = false, 1
	verdict := column{head: Column{Name: "verdict", Left: true}, cells: verdicts}
	t := finish("Verdicts", keys, append(columns, texts("rule", rules), measured, verdict))
	t.Remarks = s.limits()
	return t
}

func (s *Scenario) verdictCell(v *result.Verdict) draft {
	d := draft{text: "pass", tone: Good}
	g := s.Group(v.Mode, v.Point)
	switch {
	case s.unreached(v):
		d = draft{text: notJudged, tone: Warn}
	case !v.Pass:
		d = draft{text: "FAIL", tone: Bad}
	}
	if g != nil && g.late() > 0 {
		d.text, d.tone = d.text+", not valid", Warn
	}
	if v.Reason != "" {
		d.notes = []string{inFull(v.Reason)}
	}
	if v.Note != "" {
		d.notes = append(d.notes, inFull(v.Note))
	}
	if v.Pass && v.Step == "" && g != nil && g.failing() && ofSuccesses(v) {
		d.notes = append(d.notes, g.survivors())
	}
	return d
}

// measuredText is what was measured, with its unit: also of trials that did
// not come to their end, which are not judged by it.
func (s *Scenario) measuredText(v *result.Verdict) string {
	if v.Reason != "" && !s.measuredInPart(v) {
		return seenAt(v, None)
	}
	text := ""
	switch quantity(v) {
	case perSecond:
		if v.AtLeast && v.Measured == 0 && v.WorstAtS == 0 {
			return "no limit" // calls that took no time
		}
		text = rateText(deciding(v, scale{per: 1}), s.nounOf(v))
	case inSeconds:
		s := timeScaleFrom(1, []float64{v.Measured})
		text = deciding(v, s) + " " + s.unit
	case share:
		text = deciding(v, scale{per: 0.01}) + " %"
	case inBytes:
		text = bytesText(v.Measured * 1e9)
	case watchedFigure:
		text = watchedText(v, deciding(v, scale{per: 1}), v.Measured)
	default:
		text = deciding(v, scale{per: 1})
	}
	if v.AtLeast {
		text = atLeast + text
	}
	return seenAt(v, text)
}

// seenAt says of which window a figure is, and when that ended: "worst 10 s: 7.3 %
// at 42 s".
func seenAt(v *result.Verdict, text string) string {
	switch {
	case v.WorstAtS == 0:
		return text
	case v.OverS > 0:
		text = "worst " + plainScale("").asWritten(v.OverS) + " s: " + text
	}
	return text + " at " + plainScale("").asWritten(v.WorstAtS) + " s"
}

// deciding prints what was measured to four digits, or to as many as it takes
// to see on which side of its limit it is.
func deciding(v *result.Verdict, s scale) string {
	text := fourDigits(v.Measured, s.per)
	if v.Kind != result.KindThreshold || v.Measured == v.Limit || text != fourDigits(v.Limit, s.per) {
		return text
	}
	for digits := 5; digits < 12; digits++ {
		a, b := strconv.FormatFloat(v.Measured/s.per, 'g', digits, 64), strconv.FormatFloat(v.Limit/s.per, 'g', digits, 64)
		if a != b {
			return a
		}
	}
	return text
}

// measuredInPart tells whether there is a figure of trials that were broken
// off. Results of before have none there, but 0.
func (s *Scenario) measuredInPart(v *result.Verdict) bool {
	g := s.Group(v.Mode, v.Point)
	if g == nil || !g.Partial {
		return false
	}
	return v.Measured > 0 || quantity(v) == share && g.OK > 0 && g.Failed == 0
}

type kindOfQuantity int

const (
	ratio kindOfQuantity = iota
	inSeconds
	perSecond
	share
	inBytes       // as if each were a nanosecond
	watchedFigure // in the unit that its limit has
)

// metricName is a verdict's metric, or the first word of its rule without
// what says of which calls or times it is.
func metricName(v *result.Verdict) string {
	name := v.Metric
	if name == "" {
		name = strings.TrimSpace(v.Rule)
		if end := strings.IndexAny(name, "<>=( "); end >= 0 {
			name = name[:end]
		}
	}
	if phase, is := strings.CutPrefix(name, "phase."); is {
		_, name, _ = strings.Cut(phase, ".")
	}
	for _, prefix := range []string{"all.", "service.", "lateness.", "elapsed.", "calls.", "first_event.", "gap."} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name
}

// quantity tells what a verdict measures.
func quantity(v *result.Verdict) kindOfQuantity {
	switch name := metricName(v); {
	case strings.HasPrefix(name, "monitor."):
		return watchedFigure
	case strings.HasPrefix(name, "memory."):
		return inBytes
	case name == "queue.blocked":
		return inSeconds
	case name == "queue.consumers_busy":
		return share
	case name == Rate || name == "goodput":
		return perSecond
	case name == "errors" || name == "cancelled" || name == "dropped" || strings.HasPrefix(name, "errors."):
		return share
	case name == Speedup:
		return ratio
	case ofBatch(name) || name == "mean" || name == "max" || name == "min" || strings.HasPrefix(name, "p"):
		return inSeconds
	}
	return ratio
}

// ofBatch tells whether a metric is a time of a whole batch, whatever came of its calls.
func ofBatch(metric string) bool {
	return metric == Makespan || slices.Contains(beside[Completion], metric)
}

// reproduced says how many published figures were met.
func (s *Scenario) reproduced() []Note {
	met, all, tolerance := 0, 0, 0.0
	for _, v := range s.verdicts {
		if v.Kind != result.KindExpect {
			continue
		}
		all++
		tolerance = max(tolerance, v.Tolerance)
		if v.Pass {
			met++
		}
	}
	if all == 0 {
		return nil
	}
	tone := Good
	if met < all {
		tone = Bad
	}
	return []Note{{tone, fmt.Sprintf("%d of %s reproduced within %s %%", met, plural(all, "published figure"), plainScale("").asWritten(tolerance*100))}}
}

// summary counts the verdicts of the whole run.
func summary(run *result.Run, all []*Scenario) []Note {
	if len(run.Verdicts) == 0 {
		return nil
	}
	if interruption(run) != "" {
		return []Note{judgedInterrupted(run, all)}
	}
	failed := 0
	for _, v := range run.Verdicts {
		if !v.Pass {
			failed++
		}
	}
	if failed > 0 {
		return []Note{{Bad, fmt.Sprintf("%d of %s failed", failed, plural(len(run.Verdicts), "verdict"))}}
	}
	return []Note{{Good, fmt.Sprintf("%d of %s passed", len(run.Verdicts), plural(len(run.Verdicts), "verdict"))}}
}
