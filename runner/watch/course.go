package watch

import (
	"math"

	"plimsoll/runner/verdict"
)

// course is what happened to a part, second by second.
type course struct {
	seconds map[int64]*verdict.Stretch // from first on
	blocks  map[int64]*verdict.Stretch // the sum of block seconds, by the first
	before  *verdict.Stretch           // the sum of those before first
	first   int64
	block   int64
	late    int64 // the earliest second that was told again since it was looked at
}

// newCourse is one whose windows have up to so many seconds: a window is made of
// about twice the root of that many sums.
func newCourse(longest int64) *course {
	return &course{
		seconds: map[int64]*verdict.Stretch{}, blocks: map[int64]*verdict.Stretch{}, before: verdict.NewStretch(),
		block: max(8, int64(math.Sqrt(float64(longest)))), late: math.MaxInt64,
	}
}

// add adds to a second.
func (c *course) add(second int64, s *verdict.Stretch) {
	if second < c.first {
		c.before.Merge(s) // so late that its windows are settled
		return
	}
	c.late = min(c.late, second)
	delete(c.blocks, second-second%c.block)
	if all := c.seconds[second]; all != nil {
		all.Merge(s)
		return
	}
	c.seconds[second] = s
}

// between is what happened in the seconds of [from, to); from 0 on in all.
func (c *course) between(from, to int64) *verdict.Stretch {
	sum := verdict.NewStretch()
	if from < c.first {
		sum.Merge(c.before)
		from = c.first
	}
	if int64(len(c.seconds)) < (to-from)/c.block { // hardly anything happened in them
		for s, one := range c.seconds {
			if from <= s && s < to {
				sum.Merge(one)
			}
		}
		return sum
	}
	for s := from; s < to; {
		if s%c.block == 0 && s+c.block <= to {
			sum.Merge(c.sum(s))
			s += c.block
			continue
		}
		if one := c.seconds[s]; one != nil {
			sum.Merge(one)
		}
		s++
	}
	return sum
}

// sum is that of the block of seconds from one on.
func (c *course) sum(from int64) *verdict.Stretch {
	sum := c.blocks[from]
	if sum == nil {
		sum = verdict.NewStretch()
		for s := from; s < from+c.block; s++ {
			if one := c.seconds[s]; one != nil {
				sum.Merge(one)
			}
		}
		c.blocks[from] = sum
	}
	return sum
}

// any tells whether something happened in the seconds of [from, to).
func (c *course) any(from, to int64) bool {
	for s := range c.seconds {
		if from <= s && s < to {
			return true
		}
	}
	return false
}

// after is the first second from one on in which something happened; none is as
// late as can be.
func (c *course) after(from int64) int64 {
	first := int64(math.MaxInt64 - 1)
	for s := range c.seconds {
		if s >= from {
			first = min(first, s)
		}
	}
	return first
}

// forget puts the seconds before one together.
func (c *course) forget(before int64) {
	for s, one := range c.seconds {
		if s < before {
			c.before.Merge(one)
			delete(c.seconds, s)
		}
	}
	for s := range c.blocks {
		if s < before {
			delete(c.blocks, s)
		}
	}
	c.first = max(c.first, before)
}
