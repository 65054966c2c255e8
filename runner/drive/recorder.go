package drive

import (
	"sync/atomic"
	"time"

	"plimsoll/runner/goodput"
	"plimsoll/runner/latency"
	"plimsoll/target"
)

// Call is one call with its times, offsets from the trial's start: when it
// was due, since when nothing but the generator kept it back, when it was
// handed to the target and when it ended.
type Call struct {
	Number                      uint64
	Intended, Ready, Start, End time.Duration
	// Paused is how much of that were think times, of an iteration or a block.
	Paused time.Duration
	// Row and Iteration are the step's that it is a call of; of an iteration, or a
	// block, Row is the step's that failed it. Trace is the one that it has begun, where it
	// is to be told.
	Row       int
	Iteration uint64
	Trace     string
	// Page is the URL that a crawl visited.
	Page string
	*target.Outcome
}

// start is when the call was sent, held back by nobody any more; response and
// service are how long it took from when it was due, and from then.
func (c *Call) start() time.Duration    { return c.Start + c.Outcome.Held }
func (c *Call) response() time.Duration { return c.End - c.Intended - c.Paused }
func (c *Call) service() time.Duration  { return c.End - c.start() - c.Paused }

// held is how long it was held back by what was asked for, and not by the generator.
func (c *Call) held() time.Duration { return c.Ready - c.Intended + c.Outcome.Held }

// Recorder keeps what happens in one trial. One loop writes to it; only Ask may
// be called from elsewhere.
type Recorder struct {
	*Interval      // what was recorded since the sink took some
	Sink      Sink // nil: the interval is the whole trial
	// Entire intervals are handed over with their timelines, to whoever merges what
	// several have recorded and never sees the recorder itself. Ends stay.
	Entire bool
	// Asked sees every counted call of a step's, as observe of NewRecorder sees
	// calls that are none; nil: nobody does.
	Asked func(*Call, *Asked)
	// Promises are those that only the recorder can tell who keeps.
	Promises Promises
	// Seconds are kept apart for whoever looks at them; nil: nobody does.
	Seconds *Seconds

	asked   atomic.Bool
	givesUp bool          // who is cancelled from now on is given up
	window  time.Duration // successes that end before it make the throughput
	observe func(*Call)
	rows    int // how many may be met; 0: nobody knows
	flying  int // were in flight while the loop last waited;
	told    int // so many whoever takes intervals knows of
}

// Sink takes what a trial records while it goes on: whoever watches one. The
// trial's result is the merge of all that it was given, and of what is left in
// the recorder at the end.
type Sink interface {
	// Take is given what was recorded since the last time, and gives an empty
	// interval for what follows, or the very same where it has none: recording
	// goes on in it then.
	Take(full *Interval) (next *Interval)
}

// NewRecorder makes one for a trial of the given length (schedule.Never for a
// batch). observe, which may be nil, sees every counted call; it must do nothing
// slow and keep nothing of the call.
func NewRecorder(length time.Duration, observe func(*Call)) *Recorder {
	r := &Recorder{Interval: NewInterval(), window: length, observe: observe}
	r.Timeline = latency.NewTimeline(latency.MaxWindows)
	return r
}

// Ask has the sink, which must be there, take what there is when the next call
// ends, or the loop goes on after it has waited.
func (r *Recorder) Ask() { r.asked.Store(true) }

// Record takes in a call that has ended.
func (r *Recorder) Record(c *Call) {
	if r.Seconds != nil {
		r.keep(Whole, r.Promises.Whole, c)
	}
	if c.Intended < 0 {
		if r.spills(c) {
			r.spill(r.Interval, r.Promises.Whole, c)
		}
		return
	}
	r.note(r.Interval, r.Timeline, c)
	if c.response() >= r.Slowest.floor {
		r.Slowest.note(c)
	}
	r.sum(c)
	if c.Parts != nil || r.Promises.Whole != nil {
		r.more(r.Interval, r.Promises.Whole, c)
	}
	if r.Ends != nil {
		r.ended(c.Number, c)
	}
	if r.observe != nil {
		r.observe(c)
	}
	if r.asked.Load() {
		r.handOver()
	}
}

// note takes a call, an iteration or a block into an interval and its timeline, if
// it has one.
func (r *Recorder) note(i *Interval, line *latency.Timeline, c *Call) {
	start := c.start()
	held := c.held()
	late := c.Start - c.Ready
	i.Held.Record(held)
	i.Lateness.Record(late)
	if held > 0 {
		i.HeldCalls++
		i.PoolHeld = i.PoolHeld || c.Outcome.Held > 0
	}
	if start > i.LastStart || start == i.LastStart && late > i.LastLateness {
		i.LastStart, i.LastLateness = start, late
	}
	i.Busy.Add(c.End - start)
	i.LastEnd = max(i.LastEnd, c.End)
	fate := r.settle(i, c, start)
	if line != nil {
		line.Call(c.Intended, start, c.End, c.Paused, late, fate)
		if fate == latency.Failed {
			line.Fail(start, c.End, c.Class)
		}
	}
}

