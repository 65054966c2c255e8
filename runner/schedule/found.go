package schedule

import "time"

// Found is a schedule of calls that are found while others are carried out, as
// the pages of a site are: each is due when it is found, and the one that has
// waited longest is made next. It is over when nothing waits and nothing is in
// flight.
type Found struct {
	// Users are at most as many calls in flight; 0: as many as there are.
	Users int
	// Think draws a user's pause between an end and its next call; nil: none.
	Think func() time.Duration
	// Limit keeps the starts apart; nil: nothing does.
	Limit Arrivals
}

// NewFound makes the schedule. What is found is told by Offer.
func NewFound(f Found, stop StopOn) *Schedule {
	source := &found{Found: f, free: crew{max: f.Users}}
	if f.Limit != nil {
		source.gate = f.Limit.gate()
	}
	return &Schedule{stopOn: stop, source: source, gate: source.gate, found: source}
}

// Offer tells that something to call was found; times do not decrease.
func (s *Schedule) Offer(at time.Duration) { s.found.waiting.push(at) }

// found is a line of what was found, and the users who are free for it.
type found struct {
	Found
	gate    gate
	waiting ring[time.Duration] // when each was found, the oldest first
	free    crew                // the users, unless there are as many as it takes
}

func (f *found) next(now time.Duration, inFlight int) Next {
	if f.waiting.len == 0 {
		if inFlight == 0 {
			return Next{Do: Done}
		}
		return Next{Do: Idle}
	}
	ready, known := f.ready()
	switch {
	case !known:
		return Next{Do: Idle}
	case ready > now:
		return Next{Do: Wait, At: ready}
	}
	if f.gate != nil {
		opens, opened := f.gate.Opens(now)
		if opens > now {
			return Next{Do: Wait, At: opens}
		}
		ready = max(ready, opened)
		f.gate.Pass(ready)
	}
	if f.Users > 0 {
		f.free.take()
	}
	return Next{Do: Start, At: f.waiting.pop(), Ready: ready}
}

// ready is when a user is free for what has waited longest; false: nobody is
// known to be.
func (f *found) ready() (at time.Duration, known bool) {
	switch {
	case f.Users == 0:
		return f.waiting.first(), true
	case f.free.any():
		return max(f.waiting.first(), f.free.freeSince()), true
	}
	return 0, false
}

func (f *found) ended(at, _ time.Duration, _ uint32) {
	if f.Users == 0 {
		return
	}
	if f.Think != nil {
		at = later(at, f.Think())
	}
	f.free.free(at, 0)
}

func (f *found) overdue(_, _ time.Duration, drop func(due time.Duration)) {
	for f.waiting.len > 0 {
		drop(f.waiting.pop())
	}
}
