package schedule

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const second = time.Second

// seconds are times written as numbers of them.
func seconds(list ...float64) (all []time.Duration) {
	for _, s := range list {
		all = append(all, time.Duration(s*float64(time.Second)))
	}
	return all
}

func every(d time.Duration) func(uint32) time.Duration {
	return func(uint32) time.Duration { return d }
}

// Two producers of 1 s an item and one consumer of 2 s, with room for one item
// between them: every put, take and end, by hand.
func TestFeedByHand(t *testing.T) {
	for _, c := range []struct {
		name        string
		feed        Feed
		serve       time.Duration
		puts, takes []float64
		want        Queue
	}{
		{
			"a batch of six", // the producers wait with the third to sixth: 2–3, 2–5, 4–7, 6–9
			Feed{Bounds: Bounds{Until: Never, Requests: 6}, Producers: 2, Consumers: 1, Queue: 1, Produce: every(second)}, 2 * second,
			[]float64{1, 1, 3, 5, 7, 9}, []float64{1, 3, 5, 7, 9, 11},
			Queue{LengthMean: 10. / 13, LengthMost: 1, Blocked: 10 * second, Busy: 12. / 13},
		},
		{
			"six seconds", // what is taken after them does not count, nor who waits then
			Feed{Bounds: Bounds{Until: 6 * second}, Producers: 2, Consumers: 1, Queue: 1, Produce: every(second)}, 2 * second,
			[]float64{1, 1, 3, 5}, []float64{1, 3, 5, 7},
			Queue{LengthMean: 5. / 6, LengthMost: 1, Blocked: 6 * second, Busy: 5. / 6},
		},
		{
			"six seconds after a warm-up of three", // figures are of the six alone
			Feed{Bounds: Bounds{From: -3 * second, Until: 6 * second}, Producers: 2, Consumers: 1, Queue: 1, Produce: every(second)}, 2 * second,
			[]float64{-2, -2, 0, 2, 4}, []float64{-2, 0, 2, 4, 6},
			Queue{LengthMean: 1, LengthMost: 1, Blocked: (1 + 2 + 1 + 2 + 2 + 1) * second, Busy: 1},
		},
		{
			"nobody waits", // each item is taken as it comes
			Feed{Bounds: Bounds{Until: Never, Requests: 3}, Producers: 1, Consumers: 1, Queue: 5, Produce: every(2 * second)}, second,
			[]float64{2, 4, 6}, []float64{2, 4, 6},
			Queue{Busy: 3. / 7},
		},
		{
			"a queue that fills", // 1–4 one waits, 2–4 two, 3–4 three; …
			Feed{Bounds: Bounds{Until: Never, Requests: 5}, Producers: 1, Consumers: 1, Queue: 3, Produce: every(second)}, 4 * second,
			[]float64{1, 2, 3, 4, 5}, []float64{1, 5, 9, 13, 17},
			Queue{LengthMean: (3 + 6 + 9 + 12.) / 21, LengthMost: 3, Busy: 20. / 21},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := NewFeed(c.feed, StopOn{})
			p := punctual(c.serve)
			p.now = c.feed.From
			p.play(s, 100)
			p.endUpTo(s, Never)
			last := p.starts[len(p.starts)-1].end
			var readies []time.Duration
			for _, start := range p.starts {
				readies = append(readies, start.ready)
			}
			if !slices.Equal(p.dues(), seconds(c.puts...)) || !slices.Equal(readies, seconds(c.takes...)) || !slices.Equal(p.whens(), readies) {
				t.Errorf("put at %v, taken at %v, started at %v", p.dues(), readies, p.whens())
			}
			got := *s.Queue(last)
			if math.Abs(got.LengthMean-c.want.LengthMean) > 1e-12 || math.Abs(got.Busy-c.want.Busy) > 1e-12 ||
				got.LengthMost != c.want.LengthMost || got.Blocked != c.want.Blocked {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// network is another model of producers, queue and consumers, step by step: of
// each it is known what it does.
type network struct {
	queue        int
	producers    []maker
	consumers    []time.Duration // until when each is busy
	waiting      []time.Duration // when each item was put in
	serve        []time.Duration // how long each item will take
	puts, takes  []time.Duration
	blocked      time.Duration
	begun, limit int
	draws        [][]time.Duration // of each producer
	tied         bool              // two have made an item at one instant: either may be first
}

type maker struct {
	idle, blocked bool
	at            time.Duration // when its item is made, or was
	made          int
}

func (n *network) make(p int, now time.Duration) {
	m := &n.producers[p]
	if m.idle = n.begun == n.limit; m.idle {
		return
	}
	n.begun++
	m.at, m.blocked = now+n.draws[p][m.made], false
	m.made++
}

// settle does all that can be done now.
func (n *network) settle(now time.Duration) {
	for some := true; some; {
		some = false
		if free := slices.IndexFunc(n.consumers, func(busy time.Duration) bool { return busy <= now }); free >= 0 && len(n.waiting) > 0 {
			n.waiting = n.waiting[1:]
			n.consumers[free] = now + n.serve[len(n.takes)]
			n.takes = append(n.takes, now)
			some = true
			continue
		}
		first := -1
		for p := range n.producers {
			switch m := &n.producers[p]; {
			case m.idle || m.at > now:
			case first < 0 || m.at < n.producers[first].at:
				first = p
			case m.at == n.producers[first].at:
				n.tied = true
			}
		}
		if first >= 0 && len(n.waiting) < n.queue {
			n.blocked += now - n.producers[first].at
			n.puts, n.waiting = append(n.puts, now), append(n.waiting, now)
			n.make(first, now)
			some = true
		}
	}
}

// run goes from event to event until all items are taken.
func (n *network) run() {
	for p := range n.producers {
		n.make(p, 0)
	}
	for now := time.Duration(0); len(n.takes) < n.limit; {
		n.settle(now)
		next := time.Duration(Never)
		for _, m := range n.producers {
			if !m.idle && m.at > now {
				next = min(next, m.at)
			}
		}
		for _, busy := range n.consumers {
			if busy > now {
				next = min(next, busy)
			}
		}
		now = next
	}
}

// Every put and take, and how long producers were blocked, are those of another
// model, for any times of producing and consuming.
func TestFeedIsTheNetwork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		producers, consumers := rapid.IntRange(1, 4).Draw(t, "producers"), rapid.IntRange(1, 4).Draw(t, "consumers")
		queue, items := rapid.IntRange(1, 5).Draw(t, "queue"), rapid.IntRange(1, 30).Draw(t, "items")
		times := func(name string, least int64, n int) []time.Duration {
			return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
				return time.Duration(rapid.Int64Range(least, 1_000_000_007).Draw(t, "ns"))
			}), n, n).Draw(t, name)
		}
		other := &network{queue: queue, limit: items, producers: make([]maker, producers), consumers: make([]time.Duration, consumers), serve: times("serve", 0, items)}
		for p := range producers {
			other.draws = append(other.draws, times(fmt.Sprint("produce ", p), 1, items))
		}
		if other.run(); other.tied {
			t.Skip("whose item is first, nobody can say")
		}

		drawn := make([]int, producers)
		s := NewFeed(Feed{
			Bounds: Bounds{Until: Never, Requests: int64(items)}, Producers: producers, Consumers: consumers, Queue: queue,
			Produce: func(p uint32) time.Duration {
				drawn[p]++
				return other.draws[p][drawn[p]-1]
			},
		}, StopOn{})
		served := 0
		p := &player{late: always(0), service: func() time.Duration { served++; return other.serve[served-1] }}
		p.play(s, items+1)
		p.endUpTo(s, Never)
		if !slices.Equal(p.dues(), other.puts) || !slices.Equal(p.whens(), other.takes) {
			t.Fatalf("put at %v and taken at %v; another model says %v and %v", p.dues(), p.whens(), other.puts, other.takes)
		}
		got := s.Queue(p.now)
		if got.Blocked != other.blocked {
			t.Fatalf("blocked for %v, another model says %v", got.Blocked, other.blocked)
		}
		checkQueue(t, p.starts, got)
	})
}

