// Package fleet has one load made by many machines: a coordinator, which plans and
// merges, and agents, which carry out a share of each trial. They talk over a server
// of NATS, one of the coordinator's own or any other.
//
//	coordinator ── plan, orders, start at T0 ─▶ agents     each on a pipe of its own:
//	            ◀─ ready, intervals, end ──────            once, in order, signed
//	            ◀─ ping ── pong ─▶                         clocks, and signs of life
//
// What is promised: the starts of all agents are the one schedule's; what an agent has
// handed over counts, once, and nothing else does; without a coordinator nobody loads
// on; and whoever does not know the token is not heard.
package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nuid"

	"plimsoll/runner/scenario"
)

// What becomes of the others when an agent is lost in a trial.
const (
	Stop     = "stop"     // they end early
	Continue = "continue" // they carry their shares out
)

// Options say what a coordinator wants.
type Options struct {
	Talk
	// Agents is how many there shall be, and Lost what becomes of a trial that has lost
	// one: Stop or Continue.
	Agents int
	Lost   string
	Plan   Plan
	// Trials are the plan's.
	Trials []scenario.Trial
	// Recover has nothing loaded: the agents hand over what they have kept of a run whose
	// coordinator has died. There may be fewer of them than that run had.
	Recover bool
	// Patience is how long an agent that lives may take to understand the plan, and to be
	// ready for a trial that it sets up nothing for; 0: 5 minutes.
	Patience time.Duration
	// Clock is the one of the schedule; nil: the process's own.
	Clock Clock
}

// Coordinator leads a fleet.
type Coordinator struct {
	Options
	link       *link
	members    []*member          // by their share, when all are there
	sessions   map[string]*member // the same, by their session
	long       *member            // who has the room for a long message; nil: nobody
	order      *carrying          // nil: none is under way
	plan       []byte             // as all are sent it
	last       uint64             // the number of the last order
	looked     time.Duration      // when all was last looked at
	called     time.Duration      // when agents were last called
	do         chan func()        // what the goroutine of run is asked
	whole      chan error         // when all are there and have understood, or why that cannot be
	gone       chan struct{}      // closed when that goroutine has ended
	notes      chan string        // for people, whose terminal may stand still
	noted      chan struct{}      // closed when all of them were told
	leaving    context.CancelFunc
	gathered   bool // they are
	saved      bool // the result is written
	recovering      // where it recovers a run
}

// Gather waits until so many agents are there and have understood the plan. The error
// is why one refuses it, or the end of ctx.
func Gather(ctx context.Context, o Options) (*Coordinator, error) {
	if o.Clock == nil {
		o.Clock = Steady(time.Now())
	}
	if o.Patience == 0 {
		o.Patience = patience
	}
	if o.Agents < 1 {
		return nil, errors.New("a fleet has one agent or more")
	}
	plan, err := json.Marshal(o.Plan)
	if err != nil {
		return nil, err
	}
	l, err := connect(ctx, o.Talk, nuid.Next(), false)
	if err != nil {
		return nil, err
	}
	inside, leaving := context.WithCancel(context.Background())
	now := o.Clock.Now()
	c := &Coordinator{Options: o, link: l, looked: now, called: now - beat, plan: plan, sessions: map[string]*member{}, do: make(chan func()), whole: make(chan error, 1), gone: make(chan struct{}), leaving: leaving}
	c.notes, c.noted, c.recovering.told = make(chan string, 100), make(chan struct{}), map[string]bool{}
	go c.tell()
	go c.run(inside)
	select {
	case err = <-c.whole:
	case <-ctx.Done():
		err = fmt.Errorf("waiting for agents: %w", ctx.Err())
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Size is how many agents there are, or were.
func (c *Coordinator) Size() int { return len(c.members) }

// Saved tells that the result is written: when the agents are let go, they remove what
// they have kept of it. Where one was lost that was about to hand something over, all
// keep it, so that it can be recovered once more.
func (c *Coordinator) Saved() {
	c.ask(func() {
		c.saved = !c.Recover || !slices.ContainsFunc(c.members, func(m *member) bool { return m.lost != "" && !m.absent })
	})
}

// Close lets the agents go.
func (c *Coordinator) Close() {
	c.leaving()
	<-c.gone
	c.link.close()
	<-c.noted
}

// note has people told something; of more than a hundred that nobody reads, the last
// are left out. Whoever waited for them would be lost to all agents.
func (c *Coordinator) note(format string, args ...any) {
	select {
	case c.notes <- fmt.Sprintf(format, args...):
	default:
	}
}

// tell tells people what there is to tell.
func (c *Coordinator) tell() {
	defer close(c.noted)
	for text := range c.notes {
		if c.Note != nil {
			c.Note(text)
		}
	}
}

// run hears, looks and speaks until the fleet is let go.
func (c *Coordinator) run(ctx context.Context) {
	defer close(c.gone)
	defer close(c.notes)
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			if c.order != nil {
				c.finish(outcome{Err: errors.New("the fleet has been let go")})
			}
			c.disband()
			return
		case heard := <-c.link.heard:
			c.hear(heard)
		case f := <-c.do:
			f()
		case <-tick.C:
			c.look()
		}
	}
}

