//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll/runner/result"
	"plimsoll/target/busy"
)

// few runs the program in the folder dir where a shell has lowered the limit
// on file descriptors: "-n 48", or "-Sn 48" of the soft one alone.
func few(t *testing.T, dir, limit string, args ...string) ended {
	t.Helper()
	program, err := exec.LookPath("plimsoll")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "few.sh"), []byte("ulimit "+limit+" || exit 99\nexec \"$@\"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, dir, "sh", append([]string{"few.sh", program}, args...)...)
	return p.wait(t)
}

// fewFiles is so few that 64 callers find no descriptors for all.
const fewFiles = "-n 48"

// An open loop cannot know beforehand how many connections it needs. What it
// lacks is none of the target's errors, and the trial no measurement of it.
func TestDescriptorsRunOutInAnOpenLoop(t *testing.T) {
	for _, engine := range []string{"wire", "wire-net", "std", `wire, http: "2", streams: 1`} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url, seen := slowServer(t)
			dir := folder(t, fmt.Sprintf(`
targets: {t: {http: {url: %q, engine: %s}}}
scenarios: [{name: s, target: t, duration: 600ms, modes: [rate-limited: 5000/s], thresholds: [errors < 0.1%%]}]
`, url, engine))
			for _, allow := range []string{"--quiet", "--allow-late"} {
				seen.Store(0)
				end := few(t, dir, fewFiles, "run", "s.yaml", allow)
				run := latest(t, dir)
				trial := run.Trials[0]
				lacking := trial.Errors[result.Generator].Count
				if end.code != 3 || lacking < 1 || trial.OK < 1 || trial.Failed() != 0 || trial.Started != trial.OK+lacking {
					t.Errorf("exit code %d, %d ok of %d, %v\n%s", end.code, trial.OK, trial.Started, trial.Errors, end.stderr)
				}
				if seen.Load() != trial.OK {
					t.Errorf("the server saw %d requests, reported are %d", seen.Load(), trial.OK)
				}
				for _, want := range []string{"file descriptors", "the limit is 48", "ulimit -n"} {
					if !strings.Contains(trial.Health.Why, want) || !strings.Contains(end.stdout, want) {
						t.Errorf("health %q does not say %q", trial.Health.Why, want)
					}
				}
				if v := run.Verdicts[0]; !v.Pass || v.Measured != 0 || !strings.Contains(v.Note, "not valid") {
					t.Errorf("errors are judged as %+v", v)
				}
			}
		})
	}
}

// What obviously needs more descriptors than there may be is told before
// anything is sent, and costs its own trials only.
func TestTooFewDescriptorsAreToldBefore(t *testing.T) {
	t.Parallel()
	url, seen := slowServer(t)
	dir := folder(t, fmt.Sprintf(`
targets: {t: {http: {url: %q}}, capped: {http: {url: %[1]q, connections: 10}}}
scenarios:
  - {name: few, target: t, requests: 20, modes: [concurrent: 5]}
  - {name: many, target: t, duration: 10s, modes: [concurrent: 64]}
  - {name: batch, target: t, requests: 64, modes: [concurrent]}
  - {name: thinking, target: t, requests: 20, modes: [{concurrent: 64, think_time: 1s}]}
  - {name: capped, target: capped, requests: 64, modes: [concurrent]}
`, url))
	end := few(t, dir, fewFiles, "run", "s.yaml", "--quiet")
	run := latest(t, dir)
	if end.code != 3 || run.Exit != 3 || len(run.Trials) != 5 {
		t.Fatalf("exit code %d, %d trials\n%s", end.code, len(run.Trials), end.stderr)
	}
	for i, name := range []string{"few", "many", "batch", "thinking", "capped"} {
		trial := run.Trials[i]
		if short := name == "many" || name == "batch"; short {
			const what = "64 calls at a time need as many connections, and this process may have 48 files open"
			if trial.Started != 0 || trial.Ended != result.Failed || trial.Health.KeptPace || !strings.HasPrefix(trial.Health.Why, what) || !strings.Contains(end.stderr, "plimsoll: it will not be carried out: "+name) {
				t.Errorf("%s: %d calls, %s, %+v\n%s", name, trial.Started, trial.Ended, trial.Health, end.stderr)
			}
		} else if trial.OK != trial.Started || trial.OK < 20 || trial.Ended != result.Complete {
			t.Errorf("%s: %d ok of %d, ended %s: %s", name, trial.OK, trial.Started, trial.Ended, trial.Reason)
		}
	}
	if seen.Load() != 20+20+64 {
		t.Errorf("the server saw %d requests", seen.Load())
	}
}

