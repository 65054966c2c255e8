package runner

import (
	"fmt"
	"slices"

	"plimsoll/runner/journey"
	"plimsoll/runner/scenario"
	"plimsoll/runner/verdict"
	"plimsoll/target/kind"
)

// sharers are those who share a trial.
type sharers int

const (
	loopsShare  sharers = iota // of one process
	agentsShare                // of a fleet
)

// indivisible is something of a trial that is one for all its calls, so that nobody who
// has a share can keep a part of it: loops cannot, and so no agents; or agents only.
type indivisible struct {
	nobody sharers
	find   func(t scenario.Trial) *found // nil: the trial has none of it
}

// found is where it stands in the file, and why it cannot be shared.
type found struct {
	path []string
	why  string
}

// indivisibles are all of that.
func indivisibles() []indivisible {
	return []indivisible{
		{loopsShare, where("requests", func(t scenario.Trial) bool { return t.Requests > 0 }, "a number of requests is counted by one: give a `duration` instead")},
		{loopsShare, where("crawl", func(t scenario.Trial) bool { return t.Scenario.Crawl != nil }, "what a crawl has found, and what it has visited, is one list")},
		{loopsShare, where("stop_when", func(t scenario.Trial) bool { return t.Scenario.StopWhen != "" }, "stop_when ends all by one call")},
		{loopsShare, where("on_error", stopsOnError, "on_error: stop ends all by one call")},
		{loopsShare, where("background", func(t scenario.Trial) bool { return len(t.Scenario.Beside) > 0 }, "what goes on in the background goes on once")},
		{loopsShare, where("limit", limited, "limit counts the calls of all iterations together")},
		{loopsShare, ofData},
		{loopsShare, ofMode},
		{loopsShare, ofTargets(func(t kind.Traits) []string { return t.Together }, "%s of the target %s is for all calls together")},
		{agentsShare, ofTargets(func(t kind.Traits) []string { return t.Modelled },
			"calls wait for each other by %s of the target %s, and every agent would simulate a server of its own: start one with `plimsoll serve`, and call that")},
		{agentsShare, where("thresholds", looked, "a threshold with stop, over or after is looked at while the trial goes on, which only one process can")},
	}
}

// kept is what keeps a trial from being shared; nil: nothing does.
func kept(t scenario.Trial, by sharers) *found {
	for _, one := range indivisibles() {
		if one.nobody > by {
			continue
		}
		if f := one.find(t); f != nil {
			return f
		}
	}
	return nil
}

// NotDivisible tells which of a plan's scenarios, those of these names or all, so many
// agents cannot share, why, and where that stands in the file. None: they can. The error
// tells that there are no scenarios of such names.
func NotDivisible(plan *scenario.Plan, only []string, agents int) (all scenario.Problems, err error) {
	trials, err := Select(plan, only)
	for _, t := range trials {
		f := kept(t, agentsShare)
		if places := max(t.Mode.Traits().Users, t.Mode.Traits().MaxInFlight); f == nil && places < agents {
			f = where("modes", nil, "in the mode %s there are places for %d calls, and %d agents need one each at least", t.Mode.Name, places, agents)(t)
		}
		if f == nil {
			continue
		}
		p := plan.Problem(fmt.Sprintf("a fleet cannot share %s: %s", t.Scenario.Name, f.why), f.path...)
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all, err
}

// where finds what stands at a key of a scenario, if that has it; nil: it has.
func where(key string, has func(scenario.Trial) bool, why string, args ...any) func(scenario.Trial) *found {
	return func(t scenario.Trial) *found {
		if has != nil && !has(t) {
			return nil
		}
		return &found{[]string{"scenarios", t.Scenario.Name, key}, fmt.Sprintf(why, args...)}
	}
}

// stopsOnError tells whether the scenario, or a step of it, ends all when a call fails.
func stopsOnError(t scenario.Trial) bool {
	steps := t.Scenario.Steps
	return t.Scenario.StopOnError || steps != nil && steps.Compiled != nil &&
		slices.ContainsFunc(steps.Main.Calls(), func(c *journey.Call) bool { return c.OnError == journey.Stop })
}

func limited(t scenario.Trial) bool {
	return t.Scenario.Steps != nil && !t.Scenario.Steps.Limit.IsZero()
}

// looked tells whether a threshold is looked at while the trial goes on.
func looked(t scenario.Trial) bool {
	return slices.ContainsFunc(t.Scenario.Thresholds, func(one scenario.Threshold) bool {
		return one.Watch != verdict.Watch{} && (one.Mode == "" || one.Mode == t.Mode.Name)
	})
}

// ofData finds rows that nobody else may have meanwhile.
func ofData(t scenario.Trial) *found {
	if t.Scenario.Steps == nil {
		return nil
	}
	for _, s := range t.Scenario.Steps.Sources {
		if !s.Pick.Divisible() {
			return &found{[]string{"data", s.Name, "pick"}, fmt.Sprintf("whoever takes a row of %s by `pick: %s` must know which ones others have", s.Name, s.Pick)}
		}
	}
	return nil
}

// ofMode finds what the mode has one of.
func ofMode(t scenario.Trial) *found {
	key := t.Mode.Traits().Undivided
	if key == "" {
		return nil
	}
	return where(key, nil, "in the mode %s, %s are one for all calls together", t.Mode.Name, map[string]string{
		"stages": "users who come and go", "arrivals": "the limits of a window or a bucket", "queue": "producers, consumers and the queue between them",
	}[key])(t)
}

// ofTargets finds keys of the targets that are called.
func ofTargets(keys func(kind.Traits) []string, why string) func(scenario.Trial) *found {
	return func(t scenario.Trial) *found {
		for _, called := range t.Called() {
			if called.Settings == nil {
				continue
			}
			if given := keys(called.Settings.Traits()); len(given) > 0 {
				return &found{[]string{"targets", called.Name, given[0]}, fmt.Sprintf(why, "`"+given[0]+"`", called.Name)}
			}
		}
		return nil
	}
}