// push has a message sent to a member, at once if it can be.
func (c *Coordinator) push(m *member, k kind, message any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return c.pushText(m, k, text)
}

// pushText does so with one that is written already, of which all members may have the
// same bytes.
func (c *Coordinator) pushText(m *member, k kind, text []byte) error {
	err := m.pipe.push(k, text)
	m.flush(c.Clock.Now())
	return err
}

// disband tells all that it is over, and waits a moment until they have heard it.
func (c *Coordinator) disband() {
	if !c.gathered {
		c.link.say(everybody, frame{head: head{Kind: noMore, Program: c.Program}})
	}
	for _, m := range c.members {
		_ = c.push(m, leave, parting{c.saved})
	}
	deaf := func(m *member) bool { return m.lost == "" && len(m.pipe.waiting) > 0 }
	for until := c.Clock.Now() + Silence; c.Clock.Now() < until && slices.ContainsFunc(c.members, deaf); {
		for _, m := range c.members {
			m.flush(c.Clock.Now())
		}
		select {
		case heard := <-c.link.heard:
			if m := c.member(heard.From); m != nil {
				m.pipe.got(heard.Seen, c.Clock.Now())
			}
		case <-time.After(look):
		}
	}
}

// look calls for agents, pings them, and finds out who is lost.
func (c *Coordinator) look() {
	now := c.Clock.Now()
	if stood := now - c.looked; stood > Silence/2 { // then it was us who did not listen
		for _, m := range c.members {
			m.heard += stood
		}
	}
	c.looked = now
	if !c.gathered && len(c.members) < c.Agents && now-c.called >= beat {
		c.called = now
		kind := calling
		if c.Recover {
			kind = collecting
		}
		c.link.say(everybody, frame{head: head{Kind: kind, Program: c.Program}})
	}
	for _, m := range c.members {
		if m.lost != "" {
			continue
		}
		if now-m.heard > Silence {
			c.lose(m, fmt.Sprintf("no word from it for %v", Silence))
			continue
		}
		if now-m.pinged >= beat {
			c.ping(m)
		}
	}
	for _, m := range c.members {
		m.flush(now)
	}
	c.endTiming()
	c.await()
	if c.order != nil {
		c.goOn()
	}
}

func (c *Coordinator) ping(m *member) {
	m.pinged = c.Clock.Now()
	m.ping(c.Clock)
}

// member is the one of a session; nil: it is none.
func (c *Coordinator) member(session string) *member {
	return c.sessions[session]
}

// hear hears one frame.
func (c *Coordinator) hear(l letter) {
	if l.Kind == join && l.To == c.link.session {
		c.admit(l)
		return
	}
	m := c.member(l.From)
	if m == nil || l.To != c.link.session || l.Protocol != Protocol {
		return
	}
	if m.lost != "" { // it lives, but has been given up
		c.link.say(m.session, frame{head: head{Kind: dropped}})
		return
	}
	if l.Kind.numbered() && !c.room(m, l.frame) {
		l.Kind = seen // a sign of life, and else as good as lost: its agent will send it again
	}
	body, whole, err := m.take(l, c.Clock.Now())
	if c.long == m && m.pipe.parts == nil {
		c.long = nil
	}
	if err == nil && whole {
		err = c.understand(m, l, body)
	}
	if err != nil {
		c.lose(m, nonsense+": "+clip(err.Error()))
	}
	m.flush(c.Clock.Now())
}

// understand does what a message of a member's asks for.
func (c *Coordinator) understand(m *member, l letter, body []byte) error {
	switch l.Kind {
	case seen:
		return nil
	case pong:
		c.timed(m, l, body)
		return nil
	}
	r, err := readReport(l.Kind, body)
	if err != nil {
		return err
	}
	r.Why = clip(r.Why)
	switch l.Kind {
	case planned:
		if c.Recover {
			err = m.has(r.Body)
		}
		if err == nil {
			m.planned = true
			c.complete()
		}
		return err
	case cannot:
		c.lose(m, r.Why)
	case ready, interval, ended:
		return c.reported(m, l.Kind, r)
	default:
		return fmt.Errorf("an agent says nothing like %q", l.Kind)
	}
	return nil
}

// timed takes a round trip, and begins the next where more are wanted.
func (c *Coordinator) timed(m *member, l letter, body []byte) {
	r, ok := round(l, body, c.Clock)
	if !ok {
		return
	}
	m.rounds.Add(r)
	if m.burst == 0 {
		return
	}
	m.worst = max(m.worst, r.Back-r.Sent)
	if m.burst--; m.burst > 0 {
		c.ping(m)
	}
}

// measure has so many round trips made with all who are there.
func (c *Coordinator) measure(rounds int) {
	for _, m := range c.members {
		if m.lost == "" {
			m.burst, m.bursts, m.worst = rounds, c.Clock.Now(), 0
			c.ping(m)
		}
	}
}

// lose gives a member up.
func (c *Coordinator) lose(m *member, how string) {
	m.lost = how
	if c.long == m {
		c.long = nil
	}
	c.link.say(m.session, frame{head: head{Kind: dropped}})
	c.note("agent %s is lost: %s", m.Name, how)
	c.fail(fmt.Errorf("agent %s: %s", m.Name, how))
	if c.order != nil {
		c.without(m)
	}
}
