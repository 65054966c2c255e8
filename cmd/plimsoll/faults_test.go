package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/runner/result"
	"plimsoll/target/real"
)

// quick is a run's time that says it did not hang, on a busy machine too.
const quick = 2 * time.Minute

// carryOut runs a scenario file in this process, and checks that it ends in
// time, leaves nothing behind, and writes a result whose counts add up.
func carryOut(t *testing.T, text string, during ...func()) (*result.Run, ended) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	dir := folder(t, text)
	began := time.Now()
	done := make(chan ended)
	go func() {
		done <- within("run", filepath.Join(dir, "s.yaml"), "--out", filepath.Join(dir, "results"), "--allow-late")
	}()
	for _, f := range during {
		f()
	}
	end := <-done
	if took := time.Since(began); took > quick {
		t.Errorf("it took %v", took)
	}
	if left := children(os.Getpid()); len(left) > 0 {
		t.Errorf("processes left behind: %v", left)
	}
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
	return latest(t, dir), end
}

// misbehaved is a server in its midst: how it fails, told once for HTTP/1.1 and once
// for HTTP/2, where the connection goes on.
type misbehaved struct {
	w http.ResponseWriter
	r *http.Request
}

// begun sends a head that announces 1000 bytes, and nine of them.
func (m misbehaved) begun() {
	m.w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(m.w, "only this")
	_ = http.NewResponseController(m.w).Flush()
}

// resets breaks off, by a reset of the connection or of the stream.
func (m misbehaved) resets() {
	if m.r.ProtoMajor == 1 {
		breakOff(m.w, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this", true)
		return
	}
	m.begun()
	panic(http.ErrAbortHandler)
}

// Every fault gives its error class, whatever the mode and the engine, and whatever
// the version of HTTP, plain or over TLS. That nothing succeeds makes exit code 1.
func TestFaults(t *testing.T) {
	server := func(answer http.HandlerFunc) func(way) string {
		at := serveAll(t, answer)
		return func(by way) string { return "url: " + at.url(by) }
	}
	at := func(host string) func(way) string {
		return func(by way) string { return fmt.Sprintf("url: %q", by.scheme()+"://"+host+"/") }
	}
	slow := func(url func(way) string) func(way) string {
		return func(by way) string { return url(by) + ", timeout: 100ms" }
	}
	for _, fault := range []struct {
		name, class, example string
		target               func(way) string
		fits                 func(way) bool // nil: all ways
	}{
		{"refused connection", "connect", "connection refused", at(real.Nowhere), nil},
		{"reset mid-body", "reset", "", server(func(w http.ResponseWriter, r *http.Request) { misbehaved{w, r}.resets() }), nil},
		{"slow server", "timeout", "within 100ms", slow(server(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })), nil},
		{"slow body", "timeout", "within 100ms", slow(server(func(w http.ResponseWriter, r *http.Request) {
			misbehaved{w, r}.begun()
			<-r.Context().Done()
		})), nil},
		{"short body", "body", "9 of 1000 bytes", server(func(w http.ResponseWriter, _ *http.Request) {
			breakOff(w, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this", false)
		}), func(by way) bool { return !by.shares() }},
		{"self-signed", "tls", "certificate", server(http.NotFound), func(by way) bool { return by.secure }},
		{"unknown host", "dns", "no-such-host.invalid", at("no-such-host.invalid"), nil},
		{"status", "status-502", "502", server(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }), nil},
	} {
		t.Run(fault.name, func(t *testing.T) {
			var targets, scenarios strings.Builder
			trials := 0
			for i, by := range ways {
				if fault.fits != nil && !fault.fits(by) {
					continue
				}
				modes := []string{"{concurrent: 2}"}
				if i < 3 {
					modes = append(modes, "sequential", "concurrent", "{rate-limited: 20/s}")
				}
				trials += len(modes)
				settings := by.settings
				if fault.class == "tls" {
					settings = strings.Replace(settings, "tls: {insecure: true}", "tls: {}", 1)
				}
				fmt.Fprintf(&targets, "  t%d: {http: {%s, %s}}\n", i, fault.target(by), settings)
				fmt.Fprintf(&scenarios, "  - {name: s%d, target: t%[1]d, requests: 4, modes: [%s]}\n", i, strings.Join(modes, ", "))
			}
			run, end := carryOut(t, "targets:\n"+targets.String()+"scenarios:\n"+scenarios.String())
			if end.code != 1 || len(run.Trials) != trials {
				t.Errorf("exit code %d, %d trials\n%s", end.code, len(run.Trials), end.stderr)
			}
			for _, trial := range run.Trials {
				found := trial.Errors[fault.class]
				if found.Count != 4 || trial.Started != 4 || trial.Ended != result.Complete || !strings.Contains(found.Example, fault.example) {
					t.Errorf("%s, %s, %s: %d of %d with %s: %q, all: %v, ended %s", trial.Scenario, trial.Engine, trial.Mode, found.Count, trial.Started, fault.class, found.Example, trial.Errors, trial.Ended)
				}
			}
			if !strings.Contains(end.stdout, fault.class) || !strings.Contains(end.stdout, "\nErrors\n") {
				t.Errorf("the errors are not shown:\n%s", end.stdout)
			}
		})
	}
}