// checkQueue compares the figures of a batch with sums over its items.
func checkQueue(t *rapid.T, items []started, got *Queue) {
	var waited, most, last time.Duration
	for i, item := range items {
		waited += item.ready - item.at
		last = max(last, item.end)
		length := time.Duration(0)
		for _, before := range items[:i+1] { // just after this one came, if it stays
			if item.ready > item.at && before.ready > item.at {
				length++
			}
		}
		most = max(most, length)
	}
	mean := 0.0
	if last > 0 {
		mean = float64(waited) / float64(last)
	}
	if math.Abs(got.LengthMean-mean) > 1e-9 || got.LengthMost != int(most) {
		t.Fatalf("length %v, at most %d; by its items %v and %d", got.LengthMean, got.LengthMost, mean, most)
	}
}

// Whatever is late: items go first come, first served; no more wait than there
// is room for, no more are taken than there are consumers; and what was put in
// was taken, each item once.
func TestFeedKeepsItsLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := func(most int64, name string) func() time.Duration {
			return func() time.Duration {
				return time.Duration(rapid.Int64Range(0, most*int64(time.Millisecond)).Draw(t, name))
			}
		}
		f := Feed{
			Bounds:    Bounds{From: -time.Duration(rapid.IntRange(0, 200).Draw(t, "warm-up")) * time.Millisecond, Until: 2 * second},
			Producers: rapid.IntRange(1, 5).Draw(t, "producers"), Consumers: rapid.IntRange(1, 4).Draw(t, "consumers"), Queue: rapid.IntRange(1, 4).Draw(t, "queue"),
		}
		if rapid.Bool().Draw(t, "batch") {
			f.Bounds = Bounds{Until: Never, Requests: rapid.Int64Range(1, 40).Draw(t, "requests")}
		}
		produce := ms(rapid.Int64Range(20, 200).Draw(t, "produce most"), "produce")
		begun := 0
		f.Produce = func(uint32) time.Duration { begun++; return produce() }
		s := NewFeed(f, StopOn{})
		sum, changes := 0, 0
		s.Watch(func(_ time.Duration, by int) { sum += by; changes++ })
		p := &player{late: ms(rapid.SampledFrom([]int64{0, 1, 50}).Draw(t, "late most"), "late"), service: ms(300, "serve"), now: f.From, backwards: rapid.Bool().Draw(t, "backwards")}
		p.play(s, 5000)
		for i, item := range p.starts {
			if item.at > item.ready || item.ready > item.when || i > 0 && item.at < p.starts[i-1].at {
				t.Fatalf("item %d: put in at %v, ready at %v, started at %v", i, item.at, item.ready, item.when)
			}
			if item.at < f.From || item.at >= f.Until {
				t.Fatalf("put in at %v", item.at)
			}
			if i >= f.Queue && item.at < p.starts[i-f.Queue].ready {
				t.Fatalf("item %d was put in at %v, and %d before it had not been taken", i, item.at, f.Queue)
			}
		}
		free := map[uint32]time.Duration{}
		for i, item := range p.starts {
			if since, known := free[item.user]; int(item.user) >= f.Consumers || known && item.ready < since {
				t.Fatalf("item %d is taken at %v by consumer %d, who is busy until %v", i, item.ready, item.user, since)
			}
			free[item.user] = item.end
		}
		if p.over != Done || p.most > f.Consumers {
			t.Fatalf("%v with up to %d of %d in flight", p.over, p.most, f.Consumers)
		}
		if sum != 0 || changes != 2*len(p.starts) {
			t.Fatalf("%d changes of the length come to %d, of %d items", changes, sum, len(p.starts))
		}
		if n := int64(len(p.starts)); f.Requests > 0 && (n != f.Requests || int64(begun) != n) {
			t.Fatalf("%d items begun, %d started of %d", begun, n, f.Requests)
		}
		p.endUpTo(s, Never)
		q, last := s.Queue(Never), f.Until
		if f.Requests > 0 {
			last = p.starts[len(p.starts)-1].end
			for _, item := range p.starts {
				last = max(last, item.end)
			}
		}
		waited, within := time.Duration(0), func(at time.Duration) time.Duration { return max(0, min(at, last)) }
		for _, item := range p.starts {
			waited += within(item.ready) - within(item.at)
		}
		if math.Abs(q.LengthMean*float64(last)-float64(waited)) > 1 {
			t.Fatalf("a mean length of %v for %v, of items that waited %v", q.LengthMean, last, waited)
		}
		most := 0
		for _, item := range p.starts { // just after this one came, if it waited
			length := 0
			for _, other := range p.starts {
				if from := within(item.at); from < within(item.ready) && within(other.at) <= from && from < within(other.ready) {
					length++
				}
			}
			most = max(most, length)
		}
		// Ends that are heard in disorder may have it seem that more waited, never fewer.
		if q.LengthMost < most || q.LengthMost > most && !p.backwards || most > f.Queue || q.LengthMost > f.Queue || q.Busy > 1 || q.Blocked < 0 {
			t.Fatalf("%+v of %+v, by its items up to %d", q, f, most)
		}
	})
}

