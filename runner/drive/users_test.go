package drive_test

import (
	"slices"
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

// stay is what users do, and how a loop has them do it.
type stay struct {
	*script
	journey.Journeys
	every   time.Duration
	sources []drive.Source
	loop    drive.Loop
	places  int
	wrap    func(*counting) target.Carrier // nil: nothing is put around the server
}

// carry carries it out over the script's server.
func (s *stay) carry(t testing.TB) (*drive.Recorder, drive.End, *counting) {
	t.Helper()
	var sources []journey.Source
	for _, source := range s.sources {
		sources = append(sources, journey.Source{Name: source.Name, Variable: s.variable(source.Name)})
	}
	p := journey.New(s.Journeys, s.rows, s.names, sources)
	p.Refs, p.EnterEvery = s.refs, s.every
	server, streams, l := newCounting(*s.site, random.New(1)), random.New(1), s.loop
	server.sees = s.sees
	carrier := target.Carrier(server)
	if s.wrap != nil {
		carrier = s.wrap(server)
	}
	l.Clock, l.Recorder = wait.NewVirtual(0), drive.NewRecorder(l.Until, nil)
	if l.Stop == nil {
		l.Stop = &drive.Stop{}
	}
	l.Journey = &drive.Journey{
		Program: p, World: journey.World{Draws: streams.Key("draws")}, Places: s.places, Streams: streams, Limit: s.limit,
		Carriers: []target.Carrier{carrier}, Sources: s.sources,
	}
	end := l.Run()
	if end.Err != nil {
		t.Fatal(end.Err)
	}
	return l.Recorder, end, server
}

func manner(d time.Duration, answer *sim.Answer) sim.Manner {
	return sim.Manner{Delay: &delay.Delay{Kind: delay.Constant, A: d}, Answer: answer}
}

// visit is a user who enters, acts and leaves, each in a call of its own.
func visit(t testing.TB, enter, act, leave time.Duration) *stay {
	s := &stay{script: &script{site: &sim.Settings{Routes: []sim.Route{
		{Path: "/enter", Manner: manner(enter, answering(t, `{"token": "t-${n}"}`))},
		{Path: "/act/*", Manner: manner(act, answering(t, `{"at": "${path}"}`))},
		{Path: "/leave/*", Manner: manner(leave, nil)},
	}}}}
	in, out := s.get(t, "enter", "/enter", "token: json.token"), s.get(t, "leave", "/leave/${token}")
	s.outside()
	acts := s.get(t, "act", "/act/${token}")
	s.Enter, s.Main, s.Leave = journey.Block{step(in)}, journey.Block{step(acts)}, journey.Block{step(out)}
	return s
}

const entered, left, acted = 0, 1, 2 // the rows of a visit

// Tokens that expire are entered for anew, as soon as they are so old; what that
// takes is no part of an iteration's time.
func TestTokensThatExpire(t *testing.T) {
	s := visit(t, time.Second, 2*time.Second, time.Second)
	s.Leave, s.every, s.places = nil, 10*time.Second, 1
	s.loop = drive.Loop{Schedule: closed(1, schedule.Never, 50), Until: schedule.Never}
	rec, end, server := s.carry(t)
	// Entered until 1 s; iterations of 2 s, due at 3, 5, 7 and 9 s; at 11 s the token is 10 s old.
	if end.At != 110*time.Second || rec.OK != 50 || rec.Rows[entered].OK != 10 || rec.Rows[acted].OK != 50 || len(server.arrived) != 60 || rec.Attempts != 50 {
		t.Errorf("%d ok in %v, entered %d times, the server saw %d; %+v", rec.OK, end.At, rec.Rows[entered].OK, len(server.arrived), rec.Errors)
	}
	if rec.Response.Min() != 2*time.Second || rec.Response.Max() != 2*time.Second || rec.Elapsed.Max() != 3*time.Second || rec.Held.Max() != 0 {
		t.Errorf("took %v to %v, elapsed %v, held %v", rec.Response.Min(), rec.Response.Max(), rec.Elapsed.Max(), rec.Held.Max())
	}
}

// Where iterations do not come back each is a new user's, who enters after it is
// due, and leaves when it is over; users who come back do both once.
func TestUsersEnterAndLeave(t *testing.T) {
	open := schedule.NewOpen(schedule.Open{Bounds: schedule.Bounds{Until: 10 * time.Second}, Arrivals: schedule.Constant(2, time.Second), MaxInFlight: 1000}, schedule.StopOn{})
	for name, c := range map[string]struct {
		schedule    *schedule.Schedule
		places      int
		until       time.Duration
		users, acts int64
		end         time.Duration
	}{
		"open":   {open, 0, 10 * time.Second, 20, 20, 9500*ms + 600*ms},
		"batch":  {closed(7, schedule.Never, 7), 0, schedule.Never, 7, 7, 600 * ms},
		"closed": {closed(4, 10*time.Second, 0), 4, 10 * time.Second, 4, 4 * 49, 300*ms + 49*200*ms + 100*ms},
	} {
		s := visit(t, 300*ms, 200*ms, 100*ms)
		s.loop, s.places = drive.Loop{Schedule: c.schedule, Until: c.until, Drain: time.Minute}, c.places
		rec, end, server := s.carry(t)
		if rec.Rows[entered].OK != c.users || rec.Rows[acted].OK != c.acts || rec.Rows[left].OK != c.users || rec.OK != c.acts || int64(len(server.arrived)) != 2*c.users+c.acts || rec.Attempts != c.acts {
			t.Errorf("%s: %d entered, %d acted, %d left, the server saw %d; %+v", name, rec.Rows[entered].OK, rec.Rows[acted].OK, rec.Rows[left].OK, len(server.arrived), rec.Errors)
		}
		if rec.Response.Min() != 200*ms || rec.Response.Max() != 200*ms || rec.Held.Max() != 0 || end.At != c.end {
			t.Errorf("%s: took %v to %v, held %v, over at %v", name, rec.Response.Min(), rec.Response.Max(), rec.Held.Max(), end.At)
		}
	}
}

// Users leave who have nothing to do when they come.
func TestUsersLeaveWhoNeverEntered(t *testing.T) {
	for _, places := range []int{3, 0} {
		s := visit(t, 300*ms, 200*ms, 100*ms)
		bye := s.get(t, "bye", "/leave/bye")
		s.Enter, s.Main, s.Leave, s.places = nil, journey.Block{step(s.get(t, "go", "/act/now"))}, journey.Block{step(bye)}, places
		s.loop = drive.Loop{Schedule: closed(3, schedule.Never, 6), Until: schedule.Never, Drain: time.Second}
		rec, _, server := s.carry(t)
		if want := map[int]int64{3: 3, 0: 6}[places]; rec.Rows[bye.Row].OK != want || rec.OK != 6 || int64(len(server.arrived)) != 6+want {
			t.Errorf("%d places: %d left, %d ok, the server saw %d", places, rec.Rows[bye.Row].OK, rec.OK, len(server.arrived))
		}
	}
}

// A user who cannot enter fails its iteration, tries again with the next, and
// does not leave what it never entered.
func TestEnteringThatFails(t *testing.T) {
	fails := sim.Manner{Errors: &sim.Errors{Rate: 1, Kind: sim.Status500}}
	for _, c := range []struct {
		places            int
		failed, ok, leave int64
	}{{1, 2, 4, 1}, {0, 2, 4, 4}} {
		s := visit(t, 100*ms, 200*ms, 100*ms)
		s.site.Routes[0].Turns = []sim.Manner{fails, fails, {}, {}, {}, {}}
		s.loop, s.places = drive.Loop{Schedule: closed(1, schedule.Never, 6), Until: schedule.Never, Drain: time.Second}, c.places
		rec, _, _ := s.carry(t)
		e := rec.Errors["status-500"]
		if e == nil || e.Count != c.failed || rec.OK != c.ok || rec.Rows[acted].OK != c.ok || rec.Rows[acted].Started() != c.ok {
			t.Errorf("%d places: %d ok, %d acted, %+v", c.places, rec.OK, rec.Rows[acted].OK, rec.Errors)
		}
		if rec.Rows[left].OK != c.leave || rec.Rows[left].Started() != c.leave || rec.Rows[entered].Errors["status-500"].Count != c.failed {
			t.Errorf("%d places: %d of %d left well", c.places, rec.Rows[left].OK, rec.Rows[left].Started())
		}
	}
}

// Iterations that are given up, at the end of the drain or after an interrupt,
// still leave, and have the drain for it. Only at once everything ends at once.
func TestLeavingHasTheDrain(t *testing.T) {
	const hour = time.Hour
	gently, atOnce := func(s *drive.Stop) { s.Gently() }, func(s *drive.Stop) { s.AtOnce() }
	for name, c := range map[string]struct {
		until, drain, leaves time.Duration
		stop                 func(*drive.Stop) // when the third user acts, at 1 s
		left, gone           int64             // so many left, and so many were cut short
		end                  time.Duration
	}{
		"drain over":             {2 * time.Second, 5 * time.Second, 500 * ms, nil, 3, 0, 7500 * ms},
		"no time left to leave":  {2 * time.Second, 5 * time.Second, hour, nil, 0, 3, 12 * time.Second},
		"interrupted":            {hour, 5 * time.Second, 500 * ms, gently, 3, 0, 4500 * ms},
		"interrupted in a batch": {schedule.Never, 5 * time.Second, 500 * ms, gently, 3, 0, 4500 * ms},
		"interrupted, too slow":  {hour, 5 * time.Second, hour, gently, 0, 3, 9 * time.Second},
		"at once":                {hour, 5 * time.Second, 500 * ms, atOnce, 0, 0, time.Second},
	} {
		for _, places := range []int{3, 0} {
			s := visit(t, time.Second, hour, c.leaves)
			stop := &drive.Stop{}
			s.sees = func(n int) {
				if n == 6 && c.stop != nil {
					c.stop(stop)
				}
			}
			requests := int64(3)
			if places > 0 {
				requests = 0
			}
			s.loop, s.places = drive.Loop{Schedule: closed(3, c.until, requests), Until: c.until, Drain: c.drain, Stop: stop}, places
			rec, end, server := s.carry(t)
			row := &drive.Interval{}
			if len(rec.Rows) > left && rec.Rows[left] != nil {
				row = rec.Rows[left]
			}
			if rec.Cancelled != 3 || rec.Started() != 3 || row.OK != c.left || row.Cancelled != c.gone || end.At != c.end || int64(len(server.arrived)) != 6+c.left+c.gone {
				t.Errorf("%s, %d places: %d cancelled, %d left, %d cut short, the server saw %d, over at %v", name, places, rec.Cancelled, row.OK, row.Cancelled, len(server.arrived), end.At)
			}
		}
	}
}

// Users who go keep to the limit, think and try again like any others, also when
// iterations have been given up.
func TestLeavingGoesOn(t *testing.T) {
	s := visit(t, time.Second, time.Hour, 100*ms)
	s.limit = drive.Limit{N: 1, Per: time.Second}
	s.Leave = journey.Block{think(delay.Of(250 * ms)), s.Leave[0]}
	s.loop, s.places = drive.Loop{Schedule: closed(2, 5*time.Second, 0), Until: 5 * time.Second, Drain: 5 * time.Second}, 2
	rec, end, server := s.carry(t)
	// They enter at 0 and 1 s, act at 2 (the limit) and 3 s, are given up at 10 s.
	if want := []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second, 10250 * ms, 11250 * ms}; !slices.Equal(server.arrived, want) || end.At != 11350*ms {
		t.Errorf("the server saw calls at %v, over at %v", server.arrived, end.At)
	}
	if rec.Cancelled != 2 || rec.Rows[left].OK != 2 || rec.Rows[left].Held.Max() != time.Second {
		t.Errorf("%d cancelled, %d left, held %v", rec.Cancelled, rec.Rows[left].OK, rec.Rows[left].Held.Max())
	}
}

