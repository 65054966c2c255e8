package verdict

import (
	"strings"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// Promises on the parts of calls, and on the memory of programs, are judged by
// these distributions and no others; where there is none, that says so.
func TestPromisesOnParts(t *testing.T) {
	at := result.Point{Vary: "n=1"}
	run := runOf(t, trial{mode: "a", at: at, makespan: time.Second, ok: times(50, 10*ms), service: times(50, 5*ms)})
	trial := &run.Trials[0]
	// As many as there are calls: a distribution of times that are known.
	half := runOf(t, trialOf(50, 2*ms)).Trials[0].Response
	bytes := runOf(t, trialOf(50, 30*ms)).Trials[0].Response // 30 million nanoseconds: 30 MB
	trial.Phases, trial.Memory = map[string]result.Dist{"connect": half}, &bytes
	groups, err := result.Groups(run.Trials)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct {
		value   float64
		missing string
	}{
		"phase.connect.max <= 2ms": {0.002, ""},
		"phase.connect.mean < 2ms": {0.002, ""},
		"phase.connect.min == 2ms": {0.002, ""},
		"phase.tls.p50 < 1s":       {0, "there are connect"},
		"memory.max <= 30MB":       {0.030, ""},
		"memory.max < 30MB":        {0.030, ""},
		"service.max == 5ms":       {0.005, ""},
	} {
		rule, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		f, err := measure(&groups[0], rule, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want.missing != "" {
			if !strings.Contains(f.missing, want.missing) {
				t.Errorf("%s: %q is missing", text, f.missing)
			}
			continue
		}
		if low, high := f.Least.Low, f.Most.High; f.missing != "" || low > want.value || high < want.value {
			t.Errorf("%s: from %v to %v (%s), want %v", text, low, high, f.missing, want.value)
		}
	}
	bare := runOf(t, trialOf(50, 2*ms))
	if groups, err = result.Groups(bare.Trials); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"phase.connect.p50 < 1s", "memory.max < 1GB"} {
		rule, _ := ParseRule(text)
		if f, err := measure(&groups[0], rule, nil); err != nil || f.missing == "" {
			t.Errorf("%s: %+v, %v", text, f, err)
		}
	}
}

// trialOf is one whose calls all took so long.
func trialOf(calls int, took time.Duration) trial {
	return trial{mode: "a", makespan: time.Second, ok: times(calls, took), service: times(calls, took)}
}

// What a rule on a part says: which part, and in which unit.
func TestRulesOnParts(t *testing.T) {
	for text, want := range map[string]Rule{
		"phase.first_byte.p99 < 20ms": {Family: "phase", Phase: "first_byte", Stat: "p", P: 99, Op: "<", Value: 0.020},
		"memory.p50 >= 1.5MB":         {Family: "memory", Stat: "p", P: 50, Op: ">=", Value: 0.0015},
		"errors.exit-1 < 1%":          {Family: "errors", Class: "exit-1", Op: "<", Value: 0.01},
		"errors.sql-23505 == 0%":      {Family: "errors", Class: "sql-23505", Op: "==", Value: 0},
	} {
		want.Text = text
		if got, err := ParseRule(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		"phase.connect < 1s": "phase.connect does not say which figure", "memory.max < 1s": "is not a size", "errors.exit- < 1%": "no class of errors",
		"phase..p99 < 1s": "does not say which figure", "errors.status-6xx < 1%": "no class of errors",
	} {
		if _, err := ParseRule(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want … %s …", text, err, says)
		}
	}
}
