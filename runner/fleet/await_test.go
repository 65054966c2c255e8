package fleet

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nuid"
)

// lame is the work of an agent that lives, and never gets ready for a trial.
type lame struct{ *work }

func (l lame) Take(Plan) (Job, error) { return l, nil }

func (l lame) Carry(ctx, atOnce context.Context, c Command, d Desk) ([]byte, error) {
	<-atOnce.Done()
	return nil, atOnce.Err()
}

// An agent that lives but is never ready is given up, with words, and the trial with it.
func TestAgentThatIsNeverReady(t *testing.T) {
	s := newServer(t)
	hire(t, s.talk(token), "good", nil)
	hire(t, s.talk(token), "lame", func(a *Agent, h *hired) { a.Work = lame{&h.work} })
	c, err := gather(t, s.talk(token), 2, func(o *Options) { o.Patience = 2 * time.Second })
	if err != nil {
		t.Fatal(err)
	}
	_, out := carried(c, fakeOrder{Intervals: 5}, true, nil)
	if out.Err == nil || !strings.Contains(out.Err.Error(), "agent lame is lost: it is not ready after 2s") {
		t.Errorf("%+v", out)
	}
}

// waited is a coordinator that has waited so long for two agents, which say nothing.
func waited(long time.Duration, setsUp bool) (*Coordinator, chan string) {
	notes := make(chan string, 10)
	c := &Coordinator{Options: Options{Clock: stopped(long), Patience: time.Minute}, link: nobodys(), notes: notes, whole: make(chan error, 1)}
	for k := range 2 {
		m := &member{peer: peer{session: "s"}, introduction: introduction{Name: string(rune('a' + k))}, share: k, planned: true, state: ordered}
		_ = m.pipe.push(orderOf, []byte("{}"))
		m.got = m.pipe.base
		c.members = append(c.members, m)
	}
	c.order = &carrying{Command: Command{Number: 1}, setsUp: setsUp, events: newQueue[happening]()}
	return c, notes
}

// nobodys is a link that has never been connected.
func nobodys() *link { return &link{talk: Talk{Token: NoToken()}, key: []byte("k")} }

// Who is waited for is told once, after a while; a setup may take as long as it likes.
func TestWhoIsWaitedFor(t *testing.T) {
	c, notes := waited(longWait, true)
	c.await()
	c.await()
	if a, b := <-notes, <-notes; !strings.Contains(a, "agent a, which has not ended the setup") || !strings.Contains(b, "agent b, which is not ready") || len(notes) > 0 {
		t.Errorf("%q, %q, and %d more", a, b, len(notes))
	}
	c, _ = waited(time.Hour, true)
	for _, m := range c.members {
		m.pipe.got(m.pipe.base, 0) // they hear it only now
	}
	if c.await(); c.members[1].lost != "" {
		t.Error("what was under way is counted as patience")
	}
	c.members[1].asked = 0
	if c.await(); c.members[0].lost != "" || !strings.Contains(c.members[1].lost, "is not ready after 1m0s") {
		t.Errorf("lost are %q and %q", c.members[0].lost, c.members[1].lost)
	}
	c, _ = waited(time.Hour, false)
	c.order, c.members[0].planned, c.members[1].state = nil, false, idle
	if c.await(); !strings.Contains(c.members[0].lost, "has not said whether it takes the plan") || c.members[1].lost != "" {
		t.Errorf("of a plan, lost are %q and %q", c.members[0].lost, c.members[1].lost)
	}
}

// A coordinator that ends before all agents were there says so to those who have asked
// it: one that serves once ends, and others wait for the next.
func TestCoordinatorThatEndsBeforeAllAreThere(t *testing.T) {
	s := newServer(t)
	once := hire(t, s.talk(token), "once", func(a *Agent, _ *hired) { a.Once = true })
	again := hire(t, s.talk(token), "again", nil)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l, err := connect(ctx, s.talk(token), nuid.Next(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	asked := map[string]bool{}
	for len(asked) < 2 {
		l.say(everybody, frame{head: head{Kind: calling, Program: "test"}})
		select {
		case heard := <-l.heard:
			asked[heard.From] = asked[heard.From] || heard.Kind == join
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("nobody asks")
		}
	}
	l.say(everybody, frame{head: head{Kind: noMore, Program: "test"}})
	select {
	case err := <-once.ended:
		if err == nil || !strings.Contains(err.Error(), "ended before all agents were there") {
			t.Errorf("it ends with %v", err)
		}
	case <-ctx.Done():
		t.Fatal("it waits for ever")
	}
	if _, err := gather(t, s.talk(token), 1, nil); err != nil {
		t.Errorf("the other one waits no more: %v, %s", err, again.noted())
	}
	// A real one says it, where it has not gathered all.
	early, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Gather(early, Options{Talk: s.talk(token), Agents: 2}); err == nil {
		t.Fatal("it has gathered somebody")
	}
	for {
		select {
		case heard := <-l.heard:
			if heard.Kind == noMore {
				return
			}
		case <-ctx.Done():
			t.Fatal("it says nothing")
		}
	}
}
