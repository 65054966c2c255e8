package drive

import (
	"time"

	"plimsoll/target/wire"
)

// WireWorks tells whether the wire port is there on this system.
const WireWorks = true

// Wire is the port of HTTP/1.1 over non-blocking sockets: an event loop on the
// loop's own thread, no goroutine a call.
type Wire struct {
	engine  *wire.Engine
	zero    time.Time
	flights flights
}

// NewWire makes a port whose clock shows from now.
func NewWire(o wire.Options, from time.Duration) (*Wire, error) {
	engine, err := wire.Open(o, from)
	if err != nil {
		return nil, err
	}
	return &Wire{engine: engine, zero: engine.Zero()}, nil
}

// Issue sends a call.
func (w *Wire) Issue(intended, ready time.Duration) {
	number, start := w.flights.number, time.Since(w.zero)
	slot := w.flights.begin(intended, ready, start)
	w.engine.Send(uint32(slot), number, start)
}

// Await returns the next call that has ended.
func (w *Wire) Await(until time.Duration) (*Call, time.Duration) {
	done, ended, now := w.engine.Wait(until)
	if !ended {
		return nil, now
	}
	call := w.flights.end(int32(done.Call), done.Ended)
	call.Outcome = done.Outcome
	return call, now
}

// Cancel ends every call in flight now.
func (w *Wire) Cancel() { w.engine.Cancel() }

// Wake makes Await return early, from anywhere.
func (w *Wire) Wake() { w.engine.Wake() }

// Spun is how long waiting has spun so far.
func (w *Wire) Spun() time.Duration { return w.engine.Spun() }

// Close closes the connections.
func (w *Wire) Close() { w.engine.Close() }
