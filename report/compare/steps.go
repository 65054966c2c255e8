package compare

import "plimsoll/runner/result"

// ofSteps are the metrics that are compared of each step.
var ofSteps = [...]string{P50, P99, Errors}

// stepTests makes the tests of the steps that both groups have, but for those
// of setup, teardown, enter and leave. Where the whole cannot be told for want
// of repetitions, or a step was not called often enough for a figure, there is
// no row to say so again.
func (c *Comparison) stepTests(was, is *result.Group, l limits) (tests []*test, err error) {
	for _, path := range paths(is) {
		before, err := was.OfStep(path)
		if err != nil {
			return nil, &invalid{"the baseline", err}
		}
		after, err := is.OfStep(path)
		if err != nil {
			return nil, &invalid{"the current run", err}
		}
		of, err := c.testsOf(path, before, after, l)
		if err != nil {
			return nil, err
		}
		tests = append(tests, of...)
	}
	return tests, nil
}

// paths are those of the steps of a group's iterations, in the file's order.
func paths(g *result.Group) (list []string) {
	known := map[string]bool{}
	for _, t := range g.Trials {
		for i := range t.Steps {
			if s := &t.Steps[i]; !s.Outside && !known[s.Path] {
				known[s.Path] = true
				list = append(list, s.Path)
			}
		}
	}
	return list
}

// testsOf makes the tests of one step.
func (c *Comparison) testsOf(path string, was, is *result.Group, l limits) (tests []*test, err error) {
	if was.OK+was.Failed == 0 || is.OK+is.Failed == 0 {
		return nil, nil
	}
	before, after, note, err := c.samples(was, is)
	if err != nil || note.untold {
		return nil, err
	}
	for _, metric := range ofSteps {
		if unsupported(metric, was, is) != "" {
			continue
		}
		t := newTest(metric, before, after, l)
		t.change.Step, t.change.Reason = path, note.reason
		if metric == Errors && was.Failed+is.Failed == 0 {
			t.change.Verdict, t.change.Reason = NoChange, "" // nothing to test
		} else {
			t.examine(before.figure(metric), after.figure(metric), c.Paired)
			t.withhold(was, is)
		}
		tests = append(tests, t)
	}
	return tests, nil
}
