package result

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"plimsoll/runner/latency"
)

// Group is the repetitions of one scenario × sweep value × mode, as one:
// counts are added, distributions merged. Nothing in it is an average of
// percentiles.
type Group struct {
	Scenario, Mode, Target, Clock, Engine string
	Sweep                                 Point

	// As asked, where the mode has them.
	Requests    int
	DurationS   float64
	Concurrency int
	RatePerS    float64

	// Trials are the repetitions that the figures below are of: those that
	// came to their end. LeftOut are the interrupted and failed ones. Where no
	// repetition came to its end, Partial is true and the figures are of all
	// of them, as far as they got: to be shown, not to be judged by.
	Trials, LeftOut []*Trial
	Partial         bool

	MakespanS      float64 // mean over the repetitions
	ThroughputPerS float64 // see Throughput
	InFlightMean   float64 // over the makespans' whole time
	Queue          *Queue  // nil where the mode has none
	Crawl          *Crawl  // of all repetitions together; nil where nothing was visited

	Sum
	// Unit is Trial.Unit. Elapsed and ErrorElapsed are nil where it is calls.
	Unit                  string
	Elapsed, ErrorElapsed *latency.Histogram

	// Health is good when it is in each of Trials; its texts are the first
	// there are.
	Health Health
}

// Finished tells whether the trial came to its end, so that it may be compared
// with others: complete, or stopped by its own scenario.
func (t *Trial) Finished() bool { return t.Ended == Complete || t.Ended == Stopped }

// place is what the repetitions of a group have in common.
type place struct {
	scenario string
	sweep    Point
	mode     string
}

