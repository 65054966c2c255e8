package compare

import (
	"math"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// enough is how many repetitions of each run a verdict needs.
const enough = 3

// repetition is what a figure is computed from: a trial, or a batch of a
// trial's windows in its place.
type repetition struct {
	*result.Trial
	response *latency.Histogram
}

// sample is one run's repetitions of a group.
type sample struct {
	group       *result.Group
	repetitions []repetition
	// batches tells that the repetitions are batches of so many trials.
	batches bool
}

// newSample takes the repetitions of the given trials.
func newSample(g *result.Group, trials []*result.Trial) (sample, error) {
	s := sample{group: g}
	for _, t := range trials {
		groups, err := result.Groups([]result.Trial{*t})
		if err != nil {
			return s, err
		}
		s.repetitions = append(s.repetitions, repetition{t, groups[0].ResponseTimes().Lowest()})
	}
	return s, nil
}

// figure is a metric's, on the scale that it is compared on: logarithmic, but
// for Errors.
func (s sample) figure(metric string) statistics.Figure {
	switch metric {
	case Makespan:
		if s.batches { // the time that a given number of calls takes
			f := s.from(func(trials []*result.Trial) float64 { return -math.Log(result.Throughput(trials)) })
			f.All = math.Log(s.group.MakespanS)
			return f
		}
		return s.from(func(trials []*result.Trial) float64 { return math.Log(result.MeanMakespan(trials)) })
	case Rate:
		return s.from(func(trials []*result.Trial) float64 { return math.Log(result.Throughput(trials)) })
	case P50:
		return s.percentile(50)
	case P99:
		return s.percentile(99)
	case First, Half, Last:
		return s.from(func(trials []*result.Trial) float64 { return math.Log(meanCompletion(trials, completed[metric])) })
	}
	return s.from(shares[metric])
}

// shares are the metrics that are shares of calls.
var shares = map[string]func([]*result.Trial) float64{Errors: errorShare, Cancelled: cancelledShare, Dropped: droppedShare}

// isShare tells whether a metric is compared as it is, and not as a ratio.
func isShare(metric string) bool { return shares[metric] != nil }

// value is a metric of the whole group, as it is shown.
func (s sample) value(metric string) float64 {
	switch metric {
	case Makespan:
		return s.group.MakespanS
	case Rate:
		return s.group.ThroughputPerS
	case P50:
		return s.group.ResponseTimes().Quantile(50).Least.High
	case P99:
		return s.group.ResponseTimes().Quantile(99).Least.High
	case First, Half, Last:
		return meanCompletion(s.group.Trials, completed[metric])
	}
	return shares[metric](s.group.Trials)
}

func cancelledShare(trials []*result.Trial) float64 {
	return ofScheduled(trials, func(t *result.Trial) int64 { return t.Cancelled })
}

func droppedShare(trials []*result.Trial) float64 {
	return ofScheduled(trials, func(t *result.Trial) int64 { return t.Dropped })
}

func ofScheduled(trials []*result.Trial, count func(*result.Trial) int64) float64 {
	n, scheduled := int64(0), int64(0)
	for _, t := range trials {
		n += count(t)
		scheduled += t.Scheduled
	}
	if scheduled == 0 {
		return 0
	}
	return float64(n) / float64(scheduled)
}

// lacks tells that there is no such figure: without any success nothing has a
// response time.
func (s sample) lacks(metric string) bool {
	return (metric == P50 || metric == P99) && s.group.OK == 0
}

func errorShare(trials []*result.Trial) float64 {
	failed, ended := int64(0), int64(0)
	for _, t := range trials {
		failed += t.Failed()
		ended += t.OK + t.Failed()
	}
	if ended == 0 {
		return 0
	}
	return float64(failed) / float64(ended)
}

// from computes a figure with and without each repetition.
func (s sample) from(statistic func([]*result.Trial) float64) statistics.Figure {
	trials := make([]*result.Trial, len(s.repetitions))
	for i, r := range s.repetitions {
		trials[i] = r.Trial
	}
	f := statistics.Figure{All: statistic(trials)}
	rest := make([]*result.Trial, len(trials)-1)
	for i := range trials {
		copy(rest, trials[:i])
		copy(rest[i:], trials[i+1:])
		f.Without = append(f.Without, statistic(rest))
	}
	return f
}

// percentile is the logarithm of a percentile of the response time.
func (s sample) percentile(percent float64) statistics.Figure {
	histograms := make([]*latency.Histogram, len(s.repetitions))
	for i, r := range s.repetitions {
		histograms[i] = r.response
	}
	whole := s.group.ResponseTimes().Lowest() // batches are too coarse for it
	if !s.batches {
		whole = merged(latency.New(latency.Fine), histograms)
	}
	f := statistics.Figure{All: math.Log(whole.Interpolated(percent)), Without: make([]float64, len(histograms))}
	withoutEach(histograms, func(i int, rest *latency.Histogram) {
		f.Without[i] = math.Log(rest.Interpolated(percent))
	})
	return f
}

// withoutEach visits, for each histogram, all the others merged. It takes
// n log n merges: one half of them is merged once for all of the other.
func withoutEach(histograms []*latency.Histogram, visit func(i int, rest *latency.Histogram)) {
	var descend func(from, to int, rest *latency.Histogram)
	descend = func(from, to int, rest *latency.Histogram) {
		if to-from == 1 {
			visit(from, rest)
			return
		}
		middle := (from + to) / 2
		descend(from, middle, merged(rest, histograms[middle:to]))
		descend(middle, to, merged(rest, histograms[from:middle]))
	}
	descend(0, len(histograms), latency.New(histograms[0].Digits()))
}

func merged(a *latency.Histogram, others []*latency.Histogram) *latency.Histogram {
	sum := latency.New(a.Digits())
	sum.Merge(a)
	for _, h := range others {
		sum.Merge(h)
	}
	return sum
}
