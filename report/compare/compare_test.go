package compare

import (
	"math/rand/v2"
	"strings"
	"testing"

	"plimsoll/runner/result"
)

// small is a load that is quickly drawn and says clearly what it is.
var small = load{repetitions: 5, calls: 1000, median: lognormal.median, sigma: 0.1}

// runs draws a baseline and a current run of the small load.
func runs(t testing.TB, scale float64) (was, is *result.Run) {
	a, b := small.pair(rand.New(rand.NewPCG(9, 9)), scale, false)
	return a.run(t), b.run(t)
}

// verdicts are a comparison's, by metric.
func verdicts(c *Comparison) map[string]Verdict {
	all := map[string]Verdict{}
	for _, ch := range c.Changes {
		all[ch.Metric] = ch.Verdict
	}
	return all
}

func same(t *testing.T, got, want map[string]Verdict) {
	t.Helper()
	for metric, v := range want {
		if got[metric] != v {
			t.Errorf("%s is %q, want %q", metric, got[metric], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("verdicts are %v, want %v", got, want)
	}
}

// A longer time is worse; of trials that were bounded by time, a higher rate
// is better.
func TestDirections(t *testing.T) {
	was, is := runs(t, 1.3)
	same(t, verdicts(mustCompare(t, was, is, Options{})), map[string]Verdict{Makespan: Worse, P50: Worse, P99: Worse, Errors: NoChange})
	same(t, verdicts(mustCompare(t, is, was, Options{})), map[string]Verdict{Makespan: Better, P50: Better, P99: Better, Errors: NoChange})
	for _, run := range []*result.Run{was, is} {
		for i := range run.Trials {
			run.Trials[i].Requests, run.Trials[i].DurationS = 0, 10
		}
	}
	same(t, verdicts(mustCompare(t, was, is, Options{})), map[string]Verdict{Rate: Worse, P50: Worse, P99: Worse, Errors: NoChange})
	c := mustCompare(t, is, was, Options{})
	same(t, verdicts(c), map[string]Verdict{Rate: Better, P50: Better, P99: Better, Errors: NoChange})
	if rate := c.Changes[0]; *rate.Change < 1.25 || *rate.Low > 1.3 || *rate.High < 1.3 {
		t.Errorf("the rate's change is %v (%v to %v)", *rate.Change, *rate.Low, *rate.High)
	}
}

// The error share is compared as a difference, so that it may be 0.
func TestErrors(t *testing.T) {
	was, is := runs(t, 1)
	fail := func(run *result.Run, counts ...int64) {
		for i, n := range counts {
			run.Trials[i].Errors = map[string]result.Error{"timeout": {Count: n}}
		}
	}
	fail(is, 20, 21, 19, 20, 20)
	up := mustCompare(t, was, is, Options{}).Changes[3]
	if up.Verdict != Worse || *up.Change < 0.019 || *up.Change > 0.020 || up.Baseline != 0 || up.Tolerance != DefaultErrors {
		t.Errorf("2 %% errors more: %+v", up)
	}
	if down := mustCompare(t, is, was, Options{}).Changes[3]; down.Verdict != Better || *down.Change != -*up.Change {
		t.Errorf("2 %% errors less: %+v", down)
	}
	fail(was, 20, 20, 20, 20, 20)
	if even := mustCompare(t, was, is, Options{}).Changes[3]; even.Verdict != NoChange {
		t.Errorf("as many errors: %+v", even)
	}
	fail(is, 100, 0, 0, 0, 0)
	if luck := mustCompare(t, was, is, Options{}).Changes[3]; luck.Verdict != CannotTell {
		t.Errorf("all errors in one repetition: %+v", luck)
	}
}

// The metric in the current run's file beats the command line, which beats the
// file's tolerance for all; the baseline's file says nothing.
func TestTolerances(t *testing.T) {
	was, is := runs(t, 1.3)
	was.Tolerances = []result.Tolerance{{Scenario: "s", Metric: "", Value: 9}}
	twenty := 0.2
	of := func(scenario, metric string, v float64) result.Tolerance {
		return result.Tolerance{Scenario: scenario, Metric: metric, Value: v}
	}
	for _, c := range []struct {
		what string
		file []result.Tolerance
		flag *float64
		want map[string]float64
	}{
		{"defaults", nil, nil, map[string]float64{Makespan: 0.05, P50: 0.05, P99: 0.05, Errors: 0.001}},
		{"a flag", nil, &twenty, map[string]float64{Makespan: 0.2, P50: 0.2, P99: 0.2, Errors: 0.001}},
		{"a file", []result.Tolerance{of("s", "", 0.5), of("s", P99, 0.6), of("s", Errors, 0.01), of("other", "", 7), of("other", P50, 7)}, nil,
			map[string]float64{Makespan: 0.5, P50: 0.5, P99: 0.6, Errors: 0.01}},
		{"a metric before all", []result.Tolerance{of("s", P99, 0.6), of("s", "", 0.5)}, nil,
			map[string]float64{Makespan: 0.5, P50: 0.5, P99: 0.6, Errors: 0.001}},
		{"both", []result.Tolerance{of("s", "", 0.5), of("s", P99, 0.6)}, &twenty,
			map[string]float64{Makespan: 0.2, P50: 0.2, P99: 0.6, Errors: 0.001}},
	} {
		is.Tolerances = c.file
		for _, ch := range mustCompare(t, was, is, Options{Tolerance: c.flag}).Changes {
			if ch.Tolerance != c.want[ch.Metric] {
				t.Errorf("%s: %s has %v, want %v", c.what, ch.Metric, ch.Tolerance, c.want[ch.Metric])
			}
			if inside := ch.Tolerance > 0.4; ch.Metric != Errors && (ch.Verdict == NoChange) != inside {
				t.Errorf("%s: %s is %s within %v", c.what, ch.Metric, ch.Verdict, ch.Tolerance)
			}
		}
	}
}

// What the machine cannot resolve is no change, in real time.
func TestTheMachinesFloor(t *testing.T) {
	was, is := runs(t, 1.3)
	was.Calibration = &result.Calibration{P50Floor: 0.5, P99Floor: 0.01}
	is.Calibration = &result.Calibration{P50Floor: 0.1, P99Floor: 0.02}
	if c := mustCompare(t, was, is, Options{}); c.Changes[1].Raised || c.Changes[1].Verdict != Worse {
		t.Errorf("in virtual time: %+v", c.Changes[1])
	}
	for _, run := range []*result.Run{was, is} {
		for i := range run.Trials {
			run.Trials[i].Clock = "real"
		}
	}
	c := mustCompare(t, was, is, Options{})
	if p50 := c.Changes[1]; !p50.Raised || p50.Tolerance != 0.5 || p50.Verdict != NoChange {
		t.Errorf("below the floor: %+v", p50)
	}
	if p99 := c.Changes[2]; p99.Raised || p99.Tolerance != 0.05 || p99.Verdict != Worse {
		t.Errorf("above the floor: %+v", p99)
	}
}

// In pairs, what both have met cancels.
func TestPairs(t *testing.T) {
	moody := small
	moody.drift = 0.5
	a, b := moody.pair(rand.New(rand.NewPCG(9, 9)), 1.2, true)
	was, is := a.run(t), b.run(t)
	if c := mustCompare(t, was, is, Options{}); c.Paired || c.Changes[0].Verdict != CannotTell {
		t.Errorf("unpaired: %+v", c.Changes[0])
	}
	was.Pair, is.Pair = "one", "one"
	c := mustCompare(t, was, is, Options{})
	if !c.Paired || c.Changes[0].Verdict != Worse || *c.Changes[0].Low < 1.18 || *c.Changes[0].High > 1.22 {
		t.Errorf("paired: %+v", c.Changes[0])
	}
	// Pairs go by their number, not by their place.
	is.Trials[0], is.Trials[4] = is.Trials[4], is.Trials[0]
	again := mustCompare(t, was, is, Options{})
	if got, want := *again.Changes[0].Low, *c.Changes[0].Low; got/want > 1+1e-9 || want/got > 1+1e-9 {
		t.Errorf("the interval begins at %v in another order, at %v before", got, want)
	}
	is.Trials[1].Repeat, is.Trials[2].Repeat, is.Trials[3].Repeat = 11, 12, 13
	c = mustCompare(t, was, is, Options{})
	if ch := c.Changes[0]; ch.Verdict != CannotTell || ch.More != 1 || !strings.Contains(ch.Reason, "3 pairs") {
		t.Errorf("two pairs: %+v", ch)
	}
	is.Pair = "another"
	if c := mustCompare(t, was, is, Options{}); c.Paired {
		t.Error("runs of two pairs are paired")
	}
}

func TestTooFewRepetitions(t *testing.T) {
	was, is := runs(t, 3)
	is.Trials, is.Planned = is.Trials[:2], 2
	for _, clock := range []string{"real", "virtual"} {
		for _, run := range []*result.Run{was, is} {
			for i := range run.Trials {
				run.Trials[i].Clock = clock
			}
		}
		for _, ch := range mustCompare(t, was, is, Options{}).Changes[:3] {
			if ch.Verdict != CannotTell || ch.More != 1 || ch.Change != nil || !strings.Contains(ch.Reason, "5 of the baseline and 2 of the current run") {
				t.Errorf("%+v", ch)
			}
			if strings.Contains(ch.Reason, "stand in") != (clock == "virtual") {
				t.Errorf("under the %s clock: %s", clock, ch.Reason)
			}
		}
	}
}

func TestWhatTheCallsDoNotSupport(t *testing.T) {
	few := small
	few.calls = 60 // 300 in all, and a p99 needs 368
	a, b := few.pair(rand.New(rand.NewPCG(1, 1)), 2, false)
	c := mustCompare(t, a.run(t), b.run(t), Options{})
	same(t, verdicts(c), map[string]Verdict{Makespan: Worse, P50: Worse, P99: CannotTell, Errors: NoChange})
	if c.Changes[2].Reason != "a p99 needs 368 successes in each run, and there are 300" {
		t.Error(c.Changes[2].Reason)
	}
	was, is := a.run(t), b.run(t)
	for i := range is.Trials {
		is.Trials[i].OK, is.Trials[i].MakespanS, is.Trials[i].ThroughputPerS, is.Trials[i].Response = 0, 0, 0, result.Dist{}
		is.Trials[i].Errors = map[string]result.Error{"reset": {Count: 60}}
	}
	c = mustCompare(t, was, is, Options{})
	same(t, verdicts(c), map[string]Verdict{Makespan: CannotTell, P50: CannotTell, P99: CannotTell, Errors: Worse})
}

// A figure of 0 has no ratio; what never varies is certain.
func TestZeroAndConstant(t *testing.T) {
	was, is := runs(t, 1)
	zero := 0.0
	same(t, verdicts(mustCompare(t, was, was, Options{Tolerance: &zero})),
		map[string]Verdict{Makespan: CannotTell, P50: CannotTell, P99: CannotTell, Errors: NoChange})
	for i := range was.Trials {
		was.Trials[i] = was.Trials[0]
		was.Trials[i].Repeat = i
	}
	same(t, verdicts(mustCompare(t, was, was, Options{Tolerance: &zero})),
		map[string]Verdict{Makespan: NoChange, P50: NoChange, P99: NoChange, Errors: NoChange})
	for i := range is.Trials {
		is.Trials[i].MakespanS = 0
	}
	if ch := mustCompare(t, is, is, Options{}).Changes[0]; ch.Verdict != CannotTell || ch.Reason != "a figure of 0 has no ratio" {
		t.Errorf("%+v", ch)
	}
}

func TestWhatOnlyOneSideHas(t *testing.T) {
	was, is := runs(t, 1)
	extra := was.Trials[0]
	extra.Mode = "old"
	was.Trials = append(was.Trials, extra)
	extra.Mode, extra.Sweep = "new", result.Point{Concurrency: 5}
	is.Trials = append(is.Trials, extra)
	c := mustCompare(t, was, is, Options{})
	if len(c.Changes) != 4 || len(c.OnlyBaseline) != 1 || c.OnlyBaseline[0].Mode != "old" ||
		len(c.OnlyCurrent) != 1 || c.OnlyCurrent[0] != (Place{"s", "new", result.Point{Concurrency: 5}}) {
		t.Errorf("%d changes, %v, %v", len(c.Changes), c.OnlyBaseline, c.OnlyCurrent)
	}
}

// The correction is for all tests of a comparison: the more there are, the
// clearer each must be.
func TestCorrectionIsOverTheWholeTable(t *testing.T) {
	one := small
	one.sigma, one.repetitions = 0.5, 3
	var was, is *result.Run
	alone, corrected := 0, 0
	for seed := range uint64(40) {
		a, b := one.pair(rand.New(rand.NewPCG(seed, 1)), 1.2, false)
		was, is = a.run(t), b.run(t)
		for _, run := range []*result.Run{was, is} {
			for mode := range 30 {
				other := run.Trials[:3:3]
				for _, trial := range other {
					trial.Mode = "mode " + string(rune('A'+mode))
					run.Trials = append(run.Trials, trial)
				}
			}
			run.Planned = 0
		}
		c := mustCompare(t, was, is, Options{})
		for _, ch := range c.Changes {
			switch {
			case ch.Alone != "" && (ch.Verdict != CannotTell || ch.Alone == CannotTell):
				t.Fatalf("the correction made a claim: %+v", ch)
			case ch.Alone != "":
				alone++
			case ch.Verdict == Worse:
				corrected++
			}
		}
		if alone > 0 && corrected > 0 {
			return
		}
	}
	t.Errorf("the correction changed %d verdicts and left %d", alone, corrected)
}
