package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"plimsoll/runner/result"
)

// carrying is an order that is under way.
type carrying struct {
	Command
	real    bool // it begins at one time everywhere
	setsUp  bool // share 0 carries a setup out first
	phase   phase
	began   time.Duration // of our clock: time at which shares begin
	left    []byte        // what share 0's setup has left
	alone   bool          // share 0 was told that the others are over
	stopped int           // 0: nobody has; 1: nothing more starts; 2: all is given up
	failed  error         // it will never begin, when all have given it up
	ending  time.Duration // when all was given up
	events  *queue[happening]
}

// phase is how far an order is.
type phase int

const (
	preparing phase = iota
	timing
	loading
	timingAgain
)

// happening is what an order's caller hears: when it begins, an interval, or that it
// is over.
type happening struct {
	of     *member // whose interval it is
	body   []byte
	begins bool // the load does, at that time
	at     time.Time
	over   *outcome
}

// outcome is what became of an order.
type outcome struct {
	Shares []became
	Err    error // it never began
}

// became is what became of a share.
type became struct {
	Agent result.Agent
	// End is how it ended, in the words of whoever carried it out; nil: it has not told.
	End []byte
	// Why it has failed; "": it has not.
	Why string
}

// Round trips before a trial and after it, and how long they may take together.
const (
	roundsBefore = 16
	roundsAfter  = 8
	leastLead    = time.Second
)

// listener is told what comes of an order.
type listener interface {
	Begins(at time.Time)
	Take(share int, recorded []byte) error
}

// carry has an order carried out, at one time where it is real. Where the listener
// cannot take what a share has recorded, its agent is given up.
func (c *Coordinator) carry(ctx, atOnce context.Context, order json.RawMessage, real, setsUp bool, to listener) outcome {
	events := newQueue[happening]()
	if !c.ask(func() { c.begin(order, real, setsUp, events) }) {
		return outcome{Err: errors.New("the fleet has been let go")}
	}
	defer context.AfterFunc(ctx, func() { c.ask(func() { c.stop(events, 1) }) })()
	defer context.AfterFunc(atOnce, func() { c.ask(func() { c.stop(events, 2) }) })()
	mad := map[int]string{} // what they send behind their nonsense counts for nothing, either
	for {
		switch h := events.pop(); {
		case h.over != nil:
			for share := range h.over.Shares { // which may have been over before that was found out
				a := &h.over.Shares[share].Agent
				a.Lost = cmp.Or(a.Lost, mad[share])
			}
			return *h.over
		case h.begins:
			to.Begins(h.at)
		default:
			if share := h.of.share; mad[share] == "" {
				if err := to.Take(share, h.body); err != nil {
					mad[share] = c.mad(share, err)
				}
			}
			h.of.held.Add(-int64(len(h.body)))
		}
	}
}

// nonsense is how somebody is lost who says what cannot be.
const nonsense = "it makes no sense"

// mad gives the agent of a share up, which has said what cannot be, and tells how it is
// lost.
func (c *Coordinator) mad(share int, err error) (lost string) {
	lost = nonsense + ": " + clip(err.Error())
	c.ask(func() {
		if m := c.members[share]; m.lost == "" {
			c.lose(m, lost)
		}
	})
	return lost
}

// ask has the coordinator's goroutine do something; false: it has ended.
func (c *Coordinator) ask(f func()) bool {
	select {
	case c.do <- f:
		return true
	case <-c.gone:
		return false
	}
}

// begin gives the order out.
func (c *Coordinator) begin(order json.RawMessage, real, setsUp bool, events *queue[happening]) {
	c.last++
	c.order = &carrying{Command: Command{Number: c.last, Shares: len(c.members), Order: order}, real: real, setsUp: setsUp, events: events}
	if c.Recover && !slices.ContainsFunc(c.members, func(m *member) bool { return m.lost == "" && m.kept[string(order)] }) {
		c.finish(outcome{Err: errors.New("not carried out, as far as anybody knows: no agent has kept anything of it")})
		return
	}
	for _, m := range c.members {
		m.state = idle
		if m.lost != "" && !c.Recover {
			c.never(fmt.Errorf("agent %s is lost: %s", m.Name, m.lost))
		}
	}
	for _, m := range c.members {
		if c.order == nil || c.order.failed != nil {
			break
		}
		command := c.order.Command
		command.Share = m.share
		m.state, m.end, m.why, m.cut = ordered, nil, "", ""
		m.asked, m.named = c.Clock.Now(), false
		if c.Recover && (m.lost != "" || !m.kept[string(order)]) {
			m.state, m.cut = isOver, "nothing is kept of its share"
			continue
		}
		if err := c.push(m, orderOf, command); err != nil {
			c.lose(m, err.Error())
		}
	}
}

// stop has all shares end.
func (c *Coordinator) stop(of *queue[happening], level int) {
	o := c.order
	if o == nil || o.events != of || o.stopped >= level {
		return
	}
	o.stopped = level
	if level == 2 {
		o.ending = c.Clock.Now()
	}
	for _, m := range c.members {
		if m.lost == "" && !m.is(idle, isOver) {
			_ = c.push(m, halt, stopping{o.Number, level == 2})
		}
	}
}

