package fleet

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nuid"

	"plimsoll/runner"
	"plimsoll/runner/fleet/offset"
)

// shares are an agent's that permits nothing but what every agent does, on a machine
// with two secrets in its environment, of which one is permitted.
func shares() *Shares {
	permit, _ := Permit{}.WithVariables([]string{"PERMITTED*"})
	return &Shares{Permit: permit, Version: "test", Environment: func(name string) (string, bool) {
		return "hush-" + name, name == "SECRET" || name == "PERMITTED_SECRET"
	}}
}

func onePlan(target string) Plan {
	return Plan{Name: "s.yaml", Trials: 1, Text: []byte("targets:\n  t: {" + target + "}\nscenarios:\n  - {name: s, target: t, duration: 1s, modes: [{rate-limited: 20/s}]}\n")}
}

// A coordinator that asks for what an agent has not permitted is refused, with why; and
// nothing is executed, written, read or told.
func TestHostileCoordinator(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	t.Setenv("TMPDIR", t.TempDir())
	for name, c := range map[string]struct {
		plan Plan
		why  string
	}{
		"a program":            {onePlan("exec: [touch, " + outside + "]"), "takes --allow-exec"},
		"a file":               {onePlan("file: {file: write, path: x}"), "takes --allow-exec"},
		"a database in a file": {onePlan("sql: {driver: sqlite, dsn: 'file:x', sql: select 1}"), ""},
		"a path above":         {onePlan("http: {url: 'http://127.0.0.1:1/', method: POST, body_file: ../../../../../../../../../../../etc/passwd}"), "outside"},
		"an absolute path":     {onePlan("http: {url: 'https://127.0.0.1:1/', tls: {ca: /etc/passwd}}"), "outside"},
		"a file that is put elsewhere": {func() Plan {
			p := onePlan("http: {url: 'http://127.0.0.1:1/'}")
			p.Files = map[string][]byte{"../" + outside: []byte("x")}
			return p
		}(), "outside"},
		"a schema that imports": {func() Plan {
			p := onePlan("grpc: {address: '127.0.0.1:1', schema: a.proto, rpc: a.B/C, message: {}}")
			p.Files = map[string][]byte{"a.proto": []byte(`syntax = "proto3"; import "etc/passwd";`)}
			return p
		}(), "neither beside it"},
		"a secret in a mistake": {onePlan("http: {url: 'http://127.0.0.1:1/', timeout: '${PERMITTED_SECRET}'}"), "${PERMITTED_SECRET}"},
		"other trials":          {func() Plan { p := onePlan("sim: {delay: 1ms}"); p.Trials = 2; return p }(), "1 trials here, and 2"},
		"no plan":               {Plan{Text: []byte("\x00: [")}, "cannot be carried out"},
	} {
		job, err := shares().Take(c.plan)
		if err == nil {
			job.Close()
			t.Errorf("%s is taken", name)
			continue
		}
		if !strings.Contains(err.Error(), c.why) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "root:") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("something was executed, or written")
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "plimsoll-agent-*")); len(left) > 0 {
		t.Errorf("%d folders are left", len(left))
	}
}

// single is a desk of one share.
type single struct{ sent atomic.Int64 }

func (a *single) Ready(context.Context, []byte) (time.Time, []byte, error) {
	return time.Now(), nil, nil
}
func (a *single) Send([]byte)                 { a.sent.Add(1) }
func (a *single) Alone(context.Context) error { return nil }

// An agent ends a share that would connect to where none may, before it has, and
// carries out one that is permitted.
func TestAddressesOfShares(t *testing.T) {
	var came atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came.Add(1)
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://192.0.2.1:80/", http.StatusFound)
		}
	}))
	defer server.Close()
	carry := func(plan Plan) error {
		t.Helper()
		job, err := shares().Take(plan)
		if err != nil {
			t.Fatal(err)
		}
		defer job.Close()
		order, _ := json.Marshal(runner.Order{})
		end, err := job.Carry(t.Context(), t.Context(), Command{Number: 1, Shares: 1, Order: order}, new(single))
		if err == nil && !json.Valid(end) {
			t.Errorf("it ended with %q", end)
		}
		return err
	}
	if err := carry(onePlan("http: {url: '" + server.URL + "/'}")); err != nil || came.Load() != 20 {
		t.Errorf("%d calls came, %v", came.Load(), err)
	}
	for _, target := range []string{"http: {url: 'http://192.0.2.1/'}", "http: {url: 'http://192.0.2.1/', engine: std}", "http: {url: 'http://x/', resolve: {x: 192.0.2.1}}", "tcp: {address: '192.0.2.1:80', send: x, receive: {bytes: 1}}", "http: {url: 'http://x/', unix: '@x'}"} {
		if err := carry(onePlan(target)); err == nil || !strings.Contains(err.Error(), "does not permit") {
			t.Errorf("%s: %v", target, err)
		}
	}
	away := onePlan("http: {url: '" + server.URL + "/'}")
	away.Text = []byte(strings.Replace(string(away.Text), "modes:", "steps: [{get: /away, redirects: 2}], modes:", 1))
	if err := carry(away); err == nil || !strings.Contains(err.Error(), "does not permit 192.0.2.1:80") {
		t.Errorf("a redirect: %v", err)
	}
}

