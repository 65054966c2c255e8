package drive_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/random"
	"plimsoll/target/retry"
	"plimsoll/target/sim"
	"plimsoll/target/value"
	"plimsoll/target/wait"
)

// builder numbers what a test's program has.
type builder struct {
	rows []journey.Row
}

func (b *builder) row(name string) int {
	b.rows = append(b.rows, journey.Row{Name: name, Path: name})
	return len(b.rows) - 1
}

// call is a step that calls a carrier.
func (b *builder) call(name string, carrier int) journey.Step {
	return journey.Step{Do: &journey.Call{Row: b.row(name), Carrier: carrier}, Row: -1}
}

func think(d delay.Delay) journey.Step { return journey.Step{Do: journey.Pause{Delay: d}, Row: -1} }

func (b *builder) program(steps ...journey.Step) *journey.Program {
	return journey.New(journey.Journeys{Main: steps}, b.rows, nil, nil)
}

// journeys carries a program out over simulated servers, under the virtual clock.
func journeys(t testing.TB, p *journey.Program, s *schedule.Schedule, places int, until time.Duration, streams random.Source, servers ...sim.Settings) (*drive.Recorder, drive.End, []*counting) {
	t.Helper()
	loop := drive.Loop{
		Schedule: s, Clock: wait.NewVirtual(0), Recorder: drive.NewRecorder(until, nil), Until: until, Drain: time.Hour, Stop: &drive.Stop{},
		Journey: &drive.Journey{Program: p, World: journey.World{Draws: streams.Key("draws")}, Loops: 1, Places: places, Streams: streams},
	}
	var counts []*counting
	for i, settings := range servers {
		c := newCounting(settings, random.New(uint64(i)+100))
		counts, loop.Journey.Carriers = append(counts, c), append(loop.Journey.Carriers, c)
	}
	end := loop.Run()
	if end.Err != nil {
		t.Fatal(end.Err)
	}
	return loop.Recorder, end, counts
}

func closed(users int, until time.Duration, requests int64) *schedule.Schedule {
	return schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: until, Requests: requests}, Users: users}, schedule.StopOn{})
}

func poisson(perS int64, until time.Duration, streams random.Source) *schedule.Schedule {
	return schedule.NewOpen(schedule.Open{
		Bounds: schedule.Bounds{Until: until}, Arrivals: schedule.Poisson(perS, time.Second, streams("arrivals")), MaxInFlight: math.MaxInt,
	}, schedule.StopOn{})
}

// Steps follow each other, pauses are no part of what an iteration takes, and
// every step has its own row.
func TestStepsFollowEachOther(t *testing.T) {
	b := &builder{}
	p := b.program(b.call("one", 0), think(delay.Of(3*time.Second)), b.call("two", 1))
	rec, end, servers := journeys(t, p, closed(2, schedule.Never, 6), 2, schedule.Never, random.New(1),
		sim.Settings{Delay: delay.Of(time.Second)}, sim.Settings{Delay: delay.Of(2 * time.Second)})
	if rec.OK != 6 || end.At != 18*time.Second || rec.Attempts != 12 {
		t.Fatalf("%d ok in %v, %d attempts", rec.OK, end.At, rec.Attempts)
	}
	if rec.Response.Min() != 3*time.Second || rec.Response.Max() != 3*time.Second || rec.Elapsed.Min() != 6*time.Second || rec.Elapsed.Max() != 6*time.Second {
		t.Errorf("took %v to %v, elapsed %v to %v", rec.Response.Min(), rec.Response.Max(), rec.Elapsed.Min(), rec.Elapsed.Max())
	}
	for i, want := range []time.Duration{time.Second, 2 * time.Second} {
		row := rec.Rows[i]
		if row.OK != 6 || len(servers[i].arrived) != 6 || row.Response.Min() != want || row.Response.Max() != want || row.Held.Max() != 0 {
			t.Errorf("step %d: %d ok, the server saw %d, %v to %v", i, row.OK, len(servers[i].arrived), row.Response.Min(), row.Response.Max())
		}
	}
	if first, second := rec.Rows[0].Begin, rec.Rows[1].Begin; first.Count() != 6 || first.Max() != 0 || second.Count() != 6 || second.Min() != 4*time.Second || second.Max() != 4*time.Second {
		t.Errorf("the first step begins after %v, the second after %v to %v", first.Max(), second.Min(), second.Max())
	}
	if servers[1].arrived[0] != 4*time.Second || rec.Busy.Seconds() != 36 {
		t.Errorf("the second step arrived at %v, in flight for %v s", servers[1].arrived[0], rec.Busy.Seconds())
	}
}

