package drive_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"plimsoll/runner/drive"
	"plimsoll/runner/latency"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
	"plimsoll/target/workers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// blocking is a target whose calls take as long as they are told, or until
// they are cancelled.
type blocking struct {
	takes   time.Duration
	fails   func(n uint64) string
	deaf    bool // to cancellation
	calling atomic.Int64
	most    atomic.Int64

	party int64         // no call ends before so many have been under way at once
	full  chan struct{} // closed then; nil where calls do not wait for others
	once  sync.Once
}

// gathering is a target whose calls take as long as they are told from when so
// many were under way for the first time: on a busy machine each may come late.
func gathering(party int64, takes time.Duration) *blocking {
	return &blocking{takes: takes, party: party, full: make(chan struct{})}
}

func (b *blocking) Call(ctx context.Context, r *target.Request) target.Outcome {
	now := b.calling.Add(1)
	defer b.calling.Add(-1)
	for most := b.most.Load(); now > most && !b.most.CompareAndSwap(most, now); most = b.most.Load() {
	}
	if b.deaf {
		ctx = context.Background()
	}
	if now == b.party {
		b.once.Do(func() { close(b.full) })
	}
	if b.full != nil {
		select {
		case <-ctx.Done():
		case <-b.full:
		}
	}
	select {
	case <-ctx.Done():
		return target.Outcome{Class: target.Other, Example: ctx.Err().Error()}
	case <-time.After(b.takes):
	}
	if b.fails != nil {
		if class := b.fails(r.Number); class == "panic" {
			panic("what a target may do")
		} else if class != "" {
			return target.Outcome{Class: class, Example: "as asked"}
		}
	}
	return target.Outcome{}
}

// byWorkers runs a schedule against a blocking target in real time.
func byWorkers(t *testing.T, to target.Caller, loop drive.Loop) (*drive.Recorder, drive.End) {
	t.Helper()
	clock := wait.NewDoze(wait.DefaultSpin)
	carrier := workers.New(to, clock)
	defer clock.Close()
	defer carrier.Close()
	loop.Clock, loop.Carrier = clock, carrier
	if loop.Stop == nil {
		loop.Stop = &drive.Stop{}
	}
	loop.Stop.OnWake(clock.Wake)
	if loop.Recorder == nil {
		loop.Recorder = drive.NewRecorder(loop.Until, nil)
	}
	clock.Align(time.Now().Add(-loop.From))
	end := loop.Run()
	return loop.Recorder, end
}

func batch(n int64, users int, stop schedule.StopOn) *schedule.Schedule {
	return schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: schedule.Never, Requests: n}, Users: users}, stop)
}

func TestWorkersKeepToTheLimit(t *testing.T) {
	to := gathering(4, 5*time.Millisecond)
	rec, end := byWorkers(t, to, drive.Loop{Schedule: batch(40, 4, schedule.StopOn{}), Until: schedule.Never})
	if end.Err != nil || rec.OK != 40 || to.most.Load() != 4 {
		t.Errorf("%+v: %d ok, %d at once", end, rec.OK, to.most.Load())
	}
	if rec.LastEnd < 50*time.Millisecond {
		t.Errorf("40 calls of 5 ms, 4 at a time, took %v", rec.LastEnd)
	}
}

func TestAPanicEndsTheTrialWithAnError(t *testing.T) {
	to := &blocking{takes: time.Millisecond, fails: func(n uint64) string {
		if n == 5 {
			return "panic"
		}
		return ""
	}}
	const all = 10_000 // of which those until the panic is seen are a few, or some more where a thread has to wait
	rec, end := byWorkers(t, to, drive.Loop{Schedule: batch(all, 2, schedule.StopOn{}), Until: schedule.Never})
	if end.Err == nil || !strings.Contains(end.Err.Error(), "what a target may do") {
		t.Fatalf("ended with %v", end.Err)
	}
	if rec.OK < 4 || rec.Started() >= all {
		t.Errorf("%d ok of %d started before and after the panic", rec.OK, rec.Started())
	}
}

