//go:build unix

package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// interruptible starts a run whose calls take the given time, five at once,
// and returns when they are under way. A simulated server is up as well.
func interruptible(t *testing.T, delay time.Duration) *process {
	t.Helper()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	p := start(t, folder(t, `
targets:
  own: {http: {serve: {delay: 1ms}}}
  slow: {http: {url: "`+server.URL+`", timeout: 1m}}
scenarios:
  - {name: before, target: own, requests: 1, modes: [sequential], thresholds: [p99 < 1ns]}
  - {name: one, target: slow, requests: 1000, modes: [{concurrent: 5}], after: touch ended}
  - {name: two, target: own, requests: 1000, modes: [sequential]}
`), "run", "s.yaml")
	eventually(t, "five calls are under way", func() bool { return calls.Load() == 5 })
	return p
}

// interrupt sends signals with a pause between them, and returns how long the
// program went on after the first.
func interrupt(t *testing.T, p *process, pause time.Duration, signals ...os.Signal) (ended, time.Duration) {
	t.Helper()
	first := time.Now()
	for i, s := range signals {
		if i > 0 {
			time.Sleep(pause)
		}
		if err := p.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	end := p.wait(t)
	return end, time.Since(first)
}

// checkInterrupted checks what every interrupted run leaves, and returns the
// trial that was interrupted. A threshold that failed before changes nothing.
func checkInterrupted(t *testing.T, p *process, end ended) result.Trial {
	t.Helper()
	if end.code != 130 || !strings.Contains(end.stderr, "interrupted: waiting for the calls in flight; once more stops at once\n") {
		t.Errorf("exit code %d\n%s", end.code, end.stderr)
	}
	run := latest(t, p.Dir)
	if run.Exit != 130 || len(run.Trials) != 2 || run.Trials[1].Ended != result.Interrupted {
		t.Fatalf("run.json: exit %d, %d trials\n%s", run.Exit, len(run.Trials), end.stderr)
	}
	if !strings.Contains(end.stdout, "\none · target slow") || !strings.Contains(end.stdout, "\nresults: ") {
		t.Errorf("what was measured is not reported:\n%s", end.stdout)
	}
	for _, name := range []string{"latency.csv", "speedup.md", "speedup.csv"} {
		if !there(p.Dir, "results", "latest", name) {
			t.Errorf("there is no %s", name)
		}
	}
	if left := children(p.Process.Pid); len(left) > 0 {
		t.Errorf("processes left behind: %v", left)
	}
	return run.Trials[1]
}

// Once: nothing more starts, what is in flight may end, everything is written. On a
// busy machine calls may end, and others start, before the signal is heard, but not
// always.
func TestInterruptWaitsForCallsInFlight(t *testing.T) {
	t.Parallel()
	for name, signals := range map[string][]os.Signal{
		"SIGINT":  {syscall.SIGINT},
		"SIGTERM": {syscall.SIGTERM},
		"SIGHUP":  {syscall.SIGHUP},
		// As timeout(1) sends them, to the process and to its group.
		"both at once": {syscall.SIGINT, syscall.SIGINT},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 5 {
				p := interruptible(t, 700*time.Millisecond)
				end, _ := interrupt(t, p, 5*time.Millisecond, signals...)
				trial := checkInterrupted(t, p, end)
				if !there(p.Dir, "ended") {
					t.Error("the `after:` command was not run")
				}
				if trial.OK < 5 || trial.Cancelled != 0 || trial.Failed() != 0 {
					t.Errorf("five calls at a time: %d ok, %d cancelled, %d failed", trial.OK, trial.Cancelled, trial.Failed())
				}
				if trial.OK == 5 {
					return
				}
			}
			t.Error("more started, each of five times")
		})
	}
}

// Calls that take longer than a few seconds are given up.
func TestInterruptGivesUpLongCalls(t *testing.T) {
	t.Parallel()
	p := interruptible(t, 50*time.Second)
	end, took := interrupt(t, p, 0, syscall.SIGINT)
	trial := checkInterrupted(t, p, end)
	if !there(p.Dir, "ended") {
		t.Error("the `after:` command was not run")
	}
	if trial.Cancelled != 5 || took < 2*time.Second || took > 40*time.Second {
		t.Errorf("%d cancelled after %v", trial.Cancelled, took)
	}
}

// Twice: it does not wait. A busy machine may take its time, but not always.
func TestSecondInterruptStopsAtOnce(t *testing.T) {
	t.Parallel()
	var went float64
	for range 3 {
		p := interruptible(t, 50*time.Second)
		end, _ := interrupt(t, p, 500*time.Millisecond, syscall.SIGINT, syscall.SIGINT)
		trial := checkInterrupted(t, p, end)
		if trial.Cancelled != 5 {
			t.Errorf("%d cancelled", trial.Cancelled)
		}
		if went = trial.MakespanS; went < 2.5 { // waiting takes 3 s
			return
		}
	}
	t.Errorf("the trial went on for %v s, each of three times", went)
}

// A command under way ends, with what it has started; nothing is sent.
func TestInterruptEndsCommands(t *testing.T) {
	t.Parallel()
	dir := folder(t, `
targets: {a: {sim: {delay: 1s}}}
scenarios:
  - {name: one, target: a, requests: 5, modes: [sequential], before: 'sleep 300 & echo $! > pid; mv pid begun; wait'}
`)
	p := start(t, dir, "run", "s.yaml")
	eventually(t, "the command is under way", func() bool { return there(dir, "begun") })
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	end := p.wait(t)
	text, err := os.ReadFile(filepath.Join(dir, "begun"))
	if err != nil {
		t.Fatal(err)
	}
	sleeping, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "what the command started is gone", func() bool { return !alive(sleeping) })
	run := latest(t, dir)
	if end.code != 130 || len(run.Trials) != 1 || run.Trials[0].Ended != result.Interrupted || run.Trials[0].Scheduled != 0 {
		t.Errorf("exit code %d, %+v", end.code, run.Trials)
	}
}

// Whoever ends the showing of a report does not change what came of the run.
func TestInterruptEndsTheShowing(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("plimsoll", "run", "s.yaml", "--live", "--live-keep", "--quiet")
	cmd.Dir = folder(t, `
targets: {own: {sim: {delay: 1ms}}}
scenarios:
  - {name: broken, target: own, clock: virtual, requests: 10, modes: [sequential], thresholds: [p99 < 1us]}
`)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	for lines := bufio.NewScanner(stderr); lines.Scan() && !strings.Contains(lines.Text(), "until Ctrl-C"); {
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stderr)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
}