// A block elapses with its pauses, and takes what is left without them; it
// begins when what came before it has ended.
func TestBlocksElapseWithTheirPauses(t *testing.T) {
	b := &builder{}
	first := b.call("first", 0)
	block := journey.Step{Row: b.row("block"), Do: journey.Block{b.call("one", 0), think(delay.Of(3 * time.Second)), b.call("two", 0)}}
	rec, _, _ := journeys(t, b.program(first, block), closed(1, schedule.Never, 2), 1, schedule.Never, random.New(1), sim.Settings{Delay: delay.Of(time.Second)})
	for name, h := range map[string][2]time.Duration{
		"elapsed": {rec.Rows[1].Elapsed.Min(), 5 * time.Second}, "takes": {rec.Rows[1].Response.Min(), 2 * time.Second}, "begins after": {rec.Rows[1].Begin.Max(), time.Second},
	} {
		if h[0] != h[1] {
			t.Errorf("the block %s %v, want %v", name, h[0], h[1])
		}
	}
	if n := rec.Rows[1].Elapsed.Count(); n != 2 || rec.Rows[0].Elapsed.Count() != 0 {
		t.Errorf("%d blocks elapsed, %d calls", n, rec.Rows[0].Elapsed.Count())
	}
}

// Stations in tandem: each is M/M/1 by itself (Burke 1956), and what an
// iteration takes is the sum of two independent exponentials.
func TestStationsInTandem(t *testing.T) {
	const until = 20_000 * time.Second
	streams := random.New(1)
	b := &builder{}
	p := b.program(b.call("one", 0), b.call("two", 1))
	rec, _, _ := journeys(t, p, poisson(70, until, streams), 0, until, streams,
		sim.Settings{Delay: exponential(10 * ms), Servers: 1}, sim.Settings{Delay: exponential(8 * ms), Servers: 1})
	first, second := 1/(100-70.0), 1/(125-70.0)
	within(t, "mean of the first", rec.Rows[0].Response.Mean()/1e9, first, 0.02)
	within(t, "mean of the second", rec.Rows[1].Response.Mean()/1e9, second, 0.02)
	within(t, "mean", rec.Response.Mean()/1e9, first+second, 0.02)
	within(t, "when the second begins", rec.Rows[1].Begin.Mean()/1e9, first, 0.02)
	a, c := 1/first, 1/second
	above := func(t float64) float64 { return (c*math.Exp(-a*t) - a*math.Exp(-c*t)) / (c - a) }
	within(t, "p99", rec.Response.Quantile(99).Seconds(), quantile(above, 99), 0.02)
}

// The interactive response time law: X = N/(R + Z).
func TestInteractiveResponseTimeLaw(t *testing.T) {
	const users, until = 50, 20_000 * time.Second
	b := &builder{}
	p := b.program(b.call("one", 0), think(exponential(time.Second)), b.call("two", 1), think(delay.Of(500*ms)))
	rec, _, _ := journeys(t, p, closed(users, until, 0), users, until, random.New(1),
		sim.Settings{Delay: exponential(20 * ms), Servers: 1}, sim.Settings{Delay: exponential(10 * ms), Servers: 1})
	x := float64(rec.InTime) / until.Seconds()
	within(t, "X·(R+Z)", x*(rec.Response.Mean()/1e9+1.5), users, 0.005)
	within(t, "elapsed", rec.Elapsed.Mean()/1e9, rec.Response.Mean()/1e9+1.5, 0.005)
}

