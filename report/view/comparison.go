package view

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"plimsoll/report/compare"
	"plimsoll/runner/result"
)

// NewComparison is a comparison, ready to be shown.
func NewComparison(c *compare.Comparison) *View {
	v := &View{Title: "Comparison with " + named(c.Baseline)}
	v.Notes = append(v.Notes,
		Note{Plain, "baseline: " + sideText(c.Baseline)},
		Note{Plain, "current: " + sideText(c.Current)})
	for _, caveat := range c.Caveats {
		v.Notes = append(v.Notes, Note{Warn, inFull(caveat)})
	}
	for _, changes := range byScenario(c.Changes) {
		v.Answer = append(v.Answer, comparedTold(c, changes))
		v.Sections = append(v.Sections, comparedSection(c, changes))
	}
	slices.SortStableFunc(v.Answer, func(a, b Note) int { return cmp.Compare(urgency(a.Tone), urgency(b.Tone)) })
	v.Answer = few(v.Answer)
	v.Summary = comparedSummary(c)
	return v
}

// byScenario sorts changes into those of each scenario, in their order.
func byScenario(changes []compare.Change) (all [][]compare.Change) {
	at := map[string]int{}
	for _, ch := range changes {
		n, known := at[ch.Scenario]
		if !known {
			n = len(all)
			at[ch.Scenario], all = n, append(all, nil)
		}
		all[n] = append(all[n], ch)
	}
	return all
}

// changed names the figure of a change, and of which step.
func changed(ch *compare.Change) string {
	if ch.Step == "" {
		return MetricName(ch.Metric)
	}
	return Clean(ch.Step) + ": " + MetricName(ch.Metric)
}

// leading are the verdicts from the one that matters most.
var leading = [...]compare.Verdict{compare.Worse, compare.CannotTell, compare.Better, compare.NoChange}

// comparedTold is what came of a scenario in a sentence: the verdict that
// matters most with its greatest change, and how many others there are.
func comparedTold(c *compare.Comparison, changes []compare.Change) Note {
	counts := map[compare.Verdict]int{}
	most := map[compare.Verdict]*compare.Change{}
	for i := range changes {
		ch := &changes[i]
		counts[ch.Verdict]++
		if m := most[ch.Verdict]; m == nil || distance(ch) > distance(m) {
			most[ch.Verdict] = ch
		}
	}
	name := Clean(changes[0].Scenario) + ": "
	text := ""
	for _, v := range leading {
		switch n := counts[v]; {
		case n == 0:
		case text != "":
			text += fmt.Sprintf(", %d %s", n, v)
		default:
			text = fmt.Sprintf("%d of %s %s%s", n, plural(len(changes), "figure"), v, changeTold(most[v]))
		}
	}
	switch {
	case counts[compare.Worse] > 0:
		return Note{Bad, name + text}
	case counts[compare.CannotTell] > 0:
		return Note{Warn, name + text}
	}
	return Note{Good, name + text}
}

// changeTold is the greatest change of its kind, with its interval.
func changeTold(ch *compare.Change) string {
	if ch.Change == nil || ch.Verdict == compare.NoChange {
		return ""
	}
	change, interval := changeTexts(ch)
	text := fmt.Sprintf(" (%s %s, 95 %% interval %s", changed(ch), change, interval)
	text += ", " + Clean(ch.Mode)
	if Axis(ch.Point) != "" {
		text += " at " + placeWords(ch.Point, result.Noun(ch.Unit))
	}
	return text + ")"
}

// distance is how far a change is from none, alike to either side.
func distance(ch *compare.Change) float64 {
	switch {
	case ch.Change == nil:
		return -1
	case ch.Metric == compare.Errors:
		return math.Abs(*ch.Change)
	}
	return math.Abs(math.Log(*ch.Change))
}

// named is what a person calls a run.
func named(s compare.Side) string {
	if s.Name != "" {
		return Clean(s.Name)
	}
	return Clean(s.File)
}

