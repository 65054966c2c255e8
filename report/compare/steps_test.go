package compare

import (
	"math/rand/v2"
	"testing"

	"plimsoll/runner/result"
)

// journeys makes iterations of a run's calls, whose only steps are calls as
// those are in others.
func journeys(run *result.Run, steps map[string]*result.Run) *result.Run {
	for i := range run.Trials {
		t := &run.Trials[i]
		elapsed, failed := t.Response, t.ErrorResponse
		t.Unit, t.Elapsed, t.ErrorElapsed = result.UnitIteration, &elapsed, &failed
		for _, path := range []string{"find", "buy/pay", "log in"} {
			if of := steps[path]; of != nil {
				m := of.Trials[i].Measure
				t.Steps = append(t.Steps, result.Step{Name: path, Path: path, Kind: "sim", Outside: path == "log in", Begin: m.Response, Measure: m})
			}
		}
	}
	return run
}

// A step that got worse is told, though the whole did not, and by its name; those
// outside of iterations are not compared.
func TestStepsAreCompared(t *testing.T) {
	was, is := runs(t, 1)
	find, findNow := runs(t, 1)
	pay, payNow := runs(t, 1.3)
	for i := range payNow.Trials {
		payNow.Trials[i].Errors = map[string]result.Error{"timeout": {Count: 50}}
	}
	c := mustCompare(t, journeys(was, map[string]*result.Run{"find": find, "buy/pay": pay, "log in": pay}),
		journeys(is, map[string]*result.Run{"find": findNow, "buy/pay": payNow, "log in": payNow}), Options{})
	got := map[string]Verdict{}
	for _, ch := range c.Changes {
		if unit := map[bool]string{true: "", false: result.UnitIteration}[ch.Step != ""]; ch.Unit != unit {
			t.Errorf("%s %s counts %q", ch.Step, ch.Metric, ch.Unit)
		}
		got[ch.Step+" "+ch.Metric] = ch.Verdict
	}
	same(t, got, map[string]Verdict{
		" makespan": NoChange, " p50": NoChange, " p99": NoChange, " errors": NoChange,
		"find p50": NoChange, "find p99": NoChange, "find errors": NoChange,
		"buy/pay p50": Worse, "buy/pay p99": Worse, "buy/pay errors": Worse,
	})
}

// However many steps there are, what is said of the whole stays.
func TestStepsLeaveTheWholeAlone(t *testing.T) {
	many := func(run, of *result.Run) *result.Run {
		for range 40 {
			journeys(run, map[string]*result.Run{"find": of})
		}
		for i := range run.Trials {
			for k := range run.Trials[i].Steps {
				run.Trials[i].Steps[k].Path += string(rune('a' + k))
			}
		}
		return run
	}
	told := map[Verdict]int{}
	for _, scale := range []float64{1.04, 1.055, 1.06, 1.07} { // around the tolerance
		was, is := runs(t, scale)
		alone := mustCompare(t, was, is, Options{})
		// Steps are noise: with them, Holm's correction would be a hundred times as strict.
		find, findNow := runs(t, 1.05)
		among := mustCompare(t, many(was, find), many(is, findNow), Options{})
		if len(among.Changes) < 100 {
			t.Fatalf("%d changes", len(among.Changes))
		}
		for i, ch := range alone.Changes {
			told[ch.Verdict]++
			if got := among.Changes[i]; got.Verdict != ch.Verdict || got.Alone != ch.Alone || got.Metric != ch.Metric {
				t.Errorf("×%v: %s is %s (%s) among steps, %s (%s) alone", scale, ch.Metric, got.Verdict, got.Alone, ch.Verdict, ch.Alone)
			}
		}
	}
	if told[Worse] == 0 || told[CannotTell] == 0 {
		t.Errorf("the test's own runs are %v", told)
	}
}

// A step that hardly anybody came to has no row that says so for every metric,
// and one that only one of the runs has has none.
func TestSeldomSteps(t *testing.T) {
	was, is := runs(t, 1)
	few := small
	few.calls = 30
	a, b := few.pair(rand.New(rand.NewPCG(5, 5)), 1, false)
	find, findNow := a.run(t), b.run(t)
	c := mustCompare(t, journeys(was, map[string]*result.Run{"find": find, "buy/pay": find}), journeys(is, map[string]*result.Run{"find": findNow}), Options{})
	var got []string
	for _, ch := range c.Changes {
		if ch.Step != "" {
			got = append(got, ch.Step+" "+ch.Metric)
		}
	}
	if len(got) != 2 || got[0] != "find p50" || got[1] != "find errors" {
		t.Errorf("compared are %q", got)
	}
}