// Branches run at once: n exponentials take the maximum of them, H(n)/μ on
// average; no more than k at a time take (n−k)/(kμ) + H(k)/μ.
func TestBranchesTakeTheLongest(t *testing.T) {
	harmonic := func(n int) (h float64) {
		for i := 1; i <= n; i++ {
			h += 1 / float64(i)
		}
		return h
	}
	const n, mean = 8, 0.010
	for _, k := range []int{0, 1, 3} {
		b := &builder{}
		body := journey.Block{b.call("part", 0)}
		step := journey.Step{Row: -1, Do: journey.Each{List: list(n), Member: 0, Limit: k, Steps: body}}
		p := journey.New(journey.Journeys{Main: journey.Block{step}}, b.rows, []string{"i"}, nil)
		rec, _, servers := journeys(t, p, closed(1, schedule.Never, 100_000), 1, schedule.Never, random.New(1), sim.Settings{Delay: exponential(10 * ms)})
		want := mean * harmonic(n)
		if k > 0 {
			want = mean * (float64(n-k)/float64(k) + harmonic(k))
		}
		within(t, fmt.Sprintf("%d at a time", k), rec.Response.Mean()/1e9, want, 0.01)
		if len(servers[0].arrived) != n*100_000 || rec.Rows[0].OK != n*100_000 || rec.OK != 100_000 {
			t.Errorf("the server saw %d, %d reported", len(servers[0].arrived), rec.Rows[0].OK)
		}
	}
	b := &builder{}
	var members []journey.Step
	for i := range n {
		members = append(members, b.call(fmt.Sprint(i), 0))
	}
	p := b.program(journey.Step{Row: -1, Do: journey.Parallel{Members: members, Sets: make([][]int, n)}})
	rec, _, _ := journeys(t, p, closed(1, schedule.Never, 100_000), 1, schedule.Never, random.New(1), sim.Settings{Delay: exponential(10 * ms)})
	within(t, "parallel", rec.Response.Mean()/1e9, mean*harmonic(n), 0.01)
}

// Branches that think at once are one pause, and branches of which one works
// are none.
func TestPausesOfBranches(t *testing.T) {
	b := &builder{}
	p := b.program(journey.Step{Row: -1, Do: journey.Parallel{Sets: make([][]int, 2), Members: []journey.Step{
		{Row: -1, Do: journey.Block{think(delay.Of(5 * time.Second)), b.call("a", 0)}},
		{Row: -1, Do: journey.Block{b.call("b", 0), think(delay.Of(7 * time.Second))}},
	}}})
	// 0–1: b works; 1–5: both think; 5–6: a works, b thinks; 6–8: b thinks alone.
	rec, end, _ := journeys(t, p, closed(1, schedule.Never, 1), 1, schedule.Never, random.New(1), sim.Settings{Delay: delay.Of(time.Second)})
	if end.At != 8*time.Second || rec.Response.Max() != 2*time.Second || rec.Elapsed.Max() != 8*time.Second {
		t.Errorf("over at %v, took %v, elapsed %v", end.At, rec.Response.Max(), rec.Elapsed.Max())
	}
}

// A branch that begins when another has ended thinks from then on, also where
// the iteration has done nothing before its branches.
func TestBranchesThinkFromWhenTheyBegin(t *testing.T) {
	b := &builder{}
	each := journey.Each{List: list(3), Limit: 1, Steps: journey.Block{think(delay.Of(5 * time.Second)), b.call("a", 0)}}
	p := journey.New(journey.Journeys{Main: journey.Block{{Row: -1, Do: each}}}, b.rows, []string{"i"}, nil)
	rec, end, servers := journeys(t, p, closed(1, schedule.Never, 1), 1, schedule.Never, random.New(1), sim.Settings{Delay: delay.Of(time.Second)})
	if want := []time.Duration{5e9, 11e9, 17e9}; !slices.Equal(servers[0].arrived, want) || end.At != 18*time.Second || rec.Response.Max() != 3*time.Second {
		t.Errorf("arrived at %v, over at %v, took %v", servers[0].arrived, end.At, rec.Response.Max())
	}
}

