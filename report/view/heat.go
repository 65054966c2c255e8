package view

import (
	"fmt"
	"math"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// Heat is how many calls ended in each piece of time with each response time:
// the successes of one trial. Both axes are edges, one more than there are cells;
// that of response times is even in its logarithm.
type Heat struct {
	Mode   string
	Look   int
	TimesS []float64
	Bins   []float64 // seconds
	Names  []string  // of the bins: from where to where
	Unit   string    // of the names
	Calls  [][]int64 // by time, then by bin
	Most   int64
}

// heatBins is how many bins there are in each power of ten of response time:
// what windows keep, two digits, tells twice as many apart.
const heatBins = 10

// heat is the heat map of a group's first repetition; nil where hardly a call
// succeeded, or none took any time.
func (s *Scenario) heat(g *Group) *Heat {
	t := g.Trials[0]
	const few = 50
	if t.OK < few || len(t.Timeline) < 2 {
		return nil
	}
	h := &Heat{Mode: Clean(g.Mode), Look: s.Nth(g.Mode)}
	var columns []*latency.Histogram
	low, high, end := math.Inf(1), 0.0, 0.0
	for _, windows := range bunches(t.Timeline, heatWidth(t.Timeline)) {
		all := responsesIn(windows)
		columns, h.TimesS = append(columns, all), append(h.TimesS, windows[0].AtS)
		last := windows[len(windows)-1]
		end = last.AtS + last.WidthS
		if all.Count() > 0 {
			low, high = min(low, all.Min().Seconds()), max(high, all.Max().Seconds())
		}
	}
	if high == 0 {
		return nil
	}
	h.TimesS = append(h.TimesS, max(min(end, lasted(t)), h.TimesS[len(h.TimesS)-1]))
	h.fill(columns, max(low, 1e-9), high)
	return h
}

// heatWidth is how wide a heat map's pieces of time are: there are as many as a
// timeline has moments at the most, since they need not bear any percentile.
func heatWidth(windows []result.Window) float64 {
	last := windows[len(windows)-1]
	whole := windows[0].WidthS
	return whole * math.Ceil((last.AtS+last.WidthS)/mostMoments/whole-1e-9)
}

// fill sorts the calls into bins from the lowest to the highest response time.
func (h *Heat) fill(columns []*latency.Histogram, low, high float64) {
	unit := timeScale(low, high)
	h.Unit = unit.unit
	var edges []time.Duration
	for i := math.Floor(math.Log10(low) * heatBins); len(edges) == 0 || edges[len(edges)-1].Seconds() <= high; i++ {
		edge := math.Pow(10, i/heatBins)
		edges, h.Bins = append(edges, time.Duration(edge*1e9)), append(h.Bins, edge)
	}
	for i, edge := range h.Bins[1:] {
		h.Names = append(h.Names, brief(h.Bins[i]/unit.per)+" … "+brief(edge/unit.per))
	}
	for _, all := range columns {
		cells, below := make([]int64, len(edges)-1), int64(0)
		for i := range cells {
			upTo := all.Count()
			if i < len(cells)-1 {
				upTo = all.CountAtMost(edges[i+1])
			}
			cells[i], below = upTo-below, upTo
			h.Most = max(h.Most, cells[i])
		}
		h.Calls = append(h.Calls, cells)
	}
}

// words say what the heat map shows.
func (h *Heat) words(noun string) string {
	return fmt.Sprintf("How many %ss ended when (across) with which response time (up, logarithmic): the stronger the colour, the more, %d at most in %s.",
		noun, h.Most, momentWords(h.TimesS[1]-h.TimesS[0]))
}

// HeatLevels is how many shades a heat map has.
const HeatLevels = 7

// Level is the shade of so many calls, from 1, even in their logarithm; 0 of none.
func (h *Heat) Level(calls int64) int {
	if calls <= 0 {
		return 0
	}
	if h.Most <= 1 {
		return HeatLevels
	}
	return 1 + int(math.Log(float64(calls))/math.Log(float64(h.Most))*(HeatLevels-1)+1e-9)
}
