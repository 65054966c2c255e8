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

// heap4 keeps the earliest of its times at hand: a heap of four children a
// node, which is shallower, and kinder to caches, than one of two.
type heap4 []time.Duration

func (h heap4) len() int           { return len(h) }
func (h heap4) min() time.Duration { return h[0] }

func (h *heap4) push(t time.Duration) {
	*h = append(*h, t)
	s := *h
	i := len(s) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if s[parent] <= t {
			break
		}
		s[i] = s[parent]
		i = parent
	}
	s[i] = t
}

func (h *heap4) pop() {
	s := *h
	last := len(s) - 1
	t := s[last]
	s = s[:last]
	*h = s
	if last == 0 {
		return
	}
	i := 0
	for {
		first := 4*i + 1
		if first >= last {
			break
		}
		least := first
		for child := first + 1; child < min(first+4, last); child++ {
			if s[child] < s[least] {
				least = child
			}
		}
		if t <= s[least] {
			break
		}
		s[i] = s[least]
		i = least
	}
	s[i] = t
}