// Groups merges the repetitions, in the file's order: scenarios, sweep values,
// modes, each as they first come up. It fails only on a distribution that
// cannot be decoded; a run that was loaded has none.
func Groups(trials []Trial) ([]Group, error) {
	members := map[place][]*Trial{}
	for i := range trials {
		at := trials[i].place()
		members[at] = append(members[at], &trials[i])
	}
	groups := make([]Group, len(members))
	for i, at := range inFileOrder(trials) {
		if err := groups[i].merge(members[at]); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

func (t *Trial) place() place { return place{t.Scenario, t.Sweep, t.Mode} }

// inFileOrder lists every place once. Trials come repetition by repetition,
// and a first repetition may lack some, so their order alone is not the file's.
func inFileOrder(trials []Trial) []place {
	var places []place
	known := map[place]int{}
	scenarios, sweeps, modes := map[string]int{}, map[place]int{}, map[place]int{}
	for i := range trials {
		at := trials[i].place()
		if first(known, at, i) == i {
			places = append(places, at)
		}
		first(scenarios, at.scenario, i)
		first(sweeps, place{scenario: at.scenario, sweep: at.sweep}, i)
		first(modes, place{scenario: at.scenario, mode: at.mode}, i)
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(
			scenarios[a.scenario]-scenarios[b.scenario],
			sweeps[place{scenario: a.scenario, sweep: a.sweep}]-sweeps[place{scenario: b.scenario, sweep: b.sweep}],
			modes[place{scenario: a.scenario, mode: a.mode}]-modes[place{scenario: b.scenario, mode: b.mode}])
	})
	return places
}

// first notes where a key first comes up, and tells it.
func first[K comparable](seen map[K]int, key K, i int) int {
	if _, known := seen[key]; !known {
		seen[key] = i
	}
	return seen[key]
}

func (g *Group) merge(trials []*Trial) error {
	t := trials[0]
	*g = Group{
		Scenario: t.Scenario, Mode: t.Mode, Target: t.Target, Clock: t.Clock, Engine: t.Engine, Sweep: t.Sweep,
		Requests: t.Requests, DurationS: t.DurationS, Concurrency: t.Concurrency, RatePerS: t.RatePerS,
		Unit: t.Unit, Sum: NewSum(), Health: Health{KeptPace: true},
	}
	for _, t := range trials {
		if t.Finished() {
			g.Trials = append(g.Trials, t)
		} else {
			g.LeftOut = append(g.LeftOut, t)
		}
	}
	if len(g.Trials) == 0 {
		g.Trials, g.LeftOut, g.Partial = trials, nil, true
	}
	g.MakespanS = MeanMakespan(g.Trials)
	g.ThroughputPerS = Throughput(g.Trials)
	g.InFlightMean = weightedMean(g.Trials,
		func(t *Trial) float64 { return t.InFlightMean },
		func(t *Trial) float64 { return t.MakespanS })
	g.Queue = queueOf(g.Trials)
	g.Crawl = crawlOf(g.Trials)
	for _, t := range g.Trials {
		if err := g.add(t); err != nil {
			return fmt.Errorf("%s: %w", t.name(), err)
		}
	}
	return nil
}

func (g *Group) add(t *Trial) error {
	g.Health.KeptPace = g.Health.KeptPace && t.Health.KeptPace
	g.Health.Why = cmp.Or(g.Health.Why, t.Health.Why)
	g.Health.LimitedBy = cmp.Or(g.Health.LimitedBy, t.Health.LimitedBy)
	return errors.Join(g.Sum.add(&t.Measure), mergeInto(&g.Elapsed, t.Elapsed), mergeInto(&g.ErrorElapsed, t.ErrorElapsed))
}

// Beside are what went on beside the group's trials: a group for each scenario of
// their background, in the order of the first trial.
func (g *Group) Beside() ([]Group, error) {
	var all []Trial
	for _, t := range g.Trials {
		all = append(all, t.Beside...)
	}
	groups, err := Groups(all)
	for i := range groups {
		groups[i].Partial = groups[i].Partial || g.Partial
		for _, t := range g.LeftOut {
			groups[i].leaveOut(t.Beside)
		}
	}
	return groups, err
}

// leaveOut has those of some trials left out that are of the group.
func (g *Group) leaveOut(trials []Trial) {
	for i := range trials {
		if t := &trials[i]; t.place() == g.Trials[0].place() {
			g.LeftOut = append(g.LeftOut, t)
		}
	}
}

// MeanMakespan is the mean of the trials' makespans, in seconds.
func MeanMakespan(trials []*Trial) float64 {
	return weightedMean(trials,
		func(t *Trial) float64 { return t.MakespanS },
		func(*Trial) float64 { return 1 })
}

// Throughput is the successes of all trials over the length of all: of the
// makespan where a number of requests or whole calls were asked for, of the
// duration otherwise, whose late successes do not count.
func Throughput(trials []*Trial) float64 {
	return weightedMean(trials,
		func(t *Trial) float64 { return t.ThroughputPerS },
		(*Trial).LengthS)
}

// LengthS is how long the trial took, of what its throughput is: until its last call
// had ended, where a number of calls or whole ones were asked for, or its scenario or
// somebody else ended it early; otherwise for as long as calls became due.
func (t *Trial) LengthS() float64 {
	if t.ToTheLast() {
		return t.MakespanS
	}
	return cmp.Or(t.StoppedAtS, t.DurationS, t.MakespanS)
}

// ToTheLast tells whether the trial's length is until its last call had ended, and
// all successes count.
func (t *Trial) ToTheLast() bool {
	early := t.Ended != "" && t.Ended != Complete
	return t.Counted() || t.Whole || early && t.StoppedAtS == 0
}

// weightedMean is Σ value·weight / Σ weight; 0 without any weight. It is kept
// between the smallest and the largest value, so that the mean of equal values
// is that very value: what does not vary must not get an interval out of
// rounding.
func weightedMean(trials []*Trial, value, weight func(*Trial) float64) float64 {
	lowest, highest := math.Inf(1), 0.0
	sum, weights := 0.0, 0.0
	for _, t := range trials {
		v, w := value(t), weight(t)
		lowest, highest = min(lowest, v), max(highest, v)
		sum += v * w
		weights += w
	}
	if weights == 0 {
		return 0
	}
	return min(max(sum/weights, lowest), highest)
}
