// Package agenda keeps what is to come in order of time. Simulations spend
// half of their time here.
package agenda

import (
	"math"
	"time"
)

// Never is later than anything that comes: what never ends, ends then.
const Never = time.Duration(math.MaxInt64)

// Later is so much after a time; Never where that is beyond the end of time.
func Later(at, by time.Duration) time.Duration {
	if sum := at + by; sum >= at {
		return sum
	}
	return Never
}

// Agenda is a heap of four children a node, the earliest entry first: it is
// shallower, and kinder to caches, than one of two. The zero Agenda is empty.
type Agenda[T any] []Entry[T]

// Entry is something that comes at a time.
type Entry[T any] struct {
	What T // first, so that one of no size takes no room
	At   time.Duration
}

// Len is the number of entries.
func (a Agenda[T]) Len() int { return len(a) }

// First is the time of the earliest entry, of which there must be one.
func (a Agenda[T]) First() time.Duration { return a[0].At }

// Push adds an entry.
func (a *Agenda[T]) Push(at time.Duration, what T) {
	*a = append(*a, Entry[T]{})
	s := *a
	i := len(s) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if s[parent].At <= at {
			break
		}
		s[i] = s[parent]
		i = parent
	}
	s[i] = Entry[T]{what, at}
}

// Pop takes the earliest entry out. There must be one.
func (a *Agenda[T]) Pop() Entry[T] {
	s := *a
	top, last := s[0], len(s)-1
	e := s[last]
	s = s[:last]
	*a = s
	i := 0
	for {
		first := 4*i + 1
		if first >= last {
			break
		}
		least, at := earliest(s[first:])
		if e.At <= at {
			break
		}
		s[i] = s[first+least]
		i = first + least
	}
	if last > 0 {
		s[i] = e
	}
	return top
}

// earliest finds the first of at most four entries. Which of them it is cannot
// be predicted, so the case of all four is written without branches that would
// have to be.
func earliest[T any](s []Entry[T]) (least int, at time.Duration) {
	if len(s) < 4 {
		at = s[0].At
		for i := range s {
			if s[i].At < at {
				least, at = i, s[i].At
			}
		}
		return least, at
	}
	a, b, c, d := s[0].At, s[1].At, s[2].At, s[3].At
	left, right := 0, 2
	if b < a {
		left = 1
	}
	if d < c {
		right = 3
	}
	ab, cd := min(a, b), min(c, d)
	if cd < ab {
		left = right
	}
	return left, min(ab, cd)
}
