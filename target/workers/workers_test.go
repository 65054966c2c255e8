package workers

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/wait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// caller is a target made of one function.
type caller func(ctx context.Context, number uint64) target.Outcome

func (c caller) Call(ctx context.Context, r *target.Request) target.Outcome { return c(ctx, r.Number) }

// ticking is a clock for bubbles.
type ticking struct {
	zero  time.Time
	wakes chan struct{}
}

func newTicking() *ticking { return &ticking{time.Now(), make(chan struct{}, 1)} }

func (c *ticking) Now() time.Duration           { return time.Since(c.zero) }
func (c *ticking) At(t time.Time) time.Duration { return t.Sub(c.zero) }
func (c *ticking) Spun() time.Duration          { return 0 }
func (c *ticking) Close()                       {}

func (c *ticking) Wake() {
	select {
	case c.wakes <- struct{}{}:
	default:
	}
}

func (c *ticking) Wait(until time.Duration) time.Duration {
	patience := time.NewTimer(until - c.Now())
	defer patience.Stop()
	select {
	case <-c.wakes:
	case <-patience.C:
	}
	return c.Now()
}

// send starts calls of these numbers now, each in the slot of its number.
func (c *Carrier) send(numbers ...uint64) {
	for _, n := range numbers {
		c.Send(target.NewID(uint32(n), n), &target.Request{Number: n}, c.clock.Now())
	}
}

// ends waits for so many ends, or an hour.
func (c *Carrier) ends(t testing.TB, n int) (all []target.Done) {
	t.Helper()
	for until := c.clock.Now() + time.Hour; len(all) < n; {
		now := c.clock.Wait(until)
		for d, _ := c.Take(now); d != nil; d, _ = c.Take(now) {
			all = append(all, *d)
		}
		if now >= until {
			t.Fatalf("%d calls of %d have come back", len(all), n)
		}
	}
	return all
}

// Whatever they take and become, calls come back once each, as they ended and
// when they did, and nobody waits for anybody.
func TestEveryCallComesBackAsItEnded(t *testing.T) {
	classes := []string{"", "", target.Timeout, target.Reset}
	rapid.Check(t, func(rt *rapid.T) {
		type plan struct {
			takes, after time.Duration
			class        string
		}
		plans := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) plan {
			return plan{
				time.Duration(rapid.IntRange(0, 50).Draw(rt, "takes")) * time.Millisecond,
				time.Duration(rapid.IntRange(0, 20).Draw(rt, "after")) * time.Millisecond,
				rapid.SampledFrom(classes).Draw(rt, "class"),
			}
		}), 1, 40).Draw(rt, "plans")
		synctest.Test(t, func(*testing.T) {
			clock := newTicking()
			var calling atomic.Int64
			most := int64(0)
			c := New(caller(func(_ context.Context, n uint64) target.Outcome {
				calling.Add(1)
				time.Sleep(plans[n].takes)
				calling.Add(-1)
				return target.Outcome{Class: plans[n].class, BytesIn: int64(n)}
			}), clock)
			defer c.Close()
			sent := make([]time.Duration, len(plans))
			back := map[uint32]target.Done{}
			for next := 0; len(back) < len(plans); {
				until := clock.Now() + time.Hour
				if next < len(plans) {
					until = clock.Now() + plans[next].after
				}
				now := clock.Wait(until)
				synctest.Wait() // for all that end now, and those just sent
				most = max(most, calling.Load())
				for d, due := c.Take(now); d != nil; d, due = c.Take(now) {
					if _, twice := back[d.ID.Slot()]; twice || due < now {
						rt.Fatalf("call %d, due %v at %v, twice: %v", d.ID.Slot(), due, now, twice)
					}
					back[d.ID.Slot()] = *d
				}
				if next < len(plans) {
					sent[next] = clock.Now()
					c.send(uint64(next))
					next++
					synctest.Wait()
					most = max(most, calling.Load())
				}
			}
			for n, plan := range plans {
				d := back[uint32(n)]
				if d.Class != plan.class || d.BytesIn != int64(n) || d.Late != 0 || d.Ended != sent[n]+plan.takes {
					rt.Errorf("call %d, sent at %v: %+v, want %+v", n, sent[n], d, plan)
				}
			}
			if len(c.all) > int(most)+1 { // a call that takes no time is never seen calling
				rt.Errorf("%d workers for %d calls at once", len(c.all), most)
			}
		})
	})
}

func TestTheTargetMayStampTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(caller(func(context.Context, uint64) target.Outcome {
			time.Sleep(time.Second)
			ended := time.Now()
			time.Sleep(time.Minute)
			return target.Outcome{Ended: ended}
		}), newTicking())
		defer c.Close()
		c.send(0)
		if d := c.ends(t, 1)[0]; d.Ended != time.Second {
			t.Errorf("ended at %v", d.Ended)
		}
	})
}

