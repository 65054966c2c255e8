package schedule

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// finding plays a schedule of what is found: every call of fewer than `depth`
// links finds `branch` more, offered when it ends.
type finding struct {
	late, service func() time.Duration
	branch        int
	left          int // may be found yet
}

type foundCall struct{ found, ready, began, end time.Duration }

func (p finding) play(s *Schedule) (all []foundCall, most int) {
	var now time.Duration
	var flying []foundCall
	s.Offer(0)
	for {
		first := -1
		for i, c := range flying {
			if first < 0 || c.end < flying[first].end {
				first = i
			}
		}
		if first >= 0 && flying[first].end <= now {
			c := flying[first]
			flying = append(flying[:first], flying[first+1:]...)
			for range min(p.branch, p.left) {
				s.Offer(c.end)
				p.left--
			}
			s.Ended(c.end, c.found, 0, false)
			continue
		}
		next := s.Next(now, len(flying))
		until := Never
		switch next.Do {
		case Start:
			if s.Paced() {
				s.Began(now)
			}
			c := foundCall{next.At, next.Ready, now, now + p.service()}
			flying, all = append(flying, c), append(all, c)
			most = max(most, len(flying))
			continue
		case Done:
			return all, most
		case Wait:
			until = next.At
		}
		if first >= 0 {
			until = min(until, flying[first].end)
		}
		now = max(now, until+p.late())
	}
}

// All that is found is called, in the order in which it was found, by as many
// users as there are, and as soon as one is free who has thought: by whoever is
// never late, exactly then.
func TestFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))
		users, n := rapid.IntRange(0, 4).Draw(t, "users"), rapid.IntRange(0, 40).Draw(t, "found")
		think := time.Duration(rapid.IntRange(0, 5).Draw(t, "think"))
		late := time.Duration(rapid.IntRange(0, 3).Draw(t, "late"))
		f := Found{Users: users}
		if think > 0 {
			f.Think = func() time.Duration { return think }
		}
		all, most := finding{upTo(rng, late), upTo(rng, 10), rapid.IntRange(0, 3).Draw(t, "branch"), n}.play(NewFound(f, StopOn{}))
		if users > 0 && most > users {
			t.Fatalf("%d in flight, of %d users", most, users)
		}
		for i, c := range all {
			if c.ready < c.found || c.began < c.ready || i > 0 && c.found < all[i-1].found {
				t.Fatalf("call %d: %+v", i, c)
			}
			if late == 0 && c.began != c.ready {
				t.Fatalf("call %d was ready at %d and began at %d", i, c.ready, c.began)
			}
			busy := 0 // users in a call, or thinking, a moment before it was ready
			for _, other := range all[:i] {
				if other.end+think >= c.ready {
					busy++
				}
			}
			if late == 0 && c.ready > c.found && (users == 0 || busy < users) {
				t.Fatalf("call %d waits until %d with %d of %d users busy", i, c.ready, busy, users)
			}
		}
	})
}

// A limit keeps the starts apart, however many wait.
func TestFoundKeepsItsLimit(t *testing.T) {
	for name, limit := range map[string]Arrivals{"window": Window(3, 10), "bucket": Bucket(3, 10, 1)} {
		s := NewFound(Found{Limit: limit}, StopOn{})
		all, _ := finding{always(0), always(25), 5, 30}.play(s)
		if len(all) != 31 {
			t.Errorf("%s: %d calls", name, len(all))
		}
		for i := range all {
			if i >= 3 && all[i].began-all[i-3].began < 10 {
				t.Errorf("%s: four calls begin from %d to %d", name, all[i-3].began, all[i].began)
			}
			if all[i].began != all[i].ready {
				t.Errorf("%s: %+v", name, all[i])
			}
		}
	}
}

// Who ends a crawl early leaves out what waits.
func TestFoundStops(t *testing.T) {
	s := NewFound(Found{Users: 1}, StopOn{Error: true})
	s.Offer(0)
	s.Offer(0)
	s.Offer(0)
	if next := s.Next(0, 0); next.Do != Start {
		t.Fatal(next)
	}
	s.Ended(5, 0, 0, true)
	if next := s.Next(5, 0); next.Do != Done || len(overdue(s, 5, 5)) != 2 {
		t.Error(next)
	}
}
