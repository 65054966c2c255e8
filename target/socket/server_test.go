package socket

import (
	"bufio"
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/wait"
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
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
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

// over are settings for a target at an address.
func over(network, address string, change func(*Settings)) *Settings {
	s := &Settings{Network: network, Address: address, Own: &dialog.Call{Receive: line}}
	s.Timeout = 5 * time.Second
	if network == "udp" {
		s.Own.Receive = dialog.Receive{}
	}
	if change != nil {
		change(s)
	}
	return s
}

// once makes one call, which is given up after a while.
func once(t *testing.T, to *Target, patience time.Duration) target.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return to.Call(ctx, &target.Request{})
}

// load makes calls as a load does, and gives up those that take longer than the
// patience.
func load(t *testing.T, to *Target, inFlight, n int, patience time.Duration) (classes map[string]int, all []target.Done) {
	t.Helper()
	clock := wait.NewDoze(0)
	defer clock.Close()
	carrier := client.Carry(to, clock, to.pool.Leave)
	defer carrier.Close()
	classes = map[string]int{}
	sent, due := 0, map[target.ID]time.Duration{}
	send := func(slot int) {
		id := target.NewID(uint32(slot), uint64(sent))
		now := clock.Now()
		carrier.Send(id, &target.Request{Number: uint64(sent), User: uint32(slot)}, now)
		due[id] = now + patience
		sent++
	}
	for slot := range min(inFlight, n) {
		send(slot)
	}
	for len(all) < n {
		now := clock.Wait(clock.Now() + patience/4)
		for d, _ := carrier.Take(now); d != nil; d, _ = carrier.Take(now) {
			all = append(all, *d)
			delete(due, d.ID)
			class := d.Class
			if class == target.Cancelled {
				class = target.Timeout
			}
			classes[class]++
			if sent < n {
				send(int(d.ID.Slot()))
			}
		}
		for id, at := range due {
			if now > at {
				carrier.Cancel(id, now)
				due[id] = now + time.Hour
			}
		}
	}
	return classes, all
}
