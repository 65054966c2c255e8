package fleet

import (
	"context"
	"encoding/json"
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
)

// shares are an agent's that permits nothing but what every agent does, on a machine
// with a secret in its environment.
func shares() *Shares {
	return &Shares{Version: "test", Environment: func(name string) (string, bool) { return "hush-" + name, name == "SECRET" }}
}

func onePlan(target string) Plan {
	return Plan{Name: "s.yaml", Trials: 1, Text: []byte("targets:\n  t: {" + target + "}\nscenarios:\n  - {name: s, target: t, duration: 1s, modes: [{rate-limited: 20/s}]}\n")}
}

// A coordinator that asks for what an agent has not permitted is refused, with why; and
// nothing is executed, written, read or told.
func TestHostileCoordinator(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
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
		"a secret in a mistake": {onePlan("http: {url: 'http://127.0.0.1:1/', timeout: '${SECRET}'}"), "${SECRET}"},
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
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "plimsoll-agent-*")); len(left) > 50 {
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
	// It is as good as new.
	c, err := gather(t, s.talk(token), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if sums, out := carried(c, fakeOrder{Intervals: 3}, true, nil); out.Err != nil || sums[0] != 3 {
		t.Errorf("%v, %+v\n%s", sums, out, h.noted())
	}
}
