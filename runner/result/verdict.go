package result

import "fmt"

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
