package runner

import (
	"errors"
	"fmt"
	"time"

	"plimsoll/runner/crawl"
	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/runner/schedule"
)

// fill puts into the result what was recorded.
func (r *underWay) fill(out *result.Trial, t scenario.Trial, m measured) error {
	rec, end := m.whole, m.end
	out.MakespanS = rec.LastEnd.Seconds()
	switch {
	case end.Err != nil:
	case end.Interrupted:
		out.Ended, out.Reason = result.Interrupted, "interrupted by the user"
	case end.Stopped != "":
		out.Ended, out.Reason = result.Stopped, end.Stopped
	}
	if !t.Batch() {
		out.StoppedAtS = end.Halted.Seconds()
	}
	per, promises := perSecondOf(out), promised(t)
	out.ThroughputPerS = per.of(drive.Count{All: rec.OK, InTime: rec.InTime})
	out.InFlightMean = ratio(rec.Busy.Seconds(), out.MakespanS)
	rows := rowsOf(t.Scenario)
	out.Slowest = r.seen(rec.Slowest.Calls(), rows)
	fillCompletions(out, rec.Ends)
	fillGoodput(&out.Measure, promises.Whole, rec, per)
	err := errors.Join(end.Err, r.fillMeasure(&out.Measure, rec, rows), fillParts(&out.Measure, t.Scenario.Target.Settings, rec, per))
	out.Watched = m.seen
	fillQueue(out, rec, end.Queue)
	fillCrawl(out, end.Crawl)
	if out.Unit == result.UnitIteration {
		err = errors.Join(err, r.fillSteps(out, t.Scenario, rec, promises))
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
	lengths := rec.Timeline.QueueLength()
	for i := range out.Timeline {
		out.Timeline[i].QueueLength = lengths[i]
	}
}

// fillCrawl puts in how far a crawl came, if it was one.
func fillCrawl(out *result.Trial, c *crawl.Told) {
	if c != nil {
		out.Crawl = &result.Crawl{Pages: c.Pages, Depth: c.Depth, Found: c.Found, Skipped: c.Skipped}
	}
}

// fillCompletions puts in when a batch's calls ended.
func fillCompletions(out *result.Trial, ends *latency.Ends) {
	switch {
	case ends != nil:
		out.Completions = result.NewCompletions(ends)
	case out.Requests > result.MostCompletions:
		out.Completions = result.NoCompletions(out.Requests)
	}
}

// fillMeasure puts in what was counted and timed.
func (r *underWay) fillMeasure(out *result.Measure, rec *drive.Interval, rows []journey.Row) error {
	out.OK, out.Cancelled, out.Dropped = rec.OK, rec.Cancelled, rec.Dropped
	out.Started = rec.Started()
	out.Scheduled = out.Started + out.Dropped
	out.HeldCalls, out.Attempts, out.Resent = rec.HeldCalls, rec.Attempts, rec.Resent
	out.BytesIn, out.BytesOut = rec.BytesIn, rec.BytesOut
	for class, e := range rec.Errors {
		out.Errors[class] = result.Error{
			Count: e.Count, Example: r.scrub(e.Example()), FirstS: e.First().Seconds(), LastS: e.Last.Seconds(), Calls: r.seen(e.Calls, rows),
		}
	}
	return errors.Join(fillDistributions(out, rec), fillTimeline(out, rec.Timeline))
}

// seen are calls that are told of by themselves; rows are those of the steps.
func (r *underWay) seen(calls []drive.Seen, rows []journey.Row) (all []result.Seen) {
	for _, c := range calls {
		one := result.Seen{
			AtS: c.Due.Seconds(), ResponseS: c.Response.Seconds(), ServiceS: c.Service.Seconds(), HeldS: c.Held.Seconds(),
			Number: c.Number, Iteration: c.Iteration, Class: c.Class, Example: r.scrub(c.Example), Trace: c.Trace,
		}
		if c.Row >= 0 && c.Row < len(rows) {
			one.Step = rows[c.Row].Path
		}
		all = append(all, one)
	}
	return all
}

// rowsOf are those of a scenario's steps; nil of none.
func rowsOf(s *scenario.Scenario) []journey.Row {
	if s.Steps == nil {
		return nil
	}
	return s.Steps.Main.Rows
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
	width, inFlight, waiting := timeline.Width(), timeline.InFlight(), timeline.Waiting()
	var encoder latency.Encoder
	for i, w := range timeline.Windows() {
		window := result.Window{
			AtS: (time.Duration(i) * width).Seconds(), WidthS: width.Seconds(),
			Scheduled: w.Scheduled, Started: w.Started, Dropped: w.Dropped, OK: w.OKs, Errors: w.Failures,
			ErrorsByClass: w.Classes, InFlightMean: inFlight[i], HeldMean: waiting[i], LatenessMaxS: w.Late.Seconds(),
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
