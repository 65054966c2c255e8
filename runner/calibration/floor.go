package calibration

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// steadyRate is the load whose repetitions are compared with each other, in
// calls a second; each call takes steadyDelay, as many a service does. The
// machine's noise is tenths of a millisecond, whatever the target: the slower
// that is, the less the noise is of its times.
const (
	steadyRate  = 1000
	steadyDelay = "10ms"
)

// floor repeats one steady load and looks how far apart the halves of these
// repetitions are, which differ in nothing but chance.
func (o Options) floor(ctx context.Context, c *result.Calibration) error {
	trials, err := o.run(ctx, fmt.Sprintf(`
targets: {served: {http: {serve: {delay: %s}}}}
scenarios:
  - {name: steady, target: served, duration: %s, warmup: 100ms, repeat: %d, modes: [rate-limited: %d/s]}
`, steadyDelay, o.Repetition, o.Repetitions, steadyRate))
	if err != nil {
		return err
	}
	repetitions := make([]*latency.Histogram, len(trials))
	for i := range trials {
		if repetitions[i], err = trials[i].Response.Histogram(); err != nil {
			return err
		}
	}
	all := merged(repetitions, func(int) bool { return true })
	c.Floor = result.Floor{
		Engine: trials[0].Engine, Repetitions: len(trials), CallsEach: trials[0].OK,
		P50S: all.Quantile(50).Seconds(), P99S: all.Quantile(99).Seconds(),
	}
	c.P50Floor, c.P99Floor = apart(repetitions, 50), apart(repetitions, 99)
	return nil
}

// noLess is the least floor: what the histograms' three digits leave open.
const noLess = 1.0 / 1024

// apart is the relative difference in a percentile that 95 of 100 pairs of
// halves stay within, over all ways to halve the repetitions, of which there
// are an even number.
func apart(repetitions []*latency.Histogram, percent float64) float64 {
	var differences []float64
	for half := range uint(1) << (len(repetitions) - 1) { // the last is always in the other half
		if 2*bits.OnesCount(half) != len(repetitions) {
			continue
		}
		in := func(i int) bool { return half>>i&1 == 1 }
		a, b := merged(repetitions, in), merged(repetitions, func(i int) bool { return !in(i) })
		ratio := float64(a.Quantile(percent)) / float64(b.Quantile(percent))
		differences = append(differences, math.Expm1(math.Abs(math.Log(ratio))))
	}
	slices.Sort(differences)
	at := int(math.Ceil(0.95*float64(len(differences)))) - 1
	return max(noLess, differences[at])
}

// merged are those histograms that are in it, as one.
func merged(all []*latency.Histogram, in func(int) bool) *latency.Histogram {
	into := latency.New(latency.Fine)
	for i, h := range all {
		if in(i) {
			into.Merge(h)
		}
	}
	return into
}
