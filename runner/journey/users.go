package journey

import (
	"slices"
	"time"
)

// user is what outlives an iteration: of one who comes back.
type user struct {
	values  []Held // that entering has set
	entered bool
	since   time.Duration
}

// enter begins what a user does before its iteration, unless it has done so. One
// who has nothing to do then has entered.
func (c *Crew) enter(s *strand) {
	u := c.users[s.User]
	if u == nil {
		u = &user{}
		c.users[s.User] = u
	}
	if u.entered && (c.Program.EnterEvery == 0 || s.Intended-u.since < c.Program.EnterEvery) {
		s.values = append(s.values[:0], u.values...)
		return
	}
	if c.Program.enter == 0 {
		u.entered, u.values = true, append(u.values, s.values...)
		return
	}
	s.phase, s.pc = entering, int32(c.Program.enter)
}

// end ends a strand that has come to the end of what it is for.
func (c *Crew) end(id uint32) (m Move, over bool) {
	s := &c.strands[id]
	if s.parent != none {
		c.ended(id)
		return Move{Do: Join}, true
	}
	switch {
	case s.phase == leaving:
		user := s.User
		c.free(id)
		return Move{Do: Gone, Start: Start{User: user}}, true
	case s.phase == entering && s.class == "":
		c.entered(s)
		return m, false
	}
	m = Move{Do: Over, Start: s.Start, Whole: Span{
		Row: none, Iteration: s.Iteration, Due: s.Intended, Began: s.Intended, Ended: s.at, Paused: s.rest.paused, Class: s.class, Example: s.example, By: int(s.by),
	}}
	if c.World.Keep {
		m.Kept = c.Held(id)
	}
	if c.World.Once {
		c.leave(id)
		return m, true
	}
	c.free(id)
	return m, true
}

// entered goes on from entering to the iteration, whose time that was not.
func (c *Crew) entered(s *strand) {
	u := c.users[s.User]
	u.entered, u.since, u.values = true, s.at, append(u.values[:0], s.values...)
	if !s.fresh {
		s.rest.paused = s.at - s.Began
	}
	s.phase, s.pc = iterating, int32(c.Program.main)
}

// leave has the user of a strand go, which has ended its iteration. One that has
// not managed to enter has nothing to do then.
func (c *Crew) leave(id uint32) {
	s := &c.strands[id]
	u := c.users[s.User]
	delete(c.users, s.User)
	s.phase, s.class, s.example, s.pc, s.rest, s.fresh = leaving, "", "", 0, rest{}, false
	if u == nil || u.entered {
		s.pc = int32(c.Program.leave)
	}
	c.ready = append(c.ready, id)
}

// LeaveAll has every user go that has entered, from the given time on, and tells
// how many they are.
func (c *Crew) LeaveAll(at time.Duration) int {
	var numbers []uint32
	for n, u := range c.users {
		if u.entered {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		c.leaveOne(n, at)
	}
	return len(numbers)
}

// leaveOne has a user go, from the given time on.
func (c *Crew) leaveOne(n uint32, at time.Duration) {
	id := c.strand()
	s := &c.strands[id]
	s.User, s.at, s.Began, s.Intended, s.Ready = n, at, at, at, at
	s.key = c.World.Draws.Sub(^uint64(n))
	s.values = append(s.values, c.users[n].values...)
	c.leave(id)
}
