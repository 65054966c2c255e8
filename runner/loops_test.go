package runner

import (
	"slices"
	"testing"
	"time"

	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
)

func openLoop(rate int64, places int) scenario.Trial {
	return scenario.Trial{
		Scenario: &scenario.Scenario{Duration: time.Second},
		Mode:     &scenario.Mode{Kind: scenario.RateLimited, MaxInFlight: places},
		Rate:     quantity.Rate{N: rate, Per: time.Second},
	}
}

func closedLoop(users int) scenario.Trial {
	return scenario.Trial{
		Scenario: &scenario.Scenario{Duration: time.Second}, Concurrency: users,
		Mode: &scenario.Mode{Kind: scenario.Concurrent},
	}
}

func TestHowManyLoops(t *testing.T) {
	ramp := openLoop(0, 10_000)
	ramp.Mode.RateStages = []scenario.RateStage{{Target: quantity.Rate{N: 90_000, Per: time.Second}}, {}}
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
	} {
		if got := loops(c.trial, c.asked, c.cpus); got != c.want {
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
		if got := processors(c.trial, &opened{frugal: c.frugal}, 3); got != c.want {
			t.Errorf("%s, frugal %t: %d, want %d", c.trial.Mode.Kind, c.frugal, got, c.want)
		}
	}
}

// A share of the places, or of the users, is never more than one off another,
// and together they are all.
func TestSharesOfANumber(t *testing.T) {
	for n := 1; n < 9; n++ {
		for total := range 100 {
			sum := 0
			for k := range n {
				part := share{k, n}.of(total)
				if part != total/n && part != total/n+1 {
					t.Fatalf("share %d of %d of %d is %d", k, n, total, part)
				}
				sum += part
			}
			if sum != total {
				t.Fatalf("%d shares of %d are %d", n, total, sum)
			}
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
	trial := scenario.Trial{
		Scenario: &scenario.Scenario{Name: "s", Duration: time.Minute}, Concurrency: 6,
		Mode: &scenario.Mode{Kind: scenario.Concurrent, Think: delay.Delay{Kind: delay.Exponential, A: time.Second}},
	}
	pauses := func(s share) (list []time.Duration) {
		schedule := newSchedule(trial, s, 0, time.Minute, random.New(1))
		for range s.of(trial.Concurrency) {
			schedule.Next(0, 0)
		}
		for range 5 { // calls that all end at 0: the earliest pause over is the shortest
			schedule.Ended(0, 0, false)
			list = append(list, schedule.Next(0, 0).At)
		}
		return list
	}
	first, second, third := pauses(share{0, 3}), pauses(share{1, 3}), pauses(share{2, 3})
	if slices.Equal(first, second) || slices.Equal(second, third) || slices.Equal(first, third) {
		t.Errorf("the pauses of three loops: %v, %v, %v", first, second, third)
	}
	if again := pauses(share{1, 3}); !slices.Equal(again, second) {
		t.Errorf("the same loop pauses %v and %v", second, again)
	}
}
