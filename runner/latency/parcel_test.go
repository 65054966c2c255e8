package latency

import (
	"bytes"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/parcel"
)

// sent is a histogram as another machine has it.
func sent(t interface{ Fatal(...any) }, h *Histogram) *Histogram {
	r := parcel.NewReader(h.Append(nil))
	got := ReadHistogram(r)
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	return got
}

// Whatever a histogram holds, what is sent of it is the same to the last bit, and
// merges into the same, of one kind or of the other.
func TestHistogramsAreSentExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.SampledFrom([]Digits{Fine, Coarse}).Draw(t, "digits")
		kind := rapid.SampledFrom([]func(Digits) *Histogram{New, NewSparse})
		h, other := kind.Draw(t, "kind")(digits), kind.Draw(t, "the other's kind")(digits)
		for _, v := range append(values(t, "values"), 0, math.MaxInt64)[rapid.IntRange(0, 2).Draw(t, "without"):] {
			h.RecordN(time.Duration(v)-time.Duration(rapid.IntRange(0, 1).Draw(t, "less")), rapid.Int64Range(1, 1<<30).Draw(t, "times"))
		}
		for _, v := range values(t, "other values") {
			other.Record(time.Duration(v))
		}
		got := sent(t, h)
		same(t, got, h)
		if got.moments != h.moments || got.negative != h.negative || !bytes.Equal(got.Append(nil), h.Append(nil)) {
			t.Fatalf("%+v, want %+v", got, h)
		}
		mine, theirs := sent(t, other), sent(t, other)
		mine.Merge(h)
		theirs.Merge(got)
		if !bytes.Equal(mine.Append(nil), theirs.Append(nil)) {
			t.Fatalf("merged %+v, want %+v", theirs, mine)
		}
		got.Record(0) // it goes on as any other
		h.Record(0)
		if !bytes.Equal(got.Append(nil), h.Append(nil)) {
			t.Fatalf("after a 0 %+v, want %+v", got, h)
		}
	})
}

// A timeline that is sent, piece by piece, is the one that was never cut.
func TestTimelinesAreSentExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lists := make([][]history, rapid.IntRange(1, 4).Draw(t, "pieces"))
		for i := range lists {
			lists[i] = histories(t, "calls")
			for k := range lists[i] { // whole numbers of floating point are exact for 104 days of calls in flight
				h := &lists[i][k]
				h.intended, h.start, h.end = h.intended/(1<<12), h.start/(1<<12), h.end/(1<<12)
			}
		}
		whole, merged := timelineOf(lists...), NewTimeline(MaxWindows)
		for _, list := range lists {
			piece := timelineOf(list)
			piece.Queue(time.Second, 3)
			whole.Queue(time.Second, 3)
			b := piece.Append(nil)
			r := parcel.NewReader(b)
			got := ReadTimeline(r, MaxWindows)
			if err := r.End(); err != nil || !bytes.Equal(got.Append(nil), b) {
				t.Fatalf("%v: %+v, want %+v", err, got, piece)
			}
			merged.Merge(got)
		}
		if !bytes.Equal(merged.Append(nil), whole.Append(nil)) {
			t.Fatalf("merged %+v\nwant %+v", merged, whole)
		}
	})
}

func TestTotalsAreSentExactly(t *testing.T) {
	for _, total := range []Total{{}, {low: 7}, {high: 3, low: math.MaxUint64}} {
		r := parcel.NewReader(total.Append(nil))
		if got := ReadTotal(r); got != total || r.End() != nil {
			t.Errorf("%+v, want %+v: %v", got, total, r.Err())
		}
	}
}

// Bytes of anybody's make no histogram that could not be.
func TestHistogramsThatCannotBeAreRefused(t *testing.T) {
	h := New(Fine)
	h.RecordN(1000, 3)
	h.RecordN(5*time.Second, 2)
	for name, change := range map[string]func(h *Histogram){
		"a sum too small":           func(h *Histogram) { h.moments.sum[0]--; h.moments.sum[0] -= 1 << 33 },
		"a sum too large":           func(h *Histogram) { h.moments.sum[1]++ },
		"squares too large":         func(h *Histogram) { h.moments.squares[2]++ },
		"a lower minimum":           func(h *Histogram) { h.min = 0 },
		"a higher maximum":          func(h *Histogram) { h.max *= 2 },
		"values below 0":            func(h *Histogram) { h.negative = 1 },
		"more values than there be": func(h *Histogram) { h.counts[0] = MostValues },
	} {
		r := parcel.NewReader(h.Append(nil))
		lie := ReadHistogram(r)
		if r.End() != nil {
			t.Fatal(r.Err())
		}
		change(lie)
		r = parcel.NewReader(lie.Append(nil))
		if ReadHistogram(r); r.Err() == nil {
			t.Errorf("%s: was taken", name)
		}
	}
}
