package view

import (
	"fmt"

	"plimsoll/runner/result"
)

// tally is a column of how often something happened.
type tally struct {
	name   string
	rank   int
	always bool // there, even where it never happened
	of     func(*Group) int64
	note   string // what there is to know of it, where it happened
}

var (
	errorCount     = tally{"errors", 0, true, func(g *Group) int64 { return g.Failed }, ""}
	notMadeCount   = tally{"not made", 0, false, func(g *Group) int64 { return g.Lacking }, ""}
	droppedCount   = tally{"dropped", 1, false, func(g *Group) int64 { return g.Dropped }, ""}
	cancelledCount = tally{"cancelled", 1, false, func(g *Group) int64 { return g.Cancelled }, ""}
)

// noted is the tally with a footnote.
func (t tally) noted(note string) tally {
	t.note = note
	return t
}

// tallies are columns of counts; those of what never happened are left out, but
// for those that are always there.
func (s *Scenario) tallies(all ...tally) (columns []column) {
	for _, t := range all {
		c := column{head: Column{Name: t.name, Rank: t.rank}}
		for _, g := range s.Groups {
			c.cells = append(c.cells, draft{text: fmt.Sprint(t.of(g))})
		}
		happened := !c.dull()
		if happened && t.note != "" {
			c.notes = []string{t.note}
		}
		if happened || t.always {
			columns = append(columns, c)
		}
	}
	return columns
}

// handshakes are those of TLS, of all repetitions.
func (g *Group) handshakes() (sum result.TLS) {
	for _, t := range g.Trials {
		if t.TLS != nil {
			sum.Handshakes += t.TLS.Handshakes
			sum.Resumed += t.TLS.Resumed
		}
	}
	return sum
}

// counts are columns of how calls ended.
func (s *Scenario) counts() []column {
	return s.tallies(
		tally{"ok", 2, true, func(g *Group) int64 { return g.OK }, ""},
		errorCount, notMadeCount,
		tally{"held", 2, false, func(g *Group) int64 { return g.HeldCalls }, ""},
		droppedCount, cancelledCount,
		tally{"resent", 1, false, func(g *Group) int64 { return g.Resent }, resent},
		tally{"handshakes", 2, false, func(g *Group) int64 { return g.handshakes().Handshakes }, ""},
		tally{"resumed", 2, false, func(g *Group) int64 { return g.handshakes().Resumed }, "handshakes of TLS that went on with the session of one before (tls: {resume: true})"})
}
