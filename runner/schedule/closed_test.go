package schedule

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The makespan of a batch of n at limit k with a constant delay D is ⌈n/k⌉·D.
func TestBatchMakespan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(1, 200).Draw(t, "n"), rapid.IntRange(1, 50).Draw(t, "k")
		p := punctual(time.Second).play(NewClosed(Closed{Bounds: Bounds{Until: Never, Requests: int64(n)}, Users: k}, StopOn{}), 1000)
		last := p.starts[len(p.starts)-1].end
		if want := time.Duration((n+k-1)/k) * time.Second; last != want || len(p.starts) != n || p.most > k {
			t.Fatalf("%d calls, at most %d at once, took %v, want %v", len(p.starts), p.most, last, want)
		}
	})
}

func TestACallIsDueWhenTheOneBeforeItHasEnded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		users := rapid.IntRange(1, 10).Draw(t, "users")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		p := &player{late: upTo(rng, 100), service: upTo(rng, 1000)}
		p.play(NewClosed(Closed{Bounds: Bounds{Until: Never, Requests: 100}, Users: users}, StopOn{}), 1000)
		var dues, ends []time.Duration
		for _, c := range p.starts {
			dues, ends = append(dues, c.at), append(ends, c.end)
		}
		slices.Sort(ends)
		for i, due := range dues {
			want := time.Duration(0)
			if i >= users {
				want = ends[i-users]
			}
			if due != want {
				t.Fatalf("call %d of %d users due at %v, want %v", i, users, due, want)
			}
		}
	})
}

func TestThinkersAreNotInFlight(t *testing.T) {
	s := NewClosed(Closed{Bounds: Bounds{Until: 10 * time.Second}, Users: 1, Think: always(time.Second)}, StopOn{})
	p := punctual(time.Second).play(s, 100)
	if want := []time.Duration{0, 2e9, 4e9, 6e9, 8e9}; !slices.Equal(p.dues(), want) {
		t.Errorf("due at %v, want %v", p.dues(), want)
	}
}

// A user's calls are due a pace apart, from due to due; one that took longer is
// followed at once, or after the time to think.
func TestPaceIsFromDueToDue(t *testing.T) {
	const second = time.Second
	for name, c := range map[string]struct {
		takes, think, pace, late time.Duration
		want                     []time.Duration
	}{
		"faster":                    {second, 0, 5 * second, 0, []time.Duration{0, 5e9, 10e9, 15e9}},
		"slower":                    {7 * second, 0, 5 * second, 0, []time.Duration{0, 7e9, 14e9}},
		"it thinks meanwhile":       {second, 2 * second, 5 * second, 0, []time.Duration{0, 5e9, 10e9, 15e9}},
		"it thinks for longer":      {second, 6 * second, 5 * second, 0, []time.Duration{0, 7e9, 14e9}},
		"late starts do not add up": {second, 0, 5 * second, second / 10, []time.Duration{0, 5e9, 10e9, 15e9}},
	} {
		closed := Closed{Bounds: Bounds{Until: 19 * second}, Users: 1, Pace: c.pace}
		if c.think > 0 {
			closed.Think = always(c.think)
		}
		p := &player{late: always(c.late), service: always(c.takes)}
		if p.play(NewClosed(closed, StopOn{}), 100); !slices.Equal(p.dues(), c.want) {
			t.Errorf("%s: due at %v, want %v", name, p.dues(), c.want)
		}
	}
}

// Calls that become due in [0, Until) start, also late; no other does.
func TestUntilIsExclusive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		until := time.Duration(rapid.Int64Range(1, 5000).Draw(t, "until"))
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		p := &player{late: upTo(rng, 200), service: upTo(rng, 1000)}
		p.service = func() time.Duration { return 1 + time.Duration(rng.Int64N(1000)) }
		users := rapid.IntRange(1, 5).Draw(t, "users")
		p.play(NewClosed(Closed{Bounds: Bounds{Until: until}, Users: users}, StopOn{}), 100_000)
		for _, c := range p.starts {
			if c.at >= until {
				t.Fatalf("a call due at %v started, although %v was the end", c.at, until)
			}
		}
		for _, c := range p.ends { // whoever was still in flight had no reason to stop before the end
			if c.end < until && p.now >= c.end {
				t.Fatalf("a user stopped at %v, before the end at %v", c.end, until)
			}
		}
	})
}

// Users join and leave along the line, as k6's do: k-th of m at k·D/m.
func TestStagesOfUsers(t *testing.T) {
	stages := []UserStage{{Target: 4, Duration: 4 * time.Second}, {Target: 4, Duration: 2 * time.Second}, {Target: 0, Duration: 4 * time.Second}}
	const step = 100 * time.Millisecond
	p := punctual(step).play(NewClosed(Closed{Bounds: Bounds{Until: 10 * time.Second}, Stages: stages}, StopOn{}), 10_000)
	for at := step / 2; at < 10*time.Second; at += step {
		inFlight := 0
		for _, c := range p.starts {
			if c.when <= at && at < c.end {
				inFlight++
			}
		}
		want := 4
		switch {
		case at < 4*time.Second:
			want = int(at / time.Second)
		case at > 6*time.Second:
			want = 4 - int((at-6*time.Second)/time.Second)
		}
		if inFlight != want {
			t.Fatalf("%d users call at %v, want %d", inFlight, at, want)
		}
	}
}

// Users who think must leave too when their turn comes.
func TestThinkersLeave(t *testing.T) {
	stages := []UserStage{{Target: 1, Duration: time.Second}}
	s := NewClosed(Closed{Bounds: Bounds{Until: time.Minute}, Users: 5, Stages: stages, Think: always(30 * time.Second)}, StopOn{})
	p := punctual(time.Millisecond).play(s, 100)
	if len(p.starts) != 5+1 { // five begin, one is left to call again within the minute
		t.Errorf("%d calls: %v", len(p.starts), p.dues())
	}
}

func TestStopOn(t *testing.T) {
	fails := func(n int) bool { return n == 3 }
	for name, test := range map[string]struct {
		on    StopOn
		over  Action
		ended int // calls that had ended when it was over
	}{
		"first completed": {StopOn{FirstCompleted: true}, Cancel, 1},
		"first error":     {StopOn{FirstError: true}, Cancel, 3},
		"on error":        {StopOn{Error: true}, Done, 3},
		"never":           {StopOn{}, Done, 50},
	} {
		service := time.Duration(0)
		p := &player{late: always(0), failing: fails, service: func() time.Duration { service += time.Second; return service }}
		s := NewClosed(Closed{Bounds: Bounds{Until: Never, Requests: 50}, Users: 2}, test.on)
		p.play(s, 1000)
		if ended := len(p.starts) - len(p.ends); p.over != test.over || name != "never" && ended != test.ended {
			t.Errorf("%s: %v after %d ends, want %v after %d", name, p.over, ended, test.over, test.ended)
		}
		if (s.Stopped() == "") != (name == "never") {
			t.Errorf("%s: stopped because %q", name, s.Stopped())
		}
	}
}
