package wait

import (
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// byPolls runs a test with each kind of Poll that this system has.
func byPolls(t *testing.T, test func(*testing.T, *Poll)) {
	t.Run("epoll", func(t *testing.T) { test(t, opened(t, NewPoll)) })
	t.Run("io_uring", func(t *testing.T) { test(t, newRingPoll(t)) })
}

func newRingPoll(t *testing.T) *Poll {
	t.Helper()
	if err := RingRefused(); err != nil {
		t.Skip(err)
	}
	return opened(t, NewRing)
}

func opened(t *testing.T, open func(spin float64) (*Poll, error)) *Poll {
	t.Helper()
	p, err := open(DefaultSpin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// However far away the instant is, Wait comes back then, and not before.
func TestPollComesBack(t *testing.T) { byPolls(t, testPollComesBack) }

func testPollComesBack(t *testing.T, p *Poll) {
	p.Align(time.Now().Add(time.Hour)) // a warm-up's clock is below zero
	for _, d := range []time.Duration{0, time.Microsecond, time.Millisecond, soon, 3 * soon} {
		until := p.Now() + d
		now := until
		for now = p.Wait(until); now < until; now = p.Wait(until) {
			t.Errorf("for %v: back %v before, without an event", d, until-now)
		}
	}
	if p.Now() > 0 {
		t.Errorf("the clock shows %v", p.Now())
	}
}

// No wake is lost, neither one during a wait nor one before it.
func TestPollLosesNoWake(t *testing.T) { byPolls(t, testPollLosesNoWake) }

func testPollLosesNoWake(t *testing.T, p *Poll) {
	var woken sync.WaitGroup
	for range 2000 {
		woken.Go(p.Wake)
		until := p.Now() + 10*time.Second
		if p.Wait(until) >= until {
			t.Fatal("a wake was lost")
		}
		woken.Wait()
	}
}

// heard is who owns a descriptor.
type heard struct {
	events []uint32
	then   func()
}

func (h *heard) Ready(events uint32) {
	h.events = append(h.events, events)
	if h.then != nil {
		h.then()
	}
}

// settle has everything handed over that has happened.
func settle(p *Poll) {
	p.Refresh()
	p.Wait(p.Now())
}

func event(t *testing.T) (fd int, ring func()) {
	t.Helper()
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd, func() { _, _ = unix.Write(fd, []byte{7: 1}) }
}

// What happens to a descriptor reaches its owner, at once, and him only: who
// has left hears nothing more, not even of what had happened by then, nor does
// the one who gets his place.
func TestPollHandsOverToOwners(t *testing.T) { byPolls(t, testPollHandsOverToOwners) }

func testPollHandsOverToOwners(t *testing.T, p *Poll) {
	var first, second, third heard
	places := map[*heard]Place{}
	add := func(h *heard) (ring func()) {
		fd, ring := event(t)
		at, err := p.Add(fd, h)
		if err != nil {
			t.Fatal(err)
		}
		places[h] = at
		return ring
	}
	ringFirst, ringSecond := add(&first), add(&second)
	leave := func(who *heard) func() {
		return func() {
			if at, there := places[who]; there {
				p.Leave(at)
				delete(places, who)
				add(&third)
			}
		}
	}
	settle(p)
	if len(first.events) != 1 || len(second.events) != 1 { // that they can be written to
		t.Fatalf("%v and %v", first.events, second.events)
	}
	first.events, second.events = nil, nil
	first.then, second.then = leave(&second), leave(&first) // whoever comes first sends the other away
	ringFirst()
	ringSecond()
	p.Wait(p.Now() + time.Second)
	if len(first.events)+len(second.events) != 1 {
		t.Errorf("not one heard of it: %v and %v", first.events, second.events)
	}
	for _, e := range third.events {
		if e&unix.EPOLLIN != 0 {
			t.Errorf("who took the place heard of what was not his: %v", third.events)
		}
	}
}

// Who has left things undone is called again at the next wait, which does not
// wait.
func TestPollCallsAgain(t *testing.T) { byPolls(t, testPollCallsAgain) }

func testPollCallsAgain(t *testing.T, p *Poll) {
	fd, _ := event(t)
	var h heard
	at, err := p.Add(fd, &h)
	if err != nil {
		t.Fatal(err)
	}
	settle(p)
	h.events = nil
	p.Again(at)
	if until := p.Now() + time.Hour; p.Wait(until) >= until || len(h.events) != 1 || h.events[0] != 0 {
		t.Errorf("called with %v", h.events)
	}
	p.Again(at)
	p.Leave(at)
	if settle(p); len(h.events) != 1 {
		t.Errorf("called after he had left: %v", h.events)
	}
}

// Who has put things off is called before the next look, which waits all the same.
func TestPollCallsBefore(t *testing.T) { byPolls(t, testPollCallsBefore) }

func testPollCallsBefore(t *testing.T, p *Poll) {
	fd, _ := event(t)
	var h heard
	at, err := p.Add(fd, &h)
	if err != nil {
		t.Fatal(err)
	}
	settle(p)
	h.events = nil
	p.Before(at)
	if until := p.Now() + time.Millisecond; p.Wait(until) < until || len(h.events) != 1 || h.events[0] != Due {
		t.Errorf("called with %v", h.events)
	}
	p.Before(at)
	p.Leave(at)
	if settle(p); len(h.events) != 1 {
		t.Errorf("called after he had left: %v", h.events)
	}
}
