package drive

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"plimsoll/runner/journey"
	"plimsoll/runner/latency"
	"plimsoll/runner/parcel"
	"plimsoll/target"
)

// Shape is what the intervals of a trial have, and none has more of.
type Shape struct {
	// Rows are those of its steps; nil: it makes single calls.
	Rows []journey.Row
	// Phases are how many parts of calls any of its targets tells, Promises how many
	// there may be of anything.
	Phases, Promises int
}

// layout is the number of the way in which intervals are written: whoever reads
// another one than this refuses it.
const layout = 1

// most bounds what one interval counts of anything.
const mostCounted = latency.MostValues

// Append appends the interval, exactly, and what the trial's clock shows: for
// ReadInterval. Ends are left out.
func (i *Interval) Append(b []byte, at time.Duration) []byte {
	b = parcel.Count(b, layout)
	b = parcel.Int(b, int64(at))
	b = i.append(b)
	b = parcel.Bool(b, i.Timeline != nil)
	if i.Timeline != nil {
		b = i.Timeline.Append(b)
	}
	slowest := i.Slowest.Calls()
	b = parcel.Count(b, len(slowest))
	for k := range slowest {
		b = slowest[k].append(b)
	}
	b = parcel.Int(b, int64(i.InFlight))
	b = parcel.Count(b, len(i.Rows))
	for n, row := range i.Rows {
		b = parcel.Bool(b, row != nil)
		if row == nil {
			continue
		}
		b = row.append(b)
		line := i.rowTimelineOf(n)
		b = parcel.Bool(b, line != nil)
		if line != nil {
			b = line.Append(b)
		}
	}
	return b
}

// rowTimelineOf is a row's timeline; nil: there is none.
func (i *Interval) rowTimelineOf(n int) *latency.Timeline {
	if n < len(i.RowTimelines) {
		return i.RowTimelines[n]
	}
	return nil
}

// append appends what the whole and each row have.
func (i *Interval) append(b []byte) []byte {
	b = i.Tally.append(b)
	for _, h := range i.histograms() {
		b = (*h).Append(b)
	}
	for _, list := range [][]*latency.Histogram{i.Records, i.Phases} {
		b = parcel.Count(b, len(list))
		for _, h := range list {
			b = h.Append(b)
		}
	}
	b = parcel.Bool(b, i.Memory != nil)
	if i.Memory != nil {
		b = i.Memory.Append(b)
	}
	b = parcel.Bool(b, i.Streams != nil)
	if i.Streams != nil {
		b = i.Streams.append(b)
	}
	b = parcel.Count(b, len(i.Kept))
	for _, c := range i.Kept {
		b = c.append(b)
	}
	return b
}

func (c Count) append(b []byte) []byte { return parcel.Count(parcel.Count(b, c.All), c.InTime) }

func (s *Streams) append(b []byte) []byte {
	for _, h := range s.histograms() {
		b = (*h).Append(b)
	}
	return parcel.Bool(s.Tokens.append(s.Events.append(b)), s.Told)
}

// counts are all of a tally's that only go up.
func (t *Tally) counts() []*int64 {
	return []*int64{&t.OK, &t.Cancelled, &t.Dropped, &t.HeldCalls, &t.Attempts, &t.Resent, &t.Hops, &t.InTime}
}

// bytes are those that went over the wire, of which there may be many more.
func (t *Tally) bytes() []*int64 { return []*int64{&t.BytesIn, &t.BytesOut} }

// times are those on the trial's clock that calls never are before.
func (t *Tally) times() []*time.Duration {
	return []*time.Duration{&t.LastEnd, &t.LastStart, &t.Stood.For}
}

func (t *Tally) append(b []byte) []byte {
	for _, n := range append(t.counts(), t.bytes()...) {
		b = parcel.Count(b, *n)
	}
	for _, d := range t.times() {
		b = parcel.Count(b, *d)
	}
	b = parcel.Int(parcel.Int(b, int64(t.Stood.At)), int64(t.LastLateness))
	b = parcel.Bool(parcel.Bool(t.Busy.Append(b), t.PoolHeld), t.RowsHeld)
	b = parcel.Count(b, len(t.Errors))
	for _, class := range slices.Sorted(maps.Keys(t.Errors)) {
		e := t.Errors[class]
		b = parcel.Count(parcel.Count(parcel.Text(b, class), e.Count), e.Last)
		b = parcel.Count(b, len(e.Calls))
		for k := range e.Calls {
			b = e.Calls[k].append(b)
		}
	}
	return b
}

func (s *Seen) append(b []byte) []byte {
	for _, d := range []time.Duration{s.Due, s.Ended, s.Response, s.Service, s.Held} {
		b = parcel.Count(b, d)
	}
	b = parcel.Uint(parcel.Uint(b, s.Number), s.Iteration)
	b = parcel.Int(b, int64(s.Row))
	for _, text := range []string{s.Class, s.Example, s.Trace} {
		b = parcel.Text(b, text)
	}
	return b
}