// Users begin a pace apart, each from when it was due the time before, and
// whoever took longer at once: iterations and plain calls alike.
func TestPaceOfUsers(t *testing.T) {
	b := &builder{}
	p := b.program(b.call("one", 0), think(delay.Of(time.Second)), b.call("two", 0))
	paced := func(until time.Duration) *schedule.Schedule {
		return schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: until}, Users: 3, Pace: 5 * time.Second}, schedule.StopOn{})
	}
	for takes, each := range map[time.Duration]time.Duration{time.Second: 5 * time.Second, 2 * time.Second: 5 * time.Second, 3 * time.Second: 7 * time.Second} {
		const until = 350 * time.Second // whole numbers of either
		rec, _, servers := journeys(t, p, paced(until), 3, until, random.New(1), sim.Settings{Delay: delay.Of(takes)})
		want := 3 * int64(until/each)
		if rec.OK != want || rec.Attempts != 2*want || int64(len(servers[0].arrived)) != 2*want || rec.Held.Max() != 0 || rec.Lateness.Max() != 0 {
			t.Errorf("%v: %d iterations, want %d; the server saw %d calls; held %v", takes, rec.OK, want, len(servers[0].arrived), rec.Held.Max())
		}
	}
	for takes, each := range map[time.Duration]time.Duration{time.Second: 5 * time.Second, 7 * time.Second: 7 * time.Second} {
		const until = 350 * time.Second
		rec := run(t, sim.Settings{Delay: delay.Of(takes)}, random.New(1), paced(until), 0, until)
		if want := 3 * int64(until/each); rec.OK != want || rec.Held.Max() != 0 {
			t.Errorf("plain calls of %v: %d, want %d", takes, rec.OK, want)
		}
	}
}

// A mix's shares are those that it was given.
func TestSharesOfAMix(t *testing.T) {
	b := &builder{}
	p := b.program(journey.Step{Row: -1, Do: journey.Mix{
		Branches: []journey.Block{{b.call("browse", 0)}, {b.call("buy", 0), b.call("pay", 0)}}, Weights: []float64{90, 10},
	}})
	const n = 200_000
	rec, _, _ := journeys(t, p, closed(10, schedule.Never, n), 10, schedule.Never, random.New(1), sim.Settings{Delay: delay.Of(ms)})
	within(t, "browse", float64(rec.Rows[0].OK)/n, 0.9, 0.005)
	within(t, "buy", float64(rec.Rows[1].OK)/n, 0.1, 0.02)
	if rec.Rows[1].OK != rec.Rows[2].OK || rec.Rows[0].OK+rec.Rows[1].OK != n {
		t.Errorf("%d browsed, %d bought, %d paid", rec.Rows[0].OK, rec.Rows[1].OK, rec.Rows[2].OK)
	}
}

func list(n int) journey.Ref {
	members := "["
	for i := range n {
		if i > 0 {
			members += ","
		}
		members += fmt.Sprint(i)
	}
	return journey.Ref{Kind: journey.Constant, Constant: jsonOf(members + "]")}
}

// tree draws a journey of any shape, whose calls sometimes fail.
func (b *builder) tree(t *rapid.T, depth int) journey.Step {
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	if depth == 0 {
		kind %= 3
	}
	block := func() (steps journey.Block) {
		for range rapid.IntRange(0, 3).Draw(t, "steps") {
			steps = append(steps, b.tree(t, depth-1))
		}
		return steps
	}
	onError := rapid.SampledFrom([]journey.OnError{journey.End, journey.Continue}).Draw(t, "on error")
	row := -1
	if kind > 2 && rapid.Bool().Draw(t, "named") {
		row = b.row("block")
	}
	switch kind {
	case 1:
		return think(delay.Of(time.Duration(rapid.IntRange(0, 3).Draw(t, "pause")) * ms))
	case 3:
		return journey.Step{Row: row, OnError: onError, Do: block()}
	case 4:
		members := []journey.Step(block())
		return journey.Step{Row: row, OnError: onError, Do: journey.Parallel{Members: members, Sets: make([][]int, len(members))}}
	case 5:
		return journey.Step{Row: row, OnError: onError, Do: journey.Each{List: list(rapid.IntRange(0, 4).Draw(t, "members")), Limit: rapid.IntRange(0, 3).Draw(t, "limit"), Steps: block()}}
	case 6:
		return journey.Step{Row: row, OnError: onError, Do: journey.Repeat{Times: rapid.IntRange(1, 3).Draw(t, "times"), Steps: block()}}
	}
	s := b.call("call", rapid.IntRange(0, 1).Draw(t, "server"))
	s.Do.(*journey.Call).OnError = onError
	if rapid.Bool().Draw(t, "retries") {
		s.Do.(*journey.Call).Retry = retry.Settings{Attempts: 2, Backoff: ms, Factor: 1, On: []string{"5xx"}}
	}
	return s
}

