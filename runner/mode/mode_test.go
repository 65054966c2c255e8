package mode

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/schedule"
	"plimsoll/target/agenda"
	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
)

func perSecond(n int64) quantity.Rate { return quantity.Rate{N: n, Per: time.Second} }

// starts are those of a part in which every call takes so long and nothing is
// late.
func starts(t *rapid.T, m Mode, p Part, call time.Duration) (list []time.Duration) {
	s := m.Schedule(p)
	now, ends := time.Duration(0), []time.Duration{}
	for range 100_000 {
		next := s.Next(now, len(ends))
		switch {
		case next.Do == schedule.Start:
			list, ends = append(list, next.At), append(ends, now+call)
		case next.Do == schedule.Done:
			return list
		case len(ends) > 0 && (next.Do == schedule.Idle || ends[0] <= next.At):
			now = ends[0]
			s.Ended(ends[0], ends[0]-call, 0, false)
			ends = ends[1:]
		default:
			now = next.At
		}
	}
	t.Fatalf("%s never ends", m.Text())
	return nil
}

// Where Traits say that loops may share a load, their starts are together what
// one loop's would be.
func TestSharesAreTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 5).Draw(t, "loops")
		rate := perSecond(rapid.Int64Range(1, 500).Draw(t, "rate"))
		m := map[string]Mode{
			"closed":   Closed{Users: rapid.IntRange(n, 40).Draw(t, "users")},
			"paced":    Closed{Users: rapid.IntRange(n, 40).Draw(t, "users"), Pace: time.Duration(rapid.IntRange(1, 1000).Draw(t, "pace")) * time.Millisecond},
			"constant": Open{Rate: rate, Arrivals: Constant, MaxInFlight: 1 << 20},
			"poisson":  Open{Rate: rate, Arrivals: Poisson, MaxInFlight: 1 << 20},
			"stages":   Open{Start: rate, Stages: []Stage[quantity.Rate]{{perSecond(300), 2 * time.Second}}, Arrivals: Constant, MaxInFlight: 1 << 20},
		}[rapid.SampledFrom([]string{"closed", "paced", "constant", "poisson", "stages"}).Draw(t, "mode")]
		if m.Traits().MostLoops < n {
			t.Fatalf("%s may have %d loops", m.Text(), m.Traits().MostLoops)
		}
		call := time.Duration(rapid.Int64Range(int64(50*time.Millisecond), int64(time.Second)).Draw(t, "call"))
		part := func(s Share) Part {
			return Part{Bounds: schedule.Bounds{Until: 2 * time.Second}, Share: s, Streams: random.New(7)}
		}
		var shares []time.Duration
		for k := range n {
			shares = append(shares, starts(t, m, part(Share{k, n}), call)...)
		}
		whole := starts(t, m, part(Whole()), call)
		slices.Sort(shares)
		slices.Sort(whole)
		if len(whole) == 0 || !slices.Equal(shares, whole) {
			t.Fatalf("%s: %d starts of %d loops, %d of one", m.Text(), len(shares), n, len(whole))
		}
	})
}