func sideText(s compare.Side) string {
	parts := []string{Clean(s.Name), Clean(s.File)}
	if !s.Started.IsZero() {
		parts = append(parts, s.Started.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if len(s.Targets) > 0 {
		parts = append(parts, "target "+Clean(strings.Join(s.Targets, ", ")))
	}
	return joined(append(parts, Clean(s.Tool.Name+" "+s.Tool.Version)), " · ")
}

func comparedSection(c *compare.Comparison, changes []compare.Change) Section {
	changes, remark := shownChanges(changes)
	first := changes[0]
	about := plural(first.CurrentRepetitions, "repetition")
	if c.Paired {
		about += ", in pairs with the baseline's"
	} else if first.BaselineRepetitions != first.CurrentRepetitions {
		about += fmt.Sprintf(" (baseline: %d)", first.BaselineRepetitions)
	}
	var places, modes, metrics, was, is, tolerances []string
	var ratios, intervals, verdicts []draft
	for i := range changes {
		ch := &changes[i]
		places, modes, metrics = append(places, placeText(ch.Point)), append(modes, Clean(ch.Mode)), append(metrics, changed(ch))
		was, is = append(was, baselineText(ch)), append(is, currentText(ch))
		ratio, interval := changeTexts(ch)
		ratios, intervals = append(ratios, draft{text: ratio}), append(intervals, draft{text: interval})
		tolerances = append(tolerances, toleranceText(ch))
		verdicts = append(verdicts, changeVerdict(c, ch))
	}
	columns := []column{texts("mode", modes)}
	if axis := Axis(first.Point); axis != "" {
		s := Scenario{Axis: axis}
		columns = append([]column{s.axisColumn(places)}, columns...)
	}
	keys := len(columns) + 1
	columns = append(columns, texts("metric", metrics))
	columns = append(columns, rank(2, right("baseline", was), right("current", is))...)
	columns = append(columns, column{head: Column{Name: "change"}, cells: ratios},
		column{head: Column{Name: intervalName, Qualifies: true, Rank: 1}, cells: intervals})
	columns = append(columns, rank(3, right("tolerance", tolerances))...)
	columns = append(columns,
		column{head: Column{Name: "verdict", Left: true}, cells: verdicts})
	for i := range changes {
		if changes[i].Raised {
			cell := &columns[len(columns)-2].cells[i]
			cell.notes = []string{"as little as this machine can resolve, by `plimsoll calibrate`"}
		}
	}
	t := finish("Change: current over baseline", keys, columns)
	if remark != "" {
		t.Remarks = append(t.Remarks, remark)
	}
	return Section{Title: Clean(first.Scenario), About: about, Tables: []Table{*t}}
}

// shownChanges are a scenario's, place by place, the steps' behind those of the
// whole. Of many steps only those are shown that are not as they were, those
// that changed the most if these are many; the remark counts the others.
func shownChanges(changes []compare.Change) (shown []compare.Change, remark string) {
	shown = slices.Clone(changes)
	slices.SortStableFunc(shown, func(a, b compare.Change) int { return comparePlaces(a.Point, b.Point) })
	var steps []compare.Change
	for _, ch := range shown {
		if ch.Step != "" {
			steps = append(steps, ch)
		}
	}
	if len(steps) <= mostSteps {
		return shown, ""
	}
	slices.SortStableFunc(steps, func(a, b compare.Change) int {
		return cmp.Or(slices.Index(leading[:], a.Verdict)-slices.Index(leading[:], b.Verdict), cmp.Compare(distance(&b), distance(&a)))
	})
	type place struct {
		compare.Place
		step, metric string
	}
	of := func(ch *compare.Change) place { return place{ch.Place, ch.Step, ch.Metric} }
	kept := map[place]bool{}
	for i := range steps[:mostSteps] {
		kept[of(&steps[i])] = steps[i].Verdict != compare.NoChange
	}
	left := map[compare.Verdict]int{}
	shown = slices.DeleteFunc(shown, func(ch compare.Change) bool {
		gone := ch.Step != "" && !kept[of(&ch)]
		if gone {
			left[ch.Verdict]++
		}
		return gone
	})
	var counts []string
	for _, v := range leading {
		if left[v] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", left[v], v))
		}
	}
	return shown, "without more figures of steps: " + strings.Join(counts, ", ") + ": --format json has all"
}

// right is a column of texts that are figures with their units.
func right(name string, cells []string) column {
	c := texts(name, cells)
	c.head.Left = false
	return c
}

// baselineText is the figure before the change, currentText that after it.
func baselineText(ch *compare.Change) string {
	if ch.NoBaseline {
		return None
	}
	return figureText(ch, ch.Baseline)
}

func currentText(ch *compare.Change) string {
	if ch.NoCurrent {
		return None
	}
	return figureText(ch, ch.Current)
}

// figureText is one of a change's figures with its unit.
func figureText(ch *compare.Change, v float64) string {
	switch ch.Metric {
	case compare.Rate:
		return rateText(fourDigits(v, 1), result.Noun(ch.Unit))
	case compare.Errors, compare.Cancelled, compare.Dropped:
		return fourDigits(v*100, 1) + " %"
	}
	return alone(v)
}

// changeTexts are a change and its interval, in percent of the baseline, or for
// errors in percentage points.
func changeTexts(ch *compare.Change) (change, interval string) {
	if ch.Change == nil || ch.Low == nil || ch.High == nil {
		return None, None
	}
	print := changedText
	if isShare(ch.Metric) {
		print = pointsText
	}
	return print(*ch.Change), print(*ch.Low) + " … " + print(*ch.High)
}

func isShare(metric string) bool {
	return metric == compare.Errors || metric == compare.Cancelled || metric == compare.Dropped
}

// changedText is a ratio as a change: "+17.2 %".
func changedText(ratio float64) string {
	percent := (ratio - 1) * 100
	switch a := math.Abs(percent); {
	case a < 0.005:
		return "0.0 %"
	case a >= 1000:
		return "+" + thousands(strconv.FormatFloat(percent, 'f', 0, 64)) + " %"
	case a < 0.995:
		return fmt.Sprintf("%+.2f %%", percent)
	}
	return fmt.Sprintf("%+.1f %%", percent)
}

func pointsText(v float64) string { return fmt.Sprintf("%+.2f pp", v*100) }

func toleranceText(ch *compare.Change) string {
	text := fmt.Sprintf("%.3g", ch.Tolerance*100)
	if isShare(ch.Metric) {
		return text + " pp"
	}
	return text + " %"
}

// changeVerdict is the verdict, and in footnotes what there is to say of it.
func changeVerdict(c *compare.Comparison, ch *compare.Change) draft {
	tones := map[compare.Verdict]Tone{compare.Worse: Bad, compare.Better: Good, compare.CannotTell: Warn}
	d := draft{text: string(ch.Verdict), tone: tones[ch.Verdict]}
	if ch.Alone != "" {
		d.text += " *"
		d.notes = append(d.notes, "* alone this would be: "+string(ch.Alone))
	}
	if ch.Reason != "" {
		d.notes = append(d.notes, inFull(ch.Reason))
	}
	if ch.Verdict == compare.CannotTell {
		if note := moreText(c, ch); note != "" {
			d.notes = append(d.notes, note)
		}
	}
	return d
}

// moreText says what it would take to tell.
func moreText(c *compare.Comparison, ch *compare.Change) string {
	what := "repetition"
	if c.Paired {
		what = "pair"
	}
	switch {
	case ch.MoreTime > 0:
		return fmt.Sprintf("a trial about %.1f times as long would tell", ch.MoreTime)
	case ch.More > 0 && c.Paired:
		return fmt.Sprintf("about %s would tell", plural(ch.More, "more "+what))
	case ch.More > 0:
		return fmt.Sprintf("about %s of each would tell", plural(ch.More, "more "+what))
	case ch.Change != nil:
		return "so close to the tolerance that even 1,000 more repetitions might not tell"
	}
	return ""
}

// comparedSummary is what came of it all, and how it was judged.
func comparedSummary(c *compare.Comparison) []Note {
	var notes []Note
	for _, only := range []struct {
		of     string
		places []compare.Place
	}{{"the baseline", c.OnlyBaseline}, {"the current run", c.OnlyCurrent}} {
		if len(only.places) > 0 {
			notes = append(notes, Note{Warn, "only in " + only.of + ": " + placesText(only.places)})
		}
	}
	tested, ofSteps, ofBatches := 0, 0, false
	for i := range c.Changes {
		switch ch := &c.Changes[i]; {
		case ch.Change == nil:
		case ch.Step != "":
			ofSteps++
		case ch.Metric == compare.First || ch.Metric == compare.Half || ch.Metric == compare.Last:
			ofBatches = true
		default:
			tested++
		}
	}
	if tested+ofSteps > 0 {
		over := plural(tested, "test")
		if ofBatches {
			over += ", 5 % over those of when so much of a batch was over"
		}
		if ofSteps > 0 {
			over += fmt.Sprintf(", and 5 %% over %s of steps", plural(ofSteps, "test"))
		}
		notes = append(notes, Note{Plain, "intervals are of 95 %, uncorrected; verdicts come from one-sided t tests against ± the tolerance, 5 % in all over " + over + " (Holm); * marks what that changed"})
	}
	tone, counts := Good, []string{}
	for _, v := range []compare.Verdict{compare.Worse, compare.Better, compare.NoChange, compare.CannotTell} {
		n := c.Count(v)
		switch {
		case n == 0:
			continue
		case v == compare.Worse:
			tone = Bad
		case v == compare.CannotTell && tone == Good:
			tone = Warn
		}
		counts = append(counts, fmt.Sprintf("%d %s", n, v))
	}
	return append(notes, Note{tone, strings.Join(counts, ", ")})
}

// placesText names places, the first few of them if there are many.
func placesText(places []compare.Place) string {
	var list []string
	for i, p := range places {
		if i == 5 && len(places) > 6 {
			list = append(list, fmt.Sprintf("%d more", len(places)-5))
			break
		}
		list = append(list, joined([]string{Clean(p.Scenario), Clean(p.Mode), At(p.Point)}, " "))
	}
	return strings.Join(list, "; ")
}
