package view

import (
	"fmt"
	"math"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// bounds are the ends of a percentile's 95 % confidence interval, in seconds;
// NaN where there is none.
type bounds struct{ low, high float64 }

// enoughRepetitions is how many there must be for an interval from them.
const enoughRepetitions = 3

// intervals are those of a distribution's percentiles, and the footnote that
// tells what they are from: how much repetitions differ where there are
// enough of them, for only they are independent of each other; otherwise the
// ranks of single calls, as if those were.
func (g *Group) intervals(f family, percents []float64) ([]bounds, string) {
	if times := f.times(g); times.GivenUp != nil {
		return rankedTimes(times, percents), byRanks(g.noun())
	}
	if len(g.Trials) >= enoughRepetitions {
		if all, ok := g.jackknifed(f, percents); ok {
			return all, fmt.Sprintf("95 %% intervals from how much the %d repetitions differ (jackknife, Student's t)", len(g.Trials))
		}
	}
	return ranked(f.of(g), percents), byRanks(g.noun())
}

func byRanks(noun string) string {
	return fmt.Sprintf("95 %% intervals from the ranks of %ss as if these were independent, which %ss of one run are not: with 3 repetitions or more they come from these, and hold", noun, noun)
}

// rankedTimes are the intervals that do not depend on the calls given up.
func rankedTimes(times result.Times, percents []float64) []bounds {
	all := make([]bounds, len(percents))
	for i, percent := range percents {
		all[i] = bounds{math.NaN(), math.NaN()}
		low, high, ok := statistics.QuantileRanks(times.Count(), percent/100)
		if ok && times.Ranked(high).Known() {
			all[i] = bounds{times.Ranked(low).Least.High, times.Ranked(high).Least.High}
		}
	}
	return all
}

// jackknifed leaves out one repetition after the other. It fails where a
// percentile is 0, as lateness is under the virtual clock.
func (g *Group) jackknifed(f family, percents []float64) ([]bounds, bool) {
	without := withoutEach(g.Trials, f)
	all := make([]bounds, len(percents))
	for i, percent := range percents {
		if all[i] = (bounds{math.NaN(), math.NaN()}); !supports(f.of(g), percent) {
			continue
		}
		e, err := statistics.Ratio(len(g.Trials), func(left int) float64 {
			if left == statistics.None {
				return quantile(f.of(g), percent)
			}
			return quantile(without[left], percent)
		})
		if err != nil {
			return nil, false
		}
		all[i] = bounds{e.Low, e.High}
	}
	return all, true
}

// withoutEach merges, for each trial, the histograms of all others: those
// before it and those after it, which are merged once.
func withoutEach(trials []*result.Trial, f family) []*latency.Histogram {
	merged := make([]*latency.Histogram, len(trials))
	before, after := latency.New(latency.Fine), latency.New(latency.Fine)
	for i, t := range trials {
		merged[i] = latency.New(latency.Fine)
		merged[i].Merge(before)
		before.Merge(histogram(f.dist(t)))
	}
	for i := len(trials) - 1; i >= 0; i-- {
		merged[i].Merge(after)
		after.Merge(histogram(f.dist(trials[i])))
	}
	return merged
}

// histogram is for what was decoded before, when the group was made: there is
// no error left to meet.
func histogram(d *result.Dist) *latency.Histogram {
	h, err := d.Histogram()
	if err != nil {
		return latency.New(latency.Fine)
	}
	return h
}

// ranked are the order statistics that enclose each percentile.
func ranked(h *latency.Histogram, percents []float64) []bounds {
	all := make([]bounds, len(percents))
	for i, percent := range percents {
		all[i] = bounds{math.NaN(), math.NaN()}
		if low, high, ok := statistics.QuantileRanks(h.Count(), percent/100); ok {
			all[i] = bounds{atRank(h, low), atRank(h, high)}
		}
	}
	return all
}

// atRank is the rank-th value of a distribution, from 1, in seconds.
func atRank(h *latency.Histogram, rank int64) float64 {
	return h.Quantile(100 * float64(rank) / float64(h.Count())).Seconds()
}

// draft is an interval in the unit of the figure that it belongs to.
func (b bounds) draft(s scale, basis string) draft {
	if math.IsNaN(b.low) {
		return empty()
	}
	return draft{text: s.text(b.low) + "–" + s.text(b.high), notes: []string{basis}}
}
