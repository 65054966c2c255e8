package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/delay"
	"plimsoll/target/random"
)

// reader is a server that reads out loud, done the slow way: it walks through
// time nanosecond by nanosecond, and each call in service has the work until its
// next event before it. What it draws it draws as the model does, by admission.
type reader struct {
	Settings
	firsts, gaps, numbers, errors *rand.Rand

	line   []int
	served map[int]*reading
	heard  []hearing // by call
	gone   int
}

// reading is a call in service: the work until each of its events.
type reading struct {
	left  []float64
	class string // it fails after the first
}

// hearing is what a caller sees: when events came, or how it failed.
type hearing struct {
	events []time.Duration
	end    time.Duration
	class  string
}

func newReader(s Settings, source random.Source) *reader {
	return &reader{Settings: s, firsts: source("stream first"), gaps: source("stream gap"), numbers: source("stream events"), errors: source("error"), served: map[int]*reading{}}
}

func (s *reader) run(arrivals []time.Duration) []hearing {
	s.heard = make([]hearing, len(arrivals))
	stalls := &server{Settings: s.Settings}
	next := 0
	var arrived []int
	for now := arrivals[0]; s.gone < len(arrivals); now++ {
		if !stalls.frozen(now - 1) {
			s.work(now)
		}
		for ; next < len(arrivals) && arrivals[next] == now; next++ {
			arrived = append(arrived, next)
		}
		if stalls.frozen(now) {
			continue
		}
		s.admit(now)
		for _, call := range arrived {
			s.line = append(s.line, call)
			s.admit(now)
		}
		arrived = nil
	}
	return s.heard
}

// work is one nanosecond of it.
func (s *reader) work(now time.Duration) {
	for call, r := range s.served {
		r.left[0]--
		s.hear(call, now)
	}
}

// hear has all events come for which there is nothing left to do.
func (s *reader) hear(call int, now time.Duration) {
	r, h := s.served[call], &s.heard[call]
	for len(r.left) > 0 && r.left[0] <= 0 {
		h.events, r.left = append(h.events, now), r.left[1:]
	}
	if len(r.left) > 0 {
		return
	}
	if h.end, h.class = now, r.class; r.class != "" {
		h.events = nil
	}
	delete(s.served, call)
	s.gone++
}

func (s *reader) admit(now time.Duration) {
	for len(s.line) > 0 && (s.Servers == 0 || len(s.served) < s.Servers) {
		call := s.line[0]
		s.line = s.line[1:]
		n := float64(len(s.served) + 1)
		slower := 1 + s.Contention.Serial*(n-1) + s.Contention.Crosstalk*n*(n-1)
		r := &reading{}
		draw := func(d *delay.Delay, rng *rand.Rand) {
			r.left = append(r.left, math.Round(float64(d.Draw(rng))*slower))
		}
		events := s.Stream.Events.Low
		if more := s.Stream.Events.High - events; more > 0 {
			events += s.numbers.IntN(more + 1)
		}
		draw(&s.Stream.First, s.firsts)
		for range events - 1 {
			draw(&s.Stream.Gap, s.gaps)
		}
		if e := s.Errors; e.Rate > 0 && s.errors.Float64() < e.Rate {
			r.left, r.class = r.left[:1], string(e.Kind)
			if e.After != nil {
				r.left[0] = float64(*e.After)
			}
		}
		s.served[call] = r
		s.hear(call, now)
	}
}

