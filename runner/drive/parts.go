package drive

import (
	"time"

	"plimsoll/runner/goodput"
	"plimsoll/runner/latency"
	"plimsoll/target"
)

// Promises are what each call, or iteration, shall keep all of to count; and each
// call, or block, of a row, by its number.
type Promises struct {
	Whole []goodput.Limits
	Rows  [][]goodput.Limits
}

// Of are those of a row; nil: there are none.
func (p *Promises) Of(row int) []goodput.Limits {
	if row < len(p.Rows) {
		return p.Rows[row]
	}
	return nil
}

// Count counts what successes bring: all of those that a trial counts, and those
// that Tally.InTime counts.
type Count struct{ All, InTime int64 }

func (c *Count) add(o Count) { c.All, c.InTime = c.All+o.All, c.InTime+o.InTime }

// times is n for each of a success's counts that is 1.
func (c Count) times(n int64) Count { return Count{c.All * n, c.InTime * n} }

// more takes in what there is to tell of a success besides how long it took: its
// parts, and which promises it keeps. One of the warm-up, which was got done within
// the trial, is counted as that, and timed nowhere.
func (r *Recorder) more(i *Interval, promised []goodput.Limits, c *Call) {
	if !c.OK() {
		return
	}
	var stream *target.Stream
	var counts Count
	if c.Intended >= 0 {
		counts.All = 1
	}
	if r.inTime(c) {
		counts.InTime = 1
	}
	if c.Parts != nil {
		stream = c.Parts.Stream
		if c.Intended >= 0 {
			i.parts(c.Parts)
		}
		if stream != nil {
			i.stream(stream, c, counts)
		}
	}
	for n := range promised {
		if promised[n].Kept(c.response(), c.service(), stream) {
			i.kept(n).add(counts)
		}
	}
}

// parts takes in what the kind of a call tells of it.
func (i *Interval) parts(p *target.Parts) {
	for n, d := range p.Phases {
		if d >= 0 {
			i.phase(n).Record(d)
		}
	}
	if p.Memory > 0 {
		if i.Memory == nil {
			i.Memory = latency.NewSparse(latency.Fine)
		}
		i.Memory.Record(time.Duration(p.Memory))
	}
}

// phase is the histogram of one, which there may not have been yet.
func (i *Interval) phase(n int) *latency.Histogram {
	for n >= len(i.Phases) {
		i.Phases = append(i.Phases, latency.NewSparse(latency.Fine))
	}
	return i.Phases[n]
}

// kept is the count of a promise, which there may not have been yet.
func (i *Interval) kept(n int) *Count {
	for n >= len(i.Kept) {
		i.Kept = append(i.Kept, Count{})
	}
	return &i.Kept[n]
}

// mergeParts adds what another interval has of parts, and of promises kept.
func (i *Interval) mergeParts(o *Interval) {
	for n, h := range o.Phases {
		i.phase(n).Merge(h)
	}
	switch {
	case o.Memory == nil:
	case i.Memory == nil:
		i.Memory = o.Memory
	default:
		i.Memory.Merge(o.Memory)
	}
	switch {
	case o.Streams == nil:
	case i.Streams == nil:
		i.Streams = o.Streams
	default:
		i.Streams.merge(o.Streams)
	}
	for n, c := range o.Kept {
		i.kept(n).add(c)
	}
}
