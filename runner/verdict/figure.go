package verdict

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// figure is a measured value in seconds, per second, a share of 1, or a bare
// ratio; where there is none, missing says why, and note says what must be
// known of one that there is.
type figure struct {
	result.Figure
	missing, note   string
	atLeast, broken bool // it may be more; it is judged already
}

func missing(why string) figure { return figure{missing: why} }

func exactly(value float64) figure { return figure{Figure: result.Exactly(value)} }

// of is the part of a group that a rule is about: one step, the calls of all, or
// the group itself.
func of(g *result.Group, r Rule) (*result.Group, error) {
	switch {
	case r.Step != "":
		return g.OfStep(r.Step)
	case r.Family == "calls.errors" || r.Family == "calls.rate":
		return g.OfCalls()
	}
	return g, nil
}

// measure finds the figure that a rule asks for, of the part of the group that it
// is about.
func measure(g *result.Group, r Rule, speedups []result.Speedup) (figure, error) {
	part, err := of(g, r)
	switch {
	case err != nil:
		return figure{}, err
	case part != g && part.Started == 0:
		return missing("no iteration came to it"), nil
	case r.Family == "record":
		return recorded(g, r)
	}
	return figureOf(part, r, speedups), nil
}

func figureOf(g *result.Group, r Rule, speedups []result.Speedup) figure {
	switch r.Family {
	case "response", "all", "service", "lateness", "elapsed":
		return latencyOf(g, r)
	case "first_event", "service.first_event", "gap":
		return streamOf(g, r)
	case "phase":
		return phaseOf(g, r)
	case "memory":
		return memoryOf(g, r)
	case "errors", "calls.errors":
		return errorShare(g, r.Class)
	case "rate", "calls.rate":
		return rate(g, g.ThroughputPerS)
	case "makespan":
		return exactly(g.MakespanS)
	case "first", "half", "last", "in_order.first", "in_order.half", "in_order.last":
		return completionOf(g, r.Family)
	case "cancelled":
		return scheduledShare(g, g.Cancelled)
	case "dropped":
		return scheduledShare(g, g.Dropped)
	case "speedup":
		return speedupOf(g, speedups)
	case "goodput":
		return goodputOf(g, r)
	case Monitored:
		return monitoredOf(g, r)
	}
	if of := queueFigureOf(r.Family); of != nil {
		return queueOf(g, of)
	}
	if of := crawlFigures()[r.Family]; of != nil {
		return crawlOf(g, of)
	}
	return missing(fmt.Sprintf("%q is no metric", r.Family))
}

// latencyOf is a figure of one of the distributions. Those of the successes
// need one: a server that refuses everything at once is not fast.
func latencyOf(g *result.Group, r Rule) figure {
	var times result.Times
	switch r.Family {
	case "all":
		times = g.AllTimes()
	case "service":
		times = g.ServiceTimes()
	case "lateness":
		times = result.NewTimes(g.Lateness, nil)
	case "elapsed":
		if g.Elapsed == nil {
			return missing("its calls are no iterations of steps")
		}
		times = g.ElapsedTimes()
	default:
		times = g.ResponseTimes()
	}
	switch {
	case (r.Family == "response" || r.Family == "service" || r.Family == "elapsed") && g.OK == 0:
		return missing(noSuccess)
	case times.Count() == 0 && g.Started > 0:
		return missing("no call ended")
	case times.Count() == 0:
		return missing("no call was started")
	}
	f := statOf(times, r)
	if !f.Known() {
		f.note = joined(f.note, givenUp(g))
	}
	return f
}

// joined are the notes that there are.
func joined(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(n string) bool { return n == "" }), "; ")
}

// statOf is the figure of a distribution that a rule asks for.
func statOf(times result.Times, r Rule) (f figure) {
	switch r.Stat {
	case "p":
		f.Figure, f.note = times.Quantile(r.P), tooFew(times.Count(), r.P)
	case "mean":
		f.Figure = times.Mean()
	case "max":
		f.Figure = times.Max()
	case "min":
		f.Figure = times.Min()
	default:
		return missing(fmt.Sprintf("%q is no figure of a latency", r.Stat))
	}
	return f
}

// phaseOf is a figure of one of the parts of calls.
func phaseOf(g *result.Group, r Rule) figure {
	if times := g.Phase(r.Phase); times != nil && times.Count() > 0 {
		return statOf(result.NewTimes(times, nil), r)
	}
	var known []string
	for _, p := range g.Phases {
		known = append(known, p.Name)
	}
	if len(known) == 0 {
		return missing("no call that succeeded had phases")
	}
	return missing(fmt.Sprintf("no call that succeeded had the phase %s; there are %s", r.Phase, strings.Join(known, ", ")))
}

