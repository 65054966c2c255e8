package wire

import (
	"time"

	"plimsoll/target"
)

// The phases of a call, by number.
const (
	PhaseDNS = iota
	PhaseConnect
	PhaseTLS
	PhaseFirstByte // from when the request was sent until the answer began, of the last of several
	phases
)

// Phases are their names.
func Phases() []string { return []string{"dns", "connect", "tls", "first_byte"} }

// Telling says which phases calls tell of.
type Telling uint8

// The ways to tell.
const (
	All         Telling = iota // Phases
	FromConnect                // connect, with the search for the server's address in it, and those that follow
	OneConnect                 // connect alone: all that it took to have a connection which takes requests, Hello included
)

// of are the phases that are told, of those measured.
func (t Telling) of(m *Measured) []time.Duration {
	switch t {
	case FromConnect:
		return m[PhaseConnect:]
	case OneConnect:
		return m[PhaseConnect : PhaseConnect+1]
	}
	return m[:]
}

// Measured are the phases of a call; below 0: it had none such.
type Measured [phases]time.Duration

// unmeasured are those of a call that has had none so far.
var unmeasured = Measured{target.None, target.None, target.None, target.None}

// NewParts are those of a call that is carried elsewhere: of one that has had
// phases already, or of a new one, nil.
func NewParts(so *target.Parts) *target.Parts {
	parts := &struct {
		target.Parts
		Measured
	}{Measured: unmeasured}
	if so != nil {
		copy(parts.Measured[:], so.Phases)
	}
	parts.Phases = parts.Measured[:]
	return &parts.Parts
}

// Add notes what it took to set a connection up, perhaps another one: a call may
// take several requests.
func (m *Measured) Add(setup Measured) {
	for phase, d := range setup {
		if d >= 0 {
			m[phase] = max(0, m[phase]) + d
		}
	}
}

// Answer notes the time from sending a request until its answer began.
func (m *Measured) Answer(took time.Duration) { m[PhaseFirstByte] = max(0, took) }

// Setup are the phases of setting a connection up.
func Setup(dns, connect, tls time.Duration) Measured {
	return Measured{dns, connect, tls, target.None}
}
