package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll/runner"
	"plimsoll/runner/result"
)

// concluded is how a run of no trial that ended with code ends for the
// command line, where its directory's files are already taken by folders.
func concluded(t *testing.T, code int, taken ...string) (ended *exit, stdout string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	for _, name := range append(taken, ".") {
		if err := os.MkdirAll(filepath.Join(dir, name, "taken"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	p := &program{stdout: &out, stderr: &out}
	err := p.conclude(t.Context(), dir, &result.Run{Format: result.Format, Exit: result.Exit(code)}, nil, runFlags{format: "text"}, nil)
	if err != nil && !errors.As(err, &ended) {
		t.Fatalf("%v has no exit code", err)
	}
	return ended, out.String()
}

// What cannot be written ends with 3, not with the 0 or 1 of the run, and is
// told; what was measured is shown all the same.
func TestWhatCannotBeWrittenEndsWith3(t *testing.T) {
	for code, want := range map[int]int{runner.ExitOK: runner.ExitInvalid, runner.ExitBroken: runner.ExitInvalid, runner.ExitInterrupted: runner.ExitInterrupted} {
		ended, stdout := concluded(t, code, "latency.csv")
		if ended == nil || ended.code != want || ended.err == nil || !strings.Contains(ended.err.Error(), "latency.csv") {
			t.Errorf("a run that ends with %d: %+v", code, ended)
		}
		if !strings.Contains(stdout, "results: ") {
			t.Errorf("nothing is shown: %q", stdout)
		}
	}
	if ended, _ := concluded(t, runner.ExitOK); ended != nil {
		t.Errorf("with nothing in the way: %+v", ended)
	}
	if ended, _ := concluded(t, runner.ExitBroken); ended == nil || ended.code != runner.ExitBroken || ended.err != nil {
		t.Errorf("with nothing in the way of a broken promise: %+v", ended)
	}
}

// A terminal or pipe that takes nothing is told with exit code 3, too.
func TestWhatCannotBeShownEndsWith3(t *testing.T) {
	dir := t.TempDir()
	p := &program{stdout: deaf{}, stderr: &bytes.Buffer{}}
	err := p.conclude(t.Context(), filepath.Join(dir), &result.Run{Format: result.Format}, nil, runFlags{format: "text"}, nil)
	var ended *exit
	if !errors.As(err, &ended) || ended.code != runner.ExitInvalid || ended.err == nil {
		t.Errorf("%v", err)
	}
}

type deaf struct{}

func (deaf) Write([]byte) (int, error) { return 0, errors.New("nobody reads this") }
