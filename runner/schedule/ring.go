package schedule

// ring is a line, first come first served, in memory that is used again.
type ring[T any] struct {
	items     []T // as many as a power of two
	head, len int
}

func (r *ring[T]) first() T { return r.items[r.head] }

func (r *ring[T]) pop() T {
	first := r.items[r.head]
	r.head = (r.head + 1) & (len(r.items) - 1)
	r.len--
	return first
}

func (r *ring[T]) push(item T) {
	if r.len == len(r.items) {
		grown := make([]T, max(16, 2*len(r.items)))
		n := copy(grown, r.items[r.head:])
		copy(grown[n:], r.items[:r.head])
		r.items, r.head = grown, 0
	}
	r.items[(r.head+r.len)&(len(r.items)-1)] = item
	r.len++
}
