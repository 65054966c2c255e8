package view

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// Moment is a piece of a timeline. Its latencies are those of the successes
// that ended in it and of no others; without one they are NaN.
type Moment struct {
	AtS, WidthS                     float64
	AskedPerS, DroppedPerS          float64
	StartedPerS, OKPerS, FailedPerS float64
	InFlight, Queued, Held          float64            // means; Queued: of the queue's length; Held: of calls that were due and not started
	LatestS                         float64            // the greatest lateness of the calls that started in it
	ClassesPerS                     map[string]float64 // FailedPerS by class of errors
	Cores                           map[string]float64 // that monitors saw taken, by their names; see CoresOf
	Calls                           int64              // successes
	P50S, P90S, P99S                float64            // NaN where its own calls do not bear them
	Tail                            float64            // the highest percentile of Tails that its own calls bear; 0 for none
	TailS                           float64
}

// Tails are the percentiles that a moment may show above its median, the
// highest first.
var Tails = [...]float64{99, 95, 90}

// Until is where a moment ends.
func (m Moment) Until() float64 { return m.AtS + m.WidthS }

// Stretch is the timelines of trials that take about the same time, so that
// they can be seen on one axis.
type Stretch struct {
	Trials  []int // as given to Timelines
	Moments [][]Moment
	LengthS float64
}

// Lengths that differ more than this are not shown on one axis.
const mostApart = 5

// mostMoments keeps the lines of a chart legible. Fewer would hide more:
// whatever comes and goes faster than a moment beats against it.
const mostMoments = 120

// Timelines are trials' timelines for one picture, trials of very different
// lengths apart. Each moment is the merger of as many windows as it takes for
// the longest trial of its stretch to have at most 120, or 60 where there are
// several stretches; fewer, but no less than a third of them, where only that
// makes them bear more than a median. The moments of a stretch begin at the same
// times, as far as its trials go.
func Timelines(trials []*result.Trial) []Stretch {
	stretches := stretched(trials)
	most := float64(mostMoments)
	if len(stretches) > 1 {
		most /= 2
	}
	for i := range stretches {
		s := &stretches[i]
		slices.Sort(s.Trials)
		wide := s.momentWidth(trials, most)
		for _, n := range s.Trials {
			t := trials[n]
			var moments []Moment
			for _, windows := range bunches(t.Timeline, wide) {
				m := moment(windows, lasted(t))
				m.Cores = coresIn(t, m.AtS, m.Until())
				moments = append(moments, m)
			}
			s.Moments = append(s.Moments, moments)
		}
	}
	slices.SortFunc(stretches, func(a, b Stretch) int { return cmp.Compare(a.Trials[0], b.Trials[0]) })
	return stretches
}

// momentWidth is how wide moments have to be for there to be so many: whole windows
// of every trial, so that the moments of all begin at the same times; up to three times
// as wide where that makes most of those of the trial of the most successes bear a
// percentile above the median.
func (s *Stretch) momentWidth(trials []*result.Trial, most float64) float64 {
	var calls int64
	var widest float64 // of windows: they double, so it is a multiple of all
	for _, n := range s.Trials {
		calls, widest = max(calls, trials[n].OK), max(widest, trials[n].Timeline[0].WidthS)
	}
	width := math.Ceil(s.LengthS/most/widest-1e-9) * widest
	wanted := 1.2 * float64(statistics.NeededFor(Tails[len(Tails)-1]/100)) // some have fewer than the mean
	if times := math.Ceil(wanted * s.LengthS / width / float64(calls)); times > 1 && times <= 3 {
		return width * times
	}
	return width
}

// stretched sorts those trials that have a timeline by their lengths.
func stretched(trials []*result.Trial) (all []Stretch) {
	var order []int
	for i, t := range trials {
		if len(t.Timeline) > 0 {
			order = append(order, i)
		}
	}
	length := func(i int) float64 {
		last := trials[i].Timeline[len(trials[i].Timeline)-1]
		return last.AtS + last.WidthS
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(length(a), length(b)) })
	shortest := 0.0
	for _, i := range order {
		if len(all) == 0 || length(i) > mostApart*shortest {
			all, shortest = append(all, Stretch{}), length(i)
		}
		s := &all[len(all)-1]
		s.Trials, s.LengthS = append(s.Trials, i), length(i)
	}
	return all
}

