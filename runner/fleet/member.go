package fleet

import (
	"cmp"
	"sync/atomic"
	"time"

	"plimsoll/runner/fleet/offset"
	"plimsoll/runner/result"
)

// member is an agent of the fleet, as its coordinator knows it.
type member struct {
	peer
	introduction
	share   int
	planned bool
	rounds  offset.Rounds
	burst   int           // round trips that are still wanted soon
	bursts  time.Duration // since when
	worst   time.Duration // of the last burst
	pinged  time.Duration
	lost    string       // how it was lost; "": it was not
	held    atomic.Int64 // bytes of its intervals that nobody has taken yet
	state   state        // of the order that is under way
	end     []byte       // of its share
	why     string       // its share has failed
	cut     string       // its share was cut short, when it was carried out
	// Since when it is waited for, until it is ready: it was asked, or has got on hearing
	// what. Whether people have been told.
	asked time.Duration
	got   uint64
	named bool
	// Of one that hands over what it has kept: the orders of which there is something,
	// and whether it is nobody, in the place of who has not come.
	kept   map[string]bool
	absent bool
}

// state is how far a member's share is.
type state int

const (
	idle state = iota
	ordered
	isReady
	running
	isOver
)

// agent is what a result says of a member whose share began at that time.
func (m *member) agent(began time.Duration) result.Agent {
	a := result.Agent{Name: m.Name, Share: m.share, Machine: m.Machine, Lost: cmp.Or(m.lost, m.cut)}
	if a.Lost == "" && m.end == nil && m.why == "" {
		a.Lost = "it has not told how its share ended"
	}
	if clock, ok := m.rounds.Estimate(began); ok && m.Kept == nil { // of then, nobody knows
		a.ClockOffsetS, a.ClockUncertaintyS, a.ClockDrift = result.Signed(clock.Offset.Seconds()), clock.Uncertainty.Seconds(), result.Signed(clock.Drift)
	}
	return a
}
