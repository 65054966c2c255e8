package compare

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"plimsoll/runner/result"
)

// What Run.Exit says of a run that is no measurement.
const (
	exitInvalid     = 3
	exitInterrupted = 130
)

// Usable tells, as an error in words for the user, why a run is no
// measurement; nil where it is one.
func Usable(run *result.Run) error {
	if run.Exit == result.UnderWay {
		return told("it did not come to its end (it was killed, or still goes on): %d trials were carried out", len(run.Trials))
	}
	if len(run.Trials) == 0 {
		return told("no trial was carried out")
	}
	trials := compared(run)
	for i := range trials {
		t := &trials[i]
		switch {
		case t.Ended == result.Failed:
			return told("%s could not be carried out: %s", where(t), t.Reason)
		case t.Ended == result.Interrupted:
			return told("%s was interrupted", where(t))
		case t.Lacking() > 0:
			return told("%s is no measurement of the target: %s", where(t), t.Health.Why)
		case !t.Health.KeptPace && run.Exit == exitInvalid:
			return told("the generator fell behind in %s: %s (`run --allow-late` would have accepted it)", where(t), t.Health.Why)
		}
	}
	switch {
	case run.Exit == exitInterrupted:
		return told("it was interrupted")
	case run.Exit == exitInvalid:
		return told("it ended with exit code 3: something of it failed")
	case run.Planned > len(run.Trials):
		return told("it ended after %d of %d trials", len(run.Trials), run.Planned)
	}
	return nil
}

// compared are a run's trials but for the steps of searches, whose levels
// follow from what was seen.
func compared(run *result.Run) []result.Trial {
	if len(run.Capacities) == 0 {
		return run.Trials
	}
	return slices.DeleteFunc(slices.Clone(run.Trials), func(t result.Trial) bool { return run.Searched(t.Scenario) != nil })
}

// told is an error in words for the user. Results come from anywhere: what
// would steer a terminal is left out of it.
func told(format string, args ...any) error {
	return errors.New(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, fmt.Sprintf(format, args...)))
}

func where(t *result.Trial) string {
	parts := []string{t.Scenario, t.Mode}
	if at := t.Sweep.String(); at != "" {
		parts = append(parts, at)
	}
	return strings.Join(append(parts, fmt.Sprintf("repetition %d", t.Repeat+1)), ", ")
}

// Comparable tells, as an error in words for the user, what keeps two runs
// from being compared: another workload at a place that both have, or no
// common place. It asks for nothing that is known only after a run.
func Comparable(baseline, current *result.Run) error {
	was, is := compared(baseline), compared(current)
	before := map[Place]*result.Trial{}
	for i := range was {
		before[Place{was[i].Scenario, was[i].Mode, was[i].Sweep}] = &was[i]
	}
	common := false
	for i := range is {
		t := &is[i]
		old := before[Place{t.Scenario, t.Mode, t.Sweep}]
		if old == nil {
			continue
		}
		common = true
		if err := sameWorkload(old, t); err != nil {
			return err
		}
	}
	if !common {
		return told("not comparable: no scenario, mode and sweep value is in both: the baseline has %s, the current run %s",
			names(baseline, was), names(current, is))
	}
	return nil
}

// names are the first few places of a run that may be compared.
func names(run *result.Run, trials []result.Trial) string {
	switch {
	case len(trials) > 0:
	case len(run.Capacities) > 0:
		return "only capacity searches, which are not compared"
	default:
		return "none"
	}
	var list []string
	for i := range trials {
		name := trials[i].Scenario + " " + trials[i].Mode
		if at := trials[i].Sweep.String(); at != "" {
			name += " " + at
		}
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
		if len(list) > 3 {
			list[3] = "…"
			break
		}
	}
	return strings.Join(list, ", ")
}

// sameWorkload names the first setting in which two trials differ.
func sameWorkload(old, now *result.Trial) error {
	what := fmt.Sprintf("%s, %s", now.Scenario, now.Mode)
	if old.Workload == "" || now.Workload == "" {
		return told("not comparable: a result does not tell the workload of %s: run it again with this version", what)
	}
	before, after := settings(old.Workload), settings(now.Workload)
	for _, s := range slices.Concat(before, after) {
		name, _, _ := strings.Cut(s, ": ")
		if a, b := value(before, name), value(after, name); a != b {
			return told("not comparable: %s of %s is %s in the baseline and %s in the current run", name, what, a, b)
		}
	}
	return nil
}

// settings are the parts of a workload.
func settings(workload string) []string { return strings.Split(workload, ", ") }

func value(settings []string, name string) string {
	for _, s := range settings {
		if key, value, _ := strings.Cut(s, ": "); key == name {
			return value
		}
	}
	return "not set"
}

// caveats are what must be known before any verdict is believed.
func caveats(baseline, current *result.Run) []string {
	list := []string{}
	real := slices.ContainsFunc(current.Trials, func(t result.Trial) bool { return t.Clock == "real" })
	a, b := baseline.Machine, current.Machine
	if real && machine(a) != machine(b) {
		list = append(list, fmt.Sprintf("another machine: the baseline was measured on %s, the current run on %s", machine(a), machine(b)))
	}
	if a, b := engines(baseline), engines(current); a != b {
		list = append(list, fmt.Sprintf("another engine: %s in the baseline, %s in the current run", a, b))
	}
	for _, side := range []struct {
		what string
		run  *result.Run
	}{{"the baseline", baseline}, {"the current run", current}} {
		late := 0
		for _, t := range compared(side.run) {
			if !t.Health.KeptPace {
				late++
			}
		}
		if late > 0 {
			list = append(list, fmt.Sprintf("the generator fell behind in %d of %d trials of %s, which was allowed: their figures measure the generator, too", late, len(side.run.Trials), side.what))
		}
	}
	for _, c := range current.Capacities {
		list = append(list, fmt.Sprintf("%s searches for a capacity, and is not compared", c.Scenario))
	}
	return list
}

func machine(m result.Machine) string {
	return fmt.Sprintf("%s/%s, %d × %s, %.1f GB, %s", m.OS, m.Arch, m.CPUs, m.CPUModel, float64(m.MemoryBytes)/1e9, m.Go)
}

// engines are those that carried a run's calls out, in order.
func engines(run *result.Run) string {
	var list []string
	for _, t := range run.Trials {
		if !slices.Contains(list, t.Engine) {
			list = append(list, t.Engine)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " and ")
}
