package result

import (
	"errors"
	"fmt"
	"math"
	"reflect"
)

// Capacity is the highest load of one scenario that kept its promises, and
// the search for it. Each of its steps is a trial of the run, too: that of the
// same scenario, mode, place and repetition.
type Capacity struct {
	Scenario string `json:"scenario"`
	Mode     string `json:"mode"`
	Target   string `json:"target"`
	Find     string `json:"find"` // FindRate (calls a second) or FindConcurrency (calls in flight)

	// As asked.
	SLO       []Promise `json:"slo"`
	From      float64   `json:"from"`
	To        float64   `json:"to"`
	HoldS     float64   `json:"hold_s"`
	Precision float64   `json:"precision"` // a share of 1
	PeakLoad  float64   `json:"peak_load,omitempty"`

	// Bound says what Value is: the capacity, with the interval from Low to
	// High that covers it in 95 of 100 searches; or only a bound of it. It is
	// "" where nothing could be judged, and then Value is 0.
	Bound string  `json:"bound"`
	Value float64 `json:"value"`
	Low   float64 `json:"low,omitempty"`
	High  float64 `json:"high,omitempty"`
	// ThroughputPerS is what steps served at the highest load, up to Value, at
	// which one kept the promises; 0 where none did.
	ThroughputPerS float64 `json:"throughput_per_s,omitempty"`
	// Precise tells that the interval is as narrow as was asked for.
	Precise bool `json:"precise"`
	// LimitedBy is the promise that breaks beyond it, "max_in_flight", or
	// LimitGenerator; "" where nothing broke.
	LimitedBy string `json:"limited_by"`
	// Headroom is Value / PeakLoad: below 1 the load expected is too much.
	Headroom float64 `json:"headroom,omitempty"`
	// Reason says why there is no more of an answer, where there is not.
	Reason string `json:"reason,omitempty"`

	Most  int            `json:"steps_most"` // how many steps the search could have taken
	Steps []CapacityStep `json:"steps"`      // in the order they ran
}

// What a search may look for.
const (
	FindRate        = "rate"
	FindConcurrency = "concurrency"
)

// Bounds of a capacity.
const (
	Found   = "found"
	AtLeast = "at-least"
	Below   = "below"
)

// LimitGenerator is Capacity.LimitedBy where the load could not be made.
const LimitGenerator = "generator"

// Promise is one upper limit that a search keeps to.
type Promise struct {
	// Step is the path of the step that it is on; "" where it is on whole
	// iterations, or calls.
	Step string `json:"step,omitempty"`
	Rule string `json:"rule"` // as written
	// Metric is "errors", "calls.errors" (of all steps' calls), "cancelled" or
	// "dropped" (a share of 1), "monitor", or of the response time in seconds "mean",
	// "max", "min" or "p", the Percentile.
	Metric     string  `json:"metric"`
	Percentile float64 `json:"percentile,omitempty"`
	Limit      float64 `json:"limit"`
	OrEqual    bool    `json:"or_equal,omitempty"` // the limit itself keeps it
	// Monitor and Series are of Metric "monitor": what was seen of the other side, its
	// mean, or with Highest the most that it was.
	Monitor string `json:"monitor,omitempty"`
	Series  string `json:"series,omitempty"`
	Highest bool   `json:"highest,omitempty"`
}

// OfTimes tells whether it promises a response time, not a share of calls.
func (p Promise) OfTimes() bool {
	switch p.Metric {
	case "errors", "calls.errors", "cancelled", "dropped", MetricMonitor:
		return false
	}
	return true
}

// MetricMonitor is the Metric of promises on what a monitor saw.
const MetricMonitor = "monitor"

// String is the rule, and of which step: "pay: p99 < 300ms".
func (p Promise) String() string { return ofStep(p.Step, p.Rule) }