// Whatever the shape of a journey, whatever fails in it, and whoever gives it up:
// iterations and calls each end once, the servers saw what is reported, no more
// than the limit lets, and response and pauses add up to what elapsed.
func TestTheLawsOfJourneys(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := &builder{}
		j := journey.Journeys{Enter: b.maybe(rt, "enter"), Leave: b.maybe(rt, "leave")}
		for i := range b.rows {
			b.rows[i].Outside = true
		}
		j.Main = journey.Block{b.tree(rt, 3), b.tree(rt, 2)}
		p := journey.New(j, b.rows, []string{"i"}, nil)
		p.EnterEvery = time.Duration(rapid.IntRange(0, 5).Draw(rt, "every")) * ms
		streams := random.New(rapid.Uint64().Draw(rt, "seed"))
		users := rapid.IntRange(1, 5).Draw(rt, "users")
		until, requests := schedule.Never, int64(rapid.IntRange(1, 20).Draw(rt, "iterations"))
		if rapid.Bool().Draw(rt, "for a time") {
			until, requests = 20*ms, 1000 // steps may take no time at all
			if rapid.Bool().Draw(rt, "short drain") {
				until = 2 * ms
			}
		}
		limit := drive.Limit{N: rapid.IntRange(0, 3).Draw(rt, "limit"), Per: time.Duration(rapid.IntRange(1, 3).Draw(rt, "per")) * ms}
		settings := sim.Settings{Delay: exponential(2 * ms), Errors: sim.Errors{Rate: rapid.Float64Range(0, 0.5).Draw(rt, "errors"), Kind: sim.Status500}}
		loop := drive.Loop{
			Schedule: closed(users, until, requests), Clock: wait.NewVirtual(0), Recorder: drive.NewRecorder(until, nil), Until: until, Drain: 3 * ms, Stop: &drive.Stop{},
			Journey: &drive.Journey{Program: p, World: journey.World{Draws: streams.Key("draws")}, Places: users * rapid.IntRange(0, 1).Draw(rt, "come back"), Streams: streams, Limit: limit},
		}
		servers := []*counting{newCounting(settings, streams), newCounting(settings, random.New(7))}
		loop.Journey.Carriers = []target.Carrier{servers[0], servers[1]}
		if after := rapid.IntRange(0, 60).Draw(rt, "interrupted after"); after > 0 {
			stop := rapid.SampledFrom([]func(){loop.Stop.Gently, loop.Stop.AtOnce}).Draw(rt, "how")
			servers[0].sees = func(n int) {
				if n == after {
					stop()
				}
			}
		}
		end := loop.Run()
		if end.Err != nil {
			rt.Fatal(end.Err)
		}
		rec := loop.Recorder
		if until == schedule.Never && !end.Interrupted && rec.Started() != requests {
			rt.Fatalf("%d iterations ended, want %d", rec.Started(), requests)
		}
		calls, attempts, outside := int64(0), int64(0), int64(0)
		for i, row := range rec.Rows {
			if row == nil {
				continue
			}
			if row.Begin.Count() != row.OK || row.Begin.Negative() > 0 || row.Begin.Max() > rec.LastEnd && !b.rows[i].Outside { // who leaves does so when its iteration is over
				rt.Fatalf("row %d: %d ok, %d begins up to %v", i, row.OK, row.Begin.Count(), row.Begin.Max())
			}
			if b.rows[i].Name != "call" {
				if row.Elapsed.Count() != row.OK || row.Elapsed.Mean() < row.Response.Mean()-1 {
					rt.Fatalf("row %d: %d blocks ok, %d elapsed %v, of it not paused %v", i, row.OK, row.Elapsed.Count(), row.Elapsed.Mean(), row.Response.Mean())
				}
				continue
			}
			if b.rows[i].Outside {
				outside += row.Attempts
			}
			calls, attempts = calls+row.Started(), attempts+row.Attempts
			if row.Response.Count() != row.OK || row.Held.Count() != row.Started() || row.Lateness.Max() != 0 {
				rt.Fatalf("row %d: %d ok, %d in the histogram, %d held, late by %v", i, row.OK, row.Response.Count(), row.Held.Count(), row.Lateness.Max())
			}
		}
		if seen := int64(len(servers[0].arrived) + len(servers[1].arrived)); calls > seen || attempts != seen || rec.Attempts != seen-outside {
			rt.Fatalf("%d calls in %d attempts reported, %d by step, %d of them outside, the servers saw %d", calls, rec.Attempts, attempts, outside, seen)
		}
		if least := crowded(slices.Concat(servers[0].arrived, servers[1].arrived), limit.N); limit.N > 0 && least < limit.Per {
			rt.Fatalf("the servers saw %d calls within %v, and %d in %v are the limit", limit.N+1, least, limit.N, limit.Per)
		}
		if rec.Elapsed.Count() != rec.OK || rec.Elapsed.Mean() < rec.Response.Mean()-1 || rec.Service.Mean() > rec.Response.Mean()+1 || rec.Service.Min() < 0 {
			rt.Fatalf("elapsed %v of %d, response %v of %d, service %v", rec.Elapsed.Mean(), rec.Elapsed.Count(), rec.Response.Mean(), rec.OK, rec.Service.Mean())
		}
	})
}

