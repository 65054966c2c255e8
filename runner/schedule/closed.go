package schedule

import "time"

// Closed is a closed loop: virtual users that each make a call, wait for its
// end, think, and call again. One user makes calls sequential; as many users
// as calls start all at once.
type Closed struct {
	Bounds
	// Users are there from the beginning; Stages let more in, or out.
	Users  int
	Stages []UserStage
	// Think draws a user's pause between an end and its next call; nil: none.
	Think func() time.Duration
	// Pace is the least time between when a user's calls become due; 0: none. Who
	// takes longer goes on at once.
	Pace time.Duration
}

// UserStage ramps the number of users linearly to Target: each joins, or
// leaves, when its turn on that line comes. A user in a call ends it first.
type UserStage struct {
	Target   int
	Duration time.Duration
}

// NewClosed makes a closed loop's schedule.
func NewClosed(c Closed, stop StopOn) *Schedule {
	return &Schedule{stopOn: stop, source: &closed{
		Closed: c,
		fresh:  c.Users,
		users:  c.Users,
		ramp:   ramp{at: c.From, users: c.Users, stages: c.Stages},
	}}
}

type closed struct {
	Closed
	n     int64
	users int    // how many there should be now
	known uint32 // users so far: who joins next has this number
	fresh int    // of them, those that were there from the beginning and have not called yet
	idle  times  // when each user not in flight calls next
	ramp  ramp
}

func (c *closed) next(now time.Duration, inFlight int) Next {
	if c.spent(c.n) {
		return Next{Do: Done}
	}
	change := c.follow(now, inFlight)
	due := c.due()
	switch {
	case due <= now && due < c.Until:
		return Next{Do: Start, User: c.take(), At: due, Ready: due}
	case now < c.Until && min(due, change) < c.Until:
		return Next{Do: Wait, At: min(due, change)}
	case now < c.Until && inFlight > 0:
		return Next{Do: Idle} // an end may let its user call once more
	case c.Until == Never && len(c.idle) > 0:
		return Next{Do: Wait, At: Never} // they think to the end of time
	}
	return Next{Do: Done}
}

// follow lets users join and leave whose turn has come, and tells when the
// next change is.
func (c *closed) follow(now time.Duration, inFlight int) time.Duration {
	for {
		at, step := c.ramp.next()
		if at > now {
			c.dismiss(inFlight)
			return at
		}
		c.users += step
		if step > 0 {
			c.idle.push(turn{at, c.join()})
		}
		c.ramp.advance()
	}
}

// dismiss sends users away that are too many and have no call in flight.
func (c *closed) dismiss(inFlight int) {
	for surplus := inFlight + c.fresh + len(c.idle) - c.users; surplus > 0; surplus-- {
		switch {
		case len(c.idle) > 0:
			c.idle.dropLast()
		case c.fresh > 0:
			c.fresh--
		}
	}
}

// due is when the next user calls.
func (c *closed) due() time.Duration {
	if c.fresh > 0 {
		return c.From
	}
	if len(c.idle) > 0 {
		return c.idle[0].at
	}
	return Never
}

// take has the next user call.
func (c *closed) take() (user uint32) {
	c.n++
	if c.fresh > 0 {
		c.fresh--
		return c.join()
	}
	user = c.idle[0].user
	c.idle.pop()
	return user
}

func (c *closed) join() uint32 {
	c.known++
	return c.known - 1
}

func (c *closed) ended(at, intended time.Duration, user uint32) {
	if c.spent(c.n) {
		return
	}
	if c.Think != nil {
		at = later(at, c.Think())
	}
	at = max(at, later(intended, c.Pace))
	c.idle.push(turn{at, user})
}

func (c *closed) overdue(now, until time.Duration, drop func(due time.Duration)) {
	for due := c.due(); due <= now && due < min(c.Until, until) && !c.spent(c.n); due = c.due() {
		c.take()
		drop(due)
	}
}

// ramp walks through the changes in the number of users: the k-th of a stage
// that adds or removes m users in the time D comes at k·D/m.
type ramp struct {
	at     time.Duration // when the stage under way began
	users  int           // how many there were then
	stages []UserStage   // the stage under way, and those to come
	k      int           // changes of the stage so far
}

// next is when the next change comes, and whether somebody joins (1) or leaves
// (-1). After the last one it is Never.
func (r *ramp) next() (time.Duration, int) {
	for len(r.stages) > 0 {
		stage := r.stages[0]
		m, step := stage.Target-r.users, 1
		if m < 0 {
			m, step = -m, -1
		}
		if r.k < m {
			return r.at + mulDiv(int64(r.k+1), int64(stage.Duration), int64(m)), step
		}
		r.at, r.users, r.k, r.stages = r.at+stage.Duration, stage.Target, 0, r.stages[1:]
	}
	return Never, 0
}

func (r *ramp) advance() { r.k++ }
