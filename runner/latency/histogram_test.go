package latency

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

func values(t *rapid.T, name string) []int64 {
	any := rapid.OneOf(rapid.Int64Range(0, 5000), rapid.Int64Range(0, int64(time.Second)), rapid.Int64Range(0, int64(time.Hour)),
		rapid.Int64Range(0, int64(10_000*time.Hour)), rapid.Int64Range(0, int64(Highest)))
	return rapid.SliceOfN(any, 1, 300).Draw(t, name)
}

func of(d Digits, vs []int64) *Histogram {
	h := New(d)
	for _, v := range vs {
		h.Record(time.Duration(v))
	}
	return h
}

// The oracle is the list itself: what a histogram saves us from keeping.
func TestQuantilesAgreeWithTheSortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.SampledFrom([]Digits{Fine, Coarse}).Draw(t, "digits")
		vs := values(t, "values")
		h := of(digits, vs)
		sort.Slice(vs, func(i, j int) bool { return vs[i] < vs[j] })
		precision := map[Digits]float64{Fine: 1.0 / 1024, Coarse: 1.0 / 128}[digits]
		for _, p := range []float64{0, 1, 25, 50, 90, 99, 99.9, 100} {
			exact := float64(vs[max(1, int(math.Ceil(p*float64(len(vs))/100)))-1])
			got := float64(h.Quantile(p))
			if got < exact || got > exact*(1+precision) {
				t.Fatalf("p%v of %v is %v, want %v to within %v", p, vs, got, exact, precision)
			}
		}
		if int64(h.Min()) != vs[0] || int64(h.Max()) != vs[len(vs)-1] {
			t.Fatalf("min %v max %v of %v", h.Min(), h.Max(), vs)
		}
	})
}

func TestMomentsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := values(t, "values")
		h := of(Fine, vs)
		n, sum, squares := big.NewInt(int64(len(vs))), new(big.Int), new(big.Int)
		for _, v := range vs {
			sum.Add(sum, big.NewInt(v))
			squares.Add(squares, new(big.Int).Mul(big.NewInt(v), big.NewInt(v)))
		}
		mean, _ := new(big.Rat).SetFrac(sum, n).Float64()
		// n·Σv² − (Σv)² over n²
		variance, _ := new(big.Rat).SetFrac(squares.Sub(squares.Mul(squares, n), sum.Mul(sum, sum)), n.Mul(n, n)).Float64()
		near(t, "mean", h.Mean(), mean, 1e-15*mean)
		near(t, "stddev", h.Stddev(), math.Sqrt(variance), 1e-15*math.Sqrt(variance))
	})
	h := New(Fine)
	for range 1000 {
		h.Record(1040 * time.Millisecond)
	}
	if h.Mean() != 1.04e9 || h.Stddev() != 0 || h.Quantile(50) != 1040*time.Millisecond {
		t.Errorf("a constant is not kept exactly: mean %v stddev %v p50 %v", h.Mean(), h.Stddev(), h.Quantile(50))
	}
}

func near(t interface{ Fatalf(string, ...any) }, what string, got, want, within float64) {
	if !(math.Abs(got-want) <= within) {
		t.Fatalf("%s is %v, want %v ± %v", what, got, want, within)
	}
}

func TestMergeIsRecordingAllInOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := values(t, "a"), values(t, "b")
		merged, all := of(Fine, a), of(Fine, append(append([]int64{}, a...), b...))
		merged.Merge(of(Fine, b))
		if rapid.Bool().Draw(t, "other order") {
			merged = of(Fine, b)
			merged.Merge(of(Fine, a))
		}
		same(t, merged, all)
		if merged.moments != all.moments {
			t.Fatalf("moments %v, recorded in one %v", merged.moments, all.moments)
		}
	})
}

func same(t *rapid.T, a, b *Histogram) {
	if a.count != b.count || a.min != b.min || a.max != b.max {
		t.Fatalf("counts %d %d, min %d %d, max %d %d", a.count, b.count, a.min, b.min, a.max, b.max)
	}
	for p := 0.0; p <= 100; p += 2.5 {
		if a.Quantile(p) != b.Quantile(p) {
			t.Fatalf("p%v: %v and %v", p, a.Quantile(p), b.Quantile(p))
		}
	}
}

