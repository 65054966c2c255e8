package drive

import (
	"time"

	"plimsoll/runner/journey"
	"plimsoll/runner/latency"
	"plimsoll/target"
)

// coarser is how many windows a row's timeline has at the most.
const coarser = 60

// Iteration takes in an iteration that has ended; what it took in bytes and
// attempts, its calls have.
func (r *Recorder) Iteration(c *Call) {
	if c.Intended < 0 {
		r.spill(c)
		return
	}
	r.note(r.Interval, c)
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
	if c.Intended < 0 {
		if r.spills(c) {
			r.row(row).InTime++
		}
		return
	}
	i := r.row(row)
	r.note(i, c)
	i.begin(due, c)
	i.sum(c)
	if !outside {
		r.sum(c)
	}
	for _, n := range records {
		i.record(n)
	}
}

// Block takes in a block that has ended, into its row.
func (r *Recorder) Block(row int, due time.Duration, c *Call) {
	switch {
	case c.Intended >= 0:
		i := r.row(row)
		r.note(i, c)
		i.begin(due, c)
		if c.OK() {
			i.Elapsed.Record(c.End - c.Intended)
		}
	case r.spills(c):
		r.row(row).InTime++
	}
}

// begin keeps how far into its iteration a success began.
func (i *Interval) begin(due time.Duration, c *Call) {
	if c.OK() {
		i.Begin.Record(c.Intended - due)
	}
}

// row is the interval of a row of its own.
func (i *Interval) row(n int) *Interval {
	for n >= len(i.Rows) {
		i.Rows = append(i.Rows, nil)
	}
	if i.Rows[n] == nil {
		i.Rows[n] = NewInterval()
		i.Rows[n].Timeline = latency.NewTimeline(coarser)
	}
	return i.Rows[n]
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
	for n, h := range o.Records {
		for n >= len(i.Records) {
			i.Records = append(i.Records, latency.New(latency.Fine))
		}
		i.Records[n].Merge(h)
	}
}
