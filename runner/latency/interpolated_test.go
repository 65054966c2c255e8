package latency

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestInterpolatedIsInTheQuantilesBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := New(rapid.SampledFrom([]Digits{Fine, Coarse}).Draw(t, "digits"))
		for _, v := range rapid.SliceOfN(rapid.Int64Range(0, int64(Highest)), 1, 50).Draw(t, "values") {
			h.Record(time.Duration(v))
		}
		last := 0.0
		for percent := 0.0; percent <= 100; percent += 2.5 {
			got, quantile := h.Interpolated(percent), float64(h.Quantile(percent))
			if math.Abs(got-quantile) > quantile/128+1 || got < float64(h.Min()) || got > float64(h.Max()) || got < last {
				t.Fatalf("%v %%: %v, the quantile is %v, the one before %v", percent, got, quantile, last)
			}
			last = got
		}
	})
}

func TestInterpolatedMovesWithinABucket(t *testing.T) {
	h := New(Fine)
	if h.Interpolated(50) != 0 {
		t.Error("an empty histogram has a quantile")
	}
	for range 3 {
		h.Record(time.Second)
	}
	if got := h.Interpolated(50); got != 1e9 {
		t.Errorf("a constant second is %v", got)
	}
	h = New(Fine) // its buckets here are half a millisecond wide and wider
	for v := 900 * time.Millisecond; v <= 1100*time.Millisecond; v += time.Microsecond {
		h.Record(v)
	}
	for percent := 10.0; percent < 90; percent += 0.1 {
		want := 0.9e9 + percent/100*0.2e9
		if got := h.Interpolated(percent); math.Abs(got-want) > 2e3 {
			t.Fatalf("%v %% of an even range is %v, want %v", percent, got, want)
		}
	}
}
