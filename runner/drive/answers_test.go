package drive_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/condition"
	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/look"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/template"
	"plimsoll/target/value"
	"plimsoll/target/wait"
)

// script numbers variables and conditions as well.
type script struct {
	builder
	names []string
	refs  []journey.Ref
	site  *sim.Settings
	given []journey.Held
	limit drive.Limit
	sees  func(n int) // as the server's
}

func (s *script) variable(name string) int {
	if i := slices.Index(s.names, name); i >= 0 {
		return i
	}
	s.names = append(s.names, name)
	return len(s.names) - 1
}

func (s *script) ref(r template.Ref) journey.Ref {
	return journey.Ref{Variable: s.variable(r.Name), Path: r.Path, Text: r.Text}
}

// conditions are read and bound to a call.
func (s *script) conditions(t testing.TB, c *journey.Call, texts ...string) (all []*condition.Condition) {
	t.Helper()
	for _, text := range texts {
		read, err := condition.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		read.Bind(func(o look.Operand) int { return want(c, o) }, func(r template.Ref) int {
			s.refs = append(s.refs, s.ref(r))
			return len(s.refs) - 1
		})
		all = append(all, &read)
	}
	return all
}

func want(c *journey.Call, o look.Operand) int {
	for i := range c.Want {
		if c.Want[i].String() == o.String() {
			return i
		}
	}
	c.Want = append(c.Want, o)
	return len(c.Want) - 1
}

// page is what a step asks of the simulated server.
type page struct{ url template.Template }

func (p page) Target(dst []byte, args []value.Value) []byte {
	return p.url.Append(dst, args, template.InURL)
}
func (p page) Fixed() bool  { _, fixed := p.url.Constant(); return fixed }
func (page) Bodiless() bool { return false }

// get is a step that asks for a URL, and extracts what `NAME: OPERAND` says.
func (s *script) get(t testing.TB, name, url string, extract ...string) *journey.Call {
	t.Helper()
	text, err := template.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	c := &journey.Call{Row: s.row(name)}
	for _, r := range text.Refs() {
		c.Args = append(c.Args, s.ref(r))
	}
	if c.Prepared, err = s.site.Prepare(page{text}); err != nil {
		t.Fatal(err)
	}
	for _, e := range extract {
		into, operand, _ := strings.Cut(e, ": ")
		o, err := look.Parse(operand)
		if err != nil {
			t.Fatal(err)
		}
		c.Extract = append(c.Extract, journey.Extract{Variable: s.variable(into), Found: want(c, o), Text: operand})
	}
	return c
}

func step(do journey.Action) journey.Step { return journey.Step{Do: do, Row: -1} }

// run carries the steps out once for each of so many iterations of one user.
func (s *script) run(t testing.TB, iterations int64, steps ...journey.Step) (*drive.Recorder, *counting) {
	t.Helper()
	p := journey.New(journey.Journeys{Main: steps}, s.rows, s.names, nil)
	p.Refs = s.refs
	server := newCounting(*s.site, random.New(1))
	streams := random.New(1)
	rec := drive.NewRecorder(schedule.Never, nil)
	end := drive.Loop{
		Schedule: closed(1, schedule.Never, iterations), Clock: wait.NewVirtual(0), Recorder: rec, Until: schedule.Never, Stop: &drive.Stop{},
		Journey: &drive.Journey{
			Program: p, World: journey.World{Draws: streams.Key("draws"), Given: s.given}, Loops: 1, Places: 1, Limit: s.limit, Streams: streams, Carriers: []target.Carrier{server},
		},
	}.Run()
	if end.Err != nil {
		t.Fatal(end.Err)
	}
	return rec, server
}

func answering(t testing.TB, json string) *sim.Answer {
	t.Helper()
	body, err := template.Parse(json)
	if err != nil {
		t.Fatal(err)
	}
	return &sim.Answer{Status: 200, Body: &body, Type: "application/json"}
}

// What one step extracts the next ones ask with; after `each` a name holds the
// list of its values, in the order of the members.
func TestStepsTakeWhatOthersExtract(t *testing.T) {
	s := &script{site: &sim.Settings{Delay: delay.Of(10 * ms), Routes: []sim.Route{
		{Path: "/list", Manner: sim.Manner{Answer: answering(t, `{"ids": [7, "a b", 9]}`)}},
		{Path: "/items/*", Manner: sim.Manner{Answer: answering(t, `{"at": "${path}"}`)}},
	}}}
	list, item := s.get(t, "list", "/list", "ids: json.ids"), s.get(t, "item", "/items/${id}", "at: json.at")
	each := journey.Each{List: journey.Ref{Variable: s.variable("ids")}, Member: s.variable("id"), Limit: 2, Steps: journey.Block{step(item)}, Sets: []int{s.variable("at")}}
	last := s.get(t, "last", "/list")
	last.Check = s.conditions(t, last, "ids.count == 3", "at.count == 3", "at.first == /items/7", `at.1 == "/items/a b"`, "at.last == /items/9", "json.ids.0 == 7", "status == 200")
	rec, server := s.run(t, 3, step(list), step(each), step(last))
	if rec.OK != 3 || rec.Rows[1].OK != 9 || len(server.arrived) != 15 || rec.Response.Max() != 40*ms {
		t.Fatalf("%d ok, %d items, the server saw %d, %v; %+v", rec.OK, rec.Rows[1].OK, len(server.arrived), rec.Response.Max(), rec.Errors)
	}
}

