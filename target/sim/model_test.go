package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
)

// server is the model done the slow way: it walks through time nanosecond by
// nanosecond, with people standing in a line. The delays are those the model
// will draw, since both take them in order of admission.
type server struct {
	Settings
	asked   []Way // by every call
	delays  *rand.Rand
	line    []int           // calls waiting for a server, or for a thaw
	left    map[int]float64 // work left of the calls in service
	passed  []time.Duration // the quota let these through
	result  []Departure
	arrived []int // while frozen
}

func (s *server) frozen(now time.Duration) bool {
	if s.Stall.For == 0 || now < s.Stall.At {
		return false
	}
	since := now - s.Stall.At
	if s.Stall.Every > 0 {
		since %= s.Stall.Every
	}
	return since < s.Stall.For
}

// run takes the arrival times of all calls and returns their departures.
func (s *server) run(arrivals []time.Duration) []Departure {
	s.left, s.result = map[int]float64{}, make([]Departure, len(arrivals))
	next, gone := 0, 0
	for now := arrivals[0]; gone < len(arrivals); now++ {
		// Work done in (now−1, now] ends at now, even if now is the first frozen instant.
		if !s.frozen(now - 1) {
			for _, call := range sorted(s.left) {
				if s.left[call]--; s.left[call] <= 0 {
					s.result[call].At = now
					delete(s.left, call)
					gone++
				}
			}
		}
		for ; next < len(arrivals) && arrivals[next] == now; next++ {
			s.arrived = append(s.arrived, next)
		}
		if s.frozen(now) {
			continue
		}
		s.admit(now, &gone)
		for _, call := range s.arrived {
			s.take(call, now, &gone)
		}
		s.arrived = nil
	}
	return s.result
}

func sorted(m map[int]float64) []int {
	var keys []int
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// takes is the delay of a call by everything that is said of it, the narrowest
// last: its turn, its route, its turn on that route.
func (s *server) takes(call int) *delay.Delay {
	delays := []*delay.Delay{&s.Delay}
	if len(s.Turns) > 0 {
		delays = append(delays, s.Turns[call%len(s.Turns)].Delay)
	}
	if way := s.asked[call]; way != noWay {
		route, before := s.Routes[way], 0
		for _, other := range s.asked[:call] {
			if other == way {
				before++
			}
		}
		delays = append(delays, route.Delay)
		if len(route.Turns) > 0 {
			delays = append(delays, route.Turns[before%len(route.Turns)].Delay)
		}
	}
	for i := len(delays) - 1; ; i-- {
		if delays[i] != nil {
			return delays[i]
		}
	}
}

func (s *server) take(call int, now time.Duration, gone *int) {
	if q := s.Quota; q.N > 0 {
		count := int64(0)
		for _, at := range s.passed {
			if at > now-q.Per {
				count++
			}
		}
		if count >= q.N {
			s.result[call] = Departure{At: now, Class: target.Throttled}
			*gone++
			return
		}
		s.passed = append(s.passed, now)
	}
	if s.Servers > 0 && len(s.left) >= s.Servers && s.Queue != nil && len(s.line) >= *s.Queue {
		s.result[call] = Departure{At: now, Class: target.Rejected}
		*gone++
		return
	}
	s.line = append(s.line, call)
	s.admit(now, gone)
}

func (s *server) admit(now time.Duration, gone *int) {
	for len(s.line) > 0 && (s.Servers == 0 || len(s.left) < s.Servers) {
		call := s.line[0]
		s.line = s.line[1:]
		n := float64(len(s.left) + 1)
		work := float64(s.takes(call).Draw(s.delays))
		work = math.Round(work * (1 + s.Contention.Serial*(n-1) + s.Contention.Crosstalk*n*(n-1)))
		if work <= 0 {
			s.result[call].At = now
			*gone++
			continue
		}
		s.left[call] = work
	}
}

func TestModelAgreesWithTheSlowServer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings := Settings{Delay: delay.Delay{Kind: delay.Uniform, A: 1, B: time.Duration(rapid.Int64Range(1, 40).Draw(t, "longest"))}}
		settings.Servers = rapid.IntRange(0, 4).Draw(t, "servers")
		if room := rapid.IntRange(-1, 4).Draw(t, "queue"); room >= 0 && settings.Servers > 0 {
			settings.Queue = &room
		}
		if rapid.Bool().Draw(t, "contention") {
			settings.Contention = Contention{Serial: rapid.Float64Range(0, 1).Draw(t, "serial"), Crosstalk: rapid.Float64Range(0, 0.3).Draw(t, "crosstalk")}
		}
		if rapid.Bool().Draw(t, "stall") {
			long := rapid.Int64Range(1, 20).Draw(t, "for")
			settings.Stall = Stall{For: time.Duration(long), Every: time.Duration(long + rapid.Int64Range(1, 30).Draw(t, "free")), At: time.Duration(rapid.Int64Range(0, 40).Draw(t, "at"))}
			if rapid.Bool().Draw(t, "once") {
				settings.Stall.Every = 0
			}
		}
		if rapid.Bool().Draw(t, "quota") {
			settings.Quota = quantity.Rate{N: rapid.Int64Range(1, 5).Draw(t, "n"), Per: time.Duration(rapid.Int64Range(1, 30).Draw(t, "per"))}
		}
		arrivals := []time.Duration{time.Duration(rapid.Int64Range(-20, 20).Draw(t, "first"))}
		for range rapid.IntRange(0, 40).Draw(t, "calls") {
			arrivals = append(arrivals, arrivals[len(arrivals)-1]+time.Duration(rapid.Int64Range(0, 12).Draw(t, "gap")))
		}
		settings.Turns = someTurns(t, "turns")
		for i := range rapid.IntRange(0, 2).Draw(t, "routes") {
			route := Route{Path: fmt.Sprintf("/%d", i), Turns: someTurns(t, "turns of a route")}
			route.Delay = someDelay(t)
			settings.Routes = append(settings.Routes, route)
		}
		asked := make([]Way, len(arrivals))
		for i := range asked {
			asked[i] = Way(rapid.IntRange(-1, len(settings.Routes)-1).Draw(t, "way"))
		}
		streams := random.New(1)
		slow := &server{Settings: settings, asked: asked, delays: streams("delay")}
		want := slow.run(arrivals)
		model := New(settings, streams)
		for i, at := range arrivals {
			if got := model.Ask(at, asked[i]).Departure; got != want[i] {
				t.Fatalf("%+v: call %d, there at %d, leaves %+v, want %+v", settings, i, at, got, want[i])
			}
		}
	})
}

