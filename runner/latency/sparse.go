package latency

import (
	"math"
	"slices"
)

// NewSparse makes an empty histogram for what may be met only a few times, as
// one of very many: it counts the buckets that it has met and none between them,
// until it has had so many values that room for all is worth it. It holds what
// any other does.
func NewSparse(d Digits) *Histogram {
	h := New(d)
	h.first = scattered
	return h
}

// scattered is where counts begin that are those of h.buckets: behind every
// bucket, so that none of them is found as if they were in a row.
const scattered = math.MaxInt32

// at is the place of a bucket's count, after making room for it.
func (h *Histogram) at(bucket int) uint {
	if i := uint(bucket - h.first); i < uint(len(h.counts)) {
		return i
	}
	return h.place(bucket)
}

// place is at for a bucket that is not in a row with those there are.
func (h *Histogram) place(bucket int) uint {
	if h.first != scattered {
		return h.grow(bucket)
	}
	if h.crowded(int32(bucket)) {
		h.spread()
		return h.at(bucket)
	}
	i, met := slices.BinarySearch(h.buckets, int32(bucket))
	if !met {
		h.buckets = slices.Insert(h.buckets, i, int32(bucket))
		h.counts = slices.Insert(h.counts, i, 0)
	}
	return uint(i)
}

// crowded tells whether a row of counts, from the lowest bucket to the highest,
// is worth its memory: where it takes no more, or where so many values are met
// that they had better be found at once.
func (h *Histogram) crowded(bucket int32) bool {
	met := len(h.buckets)
	if met == 0 {
		return false
	}
	row := int64(max(bucket, h.buckets[met-1])-min(bucket, h.buckets[0])) + 2*spare
	return 4*h.count > row || int64(met)*(4+8) > row*8
}

// spread lays the counts out in a row.
func (h *Histogram) spread() {
	buckets, counts := h.buckets, h.counts
	h.buckets, h.counts, h.first = nil, nil, 0
	if len(buckets) == 0 {
		return
	}
	h.at(int(buckets[0]))
	h.at(int(buckets[len(buckets)-1]))
	for i, b := range buckets {
		h.counts[int(b)-h.first] = counts[i]
	}
}

// met are the buckets that hold values, the lowest first, with their counts.
func (h *Histogram) met(yield func(bucket int, count uint64) bool) {
	for i, c := range h.counts {
		if c > 0 && !yield(h.bucketAt(i), c) {
			return
		}
	}
}

// bucketAt is the bucket of a place in counts.
func (h *Histogram) bucketAt(i int) int {
	if h.first == scattered {
		return int(h.buckets[i])
	}
	return h.first + i
}
