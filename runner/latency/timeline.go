package latency

import "time"

// MaxWindows is how many windows a trial's timeline has at the most: when they
// are full, each two become one and the width doubles.
const MaxWindows = 240

// firstWidth is the width of a timeline's windows at first.
const firstWidth = time.Millisecond

// Fate is how a call ended, as far as a timeline cares.
type Fate uint8

// The fates of a call.
const (
	OK Fate = iota
	Failed
	Cancelled
)

// Timeline counts what happened when, and how long successes took, in windows
// of equal width from 0 on. Its memory does not grow with the number of calls
// or the length of the run.
type Timeline struct {
	width   time.Duration
	windows []Window
	spare   []*Histogram
	sparse  bool // its histograms are
}

// Window is one piece of a timeline.
type Window struct {
	Scheduled, Started, Dropped  int64 // by due time; by start; by due time
	OKs, Failures, Cancellations int64 // by end
	// Response holds the response times of the successes that ended here, to
	// two digits; nil if there were none.
	Response *Histogram
	// Classes are the failures by their class; nil: there were none.
	Classes map[string]int64
	// Late is how late the latest was of the calls that started here.
	Late time.Duration
	// area is the time in flight within the window, in nanoseconds, of the
	// calls that started or ended in it: from start to the window's end, less
	// from end to the window's end.
	area float64
	// waited is the time between due and start within the window, of the calls that
	// were due or started in it, in the manner of area.
	waited float64
	// leaving is by how many more calls wait at the window's end than at its beginning
	// of those that are dropped.
	leaving int64
	// queued is by how much a queue's length changed in the window, and queueArea
	// the time that this added to those in it, up to the window's end.
	queued    int64
	queueArea float64
}

// NewTimeline makes an empty timeline of so many windows at most.
func NewTimeline(windows int) *Timeline {
	return &Timeline{width: firstWidth, windows: make([]Window, 0, windows)}
}

// NewSparseTimeline makes an empty timeline whose windows meet few values each.
func NewSparseTimeline(windows int) *Timeline {
	t := NewTimeline(windows)
	t.sparse = true
	return t
}

// Width is the width of every window.
func (t *Timeline) Width() time.Duration { return t.width }

// Windows are all windows up to the last in which anything happened.
func (t *Timeline) Windows() []Window { return t.windows }

// Instant is the one whose window a call's end belongs to. Starts belong to
// [from, to) and ends to (from, to], so that calls as long as a window, one
// after the other, are one in each; but a call that took no time ends where it
// started. Times are whole nanoseconds.
func Instant(start, end time.Duration) time.Duration {
	if end > start {
		return end - 1
	}
	return end
}

// Call notes a whole call, whose response time is less by what it paused, and
// which the generator was late for. None of the times may be negative.
func (t *Timeline) Call(intended, start, end, paused, late time.Duration, fate Fate) {
	instant := Instant(start, end)
	last := t.index(instant) // the latest of the three: may double the width
	w := &t.windows[last]
	first := int(start / t.width)
	if first == last {
		w.area += float64(end - start)
	} else {
		w.area -= float64(t.left(last, instant) - (end - instant))
		t.windows[first].area += float64(t.left(first, start))
	}
	switch fate {
	case OK:
		w.OKs++
		if w.Response == nil {
			w.Response = t.histogram()
		}
		w.Response.Record(end - intended - paused)
	case Failed:
		w.Failures++
	case Cancelled:
		w.Cancellations++
	}
	w = &t.windows[first]
	w.Started++
	w.Late = max(w.Late, late)
	if intended == start {
		w.Scheduled++
		return
	}
	t.wait(intended, start, first)
}

// wait notes that a call was due before it started, in the window of that number.
func (t *Timeline) wait(intended, start time.Duration, started int) {
	due := started
	if intended < time.Duration(started)*t.width {
		due = int(intended / t.width)
	}
	w := &t.windows[due]
	w.Scheduled++
	if due == started {
		w.waited += float64(start - intended)
		return
	}
	w.waited += float64(t.left(due, intended))
	t.windows[started].waited -= float64(t.left(started, start))
}

// Fail notes the class of a failure that Call has noted.
func (t *Timeline) Fail(start, end time.Duration, class string) {
	w := &t.windows[t.index(Instant(start, end))]
	if w.Classes == nil {
		w.Classes = map[string]int64{}
	}
	w.Classes[class]++
}

// Drop notes a call that waited from when it was due until it was left out.
func (t *Timeline) Drop(due, left time.Duration) {
	last := t.index(max(due, left)) // may double the width
	first := int(due / t.width)
	w := &t.windows[first]
	w.Scheduled++
	w.Dropped++
	if first == last {
		w.waited += float64(left - due)
		return
	}
	w.waited += float64(t.left(first, due))
	w.leaving++
	t.windows[last].waited -= float64(t.left(last, left))
	t.windows[last].leaving--
}