// lasted is how long a trial took, without what is left of its last window.
func lasted(t *result.Trial) float64 { return max(t.MakespanS, t.DurationS) }

// bunches puts windows together until they are wide enough. What is left at
// the end joins the last bunch, since its rates would be of too little.
func bunches(windows []result.Window, wide float64) (all [][]result.Window) {
	from, width := 0, 0.0
	for i, w := range windows {
		if width += w.WidthS; width >= wide*(1-1e-9) {
			all = append(all, windows[from:i+1])
			from, width = i+1, 0
		}
	}
	switch rest := windows[from:]; {
	case len(rest) > 0 && len(all) > 0:
		last := len(all) - 1
		all[last] = windows[from-len(all[last]):]
	case len(rest) > 0:
		all = append(all, rest)
	}
	return all
}

// moment merges windows, and the response times in them. The last one ends with
// the trial, not after it.
func moment(windows []result.Window, end float64) (m Moment) {
	var asked, dropped, started, done, failed int64
	var inFlight, queued, held float64
	classes := map[string]int64{}
	response := responsesIn(windows)
	m.AtS = windows[0].AtS
	for _, w := range windows {
		m.WidthS += w.WidthS
		asked += w.Scheduled
		dropped += w.Dropped
		started += w.Started
		done += w.OK
		failed += w.Errors
		inFlight += w.InFlightMean * w.WidthS
		queued += w.QueueLength * w.WidthS
		held += w.HeldMean * w.WidthS
		m.LatestS = max(m.LatestS, w.LatenessMaxS)
		for class, n := range w.ErrorsByClass {
			classes[class] += n
		}
	}
	if until := end - m.AtS; until > 0 && until < m.WidthS {
		m.WidthS = until
	}
	m.StartedPerS, m.OKPerS, m.FailedPerS = float64(started)/m.WidthS, float64(done)/m.WidthS, float64(failed)/m.WidthS
	m.AskedPerS, m.DroppedPerS = float64(asked)/m.WidthS, float64(dropped)/m.WidthS
	m.InFlight, m.Queued, m.Held = inFlight/m.WidthS, queued/m.WidthS, held/m.WidthS
	m.ClassesPerS = map[string]float64{}
	for class, n := range classes {
		m.ClassesPerS[class] = float64(n) / m.WidthS
	}
	m.Calls, m.P50S, m.TailS = response.Count(), Percentile(response, 50), math.NaN()
	m.P90S, m.P99S = Percentile(response, 90), Percentile(response, 99)
	for _, percent := range Tails {
		if supports(response, percent) {
			m.Tail, m.TailS = percent, quantile(response, percent)
			break
		}
	}
	return m
}

// responsesIn are the response times of the successes that ended in windows.
func responsesIn(windows []result.Window) *latency.Histogram {
	all := latency.New(latency.Coarse)
	for _, w := range windows {
		if h, err := w.Histogram(); err == nil {
			all.Merge(h)
		}
	}
	return all
}

// AboutMoments says what the response times in timelines are of.
func (s *Scenario) AboutMoments(stretches []Stretch) string {
	var widths []string
	few, all := 0, 0
	for _, s := range stretches {
		for i, moments := range s.Moments {
			if i == 0 && len(moments) > 0 {
				if width := momentWords(moments[0].WidthS); !slices.Contains(widths, width) {
					widths = append(widths, width)
				}
			}
			for _, m := range moments {
				if m.Calls > 0 {
					all++
				}
				if m.Calls > 0 && m.Tail == 0 {
					few++
				}
			}
		}
	}
	if all == 0 {
		return ""
	}
	text := fmt.Sprintf("Response times stand where %ss ended: each moment (%s) shows those of its own %ss.", s.Noun(), strings.Join(widths, ", "), s.Noun())
	least := statistics.NeededFor(Tails[len(Tails)-1] / 100)
	switch {
	case few == all:
		text += fmt.Sprintf(" None has %d, which is what it takes to show more than the median.", least)
	case few > 0:
		text += fmt.Sprintf(" %d of %s have fewer than %d, and show their median only.", few, plural(all, "moment"), least)
	}
	return text
}

// momentWords is a moment's width: hours where it is very wide.
func momentWords(seconds float64) string {
	if hours := seconds / 3600; hours >= 2 {
		return strconv.FormatFloat(hours, 'g', 3, 64) + " h"
	}
	return lasting(seconds)
}
