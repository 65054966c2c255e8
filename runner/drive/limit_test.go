package drive_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/random"
	"plimsoll/target/retry"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
	"plimsoll/target/workers"
)

// limited carries a program out over one simulated server, under a limit.
func limited(t testing.TB, p *journey.Program, l drive.Limit, s *schedule.Schedule, places int, until, drain time.Duration, settings sim.Settings) (*drive.Recorder, drive.End, *counting) {
	t.Helper()
	server, rec, streams := newCounting(settings, random.New(100)), drive.NewRecorder(until, nil), random.New(1)
	end := drive.Loop{
		Schedule: s, Clock: wait.NewVirtual(0), Recorder: rec, Until: until, Drain: drain, Stop: &drive.Stop{},
		Journey: &drive.Journey{
			Program: p, World: journey.World{Draws: streams.Key("draws")}, Places: places, Streams: streams, Limit: l, Carriers: []target.Carrier{server},
		},
	}.Run()
	if end.Err != nil {
		t.Fatal(end.Err)
	}
	return rec, end, server
}

// crowded is the shortest time in which more than n of these began; Never where
// there are no more.
func crowded(starts []time.Duration, n int) time.Duration {
	sorted, least := slices.Sorted(slices.Values(starts)), schedule.Never
	for i := n; i < len(sorted); i++ {
		least = min(least, sorted[i]-sorted[i-n])
	}
	return least
}

// Requests start as early as the limit lets them, in the order in which they
// came, and what they wait is held.
func TestALimitHoldsCalls(t *testing.T) {
	b := &builder{}
	const n, per = 5, 2 * time.Second
	rec, end, server := limited(t, b.program(b.call("one", 0)), drive.Limit{N: n, Per: per}, closed(23, schedule.Never, 23), 23, schedule.Never, 0, sim.Settings{Delay: delay.Of(10 * ms)})
	for k, at := range server.arrived {
		if want := time.Duration(k/n) * per; at != want || server.numbers[k] != uint64(k) {
			t.Fatalf("call %d arrived as number %d at %v, want %v", server.numbers[k], k, at, want)
		}
	}
	row := rec.Rows[0]
	if end.At != 8010*ms || rec.OK != 23 || row.OK != 23 || len(server.arrived) != 23 {
		t.Errorf("%d ok in %v, the server saw %d", rec.OK, end.At, len(server.arrived))
	}
	if row.Held.Max() != 8*time.Second || row.HeldCalls != 18 || row.Lateness.Max() != 0 || row.Service.Max() != 10*ms || rec.Response.Max() != 8010*ms {
		t.Errorf("held %v, %d of them, late %v, service %v, response %v", row.Held.Max(), row.HeldCalls, row.Lateness.Max(), row.Service.Max(), rec.Response.Max())
	}
}

// Second tries and the looks of a poll count like first ones; what they wait is
// held, and no part of the call's service time.
func TestEveryRequestCountsForALimit(t *testing.T) {
	b := &builder{}
	tried := b.call("tried", 0)
	tried.Do.(*journey.Call).Retry = retry.Settings{Attempts: 3, Backoff: 100 * ms, Factor: 1, On: []string{"5xx"}}
	tried.Do.(*journey.Call).OnError = journey.Continue
	rec, _, server := limited(t, b.program(tried), drive.Limit{N: 1, Per: time.Second}, closed(1, schedule.Never, 2), 1, schedule.Never, 0,
		sim.Settings{Delay: delay.Of(10 * ms), Errors: sim.Errors{Rate: 1, Kind: sim.Status500}})
	if want := []time.Duration{0, 1e9, 2e9, 3e9, 4e9, 5e9}; !slices.Equal(server.arrived, want) {
		t.Errorf("tries arrived at %v", server.arrived)
	}
	// The first: 10 + 100 + 890 held + 10 + 100 + 890 held + 10 ms; the second 990 more.
	if row := rec.Rows[0]; row.Attempts != 6 || row.Held.Min() != 1780*ms || row.Held.Max() != 2770*ms || row.ErrorResponse.Min() != 2010*ms || row.ErrorResponse.Max() != 3000*ms {
		t.Errorf("%d attempts, held %v to %v, took %v to %v", row.Attempts, row.Held.Min(), row.Held.Max(), row.ErrorResponse.Min(), row.ErrorResponse.Max())
	}

	pending, done := sim.Manner{Answer: answering(t, `{"state": "pending"}`)}, sim.Manner{Answer: answering(t, `{"state": "done"}`)}
	s := &script{site: &sim.Settings{Delay: delay.Of(10 * ms), Turns: []sim.Manner{pending, pending, done}}}
	job := s.get(t, "job", "/")
	job.Until, job.Every = s.conditions(t, job, "json.state == done"), delay.Of(100*ms)
	s.limit = drive.Limit{N: 2, Per: time.Second}
	polled, seen := s.run(t, 1, step(job))
	if want := []time.Duration{0, 110 * ms, time.Second}; !slices.Equal(seen.arrived, want) {
		t.Errorf("looks arrived at %v", seen.arrived)
	}
	if row := polled.Rows[0]; row.OK != 1 || row.Held.Max() != 780*ms || row.Service.Max() != 230*ms || row.Response.Max() != 1010*ms {
		t.Errorf("held %v, service %v, response %v", row.Held.Max(), row.Service.Max(), row.Response.Max())
	}
	job.Within = 500 * ms // which ends while the third look waits
	cut, seen := s.run(t, 1, step(job))
	if row := cut.Rows[0]; len(seen.arrived) != 2 || row.Errors[target.Until] == nil || row.Attempts != 2 || row.ErrorResponse.Max() != 500*ms {
		t.Errorf("the server saw %d looks, %d attempts, %+v", len(seen.arrived), row.Attempts, row.Errors)
	}
}