// CapacityStep is one trial of a search, judged on the part of it where the
// target had settled.
type CapacityStep struct {
	Level          float64   `json:"level"` // calls a second, or in flight
	Repeat         int       `json:"repeat"`
	Verdict        string    `json:"verdict"`  // Pass, Fail or Void
	Measured       []float64 `json:"measured"` // in the order of the SLO; 0 where nothing was
	P50S           float64   `json:"p50_s"`
	P99S           float64   `json:"p99_s"`
	Errors         float64   `json:"errors"` // a share of 1
	ThroughputPerS float64   `json:"throughput_per_s"`
	SkippedS       float64   `json:"skipped_s"`               // left out at its beginning
	Drifting       bool      `json:"drifting,omitempty"`      // half of it was left out and it still drifted
	StartedPerS    float64   `json:"started_per_s,omitempty"` // of a void step: the rate that the generator managed
	LatenessP99S   float64   `json:"lateness_p99_s"`
	ElapsedP95S    float64   `json:"elapsed_p95_s,omitempty"` // of iterations, with their pauses, in all of the trial
	Reason         string    `json:"reason,omitempty"`        // the promise broken by the most, or why it is void
}

// Verdicts of a step. A void one is no measurement of the target: the
// generator could not keep its schedule.
const (
	Pass = "pass"
	Fail = "fail"
	Void = "void"
)

// Searched is the run's capacity search of a scenario; nil where it is an
// ordinary one. The trials of a search are no sweep: where they stand follows
// from what was seen.
func (r *Run) Searched(scenario string) *Capacity {
	for i := range r.Capacities {
		if r.Capacities[i].Scenario == scenario {
			return &r.Capacities[i]
		}
	}
	return nil
}

// Served is the mean throughput of the steps that kept the promises at the
// highest load at which any did, up to the capacity; 0 where none did.
func (c *Capacity) Served() float64 {
	highest, sum, n := 0.0, 0.0, 0.0
	for _, step := range c.Steps {
		if step.Verdict != Pass || step.Level > c.Value || step.Level < highest {
			continue
		}
		if step.Level > highest {
			highest, sum, n = step.Level, 0, 0
		}
		sum, n = sum+step.ThroughputPerS, n+1
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// At is the place of a step's trial.
func (c *Capacity) At(s CapacityStep) Point {
	if c.Find == FindConcurrency {
		return Point{Concurrency: int(s.Level)}
	}
	return Point{RatePerS: s.Level}
}

// check tells what of a capacity cannot be.
func (c *Capacity) check() error {
	if c.Scenario == "" || c.Find != FindRate && c.Find != FindConcurrency {
		return fmt.Errorf("needs a scenario, and find %s or %s, not %q", FindRate, FindConcurrency, c.Find)
	}
	if wrong := impossible(reflect.ValueOf(c)); wrong != "" {
		return errors.New(wrong)
	}
	switch c.Bound {
	case Found:
		if !(c.Low <= c.Value && c.Value <= c.High) {
			return fmt.Errorf("value %v is outside its interval, %v to %v", c.Value, c.Low, c.High)
		}
	case AtLeast, Below, "":
	default:
		return fmt.Errorf("bound is %q: it must be %s, %s or %s", c.Bound, Found, AtLeast, Below)
	}
	for i, s := range c.Steps {
		switch {
		case s.Verdict != Pass && s.Verdict != Fail && s.Verdict != Void:
			return fmt.Errorf("steps[%d] has verdict %q: it must be %s, %s or %s", i, s.Verdict, Pass, Fail, Void)
		case len(s.Measured) != len(c.SLO):
			return fmt.Errorf("steps[%d] measured %d of %d promises", i, len(s.Measured), len(c.SLO))
		case c.Find == FindConcurrency && (s.Level > math.MaxInt32 || s.Level != math.Trunc(s.Level)):
			return fmt.Errorf("steps[%d] had %v calls in flight", i, s.Level)
		}
	}
	return nil
}