// memoryOf is a figure of what programs had, a nanosecond for each byte.
func memoryOf(g *result.Group, r Rule) figure {
	if g.Memory == nil || g.Memory.Count() == 0 {
		return missing("nobody knows what memory the calls took")
	}
	return statOf(result.NewTimes(g.Memory, nil), r)
}

// recorded is a figure of the numbers that a step's `record` kept.
func recorded(g *result.Group, r Rule) (figure, error) {
	numbers, err := g.Recorded(r.Step, r.Record)
	if err != nil {
		return figure{}, err
	}
	return recordedOf(numbers, r), nil
}

func recordedOf(numbers *latency.Histogram, r Rule) figure {
	if numbers == nil || numbers.Count() == 0 {
		return missing("no answer had a number to record")
	}
	return statOf(result.NewTimes(numbers, nil), r)
}

// givenUp says why a figure is at least what it is.
func givenUp(g *result.Group) string {
	n := g.CancelledResponse.Count()
	return fmt.Sprintf("%d of %d calls were given up at the end of the drain, after up to %v, and nobody knows how long they would have taken",
		n, g.Started, g.CancelledResponse.Max().Round(time.Millisecond))
}

// tooFew says that a percentile is one of too few calls to tell much. The
// highest one, p100, is of these calls alone, as max is, and needs no note.
func tooFew(calls int64, percent float64) string {
	needed := statistics.NeededFor(percent / 100)
	if statistics.Supports(calls, percent/100) || needed == math.MaxInt64 {
		return ""
	}
	return fmt.Sprintf("the sample is too small: %d calls, p%v needs %d", calls, percent, needed)
}

// errorShare is the share of the calls that ended by themselves (cancelled
// ones did not) which failed with the class; "" is any.
func errorShare(g *result.Group, class string) figure {
	ended := g.OK + g.Failed
	if ended == 0 {
		return missing("no call ended")
	}
	n := int64(0)
	for c, e := range g.Errors {
		if c != result.Generator && inClass(c, class) {
			n += e.Count
		}
	}
	return exactly(float64(n) / float64(ended))
}

// scheduledShare is a share of the calls that became due.
func scheduledShare(g *result.Group, n int64) figure {
	if g.Scheduled == 0 {
		return missing("no call became due")
	}
	return exactly(float64(n) / float64(g.Scheduled))
}

// rate is a number of calls a second; infinite where calls succeeded and no
// time passed.
func rate(g *result.Group, perSecond float64) figure {
	if g.OK > 0 && g.MakespanS == 0 && g.DurationS == 0 {
		f := exactly(math.Inf(1))
		f.note = "the calls took no time at all, so there is no limit to their rate"
		return f
	}
	return exactly(perSecond)
}

// inClass tells whether an error's class is the wanted one: "status-5xx" holds
// every status of 500 to 599.
func inClass(class, wanted string) bool {
	if family, found := strings.CutSuffix(wanted, "xx"); found && strings.HasPrefix(wanted, "status-") {
		return strings.HasPrefix(class, family) && len(class) == len(wanted)
	}
	return wanted == "" || class == wanted
}

// goodputOf is the throughput, but only of those successes that responded within
// the limit, or kept all of several.
func goodputOf(g *result.Group, r Rule) figure {
	switch {
	case !r.Counted() && g.OK == 0:
		return rate(g, 0)
	case !r.Counted():
		return rate(g, g.ThroughputPerS*float64(g.Response.CountAtMost(r.Within))/float64(g.OK))
	}
	perSecond, counted := g.GoodputPerS(r.Limits.String())
	switch {
	case !counted:
		return missing("this run did not count the calls that keep " + r.Limits.String() + ": run it again with the threshold")
	case g.Stream == nil && g.OK > 0 && r.Limits.OfStreams():
		return missing(noStream)
	}
	return rate(g, perSecond)
}

const (
	noSuccess = "no call succeeded"
	noStream  = "no call that succeeded was a stream"
)

// streamOf is a figure of the times of streams.
func streamOf(g *result.Group, r Rule) figure {
	switch times := g.Phase(r.Family); {
	case times != nil && times.Count() > 0:
		return statOf(result.NewTimes(times, nil), r)
	case g.OK == 0:
		return missing(noSuccess)
	case g.Stream == nil:
		return missing(noStream)
	case r.Family == "gap":
		return missing("no stream had two events")
	}
	return missing("no stream had an event")
}

// speedupOf is the group's speedup as the run has it; the baseline's own is 1.
func speedupOf(g *result.Group, speedups []result.Speedup) figure {
	for _, s := range speedups {
		switch {
		case s.Scenario != g.Scenario:
		case s.Baseline == g.Mode:
			return exactly(1)
		case s.Mode == g.Mode && s.Point == g.Sweep && s.Ratio == 0:
			return missing(s.Note)
		case s.Mode == g.Mode && s.Point == g.Sweep:
			return exactly(s.Ratio)
		}
	}
	return missing("there is no other mode to compare it with")
}