// Who has ended all iterations has a drain of its own to leave in, from then on,
// whatever an interrupt meanwhile says.
func TestLeavingHasADrainOfItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		until       time.Duration
		act, leaves time.Duration
		interrupted bool
		left, short int64
		end         time.Duration
	}{
		"a batch":           {schedule.Never, time.Second, time.Hour, false, 0, 3, 12 * time.Second},
		"late in the drain": {2 * time.Second, 10 * time.Second, 4 * time.Second, false, 6, 0, 19 * time.Second},
		"interrupted":       {schedule.Never, time.Second, 4 * time.Second, true, 6, 0, 10 * time.Second},
	} {
		s := visit(t, time.Second, c.act, c.leaves)
		stop := &drive.Stop{}
		s.sees = func(n int) {
			if n == 7 && c.interrupted { // the first who leaves
				stop.Gently()
			}
		}
		s.Leave = append(s.Leave, s.Leave[0])
		s.loop, s.places = drive.Loop{Schedule: closed(3, c.until, 3), Until: c.until, Drain: 10 * time.Second, Stop: stop}, 3
		rec, end, _ := s.carry(t)
		if rec.OK != 3 || rec.Rows[left].OK != c.left || rec.Rows[left].Cancelled != c.short || end.At != c.end {
			t.Errorf("%s: %d ok, %d left, %d cut short, over at %v", name, rec.OK, rec.Rows[left].OK, rec.Rows[left].Cancelled, end.At)
		}
	}
}

