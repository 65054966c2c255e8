package wait

import (
	"time"
)

// Poll is the real clock of a loop that sees to descriptors itself: it waits in
// epoll, on a thread of its own, and hands what happened there to whoever
// registered them. All methods but Wake belong to the loop.
type Poll struct {
	*Waiter
	poller *poller
	zero   time.Time
	last   time.Duration // the last reading
	looked time.Duration // when the descriptors were last looked at
	sure   time.Duration
	places []place
	free   []int32
}

// Handler sees to what has happened to a descriptor: bits of epoll's.
type Handler interface{ Ready(events uint32) }

// place is a registered descriptor's. Events of one that has left it are void.
type place struct {
	handler    Handler
	generation int32
}

// stale is how old the last look at the descriptors may be when nobody waits: a
// loop that starts calls back to back need not ask the kernel before each. So
// long may an end go unnoticed, at worst.
const stale = 50 * time.Microsecond

// NewPoll makes a clock that shows 0, and may spin for the given share of one
// core, 0 to 1.
func NewPoll(spin float64) (*Poll, error) {
	poller, err := newPoller()
	if err != nil {
		return nil, err
	}
	return &Poll{Waiter: On(poller, spin), poller: poller, zero: time.Now()}, nil
}

// Align has the clock show 0 at that time. Nobody waits yet.
func (p *Poll) Align(zero time.Time) {
	p.zero = zero
	p.looked = p.Now()
}

// Now reads the clock.
func (p *Poll) Now() time.Duration {
	p.last = time.Since(p.zero)
	return p.last
}

// Last is the last reading.
func (p *Poll) Last() time.Duration { return p.last }

// At is what the clock showed at a time.
func (p *Poll) At(t time.Time) time.Duration { return t.Sub(p.zero) }

// Seen is up to when everything that has happened has been seen to.
func (p *Poll) Seen() time.Duration { return p.sure }

// Idle tells that nobody has looked at the descriptors for so long that one may
// have come to its end unnoticed.
func (p *Poll) Idle() bool { return p.last-p.looked > stale }

// Add registers a descriptor for all its life, and says where: Remove wants to
// know that when it is closed.
func (p *Poll) Add(fd int, h Handler) (at int32, err error) {
	if last := len(p.free) - 1; last >= 0 {
		at, p.free = p.free[last], p.free[:last]
	} else {
		at = int32(len(p.places))
		p.places = append(p.places, place{})
	}
	p.places[at].handler = h
	if err = p.poller.add(fd, at, p.places[at].generation); err != nil {
		p.Remove(at)
	}
	return at, err
}

// Remove forgets a descriptor: what was seen of it is void from now on.
func (p *Poll) Remove(at int32) {
	p.places[at].handler = nil
	p.places[at].generation++
	p.free = append(p.free, at)
}

// Wait returns the clock's reading at `until`, or sooner when something has
// happened to a descriptor, which has been seen to then, or when Wake is called,
// or was called since. Where `until` is past it looks at the descriptors, unless
// it has just done so.
func (p *Poll) Wait(until time.Duration) time.Duration {
	if until <= p.last && p.last-p.looked < stale {
		return p.last
	}
	p.sure = p.last
	if until > p.last {
		p.Waiter.Wait(p.zero.Add(min(until, p.last+farthest)))
	} else {
		p.poller.Look()
	}
	p.looked = p.Now()
	events := p.poller.take()
	if len(events) == cap(p.poller.events) { // there may be more
		p.looked -= stale
	}
	for _, event := range events {
		if at := p.places[event.Fd]; at.handler != nil && at.generation == event.Pad {
			at.handler.Ready(event.Events)
		}
	}
	return p.last
}
