package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/calibration"
	"plimsoll/runner/result"
)

// tinyCalibration is for tests: what it finds is of no use.
func tinyCalibration() calibration.Size {
	return calibration.Size{
		Cost: 100 * time.Millisecond, Rates: []int{50}, Lateness: []time.Duration{100 * time.Millisecond},
		Steps: 1, Step: 100 * time.Millisecond, Repetitions: 4, Repetition: 100 * time.Millisecond,
	}
}

// What calibrate finds is shown and kept, and later results in real time carry
// it; simulated ones do not, and a broken file stops nobody.
func TestACalibrationIsKeptAndCarried(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	dir := t.TempDir()
	file := filepath.Join(dir, "s.yaml")
	text := `targets: {a: {sim: {delay: 1ms}}}
scenarios:
  - {name: one, target: a, clock: CLOCK, requests: 2, modes: [sequential]}
`
	carried := func(clock string) (*result.Run, string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(strings.Replace(text, "CLOCK", clock, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		out := within("run", file, "--out", filepath.Join(dir, "results"), "--quiet", "--confidence")
		if out.code != 0 {
			t.Fatal(out)
		}
		run, err := result.Load(filepath.Join(dir, "results", "latest"))
		if err != nil {
			t.Fatal(err)
		}
		return run, out.stdout + out.stderr
	}
	if run, _ := carried("real"); run.Calibration != nil {
		t.Error("a calibration that nobody made")
	}

	var stdout, stderr bytes.Buffer
	p := &program{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr}
	err := p.calibrate(context.Background(), tinyCalibration(), calibrateFlags{json: true, quiet: true})
	for tries := 1; err != nil && strings.Contains(err.Error(), "too busy") && tries < 5; tries++ {
		stdout.Reset()
		err = p.calibrate(context.Background(), tinyCalibration(), calibrateFlags{json: true, quiet: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	var found result.Calibration
	if err := json.Unmarshal(stdout.Bytes(), &found); err != nil || found.P99Floor == 0 || stderr.Len() > 0 {
		t.Fatalf("%v: %s%s", err, stdout.String(), stderr.String())
	}
	if run, shown := carried("real"); run.Calibration == nil || run.Calibration.P99Floor != found.P99Floor || !strings.Contains(shown, "calibration of this machine, less than an hour old") {
		t.Errorf("carried: %+v, shown:\n%s", run.Calibration, shown)
	}
	if run, _ := carried("virtual"); run.Calibration != nil {
		t.Error("simulated time is said to depend on the machine")
	}

	kept, err := calibrationFile()
	if err != nil || !strings.HasPrefix(kept, cache) {
		t.Fatal(kept, err)
	}
	if err := os.WriteFile(kept, []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if run, shown := carried("real"); run.Calibration != nil || !strings.Contains(shown, "going on without a calibration: ") {
		t.Errorf("with a broken file: %+v\n%s", run.Calibration, shown)
	}
	stdout.Reset()
	if err := p.calibrate(context.Background(), tinyCalibration(), calibrateFlags{quiet: true}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"What this machine can resolve", "Cost of a call", "Lateness", "Smallest difference", "calibration: " + kept} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%q is not in\n%s", want, stdout.String())
		}
	}
}

// What was interrupted is not kept, and what cannot be kept is shown.
func TestCalibrationsThatCannotBeKept(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	var stdout, stderr bytes.Buffer
	p := &program{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err, ok := p.calibrate(ctx, tinyCalibration(), calibrateFlags{quiet: true}).(*exit); !ok || err.code != 130 || stdout.Len() > 0 {
		t.Errorf("interrupted: %v, %q", err, stdout.String())
	}
	if err := os.WriteFile(filepath.Join(cache, "plimsoll"), nil, 0o666); err != nil { // where the folder would be
		t.Fatal(err)
	}
	t.Setenv("HOME", filepath.Join(cache, "plimsoll")) // and on systems that have it elsewhere
	err, ok := p.calibrate(context.Background(), tinyCalibration(), calibrateFlags{quiet: true}).(*exit)
	if !ok || err.code != 3 || !strings.Contains(err.Error(), "cannot keep the calibration") || !strings.Contains(stdout.String(), "Cost of a call") {
		t.Errorf("not kept: %v\n%s", err, stdout.String())
	}
}
