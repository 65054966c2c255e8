package drive

import (
	"time"

	"plimsoll/runner/journey"
	"plimsoll/runner/latency"
	"plimsoll/target"
)

// A row's timeline has so many windows at the most; all rows together have
// windowsOfRows, unless they are so many that each would have too few.
const (
	mostWindows   = 60
	fewestWindows = 12
	windowsOfRows = 15_000
)

// windowsOfRow is how many windows the timeline of one of so many rows has.
func windowsOfRow(rows int) int {
	return max(fewestWindows, min(mostWindows, windowsOfRows/max(1, rows)))
}

// Iteration takes in an iteration that has ended; what it took in bytes and
// attempts, its calls have. So many were started before it.
func (r *Recorder) Iteration(place uint64, c *Call) {
	if r.Seconds != nil {
		r.keepIteration(c)
	}
	if c.Intended < 0 {
		if r.spills(c) {
			r.spill(r.Interval, r.Promises.Whole, c)
		}
		return
	}
	r.note(r.Interval, r.Timeline, c)
	if r.Promises.Whole != nil {
		r.more(r.Interval, r.Promises.Whole, c)
	}
	if r.Ends != nil {
		r.ended(place, c)
	}
	switch c.Class {
	case "":
		r.Elapsed.Record(c.End - c.Intended)
	case target.Cancelled, target.Generator:
	default:
		r.ErrorElapsed.Record(c.End - c.Intended)
	}
	if r.asked.Load() {
		r.handOver()
	}
}

// Step takes in a call of an iteration's, into its row; the iteration was due at
// the given time.
func (r *Recorder) Step(row int, outside bool, due time.Duration, c *Call, records []journey.Recorded) {
	promised := r.Promises.Of(row)
	if r.Seconds != nil {
		r.keepStep(row, outside, c, records)
	}
	if c.Intended < 0 {
		if r.spills(c) {
			r.spill(r.row(row), promised, c)
		}
		return
	}
	i := r.row(row)
	r.note(i, r.rowTimeline(row), c)
	i.begin(due, c)
	i.sum(c)
	if !outside {
		r.sum(c)
		if c.response() >= r.Slowest.floor {
			r.Slowest.note(c)
		}
	}
	if c.Parts != nil || promised != nil {
		r.more(i, promised, c)
	}
	for _, n := range records {
		i.record(n)
	}
}

// Block takes in a block that has ended, into its row.
func (r *Recorder) Block(row int, due time.Duration, c *Call) {
	promised := r.Promises.Of(row)
	if r.Seconds != nil {
		r.keep(OfRow(row), promised, c)
	}
	if c.Intended < 0 {
		if r.spills(c) {
			r.spill(r.row(row), promised, c)
		}
		return
	}
	i := r.row(row)
	r.note(i, r.rowTimeline(row), c)
	i.begin(due, c)
	if promised != nil {
		r.more(i, promised, c)
	}
	if c.OK() {
		i.Elapsed.Record(c.End - c.Intended)
	}
}

// begin keeps how far into its iteration a success began.
func (i *Interval) begin(due time.Duration, c *Call) {
	if c.OK() {
		i.Begin.Record(c.Intended - due)
	}
}

// row is the interval of a row of its own. There may be a thousand of them.
func (i *Interval) row(n int) *Interval {
	for n >= len(i.Rows) {
		i.Rows = append(i.Rows, nil)
	}
	if i.Rows[n] == nil {
		i.Rows[n] = newInterval(latency.NewSparse)
	}
	return i.Rows[n]
}

// RowTimeline is the timeline of a row; empty where nothing happened there.
func (i *Interval) RowTimeline(n int) *latency.Timeline {
	if n < len(i.RowTimelines) && i.RowTimelines[n] != nil {
		return i.RowTimelines[n]
	}
	return latency.NewTimeline(0)
}

// rowTimeline is the timeline of a row of its own.
func (r *Recorder) rowTimeline(n int) *latency.Timeline {
	for n >= len(r.RowTimelines) {
		r.RowTimelines = append(r.RowTimelines, nil)
	}
	if r.RowTimelines[n] == nil {
		r.RowTimelines[n] = latency.NewSparseTimeline(windowsOfRow(r.rows))
	}
	return r.RowTimelines[n]
}

// record keeps a number that an answer had, as so many seconds.
func (i *Interval) record(n journey.Recorded) {
	for n.Number >= len(i.Records) {
		i.Records = append(i.Records, latency.New(latency.Fine))
	}
	i.Records[n.Number].Record(time.Duration(min(max(0, n.Value), most) * float64(time.Second)))
}

// most is the highest number that a record keeps.
const most = float64(latency.Highest) / float64(time.Second)

// MergeRows adds the rows of another interval, and nothing else of it: of what
// runs once a trial, whose iteration is none of the trial's.
func (i *Interval) MergeRows(o *Interval) {
	for n, row := range o.Rows {
		switch {
		case row == nil:
		case n < len(i.Rows) && i.Rows[n] != nil:
			i.Rows[n].Merge(row)
		default:
			for n >= len(i.Rows) {
				i.Rows = append(i.Rows, nil)
			}
			i.Rows[n], o.Rows[n] = row, nil
		}
	}
	for n, line := range o.RowTimelines {
		for n >= len(i.RowTimelines) {
			i.RowTimelines = append(i.RowTimelines, nil)
		}
		i.RowTimelines[n] = merged(i.RowTimelines[n], line)
	}
	for n, h := range o.Records {
		for n >= len(i.Records) {
			i.Records = append(i.Records, latency.New(latency.Fine))
		}
		i.Records[n].Merge(h)
	}
}
