package schedule

import "time"

// crew are users who take what waits as soon as they are free for it: first who has
// not had anything yet, then who has been free for longest, whenever that is heard.
type crew struct {
	max    int
	joined int   // who have had something
	idle   times // since when those of them are free who are
}

// any tells whether somebody is known to be free.
func (c *crew) any() bool { return c.joined < c.max || len(c.idle) > 0 }

// freeSince is since when the next to take something has been free: who has not had
// anything always was. There must be somebody.
func (c *crew) freeSince() time.Duration {
	if c.joined < c.max {
		return -Never
	}
	return c.idle[0].at
}

// take has the next one take something, and tells who that is.
func (c *crew) take() (user uint32) {
	if c.joined < c.max {
		c.joined++
		return uint32(c.joined - 1)
	}
	user = c.idle[0].user
	c.idle.pop()
	return user
}

// free tells that one is free since then.
func (c *crew) free(at time.Duration, user uint32) { c.idle.push(turn{at, user}) }
