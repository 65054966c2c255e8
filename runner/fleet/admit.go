package fleet

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// admit answers an agent that would take a share.
func (c *Coordinator) admit(l letter) {
	if m := c.member(l.From); m != nil {
		c.link.say(l.From, frame{head: head{Kind: welcome, Program: c.Program}}) // the first was lost
		return
	}
	in, no := c.judge(l)
	if no.Why != "" {
		body, _ := json.Marshal(no)
		c.link.say(l.From, frame{head: head{Kind: refused, Program: c.Program}, body: body})
		if no.Final {
			c.note("agent %s refused: %s", in.Name, no.Why)
		}
		return
	}
	if in.Kept != nil && c.recovering.kept == nil {
		c.recovering.kept = in.Kept
	}
	m := &member{peer: peer{link: c.link, session: l.From, heard: c.Clock.Now()}, introduction: in, asked: c.Clock.Now()}
	if err := c.pushText(m, planOf, c.plan); err != nil {
		c.fail(err)
		return
	}
	c.members = append(c.members, m)
	c.sessions[m.session] = m
	c.link.say(l.From, frame{head: head{Kind: welcome, Program: c.Program}})
	c.note("agent %s is here, %d of %d", in.Name, len(c.members), c.Agents)
	c.ping(m)
}

// judge tells why an agent is not taken; nothing: it is.
func (c *Coordinator) judge(l letter) (in introduction, no answer) {
	if l.Protocol != Protocol || l.Program != c.Program {
		return in, answer{versions(l.head, c.Program), true}
	}
	in, err := read[introduction](join, l.body)
	if err == nil {
		err = in.check()
	}
	if err != nil {
		return in, answer{err.Error(), true}
	}
	if c.Recover != (in.Kept != nil) {
		return in, answer{"it recovers a run, or does not, and this agent otherwise", true}
	}
	if c.gathered || len(c.members) == c.Agents {
		return in, answer{Why: fmt.Sprintf("all %d agents are there", c.Agents)}
	}
	if c.Recover {
		if why := c.judgeKept(in.Kept); why != "" {
			c.refuseKept(why)
			return in, answer{Why: why}
		}
	}
	for _, m := range c.members {
		if m.Name == in.Name {
			return in, answer{fmt.Sprintf("there is an agent of the name %q already: give this one another by --name", in.Name), true}
		}
	}
	return in, no
}

// complete gives out the shares, when all are there and have understood: in the order
// that whoever started them has given them, or of their names.
func (c *Coordinator) complete() {
	if c.gathered || len(c.members) < c.Agents || slices.ContainsFunc(c.members, func(m *member) bool { return !m.planned }) {
		return
	}
	if c.Recover {
		c.fillIn()
	}
	slices.SortStableFunc(c.members, func(a, b *member) int {
		switch {
		case c.Recover:
			return 0 // they are in their places
		case a.Index != b.Index:
			return cmp.Compare(a.Index, b.Index)
		}
		return strings.Compare(a.Name, b.Name)
	})
	for i, m := range c.members {
		m.share = i
	}
	c.gathered = true
	c.fail(nil)
}

// fail ends the gathering, with nil when all is well.
func (c *Coordinator) fail(err error) {
	select {
	case c.whole <- err:
	default:
	}
}
