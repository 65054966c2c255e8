package capacity

import (
	"math"
	"slices"
)

// Bounds of an answer.
const (
	Unknown = ""         // nothing could be judged
	Found   = "found"    // between Low and High
	AtLeast = "at-least" // more could not be tried
	Below   = "below"    // not even the lowest load kept the promises
)

// Answer is what the steps so far amount to.
type Answer struct {
	Bound string
	// Value is the capacity if it was found, with the interval from Low to
	// High, which covers it in 95 of 100 searches; else the bound itself. It
	// is never above the highest load at which a step kept the promises.
	Value, Low, High float64
	// Precise tells that the interval is as narrow as was asked for.
	Precise bool
	// Voided is the level at which the generator was the limit; 0 for none.
	Voided float64
	// Limit is the promise that breaks at the edge; "" where none did.
	Limit string
}

// Answer sums up what was seen.
func (s *Search) Answer() Answer {
	low, high := s.turn()
	a := Answer{}
	if at, stopped := s.void(); stopped {
		a.Voided = s.levels[at]
	}
	switch {
	case low < 0 && high < 0:
	case low < 0:
		a.Bound, a.Value, a.Limit = Below, s.levels[high], s.limit(s.levels[high])
	case high < 0 || a.Voided > 0:
		a.Bound, a.Value = AtLeast, s.levels[low]
	default:
		e, _ := s.edge(low, high)
		a.Bound, a.Limit = Found, s.limit(e.value)
		a.Value, a.Low, a.High = s.stated(e)
		a.Precise = s.precise(e)
	}
	return a
}

// stated is the edge as it is told: never beyond what may be tried, nor above
// what was seen to keep the promises, wherever the line through all steps has
// it. Of whole numbers it is the largest that keeps the promises, so that an
// edge somewhere before the next number is this one.
func (s *Search) stated(e edge) (value, low, high float64) {
	value, low, high = min(e.value, s.kept()), e.low, e.high
	if s.settings.Whole {
		value, low, high = math.Floor(value), math.Floor(low), math.Ceil(high)-1
	}
	return value, min(value, low), min(max(value, high), s.settings.To)
}

// kept is the highest load at which a step kept the promises; 0 for none.
func (s *Search) kept() (load float64) {
	for at, steps := range s.steps {
		if slices.ContainsFunc(steps, Step.Pass) {
			load = s.levels[at]
		}
	}
	return load
}

// precise tells whether the interval is as narrow as was asked for.
func (s *Search) precise(e edge) bool {
	value, low, high := s.stated(e)
	p := s.settings.Precision
	return low >= value*(1-p) && high <= value*(1+p)
}

// limit is the promise that most steps around a level broke by the most, or,
// where there are none, the next steps above it.
func (s *Search) limit(around float64) string {
	votes := map[string]int{}
	most := ""
	for at, steps := range s.steps {
		if s.levels[at] > around*(1+window) && most != "" {
			break
		}
		for _, step := range steps {
			if step.Void || step.Pass() {
				continue
			}
			if votes[step.Limit]++; votes[step.Limit] > votes[most] {
				most = step.Limit
			}
		}
	}
	return most
}
