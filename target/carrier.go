package target

import (
	"time"

	"plimsoll/target/look"
	"plimsoll/target/value"
)

// Clock is the time of one loop: offsets from its trial's start. All methods
// but Wake belong to the loop.
type Clock interface {
	// Now reads the clock.
	Now() time.Duration
	// At is what the clock showed at a time.
	At(t time.Time) time.Duration
	// Wait returns the clock's reading at `until`, or sooner when something has
	// ended or Wake was called. Where `until` is past it does not wait, and may
	// return the last reading.
	Wait(until time.Duration) time.Duration
	// Wake makes the Wait under way, or else the next one, return. It may be
	// called from anywhere.
	Wake()
	// Spun is how long waiting has spun so far.
	Spun() time.Duration
	Close()
}

// Carrier carries a loop's calls to one target and hands back their ends. All
// its methods belong to the loop. Whoever calls Send or Take is told until when
// there is nothing to Take, unless the clock's Wait returns before: agenda.Never
// where only that can tell.
type Carrier interface {
	// Send starts a call now; its end comes out of Take under the same ID.
	Send(id ID, r *Request, now time.Duration) (due time.Duration)
	// Take returns a call that has ended, valid until the next Take; nil when
	// there is none.
	Take(now time.Duration) (d *Done, due time.Duration)
	// Cancel makes one call under way end soon, as cancelled. What would have
	// become of it may come out of Take later, under an ID that is nobody's then;
	// of a call that has ended nothing happens.
	Cancel(id ID, now time.Duration)
	// CancelAll makes every call under way end soon, as cancelled.
	CancelAll(now time.Duration)
	Close()
}

// Request is what a call asks of its target. It and its lists are the loop's: a
// carrier that needs them after Send copies the Request, and may read the lists
// until the call has ended.
type Request struct {
	Number uint64         // of the call in its trial, from 0
	User   uint32         // whose call it is: cookies are a user's, and connections where that is asked for
	Call   any            // what the kind's Prepare made of a step's keys; nil: the target's own call
	Args   []value.Value  // of the holes in the call's templates, in their order
	Want   []look.Operand // what to look for in the answer; none: nothing of it is kept
}

// Done is a call that has ended.
type Done struct {
	ID    ID
	Late  time.Duration // from Send until the call began, where it was handed on first
	Ended time.Duration // the clock's reading where the call ended
	Outcome
}

// ID names a call under way: its slot in the loop's books, the slot's
// generation, so that a call which was given up and ends later meets nobody's
// slot, and a byte that the carrier may use as its own while it has the call.
type ID uint64

const (
	generationBits = 24
	generationMask = 1<<generationBits - 1
	ownBits        = 32 + generationBits
)

// NewID names the call of that number in a slot.
func NewID(slot uint32, number uint64) ID {
	return ID(slot) | ID(number&generationMask)<<32
}

// Slot is where the loop keeps the call.
func (id ID) Slot() uint32 { return uint32(id) }

// In is the ID with another slot.
func (id ID) In(slot uint32) ID { return id>>32<<32 | ID(slot) }

// Of tells whether the ID is of the call of that number, of those that a slot
// has had.
func (id ID) Of(number uint64) bool { return uint64(id>>32)&generationMask == number&generationMask }

// Own is the carrier's byte, 0 at first.
func (id ID) Own() uint8 { return uint8(id >> ownBits) }

// With is the ID with another byte of the carrier's.
func (id ID) With(own uint8) ID { return id&(1<<ownBits-1) | ID(own)<<ownBits }
