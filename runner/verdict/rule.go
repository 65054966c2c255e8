// Package verdict judges a run: thresholds kept or broken, published figures
// reproduced or not, speedups with their intervals. It reads results and
// rules only, so that the same can be judged again from the file alone.
package verdict

import (
	"slices"
	"time"

	"plimsoll/runner/goodput"
)

// Rule is a threshold, METRIC OP VALUE, as `thresholds:` spells it. Its figure is
// of one of the families
//
//	times     response, all, service, lateness; elapsed (of iterations, with their pauses)
//	shares    errors, cancelled, dropped; calls.errors (of all steps' calls together)
//	a second  rate, goodput; calls.rate
//	of batches makespan; first, half, last, and the same in_order
//	others    monitor (what a monitor saw: mean or max); speedup; record (numbers that a step's `record` keeps); memory
//
// and phase, times of parts of calls that their kind knows; of streams first_event,
// service.first_event and gap; of a mode's queue queue.length_max and its like.
type Rule struct {
	Text    string         // as written, without the step
	Step    string         // the path of the step, or of the named block, that it is about; "" for whole iterations, or for calls where there are no steps
	Family  string         // which figure
	Stat    string         // of a family of times, or of recorded numbers: "p", "mean", "max" or "min"
	P       float64        // of Stat "p": 0 < P ≤ 100
	Class   string         // of errors: one class, "" for all; "status-5xx" sums
	Record  string         // of recorded numbers: under which name
	Phase   string         // of phases: which one
	Monitor string         // of what a monitor saw: its name,
	Series  string         // which series,
	Unit    string         // and in what the value is written: "", "B", "B/s" or "/s"
	Within  time.Duration  // of goodput
	Limits  goodput.Limits // of goodput, where it names what it limits: only the recorder can tell who keeps them
	Op      string         // one of < <= > >= ==
	Value   float64        // seconds, per second, a share of 1, or a bare ratio or number
}

// Counted tells whether the rule is on calls that are counted while they are
// recorded, which whoever records must be told.
func (r Rule) Counted() bool { return r.Limits != goodput.Limits{} }

// OfCalls tells whether only single calls have such a figure, and iterations, or
// blocks, of several have not.
func (r Rule) OfCalls() bool {
	switch r.Family {
	case "first_event", "service.first_event", "gap":
		return true
	}
	return r.Limits.OfStreams()
}

// OfJourneys tells whether only iterations of several steps have such a figure.
func (r Rule) OfJourneys() bool {
	switch r.Family {
	case "elapsed", "calls.errors", "calls.rate", "record":
		return true
	}
	return false
}

// OfBatches tells whether only batches, which have a number of requests, have such a
// figure: of when their calls were over.
func (r Rule) OfBatches() bool { return slices.Contains(ofBatches, r.Family) }

// ofBatches are the families of such figures.
var ofBatches = []string{"first", "half", "last", "in_order.first", "in_order.half", "in_order.last"}

// OfRates tells whether the figure is so many a second, which falls while nothing
// happens.
func (r Rule) OfRates() bool {
	switch r.Family {
	case "rate", "calls.rate", "goodput":
		return true
	}
	return false
}

// OfSteps tells whether a single step has such a figure, too.
func (r Rule) OfSteps() bool {
	switch r.Family {
	case "response", "all", "service", "lateness", "errors", "rate", "goodput", "record", "phase", "memory", "first_event", "service.first_event", "gap":
		return true
	}
	return false
}
