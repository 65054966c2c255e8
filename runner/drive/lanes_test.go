package drive_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
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

// arrivals are a lane's of so many a second.
func arrivals(perS int64, from, until time.Duration, name string) drive.Loop {
	return drive.Loop{
		Schedule: schedule.NewOpen(schedule.Open{
			Bounds: schedule.Bounds{From: from, Until: until}, Arrivals: schedule.Poisson(perS, time.Second, random.New(1)(name)), MaxInFlight: math.MaxInt,
		}, schedule.StopOn{}),
		Recorder: drive.NewRecorder(until, nil), From: from, Until: until, Drain: time.Hour,
	}
}

// meet carries lanes out that call the same server.
func meet(t testing.TB, server target.Carrier, clock target.Clock, loops ...drive.Loop) []drive.End {
	t.Helper()
	stop := &drive.Stop{}
	for i := range loops {
		loops[i].Clock, loops[i].Stop = clock, stop
		if loops[i].Journey == nil {
			loops[i].Carrier = server
		} else {
			loops[i].Journey.Carriers = []target.Carrier{server}
		}
	}
	return drive.RunLanes(loops)
}

// A noisy neighbour: two streams of arrivals at one server are M/M/c with the sum
// of their rates, for both of them; whether the neighbour makes plain calls, tries
// them again, or carries out a journey.
func TestLanesMeetAtTheServer(t *testing.T) {
	const from = -100 * time.Second
	mean, above := mmc(320, 100, 4)
	for name, beside := range map[string]func(*drive.Loop){
		"calls": func(*drive.Loop) {},
		"with retries": func(l *drive.Loop) {
			l.Retry = retry.Settings{Attempts: 2, Backoff: ms, Factor: 1, On: []string{"5xx"}}.New(random.New(1))
		},
		"with journeys": func(l *drive.Loop) {
			b := &builder{}
			l.Journey = &drive.Journey{Program: b.program(b.call("one", 0)), World: journey.World{Draws: random.New(1).Key("draws")}, Streams: random.New(1)}
		},
	} {
		until, share := 500*time.Second, 0.05
		if name == "calls" {
			until, share = 2000*time.Second, 0.02
		}
		front, back := arrivals(200, from, until, "front"), arrivals(120, from, until, "back")
		beside(&back)
		server := newCounting(sim.Settings{Delay: exponential(10 * ms), Servers: 4}, random.New(1))
		ends := meet(t, server, wait.NewVirtual(from), front, back)
		for i, lane := range []drive.Loop{front, back} {
			within(t, name+": mean", lane.Recorder.Response.Mean()/1e9, mean, share)
			within(t, name+": p99", lane.Recorder.Response.Quantile(99).Seconds(), quantile(above, 99), share)
			within(t, name+": calls", float64(lane.Recorder.OK)/until.Seconds(), []float64{200, 120}[i], 0.01)
			if ends[i].Err != nil || ends[i].Stopped != "" || lane.Recorder.Started()-lane.Recorder.OK != lane.Recorder.Cancelled || lane.Recorder.Lateness.Max() != 0 {
				t.Errorf("%s: lane %d: %+v, %d of %d ok", name, i, ends[i], lane.Recorder.OK, lane.Recorder.Started())
			}
		}
		if seen := int64(len(server.arrived)) - 100*320; math.Abs(float64(seen-front.Recorder.Started()-back.Recorder.Started())) > 1000 {
			t.Errorf("%s: the server saw %d beside the warm-up, %d and %d are reported", name, seen, front.Recorder.Started(), back.Recorder.Started())
		}
	}
}