func TestAPanicIsTheTargetsAndComesWithItsStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(caller(func(_ context.Context, n uint64) target.Outcome {
			time.Sleep(time.Second)
			if n == 0 {
				panic(errors.New("what a target may do"))
			}
			return target.Outcome{}
		}), newTicking())
		defer c.Close()
		c.send(0)
		d := c.ends(t, 1)[0]
		if d.Class != target.Broken || d.Ended != time.Second || !strings.Contains(d.Example, "what a target may do") || !strings.Contains(d.Example, "workers_test.go") {
			t.Errorf("%+v", d)
		}
		c.send(1)
		if d := c.ends(t, 1)[0]; !d.OK() || len(c.all) != 1 {
			t.Errorf("after the panic: %+v, by %d workers", d, len(c.all))
		}
	})
}

// Who hears of the end of its context ends as cancelled; who succeeds all the
// same has succeeded.
func TestCancelledCallsEndAsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(caller(func(ctx context.Context, n uint64) target.Outcome {
			<-ctx.Done()
			if n == 0 {
				return target.Outcome{}
			}
			return target.Outcome{Class: target.Other, Example: ctx.Err().Error()}
		}), newTicking())
		defer c.Close()
		c.send(0, 1, 2)
		time.Sleep(time.Second)
		c.CancelAll(c.clock.Now())
		for _, d := range c.ends(t, 3) {
			want := target.Cancelled
			if d.ID.Slot() == 0 {
				want = ""
			}
			if d.Class != want || d.Ended != time.Second {
				t.Errorf("%+v, want class %q", d, want)
			}
		}
	})
}

// Of one call alone the context ends, and whoever has called it carries out
// others afterwards.
func TestOneCallIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(caller(func(ctx context.Context, n uint64) target.Outcome {
			select {
			case <-ctx.Done():
				return target.Outcome{Class: target.Other}
			case <-time.After(time.Minute):
				return target.Outcome{}
			}
		}), newTicking())
		defer c.Close()
		for round := range uint64(3) {
			zero := c.clock.Now()
			c.send(0, 1, 2)
			time.Sleep(time.Second)
			c.Cancel(target.NewID(1, 1), c.clock.Now())
			c.Cancel(target.NewID(2, 3), c.clock.Now()) // another call of that slot
			c.Cancel(target.NewID(9, 9), c.clock.Now())
			if d := c.ends(t, 1)[0]; d.Class != target.Cancelled || d.ID.Slot() != 1 || d.Ended != zero+time.Second {
				t.Fatalf("round %d: %+v", round, d)
			}
			c.Cancel(target.NewID(1, 1), c.clock.Now()) // it has ended
			for _, d := range c.ends(t, 2) {
				if !d.OK() || d.Ended != zero+time.Minute {
					t.Errorf("round %d: %+v", round, d)
				}
			}
		}
		if len(c.all) != 3 {
			t.Errorf("%d workers for 3 calls at once", len(c.all))
		}
	})
}

// Starts are told within Take, each once and before its end, and a call that
// has not come back is known by its start.
func TestStartsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(caller(func(_ context.Context, n uint64) target.Outcome {
			time.Sleep(time.Duration(n) * time.Second)
			return target.Outcome{}
		}), newTicking())
		defer c.Close()
		var told []time.Duration
		c.Announce(func(at time.Duration) { told = append(told, at) })
		if began := c.Began(target.NewID(3, 3), 5); began != 5 {
			t.Errorf("a call that was never sent began at %v", began)
		}
		for i := range 20 { // again and again by the same workers
			at := c.clock.Now()
			told = nil
			c.send(0, 1, 5)
			if len(told) > 0 {
				t.Fatal("told before Take")
			}
			for back := 0; back < 2; {
				now := c.clock.Wait(at + 4*time.Second)
				for d, _ := c.Take(now); d != nil; d, _ = c.Take(now) {
					if back++; len(told) < back {
						t.Fatalf("call %d has ended, and %d have begun", d.ID.Slot(), len(told))
					}
				}
			}
			now := c.clock.Now()
			if began := c.Began(target.NewID(5, 5), now); began != at || now != at+time.Second {
				t.Errorf("at %v, the call that was sent at %v began at %v", now, at, began)
			}
			if began := c.Began(target.NewID(5, 6), now); began != now {
				t.Errorf("a call that no worker has began at %v", began)
			}
			c.ends(t, 1)
			if len(told) != 3 || told[0] != at || told[1] != at || told[2] != at {
				t.Errorf("round %d at %v: starts told at %v", i, at, told)
			}
		}
		if len(c.all) != 3 {
			t.Errorf("%d workers for 3 calls at once", len(c.all))
		}
	})
}

