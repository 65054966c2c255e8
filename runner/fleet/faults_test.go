package fleet

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A server of NATS that dies in the middle of a trial and is there again soon costs
// nothing: all that was recorded comes, once and in order.
func TestServerThatComesBack(t *testing.T) {
	s := newServer(t)
	for _, name := range []string{"a", "b"} {
		hire(t, s.talk(token), name, nil)
	}
	c, err := gather(t, s.talk(token), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	sums, out := carried(c, fakeOrder{Intervals: 100}, true, func(int) {
		once.Do(func() { s.kill(); s.start() })
	})
	if out.Err != nil {
		t.Fatal(out.Err)
	}
	for k, share := range out.Shares {
		if share.Agent.Lost == "" && sums[k] != 100 || sums[k] > 100 {
			t.Errorf("%d intervals of share %d, %+v", sums[k], k, share)
		}
	}
}

// proxy is between an agent and the server: it delays each piece, and cuts connections
// off now and then.
func proxy(t *testing.T, to string, delay time.Duration, cut func() bool) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	keep := func(c net.Conn) { mu.Lock(); open = append(open, c); mu.Unlock() }
	pass := func(from, into net.Conn) {
		defer from.Close()
		defer into.Close()
		piece := make([]byte, 4096)
		for {
			n, err := from.Read(piece)
			time.Sleep(delay)
			if err != nil || cut() {
				return
			}
			if _, err := into.Write(piece[:n]); err != nil {
				return
			}
		}
	}
	all.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			into, err := net.Dial("tcp", to)
			if err != nil {
				_ = from.Close()
				continue
			}
			keep(from)
			keep(into)
			all.Go(func() { pass(from, into) })
			all.Go(func() { pass(into, from) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return l.Addr().String()
}

// A way that is slow, and breaks now and then, costs nothing as long as words come
// through: what was recorded comes once and in order. The clock of who is behind it is
// as uncertain as its way is long.
func TestSlowAndBrokenWay(t *testing.T) {
	s := newServer(t)
	cuts := rand.New(rand.NewPCG(1, 2))
	var mu sync.Mutex
	through := s.talk(token)
	through.URL = "nats://" + proxy(t, s.address, 20*time.Millisecond, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return cuts.IntN(150) == 0
	})
	hire(t, s.talk(token), "a", nil)
	hire(t, through, "b", nil)
	c, err := gather(t, s.talk(token), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	sums, out := carried(c, fakeOrder{Intervals: 100}, true, nil)
	if out.Err != nil {
		t.Skip("it was cut off before the trial began:", out.Err)
	}
	for k, share := range out.Shares {
		if share.Agent.Lost == "" && sums[k] != 100 {
			t.Errorf("%d intervals of share %d, %+v", sums[k], k, share)
		}
	}
	if told := out.Shares[1].Agent; told.ClockUncertaintyS < 0.005 {
		t.Errorf("over a way of 40 ms its clock is known to %v s", told.ClockUncertaintyS)
	}
}

// An agent whose coordinator is gone without a word stops, keeps what it has recorded,
// and is there for the next one; one that has nowhere to keep it says so and goes on.
func TestCoordinatorThatIsGone(t *testing.T) {
	s := newServer(t)
	kept := t.TempDir()
	full := filepath.Join(kept, "a-file")
	if err := os.WriteFile(full, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	a := hire(t, s.talk(token), "a", func(one *Agent, _ *hired) { one.Keep = kept })
	b := hire(t, s.talk(token), "b", func(one *Agent, _ *hired) { one.Keep = full })
	c, err := gather(t, s.talk(token), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	var once sync.Once
	go func() {
		defer close(over)
		carried(c, fakeOrder{Intervals: 1 << 20}, true, func(int) {
			once.Do(func() { c.ask(func() { c.link.conn.Close() }) }) // it speaks no more
		})
	}()
	wait(t, func() bool { return a.under.Load() > 0 && a.counted.Load() > 0 })
	wait(t, func() bool { return a.under.Load()+b.under.Load() == 0 })
	c.Close()
	<-over
	wait(t, func() bool { return strings.Contains(a.noted(), "no word from the coordinator for 3s: stopped") })
	if !strings.Contains(b.noted(), "cannot be kept on disk") {
		t.Errorf("the one without a disk says %q", b.noted())
	}
	found, _ := filepath.Glob(filepath.Join(kept, "*"+suffix))
	if len(found) != 1 {
		t.Fatalf("kept are %v", found)
	}
	if mode, err := os.Stat(found[0]); err != nil || mode.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", mode, err)
	}
	if k, trials := readKept(t, found[0]); k.Agent != "a" || len(trials) != 1 || int64(len(trials[0].intervals)) != a.counted.Load() || trials[0].end.Cut == "" {
		t.Errorf("%+v, %+v of %d intervals", k, trials, a.counted.Load())
	}
	next, err := gather(t, s.talk(token), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if sums, out := carried(next, fakeOrder{Intervals: 3}, true, nil); out.Err != nil || sums[0]+sums[1] != 6 {
		t.Errorf("%v, %+v", sums, out)
	}
}

// Agents of a coordinator that ends in good order go back to wait, or end.
func TestAgentsThatServeOnce(t *testing.T) {
	s := newServer(t)
	once := hire(t, s.talk(token), "a", func(a *Agent, _ *hired) { a.Once = true })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := Gather(ctx, Options{Talk: s.talk(token), Agents: 1, Lost: Stop})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := <-once.ended; err != nil {
		t.Error(err)
	}
}
