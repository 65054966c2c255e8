package drive_test

import (
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/schedule"
	"plimsoll/target"
)

const ms = time.Millisecond

// scripted is a carrier and a real clock whose time is its own: calls take as
// long as they are told, and the loop is kept from going on where the script
// says so.
type scripted struct {
	now    time.Duration
	takes  time.Duration
	issued func(n int)
	stands func(until time.Duration) time.Duration // how late a wait comes back
	calls  []target.Done
	last   target.Done
	n      int
}

func (s *scripted) Send(id target.ID, _ *target.Request, now time.Duration) time.Duration {
	s.calls = append(s.calls, target.Done{ID: id, Ended: now + s.takes})
	s.n++
	if s.issued != nil {
		s.issued(s.n)
	}
	return s.calls[0].Ended
}

func (s *scripted) Take(now time.Duration) (*target.Done, time.Duration) {
	if len(s.calls) == 0 {
		return nil, schedule.Never
	}
	if s.calls[0].Ended > now {
		return nil, s.calls[0].Ended
	}
	s.last, s.calls = s.calls[0], s.calls[1:]
	return &s.last, now
}

func (s *scripted) Cancel(id target.ID, now time.Duration) {
	for i := range s.calls {
		if s.calls[i].ID == id {
			s.calls[i].Ended, s.calls[i].Class = now, target.Cancelled
		}
	}
}

func (s *scripted) CancelAll(now time.Duration) {
	for _, call := range s.calls {
		s.Cancel(call.ID, now)
	}
}

func (s *scripted) Now() time.Duration         { return s.now }
func (s *scripted) At(time.Time) time.Duration { return s.now }

func (s *scripted) Wait(until time.Duration) time.Duration {
	if until > s.now {
		s.now = until
		if s.stands != nil {
			s.now += s.stands(until)
		}
	}
	return s.now
}

func (s *scripted) Wake()               {}
func (s *scripted) Spun() time.Duration { return 0 }
func (s *scripted) Close()              {}

// An interrupt gives what is in flight three seconds, and then gives it up.
func TestInterruptsGiveCallsAFewSeconds(t *testing.T) {
	for takes, want := range map[time.Duration]struct {
		at            time.Duration
		ok, cancelled int64
	}{
		2900 * ms: {2900 * ms, 3, 0},
		3100 * ms: {3000 * ms, 0, 3},
		time.Hour: {3000 * ms, 0, 3},
	} {
		stop := &drive.Stop{}
		script := &scripted{takes: takes, issued: func(n int) {
			if n == 3 {
				stop.Gently()
			}
		}}
		rec := drive.NewRecorder(schedule.Never, nil)
		end := drive.Loop{Schedule: batch(1000, 5, schedule.StopOn{}), Clock: script, Carrier: script, Recorder: rec, Until: schedule.Never, Stop: stop}.Run()
		if !end.Interrupted || end.At != want.at || rec.OK != want.ok || rec.Cancelled != want.cancelled {
			t.Errorf("calls of %v: %+v with %d ok, %d cancelled; want %+v", takes, end, rec.OK, rec.Cancelled, want)
		}
	}
}

// A loop that is late for what it meant to do has stood still; one that waits
// for a call to end has not, nor has one in its warm-up.
func TestLoopsNoticeThatTheyStoodStill(t *testing.T) {
	for name, c := range map[string]struct {
		from   time.Duration
		takes  time.Duration
		stands map[time.Duration]time.Duration
		want   drive.Gap
	}{
		"never":          {0, 5 * ms, nil, drive.Gap{}},
		"a slow target":  {0, 700 * ms, nil, drive.Gap{}},
		"twice":          {0, 5 * ms, map[time.Duration]time.Duration{200 * ms: 30 * ms, 500 * ms: 40 * ms}, drive.Gap{At: 500 * ms, For: 40 * ms}},
		"in the warm-up": {-time.Second, 5 * ms, map[time.Duration]time.Duration{-400 * ms: 300 * ms, 300 * ms: 20 * ms}, drive.Gap{At: 300 * ms, For: 20 * ms}},
		"out of it":      {-time.Second, 5 * ms, map[time.Duration]time.Duration{-100 * ms: 150 * ms}, drive.Gap{At: -100 * ms, For: 150 * ms}},
	} {
		script := &scripted{now: c.from, takes: c.takes, stands: func(until time.Duration) time.Duration { return c.stands[until] }}
		rec := drive.NewRecorder(time.Second, nil)
		arrivals := schedule.NewOpen(schedule.Open{
			Bounds: schedule.Bounds{From: c.from, Until: time.Second}, Arrivals: schedule.Constant(10, time.Second), MaxInFlight: 100,
		}, schedule.StopOn{})
		drive.Loop{Schedule: arrivals, Clock: script, Carrier: script, Recorder: rec, From: c.from, Until: time.Second, Drain: time.Minute, Stop: &drive.Stop{}}.Run()
		if rec.Stood != c.want || rec.OK != 10 {
			t.Errorf("%s: stood still %+v with %d ok, want %+v", name, rec.Stood, rec.OK, c.want)
		}
	}
}

// A call that this machine could not make is none of the target's errors: it
// counts by itself, and ends no trial that an error would end.
func TestCallsThatCouldNotBeMade(t *testing.T) {
	script := &scripted{takes: 5 * ms}
	script.issued = func(n int) {
		switch n {
		case 2, 3:
			script.calls[len(script.calls)-1].Class = target.Generator
		case 5:
			script.calls[len(script.calls)-1].Class = target.Reset
		}
	}
	rec := drive.NewRecorder(schedule.Never, nil)
	end := drive.Loop{Schedule: batch(100, 1, schedule.StopOn{Error: true}), Clock: script, Carrier: script, Recorder: rec, Until: schedule.Never, Stop: &drive.Stop{}}.Run()
	if rec.OK != 2 || rec.Failures() != 1 || rec.Lacking() != 2 || rec.Started() != 5 || rec.ErrorResponse.Count() != 1 || end.Stopped == "" {
		t.Errorf("%+v: %d ok, %d failures, %d lacking of %d", end, rec.OK, rec.Failures(), rec.Lacking(), rec.Started())
	}
	failures := int64(0)
	for _, w := range rec.Timeline.Windows() {
		failures += w.Failures
	}
	if failures != 1 {
		t.Errorf("the timeline has %d errors", failures)
	}
}
