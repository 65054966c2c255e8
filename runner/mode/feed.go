package mode

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"plimsoll/runner/schedule"
	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
	"plimsoll/target/setting"
)

// Feed is a closed network: producers put items into a bounded queue, of which
// consumers make calls.
type Feed struct {
	Producers, Consumers, Queue int
	// Produce is how long a producer takes for an item.
	Produce delay.Delay
}

func (f Feed) Schedule(p Part) *schedule.Schedule {
	return schedule.NewFeed(schedule.Feed{
		Bounds: p.Bounds, Producers: f.Producers, Consumers: f.Consumers, Queue: f.Queue, Produce: f.produce(p.Streams),
	}, p.Stop)
}

// produce draws by producer and item, so that what a producer takes for its items
// does not depend on how the others get on.
func (f Feed) produce(streams random.Source) func(producer uint32) time.Duration {
	if f.Produce.IsZero() || f.Produce.Kind == delay.Constant {
		return func(uint32) time.Duration { return f.Produce.A }
	}
	key, made, pcg := streams.Key("produce"), make([]uint64, f.Producers), &rand.PCG{}
	rng := rand.New(pcg)
	return func(producer uint32) time.Duration {
		draws := key.Sub(uint64(producer)).Sub(made[producer])
		made[producer]++
		pcg.Seed(draws.At(0), draws.At(1))
		return f.Produce.Draw(rng)
	}
}

// Busy are all consumers where items take no time to make: the queue is never
// empty then.
func (f Feed) Busy(requests int) int {
	switch {
	case f.Produce.Mean() > 0:
		return 0
	case requests > 0:
		return min(requests, f.Consumers)
	}
	return f.Consumers
}

// Lasts is as long as whoever is slower takes.
func (f Feed) Lasts(requests int, call time.Duration) time.Duration {
	making := rounds(requests, f.Producers) * float64(f.Produce.Mean())
	taking := rounds(requests, f.Consumers) * float64(call)
	return nanoseconds(max(making+float64(call), taking+float64(f.Produce.Mean())))
}

func (f Feed) Text() string {
	var t text
	t.put("mode", "producer-consumer")
	t.put("producers", f.Producers)
	t.put("consumers", f.Consumers)
	t.put("queue", f.Queue)
	t.put("produce", cmp.Or(thinking(f.Produce), "0s"))
	return t.String()
}

func (f Feed) Traits() Traits {
	return Traits{Concurrency: f.Consumers, Users: f.Consumers, Queue: f.Queue, Timed: true, Undivided: "queue"}
}

// feeding is a Feed as a load: with the setting that was written as a list, and
// its value here.
type feeding struct {
	Feed
	setting, value string
}

func producerConsumer() form {
	return form{
		word: "producer-consumer", example: "producer-consumer: {producers: 2, consumers: 3, queue: 10, produce: 100ms}",
		doc:   "Producers put items into a bounded queue, and wait while it is full; consumers take the oldest item and make a call, or an iteration, of it. One of the four may be a list, which is a sweep.",
		parts: setting.Complete(written(), feedings),
		axis:  func(load any) (string, string) { return load.(feeding).setting, load.(feeding).value },
		mode: func(_ Draft, load any) Mode {
			if load == nil {
				return Feed{}
			}
			return load.(feeding).Feed
		},
		check: func(r *setting.Reader, at setting.Pos, d Draft) {
			if !d.at("producer-consumer").Given {
				r.Problem(at, "producer-consumer needs its settings: write `producer-consumer: {producers: 2, consumers: 3, queue: 10, produce: 100ms}`")
			}
		},
	}
}

// writtenFeed is a Feed as it stands in a scenario file.
type writtenFeed struct {
	producers, consumers, queue setting.At[setting.Several[int]]
	produce                     setting.At[setting.Several[delay.Delay]]
}

func written() setting.Shape[writtenFeed] {
	type counts = setting.At[setting.Several[int]]
	count := setting.Located(setting.OneOrMore(setting.Count(1, mostInFlight)))
	took := setting.Located(setting.OneOrMoreMaps(delay.Shape()))
	return setting.Object("producer-consumer",
		setting.Key("producers", "How many put items into the queue.", count, func(w *writtenFeed) *counts { return &w.producers }).Required(),
		setting.Key("consumers", "How many take items out of it: the most calls in flight.", count, func(w *writtenFeed) *counts { return &w.consumers }).Required(),
		setting.Key("queue", "How many items can wait in it.", count, func(w *writtenFeed) *counts { return &w.queue }).Required(),
		setting.Key("produce", "How long a producer takes for an item: a duration, or a distribution.", took, func(w *writtenFeed) *setting.At[setting.Several[delay.Delay]] { return &w.produce }).Required(),
	)
}

// feedings are the loads that were written: one, or one for each value of a list.
func feedings(r *setting.Reader, _ setting.Pos, w writtenFeed) (all setting.Several[any], ok bool) {
	ok = true
	var one Feed
	var list *part
	for _, p := range []part{
		partOf("producers", w.producers, func(f *Feed) *int { return &f.Producers }, strconv.Itoa),
		partOf("consumers", w.consumers, func(f *Feed) *int { return &f.Consumers }, strconv.Itoa),
		partOf("queue", w.queue, func(f *Feed) *int { return &f.Queue }, strconv.Itoa),
		partOf("produce", w.produce, func(f *Feed) *delay.Delay { return &f.Produce }, spelled),
	} {
		switch {
		case !p.listed && len(p.values) > 0:
			p.values[0].put(&one)
		case !p.listed:
		case list == nil:
			list = &p
		default:
			r.Problem(p.pos, "%s is a list, and so is %s: a scenario sweeps one setting, so write one of them as one value", p.name, list.name)
			ok = false
		}
	}
	if list == nil {
		return setting.Several[any]{Items: []setting.At[any]{{Value: feeding{Feed: one}, Given: true, Valid: true}}}, ok
	}
	for _, v := range list.values {
		f := one
		v.put(&f)
		all.Items = append(all.Items, setting.At[any]{Value: feeding{f, list.name, v.text}, Pos: v.pos, Given: true, Valid: true})
	}
	all.Listed = true
	return all, ok
}

// part is one of the settings of a Feed, with its value or values.
type part struct {
	name   string
	pos    setting.Pos
	listed bool
	values []partly
}

// partly is a Feed but for all else than one value.
type partly struct {
	pos  setting.Pos
	text string
	put  func(*Feed)
}

func partOf[T any](name string, said setting.At[setting.Several[T]], field func(*Feed) *T, text func(T) string) part {
	p := part{name: name, pos: said.Pos, listed: said.Value.Listed}
	for _, item := range said.Value.Items {
		p.values = append(p.values, partly{item.Pos, text(item.Value), func(f *Feed) { *field(f) = item.Value }})
	}
	return p
}

// spelled is a delay in a few words, for the place in a sweep.
func spelled(d delay.Delay) string {
	switch d.Kind {
	case "", delay.Constant:
		return quantity.Duration(d.A)
	case delay.Exponential:
		return "exponential " + quantity.Duration(d.A)
	case delay.Uniform, delay.Normal, delay.Lognormal:
		return fmt.Sprintf("%s %s %s", d.Kind, quantity.Duration(d.A), quantity.Duration(d.B))
	}
	return thinking(d)
}