// What goes on beside a trial at another server changes nothing of it.
func TestLanesWithServersOfTheirOwn(t *testing.T) {
	const until = 100 * time.Second
	settings := sim.Settings{Delay: exponential(10 * ms), Servers: 1}
	alone := arrivals(80, 0, until, "front")
	alone.Clock, alone.Carrier, alone.Stop = wait.NewVirtual(0), sim.NewCarrier(settings, random.New(1)), &drive.Stop{}
	front, back := arrivals(80, 0, until, "front"), arrivals(300, 0, until, "back")
	front.Clock, front.Carrier, front.Stop = wait.NewVirtual(0), sim.NewCarrier(settings, random.New(1)), &drive.Stop{}
	back.Clock, back.Carrier, back.Stop = front.Clock, sim.NewCarrier(sim.Settings{Delay: exponential(ms)}, random.New(2)), front.Stop
	end, ends := alone.Run(), drive.RunLanes([]drive.Loop{front, back})
	if !reflect.DeepEqual(alone.Recorder.Tally, front.Recorder.Tally) || ends[0] != end || alone.Recorder.Response.Quantile(99) != front.Recorder.Response.Quantile(99) {
		t.Errorf("alone %+v %+v\nbeside %+v %+v", end, alone.Recorder.Tally, ends[0], front.Recorder.Tally)
	}
	if back.Recorder.OK < 29_000 {
		t.Errorf("%d calls beside it", back.Recorder.OK)
	}
}

// What goes on beside a trial ends with it: its calls are cancelled, and counted;
// it may end before.
func TestLanesEndWithTheFirst(t *testing.T) {
	users := func(n int, requests int64) drive.Loop {
		return drive.Loop{Schedule: closed(n, schedule.Never, requests), Recorder: drive.NewRecorder(schedule.Never, nil), Until: schedule.Never, Drain: time.Second}
	}
	for name, c := range map[string]struct {
		requests      int64 // of the lane beside
		ok, cancelled int64
		at            time.Duration
	}{"longer": {0, 6, 3, 10 * time.Second}, "shorter": {3, 3, 0, 4 * time.Second}} {
		front, back := users(1, 2), users(3, c.requests)
		servers := []*counting{newCounting(sim.Settings{Delay: delay.Of(5 * time.Second)}, random.New(1)), newCounting(sim.Settings{Delay: delay.Of(4 * time.Second)}, random.New(1))}
		front.Clock, front.Stop, front.Carrier = wait.NewVirtual(0), &drive.Stop{}, servers[0]
		back.Clock, back.Stop, back.Carrier = front.Clock, front.Stop, servers[1]
		ends := drive.RunLanes([]drive.Loop{front, back})
		f, b := front.Recorder, back.Recorder
		if ends[0] != (drive.End{At: 10 * time.Second}) || ends[1] != (drive.End{At: c.at}) || f.OK != 2 || b.OK != c.ok || b.Cancelled != c.cancelled || int64(len(servers[0].arrived)) != f.Started() || int64(len(servers[1].arrived)) != b.Started() {
			t.Errorf("%s: %+v: %d ok; beside it %d ok, %d cancelled; the server saw %d", name, ends, f.OK, b.OK, b.Cancelled, len(servers[1].arrived))
		}
	}
}

// Users of several lanes are not the same ones.
func TestLanesHaveUsersOfTheirOwn(t *testing.T) {
	program := func() *drive.Journey {
		b := &builder{}
		return &drive.Journey{Program: b.program(b.call("one", 0)), Places: 3, World: journey.World{Draws: random.New(1).Key("draws")}, Streams: random.New(1)}
	}
	var loops []drive.Loop
	for range 2 {
		loops = append(loops, drive.Loop{
			Journey: program(), Schedule: closed(3, schedule.Never, 30), Recorder: drive.NewRecorder(schedule.Never, nil), Until: schedule.Never,
		})
	}
	server := &guests{Carrier: sim.NewCarrier(sim.Settings{Delay: delay.Of(ms)}, random.New(1)), calls: map[uint32]int{}}
	ends := meet(t, server, wait.NewVirtual(0), loops...)
	if ends[0].Err != nil || ends[1].Err != nil || loops[0].Recorder.OK != 30 || len(server.calls) != 6 {
		t.Errorf("%+v: users and their calls %v", ends, server.calls)
	}
}

type guests struct {
	*sim.Carrier
	calls map[uint32]int
}

func (g *guests) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	g.calls[r.User]++
	return g.Carrier.Send(id, r, now)
}

