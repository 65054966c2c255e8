package drive_test

import (
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

// once carries steps out as setup and teardown are, with what others have set.
func (s *script) once(t testing.TB, given []journey.Held, stop *drive.Stop, steps ...journey.Step) (drive.Pass, *drive.Recorder, *counting) {
	t.Helper()
	p := journey.New(journey.Journeys{Main: steps}, s.rows, s.names, nil)
	p.Refs = s.refs
	server, rec := newCounting(*s.site, random.New(1)), drive.NewRecorder(schedule.Never, nil)
	server.sees = s.sees
	pass := drive.Once(drive.Loop{
		Clock: wait.NewVirtual(0), Recorder: rec, Stop: stop,
		Journey: &drive.Journey{
			Program: p, World: journey.World{Draws: random.New(1).Key("once"), Given: given}, Streams: random.New(1), Carriers: []target.Carrier{server},
		},
	})
	if pass.Err != nil {
		t.Fatal(pass.Err)
	}
	return pass, rec, server
}

// outside marks the rows so far.
func (s *script) outside() {
	for i := range s.rows {
		s.rows[i].Outside = true
	}
}

// What setup extracts is there for every iteration, and for teardown; the calls
// of both are in rows of their own, and in no sum of the trial's.
func TestWhatSetupSetsIsThereForAll(t *testing.T) {
	s := &script{site: &sim.Settings{Delay: delay.Of(10 * ms), Routes: []sim.Route{
		{Path: "/login", Manner: sim.Manner{Answer: answering(t, `{"token": "t-42", "ids": [7, 9]}`)}},
		{Path: "/*", Manner: sim.Manner{Answer: answering(t, `{"at": "${path}"}`)}},
	}}}
	login := s.get(t, "login", "/login", "token: json.token", "ids: json.ids")
	logout := s.get(t, "logout", "/logout/${token}")
	logout.Check = s.conditions(t, logout, "json.at == /logout/t-42")
	s.outside()
	use := s.get(t, "use", "/use/${token}/${ids.last}")
	use.Check = s.conditions(t, use, "json.at == /use/t-42/9", "ids.count == 2")

	setup, before, first := s.once(t, nil, &drive.Stop{}, step(login), journey.Step{Do: journey.Pause{Delay: delay.Of(time.Second)}, Row: -1})
	if setup.Class != "" || setup.At != 1010*ms || before.Rows[0].OK != 1 || before.Rows[0].Response.Max() != 10*ms || len(first.arrived) != 1 {
		t.Fatalf("setup: %+v, %d ok", setup, before.Rows[0].OK)
	}
	s.given = setup.Values
	rec, server := s.run(t, 5, step(use))
	teardown, after, last := s.once(t, setup.Values, &drive.Stop{}, step(logout))
	if teardown.Class != "" || len(last.arrived) != 1 {
		t.Fatalf("teardown: %+v", teardown)
	}
	rec.MergeRows(before.Interval)
	rec.MergeRows(after.Interval)
	if rec.OK != 5 || rec.Attempts != 5 || len(server.arrived) != 5 || rec.Response.Max() != 10*ms {
		t.Errorf("%d iterations in %d attempts, the server saw %d, %+v", rec.OK, rec.Attempts, len(server.arrived), rec.Errors)
	}
	for n, want := range []int64{1, 1, 5} {
		if row := rec.Rows[n]; row.OK != want || row.Attempts != want {
			t.Errorf("%s: %d ok, want %d", s.rows[n].Name, row.OK, want)
		}
	}
}

// A setup that fails tells how, and leaves what it had set until then.
func TestSetupThatFails(t *testing.T) {
	s := &script{site: &sim.Settings{Delay: delay.Of(10 * ms), Routes: []sim.Route{
		{Path: "/make", Manner: sim.Manner{Answer: answering(t, `{"id": 7}`)}},
		{Path: "/fill", Manner: sim.Manner{Errors: &sim.Errors{Rate: 1, Kind: sim.Status500}}},
	}}}
	create, fill, never := s.get(t, "make", "/make", "id: json.id"), s.get(t, "fill", "/fill"), s.get(t, "never", "/make")
	s.outside()
	pass, rec, server := s.once(t, nil, &drive.Stop{}, step(create), step(fill), step(never))
	if pass.Class != "status-500" || pass.Example != "simulated: the server answered 500" || pass.Interrupted || pass.At != 20*ms {
		t.Errorf("%+v", pass)
	}
	if len(pass.Values) != 1 || pass.Values[s.variable("id")].Text != "7" {
		t.Errorf("it left %+v", pass.Values)
	}
	if len(server.arrived) != 2 || rec.Rows[0].OK != 1 || rec.Rows[1].Errors["status-500"].Count != 1 || len(rec.Rows) != 2 {
		t.Errorf("the server saw %d calls", len(server.arrived))
	}
}

// One that is interrupted is cancelled, whether it hangs or never began.
func TestSetupIsInterrupted(t *testing.T) {
	for name, c := range map[string]struct {
		before bool
		takes  time.Duration
		seen   int
		values int
	}{"before it began": {true, time.Second, 0, 0}, "while it hangs": {false, 1000 * time.Hour, 2, 1}} {
		stop := &drive.Stop{}
		s := &script{site: &sim.Settings{Delay: delay.Of(ms), Routes: []sim.Route{
			{Path: "/hang", Manner: sim.Manner{Delay: &delay.Delay{Kind: delay.Constant, A: c.takes}}},
			{Path: "/*", Manner: sim.Manner{Answer: answering(t, `{"id": 7}`)}},
		}}}
		first, hang := s.get(t, "first", "/", "id: json.id"), s.get(t, "hang", "/hang")
		if c.before {
			stop.AtOnce()
		} else {
			s.sees = func(n int) {
				if n == 2 {
					stop.Gently()
				}
			}
		}
		pass, rec, server := s.once(t, nil, stop, step(first), step(hang))
		if !pass.Interrupted || pass.Class != target.Cancelled || len(server.arrived) != c.seen || len(pass.Values) != c.values {
			t.Errorf("%s: %+v, the server saw %d", name, pass, len(server.arrived))
		}
		if c.seen == 2 && (rec.Rows[1].Cancelled != 1 || pass.At != 3001*ms) {
			t.Errorf("%s: %d cancelled at %v", name, rec.Rows[1].Cancelled, pass.At)
		}
	}
}
