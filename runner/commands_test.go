//go:build unix

package runner_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// commanded runs a trial of ten seconds with commands around it, which may
// write files into dir. It is interrupted once, or twice, in the middle of it.
func commanded(t *testing.T, dir string, interrupts int) result.Trial {
	t.Helper()
	plan := parse(t, `
targets: {t: {sim: {delay: 10ms}}}
scenarios:
  - {name: s, target: t, requests: 1000, modes: [sequential], before: 'touch `+dir+`/before', after: 'touch `+dir+`/after'}
`)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	atOnce, again := context.WithCancel(context.Background())
	defer again()
	watch := &atBegin{func() {
		time.AfterFunc(300*time.Millisecond, func() {
			cancel()
			if interrupts > 1 {
				again()
			}
		})
	}}
	run, err := runner.Run(ctx, atOnce, runner.Options{Plan: plan, Watch: watch, Save: func(*result.Run) error { return nil }})
	if err != nil || run.Exit != runner.ExitInterrupted || len(run.Trials) != 1 {
		t.Fatalf("%v, exit %d, %d trials", err, run.Exit, len(run.Trials))
	}
	return run.Trials[0]
}

// atBegin is a watcher that does something when a trial begins.
type atBegin struct{ do func() }

func (a *atBegin) Begin(scenario.Trial, int64, time.Duration) { a.do() }
func (a *atBegin) Sample(runner.Sample, time.Duration)        {}
func (a *atBegin) End(*result.Trial)                          {}
func (a *atBegin) Fewer(int)                                  {}
func (a *atBegin) Note(string)                                {}

// What `before` did is put back after an interrupt too, unless a second one
// asks for the end at once.
func TestInterruptsAndCommands(t *testing.T) {
	for interrupts, putBack := range map[int]bool{1: true, 2: false} {
		dir := t.TempDir()
		trial := commanded(t, dir, interrupts)
		_, before := os.Stat(filepath.Join(dir, "before"))
		_, after := os.Stat(filepath.Join(dir, "after"))
		if before != nil || (after == nil) != putBack {
			t.Errorf("%d interrupts: before: %v, after: %v", interrupts, before, after)
		}
		if trial.Ended != result.Interrupted || trial.OK == 0 || !strings.Contains(trial.Reason, "interrupted by the user") {
			t.Errorf("%d interrupts: ended %s (%s) with %d ok", interrupts, trial.Ended, trial.Reason, trial.OK)
		}
	}
}

// A command may leave a process running, and what it prints goes on.
func TestCommandsInTheBackground(t *testing.T) {
	dir := t.TempDir()
	var output bytes.Buffer
	began := time.Now()
	run := carryOut(t, `
targets: {t: {sim: {delay: 10ms}}}
scenarios:
  - name: s
    target: t
    requests: 5
    modes: [sequential]
    before: ['echo said', 'sleep 60 & echo $! > `+dir+`/pid', 'echo warned >&2']
    after: 'kill $(cat `+dir+`/pid)'
`, func(o *runner.Options) { o.Output = &output })
	if trial := run.Trials[0]; trial.Ended != result.Complete || trial.OK != 5 {
		t.Errorf("ended %s: %s", trial.Ended, trial.Reason)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it waited for the command's own child: %v", took)
	}
	if output.String() != "said\nwarned\n" {
		t.Errorf("the commands printed %q", &output)
	}
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if syscall.Kill(pid, 0) != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	if state, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); !strings.Contains(string(state), ") Z ") {
		t.Errorf("process %d is still there", pid)
	}
}
