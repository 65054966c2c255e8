package workers

import "sync/atomic"

// list is of workers that have something to say: many put one in, and the loop
// takes all.
type list struct{ newest atomic.Pointer[link] }

// link is a worker's place in a list.
type link struct {
	next *link
	*worker
}

func (l *list) push(k *link) {
	for {
		newest := l.newest.Load()
		k.next = newest
		if l.newest.CompareAndSwap(newest, k) {
			return
		}
	}
}

// take empties the list; who was put in first comes first.
func (l *list) take() (first *link) {
	if l.newest.Load() == nil {
		return nil
	}
	for k := l.newest.Swap(nil); k != nil; {
		k.next, first, k = first, k, k.next
	}
	return first
}
