package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// flooding is work of an agent whose share hands over so many intervals of that size
// at once, each with its number before it.
type flooding struct {
	*work
	intervals, size int
}

func (f flooding) Take(Plan) (Job, error) { return f, nil }

func (f flooding) Carry(ctx, atOnce context.Context, c Command, d Desk) ([]byte, error) {
	if _, _, err := d.Ready(ctx, nil); err != nil {
		return nil, err
	}
	for i := range f.intervals {
		d.Send(append(fmt.Appendf(nil, "%d\n", i), make([]byte, f.size)...))
	}
	if c.Share == 0 {
		return []byte("over"), d.Alone(atOnce)
	}
	return []byte("over"), nil
}

// standing takes intervals in order, and stands still before the first until it may go on.
type standing struct {
	goOn  chan struct{}
	mu    sync.Mutex
	taken map[int]int
	wrong error
}

func (s *standing) Begins(time.Time) {}

func (s *standing) Take(share int, piece []byte) error {
	<-s.goOn
	s.mu.Lock()
	defer s.mu.Unlock()
	number, _, _ := bytes.Cut(piece, []byte("\n"))
	if string(number) != fmt.Sprint(s.taken[share]) {
		s.wrong = fmt.Errorf("share %d sent %q after %d intervals", share, number, s.taken[share])
	}
	s.taken[share]++
	return s.wrong
}

// held is what waits to be taken of all members, and the most of one, in bytes.
func held(c *Coordinator) (all, most int64) {
	for _, m := range c.members {
		n := m.held.Load()
		all, most = all+n, max(most, n)
	}
	return all, most
}

// A merge that stands still for longer than agents live without a word costs no memory
// beyond its bound, and loses nobody: all that was handed over comes when it goes on,
// once and in order.
func TestMergeThatStandsStill(t *testing.T) {
	const agents, intervals, size = 4, 50, 1 << 20
	s := newServer(t)
	for i := range agents {
		hire(t, s.talk(token), fmt.Sprint("a", i), func(a *Agent, h *hired) { a.Work = flooding{&h.work, intervals, size} })
	}
	c, err := gather(t, s.talk(token), agents, nil)
	if err != nil {
		t.Fatal(err)
	}
	to := &standing{goOn: make(chan struct{}), taken: map[int]int{}}
	order, _ := json.Marshal(fakeOrder{})
	done := make(chan outcome, 1)
	go func() { done <- c.carry(context.Background(), context.Background(), order, true, false, to) }()
	wait(t, func() bool { all, _ := held(c); return all > mostHeld*3/4 })
	time.Sleep(Silence + beat)
	all, most := held(c)
	if all > mostHeld || most > mostHeld/agents {
		t.Errorf("%d MB wait to be taken, %d of one agent", all>>20, most>>20)
	}
	close(to.goOn)
	out := <-done
	if out.Err != nil || to.wrong != nil {
		t.Fatal(out.Err, to.wrong)
	}
	for k, share := range out.Shares {
		if to.taken[k] != intervals || share.Agent.Lost != "" || string(share.End) != "over" {
			t.Errorf("%d intervals of share %d, %+v", to.taken[k], k, share)
		}
	}
	if all, _ := held(c); all != 0 {
		t.Errorf("%d bytes wait behind the end", all)
	}
}

// Messages that are longer than an agent's part of what may be held come nevertheless,
// one agent's after the other's.
func TestLongIntervals(t *testing.T) {
	c := &Coordinator{Options: Options{Agents: mostHeld / mostBody}, sessions: map[string]*member{}}
	var all []*member
	for range 3 {
		all = append(all, &member{})
	}
	body := make([]byte, mostBody)
	long := func(seq uint64, more bool) frame { return frame{head{Kind: interval, Seq: seq, More: more}, body} }
	give := func(m *member, f frame) bool {
		if !c.room(m, f) {
			return false
		}
		if _, _, err := m.pipe.take(f); err != nil {
			t.Fatal(err)
		}
		return true
	}
	for _, m := range all {
		if !give(m, long(1, true)) {
			t.Fatal("there is no room for the part of everybody")
		}
	}
	if !give(all[0], long(2, true)) || give(all[1], long(2, true)) || give(all[2], long(2, true)) {
		t.Fatal("not one of them has room for more")
	}
	all[1].held.Store(1)
	c.long = nil // as when it was whole
	if give(all[1], long(2, false)) {
		t.Error("there is room beyond its part for one of whom something waits")
	}
	if !give(all[2], long(2, false)) {
		t.Error("there is none for the next")
	}
}

