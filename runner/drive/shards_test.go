package drive_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/drive"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/wait"
	"plimsoll/target/workers"
)

func call(t *rapid.T) drive.Call {
	upTo := func(name string, most time.Duration) time.Duration {
		return time.Duration(rapid.Int64Range(0, int64(most)).Draw(t, name))
	}
	c := drive.Call{Outcome: &target.Outcome{}, Intended: upTo("due", time.Minute) - 10*time.Second}
	c.Ready = c.Intended + upTo("held", time.Second)
	c.Start = c.Ready + upTo("late", time.Millisecond)
	c.Held = upTo("held in the pool", time.Millisecond)
	c.End = c.Start + c.Held + upTo("took", time.Second)
	c.Class = rapid.SampledFrom([]string{"", "", "", target.Timeout, target.Reset, target.Cancelled}).Draw(t, "class")
	c.Attempts = rapid.IntRange(0, 3).Draw(t, "attempts")
	c.BytesIn, c.BytesOut = rapid.Int64Range(0, 1000).Draw(t, "in"), rapid.Int64Range(0, 1000).Draw(t, "out")
	return c
}

// What several recorders hold, merged, is what one would that had seen it all.
func TestMergedRecordersAreOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const length = 30 * time.Second
		calls := rapid.SliceOfN(rapid.Custom(call), 0, 80).Draw(t, "calls")
		one, parts := drive.NewRecorder(length, nil), make([]*drive.Recorder, rapid.IntRange(1, 4).Draw(t, "recorders"))
		for i := range parts {
			parts[i] = drive.NewRecorder(length, nil)
		}
		for i := range calls {
			calls[i].Number = uint64(i)
			part := parts[rapid.IntRange(0, len(parts)-1).Draw(t, "to")]
			one.Record(&calls[i])
			part.Record(&calls[i])
			if i%10 == 0 {
				one.Drop(calls[i].End, calls[i].End)
				part.Drop(calls[i].End, calls[i].End)
			}
		}
		for _, other := range parts[1:] {
			parts[0].Merge(other.Interval)
		}
		got, want := parts[0], one
		if !reflect.DeepEqual(got.Tally, want.Tally) {
			t.Fatalf("%+v\nwant %+v", got.Tally, want.Tally)
		}
		for name, pair := range map[string][2]interface{ Quantile(float64) time.Duration }{
			"response": {got.Response, want.Response}, "service": {got.Service, want.Service}, "held": {got.Held, want.Held},
			"lateness": {got.Lateness, want.Lateness}, "errors": {got.ErrorResponse, want.ErrorResponse},
		} {
			for _, p := range []float64{0, 50, 99, 100} {
				if pair[0].Quantile(p) != pair[1].Quantile(p) {
					t.Fatalf("%s p%v: %v, want %v", name, p, pair[0].Quantile(p), pair[1].Quantile(p))
				}
			}
		}
	})
}

// shards are loops side by side against a target, of users each.
func shards(t *testing.T, n, users int, to target.Caller, until time.Duration) []drive.Loop {
	t.Helper()
	stop, wakes := &drive.Stop{}, []func(){}
	loops := make([]drive.Loop, n)
	for i := range loops {
		clock := wait.NewDoze(0)
		carrier := workers.New(to, clock)
		t.Cleanup(func() { carrier.Close(); clock.Close() })
		wakes = append(wakes, clock.Wake)
		loops[i] = drive.Loop{
			Schedule: schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: until}, Users: users}, schedule.StopOn{}),
			Clock:    clock, Carrier: carrier, Recorder: drive.NewRecorder(until, nil), Until: until, Drain: time.Second, Stop: stop,
		}
	}
	stop.OnWake(func() {
		for _, wake := range wakes {
			wake()
		}
	})
	return loops
}

func TestShardsAddUp(t *testing.T) {
	to := gathering(12, 2*time.Millisecond)
	loops := shards(t, 3, 4, to, 200*time.Millisecond)
	end := drive.RunAll(loops, 0)
	rec := loops[0].Recorder
	if end.Err != nil || end.Interrupted || rec.OK < 12 || rec.Response.Count() != rec.OK || to.most.Load() != 12 {
		t.Errorf("%+v: %d ok, %d of them in the histogram, %d at once", end, rec.OK, rec.Response.Count(), to.most.Load())
	}
}

func TestAnInterruptReachesEveryShard(t *testing.T) {
	to := gathering(6, time.Hour)
	loops := shards(t, 3, 2, to, time.Hour)
	go func() { <-to.full; loops[0].Stop.AtOnce() }()
	if end := drive.RunAll(loops, 0); !end.Interrupted || loops[0].Recorder.Cancelled != 6 {
		t.Errorf("%+v: %d cancelled", end, loops[0].Recorder.Cancelled)
	}
}

func TestAShardThatBreaksEndsTheOthers(t *testing.T) {
	began := time.Now() // the others would go on for an hour
	waiting := shards(t, 1, 1, &blocking{takes: time.Hour}, time.Hour)
	breaking := shards(t, 1, 1, &blocking{fails: func(uint64) string { return "panic" }}, time.Hour)
	end := drive.RunAll(append(waiting, breaking...), 0)
	if end.Err == nil || time.Since(began) > time.Minute {
		t.Errorf("%+v after %v", end, time.Since(began))
	}
}