func TestInterruptGentlyLetsCallsEnd(t *testing.T) {
	stop := &drive.Stop{}
	loop := drive.Loop{Schedule: batch(1000, 3, schedule.StopOn{}), Until: schedule.Never, Stop: stop}
	to := gathering(3, 100*time.Millisecond)
	go func() { <-to.full; stop.Gently() }()
	rec, end := byWorkers(t, to, loop)
	if !end.Interrupted || rec.Cancelled != 0 || rec.OK < 3 || rec.OK > 60 {
		t.Errorf("%+v: %d ok, %d cancelled", end, rec.OK, rec.Cancelled)
	}
}

// Waiting for what is in flight takes 3 s. A busy machine may take its time, but
// not always.
func TestInterruptAtOnceCancels(t *testing.T) {
	var went time.Duration
	for range 5 {
		stop := &drive.Stop{}
		loop := drive.Loop{Schedule: batch(1000, 3, schedule.StopOn{}), Until: schedule.Never, Stop: stop}
		to := gathering(3, time.Hour)
		var told time.Time
		go func() { <-to.full; told = time.Now(); stop.AtOnce() }()
		rec, end := byWorkers(t, to, loop)
		went = time.Since(told)
		if !end.Interrupted || rec.Cancelled != 3 {
			t.Fatalf("%+v: %d cancelled", end, rec.Cancelled)
		}
		if went < 2*time.Second {
			return
		}
	}
	t.Errorf("it went on for %v, each of five times", went)
}

// What is due and finds no place is dropped, and what does not end is cancelled.
// A busy machine may be late for all of it, but not always.
func TestDrainGivesUpWhatDoesNotEnd(t *testing.T) {
	var cancelled int64
	for range 5 {
		loop := drive.Loop{
			Schedule: schedule.NewOpen(schedule.Open{Bounds: schedule.Bounds{Until: 100 * time.Millisecond}, Arrivals: schedule.Constant(100, time.Second), MaxInFlight: 4}, schedule.StopOn{}),
			Until:    100 * time.Millisecond, Drain: 50 * time.Millisecond,
		}
		to := &blocking{takes: time.Hour}
		rec, end := byWorkers(t, to, loop)
		if end.Err != nil || end.Interrupted || rec.Cancelled+rec.Dropped != 10 || to.most.Load() > rec.Cancelled {
			t.Fatalf("%+v: %d cancelled, %d dropped of 10 due, %d at once", end, rec.Cancelled, rec.Dropped, to.most.Load())
		}
		if cancelled = rec.Cancelled; cancelled == 4 {
			return
		}
	}
	t.Errorf("%d cancelled, and there are 4 places", cancelled)
}

func TestWhoIsDeafToCancellationIsLeftBehind(t *testing.T) {
	to := &blocking{takes: 2500 * time.Millisecond, deaf: true}
	loop := drive.Loop{Schedule: batch(2, 2, schedule.StopOn{}), Until: schedule.Never, Stop: &drive.Stop{}}
	loop.Stop.AtOnce()
	rec, end := byWorkers(t, to, loop)
	if !end.Interrupted || rec.Started()+rec.Dropped != 2 {
		t.Errorf("%+v: %d started, %d dropped", end, rec.Started(), rec.Dropped)
	}
	time.Sleep(time.Until(time.Now().Add(to.takes))) // for goleak: they end by themselves
}

// stuck is a target whose calls never end by themselves, cancelled or not.
type stuck struct {
	released chan struct{}
	calling  atomic.Int64
}

func (s *stuck) Call(context.Context, *target.Request) target.Outcome {
	s.calling.Add(1)
	defer s.calling.Add(-1)
	<-s.released
	return target.Outcome{}
}

