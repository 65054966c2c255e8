package wait

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pair is a socket of a ring's, and the other side's.
type pair struct {
	*testing.T
	poll  *Poll
	ring  *Ring
	at    Place
	fd    int
	peer  *os.File
	heard heard
}

func newPair(t *testing.T, poll *Poll) *pair {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{T: t, poll: poll, ring: poll.Ring(), fd: fds[0], peer: os.NewFile(uintptr(fds[1]), "peer")}
	t.Cleanup(func() { _ = p.peer.Close(); p.close() })
	if p.at, err = poll.Add(p.fd, &p.heard); err != nil {
		t.Fatal(err)
	}
	settle(poll)
	return p
}

// receives has the ring receive for it.
func (p *pair) receives() *pair {
	p.ring.Receive(p.at)
	settle(p.poll)
	p.heard.events = nil
	return p
}

func (p *pair) close() {
	if p.fd >= 0 {
		p.poll.Leave(p.at)
		_ = unix.Close(p.fd)
		p.fd = -1
	}
}

func (p *pair) say(text string) {
	p.Helper()
	if _, err := io.WriteString(p.peer, text); err != nil {
		p.Fatal(err)
	}
}

// pass lets the loop go on until something is so.
func (p *pair) pass(what string, is func() bool) {
	p.Helper()
	for limit := time.Now().Add(20 * time.Second); !is(); p.poll.Wait(p.poll.Now() + time.Millisecond) {
		if time.Now().After(limit) {
			p.Fatalf("waited for 20 s: %s; heard of %d things", what, len(p.heard.events))
		}
	}
}

// heardOf tells whether its owner has heard of that.
func (p *pair) heardOf(event uint32) func() bool {
	return func() bool {
		for _, e := range p.heard.events {
			if e&event != 0 {
				return true
			}
		}
		return false
	}
}

// What comes is there when its owner hears of it, in the order in which it came, and
// the end behind it.
func TestRingReceives(t *testing.T) {
	p := newPair(t, newRingPoll(t)).receives()
	p.say("one ")
	p.pass("a word", p.heardOf(unix.EPOLLIN))
	p.say("two ")
	settle(p.poll)
	_ = p.peer.Close()
	p.pass("the end", p.heardOf(unix.EPOLLRDHUP))
	var all []byte
	for p.ring.Any(p.at) {
		b, _ := p.ring.Received(p.at)
		all = append(all, b...)
	}
	if b, errno := p.ring.Received(p.at); string(all) != "one two " || !p.ring.Ended(p.at) || len(b) > 0 || errno != 0 {
		t.Errorf("received %q, then %q and %v", all, b, errno)
	}
}

// Who says something and closes at once is heard to have done both.
func TestRingSeesEndsBehindWords(t *testing.T) {
	poll := newRingPoll(t)
	for range 20 {
		p := newPair(t, poll)
		p.say("bye")
		_ = p.peer.Close()
		p.receives()
		p.pass("the end", func() bool { return p.ring.Ended(p.at) })
		if b, _ := p.ring.Received(p.at); string(b) != "bye" {
			t.Errorf("received %q", b)
		}
		p.close()
	}
}

// More than there is memory for comes as memory is given back, nothing is lost, and
// others have their share of it.
func TestRingRunsOutOfMemory(t *testing.T) {
	poll := newRingPoll(t)
	p, other := newPair(t, poll).receives(), newPair(t, poll).receives()
	sent := bytes.Repeat([]byte("0123456789abcdef!"), 4*pieces*pieceSize/17)
	go func() { _, _ = p.peer.Write(sent); _ = p.peer.Close() }()
	p.pass("all memory is taken", func() bool {
		taken := 0
		for q := p.ring.sockets[p.at.number].queue.first; q >= 0; q = p.ring.next[q] {
			taken++
		}
		return taken == pieces
	})
	p.pass("the ring has nowhere to receive to", func() bool { return len(p.ring.starved) > 0 })
	if p.ring.restock(); p.ring.ring.Asked() > 0 {
		t.Error("the kernel is asked to receive though there is no memory for that")
	}
	other.say("hello")
	var all []byte
	p.pass("all has come", func() bool {
		for n := 0; n < 5 && p.ring.Any(p.at); n++ {
			b, _ := p.ring.Received(p.at)
			all = append(all, b...)
		}
		return len(all) >= len(sent)
	})
	if !bytes.Equal(all, sent) {
		t.Errorf("%d bytes have come of %d", len(all), len(sent))
	}
	if b, _ := other.ring.Received(other.at); string(b) != "hello" {
		t.Errorf("the other has %q", b)
	}
}

