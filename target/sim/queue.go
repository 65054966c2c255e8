package sim

import "time"

// ring is a queue of times, first in, first out.
type ring struct {
	times []time.Duration // a power of two
	head  int
	count int
}

func (r *ring) len() int             { return r.count }
func (r *ring) first() time.Duration { return r.times[r.head] }

func (r *ring) pop() {
	r.head = (r.head + 1) & (len(r.times) - 1)
	r.count--
}

func (r *ring) push(t time.Duration) {
	if r.count == len(r.times) {
		grown := make([]time.Duration, max(16, 2*len(r.times)))
		n := copy(grown, r.times[r.head:])
		copy(grown[n:], r.times[:r.head])
		r.times, r.head = grown, 0
	}
	r.times[(r.head+r.count)&(len(r.times)-1)] = t
	r.count++
}
