package result

import "slices"

// Phases of streams: from when a call was due until its first event, from when it
// was sent, and from one event to the next.
const (
	FirstEvent        = "first_event"
	ServiceFirstEvent = "service.first_event"
	Gap               = "gap"
)

// Stream counts what came event by event, in the time that throughput is of.
// Tokens are nil where nobody counted them.
type Stream struct {
	Events     int64    `json:"events"`
	EventsPerS float64  `json:"events_per_s"`
	Tokens     *int64   `json:"tokens,omitempty"`
	TokensPerS *float64 `json:"tokens_per_s,omitempty"`
}

// Kept are the calls that kept a promise: of all successes, and a second as
// throughput has it.
type Kept struct {
	Calls int64   `json:"calls"`
	PerS  float64 `json:"per_s"`
}

// gaps is how many there are between the events of streams.
func (m *Measure) gaps() int64 {
	if m.Stream == nil {
		return 0
	}
	return m.Stream.Events - m.Phases[FirstEvent].Count
}

// StreamSum counts what came event by event; tokens where somebody Told them.
type StreamSum struct {
	Events, Tokens int64
	Told           bool
}

// addStream adds what a measure has of streams; nil is nothing.
func (s *Sum) addStream(m *Stream) {
	if m == nil {
		return
	}
	if s.Stream == nil {
		s.Stream = &StreamSum{}
	}
	s.Stream.Events += m.Events
	if m.Tokens != nil {
		s.Stream.Tokens, s.Stream.Told = s.Stream.Tokens+*m.Tokens, true
	}
}

// GoodputPerS is how many calls a second kept a promise, as Throughput is of all;
// false: that was not counted in each trial.
func (g *Group) GoodputPerS(promise string) (perSecond float64, counted bool) {
	counted = !slices.ContainsFunc(g.Trials, func(t *Trial) bool { _, has := t.Goodput[promise]; return !has })
	return weightedMean(g.Trials, func(t *Trial) float64 { return t.Goodput[promise].PerS }, (*Trial).LengthS), counted
}

// Promises are those of single calls that were counted, in the order of their texts.
func (g *Group) Promises() (all []string) {
	for _, t := range g.Trials {
		for promise := range t.Goodput {
			if !slices.Contains(all, promise) {
				all = append(all, promise)
			}
		}
	}
	slices.Sort(all)
	return all
}

// EventsPerS and TokensPerS are what came of streams a second, as Throughput is of
// calls.
func (g *Group) EventsPerS() float64 {
	return g.streamed(func(s *Stream) float64 { return s.EventsPerS })
}

func (g *Group) TokensPerS() float64 {
	return g.streamed(func(s *Stream) float64 {
		if s.TokensPerS == nil {
			return 0
		}
		return *s.TokensPerS
	})
}

func (g *Group) streamed(perSecond func(*Stream) float64) float64 {
	return weightedMean(g.Trials, func(t *Trial) float64 {
		if t.Stream == nil {
			return 0
		}
		return perSecond(t.Stream)
	}, (*Trial).LengthS)
}