// A post is with the other side after the next look, whatever becomes of its bytes
// meanwhile, and nobody hears of it; one that is not taken whole says how much is left.
func TestRingPosts(t *testing.T) {
	p := newPair(t, newRingPoll(t)).receives()
	text := []byte("hello")
	if !p.ring.Post(p.at, text) || p.ring.Posted(p.at) != len(text) || p.ring.Post(p.at, text) {
		t.Fatal("not posted once")
	}
	copy(text, "XXXXX")
	settle(p.poll)
	var b [100]byte
	if n, err := p.peer.Read(b[:]); string(b[:n]) != "hello" || p.ring.Posted(p.at) != 0 || len(p.heard.events) > 0 {
		t.Fatalf("%q, %v; heard %v", b[:n], err, p.heard.events)
	}
	for errno := error(nil); errno == nil; { // nothing more fits
		_, errno = unix.Write(p.fd, make([]byte, 64<<10))
	}
	p.ring.Post(p.at, []byte("late"))
	p.ring.Flush(p.at)
	owed, over := p.ring.Owed(p.at), p.ring.Post(p.at, []byte("later"))
	settle(p.poll)
	if left, errno := p.ring.Unsent(p.at); string(left) != "late" || owed != 4 || over || errno != unix.EAGAIN || !p.heardOf(Unsent)() {
		t.Fatalf("left %q, %d, %v; posted over that: %v; heard %v", left, owed, errno, over, p.heard.events)
	}
	p.heard.events = nil
	p.ring.Room(p.at)
	settle(p.poll)
	if p.heardOf(unix.EPOLLOUT)() {
		t.Error("there is no room yet")
	}
	go func() { _, _ = io.Copy(io.Discard, p.peer) }()
	p.pass("room", p.heardOf(unix.EPOLLOUT))
	_ = unix.Shutdown(p.fd, unix.SHUT_WR)
	p.ring.Post(p.at, []byte("late"))
	settle(p.poll)
	if left, errno := p.ring.Unsent(p.at); string(left) != "late" || errno != unix.EPIPE {
		t.Fatalf("left %q, %v", left, errno)
	}
}

// Who leaves hangs up, though the ring receives for him, and before the next look;
// nothing that he has asked for befalls whoever has his descriptor next.
func TestRingIsLeft(t *testing.T) {
	poll := newRingPoll(t)
	first := newPair(t, poll).receives()
	first.ring.Post(first.at, []byte("of the first"))
	first.ring.Room(first.at)
	number := first.fd
	_ = first.peer.SetReadDeadline(time.Now().Add(20 * time.Second))
	first.close()
	if n, err := first.peer.Read(make([]byte, 10)); n > 0 || !errors.Is(err, io.EOF) {
		t.Errorf("the other side read %d bytes, %v", n, err)
	}
	second := newPair(t, poll).receives()
	if second.fd != number {
		t.Skip("another descriptor")
	}
	second.say("x")
	second.pass("a word", second.heardOf(unix.EPOLLIN))
	_ = second.peer.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := second.peer.Read(make([]byte, 100)); n > 0 {
		t.Errorf("%d bytes have come to the second's, %v", n, err)
	}
	if len(first.heard.events) > 0 {
		t.Errorf("who had left heard %v", first.heard.events)
	}
}

// What has come for one who leaves is given back, though much else is asked for at the
// time.
func TestRingIsLeftWithWordsUnheard(t *testing.T) {
	poll := newRingPoll(t)
	for range 2 * pieces {
		p := newPair(t, poll).receives()
		p.say("x")
		for p.ring.ring.Asked() < asksAtOnce {
			p.ring.ask(mark(Place{}, forNothing)).Nothing()
		}
		p.close()
	}
	last := newPair(t, poll).receives()
	last.say("hello")
	last.pass("a word", last.heardOf(unix.EPOLLIN))
}

// What is closed is given back, memory and descriptors, whoever was connected.
func TestRingsAreClosed(t *testing.T) {
	newRingPoll(t)
	before := descriptors(t)
	for range 20 {
		p, err := NewRing(DefaultSpin)
		if err != nil {
			t.Fatal(err)
		}
		settle(p)
		p.Close()
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors are open, %d were", after, before)
	}
}

// Those who always have more keep nobody from being told that all which was there has
// been seen.
func TestSeenGoesOnThoughSomeSayMore(t *testing.T) {
	poll := newRingPoll(t)
	var p *pair
	for range 2 * atATime {
		one := newPair(t, poll).receives()
		one.heard.then = func() {
			for one.ring.Any(one.at) {
				_, _ = one.ring.Received(one.at)
			}
			_, _ = one.peer.WriteString("more")
		}
		one.say("more")
		p = one
	}
	for range 5 {
		now := poll.Now()
		p.pass("a look that began after that", func() bool { return poll.Seen() > now })
	}
}
