// Package compare judges by how much one run differs from another:
//
//	two runs ─▶ comparable? ─▶ figures of each group ─▶ differences ─▶ verdicts
//
// The unit is the repetition, never the single call: calls of one repetition
// share its luck. Every figure is one of the merged repetitions, and how much
// it varies is seen by leaving out each of them in turn (the jackknife, see
// package statistics). Figures are compared on a logarithmic scale, as ratios;
// the share of errors, which may well be 0, as it is.
//
// A change is called only when it is shown to lie beyond the tolerance, and
// its absence only when it is shown to lie inside: by t tests, corrected for
// their number (Holm) over all of the comparison.
package compare

import (
	"slices"
	"time"

	"plimsoll/runner/result"
)

// Verdict is what is said of a change.
type Verdict string

// The verdicts.
const (
	Worse      Verdict = "worse"
	Better     Verdict = "better"
	NoChange   Verdict = "no change"
	CannotTell Verdict = "cannot tell"
)

// The metrics that are compared, as a scenario file names them.
const (
	Makespan = "makespan" // seconds; where a number of requests was asked for
	Rate     = "rate"     // successes per second; where it was not
	P50      = "p50"      // seconds, of the successes' response time
	P99      = "p99"
	Errors   = "errors" // share of errors in ok + errors, 0 to 1

	// Seconds until so much of a batch was over, as calls completed; compared where
	// repetitions tell it, and Last only where that is not the makespan.
	First = "first"
	Half  = "half"
	Last  = "last"

	// Shares of what became due, 0 to 1; compared where there were any.
	Cancelled = "cancelled"
	Dropped   = "dropped"
)

// DefaultTolerance is that of every metric but Errors, as a share of 1, and
// DefaultErrors that of Errors, as a difference of shares, where neither the
// scenario file nor the command line says another.
const (
	DefaultTolerance = 0.05
	DefaultErrors    = 0.001
)

// Options are how to compare.
type Options struct {
	// Tolerance replaces that of every metric but Errors, as a share of 1,
	// unless the current run's file names the metric; nil keeps the file's
	// or the default.
	Tolerance *float64
	// Names of the two runs, as a person knows them: where they lie.
	Baseline, Current string
}

// Comparison is two runs, compared.
type Comparison struct {
	Format   int  `json:"format"` // 1
	Baseline Side `json:"baseline"`
	Current  Side `json:"current"`
	// Paired tells that the runs were carried out in turns, and compared pair
	// by pair.
	Paired bool `json:"paired"`
	// Caveats are what must be known before any verdict is believed.
	Caveats []string `json:"caveats"`
	Changes []Change `json:"changes"`
	// What only one of the runs has, and so was not compared.
	OnlyBaseline []Place `json:"only_baseline"`
	OnlyCurrent  []Place `json:"only_current"`
}

// Side is one of the runs.
type Side struct {
	Name    string      `json:"name"`
	File    string      `json:"file"`
	Started time.Time   `json:"started"`
	Tool    result.Tool `json:"tool"`
	Targets []string    `json:"targets"` // that were compared
}

// Place is a mode at one place of its scenario's sweep.
type Place struct {
	Scenario string `json:"scenario"`
	Mode     string `json:"mode"`
	result.Point
}

// Change is one metric of one place, then and now.
type Change struct {
	Place
	// Step is the path of the step that it is of; "" of whole iterations, or of
	// calls, which Unit tells as in a result.
	Step     string  `json:"step,omitempty"`
	Unit     string  `json:"unit,omitempty"`
	Metric   string  `json:"metric"`
	Baseline float64 `json:"baseline"`
	Current  float64 `json:"current"`
	// NoBaseline and NoCurrent tell that there is no such figure, because
	// nothing succeeded.
	NoBaseline bool `json:"no_baseline,omitempty"`
	NoCurrent  bool `json:"no_current,omitempty"`
	// How many repetitions that is of.
	BaselineRepetitions int `json:"baseline_repetitions"`
	CurrentRepetitions  int `json:"current_repetitions"`
	// Change is current over baseline, or current − baseline for Errors; Low
	// and High bound it with 95 % confidence, uncorrected. All are nil where
	// there is no telling.
	Change *float64 `json:"change,omitempty"`
	Low    *float64 `json:"low,omitempty"`
	High   *float64 `json:"high,omitempty"`
	// Tolerance is how far the change may be from none. Raised says that it is
	// what the machine can resolve, which is more than what was asked for.
	Tolerance float64 `json:"tolerance"`
	Raised    bool    `json:"raised,omitempty"`

	Verdict Verdict `json:"verdict"`
	// Alone is the verdict that there would be if this were the only
	// comparison, where that is another.
	Alone Verdict `json:"alone,omitempty"`
	// More is about how many more repetitions (of each run) it would take to
	// tell; 0 where that cannot be told either. MoreTime is how many times as
	// long the trial would have to be, where its windows stood in.
	More     int     `json:"more_repetitions,omitempty"`
	MoreTime float64 `json:"times_as_long,omitempty"`
	// Reason says why it cannot be told, or what stood in for repetitions.
	Reason string `json:"reason,omitempty"`
}

