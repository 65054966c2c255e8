package drive

import (
	"cmp"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/target"
)

// Interval is what was recorded in a piece of a trial, or in all of it, in
// memory that does not grow with the number of calls, but for Ends. Intervals of one trial
// merge into the very one that would have recorded all of them.
type Interval struct {
	Tally
	Response, Service, ErrorResponse *latency.Histogram
	Held, Lateness                   *latency.Histogram
	// CancelledResponse is how long calls had been under way, since they were
	// due, that were given up at the end of the drain. They took at least that
	// long; of calls cancelled for another reason nobody can tell.
	CancelledResponse *latency.Histogram
	// Elapsed is how long iterations, and blocks, took that succeeded, their pauses
	// included; ErrorElapsed that of the iterations that failed.
	Elapsed, ErrorElapsed *latency.Histogram
	// Begin is of a row: how long after its iteration was due each success of it
	// was, pauses included.
	Begin *latency.Histogram
	// Timeline stays with the loop when an interval is handed over, which has
	// none then (see Recorder.Entire): it is pieces by itself, and many times the size
	// of all else.
	Timeline *latency.Timeline
	// Slowest are calls, of iterations those of their steps; rows have none.
	Slowest Slowest
	// Ends are when the calls of a batch ended; nil: it is none, or too large. They stay
	// with the loop, too.
	Ends *latency.Ends
	// Rows are those of a journey's steps, by number; nil: nothing happened there.
	// Their timelines are apart from them, and stay with the loop like its own.
	Rows         []*Interval
	RowTimelines []*latency.Timeline
	// Records are the numbers that a step's `record` keeps, each a second.
	Records []*latency.Histogram
	// Phases are how long the parts of successes took that their kind knows, by
	// number; Memory is what programs had at the most, each byte a nanosecond.
	Phases []*latency.Histogram
	Memory *latency.Histogram
	// Streams is what came of successes that were streams; nil: there were none.
	Streams *Streams
	// Kept are the successes that kept all of a promise, by its number.
	Kept []Count
	// InFlight is by how many more calls, or iterations, are under way than when an
	// interval was last handed over: 0 in all of a trial. Only a loop whose clock is a
	// real one tells.
	InFlight int
}

// NewInterval makes an empty one, without a timeline.
func NewInterval() *Interval {
	i := newInterval(latency.New)
	i.Slowest = newSlowest()
	return i
}

// newInterval makes one of such histograms.
func newInterval(histogram func(latency.Digits) *latency.Histogram) *Interval {
	i := &Interval{Tally: Tally{Errors: map[string]*ErrorCount{}}}
	for _, h := range i.histograms() {
		*h = histogram(latency.Fine)
	}
	return i
}

func (i *Interval) histograms() []**latency.Histogram {
	return []**latency.Histogram{&i.Response, &i.Service, &i.ErrorResponse, &i.Held, &i.Lateness, &i.CancelledResponse, &i.Elapsed, &i.ErrorElapsed, &i.Begin}
}

// Reset makes it empty, and keeps the memory but for that of rows, which may be
// many and of which few are met.
func (i *Interval) Reset() {
	i.Tally = Tally{Errors: map[string]*ErrorCount{}}
	for _, h := range i.histograms() {
		(*h).Reset()
	}
	i.Timeline, i.RowTimelines, i.Ends = nil, nil, nil
	i.Slowest.reset()
	for _, phase := range i.Phases {
		phase.Reset()
	}
	clear(i.Rows)
	i.Records, i.Memory, i.Streams, i.Kept, i.InFlight = nil, nil, nil, nil, 0
}

// Tally counts calls. Those intended before 0, in the warm-up, are counted
// nowhere.
type Tally struct {
	OK, Cancelled, Dropped int64
	HeldCalls              int64
	Attempts, Resent, Hops int64
	BytesIn, BytesOut      int64
	// Errors are the failures by class, target.Generator among them.
	Errors map[string]*ErrorCount
	// InTime are the successes that ended within the trial's length, in
	// (0, length] as latency.Instant has it, those of the warm-up included.
	InTime int64
	// LastEnd is when the last call ended; LastStart when the last one
	// started, and LastLateness how late that one was; of several the latest.
	LastEnd, LastStart, LastLateness time.Duration
	// Busy is the time in flight of all calls, added up.
	Busy latency.Total
	// PoolHeld tells that a target's own pool of connections held calls back.
	PoolHeld bool
	// RowsHeld tells that iterations waited for rows of data.
	RowsHeld bool
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

// Merge adds what another interval holds, a later one of the same loop or one of another's; it
// is of no use afterwards but to be Reset.
func (i *Interval) Merge(o *Interval) {
	if o.LastStart > i.LastStart || o.LastStart == i.LastStart && o.LastLateness > i.LastLateness {
		i.LastStart, i.LastLateness = o.LastStart, o.LastLateness
	}
	i.LastEnd = max(i.LastEnd, o.LastEnd)
	i.OK += o.OK
	i.Cancelled += o.Cancelled
	i.Dropped += o.Dropped
	i.HeldCalls += o.HeldCalls
	i.Attempts += o.Attempts
	i.Resent += o.Resent
	i.Hops += o.Hops
	i.BytesIn += o.BytesIn
	i.BytesOut += o.BytesOut
	i.InTime += o.InTime
	i.Busy.Merge(o.Busy)
	i.PoolHeld = i.PoolHeld || o.PoolHeld
	i.RowsHeld = i.RowsHeld || o.RowsHeld
	i.InFlight += o.InFlight
	i.Stood = i.Stood.Longer(o.Stood)
	for class, e := range o.Errors {
		if mine := i.Errors[class]; mine != nil {
			mine.merge(e)
		} else {
			i.Errors[class] = e
		}
	}
	mine := i.histograms()
	for k, h := range o.histograms() {
		(*mine[k]).Merge(*h)
	}
	i.Timeline, i.Ends = merged(i.Timeline, o.Timeline), merged(i.Ends, o.Ends)
	i.Slowest.merge(&o.Slowest)
	i.mergeParts(o)
	i.MergeRows(o)
}

// merged is a timeline, or ends, with what another one has, if they are there.
func merged[T interface {
	comparable
	Merge(T)
}](t, o T) T {
	var none T
	if t == none || o == none {
		return cmp.Or(t, o)
	}
	t.Merge(o)
	return t
}

// Failures is how many calls ended in an error of the target's.
func (i *Interval) Failures() (n int64) {
	for class, e := range i.Errors {
		if class != target.Generator {
			n += e.Count
		}
	}
	return n
}

// Lacking is how many calls could not be made for want of something of this
// machine's.
func (i *Interval) Lacking() int64 {
	if e := i.Errors[target.Generator]; e != nil {
		return e.Count
	}
	return 0
}

// Started is how many calls were started.
func (i *Interval) Started() int64 { return i.OK + i.Failures() + i.Lacking() + i.Cancelled }
