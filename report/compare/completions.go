package compare

import (
	"math"
	"slices"

	"plimsoll/runner/result"
)

// ofBatches are the metrics that are compared of batches, besides those of all
// trials.
var ofBatches = [...]string{First, Half, Last}

// completed are the times of a batch's curve, by the metric.
var completed = map[string]func(*result.Curve) *float64{
	First: func(c *result.Curve) *float64 { return c.FirstS },
	Half:  func(c *result.Curve) *float64 { return c.HalfS },
	Last:  func(c *result.Curve) *float64 { return c.LastS },
}

// completionTests makes the tests of when so much of a batch was over, where both
// groups know it in every repetition. As of steps, where the whole cannot be told for
// want of repetitions there is no row to say so again; parts of a trial do not tell it.
func (c *Comparison) completionTests(was, is *result.Group, l limits) (tests []*test, err error) {
	before, after, note, err := c.samples(was, is)
	if err != nil || note.reason != "" {
		return nil, err
	}
	for _, metric := range ofBatches {
		of := completed[metric]
		if !reached(was, of) || !reached(is, of) || metric == Last && lastIsMakespan(was) && lastIsMakespan(is) {
			continue
		}
		t := newTest(metric, before, after, l)
		t.examine(before.figure(metric), after.figure(metric), c.Paired)
		tests = append(tests, t)
	}
	return tests, nil
}

// reached tells whether a batch of several calls came so far in every repetition.
func reached(g *result.Group, of func(*result.Curve) *float64) bool {
	for _, t := range g.Trials {
		if t.Requests < 2 || t.Completions == nil || of(&t.Completions.Curve) == nil {
			return false
		}
	}
	return true
}

// lastIsMakespan tells whether the time of the last call is in the table already.
func lastIsMakespan(g *result.Group) bool {
	for _, t := range g.Trials {
		if math.Abs(*t.Completions.LastS-t.MakespanS) > 1e-9*t.MakespanS {
			return false
		}
	}
	return true
}

// meanCompletion is the mean of a time over repetitions, which all know it.
func meanCompletion(trials []*result.Trial, of func(*result.Curve) *float64) float64 {
	sum := 0.0
	for _, t := range trials {
		sum += *of(&t.Completions.Curve)
	}
	return sum / float64(len(trials))
}

// decided are the tests that came to a verdict. When the first of many calls was over is
// often a matter of chance alone: that this cannot be told is no news, and must not
// make a whole comparison one that cannot.
func decided(tests []*test) []*test {
	return slices.DeleteFunc(tests, func(t *test) bool { return t.change.Verdict == CannotTell })
}