// ended keeps when a call of a batch ended, or an iteration, behind so many that
// were started before it. One that was given up has no end.
func (r *Recorder) ended(place uint64, c *Call) {
	if c.Class != target.Cancelled {
		r.Ends.Record(place, c.End)
	}
}

// sum adds up what a call took.
func (i *Interval) sum(c *Call) {
	i.Attempts += int64(sent(c.Outcome))
	i.Resent += int64(c.Resent)
	i.Hops += int64(c.Hops)
	i.BytesIn += c.BytesIn
	i.BytesOut += c.BytesOut
}

// sent is how many requests an outcome tells of: one where it does not say, but
// none where a variable had no value to send.
func sent(o *target.Outcome) int {
	if o.Attempts == 0 && o.Class != target.Variable {
		return 1
	}
	return o.Attempts
}

// handOver gives the sink what was asked for, but for the timelines and the ends. What it
// takes does not depend on how much that is.
func (r *Recorder) handOver() {
	r.asked.Store(false)
	timeline, ofRows, ends := r.Timeline, r.RowTimelines, r.Ends
	r.Ends = nil
	if !r.Entire {
		r.Timeline, r.RowTimelines = nil, nil
	}
	r.tell(r.flying)
	r.Interval = r.Sink.Take(r.Interval)
	r.Ends = ends
	switch {
	case !r.Entire:
		r.Timeline, r.RowTimelines = timeline, ofRows
	case r.Timeline == nil:
		r.Timeline = latency.NewTimeline(latency.MaxWindows)
	}
}

// tell has the interval know how many are in flight now.
func (r *Recorder) tell(flying int) {
	r.InFlight += flying - r.told
	r.told = flying
}

// waited takes in that the loop has waited, so many calls being in flight
// meanwhile: a standing target ends none, and whoever watches it wants to know.
func (r *Recorder) waited(flying int) {
	r.flying = flying
	if r.asked.Load() {
		r.handOver()
	}
}

// spill takes in a call of the warm-up that spills. It is counted nowhere; but
// throughput is what the target got done within the trial's length, whoever began
// it: else a target with a backlog would seem to stand still after the warm-up.
func (r *Recorder) spill(i *Interval, promised []goodput.Limits, c *Call) {
	i.InTime++
	if c.Parts != nil || promised != nil {
		r.more(i, promised, c)
	}
}

// spills tells whether a call of the warm-up was got done within the trial.
func (r *Recorder) spills(c *Call) bool { return c.OK() && r.inTime(c) }

// inTime tells whether a call ended within the trial's length.
func (r *Recorder) inTime(c *Call) bool {
	at := latency.Instant(c.start(), c.End)
	return at >= 0 && at < r.window
}

// settle counts a call by how it ended.
func (r *Recorder) settle(i *Interval, c *Call, start time.Duration) latency.Fate {
	response := c.response()
	switch c.Class {
	case "":
		i.OK++
		if latency.Instant(start, c.End) < r.window {
			i.InTime++
		}
		i.Response.Record(response)
		i.Service.Record(c.service())
		return latency.OK
	case target.Cancelled:
		i.Cancelled++
		if r.givesUp {
			i.CancelledResponse.Record(response)
		}
		return latency.Cancelled
	}
	e := i.Errors[c.Class]
	if e == nil {
		e = &ErrorCount{}
		i.Errors[c.Class] = e
	}
	e.note(c)
	if c.Class == target.Generator {
		return latency.Cancelled // the target had no part in it
	}
	i.ErrorResponse.Record(response)
	return latency.Failed
}

// Drop counts a call that waited from when it was due until it was left out.
func (r *Recorder) Drop(due, left time.Duration) {
	if due < 0 {
		return
	}
	r.Dropped++
	r.Timeline.Drop(due, left)
	if r.Seconds != nil {
		if i := r.Seconds.of(Whole, due); i != nil {
			i.Dropped++
		}
	}
}

// Queued tells that the length of the schedule's queue has changed.
func (r *Recorder) Queued(at time.Duration, by int) { r.Timeline.Queue(max(0, at), by) }

// LeaveOut takes in a call that was due, behind so many that were started, and is
// not.
func (r *Recorder) LeaveOut(at time.Duration, started uint64) {
	r.Drop(at, at)
	if r.Ends != nil && at >= 0 {
		r.Ends.Lack(started)
	}
}

// cutOff tells that the trial is no longer than until then.
func (r *Recorder) cutOff(at time.Duration) { r.window = min(r.window, at) }

// GiveUp tells that the drain is over: a call that is cancelled from now on
// was given up.
func (r *Recorder) GiveUp() { r.givesUp = true }
