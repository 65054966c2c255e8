//go:build unix

package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// manyTrials are short trials of all kinds, three seconds of them or so.
const manyTrials = `
targets:
  own: {http: {serve: {delay: 5ms}}}
  other: {http: {serve: {delay: 1ms}}}
  model: {sim: {delay: {exponential: 5ms}}}
scenarios:
  - {name: http, target: own, requests: [3, 4, 5], repeat: 3, modes: [sequential, concurrent]}
  - {name: virtual, target: model, clock: virtual, requests: [10, 100], repeat: 15, modes: [sequential, concurrent]}
  - {name: timed, target: other, duration: 20ms, repeat: 12, modes: [{rate-limited: 500/s}]}
  - {name: simulated, target: model, requests: 5, repeat: 12, modes: [{concurrent: 5}]}
  - {name: again, target: own, requests: 3, repeat: 12, modes: [concurrent]}
`

// Whenever a run is killed, every trial that has ended is in run.json, which
// can be read, and nothing is left behind but a temporary file.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	times := 20
	switch {
	case *long:
		times = 300
	case testing.Short():
		times = 5
	}
	var ended atomic.Int64
	t.Run("at", func(t *testing.T) {
		for range times {
			moment := time.Duration(rand.Int64N(int64(3 * time.Second)))
			t.Run(moment.String(), func(t *testing.T) {
				t.Parallel()
				ended.Add(int64(killAt(t, moment)))
			})
		}
	})
	if mean := float64(ended.Load()) / float64(times); mean < 1 {
		t.Errorf("the killed runs had ended %.1f trials each: that proves nothing", mean)
	}
}

// killAt kills a run that long after it has begun, which on a busy machine may
// take its time, checks what is left of it, and returns how many trials
// had ended.
func killAt(t *testing.T, moment time.Duration) int {
	dir := folder(t, manyTrials)
	p := start(t, dir, "run", "s.yaml", "--calls", "calls.csv", "--quiet", "--allow-late")
	eventually(t, "it has begun", func() bool {
		begun, _ := filepath.Glob(filepath.Join(dir, "results", "*", "run.json"))
		return len(begun) > 0
	})
	time.Sleep(moment)
	servers := children(p.Process.Pid)
	t.Cleanup(func() {
		for _, pid := range servers {
			_ = syscall.Kill(pid, syscall.SIGKILL) // in case the test has failed
		}
	})
	if err := p.Process.Kill(); err != nil {
		t.Logf("it had ended already: %v", err)
	}
	p.wait(t)

	eventually(t, "its servers are gone", func() bool {
		for _, pid := range servers {
			if alive(pid) {
				return false
			}
		}
		return true
	})
	for _, pattern := range []string{"results/.*", "results/*/.*"} {
		if left, _ := filepath.Glob(filepath.Join(dir, pattern)); len(left) > 1 {
			t.Errorf("temporary files left behind: %v", left)
		}
	}
	saved := saved(t, dir)
	called := called(t, filepath.Join(dir, "calls.csv"))
	for trial := range called {
		if !saved[trial] {
			t.Errorf("%s has ended, but is not among the %d trials in run.json", trial, len(saved))
		}
	}
	return len(called)
}

// A run that was killed has no end: exit and the ending of the trial under way
// are null, and a report says so before anything else.
func TestAKilledRunSaysSo(t *testing.T) {
	t.Parallel()
	p := interruptible(t, 50*time.Second)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.wait(t)
	found, _ := filepath.Glob(filepath.Join(p.Dir, "results", "*-s"))
	if len(found) != 1 {
		t.Fatalf("results: %v", found)
	}
	end := plimsoll(t, p.Dir, "report", found[0])
	if want := "! this run did not come to its end (it was killed, or still goes on): 1 of 3 trials carried out; under way was one, concurrent-5 at requests 1000\n"; end.code != 0 ||
		!strings.HasPrefix(end.stdout, want) {
		t.Errorf("exit code %d, %s\nwant first %s", end.code, end.stdout, want)
	}
	for _, format := range []string{"csv", "benchstat"} {
		if end := plimsoll(t, p.Dir, "report", found[0], "--format", format); !strings.Contains(end.stderr, "did not come to its end") {
			t.Errorf("%s: stderr says %q", format, end.stderr)
		}
	}
	var run struct {
		Exit   *int
		Trials []struct {
			Scenario string
			Ended    *string
		}
	}
	// As jq would see it, once somebody has looked.
	text, err := os.ReadFile(filepath.Join(found[0], result.FileName))
	if err == nil {
		err = json.Unmarshal(text, &run)
	}
	if err != nil || run.Exit != nil || len(run.Trials) != 2 || run.Trials[0].Ended == nil || run.Trials[1].Ended != nil {
		t.Errorf("%v, %+v", err, run)
	}
	if there(found[0], "run.journal") {
		t.Error("the journal was not made part of run.json")
	}
	end = plimsoll(t, p.Dir, "compare", found[0], found[0])
	if end.code != 2 || !strings.Contains(end.stderr, "did not come to its end") {
		t.Errorf("compare: exit code %d, %s", end.code, end.stderr)
	}
}

// saved are the trials in run.json, in the words of the calls' file.
func saved(t *testing.T, dir string) map[string]bool {
	trials := map[string]bool{}
	found, _ := filepath.Glob(filepath.Join(dir, "results", "*-s", result.FileName))
	if len(found) == 0 {
		return trials // killed before the first trial had ended
	}
	run, err := result.Load(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if run.Exit != result.UnderWay && len(run.Trials) != run.Planned {
		t.Errorf("killed after %d of %d trials, it says that it ended with %d", len(run.Trials), run.Planned, run.Exit)
	}
	for _, trial := range run.Trials {
		trials[fmt.Sprintf("%s,%s,%s,%d", trial.Scenario, trial.Mode, trial.Sweep, trial.Repeat)] = true
	}
	return trials
}

// called are the trials in the calls' file. A trial's calls are written when
// it has been saved, as long as they take less than 1 MB.
func called(t *testing.T, path string) map[string]bool {
	trials := map[string]bool{}
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return trials
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := csv.NewReader(file)
	for {
		fields, err := lines.Read()
		if err != nil { // the end, or the line that the kill has torn
			return trials
		}
		if repetition, err := strconv.Atoi(fields[3]); err == nil { // not the heads; from 1, as people count
			trials[fmt.Sprintf("%s,%s,%s,%d", fields[0], fields[1], fields[2], repetition-1)] = true
		}
	}
}
