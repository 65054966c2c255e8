package statistics

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Figure is one figure of n repetitions: computed from all of them together,
// and from all but each in turn. To compare by ratio, take its logarithm.
type Figure struct {
	All     float64
	Without []float64
}

// Difference is by how much one figure exceeds another, and how well that is
// known.
type Difference struct {
	Value float64
	parts []part
}

// part is an independent contribution to a difference's variance.
type part struct {
	variance float64
	n        int // repetitions that it was estimated from
}

// Unpaired is b − a of two independent sets of repetitions, 2 or more each:
// the variance is the sum of the two jackknife variances, with the degrees of
// freedom of Welch (1947) and Satterthwaite (1946).
func Unpaired(a, b Figure) Difference {
	return Difference{b.All - a.All, []part{of(a.Without), of(b.Without)}}
}

// Paired is b − a of as many pairs of repetitions: the jackknife leaves out a
// pair at a time, so that what both of a pair have met cancels.
func Paired(a, b Figure) Difference {
	deleted := make([]float64, len(a.Without))
	for i := range deleted {
		deleted[i] = b.Without[i] - a.Without[i]
	}
	return Difference{b.All - a.All, []part{of(deleted)}}
}

func of(deleted []float64) part {
	e := standardError(deleted)
	return part{e * e, len(deleted)}
}

// Interval bounds the true difference with 95 % confidence.
func (d Difference) Interval() (low, high float64) {
	half := d.spread(0).reach((1 + Confidence) / 2)
	return d.Value - half, d.Value + half
}

// Above is the p-value of the one-sided t test that the true difference is
// above the bound: how often a difference this large or larger would be seen
// if it were not. Without any variation it is 0 or 1.
func (d Difference) Above(bound float64) float64 { return d.spread(0).above(d.Value - bound) }

// Below is that of the test that the true difference is below the bound.
func (d Difference) Below(bound float64) float64 { return d.spread(0).above(bound - d.Value) }

// Within is the p-value of the two one-sided tests that the true difference
// lies from −bound to bound (Schuirmann 1987).
func (d Difference) Within(bound float64) float64 {
	if s := d.spread(0); s.error == 0 && math.Abs(d.Value) <= bound+rounding {
		return 0 // known exactly, and a tolerance includes its end
	}
	return max(d.Above(-bound), d.Below(bound))
}

// rounding is what a difference that is known exactly may exceed a bound by:
// 105 ms are 5 % more than 100 ms, though their logarithms, or 1.1 % and 1 % of
// errors, say so only but for the last digit.
const rounding = 1e-12

// power is the chance to decide that a number of repetitions is to give.
const power = 0.8

// mostRepetitions is where More gives up.
const mostRepetitions = 1000

// More estimates how many more repetitions (on each side, or pairs of them)
// would tell with a probability of 80 % on which side of the bound or −bound
// the difference lies, by one-sided tests of the given level: supposing that
// it is what it now seems to be, and that its error falls with the square root
// of their number. It is 0 where there is no telling: more than 1,000, or a
// difference right on the bound.
func (d Difference) More(bound, level float64) int {
	distance := math.Abs(math.Abs(d.Value) - bound)
	enough := func(more int) bool {
		s := d.spread(more)
		return s.reach(1-level)+s.reach(power) <= distance
	}
	if !enough(mostRepetitions) {
		return 0
	}
	low, high := 0, mostRepetitions // not enough, enough
	for high-low > 1 {
		if middle := (low + high) / 2; enough(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// spread is a standard error with its degrees of freedom.
type spread struct{ error, degrees float64 }

// spread is the difference's own, had there been some more repetitions.
func (d Difference) spread(more int) spread {
	sum := 0.0
	for _, p := range d.parts {
		sum += p.with(more)
	}
	if sum == 0 {
		return spread{0, 1}
	}
	inverse := 0.0
	for _, p := range d.parts {
		share := p.with(more) / sum
		inverse += share * share / float64(p.n+more-1)
	}
	return spread{math.Sqrt(sum), 1 / inverse}
}

// with is the variance, had there been some more repetitions.
func (p part) with(more int) float64 { return p.variance * float64(p.n) / float64(p.n+more) }

// above is the probability that a value of no excess is seen to exceed as
// much as this.
func (s spread) above(excess float64) float64 {
	switch {
	case s.error > 0:
		return distuv.StudentsT{Sigma: 1, Nu: s.degrees}.Survival(excess / s.error)
	case excess > rounding:
		return 0
	}
	return 1
}

// reach is how far above the truth a value is with the probability p at most.
func (s spread) reach(p float64) float64 {
	if s.error == 0 {
		return 0
	}
	return s.error * distuv.StudentsT{Sigma: 1, Nu: s.degrees}.Quantile(p)
}