// ReadInterval reads what Append has appended, of a trial of that shape, and what its
// clock showed. An error tells what cannot be: whoever sent it, an interval that is
// returned keeps the laws of results, and its memory is in proportion to the bytes and
// to the shape.
func ReadInterval(b []byte, of Shape) (i *Interval, at time.Duration, err error) {
	r := &reading{parcel.NewReader(b), of}
	if n := r.Uint(); n != layout {
		r.Fail("it is laid out in the way %d, and this version reads %d", n, layout)
	}
	at = time.Duration(r.Int(math.MaxInt64))
	i = r.interval(-1)
	for range r.Length(MostSlowest, leastSeen) {
		one := r.seen()
		i.Slowest.add(&one)
	}
	i.InFlight = int(r.Int(mostCounted))
	for n := range r.Length(len(of.Rows), 1) {
		i.Rows, i.RowTimelines = append(i.Rows, nil), append(i.RowTimelines, nil)
		if r.Bool() {
			i.Rows[n] = r.interval(n)
			i.RowTimelines[n], i.Rows[n].Timeline = i.Rows[n].Timeline, nil
		}
	}
	if err = r.End(); err == nil {
		err = i.lawful(of)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("no interval of the trial: %w", err)
	}
	return i, at, nil
}

// reading is an interval of that shape that is read.
type reading struct {
	*parcel.Reader
	of Shape
}

// interval reads what the whole, or a row, has; below 0 it is the whole.
func (r *reading) interval(row int) *Interval {
	i := &Interval{Slowest: newSlowest()}
	r.tally(&i.Tally)
	for _, h := range i.histograms() {
		*h = latency.ReadHistogram(r.Reader)
	}
	records, windows := 0, latency.MaxWindows
	if row >= 0 {
		records, windows = len(r.of.Rows[row].Records), windowsOfRow(len(r.of.Rows))
	}
	i.Records, i.Phases = r.histograms(records), r.histograms(r.of.Phases)
	if r.Bool() {
		i.Memory = latency.ReadHistogram(r.Reader)
	}
	if r.Bool() {
		i.Streams = r.streams()
	}
	for range r.Length(r.of.Promises, 2) {
		i.Kept = append(i.Kept, r.count())
	}
	if r.Bool() {
		i.Timeline = latency.ReadTimeline(r.Reader, windows)
	}
	return i
}

func (r *reading) histograms(most int) (all []*latency.Histogram) {
	for range r.Length(most, 1) {
		all = append(all, latency.ReadHistogram(r.Reader))
	}
	return all
}

func (r *reading) count() Count { return Count{r.Count(mostCounted), r.Count(mostCounted)} }

func (r *reading) streams() *Streams {
	s := &Streams{}
	for _, h := range s.histograms() {
		*h = latency.ReadHistogram(r.Reader)
	}
	s.Events, s.Tokens, s.Told = r.count(), r.count(), r.Bool()
	return s
}

// leastError and leastSeen are how many bytes those take at least.
const (
	leastSeen  = 11
	leastError = 4 + leastSeen
)

// mostBytes bounds what one interval has sent, or received: a petabyte.
const mostBytes = 1 << 50

func (r *reading) tally(t *Tally) {
	for _, n := range t.counts() {
		*n = r.Count(mostCounted)
	}
	for _, n := range t.bytes() {
		*n = r.Count(mostBytes)
	}
	for _, d := range t.times() {
		*d = r.Time()
	}
	t.Stood.At, t.LastLateness = time.Duration(r.Int(math.MaxInt64)), time.Duration(r.Int(math.MaxInt64))
	t.Busy, t.PoolHeld, t.RowsHeld = latency.ReadTotal(r.Reader), r.Bool(), r.Bool()
	t.Errors = map[string]*ErrorCount{}
	for range r.Length(latency.MostClasses, leastError) {
		class := r.Text()
		e := &ErrorCount{Count: r.Count(mostCounted), Last: r.Time()}
		for range r.Length(MostFirst, leastSeen) {
			e.add(r.seen())
		}
		if t.Errors[class] != nil || class == "" || class == target.Cancelled || int64(len(e.Calls)) != min(e.Count, MostFirst) || e.Count == 0 {
			r.Fail("%d failures of class %q tell of %d calls", e.Count, class, len(e.Calls))
			return
		}
		t.Errors[class] = e
	}
}

func (r *reading) seen() (s Seen) {
	for _, d := range []*time.Duration{&s.Due, &s.Ended, &s.Response, &s.Service, &s.Held} {
		*d = r.Time()
	}
	s.Number, s.Iteration = r.Uint(), r.Uint()
	s.Row = int(r.Int(math.MaxInt32))
	s.Class, s.Example, s.Trace = r.Text(), r.Text(), r.Text()
	return s
}
