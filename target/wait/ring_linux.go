package wait

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/target/uring"
)

// Ring is io_uring, as a poller that also receives and sends: what comes to a
// descriptor whose owner asks for that lies there when it is told of, and what he
// posts goes out with the system call that the loop waits by.
//
// A descriptor begins watched, as with epoll: its owner hears of what happens to it.
// From Receive on he hears of what was received, and of nothing else that he has not
// asked for. All happens on the thread of the loop, and only while it looks.
type Ring struct {
	pulse
	ring    *uring.Ring
	alarm   *Alarm
	bind    func() // locks the loop to its thread
	sockets []socket
	events  []unix.EpollEvent // seen and not yet taken
	taken   []unix.EpollEvent // the memory of those that were
	turns   int               // looks in a row after which more was left
	store
	outgoing
}

// socket is what the ring knows of a descriptor, by the number of its place.
type socket struct {
	fd         int32
	generation int32 // of who has the place
	phase      phase
	queue      queue // of what was received
	ended      bool  // nothing will be received any more
	hungUp     bool  // nor will anything come that has not
	errno      unix.Errno
	told       int // the place of its event among those not yet taken, from 1; 0: it has none
	draft
}

// phase is what the ring does for a descriptor's owner.
type phase uint8

const (
	gone phase = iota
	watched
	receiving
)

// Asks and dones there is room for at once. More asks are handed to the kernel at
// once; it keeps more dones by itself, at some cost.
const (
	asksAtOnce  = 256
	donesAtOnce = 1024
)