// An agent that sends what nothing has recorded is lost, and what it sent counts for
// nothing; the others' counts.
func TestHostileAgent(t *testing.T) {
	s := newServer(t)
	hire(t, s.talk(token), "good", nil)
	hire(t, s.talk(token), "mad", func(a *Agent, h *hired) { a.Work = mad{&h.work} })
	c, err := gather(t, s.talk(token), 2, func(o *Options) { o.Lost = Continue })
	if err != nil {
		t.Fatal(err)
	}
	sums, out := carried(c, fakeOrder{Intervals: 5}, true, nil)
	if out.Err != nil || sums[0] != 5 || sums[1] != 0 || !strings.Contains(out.Shares[1].Agent.Lost, "makes no sense") {
		t.Errorf("%v, %+v", sums, out)
	}
	if _, out := carried(c, fakeOrder{Intervals: 5}, true, nil); out.Err == nil || !strings.Contains(out.Err.Error(), "agent mad is lost") {
		t.Errorf("%+v", out)
	}
}

type mad struct{ *work }

func (m mad) Take(Plan) (Job, error) { return m, nil }

func (m mad) Carry(ctx, _ context.Context, c Command, d Desk) ([]byte, error) {
	if _, _, err := d.Ready(ctx, nil); err != nil {
		return nil, err
	}
	d.Send([]byte("\xff\x00 garbage"))
	return []byte("over"), nil
}