// The standard library of the field is the oracle of our buckets.
func TestBucketsAreHdrHistograms(t *testing.T) {
	var encoder Encoder // one for all: nothing of one may leak into the next
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.SampledFrom([]Digits{Fine, Coarse}).Draw(t, "digits")
		vs := values(t, "values")
		standard := hdrhistogram.New(1, reach(slices.Max(vs)), int(digits))
		for _, v := range vs {
			if err := standard.RecordValue(v); err != nil {
				t.Fatal(err)
			}
		}
		want, err := standard.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		if err != nil {
			t.Fatal(err)
		}
		got, err := encoder.Encode(of(digits, vs))
		if err != nil || got != string(want) {
			t.Fatalf("encoded as %q (%v), the library says %q", got, err, want)
		}
	})
}

func TestDecodeUndoesEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := of(rapid.SampledFrom([]Digits{Fine, Coarse}).Draw(t, "digits"), values(t, "values"))
		text, err := h.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := back.Restore(h.Min(), h.Max(), h.Mean(), h.Stddev()); err != nil {
			t.Fatal(err)
		}
		same(t, back, h)
		near(t, "mean", back.Mean(), h.Mean(), 1e-15*h.Mean()+1)
		near(t, "stddev", back.Stddev(), h.Stddev(), 1e-15*h.Mean()+1)
	})
}

func TestRestoreRefusesFiguresOfAnother(t *testing.T) {
	h := of(Fine, []int64{1_000_000, 2_000_000})
	if h.Restore(500_000, 2_000_000, 1.5e6, 5e5) == nil || h.Restore(1_000_000, 3_000_000, 1.5e6, 5e5) == nil {
		t.Error("restored a lowest or highest value that the buckets contradict")
	}
}

// Whatever a file says of them, mean and deviation stay where the values are.
func TestRestoredMomentsStayWithinTheValues(t *testing.T) {
	for _, figure := range []float64{math.NaN(), math.Inf(1), -1, 0, 1e300} {
		h := of(Fine, []int64{1_000_000, 2_000_000})
		if err := h.Restore(1_000_000, 2_000_000, figure, figure); err != nil {
			t.Fatal(err)
		}
		if h.Mean() < 1e6 || h.Mean() > 2e6 || !(h.Stddev() >= 0) || h.Stddev() > 1e6+1 {
			t.Errorf("from %v came the mean %v, the deviation %v", figure, h.Mean(), h.Stddev())
		}
	}
}

func TestNegativeValuesAreNoneAndCounted(t *testing.T) {
	h := of(Fine, []int64{-5, 7})
	if h.Negative() != 1 || h.Min() != 0 || h.Max() != 7 || h.Count() != 2 {
		t.Errorf("negative %d, min %v, max %v, count %d", h.Negative(), h.Min(), h.Max(), h.Count())
	}
}

// A histogram that needs no more than an hour says so, as all of them once
// did: whoever reads it makes no room for 10,000.
func TestReachIsWhatItNeeds(t *testing.T) {
	for v, want := range map[time.Duration]time.Duration{
		0: time.Hour, time.Hour: time.Hour, time.Hour + 1: 10_000 * time.Hour, 10_000 * time.Hour: 10_000 * time.Hour, 10_000*time.Hour + 1: Highest, Highest: Highest,
	} {
		if got := reach(int64(v)); got != int64(want) {
			t.Errorf("for %v an encoding reaches to %v, want %v", v, time.Duration(got), want)
		}
	}
}

// What older versions wrote reached to an hour, whatever was in it.
func TestAnHourIsRead(t *testing.T) {
	old := hdrhistogram.New(1, int64(time.Hour), int(Fine))
	for _, v := range []time.Duration{time.Millisecond, time.Minute, time.Hour} {
		if err := old.RecordValue(int64(v)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := old.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Decode(string(text))
	if err != nil || h.Count() != 3 || h.Max() < time.Hour || h.Quantile(50) < time.Minute || h.Quantile(50) > time.Minute*1001/1000 {
		t.Fatalf("%+v, %v", h, err)
	}
}

func TestCountAtMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := rapid.SliceOfN(rapid.Int64Range(0, 2047), 1, 100).Draw(t, "values") // a bucket each
		d := rapid.Int64Range(-1, 3000).Draw(t, "at most")
		want := int64(0)
		for _, v := range vs {
			if v <= d {
				want++
			}
		}
		if got := of(Fine, vs).CountAtMost(time.Duration(d)); got != want {
			t.Fatalf("%d of %v are at most %d, counted %d", want, vs, d, got)
		}
	})
}

