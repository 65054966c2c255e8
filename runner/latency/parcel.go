package latency

import (
	"maps"
	"math"
	"math/bits"
	"slices"

	"plimsoll/runner/parcel"
)

// What goes to another machine is exact: it merges there into the very same as here.

// MostValues bounds what a parcel may count of anything: at a hundred million calls a
// second it takes three hours to get there, and millions of such parcels fit into 64 bits.
const MostValues = 1 << 40

// Append appends the histogram, for ReadHistogram.
func (h *Histogram) Append(b []byte) []byte {
	if h.count == 0 {
		return append(b, byte(h.digits))
	}
	b = append(b, byte(h.digits)|full)
	b = parcel.Count(b, h.min)
	b = parcel.Count(b, h.max-h.min)
	b = parcel.Count(b, h.negative)
	for _, word := range h.moments.sum {
		b = parcel.Uint(b, word)
	}
	for _, word := range h.moments.squares {
		b = parcel.Uint(b, word)
	}
	met := 0
	for range h.met {
		met++
	}
	b = parcel.Count(b, met)
	last := h.bucket(h.min)
	for bucket, c := range h.met {
		b = parcel.Count(b, bucket-last)
		b = parcel.Uint(b, c)
		last = bucket
	}
	return b
}

// full marks, beside its digits, a histogram with values.
const full = 0x10

// ReadHistogram reads what Append has appended. It is sparse: its memory is in
// proportion to the bytes. Of one that cannot be, the reader tells why.
func ReadHistogram(r *parcel.Reader) *Histogram {
	kind := r.Count(math.MaxUint8)
	digits := Digits(kind &^ full)
	if digits != Fine && digits != Coarse {
		r.Fail("a histogram of %d digits is none of ours", digits)
	}
	h := NewSparse(digits)
	if kind&full == 0 {
		return h
	}
	h.min = r.Count(math.MaxInt64)
	h.max = h.min + r.Count(math.MaxInt64-h.min)
	h.negative = r.Count(MostValues)
	for i := range h.moments.sum {
		h.moments.sum[i] = r.Uint()
	}
	for i := range h.moments.squares {
		h.moments.squares[i] = r.Uint()
	}
	h.readBuckets(r)
	h.zero = h.min == 0
	return h
}

// readBuckets reads what was met, of a histogram whose other figures are there, and
// makes sure that they can be those of it.
func (h *Histogram) readBuckets(r *parcel.Reader) {
	n := r.Length(mostBuckets, 2)
	h.buckets, h.counts = make([]int32, 0, n), make([]uint64, 0, n)
	bucket, last := h.bucket(h.min), h.bucket(h.max)
	var least, most moments
	for i := range n {
		step, c := int(r.Count(mostBuckets)), r.Count(MostValues-h.count)
		if bucket += step; c == 0 || bucket > last || (step == 0) != (i == 0) {
			r.Fail("bucket %d of a histogram, with %d values, is none", bucket, c)
			return
		}
		low, high := h.ends(bucket)
		least.addMany(uint64(low), uint64(c))
		most.addMany(uint64(high), uint64(c))
		h.buckets, h.counts = append(h.buckets, int32(bucket)), append(h.counts, uint64(c))
		h.count += c
	}
	switch {
	case n == 0 || bucket != last:
		r.Fail("a histogram from %d to %d ns has its last values in another bucket", h.min, h.max)
	case h.negative > 0 && (h.min > 0 || uint64(h.negative) > h.counts[0]):
		r.Fail("of a histogram's values %d are below 0", h.negative)
	case h.moments.below(least) || most.below(h.moments):
		r.Fail("a histogram's sums cannot be those of its values")
	}
}

// below tells whether a sum is less than that of others.
func (m *moments) below(o moments) bool {
	return lower(m.sum[:], o.sum[:]) || lower(m.squares[:], o.squares[:])
}

// lower tells whether a number of several words, the lowest first, is less than another.
func lower(a, b []uint64) bool {
	borrow := uint64(0)
	for i := range a {
		_, borrow = bits.Sub64(a[i], b[i], borrow)
	}
	return borrow > 0
}

// Append appends the total, for ReadTotal.
func (t Total) Append(b []byte) []byte { return parcel.Uint(parcel.Uint(b, t.high), t.low) }

// mostTime bounds the time in flight of all calls of a window, in nanoseconds.
const mostTime = 1e31

// ReadTotal reads what Append has appended.
func ReadTotal(r *parcel.Reader) Total {
	return Total{high: uint64(r.Count(MostValues)), low: r.Uint()}
}

// Append appends the timeline, for ReadTimeline: the windows in which something
// happened.
func (t *Timeline) Append(b []byte) []byte {
	b = parcel.Bool(b, t.sparse)
	b = parcel.Count(b, bits.TrailingZeros64(uint64(t.width/firstWidth)))
	b = parcel.Count(b, len(t.windows))
	some := 0
	for i := range t.windows {
		if !t.windows[i].empty() {
			some++
		}
	}
	b = parcel.Count(b, some)
	last := 0
	for i := range t.windows {
		if w := &t.windows[i]; !w.empty() {
			b = w.append(parcel.Count(b, i-last))
			last = i
		}
	}
	return b
}

