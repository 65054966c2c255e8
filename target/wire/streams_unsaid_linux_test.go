package wire_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	peers "golang.org/x/net/http2"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// A call that is given up before anything of it has left is not sent at all: neither
// on a connection that is not there yet, nor on one that is. The others are.
func TestCallsGivenUpBeforeTheyLeaveAreNotSent(t *testing.T) {
	byLoops(t, testCallsGivenUpBeforeTheyLeaveAreNotSent)
}

func testCallsGivenUpBeforeTheyLeaveAreNotSent(t *testing.T, by kind) {
	s := share(t, atOnce)
	e := by.multiplex(t, s.address, 0, func(o *Options) {
		o.Requests = []http1.Request{ask("GET", ""), ask("PUT", strings.Repeat("x", 3000))}
	})
	for round := range 3 { // from the second on the connection is there
		e.send(0, 6)
		for n := range 3 {
			e.CancelOne(uint32(n), uint64(n))
		}
		for _, done := range collect(t, e, 6) {
			switch given := done.ID.Slot() < 3; {
			case given && (done.Class != target.Cancelled || done.BytesOut != 0 || done.Attempts != 1), !given && !done.OK():
				t.Fatalf("round %d: %+v", round, done)
			}
		}
		if seen := s.heads.Load(); seen != int64(3*(round+1)) || s.resets.Load() != 0 {
			t.Fatalf("round %d: the server has seen %d requests, and %d resets", round, seen, s.resets.Load())
		}
	}
	e.send(0, 1)
	e.CancelOne(0, 0)
	collect(t, e, 1)
	expectOK(t, call(t, e, 2))
	if s.heads.Load() != 11 || s.conns.Load() != 1 {
		t.Errorf("%d requests over %d connections", s.heads.Load(), s.conns.Load())
	}
}

// partly is a server that begins as one of HTTP/2, reads nothing from when a body
// comes until it is told to, then all that there is; and how many bytes of bodies
// that were.
func partly(p *peer, goOn chan struct{}, bodies chan int) {
	frames := peers.NewFramer(p.out, p.in)
	preface := make([]byte, len(peers.ClientPreface))
	_, _ = io.ReadFull(p.in, preface)
	_ = frames.WriteSettings(wide...)
	_ = frames.WriteWindowUpdate(0, 1<<31-1-65535)
	var all bytes.Buffer
	for heads := 0; heads < 2; {
		f, err := frames.ReadFrame()
		if err != nil {
			return
		}
		if f.Header().Type == peers.FrameHeaders {
			if heads++; heads == 1 {
				_ = frames.WriteHeaders(peers.HeadersFrameParam{StreamID: f.Header().StreamID, BlockFragment: []byte{0x88}, EndHeaders: true, EndStream: true})
			}
		}
	}
	<-goOn
	_, _ = io.Copy(&all, p.in)
	sum := 0
	for b := all.Bytes(); len(b) >= 9; {
		size := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
		there := min(size, len(b)-9)
		if b[3] == byte(peers.FrameData) {
			sum += there
		}
		b = b[9+there:]
	}
	bodies <- sum
}

// What is told of a request's bytes where its connection is given up in its midst is
// what its server reads of it, but for records of TLS of which the system has a part.
func TestBytesOfABrokenOffUploadAreThoseThatHaveLeft(t *testing.T) {
	byLoops(t, testBytesOfABrokenOffUploadAreThoseThatHaveLeft)
}

