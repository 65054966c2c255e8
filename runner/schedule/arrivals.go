package schedule

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"time"
)

// Arrivals is the sequence of times, counted from the schedule's beginning,
// at which the calls of an open loop become due. The closed set is: Constant,
// Poisson, Window, Bucket, Stages, and a Share of one of them.
type Arrivals interface {
	// Next is when the next call is due, Never if that is beyond the end of
	// time; false after the last.
	Next() (time.Duration, bool)
	// gate keeps actual starts apart where late ones must not bunch up.
	gate() gate
}

// Constant spaces n calls evenly over every per: the k-th, from 0, is due at
// exactly k·per/n, rounded down to the nanosecond.
func Constant(n int64, per time.Duration) Arrivals {
	return &constant{n: n, per: per}
}

type constant struct {
	n, k int64
	per  time.Duration
}

func (c *constant) Next() (time.Duration, bool) {
	at := mulDiv(c.k, int64(c.per), c.n)
	c.k++
	return at, true
}

func (c *constant) gate() gate { return nil }

// Poisson is a Poisson process of n calls every per: independent exponential
// gaps with the mean per/n, the first before the first call.
func Poisson(n int64, per time.Duration, rng *rand.Rand) Arrivals {
	return &poisson{mean: float64(per) / float64(n), rng: rng}
}

type poisson struct {
	mean  float64
	whole time.Duration
	part  float64 // of a nanosecond, so that gaps are not rounded one by one
	rng   *rand.Rand
}

func (p *poisson) Next() (time.Duration, bool) {
	gap := p.part + p.mean*p.rng.ExpFloat64()
	whole := math.Floor(gap)
	p.part = gap - whole
	p.whole = later(p.whole, time.Duration(min(whole, float64(Never/2))))
	return p.whole, true
}

func (p *poisson) gate() gate { return nil }

// Window lets at most n calls start in any time (t−per, t], each as early as
// that allows: n at once at 0, n at per, …
func Window(n int64, per time.Duration) Arrivals {
	return &window{n: n, per: per}
}

type window struct {
	n, k int64
	per  time.Duration
}

func (w *window) Next() (time.Duration, bool) {
	at := mulDiv(w.k/w.n, int64(w.per), 1)
	w.k++
	return at, true
}

func (w *window) gate() gate {
	return NewLimit(w.n, w.per)
}

// Bucket is a token bucket: it holds burst tokens and is full at 0; n tokens
// every per flow in, evenly; each call takes one as early as it can.
func Bucket(n int64, per time.Duration, burst int) Arrivals {
	return &bucket{n: n, per: per, burst: int64(burst)}
}

type bucket struct {
	n, k, burst int64
	per         time.Duration
}

func (b *bucket) Next() (time.Duration, bool) {
	at := mulDivUp(max(0, b.k-b.burst+1), int64(b.per), b.n)
	b.k++
	return at, true
}

func (b *bucket) gate() gate {
	return &bucketGate{bucket: *b}
}

// Stages follows a rate that changes linearly from stage to stage: the k-th
// call, from 0, is due where the integral of the rate reaches k. With a random
// generator, arrivals are a Poisson process of that rate instead.
func Stages(start float64, stages []RateStage, rng *rand.Rand) Arrivals {
	return &staged{rate: start, stages: stages, rng: rng}
}

// RateStage ramps the rate linearly to Target, in calls per nanosecond.
type RateStage struct {
	Target   float64
	Duration time.Duration
}

type staged struct {
	began  time.Duration // when the stage under way began
	rate   float64       // at its beginning
	before float64       // the integral up to its beginning
	stages []RateStage   // the stage under way, and those to come
	k      float64       // the integral that the next call waits for
	rng    *rand.Rand
}

func (s *staged) Next() (time.Duration, bool) {
	if s.rng != nil {
		s.k += s.rng.ExpFloat64()
	}
	for len(s.stages) > 0 {
		stage := s.stages[0]
		length := float64(stage.Duration)
		area := (s.rate + stage.Target) / 2 * length
		// A call that is due at the very end of a stage belongs to the next one,
		// or to none, also where rounding says a hair before it.
		if left := max(0, s.k-s.before); left < area*(1-1e-12) {
			if s.rng == nil {
				s.k++
			}
			return s.began + time.Duration(reach(left, s.rate, (stage.Target-s.rate)/length)), true
		}
		s.began, s.rate, s.before, s.stages = s.began+stage.Duration, stage.Target, s.before+area, s.stages[1:]
	}
	return Never, false
}

// reach is the time at which rate·t + slope·t²/2 has grown to area, in the
// form that cancels nothing when the slope is small.
func reach(area, rate, slope float64) float64 {
	if area <= 0 {
		return 0
	}
	return 2 * area / (rate + math.Sqrt(max(0, rate*rate+2*slope*area)))
}

func (s *staged) gate() gate { return nil }

// Share is the k-th, from 0, of n equal shares of a sequence: its calls k, k+n,
// k+2n … Together the shares are the sequence. Of Window and Bucket there is
// no share: they limit all starts together.
func Share(of Arrivals, k, n int) Arrivals {
	return &share{Arrivals: of, skip: k, step: n}
}

type share struct {
	Arrivals
	skip, step int // calls of others before the next one; from one to the next
}

func (s *share) Next() (time.Duration, bool) {
	for ; s.skip > 0; s.skip-- {
		if at, ok := s.Arrivals.Next(); !ok {
			return at, false
		}
	}
	s.skip = s.step - 1
	return s.Arrivals.Next()
}

// mulDiv is a·b/c in 128 bits, rounded down, for a, b ≥ 0 and c > 0; Never
// where that is beyond the range of time.
func mulDiv(a, b, c int64) time.Duration {
	high, low := bits.Mul64(uint64(a), uint64(b))
	if high >= uint64(c) {
		return Never
	}
	quotient, _ := bits.Div64(high, low, uint64(c))
	return time.Duration(min(quotient, uint64(Never)))
}

// mulDivUp is the same, rounded up.
func mulDivUp(a, b, c int64) time.Duration {
	high, low := bits.Mul64(uint64(a), uint64(b))
	if high >= uint64(c) {
		return Never
	}
	quotient, rest := bits.Div64(high, low, uint64(c))
	if rest > 0 {
		quotient++
	}
	return time.Duration(min(quotient, uint64(Never)))
}
