package drive

import "time"

// inFlight is what a port without goroutines keeps of a call until its end.
type inFlight struct {
	number                 uint64
	intended, ready, start time.Duration
}

// flights are the calls in flight, each in a slot of its own.
type flights struct {
	slots  []inFlight
	free   []int32
	number uint64 // of the next call
	step   uint64 // from one number to the next
	call   Call   // what was handed out last
}

// begin gives a call that starts a number and a slot.
func (f *flights) begin(intended, ready, start time.Duration) (slot int32) {
	if n := len(f.free); n > 0 {
		slot = f.free[n-1]
		f.free = f.free[:n-1]
	} else {
		f.slots = append(f.slots, inFlight{})
		slot = int32(len(f.slots) - 1)
	}
	f.slots[slot] = inFlight{number: f.number, intended: intended, ready: ready, start: start}
	f.number += f.step
	return slot
}

// end hands the call of a slot out, but for its outcome, and frees the slot.
func (f *flights) end(slot int32, at time.Duration) *Call {
	c := &f.slots[slot]
	f.call = Call{Number: c.number, Intended: c.intended, Ready: c.ready, Start: c.start, End: at}
	f.free = append(f.free, slot)
	return &f.call
}