// A poll is one sample: the time until it is done, in steps of its pauses.
func TestPollsAreOneSample(t *testing.T) {
	pending, done := sim.Manner{Answer: answering(t, `{"state": "pending"}`)}, sim.Manner{Answer: answering(t, `{"state": "done"}`)}
	failed := sim.Manner{Answer: answering(t, `{"state": "failed"}`)}
	for name, c := range map[string]struct {
		turns   []sim.Manner
		within  time.Duration
		class   string
		took    time.Duration
		seen    int
		example string
	}{
		"done":     {[]sim.Manner{pending, pending, pending, done}, 0, "", 340 * ms, 4, ""},
		"failed":   {[]sim.Manner{pending, failed}, 0, target.Check, 120 * ms, 2, "job: json.state is failed"},
		"too slow": {[]sim.Manner{pending}, 225 * ms, target.Until, 225 * ms, 3, "job: json.state is pending, want == done within 225ms"},
	} {
		s := &script{site: &sim.Settings{Delay: delay.Of(10 * ms), Turns: c.turns}}
		job := s.get(t, "job", "/")
		job.Until, job.FailIf = s.conditions(t, job, "json.state == done"), s.conditions(t, job, "json.state == failed")
		job.Every, job.Within = delay.Of(100*ms), c.within
		rec, server := s.run(t, 1, step(job))
		row := rec.Rows[0]
		took, errors := row.Response.Max(), row.Errors[c.class]
		if c.class != "" {
			took = row.ErrorResponse.Max()
		}
		if took != c.took || len(server.arrived) != c.seen || row.Attempts != int64(c.seen) || row.Started() != 1 || rec.Started() != 1 {
			t.Errorf("%s: took %v, the server saw %d, %d attempts, %+v", name, took, len(server.arrived), row.Attempts, row.Errors)
		}
		if c.class != "" && (errors == nil || !strings.HasPrefix(errors.Example(), c.example)) {
			t.Errorf("%s: %+v", name, errors)
		}
	}
}

// A call that fails what it promises fails its iteration, with the step in its
// example; what comes behind it is not made.
func TestWhatFailsAnIteration(t *testing.T) {
	s := &script{site: &sim.Settings{Delay: delay.Of(10 * ms), Answer: answering(t, `{"total": 0, "text": "nothing here"}`)}}
	for name, c := range map[string]struct {
		break_  func(*journey.Call)
		class   string
		example string
	}{
		"check":  {func(c *journey.Call) { c.Check = s.conditions(t, c, "json.total > 0") }, target.Check, "pay: json.total is 0, want > 0"},
		"status": {func(c *journey.Call) { c.Check = s.conditions(t, c, "status == 201") }, "status-200", "pay: status is 200, want == 201"},
		"variable": {func(c *journey.Call) {
			c.Args = append(c.Args, journey.Ref{Variable: s.variable("nobody"), Text: "nobody"})
		}, target.Variable, "pay: ${nobody} has no value"},
		"extract": {func(c *journey.Call) {
			o, _ := look.Parse("json.token")
			c.Extract = []journey.Extract{{Variable: s.variable("token"), Found: want(c, o), Text: "json.token"}}
		}, target.Extract, `pay: json.token is not there: {"total": 0, "text": "nothing here"}`},
	} {
		s.rows, s.refs = nil, nil
		pay, next := s.get(t, "pay", "/pay"), s.get(t, "next", "/next")
		c.break_(pay)
		rec, server := s.run(t, 1, step(pay), step(next))
		e := rec.Errors[c.class]
		if e == nil || e.Count != 1 || e.Example() != c.example || rec.OK != 0 {
			t.Errorf("%s: %+v", name, rec.Errors)
			continue
		}
		sent := 1
		if name == "variable" {
			sent = 0
		}
		if len(server.arrived) != sent || rec.Attempts != int64(sent) || len(rec.Rows) != 1 {
			t.Errorf("%s: the server saw %d calls, %d rows", name, len(server.arrived), len(rec.Rows))
		}
	}
}
