// Package latency keeps distributions of durations in memory that does not
// grow with the number of values: a log-linear array with the very buckets of
// an HdrHistogram, so that it exports to one without losing a digit, and
// costs a few instructions a value.
package latency

import (
	"math"
	"math/bits"
	"time"
)

// Highest is the longest duration there is: no value is too long for a
// histogram, which grows to what it meets.
const Highest = time.Duration(math.MaxInt64)

// Digits is how many significant decimal digits a histogram keeps.
type Digits int

// The two resolutions in use: a relative error of at most 0.1 % (1/1024), and
// 0.8 % (1/128) for the windows of a timeline.
const (
	Fine   Digits = 3
	Coarse Digits = 2
)

// Histogram counts durations of 0 ns to Highest. The zero value is not ready:
// use New. It is not safe for concurrent use; keep one for each recorder and
// merge.
type Histogram struct {
	digits Digits
	shift  uint     // log2 of the sub-buckets in each octave
	mask   uint64   // values up to it have a bucket each
	first  int      // the bucket that counts[0] stands for, or scattered
	counts []uint64 // the range of buckets seen so far
	count  int64
	// buckets are those of counts where they are scattered, in order.
	buckets []int32

	min, max int64
	zero     bool // a 0 was met: one more needs nothing but to be counted
	moments  moments
	negative int64
}

// New makes an empty histogram.
func New(d Digits) *Histogram {
	h := &Histogram{digits: Fine, shift: 10}
	if d == Coarse {
		h.digits, h.shift = Coarse, 7
	}
	h.mask = 2<<h.shift - 1
	h.Reset()
	return h
}

// Reset forgets every value and keeps the memory.
func (h *Histogram) Reset() {
	if h.first == scattered {
		h.buckets, h.counts = h.buckets[:0], h.counts[:0]
	}
	clear(h.counts)
	h.count, h.negative, h.zero = 0, 0, false
	h.min, h.max = math.MaxInt64, 0
	h.moments = moments{}
}

// Record counts one duration. Negative ones count as 0, which most calls have
// been held for, and were late by.
func (h *Histogram) Record(d time.Duration) {
	if d == 0 && h.zero {
		h.count++
		h.counts[0]++
		return
	}
	h.record(d)
}

func (h *Histogram) record(d time.Duration) {
	v := int64(d)
	if v < 0 {
		h.negative++
		v = 0
	}
	h.count++
	h.min = min(h.min, v)
	h.max = max(h.max, v)
	if v < small {
		h.moments.addSmall(uint64(v))
	} else {
		h.moments.addMany(uint64(v), 1)
	}
	i := uint(h.bucket(v) - h.first)
	if i >= uint(len(h.counts)) {
		i = h.place(h.bucket(v))
	}
	h.counts[i]++
	h.zero = h.min == 0 // then bucket 0 is the first
}

// RecordN counts a duration n times, as Record does.
func (h *Histogram) RecordN(d time.Duration, n int64) {
	if n <= 0 {
		return
	}
	if d < 0 {
		h.negative += n
		d = 0
	}
	h.add(int64(d), n)
}

// bucket finds v's bucket: HdrHistogram's layout with a unit of 1 ns.
func (h *Histogram) bucket(v int64) int {
	octave := uint(bits.Len64(uint64(v)|h.mask)) - h.shift - 1
	return int(octave<<h.shift) + int(v>>octave)
}

// top is the largest value of a bucket, which stands for all of them, as
// HdrHistogram has it.
func (h *Histogram) top(bucket int) int64 {
	if bucket <= int(h.mask) {
		return int64(bucket)
	}
	octave := uint(bucket>>h.shift) - 1
	return int64(bucket-int(octave<<h.shift)+1)<<octave - 1
}

// bottom is the smallest value of a bucket.
func (h *Histogram) bottom(bucket int) int64 {
	if bucket == 0 {
		return 0
	}
	return h.top(bucket-1) + 1
}

// spare is for how many buckets more there is room at the least, on the side on
// which one is missing.
const spare = 64

// grow makes room for a bucket, with some to spare, and tells its place in counts.
// What is to spare grows with what there is: else one whose values spread bit by
// bit would be copied again and again.
func (h *Histogram) grow(bucket int) uint {
	low, high := bucket, bucket+1
	if len(h.counts) > 0 {
		low, high = min(low, h.first), max(high, h.first+len(h.counts))
	}
	more := max(spare, len(h.counts)/2)
	if low < h.first || len(h.counts) == 0 {
		low = max(0, low-more)
	}
	if high > h.first+len(h.counts) {
		high = min(high+more, h.bucket(int64(Highest))+1)
	}
	counts := make([]uint64, high-low)
	if len(h.counts) > 0 {
		copy(counts[h.first-low:], h.counts)
	}
	h.first, h.counts = low, counts
	return uint(bucket - low)
}

