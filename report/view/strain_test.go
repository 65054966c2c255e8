package view_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// strained are the scenario's notes on the machine, if its second trial was
// changed so.
func strained(t *testing.T, change func(*result.Trial)) (texts []string) {
	t.Helper()
	run := sample.Bars()
	for i := range run.Trials {
		run.Trials[i].MachineUse = &result.MachineUse{CPUS: 0.2, WallS: 1, GCPauseMaxS: 0.0001}
		late(t, &run.Trials[i], 4*time.Millisecond)
	}
	change(&run.Trials[1])
	for _, n := range of(t, run).Sections[0].Notes {
		if n.Tone != view.Warn {
			t.Errorf("%+v is no warning", n)
		}
		texts = append(texts, n.Text)
	}
	return texts
}

// A crowded machine and a long pause are told once for a scenario, of the
// trial where they were worst, and only where they may explain something.
func TestTheGeneratorsOwnPart(t *testing.T) {
	const crowd = "plimsoll itself took 80 % of this machine's 2 processors in concurrent-5 at requests 50: its own waiting may be in the times"
	const loop = "plimsoll's own loop was busy for 95 % of the time in concurrent-5 at requests 50: the limit may be there, not in the target"
	const pause = "a garbage collection of plimsoll's own took 2.000 ms in concurrent-5 at requests 50 (3 took 5.000 ms in all): it may explain the lateness of up to 4.000 ms"
	for name, c := range map[string]struct {
		change func(*result.Trial)
		want   []string
	}{
		"idle":             {func(*result.Trial) {}, nil},
		"nobody looked":    {func(tr *result.Trial) { tr.MachineUse = nil }, nil},
		"almost crowded":   {func(tr *result.Trial) { tr.MachineUse.CPUS = 1.59 }, nil},
		"crowded":          {func(tr *result.Trial) { tr.MachineUse.CPUS = 1.6 }, []string{crowd}},
		"by spinning":      {func(tr *result.Trial) { tr.MachineUse.CPUS, tr.MachineUse.SpinS = 1.7, 0.5 }, nil},
		"one loop":         {func(tr *result.Trial) { tr.MachineUse.CPUS, tr.Engine = 0.95, "wire-epoll" }, []string{loop}},
		"beside one loop":  {func(tr *result.Trial) { tr.MachineUse.CPUS, tr.Engine = 1.09, "wire-epoll" }, []string{strings.Replace(loop, "for 95 % of", "all", 1)}},
		"two loops":        {func(tr *result.Trial) { tr.MachineUse.CPUS, tr.Engine, tr.Loops = 0.95, "wire-epoll", 2 }, nil},
		"workers":          {func(tr *result.Trial) { tr.MachineUse.CPUS = 0.95 }, nil},
		"a pause":          {func(tr *result.Trial) { tr.MachineUse = pauses(0.002) }, []string{pause}},
		"a shorter pause":  {func(tr *result.Trial) { tr.MachineUse = pauses(0.0019) }, nil},
		"no lateness":      {func(tr *result.Trial) { tr.MachineUse = pauses(0.002); late(t, tr, 900*time.Microsecond) }, nil},
		"pause and crowd":  {func(tr *result.Trial) { tr.MachineUse = pauses(0.002); tr.MachineUse.CPUS = 1.6 }, []string{crowd, pause}},
		"no time was kept": {func(tr *result.Trial) { tr.MachineUse = &result.MachineUse{CPUS: 2 * tr.MakespanS} }, []string{strings.Replace(crowd, "80", "100", 1)}},
	} {
		if got := strained(t, c.change); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// late makes one of the trial's calls late.
func late(t *testing.T, trial *result.Trial, by time.Duration) {
	t.Helper()
	h := latency.New(latency.Fine)
	for range trial.Started - 1 {
		h.Record(0)
	}
	h.Record(by)
	var err error
	if trial.Lateness, err = result.NewDist(h); err != nil {
		t.Fatal(err)
	}
}

func pauses(longest float64) *result.MachineUse {
	return &result.MachineUse{CPUS: 0.1, WallS: 1, GCPauseMaxS: longest, GCPauseS: 0.005, GCs: 3}
}

// A result of a calibrated machine says how old that is and what it means.
func TestTheMachinesResolutionIsTold(t *testing.T) {
	run := sample.Frozen()
	for before, want := range map[time.Duration]string{
		50 * time.Hour: "2 days old", 24 * time.Hour: "1 day old", 23 * time.Hour: "23 hours old", time.Minute: "less than an hour old", -time.Minute: "less than an hour old",
	} {
		run.Calibration = &result.Calibration{Taken: run.Started.Add(-before), P50Floor: 0.0123, P99Floor: 0.2}
		notes := of(t, run).Notes
		if text := "calibration of this machine, " + want + ": differences below 1.230 % in p50 and 20.00 % in p99 cannot be told"; len(notes) != 1 || notes[0] != (view.Note{Tone: view.Plain, Text: text}) {
			t.Errorf("%v before: %+v", before, notes)
		}
	}
}

// What the generator could not keep up with is marked in every table, so that
// none can be taken for a measurement on its own.
func TestInvalidInEveryTable(t *testing.T) {
	v := of(t, sample.Failing())
	for _, table := range v.Sections[0].Tables {
		marked := 0
		for _, row := range table.Rows {
			notes := footnotes(table, slices.Concat(table.Columns[table.Keys-1].Marks, row[table.Keys-1].Marks))
			invalid := slices.ContainsFunc(notes, func(n string) bool { return strings.HasPrefix(n, "invalid: the generator fell behind") })
			if row[table.Keys-1].Text == "rate-limited-400/s" != invalid {
				t.Errorf("%s, %s: %q", table.Title, row[table.Keys-1].Text, notes)
			}
			if invalid {
				marked++
			}
		}
		if marked == 0 {
			t.Errorf("%s does not say it", table.Title)
		}
	}
	for _, records := range []view.Records{v.SpeedupRecords(), latencyRecords(t, v)} {
		kept, mode := slices.Index(records[0], "kept_pace"), slices.Index(records[0], "mode")
		for _, row := range records[1:] {
			if want := row[mode] != "rate-limited-400/s"; (row[kept] == "true") != want {
				t.Errorf("%s: kept_pace is %s", row[mode], row[kept])
			}
		}
	}
	if got := v.Sections[0].Scenario.Warning(); got != "Invalid: the generator fell behind in 1 of 3 trials, no measurement of the target" {
		t.Errorf("the charts say %q", got)
	}
	for _, table := range benchOf(t, only(sample.Failing(), 1)).Tables {
		if !strings.HasSuffix(table.Title, "(invalid: the generator fell behind)") {
			t.Errorf("the table is called %q", table.Title)
		}
	}
	for _, table := range benchOf(t, only(sample.Failing(), 0)).Tables {
		if strings.Contains(table.Title, "invalid") {
			t.Errorf("the table is called %q", table.Title)
		}
	}
}

func latencyRecords(t *testing.T, v *view.View) view.Records {
	t.Helper()
	records, err := v.LatencyRecords()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// What a promise on a percentile of few calls rests on is told beside it.
func TestVerdictsOnFewCallsAreQualified(t *testing.T) {
	run := sample.Frozen()
	run.Verdicts[0].Note = "the sample is too small"
	verdicts := table(t, of(t, run), 0, "Verdicts")
	cell := verdicts.Rows[0][len(verdicts.Columns)-1]
	if got := footnotes(verdicts, cell.Marks); cell.Text != "pass" || !slices.Equal(got, []string{"the sample is too small"}) {
		t.Errorf("%+v: %q", cell, got)
	}
}

// A run that was broken off names what it never came to, also what nothing
// was promised about.
func TestScenariosThatWereNeverBegun(t *testing.T) {
	run := sample.Interrupted()
	run.Scenarios = []string{"fetch-urls", "first\x1b", "steady-load", "last"}
	if got := of(t, run).Answer[1]; got != (view.Note{Tone: view.Bad, Text: "not run: first, last, steady-load"}) {
		t.Errorf("%+v", got)
	}
	run.Scenarios = run.Scenarios[:1]
	if got := of(t, run).Answer[1].Text; got != "not run: steady-load" {
		t.Errorf("%q", got)
	}
}
