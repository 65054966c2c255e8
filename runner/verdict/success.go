package verdict

import (
	"fmt"
	"math"
	"slices"

	"plimsoll/runner/result"
)

// enoughSucceed is the share of ok + errors from which on a figure that failing
// makes better is judged.
const enoughSucceed = 0.99

// expectsFailures tells whether failing calls are expected of a group: it has
// a promise about all of its errors, or its scenario ends by them.
func (j judge) expectsFailures(g *result.Group) bool {
	return j.mayFail != nil && j.mayFail(g.Scenario) || slices.ContainsFunc(j.thresholds, func(t Threshold) bool {
		return t.isOn(g) && t.Rule.Family == "errors" && t.Rule.Class == "" && t.Rule.Step == ""
	})
}

// measure is the figure that a threshold asks for.
func (j judge) measure(g *result.Group, r Rule) (figure, error) {
	if r.Family == "makespan" || r.Family == "speedup" || r.OfBatches() {
		return j.published(g, r), nil
	}
	f, err := measure(g, r, j.run.Speedups)
	return j.valid(g, f), err
}

// published is a figure that is better the more calls fail, and so is judged
// only where hardly any did.
func (j judge) published(g *result.Group, r Rule) figure {
	of := []*result.Group{g}
	for _, s := range j.run.Speedups {
		if r.Family == "speedup" && s.Scenario == g.Scenario && s.Mode == g.Mode && s.Point == g.Sweep {
			if base := find(j.groups, g.Scenario, s.Baseline, g.Sweep); base != nil {
				of = append(of, base)
			}
		}
	}
	for _, each := range of {
		if share, judged := j.failing(each); !judged {
			why := fmt.Sprintf("not judged: %s %% failed", percent(share))
			if each != g {
				why += " of the baseline"
			}
			return missing(why)
		}
	}
	return j.valid(g, figureOf(g, r, j.run.Speedups))
}

// failing is the share of a group's calls that failed; judged tells whether it
// is so low, or so expected, that figures mean something.
func (j judge) failing(g *result.Group) (share float64, judged bool) {
	ended := float64(g.OK + g.Failed)
	if ended == 0 || j.expectsFailures(g) {
		return 0, true
	}
	return float64(g.Failed) / ended, float64(g.OK) >= enoughSucceed*ended
}

// percent prints a share, rounded down to one decimal below all of it, so that
// 100 means all.
func percent(share float64) string {
	return fmt.Sprintf("%.4g", math.Floor(share*1000+1e-9)/10)
}

// valid says of a figure that there is what keeps it from being a measurement
// of the target: the trial's own end, or the generator.
func (j judge) valid(g *result.Group, f figure) figure {
	why := ""
	switch ended := "no repetition came to its end: " + string(g.Trials[0].Ended); {
	case g.Partial && f.missing != "":
		return missing(ended)
	case g.Partial:
		why = ended
	case !g.Health.KeptPace:
		why = "the generator was the limit: " + g.Health.Why
	default:
		return f
	}
	f.note = joined("not valid: "+why, f.note)
	return f
}

// nothing is the promise that every trial makes where failing calls are not
// expected of it. It is told where it is broken, and only there.
var nothing = Rule{Text: "errors < 100%", Family: "errors", Op: "<", Value: 1}

// successes are the verdicts on groups in which a trial has no success. The
// steps of a search go where targets fail, so that of them all one must have
// some; else its first step is told.
func (j judge) successes() (verdicts []result.Verdict) {
	told := map[string]bool{}
	for i := range j.groups {
		if g := &j.groups[i]; g.OK > 0 && j.run.Searched(g.Scenario) != nil {
			told[g.Scenario] = true
		}
	}
	for i := range j.groups {
		g := &j.groups[i]
		without := fruitless(g)
		if without == 0 || told[g.Scenario] || j.expectsFailures(g) {
			continue
		}
		told[g.Scenario] = j.run.Searched(g.Scenario) != nil
		verdicts = append(verdicts, fails(g, without))
	}
	return verdicts
}

// fruitless is how many of a group's repetitions that came to their end had
// calls and no success.
func fruitless(g *result.Group) (n int) {
	for _, t := range g.Trials {
		if t.Finished() && t.Scheduled > t.Lacking() && t.OK == 0 {
			n++
		}
	}
	return n
}

// fails is the verdict on a group with so many repetitions without a success.
func fails(g *result.Group, without int) result.Verdict {
	v := result.Verdict{Scenario: g.Scenario, Mode: g.Mode, Point: g.Sweep, Kind: result.KindThreshold, Rule: nothing.Text}
	if g.Failed == 0 {
		v.Reason = "no call succeeded: none ended before it was given up"
		return v
	}
	v.Measured, v.Note = 1, "no call succeeded"
	if len(g.Trials) > 1 {
		v.Note += fmt.Sprintf(" in %d of %d repetitions", without, len(g.Trials))
	}
	v.Note += "; where that is expected, promise something about `errors`"
	return v
}
