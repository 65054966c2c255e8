package journey

import (
	"slices"
	"time"

	"plimsoll/target/value"
)

// branches are the strands that a strand waits for.
type branches struct {
	fork    *fork
	to      int32
	list    []value.Value // the members of each
	next    int           // the member that begins next
	count   int
	strands []uint32 // those under way
	held    [][]Held // by member: what its strand has set in the end
}

// fork begins branches; false: there are none, or the list is none.
func (c *Crew) fork(id uint32, o *op) (waits bool) {
	s := &c.strands[id]
	b := &branches{fork: o.fork, to: int32(o.to), count: len(o.fork.members)}
	limit := b.count
	if o.fork.each {
		list, ok := c.value(s, &o.fork.list, 0)
		if !ok || list.Kind != value.List {
			c.fail(id, none, variable, c.noList(&o.fork.list, list, ok))
			return true
		}
		b.list = list.Members()
		b.count, limit = len(b.list), o.fork.limit
		if limit == 0 || limit > b.count {
			limit = b.count
		}
	}
	b.held = make([][]Held, b.count)
	if b.count == 0 {
		c.join(s, b)
		return false
	}
	s.branches = b
	for range limit {
		c.branch(id, c.strands[id].at)
	}
	return true
}

// branch begins the next branch of a strand, at the given time.
func (c *Crew) branch(id uint32, at time.Duration) {
	child := c.strand()
	s, p := &c.strands[child], &c.strands[id]
	b := p.branches
	member := b.next
	b.next++
	b.strands = append(b.strands, child)
	p.rest.live++

	s.Start, s.fresh, s.phase, s.call, s.found = p.Start, p.fresh, p.phase, p.call, p.found
	s.parent, s.member, s.at = int32(id), int32(member), at
	s.key = c.draws(p).Sub(uint64(member))
	s.values = append(s.values, p.values...)
	s.pc = int32(b.fork.members[0])
	if b.fork.each {
		s.values[b.fork.member] = Held{Value: b.list[member]}
	} else {
		s.pc = int32(b.fork.members[member])
	}
	if c.World.Watch != nil {
		c.tellBranch(child, b, member)
	}
	c.ready = append(c.ready, child)
}

// ended ends a branch: the next one begins, or its parent goes on when none is
// left.
func (c *Crew) ended(id uint32) {
	s := &c.strands[id]
	parent, at := uint32(s.parent), s.at
	p := &c.strands[parent]
	b := p.branches
	for _, v := range b.fork.set(int(s.member)) {
		b.held[s.member] = append(b.held[s.member], s.values[v])
	}
	b.strands = slices.DeleteFunc(b.strands, func(o uint32) bool { return o == id })
	p.rest.live--
	c.free(id)
	switch {
	case b.next < b.count:
		p.fresh = false
		c.branch(parent, at)
	case len(b.strands) == 0:
		p.at, p.fresh, p.branches = at, false, nil
		c.join(p, b)
		c.ready = append(c.ready, parent)
	case p.rest.thinking == p.rest.live:
		p.at = at
		c.sleep(parent)
	}
}

// set are the variables that a member sets.
func (f *fork) set(member int) []int {
	if f.each {
		return f.sets[0]
	}
	return f.sets[member]
}

// join gives a strand what its branches have set: after `each` the list of its
// values, in the order of the members.
func (c *Crew) join(s *strand, b *branches) {
	s.pc = b.to
	if !b.fork.each {
		for member, held := range b.held {
			for i, v := range b.fork.sets[member] {
				s.values[v] = held[i]
			}
		}
		return
	}
	for i, v := range b.fork.sets[0] {
		values := make([]value.Value, b.count)
		for member, held := range b.held {
			values[member] = held[i].whole()
		}
		s.values[v] = Held{Value: value.ListOf(values)}
	}
}

func (h Held) whole() value.Value {
	if h.Row != nil {
		return h.Row.Value()
	}
	return h.Value
}
