package scenario

import (
	"plimsoll/runner/result"
	"plimsoll/target/quantity"
)

// Trial is one scenario × sweep value × mode × repetition, with the sweep's
// value filled in.
type Trial struct {
	Scenario *Scenario
	Mode     *Mode
	Repeat   int
	// Sweep is the place in the sweep, see result.Trial.Sweep.
	Sweep result.Point
	// Requests is 0 where Duration or stages bound the trial.
	Requests int
	// Concurrency is 0 for all at once, and where the mode has none.
	Concurrency int
	Rate        quantity.Rate
	// Number says that it is the n-th step of a search, of at most Most; both
	// are 0 in a sweep.
	Number, Most int
}

// Burst is how many tokens the trial's bucket holds.
func (t Trial) Burst() int {
	if t.Mode.Burst > 0 {
		return t.Mode.Burst
	}
	return int(t.Rate.N)
}

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
	return trials
}

func (s *Scenario) trials() []Trial {
	var trials []Trial
	if s.KeepOrder {
		for place := range s.Sweep {
			for _, mode := range s.Modes {
				for repeat := range s.Repeat {
					trials = append(trials, s.trial(mode, place, repeat))
				}
			}
		}
		return trials
	}
	for repeat := range s.Repeat {
		for place := range s.Sweep {
			for _, mode := range s.Modes {
				trials = append(trials, s.trial(mode, place, repeat))
			}
		}
	}
	return trials
}

// trial is one mode at one place of the sweep.
func (s *Scenario) trial(mode *Mode, place, repeat int) Trial {
	return Trial{
		Scenario:    s,
		Mode:        mode,
		Repeat:      repeat,
		Sweep:       s.Sweep[place],
		Requests:    at(s.Requests, place),
		Concurrency: at(mode.Concurrency, place),
		Rate:        at(mode.Rates, place),
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
