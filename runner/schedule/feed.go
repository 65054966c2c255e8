package schedule

import (
	"math"
	"time"
)

// Feed is a bounded queue between producers, who put items into it, and
// consumers, who take the oldest one and make a call of it. A call is due when
// its item is put into the queue, and ready when a consumer is free for it.
//
// Times are those at which things happen to whoever is never late: a start or
// an end that the schedule hears of late moves nothing but what follows from it.
type Feed struct {
	Bounds // Requests counts items, in the order in which producers begin them
	// Queue is how many items can wait. A producer whose item finds it full waits
	// with it, and begins the next one when that is in.
	Queue int
	// Consumers are at most as many calls in flight. They are users of their own.
	Consumers int
	// Producers each make one item after another, from the beginning on; Produce
	// draws how long one takes.
	Producers int
	Produce   func(producer uint32) time.Duration
}

// NewFeed makes a queue's schedule.
func NewFeed(f Feed, stop StopOn) *Schedule {
	source := &feed{Feed: f, room: places{max: f.Queue}, free: crew{max: f.Consumers}, tell: func(time.Duration, int) {}}
	for p := range f.Producers {
		source.begin(uint32(p), f.From)
	}
	return &Schedule{stopOn: stop, source: source, feed: source}
}

// feed is two lines of places, one behind the other: an item is put in when it
// is made and there is a place in the queue for it, and taken out when a
// consumer is free for it, which leaves its place in the queue to others.
type feed struct {
	Feed
	making  times // when each producer's item is made, or was, where it waits for room
	begun   int64 // items, by producers
	room    places
	waiting ring[time.Duration] // when each item was put in, the oldest first
	free    crew                // the consumers

	tell          func(at time.Duration, by int)
	changes       []change // of the queue's length, in their order, that others may come before
	length, busy  course   // items that wait, up to those; consumers who have one
	blockedBefore float64  // nanoseconds: of the items that are in by now
}

// begin has a producer begin its next item, if there is to be one.
func (f *feed) begin(producer uint32, at time.Duration) {
	if f.spent(f.begun) {
		return
	}
	f.begun++
	f.making.push(turn{later(at, f.Produce(producer)), producer})
}

func (f *feed) next(now time.Duration, _ int) Next {
	for {
		if at, takes := f.taken(); takes {
			return f.take(at)
		}
		at, puts := f.put(now)
		if !puts {
			return f.rest()
		}
		f.push(at)
	}
}

// taken is when the oldest item is taken; false: there is none, or nobody is
// known to be free for it.
func (f *feed) taken() (at time.Duration, is bool) {
	if f.waiting.len == 0 || !f.free.any() {
		return 0, false
	}
	return max(f.waiting.first(), f.free.freeSince()), true
}

// put is when the next item is put in that is made by now; false: none is, or
// there is no room that is known of.
func (f *feed) put(now time.Duration) (at time.Duration, is bool) {
	at = f.due()
	return at, len(f.making) > 0 && f.making[0].at <= now && f.room.any() && at < f.Until
}

// due is when the next item is put in, with the room that is known of.
func (f *feed) due() time.Duration {
	if len(f.making) == 0 {
		return Never
	}
	return max(f.making[0].at, f.room.freeSince())
}

// push puts the next item in; its producer begins another.
func (f *feed) push(at time.Duration) {
	made := f.making[0]
	f.making.pop()
	f.room.take()
	f.waiting.push(at)
	f.blockedBefore += f.between(made.at, at)
	f.change(at, 1)
	f.begin(made.user, at)
}

// take has a consumer take the oldest item.
func (f *feed) take(at time.Duration) Next {
	consumer := f.free.take()
	due := f.waiting.pop()
	f.room.free(at)
	f.change(at, -1)
	f.busy.change(f.within(at), 1)
	return Next{Do: Start, User: consumer, At: due, Ready: at}
}

// rest is what to do where nothing can be put in or taken out by now. What is
// made while all consumers are busy is put in when one of them has ended: at
// the time at which it was made.
func (f *feed) rest() Next {
	switch due := f.due(); {
	case f.waiting.len > 0:
		return Next{Do: Idle}
	case len(f.making) == 0, due >= f.Until && f.Until != Never:
		return Next{Do: Done}
	case f.free.any():
		return Next{Do: Wait, At: due}
	}
	return Next{Do: Idle}
}

