//go:build !linux

package drive

import (
	"errors"
	"time"

	"plimsoll/target/wire"
)

// WireWorks tells whether the wire port is there on this system.
const WireWorks = false

// Wire is only there on Linux so far.
type Wire struct{ Goroutines }

// NewWire says so.
func NewWire(wire.Options, time.Duration) (*Wire, error) {
	return nil, errors.New("engine: wire needs Linux; leave engine out")
}