// Queue notes that a queue's length changed at a time, of which Call knows
// nothing.
func (t *Timeline) Queue(at time.Duration, by int) {
	last := t.index(at)
	w := &t.windows[last]
	w.queued += int64(by)
	w.queueArea += float64(by) * float64(t.left(last, at))
}

// Merge adds what another timeline has counted, which is of no use afterwards.
func (t *Timeline) Merge(o *Timeline) {
	for t.width < o.width {
		t.double()
	}
	for o.width < t.width || len(o.windows) > cap(t.windows) {
		o.double()
	}
	for t.width < o.width {
		t.double()
	}
	if n := len(o.windows); n > len(t.windows) {
		t.windows = t.windows[:n] // within the capacity, and zero
	}
	for i := range o.windows {
		o.add(&t.windows[i], &o.windows[i])
	}
}

func (w *Window) ended() int64 { return w.OKs + w.Failures + w.Cancellations }

// InFlight is the mean number of calls in flight in each window.
func (t *Timeline) InFlight() []float64 {
	means := make([]float64, len(t.windows))
	carried := int64(0)
	for i := range t.windows {
		w := &t.windows[i]
		means[i] = max(0, float64(carried)+w.area/float64(t.width))
		carried += w.Started - w.ended()
	}
	return means
}

// Waiting is the mean number of calls in each window that were due and had not
// started yet.
func (t *Timeline) Waiting() []float64 {
	means := make([]float64, len(t.windows))
	carried := int64(0)
	for i := range t.windows {
		w := &t.windows[i]
		means[i] = max(0, float64(carried)+w.waited/float64(t.width))
		carried += w.awaiting()
	}
	return means
}

// awaiting is by how many more calls wait for their start at its end.
func (w *Window) awaiting() int64 { return w.Scheduled - w.Dropped - w.Started + w.leaving }

// QueueLength is the queue's mean length in each window.
func (t *Timeline) QueueLength() []float64 {
	means := make([]float64, len(t.windows))
	carried := int64(0)
	for i := range t.windows {
		w := &t.windows[i]
		means[i] = max(0, float64(carried)+w.queueArea/float64(t.width))
		carried += w.queued
	}
	return means
}

// left is how much of a window comes after a time in it.
func (t *Timeline) left(window int, at time.Duration) time.Duration {
	return t.width - (at - time.Duration(window)*t.width)
}

// index finds the window of a time, after making room for it.
func (t *Timeline) index(at time.Duration) int {
	i := int(at / t.width)
	for i >= cap(t.windows) {
		t.double()
		i = int(at / t.width)
	}
	if i >= len(t.windows) {
		t.windows = t.windows[:i+1] // within the capacity, and zero
	}
	return i
}

// double makes one window of each two.
func (t *Timeline) double() {
	half := (len(t.windows) + 1) / 2
	for i := range half {
		w := t.windows[2*i]
		// What was in flight at the end of the first stays so in the second.
		w.area += float64(w.Started-w.ended()) * float64(t.width)
		w.waited += float64(w.awaiting()) * float64(t.width)
		w.queueArea += float64(w.queued) * float64(t.width)
		if 2*i+1 < len(t.windows) {
			t.add(&w, &t.windows[2*i+1])
		}
		t.windows[i] = w
	}
	clear(t.windows[half:])
	t.windows = t.windows[:half]
	t.width *= 2
}

// add adds one window, of this timeline, to another, which takes its histogram
// where it has none.
func (t *Timeline) add(into, from *Window) {
	into.Scheduled += from.Scheduled
	into.Started += from.Started
	into.Dropped += from.Dropped
	into.OKs += from.OKs
	into.Failures += from.Failures
	into.Cancellations += from.Cancellations
	into.area += from.area
	into.waited += from.waited
	into.Late = max(into.Late, from.Late)
	if into.Classes == nil {
		into.Classes = from.Classes
	} else {
		for class, n := range from.Classes {
			into.Classes[class] += n
		}
	}
	into.leaving += from.leaving
	into.queued += from.queued
	into.queueArea += from.queueArea
	if from.Response == nil {
		return
	}
	if into.Response == nil {
		into.Response = from.Response
	} else {
		into.Response.Merge(from.Response)
		from.Response.Reset()
		t.spare = append(t.spare, from.Response)
	}
	from.Response = nil
}

// histogram takes one that a merged window has left, or makes one.
func (t *Timeline) histogram() *Histogram {
	if n := len(t.spare); n > 0 {
		h := t.spare[n-1]
		t.spare = t.spare[:n-1]
		return h
	}
	if t.sparse {
		return NewSparse(Coarse)
	}
	return New(Coarse)
}
