package tcp

import (
	"bufio"
	"net"
	"sync"
	"testing"
	"time"

	"plimsoll/target/dialog"
)

// server counts for itself what it sees.
type server struct {
	listener net.Listener
	does     func(c net.Conn, line string) (more bool) // with a message, under the lock of nobody

	mu                     sync.Mutex
	conns                  map[net.Conn]bool
	accepted, most, asked  int
	inService, mostService int
	ended                  sync.WaitGroup
}

// serve starts one that does that with each line; nil: it says it back.
func serve(t testing.TB, does func(c net.Conn, line string) bool) *server {
	return serveAt(t, "127.0.0.1:0", does)
}

func serveAt(t testing.TB, address string, does func(c net.Conn, line string) bool) *server {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{listener: listener, does: does, conns: map[net.Conn]bool{}}
	if does == nil {
		s.does = func(c net.Conn, line string) bool { _, err := c.Write([]byte(line)); return err == nil }
	}
	s.ended.Go(s.accept)
	t.Cleanup(s.stop)
	return s
}

func (s *server) stop() {
	_ = s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.ended.Wait()
}

func (s *server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = true
		s.accepted++
		s.most = max(s.most, len(s.conns))
		s.mu.Unlock()
		s.ended.Go(func() { s.talk(c) })
	}
}

func (s *server) talk(c net.Conn) {
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		_ = c.Close()
	}()
	lines := bufio.NewReader(c)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		s.mu.Lock()
		s.asked++
		s.inService++
		s.mostService = max(s.mostService, s.inService)
		s.mu.Unlock()
		more := s.does(c, line)
		s.mu.Lock()
		s.inService--
		s.mu.Unlock()
		if !more {
			return
		}
	}
}

// saw tells how many messages came, over how many connections, and how many of
// those there were at once.
func (s *server) saw() (asked, accepted, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked, s.accepted, s.most
}

// awaitConns waits until so many connections are left.
func (s *server) awaitConns(t *testing.T, n int) {
	t.Helper()
	left := -1
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(time.Millisecond) {
		s.mu.Lock()
		left = len(s.conns)
		s.mu.Unlock()
		if left == n {
			return
		}
	}
	t.Errorf("the server has %d connections, want %d", left, n)
}

func (s *server) address() string { return s.listener.Addr().String() }

var line = dialog.Receive{How: dialog.Until, Until: []byte("\n")}
