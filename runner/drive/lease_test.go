package drive_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/data"
	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/random"
	"plimsoll/target/setting"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

// dealing counts what a dealer deals, and what it gets back.
type dealing struct {
	data.Dealer
	dealt, returned int
	rows            map[uint64]int
}

func (d *dealing) Deal(t data.Turn) (row uint64, ready time.Duration, ok bool) {
	if row, ready, ok = d.Dealer.Deal(t); ok {
		d.dealt++
		d.rows[row]++
	}
	return row, ready, ok
}

func (d *dealing) Return(row uint64, at time.Duration) {
	d.returned++
	d.Dealer.Return(row, at)
}

// rows are so many, from 1 on, picked like that.
func rows(t testing.TB, name string, n int, pick string) (drive.Source, *dealing) {
	t.Helper()
	r := setting.NewReader(func(string) (string, bool) { return "", false }, ".")
	all, ok := data.Shape().Read(r, r.Load(fmt.Appendf(nil, "%s: {range: [1, %d], pick: %s}", name, n, pick)))
	if !ok || len(r.Problems()) > 0 {
		t.Fatal(r.Problems())
	}
	d := &dealing{Dealer: all[0].Dealer(random.New(1)), rows: map[uint64]int{}}
	return drive.Source{Name: name, Dealer: d, Row: func(n uint64) journey.Held { return journey.Held{Row: all[0].Row(n)} }}, d
}

// exclusive is a server that tells whether the first argument of a call is in
// use by another one.
type exclusive struct {
	*sim.Carrier
	of   map[target.ID]string
	used map[string]bool
	seen int
	both bool
}

func (e *exclusive) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	row := r.Args[0].Text
	e.both = e.both || e.used[row]
	e.of[id], e.used[row] = row, true
	e.seen++
	return e.Carrier.Send(id, r, now)
}

func (e *exclusive) Take(now time.Duration) (*target.Done, time.Duration) {
	d, due := e.Carrier.Take(now)
	if d != nil {
		id := d.ID.With(0)
		e.used[e.of[id]] = false
		delete(e.of, id)
	}
	return d, due
}

// leased carries out iterations of one call, each with a row of its own.
func leased(t testing.TB, n int, s *schedule.Schedule, until time.Duration, settings sim.Settings) (*drive.Recorder, *exclusive) {
	t.Helper()
	source, dealt := rows(t, "user", n, "leased")
	server := &exclusive{Carrier: sim.NewCarrier(settings, random.New(2)), of: map[target.ID]string{}, used: map[string]bool{}}
	b := &builder{}
	call := b.call("one", 0)
	call.Do.(*journey.Call).Args = []journey.Ref{{Variable: 0}}
	rec := drive.NewRecorder(until, nil)
	end := drive.Loop{
		Schedule: s, Clock: wait.NewVirtual(0), Recorder: rec, Until: until, Drain: time.Hour, Stop: &drive.Stop{},
		Journey: &drive.Journey{
			Program: journey.New(journey.Journeys{Main: journey.Block{call}, Sources: []int{0}}, b.rows, []string{"user"}, []journey.Source{{Name: "user"}}),
			World:   journey.World{Draws: random.New(1).Key("draws")}, Streams: random.New(1),
			Carriers: []target.Carrier{server}, Sources: []drive.Source{source},
		},
	}.Run()
	if end.Err != nil {
		t.Fatal(end.Err)
	}
	if server.both || int64(server.seen) != rec.Attempts || dealt.dealt != dealt.returned || dealt.dealt != server.seen || len(dealt.rows) != n {
		t.Errorf("a row was used twice at once: %v; the server saw %d calls of %d, %d rows were dealt, %d came back", server.both, server.seen, rec.Attempts, dealt.dealt, dealt.returned)
	}
	return rec, server
}

// Rows that are leased are a queue's servers: M/M/c where iterations arrive by
// themselves, and what they wait is held.
func TestLeasedRowsAreServers(t *testing.T) {
	const until = 20_000 * time.Second
	mean, above := mmc(32, 10, 4)
	rec, _ := leased(t, 4, poisson(32, until, random.New(3)), until, sim.Settings{Delay: exponential(100 * ms)})
	within(t, "response", rec.Response.Mean()/1e9, mean, 0.02)
	within(t, "p99", rec.Response.Quantile(99).Seconds(), quantile(above, 99), 0.03)
	within(t, "held", rec.Held.Mean()/1e9, mean-0.1, 0.03)
	within(t, "service", rec.Service.Mean()/1e9, 0.1, 0.01)
}

