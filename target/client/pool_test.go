package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer counts the connections that there are to it.
type peer struct {
	made, open, most int
	refuses          func(made int) bool // one that is being opened
	takes            time.Duration       // to open one
	gone             map[int]bool        // closed by it
}

// options are those of a pool of connections to the peer. Under synctest one
// goroutine runs at a time, but for what the pool itself promises: so calls are
// counted under a lock of one.
func (s *peer) options(lock chan struct{}) Options[int] {
	alone := func(do func()) { lock <- struct{}{}; do(); <-lock }
	return Options[int]{
		Open: func(ctx context.Context) (n int, err error) {
			alone(func() { s.made++; n = s.made; s.open++; s.most = max(s.most, s.open) })
			select {
			case <-time.After(s.takes):
			case <-ctx.Done():
				err = ctx.Err()
			}
			if err == nil && s.refuses != nil && s.refuses(n) {
				err = errRefused
			}
			if err != nil {
				alone(func() { s.open-- })
			}
			return n, err
		},
		Close: func(int) { alone(func() { s.open-- }) },
		Alive: func(n int) (is bool) { alone(func() { is = !s.gone[n] }); return is },
	}
}

var errRefused = errors.New("refused")

// call is one of a property's: it comes at a time, gives up after its patience,
// and has its connection for a while.
type call struct {
	at, patience, takes time.Duration
	user                uint32
	broken              bool

	held, got time.Duration // measured
	fresh     bool
	err       error
}

// carryOut makes the calls on a pool; times are from its beginning.
func carryOut(p *Pool[int], calls []*call) {
	began := time.Now()
	done := make(chan struct{})
	for _, c := range calls {
		go func() {
			defer func() { done <- struct{}{} }()
			time.Sleep(c.at)
			ctx, cancel := context.WithTimeout(context.Background(), c.patience)
			defer cancel()
			conn, held, err := p.Take(ctx, c.user)
			c.held, c.err, c.got = held, err, time.Since(began)
			if err != nil {
				return
			}
			c.fresh = conn.Fresh
			time.Sleep(c.takes)
			p.Put(conn, c.broken)
		}()
	}
	for range calls {
		<-done
	}
}

// inBubble runs a property's body with a clock of its own.
func inBubble(t *testing.T, r *rapid.T, body func() error) {
	var err error
	synctest.Test(t, func(*testing.T) { err = body() })
	if err != nil {
		r.Fatal(err)
	}
}

// Never are there more connections than Limit, whatever breaks, is refused, gone
// or given up; and none is left at the end.
func TestNoMoreThanLimitAndNothingLeft(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		ms := func(most int, name string) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(r, name)) * time.Millisecond
		}
		limit := rapid.IntRange(0, 4).Draw(r, "limit")
		reuse := rapid.SampledFrom([]Reuse{ByAll, Never, ByUser}).Draw(r, "reuse")
		refused, closed := rapid.IntRange(2, 9).Draw(r, "refused"), rapid.IntRange(2, 9).Draw(r, "closed")
		s := &peer{takes: ms(3, "opening"), gone: map[int]bool{}, refuses: func(n int) bool { return n%refused == 0 }}
		for n := closed; n < 200; n += closed {
			s.gone[n] = true
		}
		var calls []*call
		for range rapid.IntRange(1, 30).Draw(r, "calls") {
			calls = append(calls, &call{at: ms(40, "at"), patience: time.Millisecond/2 + ms(30, "patience"), takes: ms(10, "takes"), user: uint32(rapid.IntRange(0, 3).Draw(r, "user")), broken: rapid.IntRange(0, 4).Draw(r, "broken") == 0})
		}
		leaves, closes := ms(60, "leaves"), time.Minute
		if rapid.Bool().Draw(r, "closed early") {
			closes = ms(60, "closes")
		}
		inBubble(t, r, func() error {
			o := s.options(make(chan struct{}, 1))
			o.Limit, o.Reuse = limit, reuse
			p := New(o)
			time.AfterFunc(leaves, func() { p.Leave(1) })
			time.AfterFunc(closes, p.Close)
			carryOut(p, calls)
			time.Sleep(time.Minute)
			p.Close()
			switch {
			case limit > 0 && reuse != ByUser && s.most > limit:
				return fmt.Errorf("%d connections at once, %d may be", s.most, limit)
			case s.open != 0 || p.open != 0 || p.line.Len() != 0:
				return fmt.Errorf("left behind: %d connections, %d places, %d in line", s.open, p.open, p.line.Len())
			}
			for _, c := range calls {
				if c.err != nil && !errors.Is(c.err, errRefused) && !errors.Is(c.err, context.DeadlineExceeded) && !errors.Is(c.err, net.ErrClosed) {
					return fmt.Errorf("a call ended with %v", c.err)
				}
			}
			return nil
		})
	})
}