// Messages that nobody should say, in any order, end a conversation and nothing else.
func TestNonsenseOverTheWire(t *testing.T) {
	s := newServer(t)
	h := hire(t, s.talk(token), "a", nil)
	for _, nonsense := range [][]frame{
		{{head: head{Kind: start, Seq: 1}, body: []byte("{}")}},
		{{head: head{Kind: orderOf, Seq: 1}, body: []byte(`{"number":1,"share":3,"shares":2}`)}},
		{{head: head{Kind: planOf, Seq: 1}, body: []byte(`no JSON`)}},
		{{head: head{Kind: planOf, Seq: 1}, body: []byte(`{}`)}, {head: head{Kind: planOf, Seq: 2}, body: []byte(`{}`)}},
		{{head: head{Kind: "dance", Seq: 1}, body: []byte(`{}`)}},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		l, err := connect(ctx, s.talk(token), nuid.Next(), false)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		taken := false
		for !taken {
			l.say(everybody, frame{head: head{Kind: calling, Program: "test"}})
			select {
			case heard := <-l.heard:
				if taken = heard.Kind == join; taken {
					l.say(heard.From, frame{head: head{Kind: welcome}})
					for _, f := range nonsense {
						l.say(heard.From, f)
					}
				}
			case <-time.After(100 * time.Millisecond):
			}
		}
		l.close()
	}
	// It is as good as new, and has told of those that cannot be late.
	c, err := gather(t, s.talk(token), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if sums, out := carried(c, fakeOrder{Intervals: 3}, true, nil); out.Err != nil || sums[0] != 3 || strings.Count(h.noted(), "makes no sense") != 4 {
		t.Errorf("%v, %+v\n%s", sums, out, h.noted())
	}
}

// An agent of a fleet heeds its own coordinator, and no other, who has the token, too.
func TestAnotherCoordinatorIsNotHeeded(t *testing.T) {
	s := newServer(t)
	h := hire(t, s.talk(token), "a", nil)
	c, err := gather(t, s.talk(token), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	session := make(chan string, 1)
	c.ask(func() { session <- c.members[0].session })
	other, err := connect(t.Context(), s.talk(token), nuid.Next(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	to := <-session
	for _, k := range []kind{dropped, leave, halt, welcome, "dance"} {
		other.say(to, frame{head: head{Kind: k, Seq: 2}, body: []byte(`{"number":1}`)})
	}
	if err := other.conn.FlushTimeout(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if sums, out := carried(c, fakeOrder{Intervals: 3}, true, nil); out.Err != nil || sums[0] != 3 {
		t.Errorf("%v, %+v\n%s", sums, out, h.noted())
	}
}

// What an agent sends behind its nonsense counts for nothing, either; and one whose
// share ended as none can is lost, too.
func TestNothingCountsBehindNonsense(t *testing.T) {
	s := newServer(t)
	hire(t, s.talk(token), "good", nil)
	hire(t, s.talk(token), "mad", func(a *Agent, h *hired) { a.Work = relapsing{mad{&h.work}} })
	c, err := gather(t, s.talk(token), 2, func(o *Options) { o.Lost = Continue })
	if err != nil {
		t.Fatal(err)
	}
	sums, out := carried(c, fakeOrder{Intervals: 5}, true, nil)
	if out.Err != nil || sums[0] != 5 || sums[1] != 0 || !strings.Contains(out.Shares[1].Agent.Lost, "makes no sense") {
		t.Errorf("%v, %+v", sums, out)
	}
}

type relapsing struct{ mad }

func (m relapsing) Take(Plan) (Job, error) { return m, nil }

func (m relapsing) Carry(ctx, atOnce context.Context, c Command, d Desk) ([]byte, error) {
	end, err := m.mad.Carry(ctx, atOnce, c, d)
	for range 50 {
		d.Send([]byte("0"))
	}
	return end, err
}

// An agent that tells nonsense of how its share ended is lost.
func TestEndsOfHostileAgents(t *testing.T) {
	s := newServer(t)
	hire(t, s.talk(token), "mad", nil) // whose shares end with "over", and no JSON
	c, err := gather(t, s.talk(token), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Carry(t.Context(), t.Context(), runner.Order{}, &sum{of: map[int]int{}})
	if err != nil || len(all) != 1 || !strings.Contains(all[0].Agent.Lost, "makes no sense: how its share ended cannot be") || all[0].End != nil {
		t.Fatalf("%+v, %v", all, err)
	}
	if _, err := c.Carry(t.Context(), t.Context(), runner.Order{}, &sum{of: map[int]int{}}); err == nil || !strings.Contains(err.Error(), "agent mad is lost") {
		t.Errorf("the next trial: %v", err)
	}
}

// What an agent says of itself is checked before it is one of the fleet.
func TestIntroductions(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		fine bool
	}{
		"an honest one":          {`{"name":"a b/3 ü","index":-1,"machine":{"os":"linux","cpus":2,"memory_bytes":1}}`, true},
		"processors below none":  {`{"name":"a","machine":{"cpus":-1}}`, false},
		"processors beyond all":  {`{"name":"a","machine":{"cpus":1000000000000}}`, false},
		"memory below none":      {`{"name":"a","machine":{"memory_bytes":-1}}`, false},
		"a name with orders":     {`{"name":"a\u009b2J"}`, false},
		"a name that runs back":  {`{"name":"a\u202eb"}`, false},
		"a name of two lines":    {`{"name":"a\nb"}`, false},
		"a machine with a story": {`{"name":"a","machine":{"cpu_model":"\u001b[2J` + strings.Repeat("m", 9999) + `"}}`, true},
	} {
		in, err := read[introduction](join, []byte(c.text))
		if err == nil {
			err = in.check()
		}
		if (err == nil) != c.fine || len(in.Machine.CPUModel) > mostName || strings.Contains(in.Machine.CPUModel, "\x1b") {
			t.Errorf("%s: %+v, %v", name, in, err)
		}
	}
}

// Answers to pings that an agent has made up move no start, and tell no clock.
func TestRoundTripsThatWereNone(t *testing.T) {
	now := time.Duration(time.Now().UnixNano())
	for name, c := range map[string]struct {
		r    offset.Round
		fine bool
	}{
		"an honest one":        {offset.Round{Sent: now, Heard: now + 5*time.Second, Answered: now + 5*time.Second, Back: now + time.Second}, true},
		"a clock since 1970":   {offset.Round{Sent: now, Heard: time.Second, Answered: time.Second, Back: now}, true},
		"sent long ago":        {offset.Round{Sent: now - time.Hour, Heard: now, Answered: now, Back: now}, false},
		"sent before all time": {offset.Round{Sent: math.MinInt64, Heard: now, Answered: now, Back: now}, false},
		"not sent yet":         {offset.Round{Sent: now + time.Hour, Heard: now, Answered: now, Back: now}, false},
		"a clock beyond all":   {offset.Round{Sent: now, Heard: math.MaxInt64, Answered: math.MaxInt64, Back: now}, false},
		"a clock below all":    {offset.Round{Sent: now, Heard: math.MinInt64, Answered: math.MinInt64, Back: now}, false},
		"answered unheard":     {offset.Round{Sent: now, Heard: now + 2, Answered: now + 1, Back: now + 9}, false},
	} {
		if believable(c.r) != c.fine {
			t.Errorf("%s is believed: %v", name, !c.fine)
		}
	}
}

// Nobody waits for round trips without an end.
func TestTimingEnds(t *testing.T) {
	for after, want := range map[time.Duration]int{toTime - time.Second: 7, toTime: 0} {
		m := &member{burst: 7}
		m.rounds.Add(offset.Round{Sent: 1, Heard: 2, Answered: 3, Back: 4})
		c := &Coordinator{Options: Options{Clock: stopped(after)}, members: []*member{m}}
		if c.endTiming(); m.burst != want || m.lost != "" {
			t.Errorf("after %v: %d round trips are waited for, lost: %q", after, m.burst, m.lost)
		}
	}
}

// stopped is a clock that shows one time.
type stopped time.Duration

func (s stopped) Now() time.Duration           { return time.Duration(s) }
func (stopped) Time(time.Duration) time.Time   { return time.Time{} }
func (s stopped) At(t time.Time) time.Duration { return time.Duration(s) }
