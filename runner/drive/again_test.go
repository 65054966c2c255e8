package drive_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/drive"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/random"
	"plimsoll/target/retry"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

// counting is a simulated server that counts what comes to it by itself.
type counting struct {
	*sim.Carrier
	arrived []time.Duration
	numbers []uint64
	ids     map[target.ID]int
	sees    func(n int) // nil: nobody is told of the n-th call
}

func newCounting(s sim.Settings, streams random.Source) *counting {
	return &counting{Carrier: sim.NewCarrier(s, streams), ids: map[target.ID]int{}}
}

func (c *counting) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	c.arrived, c.numbers = append(c.arrived, now), append(c.numbers, r.Number)
	c.ids[id]++
	if c.sees != nil {
		c.sees(len(c.arrived))
	}
	return c.Carrier.Send(id, r, now)
}

// A call that fails is sent again after its pauses, and lasts from its first
// try to the end of its last.
func TestEveryCallIsTriedAgain(t *testing.T) {
	server := newCounting(sim.Settings{Delay: delay.Of(10 * ms), Errors: sim.Errors{Rate: 1, Kind: sim.Status500}}, random.New(1))
	var calls []drive.Call
	rec := drive.NewRecorder(schedule.Never, func(c *drive.Call) { calls = append(calls, *c) })
	policy := retry.Settings{Attempts: 3, Backoff: 100 * ms, Factor: 2, On: []string{"5xx"}}
	end := drive.Loop{
		Schedule: batch(4, 2, schedule.StopOn{}), Clock: wait.NewVirtual(0), Carrier: server, Recorder: rec,
		First: 5, Stride: 3, Retry: policy.New(random.New(1)), Until: schedule.Never, Stop: &drive.Stop{},
	}.Run()
	if end.Err != nil || rec.Started() != 4 || rec.Failures() != 4 || rec.Attempts != 12 || len(server.arrived) != 12 {
		t.Fatalf("%+v: %d calls, %d attempts, the server saw %d", end, rec.Started(), rec.Attempts, len(server.arrived))
	}
	const takes = (10 + 100 + 10 + 200 + 10) * ms
	for k, c := range calls {
		if c.End-c.Start != takes || c.Start != c.Intended || c.Class != "status-500" || c.Number != uint64(5+3*k) {
			t.Errorf("call %d: from %v to %v, %q", c.Number, c.Start, c.End, c.Class)
		}
	}
	if want := []time.Duration{0, 110 * ms, 320 * ms, takes}; server.arrived[0] != want[0] || server.arrived[2] != want[1] || server.arrived[4] != want[2] || server.arrived[6] != want[3] {
		t.Errorf("they arrived at %v", server.arrived)
	}
}

// A caller that gives up leaves its request behind: the server works on it all
// the same.
func TestATimeoutEndsTheCallersWaitOnly(t *testing.T) {
	server := newCounting(sim.Settings{Delay: delay.Of(time.Second), Servers: 1}, random.New(1))
	rec := drive.NewRecorder(schedule.Never, nil)
	end := drive.Loop{
		Schedule: batch(4, 2, schedule.StopOn{}), Clock: wait.NewVirtual(0), Carrier: server, Recorder: rec,
		Timeout: 1500 * ms, Until: schedule.Never, Stop: &drive.Stop{},
	}.Run()
	// The first ends at 1 s. The second, which waits until then, would at 2 s, and
	// is given up at 1.5 s. The third arrives at 1 s behind the second, the fourth
	// at 1.5 s behind the third: both are given up.
	if end.Err != nil || rec.OK != 1 || rec.Errors[target.Timeout] == nil || rec.Errors[target.Timeout].Count != 3 {
		t.Fatalf("%+v: %d ok, %+v", end, rec.OK, rec.Errors)
	}
	if end.At != 3*time.Second || rec.ErrorResponse.Min() != 1500*ms || rec.ErrorResponse.Max() != 1500*ms {
		t.Errorf("over at %v, given up after %v to %v", end.At, rec.ErrorResponse.Min(), rec.ErrorResponse.Max())
	}
}

