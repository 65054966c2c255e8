package latency

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What all values are less by is taken from each, to the histogram's digits,
// and 0 is the least there is.
func TestLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := values(t, "values")
		by := rapid.SampledFrom(append([]int64{0, 1, int64(time.Second)}, vs...)).Draw(t, "by")
		less := of(Fine, vs).Less(time.Duration(by))
		if less.Count() != int64(len(vs)) {
			t.Fatalf("%d of %d values are left", less.Count(), len(vs))
		}
		want := New(Fine)
		for _, v := range vs {
			want.Record(time.Duration(max(0, v-by)))
		}
		for _, p := range []float64{1, 50, 99, 100} {
			got, exact := less.Quantile(p), want.Quantile(p)
			// Each value is known to 1/1024 of what it was, and rounded once more.
			if off, most := got-exact, (exact+time.Duration(by))/512+2; off > most || off < -most {
				t.Fatalf("p%v less %d is %v, want %v", p, by, got, exact)
			}
		}
	})
}
