package wire

import (
	"time"

	"plimsoll/target/agenda"
)

// seat is the part of a connection, of either kind, that has to do with its
// call's time.
type seat struct {
	x        *Exchange     // the call on it; nil while idle
	reader   Reader        // of the answers
	patience time.Duration // when its body goes without having been asked for; 0: that is no question
	watched  bool          // is among deadlines
	watch    time.Duration // its first entry there
	over     func()        // gives its call up, or goes on with it
}

// renewed is until, where what has come of an answer gives its call its time anew.
func (c *seat) renewed() time.Duration {
	if in, lives := c.reader.(lively); lives && c.x.until != agenda.Never {
		if at, any := in.Heard(); any {
			c.x.until = max(c.x.until, at+c.x.bound)
		}
	}
	return c.until()
}

// patience is how long a server may think about whether it wants a body.
const patience = time.Second

// until is when something is to be done about the connection's call.
func (c *seat) until() time.Duration {
	if c.patience > 0 {
		return min(c.patience, c.x.until)
	}
	return c.x.until
}

// deadlines are when to look whether a connection's call is over its time.
// Calls come and go much faster than that: an entry is put right when it comes
// up, not with every call.
type deadlines struct{ agenda.Agenda[*seat] }

// watch sees to it that the connection's call is given up when it is over its
// time, or gone on with.
func (d *deadlines) watch(c *seat) {
	if until := c.until(); !c.watched || until < c.watch {
		c.watched, c.watch = true, until
		d.Push(until, c)
	}
}

// expire gives up the calls whose time is over.
func (d *deadlines) expire(now time.Duration) {
	for d.Len() > 0 && d.First() <= now {
		entry := d.Pop()
		c := entry.What
		switch {
		case !c.watched || entry.At != c.watch: // an earlier entry has taken its place
		case c.x == nil:
			c.watched = false
		case c.until() > now || c.renewed() > now: // of a later call than the one it was watched for, or with an answer that comes
			c.watch = c.until()
			d.Push(c.watch, c)
		default:
			c.watched = false
			c.over()
		}
	}
}

// next is when the next call is over its time.
func (d *deadlines) next() time.Duration {
	if d.Len() == 0 {
		return agenda.Never
	}
	return d.First()
}
