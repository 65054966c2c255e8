package sim

import (
	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// mostEvents bounds what a call keeps in memory.
const mostEvents = 1_000_000

// StreamShape is how a stream is spelled.
func StreamShape() setting.Shape[Stream] {
	return setting.Define("streaming", func(setting.Shape[Stream]) setting.Shape[Stream] {
		return setting.Object("a stream",
			setting.Key("first", "How long it takes until the first event: a duration, or a distribution. Default 0s.", delay.Shape(), func(s *Stream) *delay.Delay { return &s.First }),
			setting.Key("gap", "How long it takes from each event to the next, likewise. Default 0s.", delay.Shape(), func(s *Stream) *delay.Delay { return &s.Gap }),
			setting.Key("events", "How many events come: a number, or anything from low to high with equal chance, {uniform: [50, 200]}.", number(), func(s *Stream) *Number { return &s.Events }).Required(),
		)
	})
}

func number() setting.Shape[Number] {
	return setting.Either("a number of events such as 120, or {uniform: [50, 200]}", setting.Forms[Number]{
		Scalar: setting.Convert(setting.Count(1, mostEvents), func(_ *setting.Reader, _ setting.Pos, n int) (Number, bool) {
			return Number{n, n}, true
		}),
		Map: setting.Choice("a number of events",
			setting.When("uniform", "Any number from low to high with equal chance: [50, 200].", fromTo(), func(n Number) Number { return n }),
		),
	})
}

func fromTo() setting.Shape[Number] {
	bounds := setting.Either("the lowest and the highest number, such as [50, 200]", setting.Forms[[]setting.At[int]]{
		List: setting.Items(setting.Located(setting.Count(1, mostEvents))),
	})
	return setting.Convert(bounds, func(r *setting.Reader, at setting.Pos, b []setting.At[int]) (Number, bool) {
		switch {
		case len(b) != 2:
			r.Problem(at, "uniform takes the lowest and the highest number, such as [50, 200], found %d of them", len(b))
		case b[0].Value > b[1].Value:
			r.Problem(b[0].Pos, "the lowest number %s is above the highest %s: swap them", quantity.Count(int64(b[0].Value)), quantity.Count(int64(b[1].Value)))
		default:
			return Number{b[0].Value, b[1].Value}, true
		}
		return Number{}, false
	})
}
