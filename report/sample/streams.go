package sample

import (
	"fmt"
	"math/rand/v2"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// answer is what came of a call event by event: after how long the first, and how
// long from each to the next.
type answer struct {
	first time.Duration
	gaps  []time.Duration
}

// took is how long all of it was.
func (a answer) took() time.Duration {
	all := a.first
	for _, g := range a.gaps {
		all += g
	}
	return all
}

// talking answers at random, slowly where so many times as much is asked for.
func talking(rng *rand.Rand, slow float64) (a answer) {
	a.first = time.Duration((80 + slow*60*rng.ExpFloat64()) * 1e6)
	for range 4 + rng.IntN(30) {
		a.gaps = append(a.gaps, time.Duration((4+slow*12*rng.ExpFloat64())*1e6))
	}
	return a
}

// streamed fills in what came of calls that were streams, and how many of them kept
// first_event < 300ms, gap < 20ms.
func streamed(m *result.Measure, lengthS float64, calls []call, answers []answer, tokens bool) {
	first, served, gaps := latency.New(latency.Fine), latency.New(latency.Fine), latency.New(latency.Fine)
	var events, inTime, kept, keptInTime int64
	for i, c := range calls {
		a := answers[i]
		if c.class != "" {
			continue
		}
		n, sum := int64(1+len(a.gaps)), time.Duration(0)
		served.Record(a.first)
		first.Record(c.start - c.due + a.first)
		for _, g := range a.gaps {
			gaps.Record(g)
			sum += g
		}
		keeps := int64(0)
		if c.start-c.due+a.first < 300*time.Millisecond && sum/time.Duration(len(a.gaps)) < 20*time.Millisecond {
			keeps = 1
		}
		events, kept = events+n, kept+keeps
		if c.end.Seconds() <= lengthS {
			inTime, keptInTime = inTime+n, keptInTime+keeps
		}
	}
	m.Phases = map[string]result.Dist{result.FirstEvent: dist(first), result.ServiceFirstEvent: dist(served), result.Gap: dist(gaps)}
	m.Stream = &result.Stream{Events: events, EventsPerS: float64(inTime) / lengthS}
	if tokens { // two an event
		total, perS := 2*events, 2*m.Stream.EventsPerS
		m.Stream.Tokens, m.Stream.TokensPerS = &total, &perS
	}
	m.Goodput = map[string]result.Kept{"first_event < 300ms, gap < 20ms": {Calls: kept, PerS: float64(keptInTime) / lengthS}}
}

// chatting are streams at a rate, of which at most 12 are answered at once.
func chatting(rate, slow float64, lengthS float64, rng *rand.Rand) (calls []call, answers []answer) {
	calls = openLoop(time.Duration(1e9/rate), time.Duration(lengthS*1e9), 12, func(start time.Duration) time.Duration {
		a := talking(rng, slow)
		answers = append(answers, a)
		return start + a.took()
	})
	return calls, answers
}

// Streams is a language model's server at two rates, of which the higher one is too
// much, twice each; and iterations of two steps, of which one is a stream whose
// tokens nobody counts.
func Streams() *result.Run {
	r := run()
	const lengthS = 30
	for repeat := range 2 {
		for _, mode := range []struct{ rate, slow float64 }{{10, 0.7}, {24, 1.3}} {
			calls, answers := chatting(mode.rate, mode.slow, lengthS, rand.New(rand.NewPCG(21, uint64(repeat)+uint64(mode.rate))))
			t := timed(result.Trial{Scenario: "chat", Mode: fmt.Sprintf("rate-limited-%v/s", mode.rate), Target: "model", Clock: "virtual", Engine: "virtual",
				Repeat: repeat, DurationS: lengthS, RatePerS: mode.rate, Health: result.Health{KeptPace: true, LimitedBy: "max_in_flight"}}, calls)
			streamed(&t.Measure, lengthS, calls, answers, true)
			r.Trials = append(r.Trials, t)
			if repeat == 1 {
				goodput := t.Goodput["first_event < 300ms, gap < 20ms"].PerS // as if the first were like it
				r.Verdicts = append(r.Verdicts,
					result.Verdict{Scenario: t.Scenario, Mode: t.Mode, Kind: result.KindThreshold, Rule: "first_event.p99 < 600ms", Measured: t.Phases[result.FirstEvent].P99S, Limit: 0.6, Pass: t.Phases[result.FirstEvent].P99S < 0.6},
					result.Verdict{Scenario: t.Scenario, Mode: t.Mode, Kind: result.KindThreshold, Rule: "goodput(first_event < 300ms, gap < 20ms) > 9/s", Measured: goodput, Limit: 9, Pass: goodput > 9})
			}
		}
	}
	r.Trials = append(r.Trials, asking(lengthS))
	return r
}

// asking is a journey of a stream and a plain call after it.
func asking(lengthS float64) result.Trial {
	rng := rand.New(rand.NewPCG(22, 22))
	calls, answers := chatting(5, 1, lengthS, rng)
	visits, rated := make([]call, len(calls)), make([]call, len(calls))
	begins, elapsed := latency.New(latency.Fine), latency.New(latency.Fine)
	for i, c := range calls {
		rated[i] = call{due: c.end, start: c.end, end: c.end + 3*time.Millisecond}
		visits[i] = call{due: c.due, start: c.start, end: rated[i].end, held: c.held}
		calls[i] = call{due: c.start, start: c.start, end: c.end}
		begins.Record(c.end - c.due)
		elapsed.Record(visits[i].end - c.due)
	}
	t := timed(result.Trial{Scenario: "assistant", Mode: "rate-limited-5/s", Target: "model", Clock: "virtual", Engine: "virtual",
		DurationS: lengthS, RatePerS: 5, Health: result.Health{KeptPace: true}}, visits)
	took, none := dist(elapsed), result.Dist{}
	t.Unit, t.Elapsed, t.ErrorElapsed, t.Attempts = result.UnitIteration, &took, &none, 2*t.Started
	at0 := latency.New(latency.Fine)
	for range calls {
		at0.Record(0)
	}
	ask := result.Step{Name: "ask", Path: "ask", Kind: "http", Target: "model", Measure: timed(result.Trial{}, calls).Measure, Begin: dist(at0), ThroughputPerS: float64(len(calls)) / lengthS}
	streamed(&ask.Measure, lengthS, calls, answers, false)
	rate := result.Step{Name: "rate", Path: "rate", Kind: "http", Target: "model", Measure: timed(result.Trial{}, rated).Measure, Begin: dist(begins), ThroughputPerS: float64(len(rated)) / lengthS}
	t.Steps = []result.Step{ask, rate}
	return t
}