// A search is limited by the generator where that lacks descriptors, whether it
// is seen before or meanwhile, and says "at least".
func TestDescriptorsRunOutInASearch(t *testing.T) {
	for name, find := range map[string]string{
		"concurrency": "find: concurrency, from: 8, to: 1000",
		"rate":        "find: rate, from: 200/s, to: 100000/s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, seen := slowServer(t)
			dir := folder(t, fmt.Sprintf(`
targets: {t: {http: {url: %q}}}
scenarios: [{name: s, target: t, capacity: {%s, slo: [p50 < 10s, errors < 0.1%%], hold: 300ms}}]
`, url, find))
			end := few(t, dir, fewFiles, "run", "s.yaml", "--quiet")
			c := latest(t, dir).Capacities[0]
			if name == "rate" && strings.Contains(c.Reason, "lateness p99") {
				busy.Skip(t, "this machine is too busy for open loops")
			}
			if end.code != 0 || c.Bound != result.AtLeast || c.LimitedBy != result.LimitGenerator || !strings.Contains(c.Reason, "ulimit -n") {
				t.Errorf("exit code %d, %s %v, limited by %s: %s\n%s", end.code, c.Bound, c.Value, c.LimitedBy, c.Reason, end.stderr)
			}
			if seen.Load() == 0 {
				t.Error("nothing was sent")
			}
		})
	}
}

// A soft limit is raised to the hard one, and commands get the old one back.
func TestTheSoftLimitIsRaised(t *testing.T) {
	t.Parallel()
	url, _ := slowServer(t)
	dir := folder(t, fmt.Sprintf(`
targets: {t: {http: {url: %q}}}
scenarios: [{name: s, target: t, requests: 200, modes: [concurrent: 64], before: "ulimit -n > limit"}]
`, url))
	end := few(t, dir, "-Sn 48", "run", "s.yaml", "--quiet")
	trial := latest(t, dir).Trials[0]
	limit, _ := os.ReadFile(filepath.Join(dir, "limit"))
	if end.code != 0 || trial.OK != 200 || strings.TrimSpace(string(limit)) != "48" {
		t.Errorf("exit code %d, %d ok, %v, commands have %q\n%s", end.code, trial.OK, trial.Errors, limit, end.stderr)
	}
}

// bench says the same as run.
func TestBenchTellsItsOwnLimits(t *testing.T) {
	t.Parallel()
	url, seen := slowServer(t)
	dir := t.TempDir()
	end := few(t, dir, fewFiles, "bench", url, "-c", "64", "-d", "5s")
	if end.code != 3 || !strings.Contains(end.stdout, "64 calls at a time need as many connections") || !strings.Contains(end.stdout, "ulimit -n") || seen.Load() != 0 {
		t.Errorf("exit code %d, %d requests\n%s%s", end.code, seen.Load(), end.stdout, end.stderr)
	}
	end = few(t, dir, fewFiles, "bench", url, "-r", "5000", "-d", "500ms")
	if end.code != 3 || !strings.Contains(end.stdout, "THE GENERATOR WAS AT ITS LIMIT") || !strings.Contains(end.stdout, "the limit is 48") || !strings.Contains(end.stdout, "ulimit -n") {
		t.Errorf("exit code %d\n%s%s", end.code, end.stdout, end.stderr)
	}
}