// What a carrier tells of streams is exactly what the slow server does.
func TestStreamsAgreeWithTheSlowServer(t *testing.T) {
	upTo := func(t *rapid.T, name string) delay.Delay {
		longest := time.Duration(rapid.Int64Range(0, 20).Draw(t, name))
		if rapid.Bool().Draw(t, "constant") || longest == 0 {
			return delay.Of(longest)
		}
		return delay.Delay{Kind: delay.Uniform, B: longest}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := Settings{Stream: &Stream{First: upTo(t, "first"), Gap: upTo(t, "gap")}, Servers: rapid.IntRange(0, 3).Draw(t, "servers")}
		low := rapid.IntRange(1, 5).Draw(t, "events")
		s.Stream.Events = Number{low, low + rapid.IntRange(0, 4).Draw(t, "more")}
		if rapid.Bool().Draw(t, "stalls") {
			s.Stall = Stall{For: time.Duration(rapid.Int64Range(1, 20).Draw(t, "for")), At: time.Duration(rapid.Int64Range(0, 40).Draw(t, "at"))}
			if rapid.Bool().Draw(t, "again") {
				s.Stall.Every = s.Stall.For + time.Duration(rapid.Int64Range(1, 20).Draw(t, "free"))
			}
		}
		if rapid.Bool().Draw(t, "contended") {
			s.Contention = Contention{Serial: rapid.Float64Range(0, 1).Draw(t, "serial"), Crosstalk: rapid.Float64Range(0, 0.3).Draw(t, "crosstalk")}
		}
		if rapid.Bool().Draw(t, "failing") {
			s.Errors = Errors{Rate: 0.4, Kind: Reset}
			if rapid.Bool().Draw(t, "after") {
				s.Errors.After = new(time.Duration(rapid.Int64Range(0, 30).Draw(t, "after")))
			}
		}
		arrivals := []time.Duration{time.Duration(rapid.Int64Range(-20, 20).Draw(t, "began"))}
		for range rapid.IntRange(0, 20).Draw(t, "calls") {
			arrivals = append(arrivals, arrivals[len(arrivals)-1]+time.Duration(rapid.Int64Range(0, 30).Draw(t, "later")))
		}
		source := random.New(rapid.Uint64().Draw(t, "seed"))
		want := newReader(s, source).run(arrivals)
		got := listen(NewCarrier(s, source), arrivals, &target.Request{})
		for i := range want {
			if !slices.Equal(got[i].events, want[i].events) || got[i].end != want[i].end || got[i].class != want[i].class {
				t.Fatalf("%+v, %+v: call %d, there at %d, hears %+v, want %+v", s, s.Stream, i, arrivals[i], got[i], want[i])
			}
		}
	})
}

// The slots of a batch: with one server a stream begins when the one before it
// has ended.
func TestAServerIsTakenUntilTheLastEvent(t *testing.T) {
	c := NewCarrier(read(t, `{servers: 1, stream: {first: 200ns, gap: 20ns, events: 3}}`), random.New(1))
	for i, h := range listen(c, []time.Duration{0, 0, 0}, &target.Request{}) {
		begins := time.Duration(i) * 240
		if want := []time.Duration{begins + 200, begins + 220, begins + 240}; !slices.Equal(h.events, want) || h.end != want[2] {
			t.Errorf("stream %d comes at %d and ends at %d, want %d", i, h.events, h.end, want)
		}
	}
}

// Whether there are streams beside them or not, other calls draw the same.
func TestStreamsDrawNothingOfOthers(t *testing.T) {
	plain := read(t, `{delay: {exponential: 1s}, errors: 30%}`)
	mixed := read(t, `{delay: {exponential: 1s}, errors: 30%, routes: {/v1/*: {stream: {first: {exponential: 1s}, gap: {exponential: 1s}, events: {uniform: [1, 9]}}, errors: {rate: 0%}}}}`)
	a, b := New(plain, random.New(7)), New(mixed, random.New(7))
	for i := range 100 {
		now := time.Duration(i) * time.Second
		if streamed := b.Ask(now, b.Way("/v1/chat")); streamed.Events == nil || streamed.Class != "" {
			t.Fatalf("%+v", streamed)
		}
		if x, y := a.Arrive(now), b.Ask(now, b.Way("/")); x != y.Departure || y.Events != nil {
			t.Fatalf("call %d leaves %+v, and %+v beside streams", i, x, y)
		}
	}
}