// maybe draws what users do when they come or go, if they do.
func (b *builder) maybe(t *rapid.T, what string) (steps journey.Block) {
	if rapid.Bool().Draw(t, what) {
		steps = journey.Block{b.tree(t, 2)}
	}
	return steps
}

// Draws depend on the iteration and the place in the program: not on who else is
// under way.
func TestDrawsDependOnNobodyElse(t *testing.T) {
	pauses := func(users int) (all []time.Duration) {
		b := &builder{}
		p := b.program(journey.Step{Row: -1, Do: journey.Repeat{Times: 2, Steps: journey.Block{think(exponential(time.Second))}}}, b.call("one", 0))
		rec := drive.NewRecorder(schedule.Never, nil)
		loop := drive.Loop{
			Schedule: closed(users, schedule.Never, 8), Clock: wait.NewVirtual(0), Recorder: rec, Until: schedule.Never, Stop: &drive.Stop{},
			Journey: &drive.Journey{Program: p, World: journey.World{Draws: random.New(1).Key("draws")}, Loops: 1, Places: users, Streams: random.New(1)},
		}
		server := newCounting(sim.Settings{}, random.New(1))
		loop.Journey.Carriers = []target.Carrier{server}
		loop.Run()
		return server.arrived
	}
	alone, together := pauses(1), pauses(8)
	for i := len(alone) - 1; i > 0; i-- {
		alone[i] -= alone[i-1]
	}
	slices.Sort(alone)
	if !slices.Equal(alone, together) {
		t.Errorf("one after another they paused for %v, together for %v", alone, together)
	}
}

func jsonOf(text string) value.Value { return value.JSON(text) }

// Branches draw by themselves, and the same in every iteration of that number.
func TestBranchesDrawByThemselves(t *testing.T) {
	b := &builder{}
	each := journey.Each{List: list(6), Steps: journey.Block{think(exponential(time.Second)), b.call("one", 0)}}
	p := journey.New(journey.Journeys{Main: journey.Block{{Row: -1, Do: each}}}, b.rows, []string{"i"}, nil)
	_, _, servers := journeys(t, p, closed(1, schedule.Never, 1), 1, schedule.Never, random.New(1), sim.Settings{})
	arrived := slices.Compact(servers[0].arrived)
	_, _, again := journeys(t, p, closed(1, schedule.Never, 1), 1, schedule.Never, random.New(1), sim.Settings{})
	if len(arrived) != 6 || !slices.Equal(again[0].arrived, servers[0].arrived) {
		t.Errorf("six branches went on at %v, and again at %v", servers[0].arrived, again[0].arrived)
	}
}

// What is given up at the end of the drain is given up whole, whatever outlives
// failures: nothing more is sent.
func TestGivenUpIsGivenUp(t *testing.T) {
	b := &builder{}
	hanging := b.call("hanging", 0)
	hanging.Do.(*journey.Call).OnError = journey.Continue
	p := b.program(journey.Step{Row: b.row("block"), OnError: journey.Continue, Do: journey.Block{hanging, b.call("next", 0)}}, b.call("last", 0))
	rec, _, servers := journeys(t, p, closed(3, time.Second, 0), 3, time.Second, random.New(1), sim.Settings{Delay: delay.Of(3 * time.Hour)})
	if rec.Cancelled != 3 || rec.OK != 0 || rec.CancelledResponse.Count() != 3 || len(servers[0].arrived) != 3 || rec.Rows[0].Cancelled != 3 || rec.Rows[1].Cancelled != 3 {
		t.Errorf("%d cancelled, %d ok, the server saw %d", rec.Cancelled, rec.OK, len(servers[0].arrived))
	}
}
