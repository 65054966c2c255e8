package runner

import (
	"errors"

	"plimsoll/runner/drive"
	"plimsoll/runner/goodput"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/kind"
)

// promised is what a trial's thresholds promise of single calls, or iterations, of
// which only the recorder can tell who keeps it; each once.
func promised(t scenario.Trial) (p drive.Promises) {
	for _, threshold := range t.Scenario.Thresholds {
		if !threshold.Rule.Counted() || threshold.Mode != "" && threshold.Mode != t.Mode.Name {
			continue
		}
		if threshold.Rule.Step == "" {
			p.Whole = with(p.Whole, threshold.Rule.Limits)
			continue
		}
		for n, row := range t.Scenario.Steps.Main.Rows {
			if row.Path != threshold.Rule.Step {
				continue
			}
			for n >= len(p.Rows) {
				p.Rows = append(p.Rows, nil)
			}
			p.Rows[n] = with(p.Rows[n], threshold.Rule.Limits)
		}
	}
	return p
}

func with(all []goodput.Limits, one goodput.Limits) []goodput.Limits {
	for _, l := range all {
		if l == one {
			return all
		}
	}
	return append(all, one)
}

// perSecond is the time that throughput is of: a trial's makespan, for all that it
// counted, or its length, for what was got done within it.
type perSecond struct {
	seconds float64
	all     bool
}

// perSecondOf is that of a trial whose end and makespan are known.
func perSecondOf(t *result.Trial) perSecond { return perSecond{t.LengthS(), t.ToTheLast()} }

// of is how much there was of something a second.
func (p perSecond) of(c drive.Count) float64 {
	if p.all {
		return ratio(float64(c.All), p.seconds)
	}
	return ratio(float64(c.InTime), p.seconds)
}

// fillGoodput puts in how many calls kept what was promised of each; rec is nil where nobody came to it.
func fillGoodput(out *result.Measure, promises []goodput.Limits, rec *drive.Interval, per perSecond) {
	for n, p := range promises {
		var kept drive.Count
		if rec != nil && n < len(rec.Kept) {
			kept = rec.Kept[n]
		}
		if out.Goodput == nil {
			out.Goodput = map[string]result.Kept{}
		}
		out.Goodput[p.String()] = result.Kept{Calls: kept.All, PerS: per.of(kept)}
	}
}

// fillParts puts in what the kind of the target has told of calls.
func fillParts(out *result.Measure, called kind.Settings, rec *drive.Interval, per perSecond) (err error) {
	phase := func(name string, h *latency.Histogram) {
		if h.Count() == 0 {
			return
		}
		if out.Phases == nil {
			out.Phases = map[string]result.Dist{}
		}
		d, broken := result.NewDist(h)
		out.Phases[name], err = d, errors.Join(err, broken)
	}
	if len(rec.Phases) > 0 {
		names := called.Traits().Phases
		for n, h := range rec.Phases[:min(len(names), len(rec.Phases))] {
			phase(names[n], h)
		}
	}
	if rec.Memory != nil {
		d, broken := result.NewDist(rec.Memory)
		out.Memory, err = &d, errors.Join(err, broken)
	}
	if s := rec.Streams; s != nil {
		phase(result.FirstEvent, s.FirstEvent)
		phase(result.ServiceFirstEvent, s.ServiceFirstEvent)
		phase(result.Gap, s.Gap)
		out.Stream = &result.Stream{Events: s.Events.All, EventsPerS: per.of(s.Events)}
		if s.Told {
			perS := per.of(s.Tokens)
			out.Stream.Tokens, out.Stream.TokensPerS = &s.Tokens.All, &perS
		}
	}
	return err
}
