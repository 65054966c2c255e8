package wait

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Poll is the real clock of a loop whose calls are the kernel's to end: who
// carries them registers descriptors, and waiting hands over what happens to
// these, by epoll or io_uring. All methods but Wake belong to the loop; the first Wait
// for what is to come locks it to its thread.
type Poll struct {
	zero      time.Time
	last      time.Duration // the last reading
	looked    time.Duration // when the descriptors were last looked at
	seen      time.Duration // what had happened by then has been handed over
	begun     time.Duration // the reading before the look at the first part of what is handed over in several
	poller    poller
	ring      *Ring // the same, if it is one; nil: it is epoll
	waiter    *Waiter
	places    []place // by their number in the poller's events
	free      []int32 // places that nobody has
	before    []Place // who has asked to be called before the next look
	again     []Place // who has asked to be called again
	meanwhile []Place // the memory for the next ones
	called    called
}

// Handler hears of what happens to a descriptor.
type Handler interface {
	// Ready is told what has happened, in epoll's bits; 0 means that it has
	// asked to be called again, and Due that it has asked to be called first.
	Ready(events uint32)
}

// Due is what Handler hears that has asked for Before; nothing that happens to a
// descriptor has that bit.
const Due uint32 = 1 << 31

// Place is where a descriptor is registered, until Leave.
type Place struct{ number, generation int32 }

type place struct {
	handler    Handler
	generation int32 // of who has it; those before have left
}

// stale is how old the last look at the descriptors may be when nobody waits: a
// loop that starts calls back to back need not ask the kernel before each. So
// long may an end go unnoticed, at worst.
const stale = 50 * time.Microsecond

// NewPoll makes a clock that shows the time since now, until Align. Waiting may
// spin for the given share of one core, 0 to 1.
func NewPoll(spin float64) (*Poll, error) {
	epoll, err := newEpoll()
	if err != nil {
		return nil, err
	}
	return pollOn(epoll, spin), nil
}

// NewRing makes one that has io_uring, and a Ring. Its error says what this system
// lacks, or that it forbids it.
func NewRing(spin float64) (*Poll, error) {
	ring, err := newRing()
	if err != nil {
		return nil, err
	}
	p := pollOn(ring, spin)
	p.ring, ring.bind = ring, p.waiter.bind
	return p, nil
}

// RingRefused says why a loop could not have a ring, from making it to giving it to the
// loop's thread; nil: it could.
func RingRefused() error {
	refused := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		ring, err := newRing()
		if err == nil {
			err = ring.ring.Enable()
			ring.Close()
		}
		refused <- err
	}()
	return <-refused
}

func pollOn(poller poller, spin float64) *Poll {
	p := &Poll{poller: poller, waiter: On(poller, spin)}
	p.zero = p.waiter.zero
	return p
}

// Ring is what sends and receives for those who ask it to; nil: there is none, and
// each does so by itself.
func (p *Poll) Ring() *Ring { return p.ring }

// Align has the clock show the time since zero from now on. Several loops of a
// trial share one.
func (p *Poll) Align(zero time.Time) {
	shift := p.zero.Sub(zero)
	p.zero, p.waiter.zero = zero, zero
	p.last += shift
	p.looked += shift
	p.seen += shift
	p.begun += shift
	p.waiter.seen += shift
}

// Zero is when the clock shows 0.
func (p *Poll) Zero() time.Time { return p.zero }

// At is what the clock showed at a time. It may be called from anywhere.
func (p *Poll) At(t time.Time) time.Duration { return t.Sub(p.zero) }

// Now reads the clock.
func (p *Poll) Now() time.Duration {
	p.last = time.Since(p.zero)
	return p.last
}

// Wait returns at the instant or soon after it, or sooner when something has
// happened to a descriptor, or Wake was called; what has happened has been
// handed over by then. Where the instant is past it only looks, and where it
// has just looked it returns the last reading.
func (p *Poll) Wait(until time.Duration) time.Duration {
	if until > p.last || !p.Fresh() {
		p.look(until)
	}
	return p.last
}

