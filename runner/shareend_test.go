package runner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/drive"
	"plimsoll/runner/mode"
	"plimsoll/runner/scenario"
	"plimsoll/target"
)

// The connections of all agents are told together, as many as the server saw.
func TestAFleetCountsConnections(t *testing.T) {
	var seen atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			seen.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	text := fmt.Sprintf("targets: {t: {http: {url: %q, keepalive: false}}}\nscenarios: [{name: s, target: t, duration: 1s, modes: [{rate-limited: 20/s}]}]", server.URL)
	trial := carryOut(t, text, by(fleet(t, text, 2)), func(o *runner.Options) { o.AllowLate = true }).Trials[0]
	if n := trial.Connections["HTTP/1.1"]; trial.OK != 20 || n != seen.Load() || len(trial.Connections) != 1 {
		t.Errorf("%d calls over %v, and the server saw %d connections", trial.OK, trial.Connections, seen.Load())
	}
}

// How a share ended is an agent's word, and what cannot be is not believed.
func TestEndsThatCannotBeAreRefused(t *testing.T) {
	const fine = `{"ended":"complete","engine":"wire-epoll+std","loops":2,"connections":{"HTTP/2":3},"tls":{"handshakes":3,"resumed":1},"machine_use":{"cpu_s":0.5,"gcs":7},"health":{"kept_pace":true,"why":"","limited_by":"data"},"warnings":["a \u001b[31mred\u001b[0m one"]}`
	end, err := runner.ReadShareEnd([]byte(fine))
	if err != nil || end.Loops != 2 || end.Connections["HTTP/2"] != 3 || end.TLS.Resumed != 1 || end.Use.GCs != 7 {
		t.Fatalf("%+v, %v", end, err)
	}
	if strings.Contains(end.Warnings[0], "\x1b") {
		t.Errorf("a warning orders terminals about: %q", end.Warnings[0])
	}
	for name, change := range map[string]string{
		"no end":                   `"ended":"complete" "ended":"failed"`,
		"an engine of any length":  `wire-epoll ` + strings.Repeat("e", 101),
		"an engine with orders":    `wire-epoll wire\u001b]0;`,
		"loops below none":         `"loops":2 "loops":-2`,
		"loops beyond all":         `"loops":2 "loops":70000`,
		"connections below none":   `"HTTP/2":3 "HTTP/2":-3`,
		"connections beyond all":   `"HTTP/2":3 "HTTP/2":9223372036854775807`,
		"a protocol with orders":   `HTTP/2 HTTP\u001b[2J`,
		"no protocol":              `HTTP/2 `,
		"handshakes below none":    `"handshakes":3 "handshakes":-1`,
		"resumed beyond all":       `"resumed":1 "resumed":9223372036854775807`,
		"time below none":          `"cpu_s":0.5 "cpu_s":-0.5`,
		"time beyond all":          `"cpu_s":0.5 "cpu_s":1e308`,
		"counts below none":        `"gcs":7 "gcs":-7`,
		"counts beyond all":        `"gcs":7 "gcs":9223372036854775807`,
		"limited by anything":      `"limited_by":"data" "limited_by":"mercy"`,
		"no JSON":                  `{"ended" {{`,
		"more than anybody reads":  `red ` + strings.Repeat("r", 1<<20),
		"warnings without an end":  `"warnings":[ "warnings":[` + strings.Repeat(`"w",`, 100),
		"protocols without an end": `"HTTP/2":3 ` + protocols(17),
	} {
		from, to, _ := strings.Cut(change, " ")
		text := strings.Replace(fine, from, to, 1)
		if end, err := runner.ReadShareEnd([]byte(text)); err == nil || text == fine {
			t.Errorf("%s: %+v", name, end)
		} else if strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %q", name, err)
		}
	}
}

func protocols(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"p%d":1`, i))
	}
	return strings.Join(all, ",")
}

// failures is a piece with so many classes of failures.
func failures(classes ...string) []byte {
	r := drive.NewRecorder(time.Second, nil)
	for n, class := range classes {
		c := drive.Call{Number: uint64(n), End: time.Millisecond, Outcome: &target.Outcome{}}
		c.Class, c.Attempts = class, 1
		r.Record(&c)
	}
	return r.Append(nil, time.Second)
}

// accuser hands such pieces over, before its honest ones.
type accuser struct {
	*table
	pieces [][]byte
	errs   []error
}

func (f *accuser) Carry(ctx, atOnce context.Context, o runner.Order, to runner.Gatherer) ([]runner.Carried, error) {
	for _, piece := range f.pieces {
		f.errs = append(f.errs, to.Take(0, piece))
	}
	return f.table.Carry(ctx, atOnce, o, to)
}

// All pieces of a trial together fail in no more ways than one may.
func TestClassesOfAllPiecesAreBounded(t *testing.T) {
	named := func(from, to int) (all []string) {
		for i := from; i < to; i++ {
			all = append(all, fmt.Sprint("class-", i))
		}
		return all
	}
	text := "targets: {t: {sim: {delay: 5ms}}}\nscenarios: [{name: s, target: t, clock: virtual, duration: 1s, modes: [concurrent: 4]}]"
	f := &accuser{table: fleet(t, text, 2), pieces: [][]byte{
		failures(named(0, 600)...), failures(named(500, 1001)...), failures(strings.Repeat("c", 101)), failures(named(500, 1000)...), failures(named(0, 1000)...),
	}}
	trial := carryOut(t, text, by(f)).Trials[0]
	for i, refused := range []bool{false, true, true, false, false} {
		if (f.errs[i] != nil) != refused {
			t.Errorf("piece %d: %v", i, f.errs[i])
		}
	}
	if len(trial.Errors) != 1000 || trial.Started != 800+600+500+1000 {
		t.Errorf("%d classes of %d calls", len(trial.Errors), trial.Started)
	}
}

// alone is a coordinator of one share.
type alone struct{ pieces [][]byte }

func (*alone) Ready(context.Context, []byte) (runner.Start, error) {
	return runner.Start{At: time.Now()}, nil
}
func (a *alone) Take(piece []byte)        { a.pieces = append(a.pieces, piece) }
func (*alone) Over(context.Context) error { return nil }

// What an agent's environment holds is its own: no example of a failure tells it.
func TestSecretsOfAgentsAreNotSent(t *testing.T) {
	const secret = "hush-hush-hush"
	text := `
targets: {t: {http: {url: "http://x/", unix: "/no/such/${SECRET}"}}}
scenarios: [{name: s, target: t, duration: 200ms, modes: [{rate-limited: 20/s}]}, {name: j, target: t, duration: 200ms, modes: [{rate-limited: 20/s}], steps: [{name: a, get: /}]}]`
	plan, problems := scenario.Parse("test.yaml", []byte(text), func(name string) (string, bool) { return secret, name == "SECRET" }, t.TempDir())
	if len(problems) > 0 {
		t.Fatal(problems.Error())
	}
	plan.Scrub = func(text string) string { return strings.ReplaceAll(text, secret, "${SECRET}") } // as agents have it
	for trial := range plan.Trials() {
		var to alone
		end, err := runner.CarryShare(t.Context(), t.Context(), runner.Options{Plan: plan, Output: os.Stderr}, runner.Order{Trial: trial}, mode.Share{N: 1}, &to)
		if err != nil {
			t.Fatal(err)
		}
		told, _ := json.Marshal(end)
		sent := append(bytes.Join(to.pieces, nil), told...)
		if bytes.Contains(sent, []byte(secret)) || !bytes.Contains(sent, []byte("/no/such/${SECRET}")) {
			t.Errorf("%q", sent)
		}
	}
}
