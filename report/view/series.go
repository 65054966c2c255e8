package view

import (
	"math"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// CurvePoint is one point of a percentile curve.
type CurvePoint struct {
	Tail    float64 // 1/(1−p): 2 is the median, 100 is p99
	Seconds float64
}

// Curve is a distribution's quantiles evenly over the logarithm of the tail,
// from the shortest duration to the last percentile that there are enough
// values for and that the calls given up have no part in. It is empty where
// there are none.
func Curve(times result.Times) []CurvePoint {
	const each = 40 // points in each power of ten of the tail
	var points []CurvePoint
	for i := 0; ; i++ {
		tail := math.Pow(10, float64(i)/each)
		percent := 100 * (1 - 1/tail)
		if f := times.Quantile(percent); supports(times.Lowest(), percent) && f.Known() {
			points = append(points, CurvePoint{tail, f.Least.High})
			continue
		}
		return points
	}
}

// Moment is a piece of a timeline. Without a success its latencies are NaN.
// P99S is that of as many neighbouring moments as it takes for enough
// successes, each of which has it then; NaN where even all are too few.
type Moment struct {
	AtS, WidthS                     float64
	StartedPerS, OKPerS, FailedPerS float64
	InFlight                        float64
	P50S, P99S                      float64
}

// mostMoments keeps the lines of a chart legible. Fewer would hide more:
// whatever comes and goes faster than a moment beats against it.
const mostMoments = 120

// Timelines are trials' timelines for one picture: each moment is the merger
// of as many windows as it takes for the longest trial to have at most 120.
func Timelines(trials []*result.Trial) [][]Moment {
	length := 0.0
	for _, t := range trials {
		if n := len(t.Timeline); n > 0 {
			length = max(length, t.Timeline[n-1].AtS+t.Timeline[n-1].WidthS)
		}
	}
	lines := make([][]Moment, len(trials))
	for i, t := range trials {
		var responses []*latency.Histogram
		for _, windows := range bunches(t.Timeline, length/mostMoments) {
			m, response := moment(windows, max(t.MakespanS, t.DurationS))
			lines[i], responses = append(lines[i], m), append(responses, response)
		}
		tails(lines[i], responses)
	}
	return lines
}

// tails fills in the moments' p99.
func tails(moments []Moment, responses []*latency.Histogram) {
	from, sum := 0, latency.New(latency.Coarse)
	for i := range moments {
		moments[i].P99S = math.NaN()
		sum.Merge(responses[i])
		p99 := Percentile(sum, 99)
		if math.IsNaN(p99) {
			continue
		}
		for j := from; j <= i; j++ {
			if responses[j].Count() > 0 {
				moments[j].P99S = p99
			}
		}
		from = i + 1
		sum.Reset()
	}
}

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
func moment(windows []result.Window, end float64) (m Moment, response *latency.Histogram) {
	var started, done, failed int64
	var inFlight float64
	response = latency.New(latency.Coarse)
	m.AtS = windows[0].AtS
	for _, w := range windows {
		m.WidthS += w.WidthS
		started += w.Started
		done += w.OK
		failed += w.Errors
		inFlight += w.InFlightMean * w.WidthS
		if h, err := w.Histogram(); err == nil {
			response.Merge(h)
		}
	}
	if until := end - m.AtS; until > 0 && until < m.WidthS {
		m.WidthS = until
	}
	m.StartedPerS, m.OKPerS, m.FailedPerS = float64(started)/m.WidthS, float64(done)/m.WidthS, float64(failed)/m.WidthS
	m.InFlight = inFlight / m.WidthS
	m.P50S = Percentile(response, 50)
	return m, response
}
