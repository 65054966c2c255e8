package runner_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

const twoTargets = `
seed: 3
targets:
  old: {sim: {delay: {exponential: 10ms}}}
  new: {sim: {delay: {exponential: 20ms}}}
scenarios:
  - name: open
    target: old
    clock: virtual
    duration: 2s
    repeat: 4
    modes: [{rate-limited: 100/s, arrivals: poisson}, concurrent: 3]
    thresholds: [p50 < 1h]
`

// order notes in which order trials begin.
type order struct {
	name  string
	begun *[]string
}

func (o order) Begin(t scenario.Trial, _ int64, _ time.Duration) {
	*o.begun = append(*o.begun, fmt.Sprintf("%s %s %d", o.name, t.Mode.Name, t.Repeat))
}
func (order) Sample(runner.Sample, time.Duration) {}
func (order) End(*result.Trial)                   {}
func (order) Fewer(int)                           {}
func (order) Note(string)                         {}

// inTurns carries two plans out in turns.
func inTurns(t *testing.T, baseline, candidate *scenario.Plan) (was, is *result.Run, begun []string) {
	t.Helper()
	dir := t.TempDir()
	var options [2]runner.Options
	for i, plan := range []*scenario.Plan{baseline, candidate} {
		name := []string{"baseline", "candidate"}[i]
		file := filepath.Join(dir, name)
		if err := os.Mkdir(file, 0o777); err != nil {
			t.Fatal(err)
		}
		options[i] = runner.Options{Plan: plan, Version: "test", Watch: order{name, &begun},
			Save: func(r *result.Run) error { return result.Save(file, r) }}
	}
	was, is, err := runner.Pair(context.Background(), context.Background(), options[0], options[1])
	if err != nil {
		t.Fatal(err)
	}
	for name, run := range map[string]*result.Run{"baseline": was, "candidate": is} {
		saved, err := result.Load(filepath.Join(dir, name))
		if err != nil || len(saved.Trials) != len(run.Trials) || saved.Pair != run.Pair {
			t.Errorf("the saved %s is another: %v", name, err)
		}
	}
	return was, is, begun
}

func TestPairsRunInTurns(t *testing.T) {
	plan := parse(t, twoTargets)
	candidate, err := plan.Retarget("new")
	if err != nil {
		t.Fatal(err)
	}
	was, is, begun := inTurns(t, plan, candidate)
	want := []string{
		"baseline rate-limited-100/s 0", "candidate rate-limited-100/s 0", "baseline concurrent-3 0", "candidate concurrent-3 0",
		"candidate rate-limited-100/s 1", "baseline rate-limited-100/s 1", "candidate concurrent-3 1", "baseline concurrent-3 1",
	}
	if !slices.Equal(begun[:8], want) || len(begun) != 16 {
		t.Errorf("the order is %q", begun)
	}
	if was.Pair == "" || was.Pair != is.Pair {
		t.Errorf("pairs %q and %q", was.Pair, is.Pair)
	}
	for i := range was.Trials {
		if a, b := was.Trials[i], is.Trials[i]; a.Target != "old" || b.Target != "new" {
			t.Errorf("trial %d: targets %s and %s", i, a.Target, b.Target)
		}
	}
	if len(is.Verdicts) != 2 || len(was.Verdicts) != 2 || was.Exit != 0 || is.Exit != 0 {
		t.Errorf("verdicts %v and %v", was.Verdicts, is.Verdicts)
	}
}

// Both meet the same draws: arrivals come at the same times, and calls of
// twice the mean delay take twice as long, one by one.
func TestPairsMeetTheSameDraws(t *testing.T) {
	plan := parse(t, twoTargets)
	candidate, err := plan.Retarget("new")
	if err != nil {
		t.Fatal(err)
	}
	other := *plan
	other.Seed = 99 // the candidate's seed counts
	was, is, _ := inTurns(t, &other, candidate)
	if was.Seed != is.Seed {
		t.Errorf("seeds %d and %d", was.Seed, is.Seed)
	}
	for i, a := range was.Trials {
		b := is.Trials[find(is, a.Mode, a.Repeat)]
		if a.RatePerS == 0 {
			continue
		}
		if a.Scheduled != b.Scheduled || math.Abs(b.Response.P99S/a.Response.P99S/2-1) > 0.002 {
			t.Errorf("trial %d: %d and %d calls, p99 %v and %v s", i, a.Scheduled, b.Scheduled, a.Response.P99S, b.Response.P99S)
		}
	}
}

func find(run *result.Run, mode string, repeat int) int {
	return slices.IndexFunc(run.Trials, func(t result.Trial) bool { return t.Mode == mode && t.Repeat == repeat })
}

// What only one of them has is carried out, too.
func TestWhatHasNoPartnerRunsAlone(t *testing.T) {
	plan := parse(t, twoTargets)
	fewer := parse(t, strings.Replace(strings.Replace(twoTargets, "repeat: 4", "repeat: 2", 1), "concurrent: 3", "concurrent: 4", 1))
	was, is, begun := inTurns(t, plan, fewer)
	if len(was.Trials) != 8 || len(is.Trials) != 4 || len(begun) != 12 {
		t.Errorf("%d and %d trials", len(was.Trials), len(is.Trials))
	}
	if was.Planned != 8 || is.Planned != 4 {
		t.Errorf("%d and %d were planned", was.Planned, is.Planned)
	}
}

