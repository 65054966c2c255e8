package latency

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// history is a call as a timeline hears of it.
type history struct {
	intended, start, end, late time.Duration
	fate                       Fate
	class                      string
	leftOut                    bool // at start
}

func histories(t *rapid.T, name string) []history {
	one := rapid.Custom(func(t *rapid.T) history {
		longest := rapid.SampledFrom([]time.Duration{10 * time.Millisecond, time.Second, time.Hour, Highest / 3}).Draw(t, "longest")
		upTo := func(name string) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(longest)).Draw(t, name))
		}
		h := history{intended: upTo("due")}
		h.late = upTo("late")
		h.start = h.intended + h.late
		h.end = h.start + upTo("took")
		h.fate = rapid.SampledFrom([]Fate{OK, OK, Failed, Cancelled}).Draw(t, "fate")
		if h.leftOut = rapid.IntRange(0, 4).Draw(t, "left out") == 0; h.leftOut {
			h.end, h.late, h.fate = h.start, 0, Cancelled
		}
		h.class = rapid.SampledFrom([]string{"timeout", "reset", "status-500"}).Draw(t, "class")
		return h
	})
	return rapid.SliceOfN(one, 0, 60).Draw(t, name)
}

func timelineOf(lists ...[]history) *Timeline {
	line := NewTimeline(MaxWindows)
	for _, list := range lists {
		for _, h := range list {
			if h.leftOut {
				line.Drop(h.intended, h.start)
				continue
			}
			line.Call(h.intended, h.start, h.end, 0, h.late, h.fate)
			if h.fate == Failed {
				line.Fail(h.start, h.end, h.class)
			}
		}
	}
	return line
}

// Two timelines merged are the one that would have heard of all calls,
// whichever of them had to widen its windows first.
func TestMergedTimelinesAreOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := histories(t, "a"), histories(t, "b")
		merged, all := timelineOf(a), timelineOf(a, b)
		merged.Merge(timelineOf(b))
		if merged.Width() != all.Width() || len(merged.Windows()) != len(all.Windows()) {
			t.Fatalf("%d windows of %v, want %d of %v", len(merged.Windows()), merged.Width(), len(all.Windows()), all.Width())
		}
		for i, got := range merged.Windows() {
			want := all.Windows()[i]
			if got.Scheduled != want.Scheduled || got.Started != want.Started || got.ended() != want.ended() || got.Dropped != want.Dropped || got.OKs != want.OKs || got.Failures != want.Failures {
				t.Fatalf("window %d: %+v, want %+v", i, got, want)
			}
			if got.OKs > 0 && (got.Response.Count() != want.Response.Count() || got.Response.Quantile(99) != want.Response.Quantile(99)) {
				t.Fatalf("window %d: p99 %v of %d, want %v of %d", i, got.Response.Quantile(99), got.Response.Count(), want.Response.Quantile(99), want.Response.Count())
			}
			if got, want := merged.InFlight()[i], all.InFlight()[i]; math.Abs(got-want) > 1e-6 {
				t.Fatalf("window %d: %v in flight, want %v", i, got, want)
			}
			if got, want := merged.Waiting()[i], all.Waiting()[i]; math.Abs(got-want) > 1e-6 {
				t.Fatalf("window %d: %v waiting, want %v", i, got, want)
			}
			if !maps.Equal(got.Classes, want.Classes) || got.Late != want.Late {
				t.Fatalf("window %d: %v failed, late by %v; want %v, %v", i, got.Classes, got.Late, want.Classes, want.Late)
			}
		}
	})
}

// The time in flight of all windows together is that of all calls.
func TestTimeInFlightAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := histories(t, "calls")
		line, sum, want := timelineOf(list), 0.0, 0.0
		for _, mean := range line.InFlight() {
			sum += mean * float64(line.Width())
		}
		for _, h := range list {
			want += float64(h.end - h.start)
		}
		// A time so far from the beginning is not kept to the nanosecond.
		if math.Abs(sum-want) > 1e-6*want+1+1e-14*float64(line.Width())*float64(len(list)) {
			t.Fatalf("%v in flight, want %v", time.Duration(sum), time.Duration(want))
		}
	})
}

// What a window says of waiting, of lateness and of failures is what a count by
// hand says: nanosecond by nanosecond of waiting, call by call of the rest.
func TestWindowsAreWhatACountByHandSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := histories(t, "calls")
		line := timelineOf(list)
		width := line.Width()
		for i, w := range line.Windows() {
			from := time.Duration(i) * width
			to := from + width
			if to < from {
				to = Highest
			}
			waited, late, failed, dropped := 0.0, time.Duration(0), map[string]int64{}, int64(0)
			for _, h := range list {
				if h.leftOut && h.intended >= from && h.intended < to {
					dropped++
				}
				waited += float64(max(0, min(h.start, to)-max(h.intended, from)))
				if h.start >= from && h.start < to {
					late = max(late, h.late)
				}
				if at := Instant(h.start, h.end); h.fate == Failed && at >= from && at < to {
					failed[h.class]++
				}
			}
			// A time so far from the beginning is not kept to the nanosecond.
			if got, want := line.Waiting()[i], waited/float64(width); math.Abs(got-want) > 1e-9*(1+want)*float64(len(list)) {
				t.Fatalf("window %d: %v waiting, want %v", i, got, want)
			}
			if w.Late != late || !maps.Equal(w.Classes, failed) || w.Dropped != dropped {
				t.Fatalf("window %d: late by %v, %v failed, %d dropped; want %v, %v, %d", i, w.Late, w.Classes, w.Dropped, late, failed, dropped)
			}
		}
	})
}

