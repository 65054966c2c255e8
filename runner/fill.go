package runner

import (
	"errors"
	"fmt"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/runner/schedule"
	"plimsoll/target/kind"
)

// fill puts into the result what was recorded.
func (r *underWay) fill(out *result.Trial, t scenario.Trial, m measured) error {
	rec, end := m.whole, m.end
	err := errors.Join(r.fillMeasure(&out.Measure, rec), fillParts(&out.Measure, t.Scenario.Target.Settings, rec))
	out.MakespanS = rec.LastEnd.Seconds()
	if out.Requests > 0 || out.Whole || end.Interrupted || end.Stopped != "" {
		out.ThroughputPerS = ratio(float64(rec.OK), out.MakespanS)
	} else {
		out.ThroughputPerS = ratio(float64(rec.InTime), out.DurationS)
	}
	out.InFlightMean = ratio(rec.Busy.Seconds(), out.MakespanS)
	fillQueue(out, rec, end.Queue)
	switch {
	case end.Err != nil:
		err = errors.Join(end.Err, err)
	case end.Interrupted:
		out.Ended, out.Reason = result.Interrupted, "interrupted by the user"
	case end.Stopped != "":
		out.Ended, out.Reason = result.Stopped, end.Stopped
	}
	if out.Unit == result.UnitIteration { // it goes by how the trial ended
		err = errors.Join(err, r.fillSteps(out, t.Scenario, rec))
	}
	judgeHealth(out, t, rec, m.stood)
	checkLittle(out)
	return err
}

// fillQueue puts in what the mode's queue was like, if it has one.
func fillQueue(out *result.Trial, rec *drive.Interval, q *schedule.Queue) {
	if q == nil {
		return
	}
	out.Queue = &result.Queue{LengthMean: q.LengthMean, LengthMax: q.LengthMost, BlockedS: q.Blocked.Seconds(), ConsumersBusy: q.Busy}
	for i, length := range rec.Timeline.QueueLength() {
		out.Timeline[i].QueueLength = length
	}
}

// fillMeasure puts in what was counted and timed.
func (r *underWay) fillMeasure(out *result.Measure, rec *drive.Interval) error {
	out.OK, out.Cancelled, out.Dropped = rec.OK, rec.Cancelled, rec.Dropped
	out.Started = rec.Started()
	out.Scheduled = out.Started + out.Dropped
	out.HeldCalls, out.Attempts, out.Resent = rec.HeldCalls, rec.Attempts, rec.Resent
	out.BytesIn, out.BytesOut = rec.BytesIn, rec.BytesOut
	for class, e := range rec.Errors {
		out.Errors[class] = result.Error{Count: e.Count, Example: r.scrub(e.Example)}
	}
	return errors.Join(fillDistributions(out, rec), fillTimeline(out, rec.Timeline))
}

// fillParts puts in what the kind of the target has told of calls.
func fillParts(out *result.Measure, called kind.Settings, rec *drive.Interval) (err error) {
	if len(rec.Phases) == 0 && rec.Memory == nil {
		return nil
	}
	names := called.Traits().Phases
	for n, h := range rec.Phases {
		if h.Count() == 0 || n >= len(names) {
			continue
		}
		if out.Phases == nil {
			out.Phases = map[string]result.Dist{}
		}
		d, broken := result.NewDist(h)
		out.Phases[names[n]], err = d, errors.Join(err, broken)
	}
	if rec.Memory != nil {
		d, broken := result.NewDist(rec.Memory)
		out.Memory, err = &d, errors.Join(err, broken)
	}
	return err
}

// ratio is a/b, and 0 where nothing was measured.
func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}

func fillDistributions(out *result.Measure, rec *drive.Interval) (err error) {
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

func fillTimeline(out *result.Measure, timeline *latency.Timeline) error {
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
