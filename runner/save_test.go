package runner_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// ledger notes what has been saved when: it is a run's Save, Watch and Calls.
type ledger struct {
	t            *testing.T
	saves, saved int // how often, and how many trials at last
	begun, ended int
	slow         time.Duration // how long saving takes
}

func (l *ledger) save(run *result.Run) error {
	time.Sleep(l.slow)
	l.saves++
	l.saved = len(run.Trials)
	return nil
}

// Before a trial in real time begins, all before it are saved.
func (l *ledger) Begin(trial scenario.Trial, _ int64, _ time.Duration) {
	if trial.Scenario.Clock == scenario.Real && l.saved != l.begun {
		l.t.Errorf("trial %d begins in real time when %d are saved", l.begun+1, l.saved)
	}
	l.begun++
}

func (l *ledger) Sample(runner.Sample, time.Duration) {}

func (l *ledger) Fewer(int) {}

func (l *ledger) Note(string) {}

// When a trial in real time is told to have ended, it is saved.
func (l *ledger) End(trial *result.Trial) {
	l.ended++
	if trial.Clock == scenario.Real && l.saved != l.ended {
		l.t.Errorf("trial %d has ended, %d are saved", l.ended, l.saved)
	}
}

// Calls are written when their trials have been saved.
func (l *ledger) Write(lines []byte) (int, error) {
	for line := range bytes.Lines(lines) {
		if fields := strings.Split(string(line), ","); fields[0] != "scenario" && l.saved < l.begun {
			l.t.Errorf("calls of %s %s are written when %d of %d trials are saved", fields[0], fields[3], l.saved, l.begun)
		}
	}
	return len(lines), nil
}

const bothClocks = `
targets: {t: {sim: {delay: 1ms}}}
scenarios:
  - {name: one, target: t, clock: virtual, requests: 5, repeat: 20, modes: [sequential, concurrent]}
  - {name: two, target: t, requests: 5, repeat: 3, modes: [sequential]}
  - {name: three, target: t, clock: virtual, requests: 5, repeat: 20, modes: [sequential, concurrent]}
`

// What is told of a trial anywhere is saved first, and saving does not take
// over where trials are shorter than it.
func TestSavedBeforeTold(t *testing.T) {
	for _, slow := range []time.Duration{0, 30 * time.Millisecond} {
		l := &ledger{t: t, slow: slow}
		run, err := runner.Run(context.Background(), context.Background(), runner.Options{
			Plan: parse(t, bothClocks), Save: l.save, Watch: l, Calls: l,
		})
		if err != nil || len(run.Trials) != 83 || l.ended != 83 || l.saved != 83 {
			t.Fatalf("%v; %d trials, %d ended, %d saved", err, len(run.Trials), l.ended, l.saved)
		}
		if slow > 0 && l.saves > 60 {
			t.Errorf("saved %d times in 83 trials, of which 80 take less than saving", l.saves)
		}
	}
}

// A run that cannot be saved says so before it sends anything.
func TestSaveFails(t *testing.T) {
	broken := os.ErrPermission
	run, err := runner.Run(context.Background(), context.Background(), runner.Options{
		Plan: parse(t, bothClocks), Save: func(*result.Run) error { return broken },
	})
	if err == nil || !strings.Contains(err.Error(), broken.Error()) || run.Exit != runner.ExitInvalid || len(run.Trials) != 0 {
		t.Errorf("%v, exit %d after %d trials", err, run.Exit, len(run.Trials))
	}
}

// Whatever a mode is called, every call has its fifteen columns, and what is
// read back is the name: the quotes are RFC 4180's.
func TestAnyNameKeepsItsColumn(t *testing.T) {
	names := []string{`a "b", c\d`, `"`, `""`, `,`, `\`, `a\"`, `plain`, `ü “x”`, `=1+1`, `a; b`, `'x'`}
	text := "targets: {t: {sim: {delay: 1ms, errors: {rate: 50%, kind: reset}}}}\nscenarios:\n- name: one\n  target: t\n  clock: virtual\n  requests: 2\n  modes:\n"
	for _, name := range names {
		text += fmt.Sprintf("  - {mode: sequential, name: '%s'}\n", strings.ReplaceAll(name, "'", "''"))
	}
	var calls bytes.Buffer
	carryOut(t, text, func(o *runner.Options) { o.Calls = &calls })
	lines, err := csv.NewReader(&calls).ReadAll()
	if err != nil || len(lines) != 1+2*len(names) {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for i, line := range lines[1:] {
		if want := names[i/2]; line[0] != "one" || strings.TrimPrefix(line[1], "'") != strings.TrimPrefix(want, "'") || line[2] != "requests 2" {
			t.Errorf("%q, want %q", line[:3], want)
		}
	}
}

// Calls that cannot be written spoil no measurement, but are told.
func TestCallsFail(t *testing.T) {
	file, err := os.Open(os.DevNull) // for reading only
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	run, err := runner.Run(context.Background(), context.Background(), runner.Options{
		Plan: parse(t, bothClocks), Save: func(*result.Run) error { return nil }, Calls: file,
	})
	if err == nil || len(run.Trials) != 83 || run.Exit != runner.ExitOK {
		t.Errorf("%v, exit %d after %d trials", err, run.Exit, len(run.Trials))
	}
}
