//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// A run whose calls take the given time. It says in a file when it begins and
// when it has ended.
func interruptible(t *testing.T, delay string) string {
	return folder(t, `
targets: {own: {http: {serve: {delay: `+delay+`}, timeout: 1m}}}
scenarios:
  - name: one
    target: own
    requests: 1000
    modes: [{concurrent: 5}]
    before: touch begun
    after: touch ended
    thresholds: [p99 < 1ns]
  - {name: two, target: own, requests: 1000, modes: [sequential]}
`)
}

// interrupt sends signals once the calls are under way, with a pause between
// them, and returns how long the program went on after the first.
func interrupt(t *testing.T, p *process, pause time.Duration, signals ...os.Signal) (ended, time.Duration) {
	t.Helper()
	eventually(t, "the run has begun", func() bool { return there(p.Dir, "begun") })
	eventually(t, "its server is up", func() bool { return len(children(p.Process.Pid)) > 0 || !procfs })
	time.Sleep(500 * time.Millisecond)
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

// checkInterrupted checks what every interrupted run leaves, and returns its
// only trial.
func checkInterrupted(t *testing.T, p *process, end ended) result.Trial {
	t.Helper()
	if end.code != 130 || !strings.Contains(end.stderr, "interrupted: waiting for the calls in flight; once more stops at once\n") {
		t.Errorf("exit code %d\n%s", end.code, end.stderr)
	}
	run := latest(t, p.Dir)
	if run.Exit != 130 || len(run.Trials) != 1 || run.Trials[0].Ended != result.Interrupted {
		t.Fatalf("run.json: exit %d, %d trials, the first %s", run.Exit, len(run.Trials), run.Trials[0].Ended)
	}
	if !strings.Contains(end.stdout, "\none · target own") || !strings.Contains(end.stdout, "\nresults: ") {
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
	return run.Trials[0]
}

// Once: nothing more starts, what is in flight may end, everything is written.
func TestInterruptWaitsForCallsInFlight(t *testing.T) {
	t.Parallel()
	for name, signals := range map[string][]os.Signal{
		"SIGINT":  {syscall.SIGINT},
		"SIGTERM": {syscall.SIGTERM},
		// As timeout(1) sends them, to the process and to its group.
		"both at once": {syscall.SIGINT, syscall.SIGINT},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, interruptible(t, "700ms"), "run", "s.yaml")
			end, _ := interrupt(t, p, 0, signals...)
			trial := checkInterrupted(t, p, end)
			if !there(p.Dir, "ended") {
				t.Error("the `after:` command was not run")
			}
			if trial.OK < 5 || trial.OK%5 != 0 || trial.Cancelled != 0 || trial.Failed() != 0 {
				t.Errorf("five calls at a time: %d ok, %d cancelled, %d failed", trial.OK, trial.Cancelled, trial.Failed())
			}
		})
	}
}

// Calls that take longer than a few seconds are given up.
func TestInterruptGivesUpLongCalls(t *testing.T) {
	t.Parallel()
	p := start(t, interruptible(t, "50s"), "run", "s.yaml")
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
	var took time.Duration
	for range 3 {
		p := start(t, interruptible(t, "50s"), "run", "s.yaml")
		var end ended
		end, took = interrupt(t, p, 500*time.Millisecond, syscall.SIGINT, syscall.SIGINT)
		if trial := checkInterrupted(t, p, end); trial.Cancelled != 5 {
			t.Errorf("%d cancelled", trial.Cancelled)
		}
		if took < 2500*time.Millisecond { // waiting takes 3 s
			return
		}
	}
	t.Errorf("it took %v, each of three times", took)
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
