package result

import (
	"math"

	"plimsoll/runner/latency"
)

// Times are how long calls took, some of which were given up at the end of the
// drain: those took at least as long as they were under way, and nobody knows
// how much longer. So every figure is computed twice, with them at that time
// and as infinite.
type Times struct {
	Ended   *latency.Histogram
	GivenUp *latency.Histogram // how long they were under way; nil for none
	low     *latency.Histogram // both, merged
}

// NewTimes puts the two together; givenUp may be nil.
func NewTimes(ended, givenUp *latency.Histogram) Times {
	if givenUp == nil || givenUp.Count() == 0 {
		return Times{ended, nil, ended}
	}
	low := latency.New(ended.Digits())
	low.Merge(ended)
	low.Merge(givenUp)
	return Times{ended, givenUp, low}
}

// Span is between which two values, in seconds, a figure lies at the
// histogram's resolution. Its upper end is what is shown.
type Span struct{ Low, High float64 }

// Figure is a figure of Times: what it is at least, and at most; infinite where
// it depends on how long the calls that were given up would have taken.
type Figure struct{ Least, Most Span }

// Known tells whether the calls that were given up make no difference.
func (f Figure) Known() bool { return f.Least == f.Most }

var unbounded = Span{math.Inf(1), math.Inf(1)}

// exactly is a value that is known to the last digit.
func exactly(v float64) Span { return Span{v, v} }

// Exactly is a figure that is known to the last digit, in whatever unit.
func Exactly(v float64) Figure { return Figure{exactly(v), exactly(v)} }

// Count is how many calls the figures are of, those given up included.
func (t Times) Count() int64 { return t.low.Count() }

// Lowest are the times with those given up at what they were under way.
func (t Times) Lowest() *latency.Histogram { return t.low }

// Quantile is a percentile, from 0 to 100.
func (t Times) Quantile(percent float64) Figure {
	return t.Ranked(latency.Rank(percent, t.Count()))
}

// Ranked is the rank-th shortest time, from 1.
func (t Times) Ranked(rank int64) Figure {
	f := Figure{ranked(t.low, rank), unbounded}
	if rank <= t.Ended.Count() {
		f.Most = ranked(t.Ended, rank)
		if f.Least.High >= f.Most.Low { // in one bucket, whose ends are cut off alike
			f.Least = f.Most
		}
	}
	return f
}

func ranked(h *latency.Histogram, rank int64) Span {
	low, high := h.Ranked(rank)
	return Span{low.Seconds(), high.Seconds()}
}

// Mean is the arithmetic mean.
func (t Times) Mean() Figure { return t.whole(t.low.Mean() / 1e9) }

// Max is the longest time.
func (t Times) Max() Figure { return t.whole(t.low.Max().Seconds()) }

// Min is the shortest time.
func (t Times) Min() Figure {
	f := Figure{exactly(t.low.Min().Seconds()), unbounded}
	if t.Ended.Count() > 0 {
		f.Most = exactly(t.Ended.Min().Seconds())
	}
	return f
}

// whole is a figure that each of the calls has a part in.
func (t Times) whole(least float64) Figure {
	f := Figure{exactly(least), exactly(least)}
	if t.GivenUp != nil {
		f.Most = unbounded
	}
	return f
}

// ResponseTimes are those of the successes, and of the calls given up: they
// might have become some.
func (s *Sum) ResponseTimes() Times { return NewTimes(s.Response, s.CancelledResponse) }

// AllTimes are the response times of successes, errors and calls given up.
func (s *Sum) AllTimes() Times {
	all := latency.New(latency.Fine)
	all.Merge(s.Response)
	all.Merge(s.ErrorResponse)
	return NewTimes(all, s.CancelledResponse)
}

// ServiceTimes are those of the successes, and of the calls given up, which
// had been sent at most as much later than they were due as any call was.
func (s *Sum) ServiceTimes() Times {
	return NewTimes(s.Service, s.CancelledResponse.Less(s.Held.Max()+s.Lateness.Max()))
}

// ElapsedTimes are how long iterations took with their pauses, and those given
// up, which took at least as long as they did without.
func (g *Group) ElapsedTimes() Times { return NewTimes(g.Elapsed, g.CancelledResponse) }