// reported takes what a member says of the order.
func (c *Coordinator) reported(m *member, k kind, r report) error {
	o := c.order
	if o == nil || r.Number != o.Number {
		return nil // of one that is over
	}
	switch {
	case k == ready && m.state == ordered:
		m.state = isReady
		if m.share == 0 {
			o.left = r.Body
		}
	case k == interval && m.state == running:
		m.held.Add(int64(len(r.Body)))
		o.events.push(happening{of: m, body: r.Body})
		return nil
	case k == ended && len(r.Body) > mostEnd:
		return fmt.Errorf("how its share ended takes %d bytes, and %d are the most", len(r.Body), mostEnd)
	case k == ended && !m.is(idle, isOver):
		c.over(m, r)
	default:
		return fmt.Errorf("%q comes out of turn", k)
	}
	c.goOn()
	return nil
}

// over takes how a share has ended.
func (c *Coordinator) over(m *member, r report) {
	o := c.order
	began := m.state == running
	m.state, m.end, m.why = isOver, r.Body, r.Why
	if c.Recover {
		m.cut = clip(r.Cut)
	}
	switch {
	case c.Recover:
	case !began && r.Why == "" && o.stopped > 0:
		c.never(context.Canceled)
	case !began:
		c.never(fmt.Errorf("agent %s: %s", m.Name, cmp.Or(r.Why, "its share ended before it began")))
	case r.Why != "":
		c.without(m)
	}
}

// without goes on with an order, or does not, where a share will not be carried out.
func (c *Coordinator) without(m *member) {
	m.state = isOver
	switch o := c.order; {
	case c.Recover:
	case o.phase < loading:
		c.never(fmt.Errorf("agent %s is lost: %s", m.Name, m.lost))
	case c.Lost == Stop:
		c.stop(o.events, 1)
	}
	c.goOn()
}

// never ends an order that has not begun. The first reason counts.
func (c *Coordinator) never(err error) {
	o := c.order
	if o.failed != nil {
		return
	}
	o.failed = err
	c.stop(o.events, 2)
	c.goOn()
}

// all tells whether something holds for all members that are there.
func (c *Coordinator) all(holds func(*member) bool) bool {
	return !slices.ContainsFunc(c.members, func(m *member) bool { return m.lost == "" && !holds(m) })
}

func (m *member) is(s ...state) bool { return slices.Contains(s, m.state) }

// goOn takes the order to its next phase, if all are ready for it.
func (c *Coordinator) goOn() {
	o := c.order
	if o == nil {
		return
	}
	if o.failed != nil {
		if c.all(func(m *member) bool { return m.is(idle, isOver) }) {
			c.finish(outcome{Err: o.failed})
		}
		c.hurry(o)
		return
	}
	timed := c.all(func(m *member) bool { return m.burst == 0 })
	switch o.phase {
	case preparing:
		if c.all(func(m *member) bool { return m.is(isReady) || c.Recover && m.is(isOver) }) {
			o.phase = timing
			if o.real {
				c.measure(roundsBefore)
				return
			}
			c.start()
		}
	case timing:
		if timed {
			c.start()
		}
	case loading:
		if !o.alone && c.all(func(m *member) bool { return m.share == 0 || m.is(isOver) }) {
			o.alone = true
			_ = c.push(c.members[0], alone, about{o.Number})
		}
		if c.all(func(m *member) bool { return m.is(isOver) }) {
			o.phase = timingAgain
			if o.real {
				c.measure(roundsAfter)
				return
			}
			c.finish(c.become())
		}
	case timingAgain:
		if timed {
			c.finish(c.become())
		}
	}
	c.hurry(o)
}

// start tells all when to begin, each by its own clock: as soon as all of them will
// have heard it, whatever the way there takes.
func (c *Coordinator) start() {
	o := c.order
	lead := time.Duration(0)
	if o.real {
		lead = leastLead
		for _, m := range c.members {
			lead = max(lead, 5*m.worst)
		}
	}
	o.began, o.phase = c.Clock.Now()+lead, loading
	left, _ := json.Marshal(values{o.Number, o.left}) // a number and bytes
	o.events.push(happening{begins: true, at: c.Clock.Time(o.began)})
	for _, m := range c.members {
		if m.state != isReady {
			continue
		}
		at := o.began
		if clock, ok := m.rounds.Estimate(o.began); ok {
			at += clock.Offset
		}
		m.state = running
		if len(o.left) > 0 && m.share > 0 {
			_ = c.pushText(m, given, left)
		}
		_ = c.push(m, start, begin{o.Number, at})
	}
}

// outcome is what became of all shares.
func (c *Coordinator) become() (out outcome) {
	for _, m := range c.members {
		out.Shares = append(out.Shares, became{m.agent(c.order.began), m.end, m.why})
	}
	return out
}

// finish tells what became of the order.
func (c *Coordinator) finish(out outcome) {
	events := c.order.events
	c.order = nil
	events.push(happening{over: &out})
}
