package runner

import (
	"errors"
	"fmt"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// fill puts into the result what the recorder holds.
func (r *underWay) fill(out *result.Trial, t scenario.Trial, rec *drive.Recorder, end drive.End) error {
	out.OK, out.Cancelled, out.Dropped = rec.OK, rec.Cancelled, rec.Dropped
	out.Started = rec.Started()
	out.Scheduled = out.Started + out.Dropped
	out.HeldCalls, out.Attempts, out.Resent = rec.HeldCalls, rec.Attempts, rec.Resent
	out.BytesIn, out.BytesOut = rec.BytesIn, rec.BytesOut
	for class, e := range rec.Errors {
		out.Errors[class] = result.Error{Count: e.Count, Example: r.scrub(e.Example)}
	}
	out.MakespanS = rec.LastEnd.Seconds()
	if out.Requests > 0 || end.Interrupted || end.Stopped != "" {
		out.ThroughputPerS = ratio(float64(rec.OK), out.MakespanS)
	} else {
		out.ThroughputPerS = ratio(float64(rec.InTime), out.DurationS)
	}
	out.InFlightMean = ratio(rec.Busy.Seconds(), out.MakespanS)
	err := errors.Join(fillDistributions(out, rec), fillTimeline(out, rec.Timeline))
	switch {
	case end.Err != nil:
		err = errors.Join(end.Err, err)
	case end.Interrupted:
		out.Ended, out.Reason = result.Interrupted, "interrupted by the user"
	case end.Stopped != "":
		out.Ended, out.Reason = result.Stopped, end.Stopped
	}
	judgeHealth(out, t, rec)
	checkLittle(out)
	return err
}

// ratio is a/b, and 0 where nothing was measured.
func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}

func fillDistributions(out *result.Trial, rec *drive.Recorder) (err error) {
	for _, d := range []struct {
		into *result.Dist
		from *latency.Histogram
	}{
		{&out.Response, rec.Response}, {&out.Service, rec.Service}, {&out.ErrorResponse, rec.ErrorResponse},
		{&out.CancelledResponse, rec.CancelledResponse}, {&out.Held, rec.Held}, {&out.Lateness, rec.Lateness},
	} {
		if *d.into, err = result.NewDist(d.from); err != nil {
			return err
		}
	}
	return nil
}

func fillTimeline(out *result.Trial, timeline *latency.Timeline) error {
	width, inFlight := timeline.Width(), timeline.InFlight()
	var encoder latency.Encoder
	for i, w := range timeline.Windows() {
		window := result.Window{
			AtS: (time.Duration(i) * width).Seconds(), WidthS: width.Seconds(),
			Scheduled: w.Scheduled, Started: w.Started, Dropped: w.Dropped, OK: w.OKs, Errors: w.Failures,
			InFlightMean: inFlight[i],
		}
		if h := w.Response; h != nil {
			text, err := encoder.Encode(h)
			if err != nil {
				return fmt.Errorf("timeline: %w", err)
			}
			window.HDR, window.MeanS, window.MaxS = text, h.Mean()/1e9, h.Max().Seconds()
			window.P50S, window.P99S = h.Quantile(50).Seconds(), h.Quantile(99).Seconds()
		}
		out.Timeline = append(out.Timeline, window)
	}
	return nil
}

// judgeHealth tells whether the generator kept its own schedule. An open-loop
// trial fell behind when the 99th percentile of lateness exceeds 1 ms and
// 10 % of that of the response time, or when, of 100 starts or more, the last
// was late by more than 1 % of the trial's length. Closed loops have no
// schedule to fall behind.
func judgeHealth(out *result.Trial, t scenario.Trial, rec *drive.Recorder) {
	if t.Mode.Kind == scenario.RateLimited && rec.HeldCalls > 0 {
		out.Health.LimitedBy = "max_in_flight"
	}
	if rec.PoolHeld || rec.HeldCalls > 0 && 0 < pool(t) && pool(t) <= t.Mode.MaxInFlight {
		out.Health.LimitedBy = "connections"
	}
	if t.Mode.Kind != scenario.RateLimited || t.Scenario.Clock == scenario.Virtual {
		return
	}
	late, bound := rec.Lateness.Quantile(99), max(time.Millisecond, rec.Response.Quantile(99)/10)
	span := length(t)
	if span == 0 {
		span = rec.LastEnd
	}
	worst := late
	switch {
	case late > bound:
		out.Health.Why = fmt.Sprintf("lateness p99 was %v, more than %v", late.Round(time.Microsecond), bound.Round(time.Microsecond))
	case rec.Started() >= 100 && rec.LastLateness > span/100:
		worst = rec.LastLateness
		out.Health.Why = fmt.Sprintf("the last call started %v late, more than 1%% of %v", worst.Round(time.Microsecond), span)
	}
	if out.Health.KeptPace = out.Health.Why == ""; !out.Health.KeptPace {
		out.Health.Why += explain(out.MachineUse, worst)
	}
}
