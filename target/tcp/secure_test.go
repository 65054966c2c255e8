package tcp

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/wire"
)

// secured does that with each connection over TLS, with the certificate that
// httptest has.
func secured(t *testing.T, does func(net.Conn)) string {
	t.Helper()
	of := httptest.NewUnstartedServer(nil)
	of.StartTLS()
	config := of.TLS.Clone()
	of.Close()
	config.NextProtos = nil
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	var at sync.WaitGroup
	t.Cleanup(at.Wait)
	t.Cleanup(func() { listener.Close() })
	at.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			at.Go(func() { does(c); c.Close() })
		}
	})
	return listener.Addr().String()
}

func trusting(s *Settings) { s.TLS = client.TLS{Given: true, Insecure: true} }

func TestOverTLS(t *testing.T) {
	address := secured(t, func(c net.Conn) { io.Copy(c, c) })
	to := over(t, "", address, trusting)
	classes, all := to.load(t, 3, 30)
	shook := 0
	for _, d := range all {
		if d.Parts.Phases[secure] >= 0 {
			shook++
		}
		if d.Parts.Phases[firstByte] < 0 || (d.Parts.Phases[connect] >= 0) != (d.Parts.Phases[secure] >= 0) {
			t.Fatalf("phases %v", d.Parts.Phases)
		}
	}
	if classes[""] != 30 || shook < 1 || shook > 3 || wire.HasEpoll != (to.Engine == wire.Epoll) {
		t.Errorf("%s: %v, %d handshakes", to.Engine, classes, shook)
	}
	to.close()
	wary := over(t, "", address, func(s *Settings) { s.TLS = client.TLS{Given: true} })
	if d := wary.call(t, target.Request{}); d.Class != target.TLS || !strings.Contains(d.Example, "certificate") {
		t.Errorf("an authority that nobody knows: %s, %s", d.Class, d.Example)
	}
	plain := over(t, "", serve(t, func(c net.Conn, _ string) bool { return false }).address(), func(s *Settings) { s.TLS, s.Timeout = client.TLS{Given: true}, time.Second })
	if d := plain.call(t, target.Request{}); d.OK() {
		t.Error("a server without TLS speaks it")
	}
}

// What nothing answers is over when it has been sent, over TLS too, and the
// connection goes on.
func TestSentIsAllOverTLS(t *testing.T) {
	var mu sync.Mutex
	lines, conns := 0, 0
	address := secured(t, func(c net.Conn) {
		mu.Lock()
		conns++
		mu.Unlock()
		for in := bufio.NewReader(c); ; {
			text, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if text == "ask\n" {
				fmt.Fprintln(c, "yes")
			}
			mu.Lock()
			lines++
			mu.Unlock()
		}
	})
	to := over(t, "", address, func(s *Settings) { trusting(s); unheard(s) })
	large := call(t, strings.Repeat("x", 1_000_000)+"\n", dialog.Receive{How: dialog.None})
	for n := range 30 {
		r := target.Request{Number: uint64(n)}
		switch n % 3 {
		case 1:
			r.Call = large
		case 2:
			r.Call = call(t, "ask\n", line)
		}
		if d := to.call(t, r); !d.OK() || (d.BytesIn > 0) != (n%3 == 2) || n%3 == 1 && d.BytesOut != 1_000_001 {
			t.Fatalf("call %d: %+v", n, d)
		}
	}
	eventually(t, to, func() bool { mu.Lock(); defer mu.Unlock(); return lines == 30 })
	if conns != 1 {
		t.Errorf("%d connections", conns)
	}
}

// hub sends what one says to everybody who is not deaf.
func hub(t *testing.T, deaf func(n int) bool) (s *server) {
	s = serve(t, func(_ net.Conn, line string) bool {
		s.mu.Lock()
		var all []net.Conn
		for c := range s.conns {
			all = append(all, c)
		}
		s.mu.Unlock()
		for i, c := range all {
			if !deaf(i) {
				_, _ = c.Write([]byte(line))
			}
		}
		return true
	})
	return s
}

// Each receiver gets each message, and the call ends with the last of them.
func TestReceivers(t *testing.T) {
	s := hub(t, func(int) bool { return false })
	to := over(t, "", s.address(), func(s *Settings) { s.Receivers, s.Own = 20, call(t, "to all ${iteration};\n", line) })
	classes, all := to.load(t, 3, 60)
	if classes[""] != 60 {
		t.Errorf("%v, %s", classes, all[0].Example)
	}
	for _, d := range all {
		first, last := d.Parts.Phases[firstReceiver], d.Parts.Phases[lastReceiver]
		if first < 0 || last < first || last > d.Ended {
			t.Errorf("first %v, last %v", first, last)
		}
	}
	// A call may be over before the next one needs a connection of its own.
	if asked, accepted, _ := s.saw(); asked != 60 || accepted < 21 || accepted > 23 {
		t.Errorf("%d messages over %d connections", asked, accepted)
	}
	to.close()
	s.awaitConns(t, 0)
}

// A message that a receiver does not get is no success, and those who lost it are
// connected anew.
func TestReceiverThatHearsNothing(t *testing.T) {
	var mu sync.Mutex
	deaf := true
	s := hub(t, func(n int) bool { mu.Lock(); defer mu.Unlock(); return deaf && n%2 == 0 })
	to := over(t, "", s.address(), func(s *Settings) { s.Receivers, s.Own, s.Timeout = 8, call(t, "to all\n", line), 200*time.Millisecond })
	if classes, _ := to.load(t, 1, 2); classes[target.Timeout] != 2 {
		t.Errorf("%v", classes)
	}
	mu.Lock()
	deaf = false
	mu.Unlock()
	to.Timeout = 20 * time.Second
	if classes, _ := to.load(t, 1, 5); classes[""] != 5 {
		t.Errorf("then %v", classes)
	}
	s.stop()
	if classes, _ := to.load(t, 1, 2); classes[target.Connect]+classes[target.Closed] != 2 { // closed: it has just gone
		t.Errorf("when the server is gone %v", classes)
	}
}
