package compare

import (
	"strings"
	"testing"

	"plimsoll/runner/result"
)

func TestWhatIsNoMeasurementIsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		spoil func(*result.Run)
		want  string
	}{
		"no trial":    {func(r *result.Run) { r.Trials = nil }, "no trial was carried out"},
		"failed":      {func(r *result.Run) { r.Trials[1].Ended, r.Trials[1].Reason = result.Failed, "no such host" }, "s, sequential, repetition 2 could not be carried out: no such host"},
		"broken off":  {func(r *result.Run) { r.Trials[4].Ended = result.Interrupted }, "s, sequential, repetition 5 was interrupted"},
		"interrupted": {func(r *result.Run) { r.Exit = 130 }, "it was interrupted"},
		"fell behind": {func(r *result.Run) { r.Exit, r.Trials[0].Health = 3, result.Health{Why: "lateness p99 was 2ms"} }, "the generator fell behind in s, sequential, repetition 1: lateness p99 was 2ms (`run --allow-late` would have accepted it)"},
		"exit 3":      {func(r *result.Run) { r.Exit = 3 }, "it ended with exit code 3: something of it failed"},
		"under way":   {func(r *result.Run) { r.Exit = result.UnderWay }, "it did not come to its end (it was killed, or still goes on): 5 trials were carried out"},
		"killed":      {func(r *result.Run) { r.Planned = 8 }, "it ended after 5 of 8 trials"},
	} {
		t.Run(what, func(t *testing.T) {
			was, is := runs(t, 1)
			c.spoil(is)
			if _, err := Runs(was, is, Options{}); err == nil || err.Error() != "the current run cannot be compared: "+c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			if _, err := Runs(is, was, Options{}); err == nil || err.Error() != "the baseline cannot be compared: "+c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// A broken promise, and lateness that was allowed, spoil nothing.
func TestWhatIsAMeasurementAllTheSame(t *testing.T) {
	was, is := runs(t, 1)
	was.Exit = 1
	is.Trials[0].Health = result.Health{Why: "late"}
	c := mustCompare(t, was, is, Options{})
	if len(c.Caveats) != 1 || !strings.HasPrefix(c.Caveats[0], "the generator fell behind in 1 of 5 trials of the current run") {
		t.Error(c.Caveats)
	}
}

func TestTheWorkloadMustAgree(t *testing.T) {
	const load = "rate-limited: 500/s, arrivals: poisson, max_in_flight: 2000, duration: 30s, clock: real"
	for workload, want := range map[string]string{
		load: "",
		strings.Replace(load, "poisson", "constant", 1):                "arrivals of s, sequential is poisson in the baseline and constant in the current run",
		load + ", warmup: 5s":                                          "warmup of s, sequential is not set in the baseline and 5s in the current run",
		strings.Replace(load, ", max_in_flight: 2000", "", 1):          "max_in_flight of s, sequential is 2000 in the baseline and not set in the current run",
		load + ", background: noise (rate-limited: 60/s; clock: real)": "background of s, sequential is not set in the baseline and noise (rate-limited: 60/s; clock: real) in the current run",
		"": "a result does not tell the workload of s, sequential: run it again with this version",
	} {
		was, is := runs(t, 1)
		for i := range was.Trials {
			was.Trials[i].Workload, is.Trials[i].Workload = load, workload
		}
		_, err := Runs(was, is, Options{})
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != "not comparable: "+want) {
			t.Errorf("%q: %v, want %s", workload, err, want)
		}
	}
}

// What goes on in the background is part of the load: runs are compared where it is
// the same, and nothing of it is judged.
func TestTheBackgroundMustAgree(t *testing.T) {
	const load = "concurrent: 1, duration: 30s, clock: virtual, background: noise (rate-limited: 60/s; clock: virtual); still (concurrent: 1; clock: virtual)"
	was, is := runs(t, 1)
	for _, run := range []*result.Run{was, is} {
		for i := range run.Trials {
			beside := run.Trials[i]
			beside.Scenario, beside.Mode = "noise", "rate-limited-60/s"
			run.Trials[i].Workload, run.Trials[i].Beside = load, []result.Trial{beside}
		}
	}
	if c := mustCompare(t, was, is, Options{}); len(c.Changes) != 4 || len(c.Caveats) != 0 {
		t.Errorf("%d changes, %v", len(c.Changes), c.Caveats)
	}
	for i := range is.Trials {
		is.Trials[i].Workload = strings.Replace(load, "60/s", "80/s", 1)
	}
	const want = "not comparable: background of s, sequential is noise (rate-limited: 60/s; clock: virtual); still (concurrent: 1; clock: virtual) in the baseline and noise (rate-limited: 80/s; clock: virtual); still (concurrent: 1; clock: virtual) in the current run"
	if _, err := Runs(was, is, Options{}); err == nil || err.Error() != want {
		t.Error(err)
	}
}

// Results come from anywhere; what they say cannot steer a terminal.
func TestForeignTextsAreHarmless(t *testing.T) {
	was, is := runs(t, 1)
	is.Trials[0].Ended, is.Trials[0].Reason = result.Failed, "\x1b[2J\nplimsoll: all is well"
	if _, err := Runs(was, is, Options{}); err == nil || strings.ContainsAny(err.Error(), "\x1b\n") {
		t.Errorf("%q", err)
	}
}

func TestNothingInCommon(t *testing.T) {
	was, is := runs(t, 1)
	for i := range is.Trials {
		is.Trials[i].Mode = "another"
	}
	const want = "not comparable: no scenario, mode and sweep value is in both: the baseline has s sequential, the current run s another"
	if _, err := Runs(was, is, Options{}); err == nil || err.Error() != want {
		t.Error(err)
	}
}

// Targets, seeds, promises and the number of repetitions may differ; another
// machine is told, where it matters.
func TestWhatMayDiffer(t *testing.T) {
	was, is := runs(t, 1)
	is.Seed, is.Trials, is.Planned = 99, is.Trials[:4], 4
	is.Machine = result.Machine{OS: "linux", CPUs: 64, CPUModel: "another"}
	for i := range is.Trials {
		is.Trials[i].Target = "candidate"
	}
	c := mustCompare(t, was, is, Options{})
	if len(c.Caveats) != 0 || c.Current.Targets[0] != "candidate" || c.Changes[0].CurrentRepetitions != 4 {
		t.Errorf("%+v", c)
	}
	for _, run := range []*result.Run{was, is} {
		for i := range run.Trials {
			run.Trials[i].Clock = "real"
		}
	}
	is.Trials[0].Engine = "std"
	c = mustCompare(t, was, is, Options{})
	if len(c.Caveats) != 2 || !strings.HasPrefix(c.Caveats[0], "another machine: ") || c.Caveats[1] != "another engine: virtual in the baseline, std and virtual in the current run" {
		t.Error(c.Caveats)
	}
}

// Steps of a search follow from what was seen, and are left out.
func TestSearchesAreLeftOut(t *testing.T) {
	was, is := runs(t, 1)
	step := is.Trials[0]
	step.Scenario, step.Health = "how-much", result.Health{}
	for _, run := range []*result.Run{was, is} {
		run.Trials = append(run.Trials, step)
		run.Capacities = []result.Capacity{{Scenario: "how-much"}}
	}
	c := mustCompare(t, was, is, Options{})
	if len(c.Changes) != 4 || len(c.Caveats) != 1 || c.Caveats[0] != "how-much searches for a capacity, and is not compared" {
		t.Errorf("%d changes, %v", len(c.Changes), c.Caveats)
	}
}