func newRing() (r *Ring, err error) {
	r = &Ring{alarm: NewAlarm()}
	r.pulse, err = newPulse()
	if err == nil && r.alarm.Fd() < 0 {
		err = unix.EMFILE
	}
	if err == nil {
		r.ring, err = uring.New(asksAtOnce, donesAtOnce)
	}
	if err == nil {
		err = r.ring.Provide(pieces, pieceSize)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	r.outgoing.memory = make([]byte, 0, postsAtOnce)
	r.listen(forAlarm)
	r.listen(forPulse)
	return r, nil
}

// purpose is what an ask is for; marks have it, and whose it is.
type purpose uint8

const (
	forAlarm purpose = iota
	forPulse
	forWatching
	forReceiving
	forEnd
	forRoom
	forSending
	forNothing // of what is given up
)

// mark is the purpose, and the place as far as there is room: no ask lasts as long
// as it takes to use the place so often that a generation comes again.
func mark(at Place, what purpose) uint64 {
	return uint64(what)<<56 | uint64(at.generation&0xffffff)<<32 | uint64(uint32(at.number))
}

// of is the purpose of a mark and whose it is; nil: he has left.
func (r *Ring) of(mark uint64) (what purpose, at Place, s *socket) {
	what = purpose(mark >> 56)
	if what == forAlarm || what == forPulse {
		return what, Place{}, nil
	}
	at.number = int32(uint32(mark))
	if here := &r.sockets[at.number]; here.phase != gone && here.generation&0xffffff == int32(mark>>32)&0xffffff {
		at.generation, s = here.generation, here
	}
	return what, at, s
}

// ask is room for an ask.
func (r *Ring) ask(mark uint64) *uring.Ask {
	a := r.ring.Ask()
	for ; a == nil; a = r.ring.Ask() {
		r.submit()
	}
	a.Mark = mark
	return a
}

// listen asks for rings of the alarm, or beats of the pulse.
func (r *Ring) listen(what purpose) {
	fd := r.timer
	if what == forAlarm {
		fd = r.alarm.Fd()
	}
	r.ask(mark(Place{}, what)).Poll(fd, unix.EPOLLIN, true)
}

func (r *Ring) add(fd int, at Place) error {
	for int(at.number) >= len(r.sockets) {
		r.sockets = append(r.sockets, socket{})
	}
	r.sockets[at.number] = socket{fd: int32(fd), generation: at.generation, phase: watched, queue: empty}
	r.ask(mark(at, forWatching)).Poll(fd, everything, true)
	return nil
}

// leave gives up all that was asked for the descriptor. It is hung up, if it is a
// socket: that ends receiving at once, and the other side need not wait for the next
// look, until which the kernel keeps what is closed.
func (r *Ring) leave(at Place) {
	s := &r.sockets[at.number]
	r.ring.Waiting(func(a *uring.Ask) {
		if of, _, whose := r.of(a.Mark); whose == s && of != forNothing {
			a.Nothing()
			a.Mark = mark(at, forNothing)
		}
	})
	r.discard(s)
	_ = unix.Shutdown(int(s.fd), unix.SHUT_RDWR)
	was := s.phase
	s.phase, s.told = gone, 0 // from now on: to give up may be to look
	if was == watched {
		r.giveUp(at, forWatching)
	} else if !s.ended {
		r.giveUp(at, forReceiving)
	}
	if was == receiving && !s.hungUp {
		r.giveUp(at, forEnd)
	}
}

// giveUp has the kernel forget what was asked for, if it is still about that.
func (r *Ring) giveUp(at Place, what purpose) {
	r.ask(mark(at, forNothing)).Cancel(mark(at, what))
}

// Receive has the ring receive what comes to the descriptor, a socket that is
// connected, from now on. The kernel does not try once more behind what was there: an
// end that had come with it (a reset, or any end of a Unix socket) it would not see.
// So that is asked for beside it.
func (r *Ring) Receive(at Place) {
	s := &r.sockets[at.number]
	s.phase = receiving
	r.giveUp(at, forWatching)
	r.ask(mark(at, forReceiving)).Receive(int(s.fd))
	r.ask(mark(at, forEnd)).Poll(int(s.fd), unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR, false)
}

// Room has its owner hear, once, when the descriptor takes bytes (EPOLLOUT).
func (r *Ring) Room(at Place) {
	if s := &r.sockets[at.number]; s.phase == receiving {
		r.ask(mark(at, forRoom)).Poll(int(s.fd), unix.EPOLLOUT, false)
	}
}

// Sleep waits for something to happen, at most for d, and may return before without
// anything.
func (r *Ring) Sleep(d time.Duration) (seen bool) {
	if len(r.events) > 0 {
		return r.Look()
	}
	return r.sleep(d, r)
}

func (r *Ring) waitFor(d time.Duration) (seen bool) {
	r.restock()
	r.enter(int64(d), d < beat)
	return len(r.events) > 0
}

// Look sees what has happened. Where the kernel has nothing for the loop, nor the
// loop anything for the kernel, that is no system call.
func (r *Ring) Look() bool {
	if r.restock(); r.ring.Asked() > 0 || r.ring.More() {
		r.enter(uring.NotAtAll, true)
	}
	return len(r.events) > 0
}

// submit hands what is asked for to the kernel now.
func (r *Ring) submit() { r.enter(uring.NotAtAll, true) }

func (r *Ring) enter(wait int64, raw bool) {
	if !r.ring.Enabled() {
		r.bind()
		if err := r.ring.Enable(); err != nil { // though RingRefused has just tried that
			panic(fmt.Errorf("the kernel takes io_uring away from a loop that has calls on it: %w", err))
		}
	}
	_ = r.ring.Enter(wait, raw) // what it could not do it does the next time
	for done, any := r.ring.Take(); any; done, any = r.ring.Take() {
		r.saw(done)
	}
	r.handedOver()
}

// saw notes something that is done.
func (r *Ring) saw(d uring.Done) {
	what, at, s := r.of(d.Mark)
	switch {
	case what == forAlarm:
		r.alarm.Reset()
	case what == forPulse:
		r.heard()
	case what == forReceiving:
		r.received(at, s, d)
		return
	case s == nil || d.Res < 0 && what != forSending: // it was given up
		return
	case what == forSending:
		r.fellShort(at, s, d.Res)
		return
	case what == forEnd:
		s.hungUp = true
		r.tell(at, s, unix.EPOLLIN|unix.EPOLLRDHUP)
		return
	case what == forWatching && s.phase != watched: // receiving tells of all there is
		return
	default:
		r.tell(at, s, uint32(d.Res))
	}
	if d.More() || d.Res < 0 {
		return
	}
	switch what {
	case forAlarm, forPulse:
		r.listen(what)
	case forWatching:
		r.ask(d.Mark).Poll(int(s.fd), everything, true)
	}
}

// tell has a descriptor's owner hear of it.
func (r *Ring) tell(at Place, s *socket, events uint32) {
	if s.told == 0 {
		r.events = append(r.events, unix.EpollEvent{Fd: at.number, Pad: at.generation})
		s.told = len(r.events)
	}
	r.events[s.told-1].Events |= events
}

// atATime is how much the kernel does in one look that waits for nothing in
// particular.
const atATime = 20

// take hands over what has been seen. Nobody is seen to twice before all others
// have been: so after as many looks as it takes for all, what is left is new.
func (r *Ring) take() (events []unix.EpollEvent, left rest) {
	events = r.events
	r.events, r.taken = r.taken[:0], events
	for _, event := range events {
		r.sockets[event.Fd].told = 0
	}
	switch {
	case !r.ring.More():
		r.turns = 0
		return events, none
	case r.turns*atATime <= 2*len(r.sockets):
		r.turns++
		return events, some
	}
	r.turns = 0
	return events, another
}

func (r *Ring) Rouse() { r.alarm.Ring() }

func (r *Ring) Close() {
	r.alarm.Close()
	r.close()
	if r.ring != nil {
		r.ring.Close()
	}
}
