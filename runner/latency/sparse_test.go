package latency

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A histogram of few values tells what any other does, also while it is merged
// with others of either kind, and when it has become one of many.
func TestSparseIsNoOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.SampledFrom([]Digits{Fine, Coarse}).Draw(t, "digits")
		sparse, dense := NewSparse(digits), New(digits)
		for range rapid.IntRange(1, 4).Draw(t, "parts") {
			vs := values(t, "values")
			times := rapid.IntRange(1, 50).Draw(t, "times")
			part := rapid.SampledFrom([]func(Digits) *Histogram{New, NewSparse}).Draw(t, "part")(digits)
			for _, v := range vs {
				for range times {
					part.Record(time.Duration(v))
					dense.Record(time.Duration(v))
				}
			}
			if rapid.Bool().Draw(t, "into it") {
				sparse.Merge(part)
			} else {
				part.Merge(sparse)
				sparse = part
			}
		}
		same(t, sparse, dense)
		if sparse.moments != dense.moments {
			t.Fatalf("moments %v, of the other %v", sparse.moments, dense.moments)
		}
		got, err := sparse.Encode()
		want, _ := dense.Encode()
		if err != nil || got != want {
			t.Fatalf("encoded as %q (%v), the other as %q", got, err, want)
		}
		for _, v := range values(t, "at most") {
			if got, want := sparse.CountAtMost(time.Duration(v)), dense.CountAtMost(time.Duration(v)); got != want {
				t.Fatalf("%d values of at most %d, of the other %d", got, v, want)
			}
		}
		sparse.Reset()
		if sparse.Count() != 0 || sparse.Max() != 0 || sparse.Quantile(50) != 0 {
			t.Fatalf("%+v after a reset", sparse)
		}
	})
}

// It takes no room for what it has not met; with values enough it is as quick as
// any other.
func TestSparseTakesLittle(t *testing.T) {
	h := NewSparse(Fine)
	for i := range 300 {
		h.Record(time.Duration(i*i) * time.Microsecond)
	}
	if len(h.counts) > 300 || len(h.buckets) != len(h.counts) {
		t.Errorf("%d counts of %d buckets", len(h.counts), len(h.buckets))
	}
	for range 100_000 {
		h.Record(time.Millisecond)
	}
	if h.first == scattered || h.buckets != nil || h.Count() != 100_300 {
		t.Errorf("%d buckets are scattered after %d values", len(h.buckets), h.Count())
	}
}