// Under a real clock lanes share one carrier of goroutines; a lane that breaks
// ends the others.
func TestLanesByWorkers(t *testing.T) {
	for _, breaks := range []bool{false, true} {
		clock := wait.NewDoze(wait.DefaultSpin)
		to := gathering(5, ms)
		carrier := workers.New(to, clock)
		loops := []drive.Loop{
			{Schedule: batch(60, 3, schedule.StopOn{}), Recorder: drive.NewRecorder(schedule.Never, nil), Until: schedule.Never},
			{Schedule: batch(0, 2, schedule.StopOn{}), Recorder: drive.NewRecorder(schedule.Never, nil), Until: schedule.Never},
		}
		if breaks {
			loops[0].Schedule = batch(0, 3, schedule.StopOn{})
			loops[1].First = 1_000_000
			to.fails = func(n uint64) string {
				if n == 1_000_010 {
					return "panic"
				}
				return ""
			}
		}
		clock.Align(time.Now())
		ends := meet(t, carrier, clock, loops...)
		carrier.Close()
		clock.Close()
		f, b := loops[0].Recorder, loops[1].Recorder
		if breaks {
			for _, end := range ends {
				if end.Err == nil || !strings.Contains(end.Err.Error(), "what a target may do") {
					t.Errorf("one broke, and another ended with %v", end.Err)
				}
			}
			continue
		}
		if ends[0].Err != nil || ends[1].Err != nil || f.OK != 60 || b.OK < 10 || b.Started() != b.OK+b.Cancelled || b.Cancelled > 2 || to.most.Load() != 5 {
			t.Errorf("%+v: %d ok, beside it %d ok and %d cancelled, %d at once", ends, f.OK, b.OK, b.Cancelled, to.most.Load())
		}
	}
}

// The same lanes give the same figures, and the same calls in the same order.
func TestLanesAreReproducible(t *testing.T) {
	carry := func() (calls []drive.Call) {
		until := 20 * time.Second
		front, back := arrivals(50, 0, until, "front"), arrivals(40, 0, schedule.Never, "back")
		note := func(c *drive.Call) {
			calls = append(calls, drive.Call{Number: c.Number, Intended: c.Intended, Start: c.Start, End: c.End})
		}
		front.Recorder, back.Recorder = drive.NewRecorder(until, note), drive.NewRecorder(until, note)
		meet(t, sim.NewCarrier(sim.Settings{Delay: exponential(200 * ms), Servers: 20}, random.New(1)), wait.NewVirtual(0), front, back)
		return calls
	}
	if first := carry(); len(first) < 1500 || !slices.Equal(first, carry()) {
		t.Errorf("%d calls, and not the same again", len(first))
	}
}

// shy is a carrier that has its ends only for who asks second.
type shy struct {
	*scripted
	asked int
}

func (s *shy) Take(now time.Duration) (*target.Done, time.Duration) {
	if s.asked++; s.asked%2 == 1 {
		return nil, schedule.Never
	}
	return s.scripted.Take(now)
}

// An end that comes after its lane has asked, and that another one finds, is the
// lane's at once.
func TestLanesHeedEachOther(t *testing.T) {
	script := &shy{scripted: &scripted{takes: 5 * ms}}
	loops := []drive.Loop{
		{Schedule: batch(10, 1, schedule.StopOn{}), Recorder: drive.NewRecorder(schedule.Never, nil), Until: schedule.Never},
		{
			Schedule: schedule.NewOpen(schedule.Open{Bounds: schedule.Bounds{Until: schedule.Never}, Arrivals: schedule.Constant(1, time.Second), MaxInFlight: 9}, schedule.StopOn{}),
			Recorder: drive.NewRecorder(schedule.Never, nil), Until: schedule.Never,
		},
	}
	ends := meet(t, script, script, loops...)
	if rec := loops[0].Recorder; ends[0].Err != nil || rec.OK != 10 || rec.Lateness.Max() != 0 || ends[0].At != 50*ms {
		t.Errorf("%+v: %d ok, late by up to %v", ends, rec.OK, rec.Lateness.Max())
	}
}
