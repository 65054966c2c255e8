package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"plimsoll/runner/journey"
	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/value"
)

// Coordinator is whom a share of a trial answers to. Its methods are called from one
// goroutine at a time.
type Coordinator interface {
	// Ready tells that the share's targets are open and, of share 0, that setup is over,
	// with what that has left for the other shares; it waits until all are ready. An
	// error ends the share: nothing was loaded then.
	Ready(ctx context.Context, given []byte) (Start, error)
	// Take is given what was recorded since the last time, for Fleet.Carry's take: about
	// every second, and what is left when the share is over. The bytes are its own.
	Take(piece []byte)
	// Over waits until the load of all other shares is over. Share 0 asks it before its
	// teardown, if it has one.
	Over(ctx context.Context) error
}

// Start is when, and with what, the shares of a trial begin.
type Start struct {
	// At is when the load begins, its warm-up if it has one, by this process's clock. Of
	// a virtual trial it says nothing.
	At time.Time
	// Given is what Ready was given by share 0.
	Given []byte
}

// ShareEnd is how a share ended, as its own process judges it.
type ShareEnd struct {
	Ended       result.Ending      `json:"ended"`
	Reason      string             `json:"reason,omitempty"`
	Engine      string             `json:"engine"`
	Loops       int                `json:"loops,omitempty"`
	Connections map[string]int64   `json:"connections,omitempty"`
	TLS         *result.TLS        `json:"tls,omitempty"`
	Use         *result.MachineUse `json:"machine_use,omitempty"`
	Health      result.Health      `json:"health"`
	Warnings    []string           `json:"warnings,omitempty"`
}

// part is the share of each trial that this process carries out.
type part struct {
	mode.Share
	Coordinator
}

// share is this process's of each trial.
func (r *underWay) share() mode.Share {
	if r.part == nil {
		return mode.Whole()
	}
	return r.part.Share
}

// mostShares is how many there may be of a trial: of many more, the place of a share's
// next call would be looked for among numbers that there are not.
const mostShares = 1 << 16

// CarryShare carries out a share of a trial in this process. Of the options it takes
// the plan, the child's command line and where notes go. What is before and after a
// trial, and beside it, is the coordinator's own, but for setup and teardown, which are
// share 0's. An error tells that it was not carried out, or that something broke.
func CarryShare(ctx, atOnce context.Context, o Options, order Order, s mode.Share, c Coordinator) (end ShareEnd, err error) {
	if s.N < 1 || s.N > mostShares || s.K < 0 || s.K >= s.N {
		return end, fmt.Errorf("there is no share %d of %d", s.K, s.N)
	}
	t, err := order.of(o.Plan)
	if err != nil {
		return end, err
	}
	o.Calls, o.Watch, o.Takers, o.Fleet = nil, nil, nil, nil
	r := &underWay{Options: o, targets: newTargets(o), part: &part{s, c}}
	r.takers = takers{sending{c, r.scrub}}
	defer r.targets.close()
	out := describe(t)
	err = r.measure(ctx, atOnce, t, out)
	switch {
	case errors.Is(err, context.Canceled):
		out.Ended, out.Reason = result.Interrupted, "interrupted"
	case err != nil:
		return end, errors.New(r.scrub(err.Error()))
	}
	out.Reason, out.Health.Why = r.scrub(out.Reason), r.scrub(out.Health.Why)
	for i := range out.Warnings {
		out.Warnings[i] = r.scrub(out.Warnings[i])
	}
	return ShareEnd{
		Ended: out.Ended, Reason: out.Reason, Engine: out.Engine, Loops: out.Loops, Connections: out.Connections, TLS: out.TLS,
		Use: out.MachineUse, Health: out.Health, Warnings: out.Warnings,
	}, nil
}

// sending hands a trial's pieces over to the coordinator, without this process's
// secrets: the other side does not know them, so that it could not take them out.
type sending struct {
	to    Coordinator
	scrub func(string) string
}

func (s sending) Take(p Piece) {
	p.Scrub(s.scrub)
	s.to.Take(p.Append(nil, p.At))
}

func (sending) Over(scenario.Trial) {}

// begins is when the load begins: as soon as all is ready, or when the coordinator
// says, who also has what share 0's setup has left.
func (l *load) begins() (time.Time, error) {
	if l.part == nil {
		return now()
	}
	var given []byte
	if l.journeys != nil && l.part.K == 0 {
		given = encodeGiven(l.journeys.world.Given)
	}
	start, err := l.part.Ready(l.ctx, given)
	if err != nil {
		return start.At, err
	}
	if l.journeys != nil && l.part.K > 0 && len(start.Given) > 0 {
		l.journeys.world.Given, err = decodeGiven(start.Given, len(l.journeys.world.Given))
	}
	if l.trial.Scenario.Clock == scenario.Virtual {
		start.At, _ = now()
	}
	return start.At, err
}

// awaitOthers waits until the load of all other shares is over, where something is to
// be torn down behind them; that is done whether they are or not.
func (l *load) awaitOthers(atOnce context.Context) {
	if l.part == nil || l.trial.Scenario.Steps.Teardown == nil {
		return
	}
	if err := l.part.Over(atOnce); err != nil {
		l.out.Warnings = append(l.out.Warnings, "teardown did not wait for the other shares: "+err.Error())
	}
}

// given is a value that setup has left.
type given struct {
	Kind value.Kind `json:"kind,omitempty"`
	Text []byte     `json:"text,omitempty"` // which may be no text that JSON could hold
}

// encodeGiven writes what variables hold, each at its number: rows of data as the
// values that they spell.
func encodeGiven(held []journey.Held) []byte {
	all := make([]given, len(held))
	for i, h := range held {
		v := h.Value
		if h.Row != nil {
			v = h.Row.Value()
		}
		all[i] = given{v.Kind, []byte(v.Text)}
	}
	text, _ := json.Marshal(all) // of numbers and bytes: nothing can fail
	return text
}

// decodeGiven reads what variables hold, of which there are so many.
func decodeGiven(text []byte, variables int) ([]journey.Held, error) {
	var all []given
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("what setup has left: %w", err)
	}
	if len(all) != variables {
		return nil, fmt.Errorf("setup has left %d values of %d", len(all), variables)
	}
	held := make([]journey.Held, len(all))
	for i, g := range all {
		if g.Kind > value.Object || g.Kind >= value.List && !value.WellFormed(string(g.Text)) {
			return nil, fmt.Errorf("setup has left something for variable %d that is no value", i)
		}
		held[i].Value = value.Value{Kind: g.Kind, Text: string(g.Text)}
	}
	return held, nil
}
