package capacity

import (
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
)

// Judge is what one trial at a level showed: its figures in the steady state,
// and how far from their limits the promises were. The trial must have come to
// its end.
//
// Besides the promises a target must serve what it is offered: half of the
// calls held back at max_in_flight, or more than 1 % dropped or given up when
// the drain was over, is a failure of its own.
func Judge(t *result.Trial, slo []result.Promise) (result.CapacityStep, Step, error) {
	seen := result.CapacityStep{Repeat: t.Repeat, LatenessP99S: t.Lateness.P99S}
	s, err := steadyState(t)
	if err != nil {
		return seen, Step{}, err
	}
	seen.SkippedS, seen.Drifting = s.skipped, s.drifting
	seen.P50S, seen.P99S = s.percentile(50), s.percentile(99)
	seen.Errors, seen.ThroughputPerS = s.errors(), s.perSecond
	step := Step{Margin: -1, Print: fingerprint(t)}
	worst := -1.0
	for _, p := range slo {
		measured, margin, share := s.keeps(p)
		seen.Measured = append(seen.Measured, measured)
		// Margins are cut off; which promise is broken by the most is not.
		if margin > step.Margin || margin == step.Margin && share > worst {
			step.Limit, worst = p.Rule, share
		}
		step.Margin = max(step.Margin, margin)
	}
	if why := unserved(t); why != "" && (step.Margin < 1 || s.givenUp.Count() > 0) {
		step.Margin, step.Limit = 1, why
	}
	switch {
	case !t.Health.KeptPace:
		seen.Verdict, seen.Reason, step.Void = result.Void, t.Health.Why, true
		seen.StartedPerS = startedPerSecond(t)
	case step.Pass():
		seen.Verdict = result.Pass
	default:
		seen.Verdict, seen.Reason = result.Fail, step.Limit
	}
	return seen, step, nil
}

// unserved tells why a target did not serve what it was offered, whatever the
// calls it did serve were like; "" where it did.
func unserved(t *result.Trial) string {
	switch left := t.Dropped + t.Cancelled; {
	case t.Health.LimitedBy != "" && t.Held.P50S > 0:
		return t.Health.LimitedBy
	case float64(left) > 0.01*float64(t.Scheduled):
		return fmt.Sprintf("%d of %d calls not served", left, t.Scheduled)
	}
	return ""
}

// startedPerSecond is the rate at which the generator managed to start calls
// while they became due.
func startedPerSecond(t *result.Trial) float64 {
	started, until := int64(0), 0.0
	for _, w := range t.Timeline {
		if end := w.AtS + w.WidthS; end <= t.DurationS*(1+1e-9) {
			started, until = started+w.Started, end
		}
	}
	if until <= 0 {
		return 0
	}
	return float64(started) / until
}

// fingerprint is a number that hardly two trials have in common unless they
// measured the same to the last digit.
func fingerprint(t *result.Trial) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, t.Response.HDR, t.Response.MeanS, t.ErrorResponse.HDR, t.OK, t.Failed(), t.Dropped, t.Cancelled, t.MakespanS, t.ThroughputPerS)
	return h.Sum64()
}

// NewPromise turns a rule into a promise that a step can be judged by: an
// upper limit of a response time, or of the share of errors.
func NewPromise(r verdict.Rule) (result.Promise, error) {
	p := result.Promise{Rule: r.Text, Limit: r.Value, OrEqual: r.Op == "<="}
	switch {
	case r.Op != "<" && r.Op != "<=":
		return p, fmt.Errorf("%s: more load makes a promise harder to keep, so it needs an upper limit: write < or <=", r.Text)
	case r.Family == "errors" && r.Class == "":
		p.Metric = "errors"
	case r.Family == "cancelled", r.Family == "dropped":
		p.Metric = r.Family
	case r.Family == "response" && r.Stat == "p":
		p.Metric, p.Percentile = "p", r.P
	case r.Family == "response":
		p.Metric = r.Stat
	default:
		return p, fmt.Errorf("%s: a search judges response times such as p99 < 200ms, and errors such as errors < 0.1%%", r.Text)
	}
	return p, nil
}