// Who never comes back at all keeps the time that it was under way, from when
// it began, and is no part of what the successes took.
func TestWhoNeverComesBackKeepsItsTime(t *testing.T) {
	to := &stuck{released: make(chan struct{})}
	starts := map[uint64]time.Duration{}
	const until, drain = 200 * time.Millisecond, 300 * time.Millisecond
	rec, end := byWorkers(t, to, drive.Loop{
		Schedule: schedule.NewOpen(schedule.Open{Bounds: schedule.Bounds{Until: until}, Arrivals: schedule.Constant(10, time.Second), MaxInFlight: 10}, schedule.StopOn{}),
		Recorder: drive.NewRecorder(until, func(c *drive.Call) { starts[c.Number] = c.Start }), Until: until, Drain: drain,
	})
	close(to.released)
	for to.calling.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	if end.Err != nil || rec.Cancelled != 2 || rec.CancelledResponse.Count() != 2 || rec.Response.Count() != 0 {
		t.Fatalf("%+v: %d cancelled, %d of them with a time", end, rec.Cancelled, rec.CancelledResponse.Count())
	}
	under := rec.CancelledResponse
	if under.Max() < until+drain || under.Max()-under.Min() < 99*time.Millisecond || under.Max()-under.Min() > 101*time.Millisecond {
		t.Errorf("under way from %v to %v", under.Min(), under.Max())
	}
	if starts[0] >= starts[1] || starts[1] < 100*time.Millisecond || rec.Busy.Seconds() < (2*drain).Seconds() {
		t.Errorf("they began at %v, and were in flight for %v s", starts, rec.Busy.Seconds())
	}
}

func TestStopWhenFirstCompletedCancelsTheRest(t *testing.T) {
	streams := random.New(1)
	recorder := drive.NewRecorder(schedule.Never, nil)
	end := drive.Loop{
		Schedule: batch(10, 10, schedule.StopOn{FirstCompleted: true}), Recorder: recorder, Until: schedule.Never, Stop: &drive.Stop{},
		Clock: wait.NewVirtual(0), Carrier: sim.NewCarrier(sim.Settings{Delay: delay.Delay{Kind: delay.Exponential, A: time.Second}}, streams),
	}.Run()
	if recorder.OK != 1 || recorder.Cancelled != 9 || end.Stopped == "" {
		t.Errorf("%+v: %d ok, %d cancelled", end, recorder.OK, recorder.Cancelled)
	}
}

// For one seed the intended times of an open loop are the same under both
// clocks, whoever carries it.
func TestIntendedTimesAreTheSameEverywhere(t *testing.T) {
	const until = 300 * time.Millisecond
	trial := func(collect *[]time.Duration) drive.Loop {
		streams := random.New(7, "same")
		return drive.Loop{
			Schedule: schedule.NewOpen(schedule.Open{Bounds: schedule.Bounds{Until: until}, Arrivals: schedule.Poisson(1000, time.Second, streams("arrivals")), MaxInFlight: 50}, schedule.StopOn{}),
			Recorder: drive.NewRecorder(until, func(c *drive.Call) { *collect = append(*collect, c.Intended) }),
			Until:    until, Drain: 10 * time.Second, Stop: &drive.Stop{},
		}
	}
	settings := sim.Settings{Delay: delay.Of(3 * time.Millisecond)}
	var virtual, simulated, blocked []time.Duration

	v := trial(&virtual)
	v.Clock, v.Carrier = wait.NewVirtual(0), sim.NewCarrier(settings, random.New(7))
	v.Run()
	s := trial(&simulated)
	clock := wait.NewDoze(wait.DefaultSpin)
	defer clock.Close()
	s.Clock, s.Carrier = clock, sim.NewCarrier(settings, random.New(7))
	clock.Align(time.Now())
	s.Run()
	byWorkers(t, &blocking{takes: 3 * time.Millisecond}, trial(&blocked))

	for name, intended := range map[string][]time.Duration{"virtual": virtual, "simulated": simulated, "workers": blocked} {
		slices.Sort(intended)
		if len(intended) < 200 || !slices.Equal(intended, virtual) {
			t.Errorf("%s: %d intended times differ from those of virtual time (%d)", name, len(intended), len(virtual))
		}
	}
}

