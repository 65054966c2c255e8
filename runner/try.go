package runner

import (
	"context"
	"errors"
	"fmt"

	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/scenario"
	"plimsoll/target"
)

// Onlooker is told all that an iteration does, part by part: setup, the iteration
// itself, teardown.
type Onlooker interface {
	Begin(part string)
	journey.Watcher
	target.Observer
}

// Tried is how an iteration went; of what has not failed, the Class is "".
type Tried struct{ Part, Class, Example string }

// Parts of what Try carries out.
const (
	setup     = "setup"
	iteration = "iteration"
	teardown  = "teardown"
)

// ofIterations is what the draws of iterations derive from.
const ofIterations = "journeys"

// Try carries one iteration of a scenario with steps out, the first one of its
// first trial, with all that comes before and after it. Nothing of it is
// recorded; an error tells that it could not be carried out.
func Try(ctx, atOnce context.Context, o Options, s *scenario.Scenario, on Onlooker) (tried Tried, err error) {
	r := &underWay{Options: o, targets: newTargets(o)}
	defer r.targets.close()
	r.targets.observer = on
	t, err := first(o.Plan, s)
	if err != nil {
		return tried, err
	}
	if err := r.commands(ctx, s.Before); err != nil {
		return tried, err
	}
	tried, err = r.try(ctx, atOnce, t, on)
	return tried, errors.Join(err, r.commands(atOnce, s.After))
}

// first is the first trial of a scenario with steps.
func first(plan *scenario.Plan, s *scenario.Scenario) (t scenario.Trial, err error) {
	if s.Steps == nil {
		return t, fmt.Errorf("the scenario %s has no steps, and makes single calls: plimsoll run --only %[1]s carries it out", s.Name)
	}
	trials, err := Select(plan, []string{s.Name})
	if err != nil {
		return t, err
	}
	t = trials[0]
	if c := s.Capacity; c != nil {
		t = t.Step(c.From, 0)
	}
	return t, nil
}

// try carries out an iteration between its setup and teardown.
func (r *underWay) try(ctx, atOnce context.Context, t scenario.Trial, on Onlooker) (tried Tried, err error) {
	stop, last := &drive.Stop{}, &drive.Stop{}
	defer stop.Follow(ctx, atOnce)()
	defer last.Follow(atOnce, atOnce)()
	all, err := r.targets.open(atOnce, t, r.streams(t))
	if err != nil {
		return tried, err
	}
	defer all.close()
	opened, _ := all.of(t.Scenario)
	j, err := r.journeys(t, opened)
	if err != nil {
		return tried, err
	}
	j.world.Watch = on
	part := func(name, draws string, p *journey.Program, stop *drive.Stop) (Tried, error) {
		if p == nil {
			return Tried{}, nil
		}
		on.Begin(name)
		pass, err := r.once(draws, p, j, opened, stop)
		return Tried{name, pass.Class, r.scrub(pass.Example)}, errors.Join(err, opened.err())
	}
	steps := t.Scenario.Steps
	if tried, err = part(setup, setup, steps.Setup, stop); err == nil && tried.Class == "" {
		given := j.world.Given
		tried, err = part(iteration, ofIterations, steps.Main, stop)
		j.world.Given = given
	}
	after, broken := part(teardown, teardown, steps.Teardown, last)
	if tried.Class == "" && after.Class != "" {
		tried = after
	}
	return tried, errors.Join(err, broken)
}
