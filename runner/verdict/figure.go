package verdict

import (
	"fmt"
	"math"
	"strings"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// figure is a measured value; where there is none, missing says why, and note
// says what must be known of one that there is.
type figure struct {
	value         float64 // seconds, per second, a share of 1, or a bare ratio
	missing, note string
}

func missing(why string) figure { return figure{missing: why} }

// measure finds the figure that a rule asks for. Only repetitions that came to
// their end are judged: of others the figure is told, and is missing all the
// same.
func measure(g *result.Group, r Rule, speedups []result.Speedup) figure {
	f := figureOf(g, r, speedups)
	if g.Partial {
		f.missing = "no repetition came to its end: " + g.Trials[0].Ended
	}
	return f
}

func figureOf(g *result.Group, r Rule, speedups []result.Speedup) figure {
	switch r.Family {
	case "response", "all", "service", "lateness":
		return latencyOf(g, r)
	case "errors":
		return errorShare(g, r.Class)
	case "rate":
		return figure{value: g.ThroughputPerS}
	case "makespan":
		return figure{value: g.MakespanS}
	case "speedup":
		return speedupOf(g, speedups)
	case "goodput":
		return figure{value: goodput(g, r.Within)}
	}
	return missing(fmt.Sprintf("%q is no metric", r.Family))
}

// latencyOf is a figure of one of the distributions. Those of the target need
// a success: a server that refuses everything at once is not fast.
func latencyOf(g *result.Group, r Rule) figure {
	h := g.Response
	switch r.Family {
	case "all":
		h = latency.New(latency.Fine)
		h.Merge(g.Response)
		h.Merge(g.ErrorResponse)
	case "service":
		h = g.Service
	case "lateness":
		h = g.Lateness
	}
	switch {
	case r.Family != "lateness" && g.OK == 0:
		return missing("no call succeeded")
	case h.Count() == 0:
		return missing("no call was started")
	}
	switch r.Stat {
	case "p":
		return figure{value: h.Quantile(r.P).Seconds(), note: tooFew(h.Count(), r.P)}
	case "mean":
		return figure{value: h.Mean() / 1e9}
	case "max":
		return figure{value: h.Max().Seconds()}
	case "min":
		return figure{value: h.Min().Seconds()}
	}
	return missing(fmt.Sprintf("%q is no figure of a latency", r.Stat))
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
		if inClass(c, class) {
			n += e.Count
		}
	}
	return figure{value: float64(n) / float64(ended)}
}

// inClass tells whether an error's class is the wanted one: "status-5xx" holds
// every status of 500 to 599.
func inClass(class, wanted string) bool {
	if family, found := strings.CutSuffix(wanted, "xx"); found && strings.HasPrefix(wanted, "status-") {
		return strings.HasPrefix(class, family) && len(class) == len(wanted)
	}
	return wanted == "" || class == wanted
}

// goodput is the throughput, but only of those successes that responded within
// the limit.
func goodput(g *result.Group, within time.Duration) float64 {
	if g.OK == 0 {
		return 0
	}
	return g.ThroughputPerS * float64(g.Response.CountAtMost(within)) / float64(g.OK)
}

// speedupOf is the group's speedup as the run has it; the baseline's own is 1.
func speedupOf(g *result.Group, speedups []result.Speedup) figure {
	for _, s := range speedups {
		switch {
		case s.Scenario != g.Scenario:
		case s.Baseline == g.Mode:
			return figure{value: 1}
		case s.Mode == g.Mode && s.Point == g.Sweep && s.Ratio == 0:
			return missing(s.Note)
		case s.Mode == g.Mode && s.Point == g.Sweep:
			return figure{value: s.Ratio}
		}
	}
	return missing("there is no other mode to compare it with")
}