// breakOff sends a text as it is and ends the connection, by a reset or in
// order.
func breakOff(w http.ResponseWriter, text string, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, text)
	socket := conn
	if secure, is := conn.(*tls.Conn); is {
		socket = secure.NetConn()
	}
	if reset {
		time.Sleep(20 * time.Millisecond) // a reset overtakes what was sent before
		_ = socket.(*net.TCPConn).SetLinger(0)
		_ = socket.Close()
	}
	_ = conn.Close()
}

// oneAfterTheOther is two scenarios of a second or so each, and a command before them.
const oneAfterTheOther = `
targets: {t: {http: {%s, timeout: 2s}}}
scenarios:
  - {name: first, target: t, before: %q, duration: 1200ms, modes: [{rate-limited: 100/s}]}
  - {name: second, target: t, duration: 300ms, modes: [{concurrent: 4, think_time: 5ms}]}
`

// A server that goes away half-way through: the calls before succeed, those
// after fail, and the run goes on to its end.
func TestServerGoesAway(t *testing.T) {
	for _, by := range ways {
		if strings.HasPrefix(by.settings, "engine: wire,") && by.secure || by.name == "auto" {
			t.Run(by.name, func(t *testing.T) { testServerGoesAway(t, by) })
		}
	}
}

func testServerGoesAway(t *testing.T, by way) {
	var seen atomic.Int64
	server := everyVersion(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		seen.Add(1)
		time.Sleep(10 * time.Millisecond)
	}))
	if by.secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	defer server.Close()
	run, end := carryOut(t, fmt.Sprintf(oneAfterTheOther, "url: "+server.URL+", "+by.settings, "true"), func() {
		eventually(t, "it is called", func() bool { return seen.Load() >= 50 })
		_ = server.Listener.Close()
		server.CloseClientConnections()
	})
	if end.code != 1 || len(run.Trials) != 2 { // nothing succeeds in the second
		t.Fatalf("exit code %d, %d trials\n%s", end.code, len(run.Trials), end.stderr)
	}
	first, second := run.Trials[0], run.Trials[1]
	if first.Scheduled != 120 || first.OK < 5 || first.Errors["connect"].Count < 5 || first.Cancelled != 0 || first.Ended != result.Complete {
		t.Errorf("the first: %d ok, %v, %d cancelled, ended %s", first.OK, first.Errors, first.Cancelled, first.Ended)
	}
	if second.OK != 0 || second.Errors["connect"].Count < 4 || second.Ended != result.Complete {
		t.Errorf("the second: %d ok, %v, ended %s", second.OK, second.Errors, second.Ended)
	}
}

// The simulated server is ours: when its process is killed the trial is no
// measurement of anything, and says so, but its counts are all there.
func TestSimulatedServerIsKilled(t *testing.T) {
	if !procfs || testing.Short() {
		t.Skip("it needs a system that tells which processes are ours, and one that starts them at once")
	}
	begun := filepath.Join(t.TempDir(), "begun")
	run, end := carryOut(t, fmt.Sprintf(oneAfterTheOther, "serve: {delay: 10ms}", "echo > "+begun), func() {
		var pids []int
		eventually(t, "the trial begins", func() bool { return there(begun) })
		time.Sleep(600 * time.Millisecond)
		eventually(t, "the server is there", func() bool { pids = children(os.Getpid()); return len(pids) == 1 })
		if p, err := os.FindProcess(pids[0]); err != nil || p.Kill() != nil {
			t.Error("cannot kill it")
		}
	})
	if end.code != 3 || len(run.Trials) != 2 {
		t.Fatalf("exit code %d, %d trials\n%s", end.code, len(run.Trials), end.stderr)
	}
	first, second := run.Trials[0], run.Trials[1]
	if first.Scheduled != 120 || first.OK < 5 || first.Errors["connect"].Count < 5 || first.Cancelled != 0 {
		t.Errorf("the first: %d ok, %v, %d cancelled", first.OK, first.Errors, first.Cancelled)
	}
	if second.Scheduled != 0 {
		t.Errorf("the second: %d calls scheduled", second.Scheduled)
	}
	for _, trial := range run.Trials {
		if trial.Ended != result.Failed || strings.Count(trial.Reason, "the simulated server ended by itself (signal: killed)") != 1 {
			t.Errorf("%s: ended %s: %s", trial.Scenario, trial.Ended, trial.Reason)
		}
	}
}

// A simulated server that cannot be started, or commands that fail, cost their
// own trials only.
func TestOtherTrialsGoOn(t *testing.T) {
	run, end := carryOut(t, `
targets: {t: {sim: {delay: 1ms}}}
scenarios:
  - {name: one, target: t, requests: 5, modes: [sequential], before: ["true", "exit 9"]}
  - {name: two, target: t, requests: 5, modes: [sequential], after: no-such-command}
  - {name: three, target: t, requests: 5, modes: [sequential], before: "true"}
`)
	var ends []string
	for _, trial := range run.Trials {
		ends = append(ends, fmt.Sprintf("%s %d", trial.Ended, trial.OK))
	}
	if want := []string{"failed 0", "failed 5", "complete 5"}; end.code != 3 || !slices.Equal(ends, want) {
		t.Errorf("exit code %d, %q\n%s", end.code, ends, end.stderr)
	}
	if !strings.Contains(end.stderr, "no-such-command") {
		t.Errorf("what the shell said is lost: %q", end.stderr)
	}
}