// N rows and more users than that, who think: the machine repair model.
func TestLeasedRowsAsAClosedQueue(t *testing.T) {
	const until, users, n = 20_000 * time.Second, 12, 3
	think, mu := 1.0, 5.0
	for _, thinks := range []bool{true, false} {
		rng := random.New(4)("think")
		c := schedule.Closed{Bounds: schedule.Bounds{Until: until}, Users: users}
		want := n * mu // always busy
		if thinks {
			pause := exponential(time.Second)
			c.Think = func() time.Duration { return pause.Draw(rng) }
			p, sum, x := 1.0, 0.0, 0.0
			for k := 0; k <= users; k++ {
				busy := math.Min(float64(k), n)
				sum, x = sum+p, x+p*busy*mu
				p *= float64(users-k) / think / (math.Min(float64(k+1), n) * mu)
			}
			want = x / sum
		}
		rec, _ := leased(t, n, schedule.NewClosed(c, schedule.StopOn{}), until, sim.Settings{Delay: exponential(200 * ms)})
		within(t, "throughput", float64(rec.InTime)/until.Seconds(), want, 0.01)
		within(t, "held", rec.Held.Mean()/1e9, users/want-0.2-map[bool]float64{true: think}[thinks], 0.05)
	}
}

// Rows come back from iterations that fail and from those that are given up.
func TestRowsComeBackFromFailures(t *testing.T) {
	failing := sim.Settings{Delay: delay.Of(100 * ms), Errors: sim.Errors{Rate: 1, Kind: sim.Status500}}
	rec, _ := leased(t, 1, closed(5, schedule.Never, 20), schedule.Never, failing)
	if rec.Failures() != 20 || rec.LastEnd != 2*time.Second || rec.Held.Max() != 400*ms {
		t.Errorf("%d failures by %v, held up to %v", rec.Failures(), rec.LastEnd, rec.Held.Max())
	}
	// Two have the rows when the drain is over, three wait: all are cancelled.
	rec, server := leased(t, 2, closed(5, time.Second, 0), time.Second, sim.Settings{Delay: delay.Of(5 * time.Hour)})
	if rec.Cancelled != 5 || server.seen != 2 || rec.Rows[0].Cancelled != 2 {
		t.Errorf("%d cancelled, %d calls", rec.Cancelled, server.seen)
	}
}

// Each row once, and the trial says why it ends.
func TestEachRowOnce(t *testing.T) {
	constant := func() *schedule.Schedule {
		return schedule.NewOpen(schedule.Open{Bounds: schedule.Bounds{Until: time.Hour}, Arrivals: schedule.Constant(1, time.Second), MaxInFlight: 100}, schedule.StopOn{})
	}
	for name, c := range map[string]struct {
		schedule *schedule.Schedule
		until    time.Duration
		end      time.Duration
	}{
		"open":           {constant(), time.Hour, 4*time.Second + 10*ms},
		"batch":          {closed(100, schedule.Never, 100), schedule.Never, 10 * ms},
		"closed":         {closed(2, time.Hour, 0), time.Hour, 30 * ms},
		"many users":     {closed(100, time.Hour, 0), time.Hour, 10 * ms},
		"as many as row": {closed(5, time.Hour, 0), time.Hour, 10 * ms},
	} {
		s := &stay{script: &script{site: &sim.Settings{Delay: delay.Of(10 * ms)}}}
		source, dealt := rows(t, "customer", 5, "once")
		call := s.get(t, "one", "/${customer}")
		s.Main, s.Journeys.Sources, s.sources = journey.Block{step(call)}, []int{0}, []drive.Source{source}
		s.loop = drive.Loop{Schedule: c.schedule, Until: c.until, Drain: time.Second}
		rec, end, server := s.carry(t)
		if rec.OK != 5 || rec.Started() != 5 || len(server.arrived) != 5 || len(dealt.rows) != 5 || dealt.dealt != 5 || end.At != c.end {
			t.Errorf("%s: %d of %d ok, the server saw %d, %d rows, over at %v", name, rec.OK, rec.Started(), len(server.arrived), len(dealt.rows), end.At)
		}
		if end.Stopped != "data customer: each of its rows has been used once" {
			t.Errorf("%s: ended because %q", name, end.Stopped)
		}
	}
}

