package sim

import (
	"plimsoll/target/delay"
	"plimsoll/target/setting"
)

// otherwise is how a scenario file spells a Manner; what names it, and more are
// keys that it has besides.
func otherwise[T any](what string, of func(*T) *Manner, more ...setting.Field[T]) setting.Shape[T] {
	return setting.Object(what, append([]setting.Field[T]{
		setting.Key("delay", "How long such a call takes alone, instead.", pointer(delay.Shape()), func(v *T) **delay.Delay { return &of(v).Delay }),
		setting.Key("errors", "The share of such calls that fail, instead.", pointer(failures()), func(v *T) **Errors { return &of(v).Errors }),
		setting.Key("answer", "What such a call gets back that does not fail, instead.", answers(), func(v *T) **Answer { return &of(v).Answer }),
	}, more...)...)
}

func takenInTurn() setting.Shape[[]Manner] {
	return setting.List("turns", "begin each turn with a dash, `- delay: …`", otherwise("a turn", func(m *Manner) *Manner { return m }))
}

func routes() setting.Shape[[]Route] {
	one := otherwise("a route", func(r *Route) *Manner { return &r.Manner },
		setting.Key("turns", "What the calls of this route take in turn, as they arrive.", takenInTurn(), func(r *Route) *[]Manner { return &r.Turns }),
	)
	return setting.Complete(setting.Map("routes", one), func(r *setting.Reader, _ setting.Pos, entries []setting.Entry[Route]) ([]Route, bool) {
		all, ok := make([]Route, len(entries)), true
		for i, e := range entries {
			if err := checkPath(e.Key); err != nil {
				r.Problem(e.Pos, "%v", err)
				ok = false
			}
			all[i] = e.Value
			all[i].Path = e.Key
		}
		return all, ok
	})
}

// pointer is a value that may be left out.
func pointer[T any](shape setting.Shape[T]) setting.Shape[*T] {
	return setting.Convert(shape, func(_ *setting.Reader, _ setting.Pos, v T) (*T, bool) { return &v, true })
}
