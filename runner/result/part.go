package result

import (
	"fmt"

	"plimsoll/runner/latency"
)

// IsCall tells whether the step makes calls; else it is a named block of steps.
func (s *Step) IsCall() bool { return s.Kind != "" }

// Step is the trial's step, or named block, of a path; nil where it has none. One
// of setup, teardown, enter or leave comes behind one of iterations.
func (t *Trial) Step(path string) (found *Step) {
	for i := range t.Steps {
		if s := &t.Steps[i]; s.Path == path && (found == nil || found.Outside) {
			found = s
		}
	}
	return found
}

// OfStep is the group as one of its steps had it: what was counted and timed is
// the step's, and all else is the group's.
func (g *Group) OfStep(path string) (*Group, error) {
	return g.part(func(t *Trial) (Measure, float64) {
		if s := t.Step(path); s != nil {
			return s.Measure, s.ThroughputPerS
		}
		return Measure{}, 0
	})
}

// OfCalls is the group as the calls of all its steps had it, but for those of
// setup, teardown, enter and leave: counted, not timed.
func (g *Group) OfCalls() (*Group, error) {
	return g.part((*Trial).calls)
}

// calls are what the calls of a trial's steps add up to.
func (t *Trial) calls() (sum Measure, perSecond float64) {
	sum.Errors = map[string]Error{}
	for i := range t.Steps {
		s := &t.Steps[i]
		if s.Outside || !s.IsCall() {
			continue
		}
		sum.Scheduled += s.Scheduled
		sum.Started += s.Started
		sum.OK += s.OK
		sum.Cancelled += s.Cancelled
		perSecond += s.ThroughputPerS
		for class, e := range s.Errors {
			sum.Errors[class] = sum.Errors[class].and(e)
		}
	}
	return sum, perSecond
}

// part is the group with another measure of each of its trials.
func (g *Group) part(of func(*Trial) (Measure, float64)) (*Group, error) {
	trials := make([]*Trial, len(g.Trials))
	for i, t := range g.Trials {
		part := *t
		part.Measure, part.ThroughputPerS = of(t)
		part.Unit, part.Elapsed, part.ErrorElapsed, part.Steps, part.InFlightMean, part.Queue, part.Crawl, part.Completions, part.Slowest = "", nil, nil, nil, 0, nil, nil, nil, nil
		trials[i] = &part
	}
	out := &Group{}
	if err := out.merge(trials); err != nil {
		return nil, err
	}
	out.Requests, out.DurationS, out.Concurrency, out.RatePerS, out.LeftOut = g.Requests, g.DurationS, g.Concurrency, g.RatePerS, g.LeftOut
	return out, nil
}

// Recorded are the numbers that a step's `record` kept under a name, as if they
// were seconds; none where it kept none.
func (g *Group) Recorded(path, name string) (*latency.Histogram, error) {
	all := latency.New(latency.Fine)
	for _, t := range g.Trials {
		s := t.Step(path)
		if s == nil {
			continue
		}
		d := s.Records[name]
		h, err := d.Histogram()
		if err != nil {
			return nil, fmt.Errorf("%s: step %s: record %s: %w", t.name(), path, name, err)
		}
		all.Merge(h)
	}
	return all, nil
}