// Runs compares the current run with the baseline. It is an error, in words
// for the user, if one of them is no measurement, or if they are not of the
// same workload.
func Runs(baseline, current *result.Run, o Options) (*Comparison, error) {
	for _, side := range []struct {
		what string
		run  *result.Run
	}{{"the baseline", baseline}, {"the current run", current}} {
		if err := Usable(side.run); err != nil {
			return nil, &invalid{side.what, err}
		}
	}
	if err := Comparable(baseline, current); err != nil {
		return nil, err
	}
	was, err := result.Groups(compared(baseline))
	if err != nil {
		return nil, &invalid{"the baseline", err}
	}
	is, err := result.Groups(compared(current))
	if err != nil {
		return nil, &invalid{"the current run", err}
	}
	c := &Comparison{
		Format: 1, Paired: baseline.Pair != "" && baseline.Pair == current.Pair,
		Baseline: side(baseline, was, o.Baseline), Current: side(current, is, o.Current),
		Caveats: caveats(baseline, current), Changes: []Change{}, OnlyBaseline: []Place{}, OnlyCurrent: []Place{},
	}
	l := limits{current.Tolerances, o.Tolerance, floorsOf(baseline), floorsOf(current)}
	if err := c.judge(was, is, l); err != nil {
		return nil, err
	}
	return c, nil
}

type invalid struct {
	side string
	err  error
}

func (e *invalid) Error() string { return e.side + " cannot be compared: " + e.err.Error() }
func (e *invalid) Unwrap() error { return e.err }

func side(run *result.Run, groups []result.Group, name string) Side {
	s := Side{Name: name, File: run.File.Name, Started: run.Started, Tool: run.Tool, Targets: []string{}}
	known := map[string]bool{}
	for _, g := range groups {
		if !known[g.Target] {
			known[g.Target] = true
			s.Targets = append(s.Targets, g.Target)
		}
	}
	return s
}

// judge fills in the changes of what both runs have, and what only one has.
func (c *Comparison) judge(was, is []result.Group, l limits) error {
	old := map[Place]*result.Group{}
	for i := range was {
		old[placeOf(&was[i])] = &was[i]
	}
	var family, ofBatches, ofSteps []*test
	for i := range is {
		at := placeOf(&is[i])
		before := old[at]
		if before == nil {
			c.OnlyCurrent = append(c.OnlyCurrent, at)
			continue
		}
		delete(old, at)
		tests, err := c.tests(before, &is[i], l)
		if err != nil {
			return err
		}
		family = append(family, tests...)
		if tests, err = c.completionTests(before, &is[i], l); err != nil {
			return err
		}
		ofBatches = append(ofBatches, tests...)
		if tests, err = c.stepTests(before, &is[i], l); err != nil {
			return err
		}
		ofSteps = append(ofSteps, tests...)
	}
	for i := range was {
		if at := placeOf(&was[i]); old[at] != nil {
			c.OnlyBaseline = append(c.OnlyBaseline, at)
		}
	}
	// Many steps, or times of a batch, must not make it harder to tell anything of the whole.
	for _, tests := range [][]*test{family, ofBatches, ofSteps} {
		conclude(tests)
	}
	for _, t := range slices.Concat(family, decided(ofBatches), ofSteps) {
		c.Changes = append(c.Changes, t.change)
	}
	return nil
}

func placeOf(g *result.Group) Place { return Place{g.Scenario, g.Mode, g.Sweep} }

// Count is how many changes have a verdict.
func (c *Comparison) Count(v Verdict) int {
	n := 0
	for i := range c.Changes {
		if c.Changes[i].Verdict == v {
			n++
		}
	}
	return n
}
