package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/runner/statistics"
	"plimsoll/target/busy"
	"plimsoll/target/real"
)

// alike fails if two tools are shown to differ by more than a twentieth: pairs of
// figures that were measured one right after the other, in seconds. Where what a
// shell takes is off, they may be below zero on a busy machine.
func alike(t *testing.T, what string, ours, theirs []float64) {
	t.Helper()
	figure := func(values []float64) (f statistics.Figure) {
		f.All = mean(values)
		for i := range values {
			f.Without = append(f.Without, mean(slices.Delete(slices.Clone(values), i, i+1)))
		}
		return f
	}
	d := statistics.Paired(figure(theirs), figure(ours))
	low, high := d.Interval()
	t.Logf("%s: medians of all %.3f and %.3f ms, %d pairs; ours less theirs %+.3f ms (%+.3f … %+.3f)",
		what, 1e3*middle(ours), 1e3*middle(theirs), len(ours), 1e3*d.Value, 1e3*low, 1e3*high)
	if tolerance := math.Abs(middle(theirs)) / 20; low > tolerance || high < -tolerance {
		busy.Skip(t, fmt.Sprintf("%s: they differ by %+.3f ms (%+.3f … %+.3f)", what, 1e3*d.Value, 1e3*low, 1e3*high))
	}
}

func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// Beside hyperfine: the same two commands, the same number of runs, medians alike.
// The two take turns, for a busy machine changes within seconds.
func TestProgramsBesideHyperfine(t *testing.T) {
	real.Program(t, "hyperfine")
	pairs, runs, ways := 3, 8, []bool{false}
	if *long { // so that beginnings, which differ, are a small part
		pairs, runs, ways = 12, 60, []bool{false, true}
	}
	for _, shell := range ways {
		commands := []string{"sleep 0.01", "sleep 0.02"}
		ours, theirs := make([][]float64, 2), make([][]float64, 2)
		for i := range pairs {
			measure := []func(){
				func() { into(theirs, byHyperfine(t, shell, runs, commands)) },
				func() { into(ours, byBench(t, shell, runs, commands)) },
			}
			measure[i%2]()
			measure[1-i%2]()
		}
		for k, c := range commands {
			alike(t, fmt.Sprintf("%s (shell: %v)", c, shell), ours[k], theirs[k])
		}
	}
}

func into(all [][]float64, of []float64) {
	for k, v := range of {
		all[k] = append(all[k], v)
	}
}

// byHyperfine are the medians of some runs of each command, one after another.
func byHyperfine(t *testing.T, shell bool, runs int, commands []string) (medians []float64) {
	file := filepath.Join(t.TempDir(), "h.json")
	args := []string{"--runs", strconv.Itoa(runs), "--export-json", file}
	if !shell {
		args = append(args, "-N")
	}
	if out, err := exec.Command("hyperfine", append(args, commands...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found struct{ Results []struct{ Median float64 } }
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	for _, r := range found.Results {
		medians = append(medians, r.Median)
	}
	return medians
}

// byBench are the same of plimsoll, in the same order.
func byBench(t *testing.T, shell bool, runs int, commands []string) (medians []float64) {
	args := []string{"-n", strconv.Itoa(runs), "--repeat", "1"}
	if shell {
		args = append(args, "--shell")
	}
	run := benchedPrograms(t, append(args, commands...)...)
	off := 0.0
	for _, trial := range run.Trials { // the shell's is the last
		if trial.Mode == scenario.ShellName {
			off = trial.Service.MeanS
		}
	}
	for _, trial := range run.Trials[:len(commands)] {
		if trial.OK != int64(runs) {
			t.Fatalf("%d runs of %s", trial.OK, trial.Mode)
		}
		medians = append(medians, trial.Service.P50S-off)
	}
	return medians
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v / float64(len(values))
	}
	return sum
}

// benchedPrograms compares programs within this process.
func benchedPrograms(t *testing.T, args ...string) *result.Run {
	t.Helper()
	out := t.TempDir()
	if end := within(append([]string{"bench", "--quiet", "--out", out}, args...)...); end.code != 0 {
		t.Fatalf("%q: exit code %d\n%s", args, end.code, end.stderr)
	}
	run, err := result.Load(filepath.Join(out, "latest"))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// timesOf are how long a mode's trials of one run each took.
func timesOf(run *result.Run, mode string) (seconds []float64) {
	for _, t := range run.Trials {
		if t.Mode == mode && t.OK == 1 {
			seconds = append(seconds, t.Service.MeanS)
		}
	}
	return seconds
}

// A program that a shell carries out takes as long as without one, when what the
// shell takes is off, for which all three are run in each round.
func TestTheShellTakenOffLeavesTheProgram(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("there is no /bin/sh")
	}
	rounds := 12
	if *long {
		rounds = 200
	}
	file := filepath.Join(t.TempDir(), "s.yaml")
	text := fmt.Sprintf(`
targets:
  plain: {exec: [sleep, "0.02"]}
  shelled: {exec: {exec: "sleep 0.02", shell: true}}
  shell: {exec: {exec: ":", shell: true}}
scenarios:
  - name: bench
    target: plain
    requests: 1
    repeat: %d
    modes:
      - {mode: sequential, target: shelled, name: shelled}
      - {mode: sequential, target: plain, name: plain}
      - {mode: sequential, target: shell, name: shell}
`, rounds)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if end := within("run", "--quiet", "--out", out, file); end.code != 0 {
		t.Fatalf("exit code %d\n%s", end.code, end.stderr)
	}
	run, err := result.Load(filepath.Join(out, "latest"))
	if err != nil {
		t.Fatal(err)
	}
	shelled, plain, shell := timesOf(run, "shelled"), timesOf(run, "plain"), timesOf(run, "shell")
	if len(shelled) != rounds || len(plain) != rounds || len(shell) != rounds {
		t.Fatalf("%d, %d and %d runs", len(shelled), len(plain), len(shell))
	}
	but := func(values []float64, without int) float64 {
		if without < 0 {
			return mean(values)
		}
		return mean(slices.Delete(slices.Clone(values), without, without+1))
	}
	e, err := statistics.PairedRatio(rounds,
		func(without int) float64 { return but(shelled, without) - but(shell, without) },
		func(without int) float64 { return but(plain, without) })
	if err != nil {
		busy.Skip(t, err.Error())
	}
	t.Logf("with the shell taken off %.4f (%.4f–%.4f) times as long as without one, %d rounds; means %.3f, %.3f, %.3f ms",
		e.Value, e.Low, e.High, rounds, 1e3*mean(shelled), 1e3*mean(plain), 1e3*mean(shell))
	if e.Low > 1.05 || e.High < 1/1.05 {
		busy.Skip(t, fmt.Sprintf("%.4f (%.4f–%.4f) times as long as without a shell", e.Value, e.Low, e.High))
	}
}

// What went on between runs, and what prepared them, is in no time.
func TestPreparingIsNotMeasured(t *testing.T) {
	run := benchedPrograms(t, "--prepare", "sleep 0.3", "-n", "3", "true")
	for _, seconds := range timesOf(run, "true") {
		if seconds >= 0.3 {
			t.Errorf("a run of nothing took %v s", seconds)
		}
	}
	if len(timesOf(run, "true")) != 3 {
		t.Errorf("%d trials", len(run.Trials))
	}
}
