package fleet

import (
	"context"
	"strings"
	"testing"
	"time"
)

const token = "0123456789abcdef0123456789abcdef"

// Four agents carry trials out, one after another: each has its share, begins when
// the others do, and all that it has sent comes once, in order.
func TestFleet(t *testing.T) {
	s := newServer(t)
	var agents []*hired
	for _, name := range []string{"d", "b", "c", "a"} {
		agents = append(agents, hire(t, s.talk(token), name, nil))
	}
	c, err := gather(t, s.talk(token), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	for round, real := range []bool{true, false, true} {
		sums, out := carried(c, fakeOrder{Intervals: 10}, real, nil)
		if out.Err != nil || len(out.Shares) != 4 {
			t.Fatalf("%+v", out)
		}
		for k, share := range out.Shares {
			if sums[k] != 10 || string(share.End) != "over" || share.Why != "" || share.Agent.Lost != "" || share.Agent.Name != string(rune('a'+k)) || share.Agent.Machine.OS == "" {
				t.Errorf("round %d, share %d: %d intervals, %+v", round, k, sums[k], share)
			}
		}
	}
	for _, h := range agents {
		if len(h.given) != 3 || !strings.HasSuffix(h.given[0], "left by 0") && h.given[0] != "0" {
			t.Errorf("it was given %q", h.given)
		}
	}
}

// drifting is a clock that stands apart from the process's own, and goes faster.
type drifting struct {
	from  time.Time
	apart time.Duration
	drift float64
}

func (d drifting) At(t time.Time) time.Duration {
	passed := t.Sub(d.from)
	return Steady(d.from).began() + passed + d.apart + time.Duration(d.drift*float64(passed))
}
func (d drifting) Now() time.Duration { return d.At(time.Now()) }
func (d drifting) Time(at time.Duration) time.Time {
	return d.from.Add(time.Duration(float64(at-d.apart-Steady(d.from).began()) / (1 + d.drift)))
}

// Agents begin at one time, whatever their clocks show, and it is known how those
// stand to each other.
func TestStartsTogether(t *testing.T) {
	s := newServer(t)
	from := time.Now().Add(-time.Hour) // so that they are far apart by now
	fast := drifting{from, 5 * time.Second, 100e-6}
	a := hire(t, s.talk(token), "a", nil)
	b := hire(t, s.talk(token), "b", func(one *Agent, _ *hired) { one.Clock = fast })
	clock := Steady(from)
	c, err := gather(t, s.talk(token), 2, func(o *Options) { o.Clock = clock })
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		_, out := carried(c, fakeOrder{Intervals: 20}, true, nil)
		if out.Err != nil {
			t.Fatal(out.Err)
		}
		skew := b.began[i].Sub(a.began[i]).Abs()
		told := out.Shares[1].Agent
		truth := fast.At(b.began[i]) - clock.At(b.began[i])
		t.Logf("skew %v; offset told %.6f ± %.6f, is %.6f; drift %.1f ppm", skew, float64(told.ClockOffsetS), told.ClockUncertaintyS, truth.Seconds(), 1e6*float64(told.ClockDrift))
		if skew > 250*time.Millisecond {
			t.Errorf("they began %v apart", skew)
		}
		// It began when it was woken, a little after what is told of: drift makes no more of that.
		if wrong := float64(told.ClockOffsetS) - truth.Seconds(); max(wrong, -wrong) > told.ClockUncertaintyS+1e-4 {
			t.Errorf("its clock is %v ahead, told as %v ± %v", truth.Seconds(), told.ClockOffsetS, told.ClockUncertaintyS)
		}
	}
}