// Who has waited for one row and finds that another source has none left any
// more is given up, and nothing hangs.
func TestRowsOfTwoSources(t *testing.T) {
	s := &stay{script: &script{site: &sim.Settings{Delay: delay.Of(time.Second)}}}
	lease, leases := rows(t, "a", 1, "leased")
	once, _ := rows(t, "b", 2, "once")
	call := s.get(t, "one", "/${a}/${b}")
	s.Main, s.Journeys.Sources, s.sources = journey.Block{step(call)}, []int{1, 0}, []drive.Source{lease, once}
	s.loop = drive.Loop{Schedule: closed(4, schedule.Never, 4), Until: schedule.Never}
	rec, end, server := s.carry(t)
	if rec.OK != 2 || rec.Cancelled != 2 || len(server.arrived) != 2 || end.At != 2*time.Second || leases.dealt != leases.returned || !strings.Contains(end.Stopped, "data b") {
		t.Errorf("%d ok, %d cancelled, the server saw %d, over at %v: %q", rec.OK, rec.Cancelled, len(server.arrived), end.At, end.Stopped)
	}

	// Branches of a mix that name two sources in opposite orders do not wait for
	// each other for ever.
	s = &stay{script: &script{site: &sim.Settings{Delay: delay.Of(time.Second)}}}
	a, _ := rows(t, "a", 1, "leased")
	b, _ := rows(t, "b", 1, "leased")
	s.variable("a")
	s.variable("b")
	s.Main = journey.Block{step(journey.Mix{
		Branches: []journey.Block{{step(s.get(t, "ab", "/${a}/${b}"))}, {step(s.get(t, "ba", "/${b}/${a}"))}},
		Weights:  []float64{1, 1}, Sources: [][]int{{0, 1}, {1, 0}},
	})}
	s.sources, s.loop = []drive.Source{a, b}, drive.Loop{Schedule: closed(20, schedule.Never, 20), Until: schedule.Never}
	if rec, end, _ := s.carry(t); rec.OK != 20 || end.At != 20*time.Second {
		t.Errorf("%d ok in %v", rec.OK, end.At)
	}
	// Who waits for one source keeps nobody from the other.
	s = &stay{script: &script{site: &sim.Settings{Delay: delay.Of(time.Second)}}}
	a, _ = rows(t, "a", 1, "leased")
	b, bs := rows(t, "b", 1, "leased")
	s.variable("a")
	s.variable("b")
	s.Main = journey.Block{step(journey.Mix{
		Branches: []journey.Block{{step(s.get(t, "a", "/${a}"))}, {step(s.get(t, "b", "/${b}"))}},
		Weights:  []float64{1, 1}, Sources: [][]int{{0}, {1}},
	})}
	s.sources, s.loop = []drive.Source{a, b}, drive.Loop{Schedule: closed(20, schedule.Never, 20), Until: schedule.Never}
	if rec, end, _ := s.carry(t); rec.OK != 20 || end.At != time.Duration(max(bs.dealt, 20-bs.dealt))*time.Second {
		t.Errorf("%d ok in %v, %d of them took b", rec.OK, end.At, bs.dealt)
	}
}

// A user keeps its row for all of its stay.
func TestUsersKeepTheirRows(t *testing.T) {
	s := visit(t, 100*ms, 200*ms, 100*ms)
	source, dealt := rows(t, "me", 4, "per-user")
	s.site.Routes = append(s.site.Routes, sim.Route{Path: "/as/*", Manner: manner(100*ms, answering(t, `{"at": "${path}"}`))})
	in, act, out := s.get(t, "in", "/as/${me}", "was: json.at"), s.get(t, "again", "/as/${me}"), s.get(t, "out", "/as/${me}")
	act.Check, out.Check = s.conditions(t, act, "json.at == ${was}"), s.conditions(t, out, "json.at == ${was}")
	s.Journeys = journey.Journeys{Enter: journey.Block{step(in)}, Main: journey.Block{step(act)}, Leave: journey.Block{step(out)}, EnterSources: []int{0}, Sources: []int{0}}
	s.Journeys.Main = append(s.Journeys.Main, step(act))
	s.sources, s.places = []drive.Source{source}, 4
	s.loop = drive.Loop{Schedule: closed(4, schedule.Never, 40), Until: schedule.Never, Drain: time.Second}
	rec, _, server := s.carry(t)
	if rec.OK != 40 || rec.Rows[act.Row].OK != 80 || rec.Rows[out.Row].OK != 4 || len(server.arrived) != 4+80+4 || len(dealt.rows) != 4 {
		t.Errorf("%d ok, %d left, the server saw %d, %d rows; %+v %+v", rec.OK, rec.Rows[out.Row].OK, len(server.arrived), len(dealt.rows), rec.Errors, rec.Rows[out.Row].Errors)
	}
	for row, n := range dealt.rows {
		if n < 2 {
			t.Errorf("row %d was dealt %d times", row, n)
		}
	}
}

// Who enters before it waits for a row: entering is subtracted like a pause, and
// the wait is held.
func TestEnteringBeforeWaitingForARow(t *testing.T) {
	s := visit(t, time.Second, 4*time.Second, time.Second)
	source, _ := rows(t, "row", 1, "leased")
	s.Leave, s.Journeys.Sources, s.sources = nil, []int{0}, []drive.Source{source}
	s.loop = drive.Loop{Schedule: closed(2, schedule.Never, 2), Until: schedule.Never}
	rec, end, _ := s.carry(t)
	if end.At != 9*time.Second || rec.Response.Min() != 4*time.Second || rec.Response.Max() != 8*time.Second || rec.Service.Min() != 4*time.Second || rec.Service.Max() != 4*time.Second {
		t.Errorf("over at %v, response %v to %v, service %v to %v", end.At, rec.Response.Min(), rec.Response.Max(), rec.Service.Min(), rec.Service.Max())
	}
	if act := rec.Rows[acted]; rec.Held.Max() != 4*time.Second || rec.HeldCalls != 1 || rec.Elapsed.Max() != 9*time.Second || act.Held.Max() != 0 || act.Response.Max() != 4*time.Second || rec.Lateness.Max() != 0 {
		t.Errorf("held up to %v, of the call %v, elapsed %v, late %v", rec.Held.Max(), act.Held.Max(), rec.Elapsed.Max(), rec.Lateness.Max())
	}
}
