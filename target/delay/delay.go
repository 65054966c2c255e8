// Package delay holds the distributions that a simulated call's length, and a
// virtual user's think time, are drawn from.
package delay

import (
	"math"
	"math/rand/v2"
	"time"
)

// Kind names a distribution as the scenario file does.
type Kind string

// The kinds of delay.
const (
	Constant    Kind = "constant"
	Exponential Kind = "exponential"
	Uniform     Kind = "uniform"
	Normal      Kind = "normal"
	Lognormal   Kind = "lognormal"
	Pareto      Kind = "pareto"
	Empirical   Kind = "empirical"
	Mix         Kind = "mix"
)

// Delay is one distribution: plain data, so that it can be sent to a child
// process. Which fields count depends on Kind:
//
//	constant     A: the value
//	exponential  A: the mean
//	uniform      from A to B
//	normal       A: mean, B: standard deviation; clamped at 0
//	lognormal    A: median, B: 99th percentile
//	pareto       A: scale (the smallest value), Shape
//	empirical    Samples: drawn from with equal chance, as they are
//	mix          Parts
//
// The zero Delay is no delay at all.
type Delay struct {
	Kind    Kind
	A, B    time.Duration   `json:",omitempty"`
	Shape   float64         `json:",omitempty"`
	Samples []time.Duration `json:",omitempty"`
	Parts   []Part          `json:",omitempty"`
}

// Part is one component of a mix; its chance is its share of all weights.
type Part struct {
	Weight float64
	Delay  Delay
}

// Of is the constant delay d.
func Of(d time.Duration) Delay { return Delay{Kind: Constant, A: d} }

// IsZero tells whether every draw is 0, so that nothing need be drawn.
func (d *Delay) IsZero() bool {
	return d.Kind == "" || d.Kind == Constant && d.A == 0
}

// z99 is the standard normal's 99th percentile.
const z99 = 2.3263478740408408

// Longest is how long a delay can be: what is drawn beyond is cut to it.
const Longest = 100 * 365 * 24 * time.Hour

// Draw takes the next value, from 0 to Longest.
func (d *Delay) Draw(rng *rand.Rand) time.Duration {
	switch d.Kind {
	case Constant:
		return d.A
	case Exponential:
		return whole(float64(d.A) * rng.ExpFloat64())
	case Uniform:
		return d.A + time.Duration(rng.Float64()*float64(d.B-d.A))
	case Normal:
		return whole(float64(d.A) + float64(d.B)*rng.NormFloat64())
	case Lognormal:
		sigma := math.Log(float64(d.B)/float64(d.A)) / z99
		return whole(float64(d.A) * math.Exp(sigma*rng.NormFloat64()))
	case Pareto:
		return whole(float64(d.A) * math.Pow(1-rng.Float64(), -1/d.Shape))
	case Empirical:
		return d.Samples[rng.IntN(len(d.Samples))]
	case Mix:
		return d.pick(rng).Draw(rng)
	}
	return 0
}

// Mean is the distribution's mean (a normal's before it is clamped at 0); a
// dry run adds it up to say how long a trial may take.
func (d *Delay) Mean() time.Duration {
	switch d.Kind {
	case Constant, Exponential, Normal:
		return d.A
	case Uniform:
		return (d.A + d.B) / 2
	case Lognormal:
		sigma := math.Log(float64(d.B)/float64(d.A)) / z99
		return whole(float64(d.A) * math.Exp(sigma*sigma/2))
	case Pareto:
		if d.Shape <= 1 {
			return Longest
		}
		return whole(float64(d.A) * d.Shape / (d.Shape - 1))
	case Empirical:
		sum := 0.0
		for _, s := range d.Samples {
			sum += float64(s)
		}
		return whole(sum / float64(len(d.Samples)))
	case Mix:
		sum, weights := 0.0, 0.0
		for i := range d.Parts {
			sum += d.Parts[i].Weight * float64(d.Parts[i].Delay.Mean())
			weights += d.Parts[i].Weight
		}
		return whole(sum / weights)
	}
	return 0
}

func (d *Delay) pick(rng *rand.Rand) *Delay {
	total := 0.0
	for i := range d.Parts {
		total += d.Parts[i].Weight
	}
	left := rng.Float64() * total
	for i := range d.Parts {
		if left -= d.Parts[i].Weight; left < 0 {
			return &d.Parts[i].Delay
		}
	}
	return &d.Parts[len(d.Parts)-1].Delay
}

// whole rounds to the nanosecond and clamps to 0 … Longest.
func whole(v float64) time.Duration {
	switch {
	case v < 0:
		return 0
	case v < float64(Longest):
		return time.Duration(v + 0.5)
	case v >= float64(Longest):
		return Longest
	}
	return 0 // not a number
}