// Who waits for the limit when the drain is over is cancelled; of calls of which
// nothing was sent no row tells.
func TestWaitingForALimitIsGivenUp(t *testing.T) {
	b := &builder{}
	p := b.program(b.call("one", 0), b.call("two", 0))
	rec, end, server := limited(t, p, drive.Limit{N: 1, Per: time.Second}, closed(10, 500*ms, 0), 10, 500*ms, 3*time.Second, sim.Settings{Delay: delay.Of(10 * ms)})
	if want := []time.Duration{0, 1e9, 2e9, 3e9}; !slices.Equal(server.arrived, want) || end.At != 3500*ms {
		t.Errorf("arrived at %v, over at %v", server.arrived, end.At)
	}
	if rec.Cancelled != 10 || rec.Started() != 10 || rec.Attempts != 4 || rec.Rows[0].OK != 4 || rec.Rows[0].Cancelled != 0 || len(rec.Rows) != 1 {
		t.Errorf("%d of %d cancelled, %d attempts, %d first calls", rec.Cancelled, rec.Started(), rec.Attempts, rec.Rows[0].OK)
	}
}

// A branch that waits for the limit when another one fails is given up, and
// takes no place from who waits behind it.
func TestABranchThatWaitsForALimit(t *testing.T) {
	b := &builder{}
	failing, waiting := b.call("failing", 0), b.call("waiting", 0)
	failing.Do.(*journey.Call).Timeout = 10 * ms
	p := b.program(journey.Step{Row: -1, Do: journey.Parallel{Members: []journey.Step{failing, waiting, waiting}, Sets: make([][]int, 3)}})
	rec, end, server := limited(t, p, drive.Limit{N: 1, Per: time.Second}, closed(1, schedule.Never, 3), 1, schedule.Never, 0, sim.Settings{Delay: delay.Of(time.Hour)})
	if want := []time.Duration{0, 1e9, 2e9}; !slices.Equal(server.arrived, want) || end.At != 2010*ms {
		t.Errorf("arrived at %v, over at %v", server.arrived, end.At)
	}
	if rec.Errors[target.Timeout].Count != 3 || rec.Attempts != 3 || rec.Rows[0].Started() != 3 || len(rec.Rows) > 1 && rec.Rows[1] != nil {
		t.Errorf("%+v, %d attempts, %d rows", rec.Errors, rec.Attempts, len(rec.Rows))
	}
}

// Calls that other goroutines carry out begin after they were sent: the limit
// holds for when they began.
func TestALimitHoldsForWorkers(t *testing.T) {
	const n, per, calls = 3, 20 * ms, 16
	clock := wait.NewDoze(wait.DefaultSpin)
	defer clock.Close()
	carrier := workers.New(&blocking{takes: ms}, clock)
	defer carrier.Close()
	b := &builder{}
	var starts []time.Duration
	rec := drive.NewRecorder(schedule.Never, nil)
	rec.Asked = func(c *drive.Call, _ *drive.Asked) { starts = append(starts, c.Start) }
	var members []journey.Step
	for i := range calls / 4 {
		members = append(members, b.call(strconv.Itoa(i), 0))
	}
	loop := drive.Loop{
		Schedule: batch(4, 4, schedule.StopOn{}), Clock: clock, Recorder: rec, Until: schedule.Never, Stop: &drive.Stop{},
		Journey: &drive.Journey{
			Program: b.program(journey.Step{Row: -1, Do: journey.Parallel{Members: members, Sets: make([][]int, len(members))}}),
			Streams: random.New(1), Limit: drive.Limit{N: n, Per: per}, Carriers: []target.Carrier{carrier},
		},
	}
	clock.Align(time.Now())
	end := loop.Run()
	if end.Err != nil || rec.OK != 4 || len(starts) != calls || rec.Attempts != calls {
		t.Fatalf("%+v: %d ok, %d calls", end, rec.OK, len(starts))
	}
	if least := crowded(starts, n); least < per || end.At < calls/n*per {
		t.Errorf("%d calls began within %v, all in %v", n+1, least, end.At)
	}
}
