// Package sample makes up runs for the tests of reports, out of calls whose
// every moment is computed here: the figures, histograms and timelines in them
// are real ones.
package sample

import (
	"cmp"
	"math"
	"slices"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// call is one call of a trial, on the trial's clock.
type call struct {
	due, start, end time.Duration
	held            time.Duration // of start − due; the rest is lateness
	class           string        // "" is a success, underWay one that was cancelled
	paused          time.Duration // of end − start
}

// underWay is the class of calls that were cancelled when the trial was over.
const underWay = "under way"

// measured fills in what a trial measures from its calls.
func measured(t result.Trial, calls []call) result.Trial {
	response, service := latency.New(latency.Fine), latency.New(latency.Fine)
	failed, held, late := latency.New(latency.Fine), latency.New(latency.Fine), latency.New(latency.Fine)
	var last, busy, inTime time.Duration
	for i, c := range calls {
		t.Started++
		t.Attempts++
		held.Record(c.held)
		late.Record(c.start - c.due - c.held)
		if c.held > 0 {
			t.HeldCalls++
		}
		last, busy = max(last, c.end), busy+c.end-c.start
		if c.class == underWay {
			t.Cancelled++
			continue
		}
		if c.class != "" {
			failed.Record(c.end - c.due - c.paused)
			if t.Errors == nil {
				t.Errors = map[string]result.Error{}
			}
			t.Errors[c.class] = failedOnceMore(t.Errors[c.class], seen(i, c))
			continue
		}
		t.OK++
		if t.DurationS == 0 || c.end.Seconds() <= t.DurationS {
			inTime++
		}
		response.Record(c.end - c.due - c.paused)
		service.Record(c.end - c.start - c.paused)
	}
	t.Scheduled = t.Started + t.Dropped
	t.MakespanS = last.Seconds()
	if length := cmp.Or(t.DurationS, t.MakespanS); length > 0 {
		t.ThroughputPerS = float64(inTime) / length
	}
	if last > 0 {
		t.InFlightMean = busy.Seconds() / last.Seconds()
	}
	t.Response, t.Service = dist(response), dist(service)
	t.ErrorResponse, t.Held, t.Lateness = dist(failed), dist(held), dist(late)
	t.Ended = cmp.Or(t.Ended, result.Complete)
	return t
}

// timed is measured, with the timeline.
func timed(t result.Trial, calls []call) result.Trial {
	t = measured(t, calls)
	t.Timeline = timeline(calls, t.Dropped)
	if t.Unit == "" {
		t.Slowest = slowest(calls)
	}
	if t.Queue != nil {
		lined(t.Timeline, calls)
	}
	return t
}

// seen is what is told of a call by itself.
func seen(number int, c call) result.Seen {
	class := c.class
	return result.Seen{
		AtS: c.due.Seconds(), ResponseS: (c.end - c.due - c.paused).Seconds(), ServiceS: (c.end - c.start - c.paused).Seconds(),
		HeldS: c.held.Seconds(), Number: uint64(number), Class: class, Example: examples[class],
	}
}

// failedOnceMore is a class of errors with another one, which ended at or after those
// there are.
func failedOnceMore(e result.Error, c result.Seen) result.Error {
	ended := c.AtS + c.ResponseS
	if e.Count == 0 {
		e.FirstS = ended
	}
	e.Count, e.Example, e.FirstS, e.LastS = e.Count+1, c.Example, min(e.FirstS, ended), max(e.LastS, ended)
	if len(e.Calls) < result.MostFirst {
		e.Calls = append(e.Calls, c)
	}
	return e
}

// slowest are the slowest of calls.
func slowest(calls []call) (all []result.Seen) {
	for i, c := range calls {
		if c.class != underWay {
			all = append(all, seen(i, c))
		}
	}
	slices.SortStableFunc(all, func(a, b result.Seen) int { return cmp.Compare(b.ResponseS, a.ResponseS) })
	return all[:min(len(all), result.MostSlowest)]
}

// lined has a timeline tell how many calls waited in a line.
func lined(windows []result.Window, calls []call) {
	for i := range windows {
		w := &windows[i]
		for _, c := range calls {
			from, to := max(c.due.Seconds(), w.AtS), min(c.start.Seconds(), w.AtS+w.WidthS)
			w.QueueLength += max(0, to-from) / w.WidthS
		}
	}
}

var examples = map[string]string{
	"timeout":    "no answer within 2s",
	"status-503": "GET http://shop/items?a=1|b=2: 503 Service Unavailable: the queue is full",
	"check":      "pay: json.total is 0, want > 0",
	"reset":      "read tcp 127.0.0.1:51514->127.0.0.1:8080: connection reset by peer",
}

func dist(h *latency.Histogram) result.Dist { return must(result.NewDist(h)) }

// must is for histograms that were just made: they can be encoded.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func timeline(calls []call, dropped int64) []result.Window {
	line := latency.NewTimeline(latency.MaxWindows)
	for _, c := range calls {
		fate := latency.OK
		switch c.class {
		case "":
		case underWay:
			fate = latency.Cancelled
		default:
			fate = latency.Failed
		}
		line.Call(c.due, c.start, c.end, c.paused, c.start-c.due-c.held, fate)
		if fate == latency.Failed {
			line.Fail(c.start, c.end, c.class)
		}
	}
	for range dropped {
		last := calls[len(calls)-1].due
		line.Drop(last, last)
	}
	inFlight, waiting := line.InFlight(), line.Waiting()
	windows := make([]result.Window, len(inFlight))
	for i, w := range line.Windows() {
		windows[i] = result.Window{
			AtS: (time.Duration(i) * line.Width()).Seconds(), WidthS: line.Width().Seconds(),
			Scheduled: w.Scheduled, Started: w.Started, Dropped: w.Dropped, OK: w.OKs, Errors: w.Failures,
			ErrorsByClass: w.Classes, InFlightMean: inFlight[i], HeldMean: waiting[i], LatenessMaxS: w.Late.Seconds(),
		}
		if h := w.Response; h != nil {
			windows[i].MeanS, windows[i].MaxS = h.Mean()/1e9, h.Max().Seconds()
			windows[i].P50S, windows[i].P99S = h.Quantile(50).Seconds(), h.Quantile(99).Seconds()
			windows[i].HDR = must(h.Encode())
		}
	}
	return windows
}