func testBytesOfABrokenOffUploadAreThoseThatHaveLeft(t *testing.T, by kind) {
	for _, secured := range []bool{false, true} {
		t.Run(fmt.Sprintf("secured: %v", secured), func(t *testing.T) {
			goOn, bodies := make(chan struct{}), make(chan int, 1)
			script := func(p *peer) { partly(p, goOn, bodies) }
			var address string
			var config *tls.Config
			if secured {
				address, config = secure(t, script)
			} else {
				address = serve(t, script)
			}
			e := by.multiplex(t, address, 0, func(o *Options) {
				o.Options.TLS, o.Timeout = config, time.Minute
				o.Requests = []http1.Request{ask("GET", ""), ask("PUT", strings.Repeat("x", 64<<20))}
			})
			e.Send(0, 0, e.now())
			expectOK(t, collect(t, e, 1))
			e.Send(1, 1, e.now())
			m := e.carrier.(*wire.Multiplexer)
			for still := 0; still < 30; still++ {
				before := m.Written()
				e.Wait(e.now() + 10*time.Millisecond)
				if m.Written() > before || m.Written() < 64<<10 {
					still = 0
				}
			}
			e.CancelAll()
			done := collect(t, e, 1)[0]
			close(goOn)
			head := bytes.Index([]byte(ask("PUT", strings.Repeat("x", 64<<20)).Bytes), []byte("\r\n\r\n")) + 4
			told, got := int(done.BytesOut)-head, <-bodies
			slack := 0
			if secured {
				slack = 16<<10 + 100
			}
			if over := told - got; done.Class != target.Cancelled || got < 64<<10 || over < 0 || over > slack {
				t.Errorf("%d bytes are told of, the server has read %d: %+v", told, got, done)
			}
		})
	}
}

// So it is of many small ones, the last of which the system has taken in part, or not at
// all, whoever sends it.
func TestBytesOfSmallUploadsAreThoseThatHaveLeft(t *testing.T) {
	byLoops(t, testBytesOfSmallUploadsAreThoseThatHaveLeft)
}

func testBytesOfSmallUploadsAreThoseThatHaveLeft(t *testing.T, by kind) {
	const most = 20_000
	put := ask("PUT", strings.Repeat("x", 5000))
	head := bytes.Index(put.Bytes, []byte("\r\n\r\n")) + 4
	goOn, bodies := make(chan struct{}), make(chan int, 1)
	e := by.multiplex(t, serve(t, func(p *peer) { partly(p, goOn, bodies) }), most, func(o *Options) {
		o.Requests, o.Timeout = []http1.Request{ask("GET", ""), put}, time.Minute
	})
	goesOn := sync.OnceFunc(func() { close(goOn) })
	t.Cleanup(goesOn)
	e.Send(0, 0, e.now())
	expectOK(t, collect(t, e, 1))
	m, sent := e.carrier.(*wire.Multiplexer), uint32(0)
	for still := 0; still < 30 && sent < most; still++ {
		before := m.Written()
		e.Send(sent, 1, e.now())
		sent++
		e.Wait(e.now() + time.Millisecond)
		if m.Written() > before {
			still = 0
		}
	}
	e.CancelAll()
	ended, told := collect(t, e, int(sent)), 0
	goesOn()
	expectClass(t, ended, target.Cancelled)
	for _, done := range ended {
		told += max(0, int(done.BytesOut)-head)
	}
	if got := <-bodies; told != got || sent == most {
		t.Errorf("%d bytes of %d uploads are told of, the server has read %d", told, sent, got)
	}
}

// Who leaves takes those connections along that have no room at present, too.
func TestLeavingTakesFullConnectionsAlong(t *testing.T) {
	byLoops(t, testLeavingTakesFullConnectionsAlong)
}

func testLeavingTakesFullConnectionsAlong(t *testing.T, by kind) {
	asked := make(chan *question, 8)
	s := share(t, func(q *question) bool { asked <- q; return true })
	e := by.multiplex(t, s.address, 2, func(o *Options) { o.Options.PerUser = true })
	m := e.carrier.(*wire.Multiplexer)
	e.request.User = 7
	e.send(0, 3) // one connection is full
	e.pass(t, "they are asked", func() bool { return len(asked) == 3 })
	m.Leave(7)
	for range 3 {
		(<-asked).well()
	}
	expectOK(t, collect(t, e, 3))
	if m.Open() != 0 {
		t.Errorf("%d connections are open of a user who has left", m.Open())
	}
	e.send(0, 1) // and comes back
	e.pass(t, "it is asked", func() bool { return len(asked) == 1 })
	(<-asked).well()
	expectOK(t, collect(t, e, 1))
	if m.Open() != 1 || s.conns.Load() != 3 {
		t.Errorf("%d connections are open, of %d", m.Open(), s.conns.Load())
	}
}

