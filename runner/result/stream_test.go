package result

import (
	"testing"
	"time"
)

// Streams of repetitions add up, and what they bring a second is over the length of
// all; what a repetition has not counted, the group has not.
func TestStreamsOfRepetitionsAddUp(t *testing.T) {
	const ms = time.Millisecond
	trial := func(repeat int, durationS float64, events int64, tokens *int64, kept map[string]Kept) Trial {
		out := trialOf("chat", "concurrent-3", Point{}, repeat, []time.Duration{40 * ms, 60 * ms}, nil)
		out.DurationS = durationS
		out.Stream = &Stream{Events: events, EventsPerS: float64(events) / durationS, Tokens: tokens}
		if tokens != nil {
			perS := float64(*tokens) / durationS
			out.Stream.TokensPerS = &perS
		}
		out.Goodput = kept
		out.Phases = map[string]Dist{FirstEvent: out.Response}
		return out
	}
	some, none := int64(90), int64(0)
	both := map[string]Kept{"gap < 1s": {Calls: 2, PerS: 2}, "first_event < 1s": {Calls: 1, PerS: 1}}
	one := map[string]Kept{"gap < 1s": {Calls: 1, PerS: 0.5}}
	trials := []Trial{trial(0, 1, 30, &some, both), trial(1, 3, 50, &none, one)}
	trials[1].Steps = []Step{{Name: "ask", Path: "ask", Kind: "http", Measure: trials[1].Measure}}
	groups, err := Groups(trials)
	if err != nil {
		t.Fatal(err)
	}
	g := &groups[0]
	if *g.Stream != (StreamSum{Events: 80, Tokens: 90, Told: true}) || g.Phase(FirstEvent).Count() != 4 {
		t.Errorf("%+v, %d first events", *g.Stream, g.Phase(FirstEvent).Count())
	}
	near(t, "events a second", g.EventsPerS(), 20)
	near(t, "tokens a second", g.TokensPerS(), 22.5)
	perS, counted := g.GoodputPerS("gap < 1s")
	if near(t, "goodput", perS, (2*1+0.5*3)/4); !counted {
		t.Error("both have counted it")
	}
	for _, promise := range []string{"first_event < 1s", "gap < 2s"} {
		if _, counted := g.GoodputPerS(promise); counted {
			t.Errorf("%s: not both have counted it", promise)
		}
	}
	if got := g.Promises(); len(got) != 2 || got[0] != "first_event < 1s" {
		t.Errorf("promised was %q", got)
	}
	steps, err := g.Steps()
	if err != nil || len(steps) != 1 || *steps[0].Stream != (StreamSum{Events: 50, Tokens: 0, Told: true}) {
		t.Errorf("%+v, %v", steps, err)
	}
	ask, err := g.OfStep("ask")
	if err != nil {
		t.Fatal(err)
	}
	near(t, "a step's events a second", ask.EventsPerS(), 12.5) // 50 in 4 s
	if bare, err := Groups([]Trial{trialOf("a", "b", Point{}, 0, nil, nil)}); err != nil || bare[0].Stream != nil || bare[0].EventsPerS() != 0 {
		t.Errorf("no call was a stream: %+v, %v", bare, err)
	}
}
