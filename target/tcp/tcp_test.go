package tcp

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/look"
	"plimsoll/target/real"
)

// What the server saw is what is reported: so many messages, over as many
// connections as the settings say.
func TestWhatTheServerSawIsReported(t *testing.T) { byEach(t, testWhatTheServerSawIsReported) }

func testWhatTheServerSawIsReported(t *testing.T, engine string) {
	for _, c := range []struct {
		name           string
		inFlight, most int
		change         func(*Settings)
		opened         func(accepted int) bool
	}{
		{"one at a time", 1, 1, nil, func(n int) bool { return n == 1 }},
		{"three", 3, 3, nil, func(n int) bool { return n == 3 }},
		{"capped", 16, 5, func(s *Settings) { s.Connections = 5 }, func(n int) bool { return n == 5 }},
		{"never again", 3, 3, func(s *Settings) { s.Reuse = client.Never }, func(n int) bool { return n == 200 }},
		{"of users", 4, 4, func(s *Settings) { s.Reuse = client.ByUser }, func(n int) bool { return n == 4 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, nil)
			to := over(t, engine, s.address(), c.change)
			classes, all := to.load(t, c.inFlight, 200)
			asked, accepted, _ := s.saw()
			fresh, in := 0, int64(0)
			for _, d := range all {
				if d.Parts.Phases[connect] >= 0 {
					fresh++
				}
				if len(d.Parts.Phases) != 3 || d.Parts.Phases[secure] != target.None || d.Parts.Phases[firstByte] < 0 {
					t.Fatalf("phases %v", d.Parts.Phases)
				}
				in += d.BytesIn
			}
			if classes[""] != 200 || asked != 200 || in != 1000 || !c.opened(accepted) || fresh != accepted || s.mostService > c.most {
				t.Errorf("%v; %d asked of %d connections (%d told), at most %d at once, %d bytes", classes, asked, accepted, fresh, s.mostService, in)
			}
			if c.name == "capped" && s.most > 5 {
				t.Errorf("%d connections at once", s.most)
			}
			to.close()
			s.awaitConns(t, 0)
		})
	}
}

// Each way in which a server fails has its class, the counts add up, and the next
// call has a connection that is well.
func TestFaults(t *testing.T) { byEach(t, testFaults) }

func testFaults(t *testing.T, engine string) {
	var bad atomic.Bool
	for _, c := range []struct {
		name, class, says string
		receive           dialog.Receive
		does              func(conn net.Conn, line string) bool
	}{
		{"closed unanswered", target.Closed, "before its answer was whole", line, func(net.Conn, string) bool { return false }},
		{"closed half way", target.Closed, "before its answer was whole", line, func(c net.Conn, _ string) bool { c.Write([]byte("half")); return false }},
		{"reset", target.Reset, "reset", line, func(c net.Conn, _ string) bool { c.(*net.TCPConn).SetLinger(0); return false }},
		{"silent", target.Timeout, "no whole answer within 1s", line, func(net.Conn, string) bool { return true }},
		{"without an end", target.Body, "larger than 1MB", dialog.Receive{How: dialog.Matches, RE: mustMatch("never")}, func(c net.Conn, _ string) bool {
			c.Write(make([]byte, 1_500_000))
			return true
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad.Store(true)
			s := serve(t, func(conn net.Conn, line string) bool {
				if bad.Load() {
					return c.does(conn, line)
				}
				_, err := conn.Write([]byte("never\n"))
				return err == nil
			})
			to := over(t, engine, s.address(), func(s *Settings) {
				if s.Own.Receive = c.receive; c.class == target.Timeout {
					s.Timeout = time.Second
				}
			})
			classes, all := to.load(t, 6, 6)
			if classes[c.class] != 6 || strings.Contains(all[0].Example, "used before") || !strings.Contains(all[0].Example, c.says) || !strings.HasPrefix(all[0].Example, s.address()) {
				t.Errorf("%v, %q", classes, all[0].Example)
			}
			bad.Store(false)
			if classes, _ := to.load(t, 2, 10); classes[""] != 10 {
				t.Errorf("then %v", classes)
			}
			if asked, _, _ := s.saw(); asked != 16 {
				t.Errorf("the server was asked %d times", asked)
			}
			to.close()
			s.awaitConns(t, 0)
		})
	}
}

// A server that is not there, goes and comes back: nobody hangs, all is counted.
func TestServerGoesAndComesBack(t *testing.T) { byEach(t, testServerGoesAndComesBack) }

func testServerGoesAndComesBack(t *testing.T, engine string) {
	to := over(t, engine, real.Nowhere, nil)
	if classes, all := to.load(t, 2, 6); classes[target.Connect] != 6 || !strings.Contains(all[0].Example, "refused") {
		t.Errorf("%v, %+v", classes, all[0])
	}
	s := serveAt(t, real.Address(t), nil)
	to = over(t, engine, s.address(), nil)
	if classes, _ := to.load(t, 2, 6); classes[""] != 6 {
		t.Errorf("at first %v", classes)
	}
	s.stop()
	time.Sleep(3 * time.Millisecond) // the end takes its time to come
	if classes, _ := to.load(t, 2, 6); classes[target.Connect] != 6 {
		t.Errorf("when it is gone %v: idle connections that it closed are noticed", classes)
	}
	serveAt(t, s.address(), nil)
	if classes, _ := to.load(t, 2, 6); classes[""] != 6 {
		t.Errorf("when it is back %v", classes)
	}
	long := fmt.Sprintf("nobody.%s.invalid:7", strings.Repeat("x", 20))
	if out := over(t, engine, long, nil).call(t, target.Request{}); out.Class != target.DNS && out.Class != target.Timeout {
		t.Errorf("a name that nobody has: %s, %s", out.Class, out.Example)
	}
}