func TestAPairThatCannotBegin(t *testing.T) {
	plan := parse(t, twoTargets)
	wrong := runner.Options{Plan: plan, Only: []string{"nothing"}}
	if was, is, err := runner.Pair(context.Background(), context.Background(), wrong, wrong); was != nil || is != nil || err == nil {
		t.Errorf("%v, %v, %v", was, is, err)
	}
}

// What is compared is known before anything runs: every setting is in it that
// makes a difference to the load, and none of the others.
func TestWorkloads(t *testing.T) {
	workload := func(s string) string {
		t.Helper()
		plan := parse(t, "targets: {a: {sim: {delay: 1s}}, b: {sim: {delay: 2s}}}\nscenarios:\n  - "+s)
		preview := runner.Preview(plan.Trials())
		if preview.Planned != len(preview.Trials) {
			t.Error(preview.Planned)
		}
		return preview.Trials[0].Workload
	}
	for s, want := range map[string]string{
		"{name: s, target: a, requests: 5, modes: [sequential]}":                                                                "mode: sequential, requests: 5, drain: 30s, clock: real",
		"{name: s, target: b, requests: 5, repeat: 7, modes: [{mode: sequential, name: x}], thresholds: [p99 < 1s]}":            "mode: sequential, requests: 5, drain: 30s, clock: real",
		"{name: s, target: a, clock: virtual, requests: [5, 9], warmup: 3s, modes: [concurrent]}":                               "concurrent: all at once, requests: 5, warmup: 3s, drain: 30s, clock: virtual",
		"{name: s, target: a, duration: 1m, drain: 2s, stop_when: first-error, modes: [concurrent: 10]}":                        "concurrent: 10, duration: 1m, drain: 2s, stop_when: first-error, clock: real",
		"{name: s, target: a, duration: 1m, modes: [{concurrent: 10, think_time: 1s}]}":                                         "concurrent: 10, think_time: 1s, duration: 1m, drain: 30s, clock: real",
		"{name: s, target: a, duration: 1m, on_error: stop, modes: [rate-limited: 5/2s]}":                                       "rate-limited: 5/2s, arrivals: constant, max_in_flight: 10000, duration: 1m, drain: 30s, on_error: stop, clock: real",
		"{name: s, target: a, duration: 1m, modes: [{rate-limited: 5/2s, arrivals: bucket, overflow: drop}]}":                   "rate-limited: 5/2s, arrivals: bucket, burst: 5, max_in_flight: 10000, overflow: drop, duration: 1m, drain: 30s, clock: real",
		"{name: s, target: a, modes: [{mode: concurrent, start: 1, stages: [{target: 5, duration: 1s}]}]}":                      "concurrent: 1, stages: 1 → 5 in 1s, drain: 30s, clock: real",
		"{name: s, target: a, modes: [{mode: rate-limited, stages: [{target: 5/s, duration: 1s}, {target: 0, duration: 2s}]}]}": "rate-limited: stages, arrivals: constant, max_in_flight: 10000, stages: 0/s → 5/s in 1s → 0/s in 2s, drain: 30s, clock: real",
	} {
		if got := workload(s); got != want {
			t.Errorf("%s\nis %s\nnot %s", s, got, want)
		}
	}
	think := func(d string) string {
		return workload("{name: s, target: a, duration: 1m, modes: [{concurrent: 10, think_time: " + d + "}]}")
	}
	if think("{exponential: 1s}") == think("{exponential: 2s}") || think("{exponential: 1s}") != think("{exponential: 1000ms}") || strings.Count(think("{uniform: [1s, 2s]}"), ", ") != 4 {
		t.Errorf("%s", think("{uniform: [1s, 2s]}"))
	}
}

// A run keeps what it was asked for, and the tolerances of what it ran.
func TestTolerancesAreKept(t *testing.T) {
	text := strings.Replace(published, "modes:", "compare: {tolerance: 3%, p99: 10%, errors: 0.2%}\n    modes:", 1)
	run := carryOut(t, text)
	want := []result.Tolerance{{Scenario: "fetch-urls", Metric: "", Value: 0.03}, {Scenario: "fetch-urls", Metric: "p99", Value: 0.1}, {Scenario: "fetch-urls", Metric: "errors", Value: 0.002}}
	if !slices.Equal(run.Tolerances, want) {
		t.Errorf("%v", run.Tolerances)
	}
	preview := runner.Preview(parse(t, text).Trials())
	for i := range run.Trials {
		if run.Trials[i].Workload == "" || run.Trials[i].Workload != preview.Trials[i].Workload {
			t.Errorf("trial %d did %q, and %q was foreseen", i, run.Trials[i].Workload, preview.Trials[i].Workload)
		}
	}
}
