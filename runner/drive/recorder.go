package drive

import (
	"sync/atomic"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/target"
)

// Call is one call with its times, offsets from the trial's start: when it
// was due, since when nothing but the generator kept it back, when it was
// handed to the target and when it ended.
type Call struct {
	Number                      uint64
	Intended, Ready, Start, End time.Duration
	*target.Outcome
}

// Recorder keeps what happened in one trial, in memory that does not grow
// with the number of calls. One loop writes to it; only Sampler may be used
// from elsewhere.
type Recorder struct {
	Sampler Sampler
	Tally
	Response, Service, ErrorResponse *latency.Histogram
	Held, Lateness                   *latency.Histogram
	// CancelledResponse is how long calls had been under way, since they were
	// due, that were given up at the end of the drain. They took at least that
	// long; of calls cancelled for another reason nobody can tell.
	CancelledResponse *latency.Histogram
	Timeline          *latency.Timeline

	givesUp bool          // who is cancelled from now on is given up
	window  time.Duration // successes that end before it make the throughput
	observe func(*Call)
}

// Tally counts calls. Those intended before 0, in the warm-up, are counted
// nowhere.
type Tally struct {
	OK, Cancelled, Dropped int64
	HeldCalls              int64
	Attempts, Resent       int64
	BytesIn, BytesOut      int64
	// Errors are the failures by class, target.Generator among them.
	Errors map[string]*ErrorCount
	// InTime are the successes that ended within the trial's length, in
	// (0, length] as latency.Instant has it, those of the warm-up included.
	InTime int64
	// LastEnd is when the last call ended; LastStart when the last one
	// started, and LastLateness how late that one was.
	LastEnd, LastStart, LastLateness time.Duration
	// Busy is the time in flight of all calls, added up.
	Busy latency.Total
	// PoolHeld tells that a target's own pool of connections held calls back.
	PoolHeld bool
	// Stood is the longest time for which the loop did not go on, though it had
	// something to do.
	Stood Gap
}

// Gap is a time in which nothing went on, from At on.
type Gap struct{ At, For time.Duration }

// Longer is the longer one of two gaps.
func (g Gap) Longer(o Gap) Gap {
	if o.For > g.For {
		return o
	}
	return g
}

// ErrorCount counts one class of failures and keeps its first message.
type ErrorCount struct {
	Count   int64
	Example string
}

// NewRecorder makes one for a trial of the given length (schedule.Never for a
// batch). observe, which may be nil, sees every counted call; it must do
// nothing slow and keep nothing of the call.
func NewRecorder(length time.Duration, observe func(*Call)) *Recorder {
	r := &Recorder{window: length, observe: observe, Timeline: latency.NewTimeline()}
	r.Errors = map[string]*ErrorCount{}
	for _, h := range []**latency.Histogram{&r.Response, &r.Service, &r.ErrorResponse, &r.Held, &r.Lateness, &r.CancelledResponse} {
		*h = latency.New(latency.Fine)
	}
	return r
}

// Record takes in a call that has ended.
func (r *Recorder) Record(c *Call) {
	if c.Intended < 0 {
		r.spill(c)
		return
	}
	start := c.Start + c.Outcome.Held
	held := c.Ready - c.Intended + c.Outcome.Held
	late := c.Start - c.Ready
	r.Held.Record(held)
	r.Lateness.Record(late)
	if held > 0 {
		r.HeldCalls++
		r.PoolHeld = r.PoolHeld || c.Outcome.Held > 0
	}
	if start >= r.LastStart {
		r.LastStart, r.LastLateness = start, late
	}
	r.Busy.Add(c.End - start)
	r.LastEnd = max(r.LastEnd, c.End)
	r.Attempts += int64(max(1, c.Outcome.Attempts))
	r.Resent += int64(c.Resent)
	r.BytesIn += c.BytesIn
	r.BytesOut += c.BytesOut
	r.Timeline.Call(c.Intended, start, c.End, r.settle(c, start))
	if r.observe != nil {
		r.observe(c)
	}
	if r.Sampler.wanted.Load() {
		r.Sampler.put(r, c.End)
	}
}

// spill takes in a call of the warm-up. It is counted nowhere; but throughput
// is what the target got done within the trial's length, whoever began it: else
// a target with a backlog would seem to stand still after the warm-up.
func (r *Recorder) spill(c *Call) {
	if at := latency.Instant(c.Start+c.Outcome.Held, c.End); c.OK() && at >= 0 && at < r.window {
		r.InTime++
	}
}