// atOnce is n calls at time 0; the n-th is slowed down by those before it, by
// the Universal Scalability Law.
func atOnce(n int, delay func() time.Duration, serial, crosstalk float64) []call {
	calls := make([]call, n)
	for i := range calls {
		k := float64(i)
		slow := 1 + serial*k + crosstalk*k*(k+1)
		calls[i] = call{end: time.Duration(math.Round(float64(delay()) * slow))}
	}
	return calls
}

// pooled is n calls of which at most `places` are in flight, started as soon
// as one is free.
func pooled(n, places int, delay func() time.Duration) []call {
	calls := make([]call, n)
	free := make([]time.Duration, places)
	for i := range calls {
		next := slices.Index(free, slices.Min(free))
		calls[i] = call{due: free[next], start: free[next], end: free[next] + delay()}
		free[next] = calls[i].end
	}
	return calls
}

// openLoop is a call every gap until the end, of which at most `places` are
// in flight: the others are held. Ends tells when a call that starts is over.
func openLoop(gap, end time.Duration, places int, ends func(start time.Duration) time.Duration) []call {
	var calls []call
	free := make([]time.Duration, places)
	for due := time.Duration(0); due < end; due += gap {
		next := slices.Index(free, slices.Min(free))
		start := max(due, free[next])
		calls = append(calls, call{due: due, start: start, end: ends(start), held: start - due})
		free[next] = calls[len(calls)-1].end
	}
	return calls
}

// freezing is when a call is over that takes delay and starts at start, on a
// server that stands still for 1 s at 2 s and every 5 s after that.
func freezing(delay time.Duration) func(time.Duration) time.Duration {
	const every, length, first = 5 * time.Second, time.Second, 2 * time.Second
	return func(start time.Duration) time.Duration {
		end := start + delay
		for at := first; at < end; at += every {
			switch {
			case start >= at+length:
			case start >= at:
				end = at + length + delay
			default:
				end += length
			}
		}
		return end
	}
}