// What says more narrowly how to answer at once takes the place of a stream, and a
// stream that of it.
func TestStreamsAndAnswersTakeEachOthersPlace(t *testing.T) {
	s := read(t, `
stream: {first: 10ns, gap: 1ns, events: 5}
routes:
  /at-once: {answer: {status: 404}}
  /later: {delay: 3ns}
  /other: {stream: {first: 1ns, events: 2}}
  /failing: {errors: {rate: 100%, kind: status-503}}
  /turns: {answer: {body: x}, turns: [{}, {stream: {first: 7ns, events: 1}}]}
`)
	m := New(s, random.New(1))
	for _, c := range []struct {
		path   string
		at     time.Duration
		events int64
		status int
	}{
		{"/", 14, 5, 200}, {"/at-once", 0, 0, 404}, {"/later", 3, 0, 200}, {"/other", 1, 2, 200}, {"/failing", 10, 0, 503}, {"/turns", 0, 0, 200}, {"/turns", 7, 1, 200},
	} {
		a := m.Ask(0, m.Way(c.path))
		var events int64
		status := 200
		if a.Events != nil {
			events = a.Events.Count
		} else {
			status = m.Reply(new(Reply), &a, c.path, "").Status
		}
		if a.At != c.at || events != c.events || status != c.status {
			t.Errorf("%s: at %d, %d events, status %d; want %+v", c.path, a.At, events, status, c)
		}
	}
}

func TestStreamsTakeTime(t *testing.T) {
	for text, want := range map[string]struct {
		mean   time.Duration
		atOnce string
	}{
		`{stream: {first: 200ns, gap: 20ns, events: 120}}`:                                 {200 + 119*20, ""},
		`{stream: {first: {exponential: 200ns}, gap: 20ns, events: {uniform: [50, 201]}}}`: {200 + 2490, ""},
		`{stream: {events: 5}}`:                                                                               {0, "the target answers at once"},
		`{stream: {gap: 1ns, events: 1}}`:                                                                     {0, "the target answers at once"},
		`{stream: {gap: 1ns, events: 2}, errors: 100%}`:                                                       {1, "every call fails at once"},
		`{stream: {gap: 1ns, events: 2}, errors: {rate: 100%, after: 1ns}}`:                                   {1, ""},
		`{stream: {first: 5ms, gap: 1ms, events: 6}, quota: 3/20ms}`:                                          {10e6, ""},
		`{stream: {first: 5ms, gap: 1ms, events: 6}, quota: 2/20ms}`:                                          {10e6, "a call over the quota fails at once"},
		`{stream: {first: 5ms, gap: 1ms, events: 6}, errors: 1%, quota: 3/20ms}`:                              {10e6, "a call over the quota fails at once"},
		`{stream: {first: 4ns, events: 1}, turns: [{}, {delay: 2ns}]}`:                                        {3, ""},
		`{stream: {first: {pareto: {scale: 1s, shape: 1}}, gap: {pareto: {scale: 1s, shape: 1}}, events: 9}}`: {delay.Longest, ""},
	} {
		s := read(t, text)
		if got, why := s.CallTime("/"), s.AtOnce(1); got != want.mean || why != want.atOnce {
			t.Errorf("%s: about %d, %q; want %d, %q", text, got, why, want.mean, want.atOnce)
		}
	}
}

// However long streams take, they end, and none before it came.
func TestStreamsSaturate(t *testing.T) {
	m := New(read(t, `{stream: {first: 876000h, gap: 876000h, events: 9}, stall: {at: 1h, for: 1h, every: 2h}}`), random.New(1))
	a := m.Ask(time.Hour, noWay)
	times := slices.Collect(a.Events.Due)
	if !slices.IsSorted(times) || len(times) != 9 || a.At != agenda.Never || times[8] != a.At {
		t.Errorf("%v until %v", times, a.At)
	}
	cut := New(Settings{Stream: &Stream{First: delay.Delay{Kind: delay.Exponential, A: delay.Longest}, Gap: delay.Delay{Kind: delay.Exponential, A: delay.Longest}, Events: Number{20, 20}}}, random.New(1))
	for range 5 {
		cut.Ask(0, noWay)
	}
	if cut.Cut() != 5 {
		t.Errorf("%d were cut", cut.Cut())
	}
}

func ExampleStream() {
	model := New(Settings{Stream: &Stream{First: delay.Of(200 * time.Millisecond), Gap: delay.Of(20 * time.Millisecond), Events: Number{3, 3}}}, random.New(1))
	asked := model.Ask(0, model.Way("/v1/chat/completions"))
	for due := range asked.Events.Due {
		fmt.Println(due)
	}
	fmt.Println(strings.Repeat("-", 3), asked.At)
	// Output:
	// 200ms
	// 220ms
	// 240ms
	// --- 240ms
}
