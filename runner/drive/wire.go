package drive

import (
	"time"

	"plimsoll/target/wire"
)

// Wire is the port of HTTP/1.1 over connections of our own: the loop itself
// sends every call.
type Wire struct {
	engine  wire.Caller
	zero    time.Time
	flights flights
}

// NewWires makes the ports of n loops that share a trial, whose clocks show the
// same. The k-th numbers its calls k, k+step, k+2·step … start starts an
// engine, which is closed with its port.
func NewWires(n, step int, start func() (wire.Caller, error)) ([]*Wire, error) {
	var ports []*Wire
	for k := range n {
		engine, err := start()
		if err != nil {
			for _, p := range ports {
				p.Close()
			}
			return nil, err
		}
		ports = append(ports, &Wire{engine: engine, flights: flights{number: uint64(k), step: uint64(step)}})
	}
	// The last one's clock, because starting an engine takes its time.
	zero := ports[n-1].engine.Zero()
	for _, p := range ports {
		p.engine.Align(zero)
		p.zero = zero
	}
	return ports, nil
}

// Issue sends a call.
func (w *Wire) Issue(intended, ready time.Duration) time.Duration {
	number, start := w.flights.number, time.Since(w.zero)
	slot := w.flights.begin(intended, ready, start)
	w.engine.Send(uint32(slot), number, start)
	return start
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
