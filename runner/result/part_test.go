package result

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawJourney draws a trial of iterations, and trials as its step "buy/pay" and
// all of its calls would have been by themselves.
func drawJourney(t *rapid.T, repeat int) (whole, pay, calls Trial) {
	draw := func() Trial { return drawTrial(t, "s", "m", Point{}, repeat) }
	whole, pay = draw(), draw()
	second := draw()
	whole.Unit, whole.Elapsed, whole.ErrorElapsed = UnitIteration, &Dist{}, &Dist{}
	if whole.OK > 0 {
		whole.Elapsed = &whole.Service
	}
	for _, part := range []*Trial{&pay, &second} {
		part.DurationS, part.MakespanS, part.Ended = whole.DurationS, whole.MakespanS, whole.Ended
	}
	step := func(name, path, kind string, outside bool, of *Trial) Step {
		return Step{Name: name, Path: path, Kind: kind, Outside: outside, Begin: of.Response, Measure: of.Measure, ThroughputPerS: of.ThroughputPerS}
	}
	whole.Steps = []Step{
		step("buy/pay", "buy/pay", "sim", true, &second), // of enter, and of the same path
		step("buy", "buy", "", false, &second),           // a block
		step("pay", "buy/pay", "sim", false, &pay),
		step("search", "search", "http", false, &second),
	}
	calls = pay
	calls.OK, calls.Started, calls.Scheduled = pay.OK+second.OK, pay.Started+second.Started, pay.Scheduled+second.Scheduled
	calls.Cancelled, calls.ThroughputPerS = pay.Cancelled+second.Cancelled, pay.ThroughputPerS+second.ThroughputPerS
	calls.Errors = map[string]Error{}
	for _, part := range []*Trial{&pay, &second} {
		for class, e := range part.Errors {
			calls.Errors[class] = Error{Count: calls.Errors[class].Count + e.Count, Example: e.Example}
		}
	}
	return whole, pay, calls
}

// The part of a group is the group of the parts.
func TestPartsOfGroups(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var wholes, pays, calls []Trial
		for repeat := range rapid.IntRange(1, 3).Draw(rt, "repeats") {
			w, p, c := drawJourney(rt, repeat)
			wholes, pays, calls = append(wholes, w), append(pays, p), append(calls, c)
		}
		group := func(trials []Trial) *Group {
			groups, err := Groups(trials)
			if err != nil || len(groups) != 1 {
				rt.Fatal(err, len(groups))
			}
			return &groups[0]
		}
		g := group(wholes)
		step, err := g.OfStep("buy/pay")
		if err != nil {
			rt.Fatal(err)
		}
		want := group(pays)
		want.InFlightMean, want.DurationS, want.Trials, want.LeftOut, want.Health = 0, g.DurationS, step.Trials, g.LeftOut, g.Health
		if !reflect.DeepEqual(step, want) {
			rt.Fatalf("the step is\n%+v\nwant\n%+v", step, want)
		}
		all, err := g.OfCalls()
		if err != nil {
			rt.Fatal(err)
		}
		want = group(calls)
		if all.OK != want.OK || all.Failed != want.Failed || all.Started != want.Started || all.Cancelled != want.Cancelled || all.ThroughputPerS != want.ThroughputPerS {
			rt.Fatalf("the calls are %+v, want %+v", all, want)
		}
		for class, e := range want.Errors {
			if all.Errors[class].Count != e.Count {
				rt.Fatalf("%d of class %s, want %d", all.Errors[class].Count, class, e.Count)
			}
		}
		if g.Elapsed.Count() != g.OK || step.Elapsed != nil {
			rt.Fatalf("%d iterations elapsed, of %d", g.Elapsed.Count(), g.OK)
		}
		if none, err := g.OfStep("pay"); err != nil || none.Started != 0 || none.Response.Count() != 0 {
			rt.Fatalf("a step that is not there: %+v, %v", none, err)
		}
	})
}

func TestRecordedNumbersAreMerged(t *testing.T) {
	trial := func(repeat int, numbers ...time.Duration) Trial {
		out := trialOf("s", "m", Point{}, repeat, make([]time.Duration, 5), nil)
		out.Steps = []Step{{Path: "pay", Kind: "sim", Measure: out.Measure}}
		if len(numbers) > 0 {
			out.Steps[0].Records = map[string]Dist{"cost": trialOf("s", "m", Point{}, 0, numbers, nil).Response}
		}
		return out
	}
	groups, err := Groups([]Trial{trial(0, 3*time.Second, 5*time.Second), trial(1), trial(2, 40*time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, name string
		count      int64
		most       time.Duration
	}{{"pay", "cost", 3, 40 * time.Second}, {"pay", "time", 0, 0}, {"search", "cost", 0, 0}} {
		h, err := groups[0].Recorded(c.path, c.name)
		if err != nil || h.Count() != c.count || h.Max() != c.most {
			t.Errorf("%s of %s: %d numbers up to %v, %v", c.name, c.path, h.Count(), h.Max(), err)
		}
	}
}
