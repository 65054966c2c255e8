package runner

import (
	"slices"
	"testing"
	"time"

	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/runner/schedule"
	"plimsoll/target/delay"
	"plimsoll/target/kind"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
)

func trialOf(m mode.Mode) scenario.Trial {
	return scenario.Trial{Scenario: &scenario.Scenario{Name: "s", Duration: time.Minute}, Mode: scenario.Mode{Mode: m}}
}

func openLoop(rate int64, places int) scenario.Trial {
	return trialOf(mode.Open{Rate: quantity.Rate{N: rate, Per: time.Second}, Arrivals: mode.Constant, MaxInFlight: places})
}

func closedLoop(users int) scenario.Trial { return trialOf(mode.Closed{Users: users}) }

func TestHowManyLoops(t *testing.T) {
	ramp := trialOf(mode.Open{MaxInFlight: 10_000, Stages: []mode.Stage[quantity.Rate]{{Target: quantity.Rate{N: 90_000, Per: time.Second}}, {}}})
	windows := trialOf(mode.Open{Rate: quantity.Rate{N: 1_000_000, Per: time.Second}, Arrivals: mode.Window, MaxInFlight: 1 << 20})
	crowd := trialOf(mode.Closed{Start: 1000, Stages: []mode.Stage[int]{{Target: 2000, Duration: time.Second}}})
	batch := closedLoop(1000)
	batch.Requests = 5000
	for name, c := range map[string]struct {
		trial       scenario.Trial
		asked, cpus int
		want        int
	}{
		"two processors have one":          {closedLoop(1000), 0, 2, 1},
		"sixty-four users a loop":          {closedLoop(200), 0, 16, 3},
		"half the processors":              {closedLoop(10_000), 0, 8, 4},
		"a single processor":               {closedLoop(1000), 0, 1, 1},
		"few users":                        {closedLoop(10), 0, 16, 1},
		"a user each at least":             {closedLoop(3), 8, 2, 3},
		"as asked":                         {closedLoop(100), 5, 2, 5},
		"forty thousand a loop":            {openLoop(100_000, 10_000), 0, 16, 2},
		"a slow rate":                      {openLoop(500, 10_000), 0, 16, 1},
		"a stage's rate":                   {ramp, 0, 16, 2},
		"a thousand places each":           {openLoop(1_000_000, 3000), 0, 64, 2},
		"asked, a thousand places each":    {openLoop(10, 3000), 8, 2, 2},
		"few places":                       {openLoop(1_000_000, 100), 4, 64, 1},
		"a count of calls is one business": {batch, 4, 16, 1},
		"a limit on all starts is, too":    {windows, 4, 16, 1},
		"and users who come and go":        {crowd, 4, 16, 1},
	} {
		if got := loops(c.trial, mode.Whole(), c.asked, c.cpus); got != c.want {
			t.Errorf("%s: %d loops, want %d", name, got, c.want)
		}
	}
}

// Only closed loops of an engine that lets go of its processor do with one for
// each loop: an open one must be punctual.
func TestProcessors(t *testing.T) {
	for _, c := range []struct {
		trial  scenario.Trial
		frugal bool
		want   int
	}{
		{closedLoop(10), true, 3}, {closedLoop(10), false, 0}, {openLoop(10, 10), true, 0}, {openLoop(10, 10), false, 0},
	} {
		if got := processors(c.trial, opened{{Opened: &kind.Opened{Frugal: c.frugal}}}, 3); got != c.want {
			t.Errorf("%s, frugal %t: %d, want %d", c.trial.Mode.Text(), c.frugal, got, c.want)
		}
	}
}

// Steps shorter than a hundred of the response times promised are told of;
// promises about errors alone need no such length.
func TestShortStepsAreToldOf(t *testing.T) {
	p99 := result.Promise{Metric: "p", Percentile: 99, Limit: 0.2}
	errors := result.Promise{Metric: "errors", Limit: 0.9}
	for _, c := range []struct {
		hold float64
		slo  []result.Promise
		want string
	}{
		{5, []result.Promise{p99, errors}, "steps of 5s are short for promises of 200ms: loads that last longer may bear less, hold each 20s or longer"},
		{20, []result.Promise{errors, p99}, ""},
		{0.1, []result.Promise{errors}, ""},
	} {
		if got := short(&result.Capacity{HoldS: c.hold, SLO: c.slo}); got != c.want {
			t.Errorf("%v s, %v: %q, want %q", c.hold, c.slo, got, c.want)
		}
	}
}

// Each loop's users think by a random stream of their own: else those of one
// would all pause as long as those of the others, at the same time.
func TestLoopsThinkForThemselves(t *testing.T) {
	trial := trialOf(mode.Closed{Users: 6, Think: delay.Delay{Kind: delay.Exponential, A: time.Second}})
	pauses := func(k int) (list []time.Duration) {
		calls := newSchedule(trial, mode.Share{K: k, N: 3}, schedule.Bounds{Until: time.Minute}, random.New(1))
		for range 2 {
			calls.Next(0, 0)
		}
		for range 5 { // calls that all end at 0: the earliest pause over is the shortest
			calls.Ended(0, 0, 0, false)
			list = append(list, calls.Next(0, 0).At)
		}
		return list
	}
	first, second, third := pauses(0), pauses(1), pauses(2)
	if slices.Equal(first, second) || slices.Equal(second, third) || slices.Equal(first, third) {
		t.Errorf("the pauses of three loops: %v, %v, %v", first, second, third)
	}
	if again := pauses(1); !slices.Equal(again, second) {
		t.Errorf("the same loop pauses %v and %v", second, again)
	}
}
