package export

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/latency"
)

// times are durations of all magnitudes, and 0.
func times(t *rapid.T) []time.Duration {
	one := rapid.Custom(func(t *rapid.T) time.Duration {
		if rapid.IntRange(0, 9).Draw(t, "zero") == 0 {
			return 0
		}
		return time.Duration(math.Pow(10, rapid.Float64Range(0, 12).Draw(t, "magnitude")))
	})
	return rapid.SliceOfN(one, 1, 200).Draw(t, "times")
}

// A native bucket ends at 2^(n/16), which belongs to it, and so does nothing below
// its beginning.
func TestNativeBuckets(t *testing.T) {
	end := func(n int) float64 { return math.Exp2(float64(n) / perOctave) }
	rapid.Check(t, func(t *rapid.T) {
		v := math.Pow(10, rapid.Float64Range(-9, 10).Draw(t, "magnitude"))
		if n := native(v); v > end(n)*(1+1e-12) || v <= end(n-1)*(1-1e-12) {
			t.Fatalf("%v is in bucket %d, from %v to %v", v, n, end(n-1), end(n))
		}
	})
	for exponent := -30; exponent <= 30; exponent++ { // the ends that are exact
		v := math.Ldexp(1, exponent)
		if native(v) != exponent*perOctave || native(math.Nextafter(v, 2*v)) != exponent*perOctave+1 {
			t.Errorf("2^%d is in bucket %d, the next number in %d", exponent, native(v), native(math.Nextafter(v, 2*v)))
		}
	}
}

// Whatever pieces a distribution is told in, it holds every value once: in the
// classic bucket and in the native one that the value lies in, as far as a
// histogram's digits tell.
func TestDistributionHoldsEveryValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, d, h := times(t), newDistribution(), latency.New(latency.Fine)
		sum := 0.0
		for _, v := range all {
			sum += v.Seconds()
			h.Record(v)
			if rapid.IntRange(0, 5).Draw(t, "cut") == 0 {
				d.add(h)
				h.Reset()
			}
		}
		d.add(h)
		if d.count != uint64(len(all)) || math.Abs(d.sum()-sum) > 1e-9*sum {
			t.Fatalf("%d values, %v in all; want %d, %v", d.count, d.sum(), len(all), sum)
		}
		total := d.zero
		for i, n := range d.counts {
			total += n
			low, high := math.Exp2(float64(d.first+i-1)/perOctave), math.Exp2(float64(d.first+i)/perOctave)
			if least, most := within(all, low*1.001, high*0.999), within(all, low*0.999, high*1.001); n < least || n > most {
				t.Fatalf("%d in the native bucket from %v to %v, want %d to %d", n, low, high, least, most)
			}
		}
		if total != d.count {
			t.Fatalf("%d in native buckets, %d in all", total, d.count)
		}
		for bound, n := range d.upTo {
			if least, most := within(all, -1, bound), within(all, -1, bound*1.001); n < least || n > most {
				t.Fatalf("%d up to %v, want %d to %d", n, bound, least, most)
			}
		}
	})
}

// within counts the values above one bound that are not above another.
func within(all []time.Duration, low, high float64) (n uint64) {
	for _, v := range all {
		if s := v.Seconds(); s > low && s <= high {
			n++
		}
	}
	return n
}

// A call that took exactly as long as a bucket goes belongs to it.
func TestRoundTimesAreWithinTheirBound(t *testing.T) {
	for _, bound := range bounds {
		d, h := newDistribution(), latency.New(latency.Fine)
		h.Record(time.Duration(math.Round(bound * 1e9)))
		h.Record(time.Hour)
		d.add(h)
		for b, n := range d.upTo {
			if want := b >= bound; want != (n >= 1) {
				t.Errorf("a time of %v: %d are up to %v", bound, n, b)
			}
		}
	}
}

// What Prometheus makes of spans and differences are the counts again.
func TestSpansTellTheCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDistribution()
		want := map[int]int64{}
		for range rapid.IntRange(0, 30).Draw(t, "values") {
			bucket := rapid.IntRange(-40, 40).Draw(t, "bucket")
			*d.at(bucket) += 1
			want[bucket]++
		}
		spans, deltas := d.spans()
		count, bucket := int64(0), 0
		for i, s := range spans {
			if bucket += s.offset; i > 0 && s.offset <= gap || s.length < 1 {
				t.Fatalf("spans %v", spans)
			}
			for range s.length {
				if len(deltas) == 0 {
					t.Fatalf("too few differences for %v", spans)
				}
				count += deltas[0]
				deltas = deltas[1:]
				if count != want[bucket] || count < 0 {
					t.Fatalf("%d in bucket %d, want %d: %v", count, bucket, want[bucket], spans)
				}
				delete(want, bucket)
				bucket++
			}
		}
		if len(want) > 0 || len(deltas) > 0 {
			t.Fatalf("untold: %v; differences left: %v", want, deltas)
		}
	})
}
