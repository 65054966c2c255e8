package runner_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/serve"
)

// The test binary is the child that serves simulated targets, too.
func TestMain(m *testing.M) {
	if os.Getenv("PLIMSOLL_TEST_CHILD") != "" {
		if err := serve.RunChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if cost := os.Getenv("PLIMSOLL_TEST_BURNS"); cost != "" {
		burns(cost)
		return
	}
	goleak.VerifyTestMain(m)
}

func parse(t testing.TB, text string) *scenario.Plan {
	t.Helper()
	plan, problems := scenario.Parse("test.yaml", []byte(text), func(string) (string, bool) { return "", false }, t.TempDir())
	if len(problems) > 0 {
		t.Fatal(problems.Error())
	}
	return plan
}

// carryOut runs a scenario file and returns what is left in run.json.
func carryOut(t testing.TB, text string, change ...func(*runner.Options)) *result.Run {
	t.Helper()
	dir := t.TempDir()
	o := runner.Options{
		Plan: parse(t, text), Output: os.Stderr, Version: "test", Child: testChild(t),
		Save: func(r *result.Run) error { return result.Save(dir, r) },
	}
	for _, c := range change {
		c(&o)
	}
	run, err := runner.Run(context.Background(), context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	saved, err := result.Load(filepath.Join(dir, result.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if saved.Exit != run.Exit || len(saved.Trials) != len(run.Trials) {
		t.Fatalf("saved exit %d and %d trials, returned %d and %d", saved.Exit, len(saved.Trials), run.Exit, len(run.Trials))
	}
	return saved
}

func testChild(t testing.TB) serve.Command {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return serve.Command{Path: exe, Env: []string{"PLIMSOLL_TEST_CHILD=1"}}
}

const published = `
targets:
  published-api:
    sim: {delay: 1.04s, contention: {serial: 1.48%, crosstalk: 0.0118%}}
scenarios:
  - name: fetch-urls
    target: published-api
    clock: virtual
    requests: [5, 10, 20, 50, 100]
    modes: [sequential, concurrent]
`

// The published table: URLs, seconds one after another, seconds all at once,
// speedup (asyncio guide, sync vs async table).
func TestPublishedTable(t *testing.T) {
	run := carryOut(t, published)
	table := []struct {
		urls                            int
		sequential, concurrent, speedup float64
	}{{5, 5.2, 1.1, 4.7}, {10, 10.4, 1.2, 8.7}, {20, 20.8, 1.4, 14.9}, {50, 52.1, 2.1, 24.8}, {100, 104.5, 3.8, 27.5}}
	if len(run.Trials) != 10 || len(run.Speedups) != 5 {
		t.Fatalf("%d trials, %d speedups", len(run.Trials), len(run.Speedups))
	}
	for i, row := range table {
		for what, pair := range map[string][2]float64{
			"sequential": {run.Trials[2*i].MakespanS, row.sequential},
			"concurrent": {run.Trials[2*i+1].MakespanS, row.concurrent},
			"speedup":    {run.Speedups[i].Ratio, row.speedup},
		} {
			if math.Abs(pair[0]/pair[1]-1) > 0.05 {
				t.Errorf("%d URLs, %s: %.4g, published %.4g", row.urls, what, pair[0], pair[1])
			}
		}
	}
}

const everyRandomThing = `
seed: 7
targets:
  noisy:
    sim:
      delay: {mix: [{weight: 9, delay: {lognormal: {median: 5ms, p99: 60ms}}}, {weight: 1, delay: {exponential: 20ms}}]}
      servers: 8
      queue: 20
      errors: 2%
scenarios:
  - name: open
    target: noisy
    clock: virtual
    duration: 20s
    warmup: 2s
    repeat: 3
    modes: [{rate-limited: 500/s, arrivals: poisson}, {concurrent: 10, think_time: {exponential: 3ms}}]
    thresholds: [p99 < 1s]
  - name: batch
    target: noisy
    clock: virtual
    requests: [100, 1000]
    modes: [sequential, {concurrent: 5}]
`

// encoded is a run as bytes, without its times of day.
func encoded(t *testing.T, run *result.Run) string {
	t.Helper()
	run.Started = time.Time{}
	text, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Same seed, same file: the same bytes, but for times of day.
func TestVirtualRunsAreReproducible(t *testing.T) {
	first := encoded(t, carryOut(t, everyRandomThing))
	if first != encoded(t, carryOut(t, everyRandomThing)) {
		t.Error("two runs of one file and seed differ")
	}
	other := strings.Replace(everyRandomThing, "seed: 7", "seed: 8", 1)
	if first == encoded(t, carryOut(t, other)) {
		t.Error("the seed changes nothing")
	}
}

// Neither what else is in the file nor the mode changes a scenario's draws.
func TestDrawsDependOnNothingElse(t *testing.T) {
	all := carryOut(t, everyRandomThing)
	batch := carryOut(t, everyRandomThing, func(o *runner.Options) { o.Only = []string{"batch"} })
	alone := slices.DeleteFunc(slices.Clone(all.Trials), func(t result.Trial) bool { return t.Scenario != "batch" })
	a, err := json.Marshal(alone)
	b, broken := json.Marshal(batch.Trials)
	if err = errors.Join(err, broken); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("--only changes what is measured")
	}
	repeats := carryOut(t, everyRandomThing, func(o *runner.Options) { o.Only = []string{"open"} }).Trials
	if repeats[0].Response.HDR == repeats[2].Response.HDR {
		t.Error("two repetitions met the same draws")
	}
	if repeats[0].Scheduled == 10_000 || math.Abs(float64(repeats[0].Scheduled)-10_000) > 400 {
		t.Errorf("%d Poisson arrivals at 500/s in 20 s", repeats[0].Scheduled)
	}
}

func TestThresholdsMakeTheExitCode(t *testing.T) {
	for rule, want := range map[string]result.Exit{"p99 < 1h": runner.ExitOK, "p99 < 1ns": runner.ExitBroken, "errors < 0.0001%": runner.ExitBroken} {
		text := strings.Replace(everyRandomThing, "p99 < 1s", rule, 1)
		if run := carryOut(t, text); run.Exit != want {
			t.Errorf("%s: exit %d, want %d", rule, run.Exit, want)
		}
	}
}

const loopback = `
targets:
  loopback:
    http: {serve: {delay: 20ms}}
  nobody:
    http: {url: "http://127.0.0.1:1/", timeout: 1s}
  simulated:
    sim: {delay: 20ms}
scenarios:
  - name: real
    target: loopback
    requests: 20
    warmup: 100ms
    repeat: 3
    modes: [sequential, {concurrent: 5}, {rate-limited: 100/s}]
  - name: refused
    target: nobody
    requests: 5
    modes: [concurrent]
  - name: simulated
    target: simulated
    requests: 20
    modes: [{concurrent: 5}]
`

func TestRealHTTP(t *testing.T) {
	var calls bytes.Buffer
	run := carryOut(t, loopback, func(o *runner.Options) { o.Calls = &calls })
	if run.Exit != runner.ExitBroken && run.Exit != runner.ExitInvalid { // nobody answers; a busy machine may be late
		t.Errorf("exit %d", run.Exit)
	}
	for _, trial := range run.Trials {
		switch {
		case trial.Scenario == "refused":
			if trial.Errors["connect"].Count != 5 || trial.Ended != result.Complete {
				t.Errorf("refused connections: %+v, ended %s", trial.Errors, trial.Ended)
			}
		case trial.OK != 20 || trial.Response.P50S < 0.020 || trial.Service.MinS < 0.020:
			t.Errorf("%s %s: %d ok, p50 %v s, service from %v s: a call takes 20 ms", trial.Scenario, trial.Mode, trial.OK, trial.Response.P50S, trial.Service.MinS)
		}
	}
	for _, s := range run.Speedups {
		if s.Scenario == "real" && s.Mode == "concurrent-5" && (s.Ratio < 2 || s.Ratio > 10 || s.Low <= 0 || s.Low > s.Ratio || s.High < s.Ratio) {
			t.Errorf("five at a time are %v (%v … %v) times as fast", s.Ratio, s.Low, s.High)
		}
	}
	lines, err := csv.NewReader(&calls).ReadAll()
	if err != nil || len(lines) != 1+9*20+5+20 {
		t.Errorf("%d lines of calls, %v", len(lines), err)
	}
}

func TestBrokenCommandsFailTheirTrial(t *testing.T) {
	text := `
targets: {t: {sim: {delay: 1ms}}}
scenarios:
  - {name: first, target: t, clock: virtual, requests: 5, modes: [sequential], before: "exit 3"}
  - {name: second, target: t, clock: virtual, requests: 5, modes: [sequential], before: "true", after: ["true", "true"]}
`
	run := carryOut(t, text)
	if run.Trials[0].Ended != result.Failed || !strings.Contains(run.Trials[0].Reason, "exit 3") || run.Trials[0].Started != 0 {
		t.Errorf("a broken before: %q, %q", run.Trials[0].Ended, run.Trials[0].Reason)
	}
	if run.Trials[1].Ended != result.Complete || run.Trials[1].OK != 5 || run.Exit != runner.ExitInvalid {
		t.Errorf("the next trial: %q, %d ok, exit %d", run.Trials[1].Ended, run.Trials[1].OK, run.Exit)
	}
}

func TestInterruptKeepsWhatWasMeasured(t *testing.T) {
	text := `
targets: {t: {sim: {delay: 10ms}}}
scenarios:
  - {name: s, target: t, requests: 1000, modes: [sequential, concurrent]}
`
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(200*time.Millisecond, cancel)
	var last *result.Run
	run, err := runner.Run(ctx, context.Background(), runner.Options{Plan: parse(t, text), Save: func(r *result.Run) error { last = r; return nil }})
	if err != nil || run.Exit != runner.ExitInterrupted || len(run.Trials) != 1 || last == nil {
		t.Fatalf("exit %d, %d trials, %v", run.Exit, len(run.Trials), err)
	}
	if trial := run.Trials[0]; trial.Ended != result.Interrupted || trial.OK < 1 || trial.OK > 500 || trial.Cancelled != 0 {
		t.Errorf("%s with %d ok, %d cancelled", trial.Ended, trial.OK, trial.Cancelled)
	}
}

// slow is a watcher that notes what it sees.
type slow struct{ begun, sampled, ended int }

func (s *slow) Begin(scenario.Trial, int64, time.Duration) { s.begun++ }
func (s *slow) Sample(sample runner.Sample, _ time.Duration) {
	if sample.Ended > 0 {
		s.sampled++
	}
}
func (s *slow) End(*result.Trial) { s.ended++ }
func (s *slow) Fewer(int)         {}
func (s *slow) Note(string)       {}

func TestWatcherSeesTrialsAndSamples(t *testing.T) {
	text := `
targets: {t: {sim: {delay: 10ms}}}
scenarios:
  - {name: s, target: t, duration: 1s, modes: [sequential]}
`
	watch := &slow{}
	carryOut(t, text, func(o *runner.Options) { o.Watch = watch })
	if watch.begun != 1 || watch.ended != 1 || watch.sampled < 2 {
		t.Errorf("%+v", *watch)
	}
}

// A server with a backlog after the warm-up serves on at its capacity: 8 at
// 20 ms each are 400/s, whoever began the calls.
func TestThroughputAfterAWarmUpInOverload(t *testing.T) {
	for _, warmup := range []string{"0s", "5s"} {
		run := carryOut(t, `
targets: {t: {sim: {delay: 20ms, servers: 8}}}
scenarios:
  - {name: s, target: t, clock: virtual, duration: 5s, warmup: `+warmup+`, modes: [rate-limited: [300/s, 500/s, 1000/s]]}
`)
		for i, want := range []float64{300, 400, 400} {
			if got := run.Trials[i].ThroughputPerS; math.Abs(got-want) > 2 {
				t.Errorf("warm-up %s: %v/s are served of %v/s, want %v", warmup, got, run.Trials[i].RatePerS, want)
			}
		}
	}
}

// A trial that its scenario ends early gets its throughput from how long it
// took, and not from how long it could have.
func TestThroughputOfTrialsThatEndEarly(t *testing.T) {
	for _, rule := range []string{"on_error: stop", "stop_when: first-error"} {
		run := carryOut(t, `
targets: {t: {sim: {delay: 100ms, errors: {rate: 4%, after: 100ms}}}}
scenarios:
  - {name: s, target: t, clock: virtual, duration: 1h, `+rule+`, modes: [sequential]}
`)
		trial := run.Trials[0]
		if trial.Ended != result.Stopped || trial.OK < 1 || trial.MakespanS > 600 || run.Exit != runner.ExitOK {
			t.Fatalf("%s: %s after %v s with %d ok, exit %d", rule, trial.Ended, trial.MakespanS, trial.OK, run.Exit)
		}
		if want := float64(trial.OK) / trial.MakespanS; math.Abs(trial.ThroughputPerS/want-1) > 1e-9 {
			t.Errorf("%s: %v/s, want %d in %v s: %v/s", rule, trial.ThroughputPerS, trial.OK, trial.MakespanS, want)
		}
	}
}