// What was put in and never taken is overdue when a trial is ended early, and
// its figures end there.
func TestFeedOverdue(t *testing.T) {
	s := NewFeed(Feed{Bounds: Bounds{From: -second, Until: 100 * second}, Producers: 2, Consumers: 1, Queue: 2, Produce: every(second)}, StopOn{})
	for range 2 { // both are put in at 0, and the first is taken
		s.Next(0, 0)
	}
	if next := s.Next(0, 1); next.Do != Idle {
		t.Fatalf("%+v", next)
	}
	// At 1 s the queue is full, and one producer waits.
	if got := overdue(s, 3*second, 3*second); !slices.Equal(got, []time.Duration{0, second}) {
		t.Errorf("overdue: %v", got)
	}
	s.Stop("enough")
	if got := overdue(s, 4*second, Never); got != nil {
		t.Errorf("overdue once more: %v", got)
	}
	s.Ended(4*second, 0, 0, false)
	if got, want := *s.Queue(4 * second), (Queue{LengthMean: (1 + 2*2) / 3., LengthMost: 2, Blocked: (2 + 1) * second, Busy: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Consumers are users who come back: the one who has been free for longest is
// next.
func TestFeedConsumers(t *testing.T) {
	s := NewFeed(Feed{Bounds: Bounds{Until: Never, Requests: 6}, Producers: 1, Consumers: 2, Queue: 1, Produce: every(second)}, StopOn{})
	var got []uint32
	for n := range 6 {
		now := time.Duration(n+1) * second
		next := s.Next(now, 0)
		if next.Do != Start {
			t.Fatalf("%+v", next)
		}
		got = append(got, next.User)
		s.Ended(now, now, next.User, false)
	}
	if !slices.Equal(got, []uint32{0, 1, 0, 1, 0, 1}) {
		t.Errorf("taken by %v", got)
	}
}

// A time beyond the end of time never comes.
func TestFeedTimeIsOver(t *testing.T) {
	s := NewFeed(Feed{Bounds: Bounds{Until: Never, Requests: 2}, Producers: 1, Consumers: 1, Queue: 1, Produce: every(Never)}, StopOn{})
	if next := s.Next(0, 0); next != (Next{Do: Wait, At: Never}) {
		t.Errorf("%+v", next)
	}
}