// A call that begins and ends while the loop is looking has its start told
// first, too.
func TestNoEndComesBeforeItsStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(caller(func(context.Context, uint64) target.Outcome { return target.Outcome{} }), newTicking())
		defer c.Close()
		told := 0
		c.Announce(func(time.Duration) { told++; time.Sleep(time.Second) })
		for range 20 {
			told = 0
			c.send(0)
			synctest.Wait()
			c.send(1) // nobody has begun it yet, mostly
			for back := 0; back < 2; {
				now := c.clock.Now()
				for d, _ := c.Take(now); d != nil; d, _ = c.Take(now) {
					if back++; told < back {
						t.Fatalf("%d calls have ended, %d have begun", back, told)
					}
				}
				synctest.Wait()
			}
		}
	})
}

// Close waits a moment for those who are deaf, no longer, and they end by
// themselves later, for nobody.
func TestCloseLeavesTheDeafBehind(t *testing.T) {
	for takes, waits := range map[time.Duration]time.Duration{0: 0, time.Second: time.Second, time.Hour: grace} {
		synctest.Test(t, func(t *testing.T) {
			c := New(caller(func(context.Context, uint64) target.Outcome {
				time.Sleep(takes)
				return target.Outcome{}
			}), newTicking())
			c.Announce(func(time.Duration) { t.Error("told of a start after Close") })
			c.send(0, 1, 2)
			synctest.Wait()
			began := time.Now()
			c.Close()
			if took := time.Since(began); took != waits {
				t.Errorf("calls of %v: Close took %v", takes, took)
			}
			time.Sleep(takes)
			synctest.Wait()
		}) // which finds workers that have not ended
	}
}

// However many calls are sent at once, sending waits for none of them.
func TestABurstHoldsNobodyUp(t *testing.T) {
	const burst = 20_000
	clock := wait.NewDoze(wait.DefaultSpin)
	defer clock.Close()
	sent := make(chan struct{})
	c := New(caller(func(context.Context, uint64) target.Outcome {
		<-sent
		return target.Outcome{}
	}), clock)
	defer c.Close()
	for n := range uint64(burst) {
		c.send(n)
	}
	close(sent)
	seen := make([]bool, burst)
	for _, d := range c.ends(t, burst) {
		if seen[d.ID.Slot()] {
			t.Fatalf("call %d came back twice", d.ID.Slot())
		}
		seen[d.ID.Slot()] = true
	}
	if len(c.idle) != burst {
		t.Errorf("%d workers are idle", len(c.idle))
	}
}

// With a real clock, and everybody at once: no end is lost, and no wake.
func TestNoEndIsLost(t *testing.T) {
	const calls = 20_000
	for _, users := range []int{1, 3, 64} {
		clock := wait.NewDoze(wait.DefaultSpin)
		c := New(caller(func(_ context.Context, n uint64) target.Outcome {
			if n%1000 == 0 {
				time.Sleep(time.Millisecond)
			}
			return target.Outcome{BytesIn: int64(n)}
		}), clock)
		starts := 0
		c.Announce(func(time.Duration) { starts++ })
		var free []uint32
		for slot := range users {
			free = append(free, uint32(slot))
		}
		sum, ended := int64(0), 0
		for sent := 0; ended < calls; {
			for ; len(free) > 0 && sent < calls; sent++ {
				c.Send(target.NewID(free[0], uint64(sent)), &target.Request{Number: uint64(sent)}, clock.Now())
				free = free[1:]
			}
			for _, d := range c.ends(t, 1) {
				if d.Late < 0 || d.Ended < 0 {
					t.Fatalf("%+v", d)
				}
				free = append(free, d.ID.Slot())
				sum += d.BytesIn
				ended++
			}
		}
		if sum != calls*(calls-1)/2 || starts != calls || len(c.all) > users {
			t.Errorf("%d users: ends add up to %d, %d starts, %d workers", users, sum, starts, len(c.all))
		}
		c.Close()
		clock.Close()
	}
}

// Many put themselves into a list while one empties it: nobody is lost, nor
// overtaken by who came later.
func TestListKeepsWhoIsPutIn(t *testing.T) {
	const many, each = 4, 5000
	var l list
	var all sync.WaitGroup
	for who := range many {
		all.Go(func() {
			for i := range each {
				w := &worker{}
				w.done.ID = target.NewID(uint32(who), uint64(i))
				w.asEnded.worker = w
				l.push(&w.asEnded)
			}
		})
	}
	var next [many]uint64
	for got := 0; got < many*each; {
		for k := l.take(); k != nil; k = k.next {
			who := k.done.ID.Slot()
			if !k.done.ID.Of(next[who]) {
				t.Fatalf("%x, want number %d", k.done.ID, next[who])
			}
			next[who]++
			got++
		}
	}
	all.Wait()
	if l.take() != nil {
		t.Error("more than was put in")
	}
}

// Until a worker has got round to a call, it has not begun.
func TestACallThatNobodyHasTakenUpHasNotBegun(t *testing.T) {
	w := newWorker(New(nil, newTicking()))
	w.turn(target.NewID(1, 1), &target.Request{}, 0)
	if w.start() != agenda.Never {
		t.Errorf("begun at %v", w.start())
	}
}
