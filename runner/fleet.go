package runner

import (
	"context"
	"fmt"
	"time"

	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// Fleet carries trials out on other machines, whose agents have a share each:
// CarryShare. What they record becomes one result here.
type Fleet interface {
	// Size is how many agents there are, 1 or more.
	Size() int
	// Carry has the agents carry a trial out, and tells of each, by its share. When ctx
	// is done nothing more shall be started, and when atOnce is, what is in flight is
	// given up as well. An error: the trial never began, because an agent refused it or is
	// no more.
	Carry(ctx, atOnce context.Context, o Order, to Gatherer) ([]Carried, error)
}

// Gatherer is told what comes of a trial that a fleet carries out, by one goroutine at
// a time, and of nothing after Carry has returned.
type Gatherer interface {
	// Begins tells when the load begins, by this process's clock: once, before all else.
	Begins(at time.Time)
	// Take takes a piece that the agent of a share hands over, in that agent's order. The
	// error tells that the bytes are no piece of this trial: whoever sends such is lost.
	Take(share int, piece []byte) error
}

// Order says which trial is to be carried out. All else of it an agent finds in the
// plan, which it has read by itself from the same text.
type Order struct {
	Trial int `json:"trial"` // its place among all trials of the plan
	// Load and Repeat are those of a search's step, which chooses them as it goes: see
	// scenario.Trial.Step. Of other trials both are 0.
	Load   float64 `json:"load,omitempty"`
	Repeat int     `json:"repeat,omitempty"`
}

// Carried is what became of an agent's share.
type Carried struct {
	// Agent is what the fleet knows of it: name, machine, clock, and how it was lost. The
	// rest is filled in from its end and its pieces.
	Agent result.Agent
	// End is how its share ended; nil: it never told, since it was lost or has failed.
	End *ShareEnd
	// Err is how it has failed, which is the harness's fault or that of a target of ours.
	Err error
}

// orderOf is the order for a trial.
func orderOf(t scenario.Trial) Order {
	o := Order{Trial: t.Place}
	if t.Scenario.Capacity != nil {
		o.Load, o.Repeat = max(float64(t.Sweep.Concurrency), t.Sweep.RatePerS), t.Repeat
	}
	return o
}

// of is the trial of a plan that is asked for.
func (o Order) of(plan *scenario.Plan) (t scenario.Trial, err error) {
	trials := plan.Trials()
	if o.Trial < 0 || o.Trial >= len(trials) {
		return t, fmt.Errorf("the plan has %d trials, and none at place %d", len(trials), o.Trial)
	}
	t = trials[o.Trial]
	if t.Scenario.Capacity == nil {
		return t, nil
	}
	if !(o.Load > 0) || o.Repeat < 0 {
		return t, fmt.Errorf("a step of a search needs a load above 0, and a repetition: not %v, %d", o.Load, o.Repeat)
	}
	if to := t.Scenario.Capacity.To; o.Load > to {
		return t, fmt.Errorf("the search tries loads up to %v, and not %v", to, o.Load)
	}
	return t.Step(o.Load, o.Repeat), nil
}