// So is it with one call at a time.
func TestLeavingTakesBusyConnectionsAlong(t *testing.T) {
	asked, answer := make(chan bool, 1), make(chan bool)
	address := serve(t, func(p *peer) {
		for p.request() {
			asked <- true
			<-answer
			p.say(fine)
		}
	})
	e := kind(wire.Epoll).open(t, address, func(o *Options) { o.Options.PerUser = true })
	one := e.carrier.(*wire.Engine)
	for _, leaves := range []bool{false, true} {
		e.Send(0, 0, e.now())
		e.pass(t, "it is asked", func() bool { return len(asked) == 1 })
		<-asked
		if leaves {
			one.Leave(0)
		}
		answer <- true
		expectOK(t, collect(t, e, 1))
		if open := one.Open(); (open == 0) != leaves {
			t.Errorf("leaves: %v: %d connections are open", leaves, open)
		}
	}
}

// A server that retires its connections after some requests, in peace, has looked at
// no more of them: those are sent again as often as that happens to them, and all are
// answered. One that looks at nothing is believed once.
func TestRetiredConnectionsAreReplacedAsOftenAsNeeded(t *testing.T) {
	byLoops(t, testRetiredConnectionsAreReplacedAsOftenAsNeeded)
}

func testRetiredConnectionsAreReplacedAsOftenAsNeeded(t *testing.T, by kind) {
	for each := range 4 {
		s := share(t, nil)
		s.does(func(q *question) bool {
			if q.id >= uint32(2*each) { // and reads nothing more
				if q.id == uint32(2*each+1) {
					q.goAway(uint32(max(0, 2*each-1)), peers.ErrCodeNo)
				}
				return true
			}
			s.looked.Add(1)
			return q.well()
		})
		e := by.multiplex(t, s.address, 0, func(o *Options) { o.Connections = 1 })
		e.send(0, 30)
		ended, resent, attempts := collect(t, e, 30), 0, 0
		for _, done := range ended {
			resent, attempts = resent+done.Resent, attempts+done.Attempts
		}
		if each == 0 {
			expectClass(t, ended, target.Reset)
			if attempts != 60 || resent != 30 {
				t.Errorf("%d attempts, %d of them sent again", attempts, resent)
			}
			continue
		}
		expectOK(t, ended)
		if looked := s.looked.Load(); looked != 30 || attempts != 30+resent || resent < 100/each {
			t.Errorf("%d on each: %d attempts, %d of them sent again; it has looked at %d", each, attempts, resent, looked)
		}
	}
}

// A call that has left is not sent again, though one before it was given up and never
// left.
func TestCallsBehindOnesGivenUpAreSentOnce(t *testing.T) {
	byLoops(t, testCallsBehindOnesGivenUpAreSentOnce)
}

func testCallsBehindOnesGivenUpAreSentOnce(t *testing.T, by kind) {
	s := share(t, atOnce)
	e := by.multiplex(t, s.address, 0, nil)
	expectOK(t, call(t, e, 2)) // the server's settings are acknowledged
	before := s.heads.Load()
	s.does(func(q *question) bool { return false }) // it closes the connection
	e.send(0, 2)
	e.CancelOne(0, 0)
	ended := collect(t, e, 2)
	expectClass(t, ended[:1], target.Cancelled)
	expectClass(t, ended[1:], target.Reset)
	if seen := s.heads.Load() - before; ended[1].Attempts != 1 || ended[1].BytesOut == 0 || seen != 1 {
		t.Errorf("the server has seen %d requests: %+v", seen, ended[1])
	}
}
