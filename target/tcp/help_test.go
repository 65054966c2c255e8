package tcp

import (
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/dialog"
	"plimsoll/target/kind"
	"plimsoll/target/random"
	"plimsoll/target/socket"
	"plimsoll/target/wait"
	"plimsoll/target/wire"
)

// role has this program be the echo of a benchmark, until nobody holds its input.
const role = "PLIMSOLL_TEST_ECHO"

func TestMain(m *testing.M) {
	if os.Getenv(role) == "" {
		goleak.VerifyTestMain(m)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	go echoes(listener)
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// The numbers of a call's phases.
const (
	connect = iota
	secure
	firstByte
	firstReceiver
	lastReceiver
)

// byEach has a test made over each engine that carries calls without TLS.
func byEach(t *testing.T, test func(t *testing.T, engine string)) {
	for _, engine := range []string{wire.Epoll, wire.Uring, wire.Sockets} {
		if !wire.Polls(engine) || wire.HasEpoll {
			t.Run(engine, func(t *testing.T) { test(t, engine) })
		}
	}
}

// caller makes calls as a loop does.
type caller struct {
	*kind.Opened
	clock   target.Clock
	carrier target.Carrier
	due     time.Duration
	closed  bool
}

// over is a target at an address, whose own call sends a line.
func over(t testing.TB, engine, address string, change func(*Settings)) *caller {
	t.Helper()
	return overAt(t, engine, address, change, kind.Site{Streams: random.New(1)})
}

func overAt(t testing.TB, engine, address string, change func(*Settings), site kind.Site) *caller {
	t.Helper()
	s := &Settings{Settings: &socket.Settings{Network: "tcp", Address: address}, engine: engine}
	s.Timeout, s.Own = 10*time.Second, call(t, "ping\n", line)
	if change != nil {
		change(s)
	}
	opened, err := s.Open(t.Context(), site)
	if err != nil {
		t.Fatal(err)
	}
	x := &caller{Opened: opened}
	if opened.Polls {
		x.clock, err = wire.Clock(opened.Engine, 0)
	} else {
		x.clock = wait.NewDoze(0)
	}
	if err == nil {
		x.carrier, err = opened.Carrier(x.clock)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.close)
	return x
}

func (x *caller) close() {
	if !x.closed {
		x.closed = true
		x.carrier.Close()
		x.clock.Close()
		x.Opened.Close()
	}
}

func (x *caller) send(slot int, r target.Request) {
	x.due = min(x.due, x.carrier.Send(target.NewID(uint32(slot), r.Number), &r, x.clock.Now()))
}

// end is the next call's end; false: there is none for that long.
func (x *caller) end(within time.Duration) (target.Done, bool) {
	for limit := x.clock.Now() + within; ; {
		now := x.clock.Wait(min(x.due, limit))
		d, due := x.carrier.Take(now)
		if x.due = due; d != nil {
			x.due = now
			done := *d
			if d.Parts != nil { // theirs until the next Take
				done.Parts = &target.Parts{Phases: append([]time.Duration{}, d.Parts.Phases...)}
			}
			return done, true
		}
		if now >= limit {
			return target.Done{}, false
		}
	}
}

// call makes one call.
func (x *caller) call(t testing.TB, r target.Request) target.Done {
	t.Helper()
	x.send(0, r)
	d, is := x.end(60 * time.Second)
	if !is {
		t.Fatal("a call has no end")
	}
	return d
}

// giveUp gives a call up, which ends then.
func (x *caller) giveUp(t *testing.T, id target.ID) {
	t.Helper()
	x.due = x.clock.Now()
	x.carrier.Cancel(id, x.due)
	if d, is := x.end(10 * time.Second); !is || d.ID != id || d.Class != target.Cancelled {
		t.Errorf("%+v", d)
	}
}

// load makes n calls, always so many of them, each by a user of its own. Who
// bounds calls is the loop, for targets that do not.
func (x *caller) load(t testing.TB, inFlight, n int) (classes map[string]int, all []target.Done) {
	t.Helper()
	classes = map[string]int{}
	sent, began := 0, map[target.ID]time.Duration{}
	send := func(slot int) {
		began[target.NewID(uint32(slot), uint64(sent))] = x.clock.Now()
		x.send(slot, target.Request{Number: uint64(sent), User: uint32(slot)})
		sent++
	}
	for slot := range min(inFlight, n) {
		send(slot)
	}
	for idle := 0; len(all) < n; {
		d, is := x.end(50 * time.Millisecond)
		if !is {
			if idle++; idle > 1000 {
				t.Fatalf("%d of %d calls have ended: %v", len(all), n, classes)
			}
			for id, at := range began {
				if now := x.clock.Now(); x.Timeout > 0 && now > at+x.Timeout {
					x.carrier.Cancel(id, now)
					began[id] = now + time.Hour
				}
			}
			continue
		}
		all = append(all, d)
		delete(began, d.ID)
		class := d.Class
		if class == target.Cancelled {
			class = target.Timeout
		}
		classes[class]++
		if sent < n {
			send(int(d.ID.Slot()))
		}
	}
	return classes, all
}

// call is one that sends a text.
func call(t testing.TB, text string, receive dialog.Receive) *dialog.Call {
	t.Helper()
	c, err := dialog.Say(text, receive)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustMatch(text string) *regexp.Regexp { return regexp.MustCompile(text) }

// echo serves TCP: what comes goes back.
func echo(t testing.TB) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go echoes(listener)
	return listener.Addr().String()
}

func echoes(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = io.Copy(onlyWriter{conn}, conn) // without splice
		}()
	}
}

type onlyWriter struct{ io.Writer }
