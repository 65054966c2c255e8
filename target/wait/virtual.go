package wait

import "time"

// Virtual is a clock that nobody waits for: it shows what it is set to, by
// whoever knows what comes next.
type Virtual struct{ now time.Duration }

// NewVirtual makes a clock that shows from.
func NewVirtual(from time.Duration) *Virtual { return &Virtual{from} }

// Now is the time shown.
func (v *Virtual) Now() time.Duration { return v.now }

// Set makes it show a later time.
func (v *Virtual) Set(now time.Duration) { v.now = now }

// Wait lets the time come.
func (v *Virtual) Wait(until time.Duration) time.Duration {
	v.now = max(v.now, until)
	return v.now
}

// At is the time shown: no other clock has to do with it.
func (v *Virtual) At(time.Time) time.Duration { return v.now }

// Wake does nothing: nobody waits.
func (v *Virtual) Wake() {}

// Spun is 0.
func (v *Virtual) Spun() time.Duration { return 0 }

// Close has nothing to give back.
func (v *Virtual) Close() {}
