package chart

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/plot"
	"pgregory.net/rapid"
)

// Whatever the values, an axis holds them all and names at least two rising
// places, none of them twice.
func TestAxesHoldTheirValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s span
		s.add(math.Pow(10, rapid.Float64Range(-9, 9).Draw(t, "log of the one")), math.Pow(10, rapid.Float64Range(-9, 9).Draw(t, "log of the other")))
		o := scaling{
			logFrom: rapid.SampledFrom([]float64{0, 8, 1e99}).Draw(t, "logarithmic from"),
			tight:   rapid.Bool().Draw(t, "tight"),
			labels:  rapid.SampledFrom([]int{0, 6}).Draw(t, "labels"),
			label:   rapid.SampledFrom([]func(float64) string{number, duration}).Draw(t, "label"),
		}
		p := plot.New()
		lines := o.set(&p.X, s)
		if p.X.Min > s.low || p.X.Max < s.high*(1-1e-9) || p.X.Min == p.X.Max {
			t.Fatalf("from %v to %v, for values from %v to %v", p.X.Min, p.X.Max, s.low, s.high)
		}
		if _, logarithmic := p.X.Scale.(plot.LogScale); logarithmic && p.X.Min <= 0 {
			t.Fatalf("a logarithmic axis from %v", p.X.Min)
		}
		seen := map[string]bool{}
		last := math.Inf(-1)
		for _, tick := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			if tick.Value <= last {
				t.Fatalf("a tick at %v after one at %v", tick.Value, last)
			}
			if last = tick.Value; tick.Label == "" {
				continue
			}
			if seen[tick.Label] {
				t.Fatalf("two ticks are called %s", tick.Label)
			}
			seen[tick.Label] = true
		}
		// A tight logarithmic axis over little may fall between two labels.
		if len(lines) < 2 && !o.tight || len(lines) > 12 {
			t.Fatalf("%d grid lines: %v", len(lines), lines)
		}
	})
}

func TestLabels(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0", 1e-9: "1 ns", 5e-10: "0.5 ns", 2e-6: "2 µs", 0.05: "50 ms", 0.1 + 0.2: "300 ms", 1: "1 s", 200: "200 s"} {
		if got := duration(seconds); got != want {
			t.Errorf("%v s is labelled %q, want %q", seconds, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 0.1 + 0.2: "0.3", 20: "20", 1500: "1500", 2e6: "2e+06"} {
		if got := number(v); got != want {
			t.Errorf("%v is labelled %q, want %q", v, got, want)
		}
	}
}

// The values of a sweep are named where they are, unless they stand too close.
func TestSweptValuesAreNamed(t *testing.T) {
	p := plot.New()
	values := []float64{1, 2, 4, 8, 8.1, 16}
	scaling{logFrom: 4, tight: true, label: number}.set(&p.X, span{1, 16})
	if got := named(&p.X, values, number); !slices.Equal(got, values) {
		t.Errorf("lines at %v", got)
	}
	var labels []string
	for _, tick := range p.X.Tick.Marker.Ticks(0, 0) {
		labels = append(labels, tick.Label)
	}
	if !slices.Equal(labels, []string{"1", "2", "4", "", "8.1", "16"}) {
		t.Errorf("named are %q", labels)
	}
}

func TestRoundNumbers(t *testing.T) {
	for v, want := range map[float64][2]float64{1: {1, 1}, 1.04: {1, 2}, 4.99: {2, 5}, 5: {5, 5}, 0.07: {0.05, 0.1}, 1000: {1000, 1000}, 6000: {5000, 10000}} {
		digits := threeEach
		if got := [2]float64{roundDown(v, digits), roundUp(v, digits)}; math.Abs(got[0]/want[0]-1) > 1e-12 || math.Abs(got[1]/want[1]-1) > 1e-12 {
			t.Errorf("%v is between %v, want %v", v, got, want)
		}
	}
}
