package drive_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/drive"
	"plimsoll/runner/latency"
)

// pieces is a sink that merges at once what it takes, or has nothing to give.
type pieces struct {
	whole, spare *drive.Interval
	taken        int
	poor         bool
}

func (p *pieces) Take(full *drive.Interval) *drive.Interval {
	if p.poor {
		return full
	}
	p.taken++
	p.whole.Merge(full)
	full.Reset()
	full, p.spare = p.spare, full
	return full
}

// Wherever a trial is cut into intervals, they merge into what one recorder
// keeps that was never asked: to the last bit of every figure.
func TestIntervalsMergeIntoTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const length = 30 * time.Second
		calls := rapid.SliceOfN(rapid.Custom(call), 0, 80).Draw(t, "calls")
		one, cut := drive.NewRecorder(length, nil), drive.NewRecorder(length, nil)
		sink := &pieces{whole: drive.NewInterval(), spare: drive.NewInterval()}
		cut.Sink = sink
		asked := 0
		for i := range calls {
			calls[i].Number = uint64(i)
			if rapid.IntRange(0, 4).Draw(t, "ask") == 0 {
				sink.poor = rapid.Bool().Draw(t, "nothing to give")
				cut.Ask()
				if calls[i].Intended >= 0 && !sink.poor {
					asked++
				}
			} else {
				sink.poor = rapid.Bool().Draw(t, "nothing to give")
			}
			one.Record(&calls[i])
			cut.Record(&calls[i])
			if i%10 == 0 {
				one.Drop(calls[i].End, calls[i].End)
				cut.Drop(calls[i].End, calls[i].End)
			}
		}
		if sink.taken < asked {
			t.Fatalf("%d intervals taken, asked for %d", sink.taken, asked)
		}
		sink.whole.Merge(cut.Interval)
		if !reflect.DeepEqual(sink.whole.Tally, one.Tally) {
			t.Fatalf("%+v\nwant %+v", sink.whole.Tally, one.Tally)
		}
		for name, pair := range map[string][2]*latency.Histogram{
			"response": {sink.whole.Response, one.Response}, "service": {sink.whole.Service, one.Service},
			"error response": {sink.whole.ErrorResponse, one.ErrorResponse}, "held": {sink.whole.Held, one.Held},
			"lateness": {sink.whole.Lateness, one.Lateness}, "cancelled": {sink.whole.CancelledResponse, one.CancelledResponse},
		} {
			if got, want := figures(t, pair[0]), figures(t, pair[1]); got != want {
				t.Fatalf("%s: %+v, want %+v", name, got, want)
			}
		}
		if got, want := sink.whole.Timeline.InFlight(), one.Timeline.InFlight(); !reflect.DeepEqual(got, want) {
			t.Fatalf("in flight %v, want %v", got, want)
		}
		for i, w := range one.Timeline.Windows() {
			got := sink.whole.Timeline.Windows()[i]
			if got.OKs != w.OKs || got.Started != w.Started || got.Scheduled != w.Scheduled || got.Dropped != w.Dropped || figures(t, got.Response) != figures(t, w.Response) {
				t.Fatalf("window %d: %+v, want %+v", i, got, w)
			}
		}
	})
}

// figures are all that a result keeps of a histogram.
func figures(t *rapid.T, h *latency.Histogram) (f struct {
	text         string
	mean, spread float64
	low, high    time.Duration
}) {
	if h == nil {
		return f
	}
	text, err := h.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f.text, f.mean, f.spread, f.low, f.high = text, h.Mean(), h.Stddev(), h.Min(), h.Max()
	return f
}