// A plan that an agent refuses is nobody's: the reason is told, and nothing is loaded.
func TestRefusedPlan(t *testing.T) {
	s := newServer(t)
	a := hire(t, s.talk(token), "a", nil)
	b := hire(t, s.talk(token), "b", func(_ *Agent, h *hired) { h.refuses = "it would load 10.0.0.1" })
	_, err := gather(t, s.talk(token), 2, nil)
	if err == nil || err.Error() != "agent b: it would load 10.0.0.1" {
		t.Errorf("%v", err)
	}
	if a.counted.Load()+b.counted.Load() > 0 {
		t.Error("something was loaded")
	}
	// Both are free for the next coordinator.
	if _, err := gather(t, s.talk(token), 1, nil); err != nil && !strings.Contains(err.Error(), "it would load") {
		t.Error(err)
	}
}

// What fails before a trial begins is told, and the fleet goes on with the next; what
// fails later is told with the share.
func TestSharesThatFail(t *testing.T) {
	s := newServer(t)
	for _, name := range []string{"a", "b"} {
		hire(t, s.talk(token), name, nil)
	}
	c, err := gather(t, s.talk(token), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, out := carried(c, fakeOrder{Fails: "there is no server"}, true, nil); out.Err == nil || out.Err.Error() != "agent a: there is no server" {
		t.Errorf("%+v", out)
	}
	sums, out := carried(c, fakeOrder{Intervals: 3, Breaks: "the server is gone"}, true, nil)
	if out.Err != nil || out.Shares[0].Why != "the server is gone" || out.Shares[0].End != nil || sums[0] != 3 || out.Shares[1].Why != "" {
		t.Errorf("%v, %+v", sums, out)
	}
	if sums, out := carried(c, fakeOrder{Intervals: 3}, false, nil); out.Err != nil || sums[0] != 3 || sums[1] != 3 {
		t.Errorf("%v, %+v", sums, out)
	}
}

// The coordinator's user may end a trial, while it is made ready or under way.
func TestInterrupts(t *testing.T) {
	s := newServer(t)
	for _, name := range []string{"a", "b"} {
		hire(t, s.talk(token), name, nil)
	}
	c, err := gather(t, s.talk(token), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(context.Background())
	sums, out := carriedUntil(over, c, fakeOrder{Intervals: 1 << 20}, true, func(int) { cancel() })
	if out.Err != nil || string(out.Shares[0].End) != "interrupted" || sums[0]+sums[1] == 0 {
		t.Errorf("%v, %+v", sums, out)
	}
	if _, out := carriedUntil(over, c, fakeOrder{Intervals: 1 << 20}, true, nil); out.Err != context.Canceled {
		t.Errorf("%+v", out)
	}
	if sums, out := carried(c, fakeOrder{Intervals: 2}, true, nil); out.Err != nil || sums[0]+sums[1] != 4 {
		t.Errorf("%v, %+v", sums, out)
	}
}

// Names are once in a fleet; who is one too many waits; and who is of another version
// is told of both.
func TestWhoIsTaken(t *testing.T) {
	s := newServer(t)
	first := hire(t, s.talk(token), "a", nil)
	done := make(chan error, 1)
	go func() {
		c, err := gather(t, s.talk(token), 2, nil)
		if err == nil {
			_, out := carried(c, fakeOrder{Intervals: 100}, true, nil)
			err = out.Err
		}
		done <- err
	}()
	wait(t, func() bool { return strings.Contains(first.noted(), "one of a fleet") })
	same := hire(t, s.talk(token), "a", nil)
	if err := <-same.ended; err == nil || !strings.Contains(err.Error(), `of the name "a" already`) {
		t.Errorf("%v", err)
	}
	other := hire(t, s.talk(token), "z", func(a *Agent, _ *hired) { a.Program = "v9" })
	if err := <-other.ended; err == nil || !strings.Contains(err.Error(), "version v9 (protocol 1), here is version test (protocol 1)") {
		t.Errorf("%v", err)
	}
	stranger := hire(t, s.talk(strings.Repeat("f", 32)), "s", nil)
	hire(t, s.talk(token), "b", nil)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if strings.Contains(stranger.noted(), "fleet now") {
		t.Error("who has another token was taken")
	}
}

func wait(t testing.TB, until func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !until(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not happen")
		}
	}
}
