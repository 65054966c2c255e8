package socket

import (
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
)

// secured serves an echo over TLS, with the certificate that httptest has.
func secured(t *testing.T) string {
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
			at.Go(func() { io.Copy(c, c); c.Close() })
		}
	})
	return listener.Addr().String()
}

func TestOverTLS(t *testing.T) {
	address := secured(t)
	to := opened(t, over("tcp", address, func(s *Settings) { s.TLS = client.TLS{Given: true, Insecure: true} }), "ping\n")
	classes, all := load(t, to, 3, 30, 10*time.Second)
	shook := 0
	for _, d := range all {
		if d.Parts.Phases[secure] >= 0 {
			shook++
		}
	}
	if classes[""] != 30 || shook < 1 || shook > 3 {
		t.Errorf("%v, %d handshakes", classes, shook)
	}
	to.close()
	wary := opened(t, over("tcp", address, func(s *Settings) { s.TLS = client.TLS{Given: true} }), "ping\n")
	if out := once(t, wary, 10*time.Second); out.Class != target.TLS || !strings.Contains(out.Example, "certificate") {
		t.Errorf("an authority that nobody knows: %s, %s", out.Class, out.Example)
	}
	plain := opened(t, over("tcp", serve(t, func(c net.Conn, _ string) bool { return false }).address(), func(s *Settings) { s.TLS = client.TLS{Given: true} }), "ping\n")
	if out := once(t, plain, time.Second); out.OK() {
		t.Error("a server without TLS speaks it")
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
	to := opened(t, over("tcp", s.address(), func(s *Settings) { s.Receivers = 20 }), "to all ${n}\n")
	numbered(to)
	classes, all := load(t, to, 3, 60, 20*time.Second)
	if classes[""] != 60 {
		t.Errorf("%v, %s", classes, all[0].Example)
	}
	for _, d := range all {
		first, last := d.Parts.Phases[firstReceiver], d.Parts.Phases[lastReceiver]
		if first < 0 || last < first || last > d.Ended {
			t.Errorf("first %v, last %v", first, last)
		}
	}
	if asked, accepted, _ := s.saw(); asked != 60 || accepted != 23 {
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
	to := opened(t, over("tcp", s.address(), func(s *Settings) { s.Receivers = 8 }), "to all\n")
	if classes, _ := load(t, to, 1, 2, 200*time.Millisecond); classes[target.Timeout] != 2 {
		t.Errorf("%v", classes)
	}
	mu.Lock()
	deaf = false
	mu.Unlock()
	if classes, _ := load(t, to, 1, 5, 20*time.Second); classes[""] != 5 {
		t.Errorf("then %v", classes)
	}
	s.stop()
	if classes, _ := load(t, to, 1, 2, 20*time.Second); classes[target.Connect]+classes[target.Closed] != 2 { // closed: it has just gone
		t.Errorf("when the server is gone %v", classes)
	}
}
