//go:build unix

package main

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// slowServer takes 20 ms for each request, and counts them.
func slowServer(t *testing.T) (url string, seen *atomic.Int64) {
	at, seen := slowServers(t)
	return at.url(way{}), seen
}

func slowServers(t *testing.T) (at addresses, seen *atomic.Int64) {
	seen = new(atomic.Int64)
	at = serveAll(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		seen.Add(1)
		time.Sleep(20 * time.Millisecond)
	}))
	return at, seen
}

// ring is an engine that goes over a ring, where there may be one.
var ring = map[bool]string{true: "wire-uring", false: "wire"}[runtime.GOOS == "linux"]

// A process that is stopped for a while and goes on says so, whatever the mode
// and the engine: that time is in its figures and was not the target's.
func TestAStoppedProcessSaysSo(t *testing.T) {
	const stopped = 1500 * time.Millisecond
	for name, load := range map[string]struct{ target, mode string }{
		"closed, wire-epoll": {"engine: auto", "duration: 3s, modes: [concurrent: 4]"},
		"closed, ring":       {"engine: " + ring, "duration: 3s, modes: [concurrent: 4]"},
		"open, ring":         {"engine: " + ring, "duration: 3s, modes: [rate-limited: 50/s]"},
		"closed, wire-net":   {"engine: wire-net", "duration: 3s, modes: [concurrent: 4]"},
		"closed, std":        {"engine: std", "duration: 3s, modes: [concurrent: 4]"},
		"closed, shared":     {`engine: wire, http: "2"`, "duration: 3s, modes: [concurrent: 4]"},
		"open, shared":       {`engine: wire, http: "2"`, "duration: 3s, modes: [rate-limited: 50/s]"},
		"closed, TLS":        {"engine: wire, tls: {insecure: true}", "duration: 3s, modes: [concurrent: 4]"},
		"open, shared, TLS":  {`engine: wire, http: "2", tls: {insecure: true}`, "duration: 3s, modes: [rate-limited: 50/s]"},
		"sequential":         {"engine: auto", "duration: 3s, modes: [sequential]"},
		"open":               {"engine: auto", "duration: 3s, modes: [rate-limited: 50/s]"},
		"a batch":            {"engine: std", "requests: 300, modes: [concurrent: 4]"},
		"simulated":          {"", "duration: 3s, modes: [concurrent: 4]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, seen := slowServers(t)
			kind := fmt.Sprintf("http: {url: %q, %s}", at.url(way{secure: strings.Contains(load.target, "tls")}), load.target)
			if load.target == "" {
				kind = "sim: {delay: 20ms}"
			}
			dir := folder(t, fmt.Sprintf("targets: {t: {%s}}\nscenarios: [{name: s, target: t, %s, before: touch begun, thresholds: [p99 < 1h]}]\n", kind, load.mode))
			p := start(t, dir, "run", "s.yaml", "--quiet")
			if load.target != "" {
				eventually(t, "it calls", func() bool { return seen.Load() > 20 })
			} else {
				eventually(t, "it begins", func() bool { return there(dir, "begun") })
				time.Sleep(time.Second)
			}
			if err := p.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			time.Sleep(stopped)
			if err := p.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			end := p.wait(t)
			run := latest(t, dir)
			trial := run.Trials[0]
			if end.code != 3 || trial.Health.KeptPace || !strings.Contains(trial.Health.Why, "plimsoll stood still for ") {
				t.Errorf("exit code %d, %+v\n%s", end.code, trial.Health, end.stdout)
			}
			// What it waited for a processor, as it does on a busy machine, is told apart.
			if use := trial.MachineUse; use.StoodStillS < 0.5*stopped.Seconds() || use.StoodStillS+use.CPUWaitS < 0.9*stopped.Seconds() || use.StoodStillAtS <= 0 || use.StoodStillAtS > trial.MakespanS {
				t.Errorf("stood still for %v s at %v s of %v s", use.StoodStillS, use.StoodStillAtS, trial.MakespanS)
			}
			if v := run.Verdicts[0]; v.Measured <= 0 || !strings.HasPrefix(v.Note, "not valid: ") {
				t.Errorf("%+v", v)
			}
			if load.target != "" && seen.Load() != trial.Attempts {
				t.Errorf("the server saw %d requests, reported are %d", seen.Load(), trial.Attempts)
			}
			if trial.Ended != result.Complete {
				t.Errorf("ended %s", trial.Ended)
			}
		})
	}
}