// A server that closes each connection behind its answer is seen to, without a
// failed call.
func TestServerThatClosesAfterEachAnswer(t *testing.T) {
	byEach(t, testServerThatClosesAfterEachAnswer)
}

func testServerThatClosesAfterEachAnswer(t *testing.T, engine string) {
	s := serve(t, func(c net.Conn, line string) bool { c.Write([]byte(line)); return false })
	to := over(t, engine, s.address(), nil)
	ok := 0
	for range 30 {
		if to.call(t, target.Request{}).OK() {
			ok++
		}
		time.Sleep(3 * time.Millisecond) // the end takes its time to come
	}
	asked, accepted, _ := s.saw()
	if ok < 29 || asked < 29 || accepted < 29 {
		t.Errorf("%d well, %d asked, %d connections", ok, asked, accepted)
	}
	all := over(t, engine, s.address(), func(s *Settings) { s.Own.Receive = dialog.Receive{How: dialog.Close} })
	if classes, done := all.load(t, 3, 30); classes[""] != 30 || done[0].BytesIn != 5 {
		t.Errorf("answers that a close ends: %v", classes)
	}
}

// What comes late is not taken for the next call's answer.
func TestLateAnswersMeetNobody(t *testing.T) { byEach(t, testLateAnswersMeetNobody) }

func testLateAnswersMeetNobody(t *testing.T, engine string) {
	var mu sync.Mutex
	var late func()
	calls := 0
	to := over(t, engine, serve(t, func(c net.Conn, _ string) bool {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == 1 {
			late = func() { c.Write([]byte("late\n")) }
			return true
		}
		if late != nil {
			late()
			late = nil
			time.Sleep(20 * time.Millisecond)
		}
		c.Write([]byte("right\n"))
		return true
	}).address(), nil)
	to.send(0, target.Request{})
	eventually(t, to, func() bool { mu.Lock(); defer mu.Unlock(); return calls == 1 })
	to.giveUp(t, target.NewID(0, 0))
	if found := heard(t, to); found != "right\n" {
		t.Errorf("the next call gets %q", found)
	}
}

// heard is the answer to a call.
func heard(t *testing.T, to *caller) string {
	t.Helper()
	message, err := look.Parse("message")
	if err != nil {
		t.Fatal(err)
	}
	out := to.call(t, target.Request{Want: []look.Operand{message}})
	if !out.OK() {
		t.Fatal(out.Class, out.Example)
	}
	return out.Found[0].Text
}

// A duplicate that comes behind an answer is nobody's.
func TestNothingUnaskedIsAnAnswer(t *testing.T) { byEach(t, testNothingUnaskedIsAnAnswer) }

func testNothingUnaskedIsAnAnswer(t *testing.T, engine string) {
	n := 0
	s := serve(t, func(c net.Conn, _ string) bool {
		n++
		fmt.Fprintf(c, "%d\nunasked\n", n)
		return true
	})
	to := over(t, engine, s.address(), nil)
	for i := 1; i < 5; i++ {
		if got := heard(t, to); got != fmt.Sprintf("%d\n", i) {
			t.Errorf("call %d gets %q", i, got)
		}
		time.Sleep(2 * time.Millisecond)
	}
	if asked, accepted, _ := s.saw(); asked != 4 || accepted != 4 {
		t.Errorf("%d calls over %d connections: one on which something unasked came is of no more use", asked, accepted)
	}
}

// A message and its answer may be larger than what lies between the two ends.
func TestLargeMessages(t *testing.T) { byEach(t, testLargeMessages) }

func testLargeMessages(t *testing.T, engine string) {
	text := strings.Repeat("x", 8_000_000) + "\n"
	to := over(t, engine, echo(t), func(s *Settings) { s.Own, s.Timeout = call(t, text, line), time.Minute })
	if out := to.call(t, target.Request{}); !out.OK() || out.BytesIn != int64(len(text)) || out.BytesOut != int64(len(text)) {
		t.Errorf("%s %s, %d in, %d out", out.Class, out.Example, out.BytesIn, out.BytesOut)
	}
}

// What is given up frees the other side: the connection is closed, whatever it was
// at.
func TestGivingUpReachesTheServer(t *testing.T) { byEach(t, testGivingUpReachesTheServer) }

func testGivingUpReachesTheServer(t *testing.T, engine string) {
	s := serve(t, func(net.Conn, string) bool { return true })
	to := over(t, engine, s.address(), nil)
	for slot := range 3 {
		to.send(slot, target.Request{Number: uint64(slot)})
	}
	eventually(t, to, func() bool { asked, _, _ := s.saw(); return asked == 3 })
	to.giveUp(t, target.NewID(1, 1))
	s.awaitConns(t, 2)
	to.due = to.clock.Now()
	to.carrier.CancelAll(to.due)
	for range 2 {
		if d, is := to.end(10 * time.Second); !is || d.Class != target.Cancelled {
			t.Errorf("%+v", d)
		}
	}
	s.awaitConns(t, 0)
}

// eventually has the loop go on until something is so.
func eventually(t *testing.T, to *caller, so func() bool) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); !so(); {
		if to.end(time.Millisecond); time.Now().After(until) {
			t.Fatal("it does not come about")
		}
	}
}
