package export

import (
	"math"
	"slices"
	"sort"

	"plimsoll/runner/latency"
)

// bounds are the upper ends of classic buckets, in seconds: six to a power of ten,
// from a tenth of a millisecond to more than a minute.
var bounds = classicBounds()

func classicBounds() (all []float64) {
	for _, unit := range []float64{1e4, 1e3, 100, 10, 1, 0.1} { // divided by, so that they are 0.001 and not nearly so
		for _, n := range []float64{1, 1.5, 2, 3, 5, 7} {
			all = append(all, n/unit)
		}
	}
	return all
}

// schema is the resolution of native, or exponential, histograms: 2^schema buckets
// to each power of two. So a bucket is 4.4 % wide.
const schema, perOctave = 4, 1 << schema

// octave are the upper ends of the buckets from 1/2 to 1.
var octave = octaveBounds()

func octaveBounds() (all [perOctave]float64) {
	for i := range all {
		all[i] = math.Exp2(float64(i+1)/perOctave - 1)
	}
	return all
}

// native is the bucket of a value above 0: it ends at 2^(native/perOctave), which
// belongs to it.
func native(v float64) int {
	part, exponent := math.Frexp(v)
	if part == 0.5 { // the end of the octave below
		return (exponent - 1) * perOctave
	}
	return sort.SearchFloat64s(octave[:], part) + 1 + (exponent-1)*perOctave
}

// distribution are durations in the buckets of those who are told of them. Values
// are as exact as a latency.Histogram's.
type distribution struct {
	count, zero uint64
	nanoseconds float64  // of all of them
	classic     []uint64 // up to each of bounds, and above the one before; the last: above all
	first       int      // the native bucket of counts[0]
	counts      []uint64
}

func newDistribution() *distribution {
	return &distribution{classic: make([]uint64, len(bounds)+1)}
}

// add takes in what a histogram has. The lowest value of each of its buckets stands
// for all of it, so that those that were met exactly at a bound are not above it.
func (d *distribution) add(h *latency.Histogram) {
	d.count += uint64(h.Count())
	d.nanoseconds += h.Sum()
	for low, count := range h.Buckets {
		v := low.Seconds()
		d.classic[sort.SearchFloat64s(bounds, v)] += uint64(count)
		if v == 0 {
			d.zero += uint64(count)
			continue
		}
		*d.at(native(v)) += uint64(count)
	}
}

// at is the count of a native bucket.
func (d *distribution) at(bucket int) *uint64 {
	switch end := d.first + len(d.counts); {
	case len(d.counts) == 0:
		d.first, d.counts = bucket, make([]uint64, 1)
	case bucket < d.first:
		d.counts = slices.Insert(d.counts, 0, make([]uint64, d.first-bucket)...)
		d.first = bucket
	case bucket >= end:
		d.counts = append(d.counts, make([]uint64, bucket-end+1)...)
	}
	return &d.counts[bucket-d.first]
}

// clone is a copy for whoever reads it later.
func (d *distribution) clone() *distribution {
	same := *d
	same.classic, same.counts = slices.Clone(d.classic), slices.Clone(d.counts)
	return &same
}

// sum is that of all values, in seconds.
func (d *distribution) sum() float64 { return d.nanoseconds / 1e9 }

// span are native buckets in a row that are told, so many behind the end of the
// span before (the first: behind 0).
type span struct{ offset, length int }

// gap is how many empty buckets in a row are told like others: a span costs more.
const gap = 2

// spans are the native buckets as Prometheus has them: which ones, and how each
// count differs from the one before.
func (d *distribution) spans() (spans []span, deltas []int64) {
	before, next := uint64(0), 0 // the count before, and the bucket behind the last span
	for i, c := range d.counts {
		if c == 0 {
			continue
		}
		bucket := d.first + i
		if empty := bucket - next; len(spans) == 0 || empty > gap {
			spans = append(spans, span{offset: empty})
		} else {
			for range empty {
				deltas, before = append(deltas, -int64(before)), 0
				spans[len(spans)-1].length++
			}
		}
		deltas, before = append(deltas, int64(c-before)), c
		spans[len(spans)-1].length++
		next = bucket + 1
	}
	return spans, deltas
}
