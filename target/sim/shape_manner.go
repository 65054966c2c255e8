package sim

import (
	"plimsoll/target/delay"
	"plimsoll/target/setting"
)

// otherwise is a Manner as it is written, with the places that checks need, and
// the turns that it has if it is a route's.
type otherwise struct {
	delay  setting.At[delay.Delay]
	stream setting.At[Stream]
	errors setting.At[Errors]
	answer setting.At[*Answer]
	turns  []Manner
}

// inOtherWays is how a scenario file spells what is otherwise; what names it, and
// more are keys that it has besides.
func inOtherWays(what string, more ...setting.Field[otherwise]) setting.Shape[otherwise] {
	read := setting.Object(what, append([]setting.Field[otherwise]{
		setting.Key("delay", "How long such a call takes alone, instead.", setting.Located(delay.Shape()), func(o *otherwise) *setting.At[delay.Delay] { return &o.delay }),
		setting.Key("stream", "How its answer comes event by event, instead of delay and answer.", setting.Located(StreamShape()), func(o *otherwise) *setting.At[Stream] { return &o.stream }),
		setting.Key("errors", "The share of such calls that fail, instead.", setting.Located(failures()), func(o *otherwise) *setting.At[Errors] { return &o.errors }),
		setting.Key("answer", "What such a call gets back that does not fail, instead.", setting.Located(answers()), func(o *otherwise) *setting.At[*Answer] { return &o.answer }),
	}, more...)...)
	return setting.Complete(read, func(r *setting.Reader, _ setting.Pos, o otherwise) (otherwise, bool) {
		return o, oneWay(r, o.delay, o.stream, o.answer)
	})
}

func (o *otherwise) manner() Manner {
	return Manner{given(o.delay), given(o.stream), given(o.errors), o.answer.Value}
}

func given[T any](v setting.At[T]) *T {
	if !v.Given {
		return nil
	}
	return &v.Value
}

// oneWay reports answers that would have to come both at once and as a stream.
func oneWay(r *setting.Reader, d setting.At[delay.Delay], s setting.At[Stream], a setting.At[*Answer]) bool {
	if s.Given && d.Given {
		r.Problem(setting.Later(s.Pos, d.Pos), "a stream takes as long as its events do: give stream, with first and gap, or delay")
	}
	if s.Given && a.Given {
		r.Problem(setting.Later(s.Pos, a.Pos), "a stream is an answer by itself: give stream or answer")
	}
	return !s.Given || !d.Given && !a.Given
}

func takenInTurn() setting.Shape[[]Manner] {
	one := setting.Complete(inOtherWays("a turn"), func(_ *setting.Reader, _ setting.Pos, o otherwise) (Manner, bool) {
		return o.manner(), true
	})
	return setting.List("turns", "begin each turn with a dash, `- delay: …`", one)
}

func routes() setting.Shape[[]Route] {
	one := inOtherWays("a route",
		setting.Key("turns", "What the calls of this route take in turn, as they arrive.", takenInTurn(), func(o *otherwise) *[]Manner { return &o.turns }),
	)
	return setting.Complete(setting.Map("routes", one), func(r *setting.Reader, _ setting.Pos, entries []setting.Entry[otherwise]) ([]Route, bool) {
		all, ok := make([]Route, len(entries)), true
		for i, e := range entries {
			if err := checkPath(e.Key); err != nil {
				r.Problem(e.Pos, "%v", err)
				ok = false
			}
			all[i] = Route{e.Key, e.Value.manner(), e.Value.turns}
		}
		return all, ok
	})
}
