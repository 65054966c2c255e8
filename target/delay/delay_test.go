package delay

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Each kind draws what it says: its range, its mean, and one of its quantiles,
// to more than four standard errors of 100,000 draws.
func TestDrawsAreOfTheirDistribution(t *testing.T) {
	const n, ms = 100_000, time.Millisecond
	for _, c := range []struct {
		delay     Delay
		low, high time.Duration
		mean      float64       // of a draw; 0 where it has no use
		below     time.Duration // this much of the draws lie at it or below
		share     float64
	}{
		{Of(7 * ms), 7 * ms, 7 * ms, 7, 7 * ms, 1},
		{Delay{Kind: Exponential, A: 10 * ms}, 0, Longest, 10, 10 * ms, 1 - 1/math.E},
		{Delay{Kind: Uniform, A: 10 * ms, B: 30 * ms}, 10 * ms, 30 * ms, 20, 15 * ms, 0.25},
		{Delay{Kind: Uniform, A: 10 * ms, B: 11 * ms}, 10 * ms, 11 * ms, 10.5, 10*ms + ms/2, 0.5},
		{Delay{Kind: Normal, A: 20 * ms, B: 3 * ms}, 0, Longest, 20, 23 * ms, 0.8413},
		{Delay{Kind: Normal, A: ms, B: 10 * ms}, 0, Longest, 0, 0, 0.4602},
		{Delay{Kind: Lognormal, A: 20 * ms, B: 200 * ms}, 0, Longest, 0, 20 * ms, 0.5},
		{Delay{Kind: Lognormal, A: 20 * ms, B: 200 * ms}, 0, Longest, 0, 200 * ms, 0.99},
		{Delay{Kind: Pareto, A: 10 * ms, Shape: 2.5}, 10 * ms, Longest, 0, 20 * ms, 1 - math.Pow(2, -2.5)},
		{Delay{Kind: Empirical, Samples: []time.Duration{ms, 2 * ms, 6 * ms}}, ms, 6 * ms, 3, 2 * ms, 2.0 / 3},
		{Delay{Kind: Mix, Parts: []Part{{3, Of(ms)}, {1, Of(5 * ms)}}}, ms, 5 * ms, 2, ms, 0.75},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		sum, below := 0.0, 0.0
		for range n {
			d := c.delay.Draw(rng)
			if d < c.low || d > c.high {
				t.Fatalf("%+v drew %v", c.delay, d)
			}
			sum += float64(d) / float64(ms)
			if d <= c.below {
				below++
			}
		}
		if mean := sum / n; c.mean > 0 && math.Abs(mean-c.mean) > 0.02*c.mean {
			t.Errorf("%+v: mean %v ms, want %v", c.delay, mean, c.mean)
		}
		if math.Abs(below/n-c.share) > 0.007 {
			t.Errorf("%+v: %v of the draws up to %v, want %v", c.delay, below/n, c.below, c.share)
		}
		if c.mean > 0 && math.Abs(float64(c.delay.Mean())/float64(ms)-c.mean) > 1e-6 {
			t.Errorf("%+v says its mean is %v", c.delay, c.delay.Mean())
		}
	}
}

// Whatever the parameters, a draw is neither negative nor longer than Longest.
func TestDrawsStayInRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		any := func(name string) time.Duration {
			return time.Duration(rapid.Int64Range(1, int64(Longest)).Draw(t, name))
		}
		a := any("a")
		d := Delay{A: a, Kind: rapid.SampledFrom([]Kind{Constant, Exponential, Uniform, Normal, Lognormal, Pareto}).Draw(t, "kind")}
		d.B = max(a, any("b"))
		if d.Kind == Lognormal {
			d.B = max(d.B, min(a, Longest-1)+1)
		}
		d.Shape = rapid.Float64Range(1e-9, 1000).Draw(t, "shape")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for range 20 {
			if v := d.Draw(rng); v < 0 || v > Longest {
				t.Fatalf("%+v drew %v", d, v)
			}
		}
		if mean := d.Mean(); mean < 0 || mean > Longest {
			t.Fatalf("%+v has the mean %v", d, mean)
		}
	})
}