func someDelay(t *rapid.T) *delay.Delay {
	if rapid.Bool().Draw(t, "as otherwise") {
		return nil
	}
	return &delay.Delay{Kind: delay.Uniform, A: 1, B: time.Duration(rapid.Int64Range(1, 20).Draw(t, "longest"))}
}

func someTurns(t *rapid.T, name string) []Manner {
	list := make([]Manner, rapid.IntRange(0, 3).Draw(t, name))
	for i := range list {
		list[i].Delay = someDelay(t)
	}
	return list
}

func TestErrors(t *testing.T) {
	after := 7 * time.Millisecond
	for _, test := range []struct {
		errors Errors
		fails  time.Duration // how long a failure takes
	}{
		{Errors{Rate: 0.25, Kind: Status500}, 20 * time.Millisecond},
		{Errors{Rate: 0.25, Kind: Reset, After: &after}, after},
	} {
		model := New(Settings{Delay: delay.Of(20 * time.Millisecond), Errors: test.errors}, random.New(3))
		failed := 0
		const n = 20_000
		for i := range n {
			now := time.Duration(i) * time.Second
			leaves := model.Arrive(now)
			want := 20 * time.Millisecond
			if leaves.Class != "" {
				failed++
				want = test.fails
				if leaves.Class != string(test.errors.Kind) {
					t.Fatalf("class %q", leaves.Class)
				}
			}
			if leaves.At-now != want {
				t.Fatalf("%q took %v", leaves.Class, leaves.At-now)
			}
		}
		if math.Abs(float64(failed)-n*0.25) > 4*math.Sqrt(n*0.25*0.75) {
			t.Errorf("%d of %d failed", failed, n)
		}
	}
}

// With and without errors, with and without warm-up before it, a call meets
// the same delays.
func TestStreamsAreSeparate(t *testing.T) {
	some := delay.Delay{Kind: delay.Exponential, A: time.Millisecond}
	a := New(Settings{Delay: some}, random.New(5, "x"))
	b := New(Settings{Delay: some, Errors: Errors{Rate: 0.5, Kind: Status500}}, random.New(5, "x"))
	for i := range 100 {
		if x, y := a.Arrive(time.Duration(i)), b.Arrive(time.Duration(i)); x.At != y.At {
			t.Fatalf("call %d leaves at %v and %v", i, x.At, y.At)
		}
	}
}

func ExampleModel() {
	model := New(Settings{Delay: delay.Of(time.Second), Servers: 1}, random.New(1))
	for range 3 {
		fmt.Println(model.Arrive(0).At)
	}
	// Output:
	// 1s
	// 2s
	// 3s
}

// However long calls take, freeze or wait, the one that would leave after the
// end of time never leaves, and none leaves before it came.
func TestDeparturesSaturate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		long := func(name string) time.Duration {
			return time.Duration(rapid.Int64Range(1, int64(delay.Longest)).Draw(t, name))
		}
		s := Settings{Delay: delay.Of(long("delay")), Servers: rapid.IntRange(0, 2).Draw(t, "servers")}
		if rapid.Bool().Draw(t, "contended") {
			s.Contention = Contention{Serial: rapid.Float64Range(0, 1e6).Draw(t, "serial"), Crosstalk: rapid.Float64Range(0, 1e6).Draw(t, "crosstalk")}
		}
		if rapid.Bool().Draw(t, "stalling") {
			s.Stall = Stall{Every: long("every"), At: long("at")}
			s.Stall.For = time.Duration(rapid.Int64Range(1, int64(s.Stall.Every)).Draw(t, "for"))
		}
		m, now := New(s, random.New(1)), -long("warm-up")
		for range 10 {
			if left := m.Arrive(now).At; left < now {
				t.Fatalf("%+v: came at %v and left at %v", s, now, left)
			}
			if now += long("gap") / 20; now < 0 && rapid.Bool().Draw(t, "jump") {
				now = long("later")
			}
		}
	})
}
