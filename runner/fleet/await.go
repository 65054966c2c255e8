package fleet

import (
	"fmt"
	"time"
)

// What takes too long: an agent is named that has been waited for so long, and given up
// where it has not become ready after the coordinator's patience, though it lives.
const (
	longWait = 30 * time.Second
	patience = 5 * time.Minute
)

// await names those who are waited for, and gives them up that will hardly ever be
// ready. A setup may take as long as it likes: only the user knows.
func (c *Coordinator) await() {
	now := c.Clock.Now()
	for _, m := range c.members {
		preparing := c.order != nil && m.state == ordered
		if m.lost != "" || m.planned && !preparing {
			continue
		}
		if m.pipe.base != m.got { // what it is told is still under way, and gets on
			m.got, m.asked = m.pipe.base, now
		}
		waited, what := now-m.asked, "has not said whether it takes the plan"
		setsUp := preparing && c.order.setsUp && m.share == 0
		switch {
		case setsUp:
			what = "has not ended the setup"
		case preparing:
			what = "is not ready"
		}
		if waited >= longWait && !m.named {
			m.named = true
			c.note("waiting for agent %s, which %s yet", m.Name, what)
		}
		if waited >= c.Patience && !setsUp {
			c.lose(m, fmt.Sprintf("it %s after %v", what, c.Patience))
		}
	}
}

// toTime is how long a burst of round trips may take.
const toTime = 30 * time.Second

// endTiming makes do with the round trips that there were by then. Whose clock is not
// known at all cannot begin with the others.
func (c *Coordinator) endTiming() {
	for _, m := range c.members {
		if m.burst == 0 || m.lost != "" || c.Clock.Now()-m.bursts < toTime {
			continue
		}
		m.burst = 0
		if m.rounds.Count() == 0 {
			c.lose(m, "it does not tell what its clock shows")
		}
	}
}

// hurry gives those up that do not end when they must.
func (c *Coordinator) hurry(o *carrying) {
	for _, m := range c.members {
		if c.order == o && o.stopped == 2 && c.Clock.Now()-o.ending > toEnd && m.lost == "" && !m.is(idle, isOver) {
			c.lose(m, "it does not end")
		}
	}
}
