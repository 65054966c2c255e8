package socket

import (
	"context"
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
)

// What the server saw is what is reported: so many messages, over as many
// connections as the settings say.
func TestWhatTheServerSawIsReported(t *testing.T) {
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
			to := opened(t, over("tcp", s.address(), c.change), "ping\n")
			classes, all := load(t, to, c.inFlight, 200, 10*time.Second)
			asked, accepted, _ := s.saw()
			fresh, in := 0, int64(0)
			for _, d := range all {
				if d.Parts.Phases[connect] >= 0 {
					fresh++
				}
				if d.Parts.Phases[secure] != target.None || d.Parts.Phases[firstByte] < 0 {
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
func TestFaults(t *testing.T) {
	var bad atomic.Bool
	for _, c := range []struct {
		name, class, says string
		receive           dialog.Receive
		does              func(conn net.Conn, line string) bool
	}{
		{"closed unanswered", target.Closed, "before its answer was whole", line, func(net.Conn, string) bool { return false }},
		{"closed half way", target.Closed, "before its answer was whole", line, func(c net.Conn, _ string) bool { c.Write([]byte("half")); return false }},
		{"reset", target.Reset, "reset", line, func(c net.Conn, _ string) bool { c.(*net.TCPConn).SetLinger(0); return false }},
		{"silent", target.Cancelled, "", line, func(net.Conn, string) bool { return true }},
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
			to := opened(t, over("tcp", s.address(), func(s *Settings) { s.Own.Receive = c.receive }), "ping\n")
			classes, all := load(t, to, 2, 6, 300*time.Millisecond)
			want := c.class
			if want == target.Cancelled {
				want = target.Timeout
			}
			if classes[want] != 6 || !strings.Contains(all[0].Example, c.says) || !strings.HasPrefix(all[0].Example, s.address()) {
				t.Errorf("%v, %q", classes, all[0].Example)
			}
			bad.Store(false)
			if classes, _ := load(t, to, 2, 10, 10*time.Second); classes[""] != 10 {
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
func TestServerGoesAndComesBack(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		t.Run(network, func(t *testing.T) {
			address := gone(t, network)
			to := opened(t, over(network, address, nil), "ping\n")
			if classes, all := load(t, to, 2, 6, 2*time.Second); classes[target.Connect] != 6 || !strings.Contains(all[0].Example, "refused") {
				t.Errorf("%v, %+v", classes, all[0])
			}
			if network == "udp" {
				return
			}
			s := serve(t, nil)
			to = opened(t, over("tcp", s.address(), nil), "ping\n")
			if classes, _ := load(t, to, 2, 6, 10*time.Second); classes[""] != 6 {
				t.Errorf("at first %v", classes)
			}
			s.stop()
			if classes, _ := load(t, to, 2, 6, 10*time.Second); classes[target.Connect] != 6 {
				t.Errorf("when it is gone %v: idle connections that it closed are noticed", classes)
			}
		})
	}
	long := fmt.Sprintf("nobody.%s.invalid:7", strings.Repeat("x", 20))
	if out := once(t, opened(t, over("tcp", long, nil), "ping\n"), 30*time.Second); out.Class != target.DNS && out.Class != target.Timeout {
		t.Errorf("a name that nobody has: %s, %s", out.Class, out.Example)
	}
}

// A server that closes each connection behind its answer is seen to, without a
// failed call.
func TestServerThatClosesAfterEachAnswer(t *testing.T) {
	s := serve(t, func(c net.Conn, line string) bool { c.Write([]byte(line)); return false })
	to := opened(t, over("tcp", s.address(), nil), "ping\n")
	ok := 0
	for range 30 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if out := to.Call(ctx, &target.Request{}); out.OK() {
			ok++
		}
		cancel()
		time.Sleep(3 * time.Millisecond) // the end takes its time to come
	}
	asked, accepted, _ := s.saw()
	if ok < 29 || asked < 29 || accepted < 29 {
		t.Errorf("%d well, %d asked, %d connections", ok, asked, accepted)
	}
	all := opened(t, over("tcp", s.address(), func(s *Settings) { s.Own.Receive = dialog.Receive{How: dialog.Close} }), "ping\n")
	if classes, done := load(t, all, 3, 30, 10*time.Second); classes[""] != 30 || done[0].BytesIn != 5 {
		t.Errorf("answers that a close ends: %v", classes)
	}
}

// What comes late is not taken for the next call's answer.
func TestLateAnswersMeetNobody(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		t.Run(network, func(t *testing.T) {
			var late func()
			var address string
			calls := 0
			respond := func(say func(string)) {
				if calls++; calls == 1 {
					late = func() { say("late\n") }
					return
				}
				if late != nil {
					late()
					late = nil
					time.Sleep(20 * time.Millisecond)
				}
				say("right\n")
			}
			if network == "tcp" {
				var mu sync.Mutex
				address = serve(t, func(c net.Conn, _ string) bool {
					mu.Lock()
					defer mu.Unlock()
					respond(func(text string) { c.Write([]byte(text)) })
					return true
				}).address()
			} else {
				conn, err := net.ListenPacket("udp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				var at sync.WaitGroup
				at.Go(func() {
					buffer := make([]byte, 100)
					for {
						_, from, err := conn.ReadFrom(buffer)
						if err != nil {
							return
						}
						respond(func(text string) { conn.WriteTo([]byte(text), from) })
					}
				})
				defer at.Wait()
				defer conn.Close()
				address = conn.LocalAddr().String()
			}
			to := opened(t, over(network, address, nil), "ping\n")
			if classes, _ := load(t, to, 1, 1, 150*time.Millisecond); classes[target.Timeout] != 1 {
				t.Errorf("the answer that does not come: %v", classes)
			}
			if found := heard(t, to); found != "right\n" {
				t.Errorf("the next call gets %q", found)
			}
		})
	}
}

// heard is the answer to a call.
func heard(t *testing.T, to *Target) string {
	t.Helper()
	message, err := look.Parse("message")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	out := to.Call(ctx, &target.Request{Want: []look.Operand{message}})
	if !out.OK() {
		t.Fatal(out.Class, out.Example)
	}
	return out.Found[0].Text
}

// A duplicate that comes behind an answer is nobody's, over TCP as over UDP.
func TestNothingUnaskedIsAnAnswer(t *testing.T) {
	n := 0
	s := serve(t, func(c net.Conn, _ string) bool {
		n++
		fmt.Fprintf(c, "%d\nunasked\n", n)
		return true
	})
	to := opened(t, over("tcp", s.address(), nil), "ping\n")
	for i := 1; i < 5; i++ {
		if got := heard(t, to); got != fmt.Sprintf("%d\n", i) {
			t.Errorf("call %d gets %q", i, got)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// A message and its answer may be larger than what lies between the two ends.
func TestLargeMessages(t *testing.T) {
	address := echo(t, "tcp")
	text := strings.Repeat("x", 8_000_000) + "\n"
	to := opened(t, over("tcp", address, nil), text)
	if out := once(t, to, 60*time.Second); !out.OK() || out.BytesIn != int64(len(text)) || out.BytesOut != int64(len(text)) {
		t.Errorf("%s %s, %d in, %d out", out.Class, out.Example, out.BytesIn, out.BytesOut)
	}
	datagram := opened(t, over("udp", echo(t, "udp"), nil), strings.Repeat("x", 60_000))
	if got := heard(t, datagram); len(got) != 60_000 {
		t.Errorf("a datagram of %d bytes", len(got))
	}
}

// What is given up frees the other side: the connection is closed, whatever it was
// at.
func TestGivingUpReachesTheServer(t *testing.T) {
	s := serve(t, func(net.Conn, string) bool { return true })
	to := opened(t, over("tcp", s.address(), nil), "ping\n")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan target.Outcome)
	for range 3 {
		go func() { done <- to.Call(ctx, &target.Request{}) }()
	}
	s.awaitConns(t, 3)
	cancel()
	for range 3 {
		if out := <-done; out.OK() {
			t.Error("a call without an answer is well")
		}
	}
	s.awaitConns(t, 0)
}

// Over UDP a datagram that is lost is a call that ends with its time; none is
// waited for where there is no answer.
func TestDatagrams(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	to := opened(t, over("udp", conn.LocalAddr().String(), nil), "ping")
	if classes, _ := load(t, to, 2, 4, 100*time.Millisecond); classes[target.Timeout] != 4 {
		t.Errorf("lost datagrams: %v", classes)
	}
	silent := opened(t, over("udp", conn.LocalAddr().String(), func(s *Settings) { s.Own.Receive.How = dialog.None }), "ping")
	if classes, all := load(t, silent, 2, 4, 10*time.Second); classes[""] != 4 || all[0].Parts.Phases[firstByte] != target.None {
		t.Errorf("sent is done: %v", classes)
	}
	well := opened(t, over("udp", echo(t, "udp"), nil), "ping")
	if classes, _ := load(t, well, 8, 400, 10*time.Second); classes[""] != 400 {
		t.Errorf("%v", classes)
	}
}