// Every trait, and every text, of a mode of each kind; the texts are stored in
// results and must never change.
func TestWhatModesSay(t *testing.T) {
	const s, never = time.Second, agenda.Never
	ramp := []Stage[int]{{20, s}, {0, 3 * s}}
	slope := []Stage[quantity.Rate]{{perSecond(90_000), s}, {quantity.Rate{}, 500 * time.Millisecond}}
	for _, c := range []struct {
		mode        Mode
		text        string
		traits      Traits
		busy, batch int // without a number of requests, and of 100
		lasts       time.Duration
	}{
		{Sequential{Closed{Users: 1}}, "mode: sequential", Traits{Concurrency: 1, Users: 1, MostLoops: 1}, 1, 1, 200 * s},
		{Closed{}, "concurrent: all at once", Traits{}, 1, 100, 2 * s},
		{Closed{Users: 130}, "concurrent: 130", Traits{Concurrency: 130, Users: 130, Loops: 2, MostLoops: 130}, 130, 100, 2 * s},
		{Closed{Users: 30, Think: delay.Of(s)}, "concurrent: 30, think_time: 1s", Traits{Concurrency: 30, Users: 30, MostLoops: 30}, 0, 0, 12 * s},
		{Closed{Users: 30, Think: delay.Of(s), Pace: 5 * s}, "concurrent: 30, think_time: 1s, pace: 5s", Traits{Concurrency: 30, Users: 30, MostLoops: 30}, 0, 0, 20 * s},
		{Sequential{Closed{Users: 1, Pace: s}}, "mode: sequential, pace: 1s", Traits{Concurrency: 1, Users: 1, MostLoops: 1}, 0, 0, 200 * s},
		{Closed{Start: 3, Stages: ramp}, "concurrent: 3, stages: 3 → 20 in 1s → 0 in 3s", Traits{Length: 4 * s, Users: 20, Undivided: "stages"}, 20, 20, 68 * s},
		{Open{Rate: perSecond(50), Arrivals: Constant, MaxInFlight: 2100}, "rate-limited: 50/s, arrivals: constant, max_in_flight: 2100",
			Traits{RatePerS: 50, Timed: true, MaxInFlight: 2100, MostLoops: 2}, 0, 0, 2*s + 99*s/50},
		{Open{Rate: perSecond(30), Arrivals: Window, MaxInFlight: 9, Drop: true}, "rate-limited: 30/s, arrivals: window, max_in_flight: 9, overflow: drop",
			Traits{RatePerS: 30, Timed: true, Paced: true, MaxInFlight: 9, Undivided: "arrivals"}, 0, 0, 2*s + 3*s},
		{Open{Rate: perSecond(10), Arrivals: Bucket, MaxInFlight: 9}, "rate-limited: 10/s, arrivals: bucket, burst: 10, max_in_flight: 9",
			Traits{RatePerS: 10, Timed: true, Paced: true, MaxInFlight: 9, Undivided: "arrivals"}, 0, 0, 2*s + 9*s},
		{Open{Rate: perSecond(10), Arrivals: Bucket, Burst: 200, MaxInFlight: 9}, "rate-limited: 10/s, arrivals: bucket, burst: 200, max_in_flight: 9",
			Traits{RatePerS: 10, Timed: true, Paced: true, MaxInFlight: 9, Undivided: "arrivals"}, 0, 0, 2 * s},
		{Open{Start: perSecond(5), Stages: slope, Arrivals: Poisson, MaxInFlight: 1024}, "rate-limited: stages, arrivals: poisson, max_in_flight: 1024, stages: 5/s → 90000/s in 1s → 0/s in 500ms",
			Traits{Length: 1500 * time.Millisecond, Timed: true, MaxInFlight: 1024, Loops: 2, MostLoops: 1}, 0, 0, never},
		{Feed{Producers: 2, Consumers: 5, Queue: 10, Produce: delay.Of(s)}, "mode: producer-consumer, producers: 2, consumers: 5, queue: 10, produce: 1s",
			Traits{Concurrency: 5, Users: 5, Queue: 10, Timed: true, Undivided: "queue"}, 0, 0, 50*s + 2*s},
		{Feed{Producers: 200, Consumers: 5, Queue: 10, Produce: delay.Delay{Kind: delay.Exponential, A: s}}, `mode: producer-consumer, producers: 200, consumers: 5, queue: 10, produce: {"Kind":"exponential","A":1000000000}`,
			Traits{Concurrency: 5, Users: 5, Queue: 10, Timed: true, Undivided: "queue"}, 0, 0, 40*s + s},
		{Feed{Producers: 1, Consumers: 200, Queue: 10}, "mode: producer-consumer, producers: 1, consumers: 200, queue: 10, produce: 0s",
			Traits{Concurrency: 200, Users: 200, Queue: 10, Timed: true, Undivided: "queue"}, 200, 100, 2 * s},
	} {
		if got := c.mode.Text(); got != c.text {
			t.Errorf("%q, want %q", got, c.text)
		}
		if got := c.mode.Traits(); got != c.traits {
			t.Errorf("%s: %+v, want %+v", c.text, got, c.traits)
		}
		if got := [2]int{c.mode.Busy(0), c.mode.Busy(100)}; got != [2]int{c.busy, c.batch} {
			t.Errorf("%s: %v calls in flight for sure, want %d and %d", c.text, got, c.busy, c.batch)
		}
		if got := c.mode.Lasts(100, 2*s); got != c.lasts {
			t.Errorf("%s: 100 requests last %v, want %v", c.text, got, c.lasts)
		}
	}
	if got := (Closed{Users: 1}).Lasts(math.MaxInt, delay.Longest); got != never {
		t.Errorf("more than there is time for lasts %v", got)
	}
}

// What a search finds has a mode, whose load it can choose.
func TestWhatIsFoundCanBeSearched(t *testing.T) {
	found := 0
	for _, f := range forms() {
		if f.finds == "" {
			continue
		}
		found++
		for _, load := range []float64{3, 41.25, 0.3333, 9999} {
			m := f.mode(Draft{}, nil)
			if _, ok := m.(Searchable); !ok {
				t.Fatalf("%s cannot be searched", f.word)
			}
			got := At(m, load).Traits()
			if want := load; f.finds == "rate" && math.Abs(got.RatePerS-want) > 1e-6*want || f.finds == "concurrency" && got.Concurrency != int(want) {
				t.Errorf("%s at %v is %+v", f.word, load, got)
			}
		}
		if finding(f.finds).word != f.word {
			t.Errorf("to find the %s goes through %s", f.finds, finding(f.finds).word)
		}
		if n, err := ReadLoad(f.finds, map[string]string{"rate": "30/min", "concurrency": "30"}[f.finds]); err != nil || fmt.Sprint(n) != map[string]string{"rate": "0.5", "concurrency": "30"}[f.finds] {
			t.Errorf("%s: %v, %v", f.finds, n, err)
		}
	}
	if found != 2 {
		t.Errorf("%d things can be found", found)
	}
}

// What a producer draws for its items is its own, whoever draws before it, and
// has the distribution that was asked for.
func TestProducersDrawApart(t *testing.T) {
	f := Feed{Producers: 3, Consumers: 1, Queue: 1, Produce: delay.Delay{Kind: delay.Exponential, A: time.Second}}
	const n = 20_000
	one := f.produce(random.New(1))
	var alone []time.Duration
	sum := 0.0
	for range n {
		alone = append(alone, one(1))
		sum += alone[len(alone)-1].Seconds()
	}
	if mean := sum / n; math.Abs(mean-1) > 0.03 {
		t.Errorf("items take %v s in the mean, want 1", mean)
	}
	f.Producers = 5
	all, same := f.produce(random.New(1)), 0
	for k := range 1000 {
		other := all(0)
		if got := all(1); got != alone[k] {
			t.Fatalf("item %d of the second producer takes %v, and by itself %v", k, got, alone[k])
		}
		if other == alone[k] {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d of 1,000 items of two producers take the same time", same)
	}
}
