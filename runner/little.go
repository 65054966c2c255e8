package runner

import (
	"fmt"
	"math"

	"plimsoll/runner/result"
)

// littleTolerance is how far, as a share, the two sides of Little's law may be
// apart for the rounding of floating point.
const littleTolerance = 1e-6

// checkLittle adds a warning where a trial contradicts Little's law: the calls
// in flight, on average over time, are those started a second times the mean
// time each was in flight. It holds for any calls whatever, on any window that
// begins and ends with none; so a trial that breaks it was recorded wrongly.
//
// In flight is a call from its start to its end. Three records say how much
// time that was in all, each kept by itself: the timeline, from how many were
// in flight in each window; the sum of the calls' own times, which makes
// in_flight_mean; and, where no call was cancelled, the histograms' means.
// Calls of the warm-up are in none of them.
func checkLittle(t *result.Trial) {
	total := t.InFlightMean * t.MakespanS
	if len(t.Timeline) > 0 {
		warnLittle(t, total, timelineInFlight(t), total, "the timeline")
	}
	if sum, terms, ok := distributionsInFlight(t); ok {
		warnLittle(t, total, sum, terms, "the distributions")
	}
}

// warnLittle compares a trial's time in flight with the sum by another record,
// whose terms were as large as that: they may be far larger.
func warnLittle(t *result.Trial, total, sum, terms float64, from string) {
	each := max(1e-9, 1e-14*t.MakespanS) // each time is in whole nanoseconds, and in 53 bits
	rounding := littleTolerance*max(total, sum) + 1e-11*terms + each*float64(t.Started)
	if math.Abs(total-sum) > rounding {
		t.Warnings = append(t.Warnings, fmt.Sprintf(
			"Little's law is broken: %.6g calls were in flight on average, but by %s it was %.6g. The recording is wrong, please report this",
			t.InFlightMean, from, sum/t.MakespanS))
	}
}

// timelineInFlight is the time in flight of all calls, in seconds, by the
// timeline: the area below the number in flight.
func timelineInFlight(t *result.Trial) (sum float64) {
	for _, w := range t.Timeline {
		sum += w.InFlightMean * w.WidthS
	}
	return sum
}

// distributionsInFlight is the same by the distributions: of each call,
// service = response − held − lateness. Of the errors' service times there is
// no distribution, of calls that could not be made not even one of their
// response, and of cancelled calls only one of those given up: with those there
// is no sum. Of iterations, it is elapsed − held − lateness.
func distributionsInFlight(t *result.Trial) (sum, terms float64, ok bool) {
	of := func(d result.Dist) float64 { return d.MeanS * float64(d.Count) }
	waited, ok := of(t.Held)+of(t.Lateness), t.Cancelled+t.Lacking() == 0
	if t.Unit == result.UnitIteration { // pauses are in flight, too
		elapsed := of(*t.Elapsed) + of(*t.ErrorElapsed)
		return elapsed - waited, elapsed + waited, ok
	}
	waitedByErrors := waited - (of(t.Response) - of(t.Service))
	return of(t.Service) + of(t.ErrorResponse) - waitedByErrors, of(t.Response) + waited, ok
}