// What is between two tries when the trial is over is cancelled.
func TestPausesEndWithTheTrial(t *testing.T) {
	rec := drive.NewRecorder(time.Second, nil)
	policy := retry.Settings{Attempts: 9, Backoff: time.Hour, Factor: 1, On: []string{"5xx"}}
	end := drive.Loop{
		Schedule: schedule.NewOpen(schedule.Open{Bounds: schedule.Bounds{Until: time.Second}, Arrivals: schedule.Constant(10, time.Second), MaxInFlight: 100}, schedule.StopOn{}),
		Clock:    wait.NewVirtual(0), Carrier: sim.NewCarrier(sim.Settings{Errors: sim.Errors{Rate: 1, Kind: sim.Status500}}, random.New(1)),
		Recorder: rec, Retry: policy.New(random.New(1)), Until: time.Second, Drain: time.Second, Stop: &drive.Stop{},
	}.Run()
	if end.Err != nil || end.At != 2*time.Second || rec.Cancelled != 10 || rec.Attempts != 10 || rec.Failures() != 0 {
		t.Errorf("%+v: %d cancelled, %d failed, %d attempts", end, rec.Cancelled, rec.Failures(), rec.Attempts)
	}
}

// Whatever is tried again or given up: each call ends once, every sending has a
// name of its own, the server saw what is reported, and retries stay within
// their budget at all times.
func TestTheLawsOfTries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		streams := random.New(rapid.Uint64().Draw(t, "seed"))
		settings := sim.Settings{
			Delay: exponential(10 * ms), Servers: rapid.IntRange(0, 4).Draw(t, "servers"),
			Errors: sim.Errors{Rate: rapid.Float64Range(0, 1).Draw(t, "errors"), Kind: sim.Status500},
		}
		policy := retry.Settings{
			Attempts: rapid.IntRange(1, 4).Draw(t, "attempts"), Backoff: time.Duration(rapid.IntRange(0, 50).Draw(t, "backoff")) * ms, Factor: 2,
			Jitter: rapid.Bool().Draw(t, "jitter"), On: []string{"5xx", "timeout"}, Budget: rapid.SampledFrom([]*float64{nil, new(0.0), new(0.1), new(0.5)}).Draw(t, "budget"),
		}
		timeout := time.Duration(rapid.IntRange(0, 3).Draw(t, "timeout")) * 10 * ms
		server, seen, attempts := newCounting(settings, streams), map[uint64]bool{}, 0
		rec := drive.NewRecorder(schedule.Never, func(c *drive.Call) {
			if seen[c.Number] || c.Number >= 200 {
				t.Fatalf("call %d ended twice, or was never made", c.Number)
			}
			seen[c.Number] = true
			tries := max(1, c.Attempts)
			attempts += tries
			most := time.Duration(policy.Attempts)*timeout + time.Duration(policy.Attempts)*400*ms
			if tries > policy.Attempts || timeout > 0 && c.End-c.Start > most {
				t.Fatalf("%d attempts in %v", tries, c.End-c.Start)
			}
		})
		end := drive.Loop{
			Schedule: schedule.NewOpen(schedule.Open{
				Bounds: schedule.Bounds{Until: schedule.Never, Requests: 200}, Arrivals: schedule.Poisson(300, time.Second, streams("arrivals")), MaxInFlight: rapid.IntRange(1, 30).Draw(t, "in flight"),
			}, schedule.StopOn{}),
			Clock: wait.NewVirtual(0), Carrier: server, Recorder: rec, Timeout: timeout, Retry: policy.New(streams), Until: schedule.Never, Stop: &drive.Stop{},
		}.Run()
		if end.Err != nil || len(seen) != 200 || rec.Started() != 200 || rec.Attempts != int64(len(server.arrived)) || attempts != len(server.arrived) {
			t.Fatalf("%+v: %d ended, %d attempts reported, the server saw %d", end, len(seen), rec.Attempts, len(server.arrived))
		}
		first, firsts, retries := map[uint64]bool{}, 0.0, 0.0
		for _, n := range server.numbers {
			if first[n] {
				retries++
			} else {
				firsts++
			}
			if first[n] = true; policy.Budget != nil && retries > *policy.Budget*firsts {
				t.Fatalf("%v retries after %v calls", retries, firsts)
			}
		}
		for id, n := range server.ids {
			if n > 1 {
				t.Fatalf("the ID %x was used %d times", id, n)
			}
		}
	})
}