// mostDoublings is how often a timeline's windows can have become twice as wide.
const mostDoublings = 43

// ReadTimeline reads what Append has appended, of a timeline that was made to have so
// many windows at the most.
func ReadTimeline(r *parcel.Reader, windows int) *Timeline {
	t := NewTimeline(windows)
	t.sparse = r.Bool()
	t.width = firstWidth << r.Count(mostDoublings)
	t.windows = t.windows[:r.Count(int64(cap(t.windows)))]
	at := 0
	for i := range r.Length(len(t.windows), leastWindow) {
		step := int(r.Count(int64(len(t.windows))))
		if at += step; at >= len(t.windows) || step == 0 && i > 0 {
			r.Fail("window %d of a timeline of %d is none", at, len(t.windows))
			return t
		}
		t.windows[at].read(r)
	}
	return t
}

func (w *Window) empty() bool {
	return w.Scheduled|w.Started|w.Dropped|w.ended()|w.leaving|w.queued == 0 &&
		w.Response == nil && len(w.Classes) == 0 && w.Late == 0 && w.area == 0 && w.waited == 0 && w.queueArea == 0
}

// What a window has besides counts.
const (
	hasResponse = 1 << iota
	hasClasses
	hasArea
	hasWaited
	hasQueue
	hasAll = 1<<iota - 1
)

// leastWindow is how many bytes a window takes at least.
const leastWindow = 9

func (w *Window) has() (what uint64) {
	for bit, yes := range map[uint64]bool{
		hasResponse: w.Response != nil, hasClasses: len(w.Classes) > 0, hasArea: w.area != 0, hasWaited: w.waited != 0,
		hasQueue: w.queued != 0 || w.queueArea != 0,
	} {
		if yes {
			what |= bit
		}
	}
	return what
}

func (w *Window) counts() []*int64 {
	return []*int64{&w.Scheduled, &w.Started, &w.Dropped, &w.OKs, &w.Failures, &w.Cancellations}
}

func (w *Window) append(b []byte) []byte {
	has := w.has()
	b = parcel.Uint(b, has)
	for _, n := range w.counts() {
		b = parcel.Count(b, *n)
	}
	b = parcel.Int(parcel.Count(b, w.Late), w.leaving)
	if has&hasResponse != 0 {
		b = w.Response.Append(b)
	}
	if has&hasClasses != 0 {
		b = parcel.Count(b, len(w.Classes))
		for _, class := range slices.Sorted(maps.Keys(w.Classes)) {
			b = parcel.Count(parcel.Text(b, class), w.Classes[class])
		}
	}
	if has&hasArea != 0 {
		b = parcel.Float(b, w.area)
	}
	if has&hasWaited != 0 {
		b = parcel.Float(b, w.waited)
	}
	if has&hasQueue != 0 {
		b = parcel.Float(parcel.Int(b, w.queued), w.queueArea)
	}
	return b
}

// MostClasses bounds the classes of failures in a parcel.
const MostClasses = 1000

func (w *Window) read(r *parcel.Reader) {
	has := uint64(r.Count(hasAll))
	for _, n := range w.counts() {
		*n = r.Count(MostValues)
	}
	w.Late, w.leaving = r.Time(), r.Int(MostValues)
	if has&hasResponse != 0 {
		w.Response = ReadHistogram(r)
	}
	if has&hasClasses != 0 {
		w.Classes = readClasses(r, w.Failures)
	}
	if has&hasArea != 0 {
		w.area = r.Float(mostTime)
	}
	if has&hasWaited != 0 {
		w.waited = r.Float(mostTime)
	}
	if has&hasQueue != 0 {
		w.queued, w.queueArea = r.Int(MostValues), r.Float(mostTime)
	}
	values, digits := int64(0), Coarse
	if w.Response != nil {
		values, digits = w.Response.count, w.Response.digits
	}
	if values != w.OKs || digits != Coarse {
		r.Fail("a window of %d successes has %d response times, to %d digits", w.OKs, values, digits)
	}
}

// readClasses reads failures by class, which add up to so many.
func readClasses(r *parcel.Reader, failures int64) map[string]int64 {
	n := r.Length(MostClasses, 2)
	classes := make(map[string]int64, n)
	for range n {
		class, count := r.Text(), r.Count(failures)
		if class == "" || count == 0 {
			r.Fail("a window has %d failures of class %q", count, class)
		}
		classes[class] = count
		failures -= count
	}
	if failures != 0 {
		r.Fail("a window's failures by class miss %d", failures)
	}
	return classes
}

// Counted is what the timeline's windows add up to, which is what the whole has that
// it is of. Mean, largest and all else of each is not in it.
func (t *Timeline) Counted() (sum Window) {
	sum.Classes = map[string]int64{}
	for i := range t.windows {
		into := sum.counts()
		for k, n := range t.windows[i].counts() {
			*into[k] += *n
		}
		for class, n := range t.windows[i].Classes {
			sum.Classes[class] += n
		}
	}
	return sum
}
