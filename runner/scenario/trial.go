package scenario

import (
	"plimsoll/runner/mode"
	"plimsoll/runner/result"
)

// Trial is one scenario × sweep value × mode × repetition, with the sweep's
// value filled in.
type Trial struct {
	Scenario *Scenario
	Mode     Mode
	Repeat   int
	// Sweep is the place in the sweep, see result.Trial.Sweep.
	Sweep result.Point
	// Requests is 0 where Duration or stages bound the trial.
	Requests int
	// Place is its number among all trials of the plan, from 0; the steps of a search
	// have that of the trial which they begin with.
	Place int
	// Number says that it is the n-th step of a search, of at most Most; both
	// are 0 in a sweep.
	Number, Most int
}

// Mode is how the trial's calls are started, with the name of its column.
type Mode struct {
	Name string
	mode.Mode
}

// Batch tells that the trial is over with its last call, and not when a time is.
func (t Trial) Batch() bool { return t.Requests > 0 || t.Scenario.Crawl != nil }

// mostTrials bounds a plan: nobody waits for more, and a sweep of sweeps that
// comes to more is a slip.
const mostTrials = result.MostTrials

// mostSteps is more than a search takes.
const mostSteps = 150

// Trials are all trials of the plan in the order in which they run: for each
// repetition each sweep value and each mode, so that a drift of the machine
// meets all alike, unless the scenario keeps a mode's repetitions together.
func (p *Plan) Trials() []Trial {
	var trials []Trial
	for _, s := range p.Scenarios {
		trials = append(trials, s.trials()...)
	}
	for i := range trials {
		trials[i].Place = i
	}
	return trials
}

func (s *Scenario) trials() []Trial {
	var trials []Trial
	if s.KeepOrder {
		for place := range s.Sweep {
			for _, column := range s.Modes {
				for repeat := range s.Repeat {
					trials = append(trials, s.trial(column, place, repeat))
				}
			}
		}
		return trials
	}
	for repeat := range s.Repeat {
		for place := range s.Sweep {
			for _, column := range s.Modes {
				trials = append(trials, s.trial(column, place, repeat))
			}
		}
	}
	return trials
}

// trial is one mode at one place of the sweep.
func (s *Scenario) trial(column *mode.Column, place, repeat int) Trial {
	return Trial{
		Scenario: s.as(column),
		Mode:     Mode{column.Name, at(column.Modes, place)},
		Repeat:   repeat,
		Sweep:    s.Sweep[place],
		Requests: at(s.Requests, place),
	}
}

// at is the value at a place of the sweep of a setting that may be swept (one
// value for each place), fixed (one value) or not given (none).
func at[T any](values []T, place int) T {
	switch len(values) {
	case 0:
		var none T
		return none
	case 1:
		return values[0]
	}
	return values[place]
}