// secondStuck is a target whose first try fails, and whose second never ends,
// and is given up as soon as it has come.
type secondStuck struct {
	stop     drive.Stop
	released chan struct{}
	tries    atomic.Int64
	second   atomic.Int64 // when it came, since began
	began    time.Time
}

func (s *secondStuck) Call(context.Context, *target.Request) target.Outcome {
	if s.tries.Add(1) == 1 {
		return target.Outcome{Class: target.Reset}
	}
	s.second.Store(int64(time.Since(s.began)))
	s.stop.AtOnce()
	<-s.released
	return target.Outcome{}
}

// Who never comes back from a second try has been under way since the first.
func TestWhoIsLeftInASecondTryBeganWithTheFirst(t *testing.T) {
	t.Parallel()
	const pause = 100 * ms
	to := &secondStuck{released: make(chan struct{}), began: time.Now()}
	var left drive.Call
	policy := retry.Settings{Attempts: 2, Backoff: pause, Factor: 1, On: []string{target.Reset}}
	rec, end := byWorkers(t, to, drive.Loop{
		Schedule: schedule.NewOpen(schedule.Open{Bounds: schedule.Bounds{Until: 10 * ms}, Arrivals: schedule.Constant(1, time.Second), MaxInFlight: 1}, schedule.StopOn{}),
		Recorder: drive.NewRecorder(10*ms, func(c *drive.Call) { left = *c }), Retry: policy.New(random.New(1)), Until: 10 * ms, Drain: time.Hour, Stop: &to.stop,
	})
	close(to.released)
	if end.Err != nil || rec.Cancelled != 1 || to.tries.Load() != 2 {
		t.Fatalf("%+v: %d cancelled, %d tries", end, rec.Cancelled, to.tries.Load())
	}
	if left.Attempts != 2 {
		t.Errorf("%d attempts are told of it", left.Attempts)
	}
	if second := time.Duration(to.second.Load()); left.Start+pause > second {
		t.Errorf("began at %v, the second try at %v", left.Start, second)
	}
}

// After a standstill a server that is retried without a bound never recovers,
// though it could serve all that comes; with a budget, or without retries, it
// does (docs/retry-storms.md).
func TestRetryStorms(t *testing.T) {
	const frozen, again, length = 20 * time.Second, 23 * time.Second, 60 * time.Second
	for name, c := range map[string]struct {
		attempts int
		budget   *float64
		recovers bool
	}{"none": {1, nil, true}, "storm": {4, nil, false}, "budget": {4, new(0.1), true}} {
		settings := sim.Settings{Delay: exponential(10 * ms), Servers: 10, Stall: sim.Stall{At: frozen, For: again - frozen}}
		policy := retry.Settings{Attempts: c.attempts, Backoff: 100 * ms, Factor: 2, Jitter: true, On: []string{target.Timeout}, Budget: c.budget}
		streams, before, late := random.New(1), 0, 0
		rec := drive.NewRecorder(length, func(call *drive.Call) {
			switch {
			case call.OK() && call.Intended < frozen-time.Second:
				before++
			case call.OK() && call.Intended > length-10*time.Second:
				late++
			}
		})
		end := drive.Loop{
			Schedule: schedule.NewOpen(schedule.Open{Bounds: schedule.Bounds{Until: length}, Arrivals: schedule.Poisson(700, time.Second, streams("arrivals")), MaxInFlight: 10_000}, schedule.StopOn{}),
			Clock:    wait.NewVirtual(0), Carrier: sim.NewCarrier(settings, streams), Recorder: rec,
			Timeout: 500 * ms, Retry: policy.New(streams), Until: length, Drain: 10 * time.Second, Stop: &drive.Stop{},
		}.Run()
		if end.Err != nil || before < 13_000 || (late > 6500) != c.recovers || (late == 0) == c.recovers {
			t.Errorf("%s: %+v: %d succeed before, %d in the last 10 s", name, end, before, late)
		}
	}
}
