package capacity

import (
	"fmt"
	"hash/fnv"
	"math"

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
	if t.Elapsed != nil {
		seen.ElapsedP95S = t.Elapsed.P95S
	}
	step := Step{Margin: -1, Print: fingerprint(t)}
	worst, absent := -1.0, ""
	for _, p := range slo {
		part, err := s.of(t, p)
		if err != nil {
			return seen, Step{}, err
		}
		measured, margin, share := part.keeps(p)
		seen.Measured = append(seen.Measured, measured)
		// Margins are cut off; which promise is broken by the most is not.
		if margin > step.Margin || margin == step.Margin && share > worst {
			step.Limit, worst, absent = p.String(), share, part.absent
		}
		step.Margin = max(step.Margin, margin)
	}
	if why := unserved(t); why != "" && (step.Margin < 1 || s.givenUp.Count() > 0) {
		step.Margin, step.Limit, absent = 1, why, ""
	}
	switch {
	case !t.Health.KeptPace:
		seen.Verdict, seen.Reason, step.Void = result.Void, t.Health.Why, true
		seen.StartedPerS = startedPerSecond(t)
	case step.Pass():
		seen.Verdict = result.Pass
	default:
		seen.Verdict, seen.Reason = result.Fail, step.Limit+absent
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
	for i := range t.Steps {
		step := &t.Steps[i]
		fmt.Fprint(h, step.Response.HDR, step.Response.MeanS, step.ErrorResponse.HDR, step.OK, step.Failed(), step.Cancelled)
	}
	return h.Sum64()
}

// NewPromise turns a rule into a promise that a step can be judged by: an
// upper limit of a response time, or of the share of errors.
func NewPromise(r verdict.Rule) (result.Promise, error) {
	p := result.Promise{Step: r.Step, Rule: r.Text, Limit: r.Value, OrEqual: r.Op == "<="}
	switch {
	case r.Family == "goodput" || r.OfCalls():
		return p, fmt.Errorf("%s: a search goes by the steady part of each step, of which the timeline keeps response times and errors only: promise these, such as p99 < 2s, or sweep the load and write it among the thresholds", r.Text)
	case r.Family == verdict.Monitored && (r.Op == "<" || r.Op == "<="):
		p.Metric, p.Monitor, p.Series, p.Highest = result.MetricMonitor, r.Monitor, r.Series, r.Stat == "max"
	case r.Op != "<" && r.Op != "<=":
		return p, fmt.Errorf("%s: more load makes a promise harder to keep, so it needs an upper limit: write < or <=", r.Text)
	case (r.Family == "errors" || r.Family == "calls.errors") && r.Class == "":
		p.Metric = r.Family
	case r.Family == "cancelled", r.Family == "dropped":
		p.Metric = r.Family
	case r.Family == "response" && r.Stat == "p":
		p.Metric, p.Percentile = "p", r.P
	case r.Family == "response":
		p.Metric = r.Stat
	default:
		return p, fmt.Errorf("%s: a search judges response times such as p99 < 200ms, errors such as errors < 0.1%%, and what monitors see", r.Text)
	}
	return p, nil
}

// keeps is what was measured of a promise, its margin, and the share of its
// limit that it comes to.
func (s steady) keeps(p result.Promise) (measured, margin, share float64) {
	if s.absent != "" || p.OfTimes() && s.response.Count() == 0 && s.failed > 0 {
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
	case "errors", "calls.errors":
		f = result.Exactly(s.errors())
	case "cancelled":
		f = result.Exactly(s.cancelled)
	case "dropped":
		f = result.Exactly(s.dropped)
	case result.MetricMonitor:
		f = result.Exactly(s.watched)
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