// settle counts a call by how it ended.
func (r *Recorder) settle(c *Call, start time.Duration) latency.Fate {
	switch c.Class {
	case "":
		r.OK++
		if latency.Instant(start, c.End) < r.window {
			r.InTime++
		}
		r.Response.Record(c.End - c.Intended)
		r.Service.Record(c.End - start)
		return latency.OK
	case target.Cancelled:
		r.Cancelled++
		if r.givesUp {
			r.CancelledResponse.Record(c.End - c.Intended)
		}
		return latency.Cancelled
	}
	e := r.Errors[c.Class]
	if e == nil {
		e = &ErrorCount{Example: c.Example}
		r.Errors[c.Class] = e
	}
	e.Count++
	if c.Class == target.Generator {
		return latency.Cancelled // the target had no part in it
	}
	r.ErrorResponse.Record(c.End - c.Intended)
	return latency.Failed
}

// Drop counts n calls that became due at the given time and were left out.
func (r *Recorder) Drop(at time.Duration, n int64) {
	if at >= 0 {
		r.Dropped += n
		r.Timeline.Drop(at, n)
	}
}

// GiveUp tells that the drain is over: a call that is cancelled from now on
// was given up.
func (r *Recorder) GiveUp() { r.givesUp = true }

// Merge adds what another recorder holds, which is of no use afterwards.
func (r *Recorder) Merge(o *Recorder) {
	if o.LastStart >= r.LastStart {
		r.LastStart, r.LastLateness = o.LastStart, o.LastLateness
	}
	r.LastEnd = max(r.LastEnd, o.LastEnd)
	r.OK += o.OK
	r.Cancelled += o.Cancelled
	r.Dropped += o.Dropped
	r.HeldCalls += o.HeldCalls
	r.Attempts += o.Attempts
	r.Resent += o.Resent
	r.BytesIn += o.BytesIn
	r.BytesOut += o.BytesOut
	r.InTime += o.InTime
	r.Busy.Merge(o.Busy)
	r.PoolHeld = r.PoolHeld || o.PoolHeld
	r.Stood = r.Stood.Longer(o.Stood)
	for class, e := range o.Errors {
		if mine := r.Errors[class]; mine != nil {
			mine.Count += e.Count
		} else {
			r.Errors[class] = e
		}
	}
	r.Response.Merge(o.Response)
	r.Service.Merge(o.Service)
	r.ErrorResponse.Merge(o.ErrorResponse)
	r.Held.Merge(o.Held)
	r.Lateness.Merge(o.Lateness)
	r.CancelledResponse.Merge(o.CancelledResponse)
	r.Timeline.Merge(o.Timeline)
}

// Failures is how many calls ended in an error of the target's.
func (r *Recorder) Failures() (n int64) {
	for class, e := range r.Errors {
		if class != target.Generator {
			n += e.Count
		}
	}
	return n
}

// Lacking is how many calls could not be made for want of something of this
// machine's.
func (r *Recorder) Lacking() int64 {
	if e := r.Errors[target.Generator]; e != nil {
		return e.Count
	}
	return 0
}

// Started is how many calls were started.
func (r *Recorder) Started() int64 { return r.OK + r.Failures() + r.Lacking() + r.Cancelled }

// Sampler lets progress be watched from another goroutine: it asks, and finds
// the answer there when it asks again.
type Sampler struct {
	wanted atomic.Bool
	latest atomic.Pointer[Sample]
}

// Sample is how far a trial has come.
type Sample struct {
	Ended, Failed int64
	At            time.Duration
	// P99 is that of all successes' response time so far.
	P99 time.Duration
}

// Latest is the newest sample there is (zero before the first), and asks for
// the next.
func (s *Sampler) Latest() Sample {
	s.wanted.Store(true)
	if sample := s.latest.Load(); sample != nil {
		return *sample
	}
	return Sample{}
}

// Plus is what two loops of one trial have come to together. The p99 is the
// worse one of theirs.
func (s Sample) Plus(o Sample) Sample {
	return Sample{Ended: s.Ended + o.Ended, Failed: s.Failed + o.Failed, At: max(s.At, o.At), P99: max(s.P99, o.P99)}
}

func (s *Sampler) put(r *Recorder, at time.Duration) {
	s.wanted.Store(false)
	s.latest.Store(&Sample{Ended: r.Started(), Failed: r.Failures(), At: at, P99: r.Response.Quantile(99)})
}