// deaf is a server that does not hear that its first call of a visitor's is given
// up.
type deaf struct{ *counting }

func (d deaf) Cancel(id target.ID, now time.Duration) {
	if id.Slot() > 0 {
		d.counting.Cancel(id, now)
	}
}

// A call that would not be given up keeps nobody else from leaving.
func TestLeavingBesideACallThatHangs(t *testing.T) {
	for _, places := range []int{2, 0} {
		s := visit(t, time.Second, time.Hour, 4*time.Second)
		s.wrap = func(c *counting) target.Carrier { return deaf{c} }
		s.loop, s.places = drive.Loop{Schedule: closed(2, schedule.Never, 2), Until: schedule.Never, Drain: 5 * time.Second, Stop: &drive.Stop{}}, places
		s.sees = func(n int) {
			if n == 4 {
				s.loop.Stop.Gently()
			}
		}
		rec, end, _ := s.carry(t)
		gone := int64(0)
		if len(rec.Rows) > left && rec.Rows[left] != nil {
			gone = rec.Rows[left].OK
		}
		// Who comes back goes when all iterations are over.
		if want := map[int]int64{0: 1}[places]; rec.Cancelled != 2 || gone != want || end.At != 11*time.Second {
			t.Errorf("%d places: %d cancelled, %d left, over at %v", places, rec.Cancelled, gone, end.At)
		}
	}
}