// Whatever a trial meets, response = held + lateness + service, and counts add
// up.
func TestTheLawsOfACall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		settings := sim.Settings{Delay: delay.Delay{Kind: delay.Exponential, A: 10 * time.Millisecond}, Servers: rapid.IntRange(0, 3).Draw(t, "servers")}
		settings.Errors = sim.Errors{Rate: 0.1, Kind: sim.Status500}
		streams := random.New(seed)
		from := -time.Duration(rapid.IntRange(0, 1).Draw(t, "warm-up")) * time.Second
		until := time.Second
		open := schedule.Open{
			Bounds:   schedule.Bounds{From: from, Until: until},
			Arrivals: schedule.Poisson(200, time.Second, streams("arrivals")), MaxInFlight: rapid.IntRange(1, 20).Draw(t, "in flight"),
			Drop: rapid.Bool().Draw(t, "drop"),
		}
		inFlightSum, calls := latency.Total{}, int64(0)
		recorder := drive.NewRecorder(until, func(c *drive.Call) {
			calls++
			inFlightSum.Add(c.End - c.Start)
			if c.Intended < 0 || c.Ready < c.Intended || c.Start < c.Ready || c.End < c.Start {
				t.Fatalf("a call's times are out of order: %+v", c)
			}
		})
		drive.Loop{
			Schedule: schedule.NewOpen(open, schedule.StopOn{}), Clock: wait.NewVirtual(from), Carrier: sim.NewCarrier(settings, streams),
			Recorder: recorder, From: from, Until: until, Drain: time.Duration(rapid.IntRange(0, 1000).Draw(t, "drain")) * time.Millisecond, Stop: &drive.Stop{},
		}.Run()
		if recorder.Started() != calls || recorder.Held.Count() != calls || recorder.Lateness.Count() != calls || recorder.Busy != inFlightSum {
			t.Fatalf("%d started, %d held, %d lateness, %d calls", recorder.Started(), recorder.Held.Count(), recorder.Lateness.Count(), calls)
		}
		due := schedule.Poisson(200, time.Second, streams("arrivals"))
		scheduled := int64(0)
		for {
			at, _ := due.Next()
			if at+from >= until {
				break
			}
			if at+from >= 0 {
				scheduled++
			}
		}
		if scheduled != recorder.Started()+recorder.Dropped {
			t.Fatalf("%d due, %d started and %d dropped", scheduled, recorder.Started(), recorder.Dropped)
		}
		timelineAddsUp(t, recorder, inFlightSum)
	})
}

func timelineAddsUp(t *rapid.T, recorder *drive.Recorder, busy latency.Total) {
	var scheduled, started, dropped, oks, failures int64
	area := 0.0
	for i, w := range recorder.Timeline.Windows() {
		scheduled, started, dropped, oks, failures = scheduled+w.Scheduled, started+w.Started, dropped+w.Dropped, oks+w.OKs, failures+w.Failures
		area += recorder.Timeline.InFlight()[i] * float64(recorder.Timeline.Width())
	}
	if started != recorder.Started() || dropped != recorder.Dropped || scheduled != started+dropped || oks != recorder.OK || failures != recorder.Failures() {
		t.Fatalf("the timeline counts %d scheduled, %d started, %d dropped, %d ok, %d failed", scheduled, started, dropped, oks, failures)
	}
	if off := area - busy.Seconds()*1e9; off > 1e3 || off < -1e3 {
		t.Fatalf("the timeline has %v in flight, the calls %v s", time.Duration(area), busy.Seconds())
	}
}

// A burst from many goroutines at once, with random ends, loses nothing.
func TestWorkersLoseNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	to := &blocking{takes: time.Duration(rng.Int64N(3)) * time.Millisecond}
	rec, _ := byWorkers(t, to, drive.Loop{Schedule: batch(5000, 500, schedule.StopOn{}), Until: schedule.Never})
	if rec.OK != 5000 {
		t.Errorf("%d of 5000 ended", rec.OK)
	}
}

// Under the virtual clock users whose calls take no time would never get to the
// end of a trial.
func TestTimeThatStandsStillIsAnError(t *testing.T) {
	loop := drive.Loop{
		Schedule: schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: time.Second}, Users: 3}, schedule.StopOn{}),
		Clock:    wait.NewVirtual(0), Carrier: sim.NewCarrier(sim.Settings{}, random.New(1)), Recorder: drive.NewRecorder(time.Second, nil), Until: time.Second, Stop: &drive.Stop{},
	}
	if end := loop.Run(); end.Err == nil || !strings.Contains(end.Err.Error(), "give the target a delay") {
		t.Errorf("%+v", end)
	}
}
