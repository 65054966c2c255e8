package capacity

import (
	"math"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
)

// steady is what a trial measured once it had settled.
type steady struct {
	response   *latency.Histogram
	ok, failed int64
	givenUp    *latency.Histogram // how long calls were under way that never ended

	cancelled, dropped float64 // shares of what became due, in all of the trial
	perSecond          float64 // successes
	skipped            float64 // seconds left out
	drifting           bool    // it never settled
	watched            float64 // of what a promise is on that a monitor sees
	absent             string  // of a step: says that nothing came to it; of a monitor, why there is nothing
}

// times are the response times, those of calls that were given up among them.
func (s steady) times() result.Times { return result.NewTimes(s.response, s.givenUp) }

// percentile is the one that judges, in seconds.
func (s steady) percentile(p float64) float64 {
	return verdict.Shown(s.times().Quantile(p), math.NaN())
}

func (s steady) errors() float64 {
	if s.ok+s.failed == 0 {
		return 0
	}
	return float64(s.failed) / float64(s.ok+s.failed)
}

// of is the part of the steady state that a promise is about: that of a step, of
// the calls of all steps, or all of it.
func (s steady) of(t *result.Trial, p result.Promise) (part steady, err error) {
	if p.Metric == result.MetricMonitor {
		return s.seen(t, p), nil
	}
	if p.Step == "" && p.Metric != "calls.errors" {
		return s, nil
	}
	part = steady{response: latency.New(latency.Coarse), givenUp: latency.New(latency.Fine)}
	if step := t.Step(p.Step); step != nil {
		part, err = since(&step.Measure, s.skipped)
	}
	for i := range t.Steps {
		if step := &t.Steps[i]; p.Step == "" && step.IsCall() && !step.Outside && err == nil {
			var one steady
			one, err = since(&step.Measure, s.skipped)
			part.ok, part.failed = part.ok+one.ok, part.failed+one.failed
		}
	}
	if part.ok+part.failed+part.givenUp.Count() == 0 {
		part.absent = ": no iteration came to it"
	}
	return part, err
}

// seen is what a monitor saw meanwhile, of what a promise is about.
func (s steady) seen(t *result.Trial, p result.Promise) steady {
	series := t.Monitored(p.Monitor, p.Series)
	switch {
	case series != nil && series.Seen() && p.Highest:
		s.watched, s.absent = series.Max, ""
	case series != nil && series.Seen():
		s.watched, s.absent = series.Since(s.skipped), ""
	default:
		s.absent = ": the monitor saw nothing of it"
		if itself := t.Monitored(p.Monitor, ""); series == nil {
			series = itself
		}
		if series != nil {
			s.absent += ": " + series.Problem
		}
	}
	return s
}

// steadyState leaves out the first part of a trial, where it still drifts. All
// that ended later counts, also after calls ceased to become due: it was they
// who waited longest.
func steadyState(t *result.Trial) (s steady, err error) {
	skip, drifting := transient(t)
	from, perSecond := 0.0, t.ThroughputPerS
	if skip > 0 {
		from = t.Timeline[skip-1].AtS + t.Timeline[skip-1].WidthS
		perSecond = served(t, from)
	}
	if s, err = since(&t.Measure, from); err != nil {
		return s, err
	}
	s.skipped, s.drifting, s.perSecond = from, drifting, perSecond
	if t.Scheduled > 0 {
		s.cancelled, s.dropped = float64(t.Cancelled)/float64(t.Scheduled), float64(t.Dropped)/float64(t.Scheduled)
	}
	return s, nil
}

// served are the successes a second from a time on, while calls became due.
func served(t *result.Trial, from float64) float64 {
	within := int64(0)
	for _, w := range t.Timeline {
		if !before(w, from) && w.AtS+w.WidthS <= t.DurationS*(1+1e-9) {
			within += w.OK
		}
	}
	if length := t.DurationS - from; length > 0 {
		return float64(within) / length
	}
	return 0
}

// before tells whether a window begins before a time.
func before(w result.Window, from float64) bool { return w.AtS < from*(1-1e-9) }