// Fresh tells whether the last look is so young that there need not be another
// one.
func (p *Poll) Fresh() bool { return p.last-p.looked < stale }

// Refresh has the next Wait look, however young the last look is.
func (p *Poll) Refresh() { p.looked = min(p.looked, p.last-stale) }

// Seen is up to which instant all that has happened was there to be handed
// over: whose answer has not come is late, if it was due by then.
func (p *Poll) Seen() time.Duration { return p.seen }

// look waits until the given time for something to happen, and hands over what
// did.
func (p *Poll) look(until time.Duration) {
	for i := 0; i < len(p.before); i++ { // they may ask for it anew
		p.tell(p.before[i], Due)
	}
	p.before = p.before[:0]
	before := p.last
	if until > p.last && len(p.again) == 0 {
		p.waiter.wait(min(until, p.last+farthest))
	} else {
		p.poller.Look()
	}
	p.looked = p.Now()
	events, left := p.poller.take()
	p.note(before, left)
	again := p.again
	p.again = p.meanwhile[:0]
	for _, event := range events {
		p.tell(Place{event.Fd, event.Pad}, event.Events)
	}
	for _, at := range again {
		p.tell(at, 0)
	}
	p.meanwhile = again
	for _, at := range p.called.take() {
		p.tell(at, 0)
	}
}

// note notes up to when all has been handed over, after a look that began at that
// time.
func (p *Poll) note(before time.Duration, left rest) {
	if left != none {
		p.Refresh()
	}
	switch left {
	case none:
		p.seen, p.begun = before, before
	case another:
		p.seen, p.begun = p.begun, before
	}
}

// tell calls whose place it is, unless he has left.
func (p *Poll) tell(at Place, events uint32) {
	if here := &p.places[at.number]; here.generation == at.generation {
		here.handler.Ready(events)
	}
}

// Add registers a descriptor for all its life, edge-triggered, for its owner to
// hear of.
func (p *Poll) Add(fd int, owner Handler) (Place, error) {
	if len(p.free) == 0 {
		p.free = append(p.free, int32(len(p.places)))
		p.places = append(p.places, place{})
	}
	last := len(p.free) - 1
	number := p.free[last]
	at := Place{number, p.places[number].generation}
	if err := p.poller.add(fd, at); err != nil {
		return Place{}, err
	}
	p.free = p.free[:last]
	p.places[number].handler = owner
	return at, nil
}

// Leave gives the place of a descriptor back that its owner closes: of what has
// happened to it he does not hear any more.
func (p *Poll) Leave(at Place) {
	here := &p.places[at.number]
	here.handler = nil
	here.generation++
	p.free = append(p.free, at.number)
	p.poller.leave(at)
}

// Again has the next Wait not wait, and call who has the place: it has left
// things undone, for others to have their turn.
func (p *Poll) Again(at Place) { p.again = append(p.again, at) }

// Before has the next Wait that looks call first who has the place: it has put
// things off for which the loop had no time. The look waits all the same, unless
// somebody asks for Again.
func (p *Poll) Before(at Place) { p.before = append(p.before, at) }

// Call has the Wait under way, or else the next one, return at once, and call who has
// the place. It may be called from anywhere.
func (p *Poll) Call(at Place) {
	p.called.put(at)
	p.Wake()
}

// called are places that others than the loop want to be called.
type called struct {
	any    atomic.Bool // there are some
	mu     sync.Mutex
	places []Place
}

func (c *called) put(at Place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places = append(c.places, at)
	c.any.Store(true)
}

func (c *called) take() (places []Place) {
	if !c.any.Load() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	places, c.places = c.places, nil
	c.any.Store(false)
	return places
}

// Wake makes the Wait under way, or else the next one, return at once. It may
// be called from anywhere.
func (p *Poll) Wake() { p.waiter.Wake() }

// Spun is how long waiting has spun so far.
func (p *Poll) Spun() time.Duration { return p.waiter.Spun() }

// Close gives thread and descriptors back. Those registered are their owners'.
func (p *Poll) Close() { p.waiter.Close() }
