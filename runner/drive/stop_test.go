package drive_test

import (
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/schedule"
	"plimsoll/target/delay"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

// takes are turns of a server's calls, each as long as it says; below zero: it
// fails when that is over. All behind them take as long as the last.
func takes(times ...time.Duration) sim.Settings {
	var turns []sim.Manner
	for i := range 1000 {
		d := times[min(i, len(times)-1)]
		turn := sim.Manner{Delay: new(delay.Of(max(d, -d)))}
		if d < 0 {
			turn.Errors = &sim.Errors{Rate: 1, Kind: "status-503"}
		}
		turns = append(turns, turn)
	}
	return sim.Settings{Turns: turns}
}

// stopping carries out iterations of three users that ask the servers one after
// the other; a failure of the second one's does what onError says.
func stopping(t *testing.T, from, until time.Duration, on schedule.StopOn, onError journey.OnError, servers ...sim.Settings) (*drive.Recorder, drive.End, []*counting) {
	t.Helper()
	var b builder
	var steps []journey.Step
	for i := range servers {
		step := b.call(string(rune('a'+i)), i)
		if i == 1 {
			step.Do.(*journey.Call).OnError = onError
		}
		steps = append(steps, step)
	}
	streams := random.New(1)
	loop := drive.Loop{
		Schedule: schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{From: from, Until: until, Requests: 100}, Users: 3}, on),
		Clock:    wait.NewVirtual(from), Recorder: drive.NewRecorder(until, nil), From: from, Until: until, Drain: time.Hour, Stop: &drive.Stop{},
		Journey: &drive.Journey{Program: b.program(steps...), World: journey.World{Draws: streams.Key("draws")}, Loops: 1, Places: 3, Streams: streams},
	}
	var counts []*counting
	for i, settings := range servers {
		c := newCounting(settings, random.New(uint64(i)))
		counts, loop.Journey.Carriers = append(counts, c), append(loop.Journey.Carriers, c)
	}
	end := loop.Run()
	if end.Err != nil {
		t.Fatal(end.Err)
	}
	return loop.Recorder, end, counts
}

// on_error: stop of a step ends the trial: its iteration is an error, nothing more
// starts, and the iterations under way go on to their end. So does that of the
// scenario, by whole iterations.
func TestAFailedStepEndsTheTrial(t *testing.T) {
	fifth := takes(20*ms, 20*ms, 20*ms, 20*ms, -20*ms, 20*ms)
	for name, c := range map[string]struct {
		on      schedule.StopOn
		onError journey.OnError
		reason  string
	}{
		"of the step":           {schedule.StopOn{}, journey.Stop, "on_error: stop, by the step b"},
		"of the scenario":       {schedule.StopOn{Error: true}, journey.End, "on_error: stop"},
		"the step is the first": {schedule.StopOn{Error: true}, journey.Stop, "on_error: stop, by the step b"},
	} {
		rec, end, servers := stopping(t, 0, schedule.Never, c.on, c.onError, takes(10*ms), fifth, takes(30*ms))
		if end.Stopped != c.reason || rec.OK != 5 || rec.Failures() != 1 || rec.Cancelled != 0 || rec.LastEnd != 120*ms {
			t.Errorf("%s: stopped by %q, %d ok, %d failed, %d cancelled, until %v", name, end.Stopped, rec.OK, rec.Failures(), rec.Cancelled, rec.LastEnd)
		}
		if a, b, last := len(servers[0].arrived), len(servers[1].arrived), len(servers[2].arrived); a != 6 || b != 6 || last != 5 {
			t.Errorf("%s: the servers saw %d, %d and %d calls", name, a, b, last)
		}
	}
}

// What fails in the warm-up ends nothing, and what a step goes on after (continue)
// is no failure of its iteration.
func TestWhatEndsNoTrial(t *testing.T) {
	fifth := takes(20*ms, 20*ms, 20*ms, 20*ms, -20*ms, 20*ms)
	for name, c := range map[string]struct {
		from    time.Duration
		on      schedule.StopOn
		onError journey.OnError
	}{
		"a step in the warm-up":       {-75 * ms, schedule.StopOn{}, journey.Stop},
		"an iteration in the warm-up": {-75 * ms, schedule.StopOn{Error: true}, journey.End},
		"a step that goes on":         {0, schedule.StopOn{Error: true, FirstError: true}, journey.Continue},
	} {
		rec, end, servers := stopping(t, c.from, 600*ms, c.on, c.onError, takes(10*ms), fifth, takes(30*ms))
		if end.Stopped != "" || rec.Failures() != 0 || len(servers[1].arrived) < 27 {
			t.Errorf("%s: stopped by %q, %d failed, the server saw %d calls", name, end.Stopped, rec.Failures(), len(servers[1].arrived))
		}
	}
}

// stop_when looks at whole iterations, and cancels those under way with their
// calls.
func TestTheFirstIterationEndsTheTrial(t *testing.T) {
	for name, c := range map[string]struct {
		on         schedule.StopOn
		b          sim.Settings
		ok, failed int64
		reason     string
	}{
		"first completed":       {schedule.StopOn{FirstCompleted: true}, takes(20*ms, 40*ms), 1, 0, "stop_when: first-completed"},
		"completed by an error": {schedule.StopOn{FirstCompleted: true}, takes(-20*ms, 40*ms), 0, 1, "stop_when: first-completed"},
		"first error":           {schedule.StopOn{FirstError: true}, takes(100*ms, -40*ms, 100*ms), 0, 1, "stop_when: first-error"},
	} {
		rec, end, servers := stopping(t, 0, schedule.Never, c.on, journey.End, takes(10*ms, 10*ms, 60*ms), c.b, takes(5*ms))
		if end.Stopped != c.reason || rec.OK != c.ok || rec.Failures() != c.failed || rec.Cancelled != 2 || rec.Started() != 3 {
			t.Errorf("%s: stopped by %q, %d ok, %d failed, %d cancelled", name, end.Stopped, rec.OK, rec.Failures(), rec.Cancelled)
		}
		started := int64(0)
		for i, row := range rec.Rows {
			started += row.Started()
			if row.Started() != int64(len(servers[i].arrived)) {
				t.Errorf("%s: step %d was started %d times, the server saw %d calls", name, i, row.Started(), len(servers[i].arrived))
			}
		}
		if calls := rec.Rows[0].Cancelled + rec.Rows[1].Cancelled; calls != 2 || started < 5 {
			t.Errorf("%s: %d calls were cancelled, of %d", name, calls, started)
		}
	}
}
