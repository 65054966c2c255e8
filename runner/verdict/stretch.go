package verdict

import (
	"math"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// Stretch is what happened in a stretch of a trial, of the calls that a rule is
// about: those that ended in it, and those that became due and were dropped.
type Stretch struct {
	result.Sum
	// InTime are the successes, those of the warm-up included, as throughput has
	// them; Kept those of them that kept a promise, by its text.
	InTime int64
	Kept   map[string]int64
	// Elapsed is of iterations; Records are the numbers that a step's `record` kept.
	Elapsed *latency.Histogram
	Records map[string]*latency.Histogram
}

// NewStretch is one in which nothing happened.
func NewStretch() *Stretch {
	return &Stretch{Sum: result.NewSum(), Kept: map[string]int64{}, Elapsed: latency.NewSparse(latency.Fine), Records: map[string]*latency.Histogram{}}
}

// Merge adds another stretch, which stays as it is.
func (s *Stretch) Merge(o *Stretch) {
	s.Sum.Merge(&o.Sum)
	s.InTime += o.InTime
	for promise, n := range o.Kept {
		s.Kept[promise] += n
	}
	s.Elapsed.Merge(o.Elapsed)
	for name, h := range o.Records {
		all := s.Records[name]
		result.MergeInto(&all, h)
		s.Records[name] = all
	}
}

// group is the stretch as if it were a trial of that length.
func (s *Stretch) group(r Rule, length time.Duration) *result.Group {
	seconds := length.Seconds()
	whole := &result.Trial{DurationS: seconds}
	if r.Counted() {
		promise := r.Limits.String()
		whole.Goodput = map[string]result.Kept{promise: {Calls: s.Kept[promise], PerS: float64(s.Kept[promise]) / seconds}}
	}
	return &result.Group{
		Sum: s.Sum, Elapsed: s.Elapsed, DurationS: seconds, ThroughputPerS: float64(s.InTime) / seconds, Trials: []*result.Trial{whole},
	}
}

// empty tells whether nothing ended in it, and nothing was dropped.
func (s *Stretch) empty() bool { return s.Scheduled == 0 && s.InTime == 0 }

// Seen is the figure of a stretch that a rule asks for, and whether it keeps the
// rule.
type Seen struct {
	result.Figure
	Missing string // why there is none, though there were calls: the rule is broken
	Note    string
	Broken  bool
}

// See judges a stretch of a trial; underWay says that something was in flight at
// its end. False: there were no calls that the figure could be of, and the rule
// holds. A rate there was all the same, 0/s, where something was under way: where
// nothing comes back any more, it is broken.
func (r Rule) See(s *Stretch, length time.Duration, underWay bool) (seen Seen, some bool) {
	var f figure
	switch {
	case r.OfRates() && s.empty() && !underWay:
		return seen, false
	case r.Family == "record":
		f = recordedOf(s.Records[r.Record], r)
	default:
		f = figureOf(s.group(r, length), r, nil)
	}
	if f.missing != "" {
		failed := f.missing == noSuccess && s.Failed > 0
		return Seen{Missing: f.missing, Broken: failed}, failed
	}
	return Seen{Figure: f.Figure, Note: f.note, Broken: !Keeps(f.Figure, r.Op, r.Value)}, true
}

// Worse tells whether one stretch is worse for the rule than another, by more than
// rounding.
func (r Rule) Worse(a, b Seen) bool {
	switch {
	case a.Broken != b.Broken:
		return a.Broken
	case a.Missing != "" || b.Missing != "":
		return b.Missing == ""
	}
	one, other := r.distance(a.Figure), r.distance(b.Figure)
	return one > other && !same(one, other)
}

// distance is how far a figure is on the wrong side of any limit.
func (r Rule) distance(f result.Figure) float64 {
	switch r.Op {
	case "<", "<=":
		return f.Most.High
	case ">", ">=":
		return -f.Least.Low
	}
	return max(math.Abs(f.Least.Low-r.Value), math.Abs(f.Most.High-r.Value))
}