// Merge adds every value of o. Of other digits the values of each of its buckets
// count as the highest of them.
func (h *Histogram) Merge(o *Histogram) {
	if o.count == 0 {
		return
	}
	h.moments.merge(o.moments)
	h.count += o.count
	h.negative += o.negative
	h.min, h.max = min(h.min, o.min), max(h.max, o.max)
	if o.first != scattered && h.first == scattered {
		h.spread()
	}
	for _, edge := range []int64{o.min, o.max} {
		h.at(h.bucket(edge))
	}
	if o.first == scattered || o.digits != h.digits {
		h.regroup(o)
		return
	}
	from, to := o.bucket(o.min), o.bucket(o.max)
	into := h.counts[from-h.first:]
	for i, c := range o.counts[from-o.first : to-o.first+1] {
		into[i] += c
	}
}

// regroup takes in the counts of one that is scattered, or of another
// resolution: then the values of each bucket at their highest.
func (h *Histogram) regroup(o *Histogram) {
	for bucket, c := range o.met {
		h.counts[h.at(h.bucket(max(o.min, min(o.max, o.top(bucket)))))] += c
	}
}

// Digits is the resolution that the histogram was made with.
func (h *Histogram) Digits() Digits { return h.digits }

// Count is the number of values.
func (h *Histogram) Count() int64 { return h.count }

// Negative is how many values were below 0, and count as 0.
func (h *Histogram) Negative() int64 { return h.negative }

// Sum is that of all values in nanoseconds, exact but for the rounding of floating
// point.
func (h *Histogram) Sum() float64 { return h.moments.total() }

// Buckets are those that hold values, the lowest first: the lowest value of each, not
// below Min, and how many it holds.
func (h *Histogram) Buckets(yield func(lowest time.Duration, count int64) bool) {
	for bucket, c := range h.met {
		if low, _ := h.ends(bucket); !yield(low, int64(c)) {
			return
		}
	}
}

// Min is the smallest value, exactly; 0 without any.
func (h *Histogram) Min() time.Duration {
	if h.count == 0 {
		return 0
	}
	return time.Duration(h.min)
}

// Max is the largest value, exactly; 0 without any.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max) }

// Mean is the arithmetic mean in nanoseconds, exact but for the rounding of
// floating point; 0 without any value.
func (h *Histogram) Mean() float64 {
	if h.count == 0 {
		return 0
	}
	return h.moments.mean(h.count)
}

// Stddev is the standard deviation of the values in nanoseconds (the
// population's: divided by n).
func (h *Histogram) Stddev() float64 {
	if h.count == 0 {
		return 0
	}
	return h.moments.stddev(h.count)
}

// Quantile is the smallest value that percent of all values do not exceed
// (percent from 0 to 100), to the histogram's digits and never outside Min and
// Max; 0 without any value.
func (h *Histogram) Quantile(percent float64) time.Duration {
	_, high := h.Ranked(Rank(percent, h.count))
	return high
}

// Rank is which of so many ordered values, counted from 1, is a quantile.
func Rank(percent float64, count int64) int64 {
	// 99.9 % of 1,000 is the 999th value, also where floating point says 999.0000000001.
	return max(1, int64(math.Ceil(percent/100*float64(count)*(1-1e-12))))
}

// Ranked is between which two durations the rank-th shortest value lies: the
// ends of its bucket, cut off at Min and Max; 0 without any value.
func (h *Histogram) Ranked(rank int64) (low, high time.Duration) {
	if h.count == 0 {
		return 0, 0
	}
	seen := int64(0)
	for i, c := range h.counts {
		if seen += int64(c); c > 0 && seen >= rank {
			return h.ends(h.bucketAt(i))
		}
	}
	return h.Max(), h.Max()
}

// ends are the lowest and the highest value that a bucket can hold.
func (h *Histogram) ends(bucket int) (low, high time.Duration) {
	return time.Duration(max(h.min, h.bottom(bucket))), time.Duration(max(h.min, min(h.max, h.top(bucket))))
}

// CountAtMost is how many values are d or less, to the histogram's digits:
// values that share d's bucket count as d.
func (h *Histogram) CountAtMost(d time.Duration) int64 {
	if h.count == 0 || int64(d) < h.min {
		return 0
	}
	if int64(d) >= h.max {
		return h.count
	}
	seen, last := int64(0), h.bucket(int64(d))
	for bucket, c := range h.met {
		if bucket > last {
			break
		}
		seen += int64(c)
	}
	return seen
}

// Less is every value less so much, to the histogram's digits; none falls
// below 0.
func (h *Histogram) Less(by time.Duration) *Histogram {
	if by <= 0 || h.count == 0 {
		return h
	}
	less := New(h.digits)
	for bucket, c := range h.met {
		low, _ := h.ends(bucket)
		less.add(max(0, int64(low-by)), int64(c))
	}
	return less
}

// add counts n values.
func (h *Histogram) add(v, n int64) {
	h.count += n
	h.min, h.max = min(h.min, v), max(h.max, v)
	h.moments.addMany(uint64(v), uint64(n))
	h.counts[h.at(h.bucket(v))] += uint64(n)
}