// How a share ended is no story.
func TestEndsAreShort(t *testing.T) {
	s := newServer(t)
	hire(t, s.talk(token), "a", func(a *Agent, h *hired) { a.Work = talkative{&h.work} })
	c, err := gather(t, s.talk(token), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, out := carried(c, fakeOrder{}, true, nil); len(out.Shares) != 1 || out.Shares[0].End != nil || !strings.Contains(out.Shares[0].Agent.Lost, "how its share ended takes") {
		t.Errorf("%v, %d", out.Err, len(out.Shares))
	}
}

type talkative struct{ *work }

func (w talkative) Take(Plan) (Job, error) { return w, nil }

func (w talkative) Carry(ctx, _ context.Context, _ Command, d Desk) ([]byte, error) {
	_, _, err := d.Ready(ctx, nil)
	return make([]byte, mostEnd+1), err
}

// Where the other side does not get on, less is sent again, and seldom; where it does
// again, as much and as soon as before.
func TestPipeIsPatient(t *testing.T) {
	var p pipe
	for range 100 {
		_ = p.push(interval, []byte("x"))
	}
	sent := func(now time.Duration) (n int) {
		for f := p.next(now); f != nil; f = p.next(now) {
			n++
		}
		return n
	}
	var when []time.Duration
	now := time.Duration(0)
	if n := sent(now); n != mostFlying {
		t.Fatalf("%d frames are under way at first", n)
	}
	for ; now < 10*time.Second; now += 100 * time.Millisecond {
		if n := sent(now); n > 1 {
			t.Fatalf("%d frames are sent again", n)
		} else if n == 1 {
			when = append(when, now)
		}
	}
	if len(when) < 4 || len(when) > 8 || when[0] != again || when[1] != 3*again {
		t.Errorf("it is sent again at %v", when)
	}
	for seen := uint64(1); seen < 60; seen += 5 {
		p.got(seen, now)
		sent(now)
	}
	if p.window != mostFlying || p.patience != again {
		t.Errorf("then %d frames are under way, for %v", p.window, p.patience)
	}
}

// An agent that sends more than there is room for, and whatever it sends again, takes
// no more of the coordinator's memory than its part.
func TestFloods(t *testing.T) {
	c := &Coordinator{Options: Options{Agents: 100, Clock: stopped(0)}, sessions: map[string]*member{}}
	c.link = &link{session: "c"}
	m := &member{peer: peer{link: c.link, session: "a"}, state: running}
	c.members, c.sessions["a"] = []*member{m}, m
	c.order = &carrying{Command: Command{Number: 1}, phase: loading, events: newQueue[happening]()}
	body := report{Number: 1, Body: make([]byte, 200<<10)}.append()
	refused := 0
	for range 1000 {
		seq := m.pipe.seen + 1
		c.hear(letter{frame: frame{head{Protocol: Protocol, Kind: interval, From: "a", To: "c", Seq: seq}, body}})
		if m.pipe.seen < seq {
			refused++
		}
	}
	kept := int64(0)
	for _, h := range c.order.events.all {
		kept += int64(len(h.body))
	}
	if kept > mostHeld/100+mostBody || kept < mostHeld/100/2 || refused == 0 || m.lost != "" {
		t.Errorf("%d bytes are kept, %d frames refused, lost: %q", kept, refused, m.lost)
	}
}
