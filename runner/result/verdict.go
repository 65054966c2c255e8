package result

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Kinds of verdict.
const (
	KindThreshold = "threshold"
	KindExpect    = "expect"
)

// Verdict is one judged promise: a threshold, or a published figure to
// reproduce. Measured is in seconds, per second, or a bare ratio, by Metric.
type Verdict struct {
	Scenario string `json:"scenario"`
	Mode     string `json:"mode"`
	Point
	Kind string `json:"kind"`
	// Step is the path of the step that a threshold is on; "" where it is on
	// whole iterations, or calls.
	Step     string  `json:"step,omitempty"`
	Rule     string  `json:"rule"`
	Measured float64 `json:"measured"`
	Pass     bool    `json:"pass"`
	// AtLeast tells that Measured is the least that it may be: calls were given
	// up.
	AtLeast bool `json:"at_least,omitempty"`
	// Reason says why there is nothing measured to judge, where there is not.
	Reason string `json:"reason,omitempty"`
	// Note qualifies what was measured: too few calls for its percentile.
	Note string `json:"note,omitempty"`
	// Limit is what a threshold promised, in the unit of Measured.
	Limit float64 `json:"limit,omitempty"`
	// OverS, AfterS and Stop are the threshold's Looks. WorstAtS is the end of the
	// window that Measured is of: the worst of all repetitions, or what ended its
	// trial; 0: it is of the whole.
	OverS    float64 `json:"over_s,omitempty"`
	AfterS   float64 `json:"after_s,omitempty"`
	Stop     bool    `json:"stop,omitempty"`
	WorstAtS float64 `json:"worst_at_s,omitempty"`
	// Metric, Expected, Tolerance (a share of 1) and Source are of kind
	// "expect"; Metric is "makespan", "rate" or "speedup".
	Metric    string  `json:"metric,omitempty"`
	Expected  float64 `json:"expected,omitempty"`
	Tolerance float64 `json:"tolerance,omitempty"`
	Source    string  `json:"source,omitempty"`
}

// Promise is what was promised: the rule, and of which step, "pay: p99 < 300ms".
func (v *Verdict) Promise() string { return ofStep(v.Step, v.Rule) + v.Looks().Text() }

// Looks say how the threshold was looked at while trials went on.
func (v *Verdict) Looks() Looks { return Looks{v.OverS, v.AfterS, v.Stop} }

// ofStep is a rule behind the path of the step that it is on, if it is on one.
func ofStep(path, rule string) string {
	if path == "" {
		return rule
	}
	return path + ": " + rule
}

// Looks say how a threshold is looked at while trials go on: over the last so many
// seconds, or over all so far, not before some have passed; Stop ends a trial in
// which it is broken. The zero Looks are none.
type Looks struct {
	OverS  float64 `json:"over_s,omitempty"`
	AfterS float64 `json:"after_s,omitempty"`
	Stop   bool    `json:"stop,omitempty"`
}

// Text goes on behind the rule: " over 10s".
func (l Looks) Text() string {
	if l.OverS == 0 {
		return ""
	}
	return fmt.Sprintf(" over %gs", l.OverS)
}

// Watched is what was seen of a threshold while a trial went on: of its windows the
// worst, or what the trial was stopped with. WorstAtS is the end of that; 0: there
// was none.
type Watched struct {
	Step string `json:"step,omitempty"`
	Rule string `json:"rule"`
	Looks
	Measured float64 `json:"measured"`
	Broken   bool    `json:"broken,omitempty"`
	AtLeast  bool    `json:"at_least,omitempty"`
	Reason   string  `json:"reason,omitempty"`
	Note     string  `json:"note,omitempty"`
	WorstAtS float64 `json:"worst_at_s,omitempty"`
}

// Promise is what was promised, as Verdict.Promise has it.
func (w *Watched) Promise() string { return ofStep(w.Step, w.Rule) + w.Looks.Text() }

// checkWatched tells which law is broken by what was seen while the trial went on:
// looks are at its whole seconds, none before the first, and what ended it was seen.
func (t *Trial) checkWatched() error {
	for i := range t.Watched {
		if err := t.Watched[i].check(t); err != nil {
			return fmt.Errorf("watched[%d], %s: %w", i, t.Watched[i].Promise(), err)
		}
	}
	switch stops := func(w Watched) bool { return w.Stop && w.Broken }; {
	case t.StoppedAtS == 0:
	case t.Ended == Complete:
		return fmt.Errorf("is complete, and was stopped at %v s", t.StoppedAtS)
	case len(t.Watched) > 0 && !slices.ContainsFunc(t.Watched, stops): // what goes on beside a trial watches nothing
		return fmt.Errorf("was stopped at %v s, and by none of what was watched", t.StoppedAtS)
	}
	return nil
}

func (w *Watched) check(t *Trial) error {
	first := max(1, math.Ceil(w.OverS))
	if w.AfterS > 0 {
		first = max(1, math.Ceil(w.AfterS))
	}
	timed := t.DurationS > 0 && !t.Whole
	switch at := w.WorstAtS; {
	case w.Rule == "":
		return errors.New("has no rule")
	case at == 0 && (w.Measured != 0 || w.Broken || w.AtLeast || w.Reason != "" || w.Note != ""):
		return errors.New("tells of what nobody has seen")
	case at == 0:
	case at != math.Trunc(at):
		return fmt.Errorf("its worst window ends at %v s, and windows end at whole seconds", at)
	case at < first:
		return fmt.Errorf("its worst window ends at %v s, before the first look after %v s", at, first)
	case timed && at > t.DurationS:
		return fmt.Errorf("its worst window ends at %v s, and the trial lasted %v s", at, t.DurationS)
	case t.StoppedAtS > 0 && at > t.StoppedAtS:
		return fmt.Errorf("its worst window ends at %v s, and the trial was stopped at %v s", at, t.StoppedAtS)
	case w.Reason != "" && !w.Broken:
		return errors.New("has a reason why there is no figure, and is not broken by that")
	}
	return nil
}