// keeps is what was measured of a promise, its margin, and the share of its
// limit that it comes to.
func (s steady) keeps(p result.Promise) (measured, margin, share float64) {
	if p.OfTimes() && s.response.Count() == 0 && s.failed > 0 {
		return 0, 1, 1 // a server that refuses everything at once is not fast
	}
	f, op := s.figure(p), "<"
	if p.OrEqual {
		op = "<="
	}
	measured = verdict.Shown(f, p.Limit)
	margin, share = Margin(measured, p.Limit), measured/p.Limit
	switch {
	case verdict.Keeps(f, op, p.Limit):
		return measured, min(margin, 0), share
	case math.IsInf(f.Most.High, 1): // the calls that were given up might have taken for ever
		return measured, 1, math.Inf(1)
	}
	return measured, max(margin, math.SmallestNonzeroFloat64), share
}

// figure is what a promise is about.
func (s steady) figure(p result.Promise) (f result.Figure) {
	switch times := s.times(); p.Metric {
	case "errors":
		f = result.Exactly(s.errors())
	case "cancelled":
		f = result.Exactly(s.cancelled)
	case "dropped":
		f = result.Exactly(s.dropped)
	case "p":
		f = times.Quantile(p.Percentile)
	case "mean":
		f = times.Mean()
	case "max":
		f = times.Max()
	case "min":
		f = times.Min()
	}
	return f
}

// Margin tells how far a measured value is from its limit: 0 at it, below 0
// where it was kept, −1 and 1 from about a fifth and five times of it on. It
// goes by the ratio of the two, alike to either side, so that noise which is a
// share of the value moves it up as often as down; and near its limit a queue's
// percentile, which grows without end towards saturation, makes almost a
// straight line of it.
func Margin(measured, limit float64) float64 {
	if measured+limit <= 0 {
		return -1
	}
	return max(-1, min(1, 1.5*(measured-limit)/(measured+limit)))
}

// steady is what a trial measured once it had settled.
type steady struct {
	response   *latency.Histogram
	ok, failed int64
	givenUp    *latency.Histogram // how long calls were under way that never ended

	cancelled, dropped float64 // shares of what became due, in all of the trial
	perSecond          float64 // successes
	skipped            float64 // seconds left out
	drifting           bool    // it never settled
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

// steadyState leaves out the first part of a trial, where it still drifts. All
// that ended later counts, also after calls ceased to become due: it was they
// who waited longest.
func steadyState(t *result.Trial) (s steady, err error) {
	if s, err = ended(t); err != nil {
		return s, err
	}
	if s.givenUp, err = t.CancelledResponse.Histogram(); t.Scheduled > 0 {
		s.cancelled, s.dropped = float64(t.Cancelled)/float64(t.Scheduled), float64(t.Dropped)/float64(t.Scheduled)
	}
	return s, err
}

// ended are the calls of the steady state that came to their end.
func ended(t *result.Trial) (s steady, err error) {
	skip, drifting := transient(t)
	if skip == 0 { // the trial's own histogram has a digit more than its windows
		s = steady{ok: t.OK, failed: t.Failed(), perSecond: t.ThroughputPerS, drifting: drifting}
		s.response, err = t.Response.Histogram()
		return s, err
	}
	s = steady{response: latency.New(latency.Coarse), drifting: drifting}
	within, sum, highest := int64(0), 0.0, 0.0
	for i, w := range t.Timeline {
		if i < skip {
			s.skipped = w.AtS + w.WidthS
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
		if w.AtS+w.WidthS <= t.DurationS*(1+1e-9) {
			within += w.OK
		}
	}
	if length := t.DurationS - s.skipped; length > 0 {
		s.perSecond = float64(within) / length
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