// Calls are served in the order in which they came, and what they were held is
// what a queue before so many servers makes of them.
func TestFirstComeFirstServed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		limit := rapid.IntRange(1, 4).Draw(r, "limit")
		reuse := rapid.SampledFrom([]Reuse{ByAll, Never}).Draw(r, "reuse")
		var calls []*call
		for i := range rapid.IntRange(1, 30).Draw(r, "calls") {
			c := &call{patience: time.Hour, broken: rapid.Bool().Draw(r, "broken")}
			c.at = time.Duration(rapid.IntRange(0, 50).Draw(r, "at"))*time.Millisecond + time.Duration(i) // no two at once
			c.takes = time.Duration(rapid.IntRange(1, 20).Draw(r, "takes"))*time.Millisecond + 37*time.Duration(i)
			calls = append(calls, c)
		}
		slices.SortFunc(calls, func(a, b *call) int { return int(a.at - b.at) })
		inBubble(t, r, func() error {
			o := (&peer{}).options(make(chan struct{}, 1))
			o.Limit, o.Reuse = limit, reuse
			p := New(o)
			carryOut(p, calls)
			p.Close()
			servers := make([]time.Duration, limit) // free from then on
			for i, c := range calls {
				slices.Sort(servers)
				begins := max(c.at, servers[0])
				servers[0] = begins + c.takes
				if c.err != nil || c.got != begins || c.held != begins-c.at {
					return fmt.Errorf("call %d of %d came at %v and got its connection at %v, held %v, %v; it should at %v", i, len(calls), c.at, c.got, c.held, c.err, begins)
				}
			}
			return nil
		})
	})
}

// take is Take where it cannot fail.
func take(t *testing.T, p *Pool[int], user uint32) *Conn[int] {
	t.Helper()
	c, held, err := p.Take(t.Context(), user)
	if err != nil || held != 0 {
		t.Fatalf("held %v, %v", held, err)
	}
	return c
}

// The connection used last is used first, one that is gone is not, and whether
// and how long one was opened is told.
func TestReuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &peer{takes: time.Millisecond, gone: map[int]bool{}}
		p := New(s.options(make(chan struct{}, 1)))
		a, b := take(t, p, 0), take(t, p, 7)
		if !a.Fresh || a.Connect != time.Millisecond || a.Value != 1 || b.Value != 2 {
			t.Errorf("the first are %+v and %+v", a, b)
		}
		p.Put(b, false)
		p.Put(a, false)
		if c := take(t, p, 0); c != a || c.Fresh || c.Connect != 0 {
			t.Errorf("then comes %+v", c)
		}
		p.Put(a, false)
		s.gone[1], s.gone[2] = true, true
		if c := take(t, p, 0); c.Value != 3 || !c.Fresh || s.open != 1 {
			t.Errorf("in place of those that are gone comes %+v; %d are open", c, s.open)
		}
		p.Close()
	})
}

// Users keep what is theirs, and take it with them; what a user has under way
// when it leaves goes when it comes back.
func TestConnectionsOfUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &peer{}
		o := s.options(make(chan struct{}, 1))
		o.Reuse, o.Limit = ByUser, 1
		p := New(o)
		ann, bob := take(t, p, 1), take(t, p, 2)
		p.Put(ann, false)
		if c := take(t, p, 2); !c.Fresh {
			t.Error("Bob has a connection of Ann's")
		} else {
			p.Put(c, false)
		}
		if c := take(t, p, 1); c != ann {
			t.Error("Ann has lost her connection")
		}
		p.Leave(2)
		if s.open != 2 {
			t.Errorf("%d are open, want Ann's and the one that Bob has under way", s.open)
		}
		p.Put(bob, false)
		p.Put(ann, false)
		if s.open != 1 || len(p.users) != 1 {
			t.Errorf("%d are open, of %d users", s.open, len(p.users))
		}
		p.Close()
		if s.open != 0 {
			t.Errorf("%d are open", s.open)
		}
	})
}

// A connection that cannot be opened gives its place on, and who gives up in
// line, or has just got its turn, keeps nobody from it.
func TestPlacesAreGivenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &peer{takes: 10 * time.Millisecond, refuses: func(n int) bool { return n == 1 }}
		o := s.options(make(chan struct{}, 1))
		o.Limit = 1
		p := New(o)
		calls := []*call{
			{patience: time.Hour},
			{at: 1 * time.Millisecond, patience: 3 * time.Millisecond},
			{at: 2 * time.Millisecond, patience: 8 * time.Millisecond}, // until its turn comes
			{at: 3 * time.Millisecond, patience: time.Hour},
		}
		carryOut(p, calls)
		p.Close()
		if !errors.Is(calls[0].err, errRefused) || !errors.Is(calls[1].err, context.DeadlineExceeded) || calls[1].held != 3*time.Millisecond || calls[2].err == nil || calls[3].err != nil || calls[3].held != 7*time.Millisecond || s.open != 0 {
			for i, c := range calls {
				t.Errorf("call %d: held %v, %v", i, c.held, c.err)
			}
		}
	})
}

// A taken connection given and back costs next to nothing.
func BenchmarkTakeAndPut(b *testing.B) {
	p := New(Options[int]{Open: func(context.Context) (int, error) { return 1, nil }, Close: func(int) {}})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c, _, _ := p.Take(context.Background(), 0)
			p.Put(c, false)
		}
	})
	p.Close()
}