func TestMemoryDoesNotGrowWithCount(t *testing.T) {
	h, rng := New(Fine), rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		h.Record(time.Duration(rng.Int64N(int64(Highest))))
	}
	if allocs := testing.AllocsPerRun(1000, func() { h.Record(time.Duration(rng.Int64N(int64(Highest)))) }); allocs > 0 {
		t.Errorf("a value costs %v allocations", allocs)
	}
	if len(h.counts) > 54*1024 {
		t.Errorf("%d buckets", len(h.counts))
	}
}

func FuzzDecode(f *testing.F) {
	text, _ := of(Fine, []int64{1, 1000, 1e9}).Encode()
	f.Add(text)
	f.Add("HISTFAAAAB")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Decode(text)
		if err != nil {
			return
		}
		last := time.Duration(0)
		for p := 0.0; p <= 100; p += 10 {
			if q := h.Quantile(p); q < last {
				t.Fatalf("percentiles fall: %v after %v", q, last)
			} else {
				last = q
			}
		}
		total := uint64(0)
		for _, c := range h.counts {
			total += c
		}
		if total != uint64(h.Count()) {
			t.Fatalf("counts sum to %d, not %d", total, h.Count())
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	h, rng := New(Fine), rand.New(rand.NewPCG(1, 2))
	vs := make([]time.Duration, 4096)
	for i := range vs {
		vs[i] = time.Duration(rng.ExpFloat64() * 1e7)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Record(vs[i&4095])
	}
}

// Histograms of different digits merge as one of the merged one's digits would
// have recorded all values itself.
func TestMergeOfOtherDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Int64Range(0, 1e13))
		mine, others := values.Draw(t, "mine"), values.Draw(t, "others")
		h, fine, all := New(Coarse), New(Fine), New(Coarse)
		for _, v := range mine {
			h.Record(time.Duration(v))
			all.Record(time.Duration(v))
		}
		for _, v := range others {
			fine.Record(time.Duration(v))
			all.Record(time.Duration(v))
		}
		h.Merge(fine)
		if h.Count() != all.Count() || h.Min() != all.Min() || h.Max() != all.Max() || math.Abs(h.Mean()-all.Mean()) > 1e-6*all.Mean() {
			t.Fatalf("%d values from %v to %v, mean %v; want %d, %v, %v, %v", h.Count(), h.Min(), h.Max(), h.Mean(), all.Count(), all.Min(), all.Max(), all.Mean())
		}
		for p := 0.0; p <= 100; p += 5 {
			if got, want := h.Quantile(p), all.Quantile(p); got != want {
				t.Fatalf("p%v is %v, want %v", p, got, want)
			}
		}
	})
}

// Values that are recorded several at once are those that are recorded one by one, to
// the last bit: below zero, at zero, few or many.
func TestRecordN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for name, empty := range map[string]func(Digits) *Histogram{"dense": New, "sparse": NewSparse} {
			one, many := empty(Fine), empty(Fine)
			for range rapid.IntRange(0, 12).Draw(t, "values") {
				d := time.Duration(rapid.OneOf(rapid.Int64Range(-5, 5), rapid.Int64Range(0, int64(2*time.Hour))).Draw(t, "value"))
				n := rapid.Int64Range(-1, 300).Draw(t, "times")
				many.RecordN(d, n)
				for range n {
					one.Record(d)
				}
			}
			if many.Count() != one.Count() || many.Negative() != one.Negative() || many.Min() != one.Min() || many.Max() != one.Max() || many.Mean() != one.Mean() || many.Stddev() != one.Stddev() {
				t.Fatalf("%s: %d values, %d below zero, %v to %v, mean %v ± %v; want %d, %d, %v to %v, %v ± %v", name, many.Count(), many.Negative(), many.Min(), many.Max(), many.Mean(), many.Stddev(),
					one.Count(), one.Negative(), one.Min(), one.Max(), one.Mean(), one.Stddev())
			}
			for p := 0.0; p <= 100; p += 12.5 {
				if many.Quantile(p) != one.Quantile(p) {
					t.Fatalf("%s: p%v is %v, want %v", name, p, many.Quantile(p), one.Quantile(p))
				}
			}
			many.Record(0)
			if many.Count() != one.Count()+1 || many.Min() != 0 {
				t.Fatalf("%s: one more value, and there are %d", name, many.Count())
			}
		}
	})
}
