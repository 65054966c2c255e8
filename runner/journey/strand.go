package journey

import (
	"slices"
	"time"

	"plimsoll/target"
	"plimsoll/target/random"
)

// frame is a block that a strand is in, or a loop.
type frame struct {
	row    int32 // none: it has no row
	pc     int32 // of the operation that opened it
	began  time.Duration
	paused time.Duration // the strand's, when it began
	passes int32
	key    random.Key // outside of a loop
}

// rest says for how long nothing but think times went on in a strand, its
// branches included.
type rest struct {
	live, thinking int32 // of its branches: those under way, and of them those that rest
	rests          bool
	since          time.Duration
	paused         time.Duration
}

func (s *strand) open(row int32, loop bool) {
	if loop {
		row = none
	}
	s.frames = append(s.frames, frame{row: row, pc: s.pc, began: s.at, paused: s.rest.paused, key: s.key})
}

// close ends the innermost block, which has a class where it failed, by a step's
// row.
func (c *Crew) close(s *strand, by int32, class, example string) (opened *op) {
	f := s.frames[len(s.frames)-1]
	s.frames = s.frames[:len(s.frames)-1]
	s.key = f.key
	if f.row != none {
		c.Closed = append(c.Closed, Span{
			Row: int(f.row), Iteration: s.Iteration, Due: s.Intended, Began: f.began, Ended: s.at, Paused: s.rest.paused - f.paused, Class: class, Example: example, By: int(by),
		})
	}
	return &c.Program.ops[f.pc]
}

// pass begins a pass of the innermost loop, which draws by itself.
func (s *strand) pass(n int32) {
	f := &s.frames[len(s.frames)-1]
	f.passes = n
	s.key = f.key.Sub(uint64(f.pc)).Sub(uint64(n))
}

// endPass ends a pass, and the loop with the last one.
func (c *Crew) endPass(s *strand, o *op) {
	f := &s.frames[len(s.frames)-1]
	if loop := &c.Program.ops[f.pc]; int(f.passes)+1 == loop.times || len(o.if_) > 0 && c.all(s, o.if_) {
		c.close(s, none, "", "")
		s.pc++
		return
	}
	s.pass(f.passes + 1)
	s.pc = int32(o.to)
}

// think begins a pause, unless it is none.
func (c *Crew) think(id uint32, o *op) (m Move, waits bool) {
	s := &c.strands[id]
	pause := c.pause(s, o)
	s.pc++
	if pause <= 0 {
		return m, false
	}
	c.start(s)
	c.sleep(id)
	return Move{Do: Think, For: pause, Ready: s.at}, true
}

// pause draws how long a strand thinks.
func (c *Crew) pause(s *strand, o *op) time.Duration {
	draws := c.draws(s)
	c.pcg.Seed(draws.At(0), draws.At(1))
	return o.pause.Draw(c.rng)
}

// start tells that an iteration whose first step is none that is due with it
// begins when it does.
func (c *Crew) start(s *strand) {
	if s.fresh {
		s.fresh, s.at = false, s.Began
	}
}

// Resume tells that a strand's pause is over, at the given time.
func (c *Crew) Resume(id uint32, at time.Duration) {
	c.strands[id].at = at
	c.wake(id)
	c.ready = append(c.ready, id)
}

// sleep tells that a strand rests from when it has got to.
func (c *Crew) sleep(id uint32) {
	at := c.strands[id].at
	for {
		s := &c.strands[id]
		s.rest.rests, s.rest.since = true, at
		if s.parent == none {
			return
		}
		id = uint32(s.parent)
		p := &c.strands[id]
		if p.rest.thinking++; p.rest.thinking < p.rest.live {
			return
		}
	}
}

// wake tells that a strand that has rested goes on.
func (c *Crew) wake(id uint32) {
	at := c.strands[id].at
	for {
		s := &c.strands[id]
		s.rest.rests = false
		s.rest.paused += max(0, at-s.rest.since)
		if s.parent == none {
			return
		}
		id = uint32(s.parent)
		p := &c.strands[id]
		if p.rest.thinking--; !p.rest.rests {
			return
		}
	}
}

// Done tells when a strand's call had ended, and how it failed, if it did:
// whatever that ends ends now.
func (c *Crew) Done(id uint32, at time.Duration, class, example string) {
	s := &c.strands[id]
	o := &c.Program.ops[s.pc]
	s.at, s.fresh = at, false
	if class == "" || o.onError == Continue && class != target.Cancelled {
		s.pc++
		c.ready = append(c.ready, id)
		return
	}
	c.fail(id, int32(o.call.Row), class, example)
}

// Fail ends what the failure of a strand ends that makes no call.
func (c *Crew) Fail(id uint32, at time.Duration, class, example string) {
	c.strands[id].at = at
	if c.strands[id].rest.rests {
		c.wake(id)
	}
	c.fail(id, none, class, example)
}

// fail ends what a failure in a strand ends, by a step's row: the innermost block
// that outlives it, or else the iteration.
func (c *Crew) fail(id uint32, by int32, class, example string) {
	at := c.strands[id].at
	for {
		s := &c.strands[id]
		s.at, s.fresh = at, false
		for len(s.frames) > 0 {
			if o := c.close(s, by, class, example); o.do == doOpen && o.onError == Continue && class != target.Cancelled {
				s.pc = int32(o.to)
				c.ready = append(c.ready, id)
				return
			}
		}
		if s.parent == none {
			s.by, s.class, s.example, s.pc = by, class, example, 0
			c.ready = append(c.ready, id)
			return
		}
		parent := uint32(s.parent)
		c.free(id)
		c.abandon(parent, id, at)
		id = parent
	}
}

// Abandon ends a strand and all that it waits for, as cancelled.
func (c *Crew) Abandon(id uint32, at time.Duration) {
	c.abandon(id, none32, at)
	s := &c.strands[id]
	s.at = max(s.at, at)
	for len(s.frames) > 0 {
		c.close(s, none, target.Cancelled, "")
	}
}

const none32 = ^uint32(0)

// abandon ends the branches of a strand but for one, which has ended.
func (c *Crew) abandon(id, but uint32, at time.Duration) {
	b := c.strands[id].branches
	if b == nil {
		return
	}
	for _, branch := range b.strands {
		if branch == but {
			continue
		}
		c.Abandon(branch, at)
		c.Left = append(c.Left, branch)
		c.forget(branch)
		c.strands[branch].args = nil // whoever carries its call may still read them
		c.free(branch)
	}
	s := &c.strands[id]
	if s.rest.rests {
		s.at = at
		c.wake(id)
	}
	s.branches, s.rest.live, s.rest.thinking = nil, 0, 0
}

// forget takes a strand off the list of those that can go on.
func (c *Crew) forget(id uint32) {
	waiting := c.ready[c.head:]
	if i := slices.Index(waiting, id); i >= 0 {
		c.ready = slices.Delete(c.ready, c.head+i, c.head+i+1)
	}
}