// since are the calls that ended from a time on, and those given up: of a whole
// trial, or of a step, whose windows are wider, so that a little more is left out.
func since(m *result.Measure, from float64) (s steady, err error) {
	if s.givenUp, err = m.CancelledResponse.Histogram(); err != nil {
		return s, err
	}
	if from == 0 { // the whole histogram has a digit more than the windows
		s.ok, s.failed = m.OK, m.Failed()
		s.response, err = m.Response.Histogram()
		return s, err
	}
	s.response = latency.New(latency.Coarse)
	sum, highest := 0.0, 0.0
	for _, w := range m.Timeline {
		if before(w, from) {
			continue
		}
		h, err := w.Histogram()
		if err != nil {
			return s, err
		}
		s.response.Merge(h)
		sum, highest = sum+w.MeanS*float64(w.OK), max(highest, w.MaxS)
		s.ok += w.OK
		s.failed += w.Errors
	}
	return s, s.sharpen(sum, highest)
}

// sharpen gives the merged windows, which are coarse, their exact maximum and
// mean: a percentile might else come out above the slowest call. The sum and
// the highest are in seconds.
func (s steady) sharpen(sum, highest float64) error {
	if s.ok == 0 {
		return nil
	}
	most := time.Duration(math.Round(highest * 1e9))
	least := min(s.response.Min(), most)
	mean := min(max(sum/float64(s.ok)*1e9, float64(least)), float64(most))
	return s.response.Restore(least, most, mean, s.response.Stddev())
}

const (
	// batch is how many windows of a timeline make one batch (the 5 of MSER-5).
	batch = 5
	// fewest batches that a drift can be told from.
	fewest = 10
	// shown is how many standard errors the beginning must differ by from the
	// rest to be left out, and matters by what share of it. Without that MSER
	// would cut off chance bursts, of which a queue near saturation is full,
	// and where nothing varies the last digit.
	shown, matters = 4, 0.01
)

// transient tells how many windows of a trial's timeline belong to its
// beginning, while the mean response time still drifts; drifting tells that it
// did so for half of the trial, where looking ends.
//
// It is MSER-5 (White 1997): cut where the standard error of the mean of what
// is left is least.
func transient(t *result.Trial) (windows int, drifting bool) {
	idle, means := batchMeans(t)
	n := len(means)
	if n < fewest {
		return 0, false
	}
	best, cut := math.Inf(1), 0
	for d := 0; d <= n/2; d++ {
		_, squares := moments(means[d:])
		if left := float64(n - d); squares/left/left < best {
			best, cut = squares/left/left, d
		}
	}
	if cut == 0 || !differs(means[:cut], means[cut:]) {
		return 0, false
	}
	return (idle + cut) * batch, cut == n/2
}

// differs tells whether the beginning's mean is away from the rest's by more
// than chance.
func differs(beginning, rest []float64) bool {
	first, _ := moments(beginning)
	mean, squares := moments(rest)
	a, b := float64(len(beginning)), float64(len(rest))
	off := math.Abs(first - mean)
	return off > matters*mean && off > shown*math.Sqrt(squares/(b-1)*(1/a+1/b))
}

// batchMeans are the mean response times of batches of windows, as long as
// calls became due and each batch has any. Before them there may be idle ones,
// without a success that counts: after a warm-up its calls are the first to
// end.
func batchMeans(t *result.Trial) (idle int, means []float64) {
	for from := 0; from+batch <= len(t.Timeline); from += batch {
		sum, n := 0.0, 0.0
		last := t.Timeline[from+batch-1]
		if last.AtS+last.WidthS > t.DurationS*(1+1e-9) {
			break
		}
		for _, w := range t.Timeline[from : from+batch] {
			sum += w.MeanS * float64(w.OK)
			n += float64(w.OK)
		}
		switch {
		case n > 0:
			means = append(means, sum/n)
		case len(means) > 0:
			return idle, nil
		default:
			idle++
		}
	}
	return idle, means
}

// moments are the mean and the sum of squares about it.
func moments(values []float64) (mean, squares float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return mean, squares
}