// One call waits from 3 ms to 5.5 ms and another from 4.5 ms to 4.75 ms; one is left
// out, which waits for nothing.
func TestWaitingByWindow(t *testing.T) {
	line, ms := NewTimeline(MaxWindows), time.Millisecond
	line.Call(3*ms, 5500*time.Microsecond, 7*ms, 0, 0, OK)
	line.Call(4500*time.Microsecond, 4750*time.Microsecond, 6*ms, 0, 0, OK)
	line.Drop(4*ms, 4*ms)
	want := []float64{0, 0, 0, 1, 1.25, 0.5, 0}
	if got := line.Waiting(); !slices.Equal(got, want) {
		t.Errorf("waiting %v, want %v", got, want)
	}
}

// A window has the starts in [from, to) and the ends in (from, to]: calls of
// its very width, one after the other, are one in each.
func TestStartsAndEndsAtAWindowsEdge(t *testing.T) {
	line := NewTimeline(MaxWindows)
	for at := time.Duration(0); at < 10*time.Millisecond; at += time.Millisecond {
		line.Call(at, at, at+time.Millisecond, 0, 0, OK)
	}
	for i, w := range line.Windows() {
		if w.Started != 1 || w.OKs != 1 || math.Abs(line.InFlight()[i]-1) > 1e-9 {
			t.Errorf("window %d: %d started, %d ended, %v in flight", i, w.Started, w.OKs, line.InFlight()[i])
		}
	}
	if n := len(line.Windows()); n != 10 {
		t.Errorf("%d windows", n)
	}
	line = NewTimeline(MaxWindows)
	line.Call(0, 0, 0, 0, 0, OK) // no time at all: where it started
	line.Call(3*time.Millisecond, 3*time.Millisecond, 3*time.Millisecond, 0, 0, OK)
	if ws := line.Windows(); len(ws) != 4 || ws[0].OKs != 1 || ws[3].Started != 1 || ws[3].OKs != 1 {
		t.Errorf("calls that took no time are in the windows %+v", ws)
	}
}

// However far from the start a call ends, it finds its window.
func TestTheTimelineEndsWithTime(t *testing.T) {
	done := make(chan *Timeline)
	go func() {
		line := NewTimeline(MaxWindows)
		line.Call(0, 0, Highest, 0, 0, OK)
		line.Call(Highest-1, Highest-1, Highest, 0, 0, Failed)
		done <- line
	}()
	select {
	case line := <-done:
		sum := 0.0
		for _, mean := range line.InFlight() {
			sum += mean * float64(line.Width())
		}
		if len(line.Windows()) > MaxWindows || math.Abs(sum/float64(Highest)-1) > 1e-9 {
			t.Errorf("%d windows of %v, %v in flight", len(line.Windows()), line.Width(), sum)
		}
	case <-time.After(time.Minute):
		t.Fatal("the windows double for ever")
	}
}

// queueing makes a timeline hear of items that wait in a queue.
func queueing(line *Timeline, items []history) *Timeline {
	for _, h := range items {
		line.Queue(h.intended, 1)
		line.Queue(h.start, -1)
	}
	return line
}

// The length of a queue, in all windows together, is the time for which items
// waited, whoever hears of them first and however wide windows had to become;
// calls have no part in it.
func TestQueueLengthAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := histories(t, "a"), histories(t, "b")
		line := queueing(timelineOf(b), a)
		line.Merge(queueing(timelineOf(a), b))
		sum, want := 0.0, 0.0
		for _, mean := range line.QueueLength() {
			sum += mean * float64(line.Width())
		}
		for _, h := range append(a, b...) {
			want += float64(h.start - h.intended)
		}
		if math.Abs(sum-want) > 1e-6*want+1+1e-14*float64(line.Width())*float64(len(a)+len(b)) {
			t.Fatalf("items waited %v, want %v", time.Duration(sum), time.Duration(want))
		}
	})
}

// An item waits from 3 ms to 5.5 ms, another from 4 ms on.
func TestQueueLengthByWindow(t *testing.T) {
	line := NewTimeline(MaxWindows)
	line.Queue(3*time.Millisecond, 1)
	line.Queue(4*time.Millisecond, 1)
	line.Queue(5500*time.Microsecond, -1)
	line.Call(0, 0, 7*time.Millisecond, 0, 0, OK)
	want := []float64{0, 0, 0, 1, 2, 1.5, 1}
	if got := line.QueueLength(); !slices.Equal(got, want) {
		t.Errorf("lengths %v, want %v", got, want)
	}
}