func (f *feed) ended(at, _ time.Duration, consumer uint32) {
	f.fill(at)
	f.settle(at)
	f.free.free(at, consumer)
	f.busy.change(f.within(at), -1)
}

// fill puts in what is made up to a time.
func (f *feed) fill(now time.Duration) {
	for at, puts := f.put(now); puts && at <= now; at, puts = f.put(now) {
		f.push(at)
	}
}

func (f *feed) overdue(now, until time.Duration, drop func(due time.Duration)) {
	f.Until = min(f.Until, until)
	f.fill(now)
	for f.waiting.len > 0 {
		drop(f.waiting.pop())
		f.change(now, -1)
	}
	for _, made := range f.making {
		f.blockedBefore += f.between(made.at, now)
	}
	f.making, f.Until = nil, min(f.Until, now) // the producers go; nothing that follows is measured
}

// change is that the queue is longer by so many, or shorter.
type change struct {
	at time.Duration
	by int
}

// change takes one in.
func (f *feed) change(at time.Duration, by int) {
	f.changes = append(f.changes, change{at, by})
	for i := len(f.changes) - 1; i > 0 && f.changes[i-1].at > at; i-- {
		f.changes[i-1], f.changes[i] = f.changes[i], f.changes[i-1]
	}
	f.tell(at, by)
}

// settle takes into the course what changed up to a time: that of an end, before
// which nothing is put in any more. Who waits by then may still be taken before.
func (f *feed) settle(until time.Duration) {
	if f.waiting.len > 0 {
		until = min(until, f.waiting.first())
	}
	n := 0
	for n < len(f.changes) && f.changes[n].at <= until {
		f.length.change(f.within(f.changes[n].at), f.changes[n].by)
		n++
	}
	f.changes = append(f.changes[:0], f.changes[n:]...)
}

// within is a time in the trial, or the nearest that is.
func (f *feed) within(at time.Duration) time.Duration { return max(0, min(at, f.Until)) }

// between is how much of a time lies in the trial, in nanoseconds.
func (f *feed) between(from, to time.Duration) float64 {
	return max(0, float64(f.within(to)-f.within(from)))
}

// Queue is what a feed's queue was like in a trial, without its warm-up and its
// drain.
type Queue struct {
	// LengthMean and LengthMost are of the items that waited; who is taken at
	// once does not wait.
	LengthMean float64
	LengthMost int
	// Blocked is how long producers waited for room, all of them together.
	Blocked time.Duration
	// Busy is the share of the time for which a consumer had an item.
	Busy float64
}

// until is where the figures end: where the trial does, and that of a batch with
// its last item.
func (f *feed) until(now time.Duration) time.Duration {
	switch over := f.waiting.len == 0 && f.busy.n == 0 && f.due() >= f.Until; {
	case !over:
		return f.within(now)
	case f.Until == Never:
		return f.busy.at
	}
	return f.Until
}

func (f *feed) queue(now time.Duration) *Queue {
	until := f.until(now)
	blocked := f.blockedBefore
	for _, made := range f.making {
		blocked += f.between(made.at, until)
	}
	length, busy := f.length, f.busy.to(until)
	for _, c := range f.changes {
		length.change(f.within(c.at), c.by)
	}
	length = length.to(until)
	q := &Queue{LengthMost: length.most, Blocked: Never}
	if blocked < float64(Never) {
		q.Blocked = time.Duration(blocked)
	}
	if until > 0 {
		q.LengthMean = length.area / float64(until)
		// Whatever was heard in which order: nothing is at the most less than its mean.
		q.LengthMost = max(q.LengthMost, min(f.Feed.Queue, int(math.Ceil(q.LengthMean-1e-9))))
		q.Busy = min(1, busy.area/float64(until)/float64(f.Consumers))
	}
	return q
}

// course is a number that changes in time: what it is, since when, and the area
// under it up to then, in nanoseconds.
type course struct {
	at   time.Duration
	n    int
	most int // for any time at all
	area float64
}

// change takes in that the number changes. Who tells of it late changes the area
// behind.
func (c *course) change(at time.Duration, by int) {
	if at < c.at {
		c.area += float64(by) * float64(c.at-at)
	} else {
		*c = c.to(at)
	}
	c.n += by
}

// to is the course up to a time.
func (c course) to(at time.Duration) course {
	if at > c.at {
		c.area += float64(c.n) * float64(at-c.at)
		c.most, c.at = max(c.most, c.n), at
	}
	return c
}
