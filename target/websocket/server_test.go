package websocket

import (
	"context"
	"fmt"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/value"
	"plimsoll/target/wait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server counts for itself what it sees.
type server struct {
	entering sync.RWMutex
	*httptest.Server
	does func(s *server, c *websocket.Conn, message []byte) (more bool)

	mu                    sync.Mutex
	conns                 map[*websocket.Conn]bool
	accepted, most, asked int
	inService, mostServed int
	heads                 []nethttp.Header
	at                    sync.WaitGroup
}

func say(_ *server, c *websocket.Conn, message []byte) bool {
	return c.Write(context.Background(), websocket.MessageText, message) == nil
}

// serve starts one that does that with each message, over TLS or not.
func serve(t testing.TB, secure bool, does func(s *server, c *websocket.Conn, message []byte) bool) *server {
	t.Helper()
	s := &server{does: does, conns: map[*websocket.Conn]bool{}}
	s.Server = httptest.NewUnstartedServer(nethttp.HandlerFunc(s.serve))
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.stop)
	return s
}

func (s *server) stop() {
	s.mu.Lock()
	for c := range s.conns {
		go c.CloseNow()
	}
	s.mu.Unlock()
	s.at.Wait()
	s.Close()
}

func (s *server) serve(w nethttp.ResponseWriter, r *nethttp.Request) {
	if r.URL.Path == "/no" {
		w.WriteHeader(403)
		return
	}
	s.entering.RLock() // its client knows of a connection before we do
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, Subprotocols: []string{"b"}})
	if err != nil {
		s.entering.RUnlock()
		return
	}
	s.at.Add(1)
	defer s.at.Done()
	c.SetReadLimit(-1)
	s.mu.Lock()
	s.heads = append(s.heads, r.Header)
	s.conns[c] = true
	s.accepted++
	s.most = max(s.most, len(s.conns))
	s.mu.Unlock()
	s.entering.RUnlock()
	defer func() {
		c.CloseNow()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	for {
		_, message, err := c.Read(context.Background())
		if err != nil {
			return
		}
		s.mu.Lock()
		s.asked++
		s.inService++
		s.mostServed = max(s.mostServed, s.inService)
		s.mu.Unlock()
		more := s.does(s, c, message)
		s.mu.Lock()
		s.inService--
		s.mu.Unlock()
		if !more {
			return
		}
	}
}

// others are all connections.
func (s *server) others() (all []*websocket.Conn) {
	s.entering.Lock() // when those under way are in
	defer s.entering.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		all = append(all, c)
	}
	return all
}

// settle waits for whoever writes down what was seen.
func (s *server) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
}

func (s *server) address() string { return "ws" + strings.TrimPrefix(s.URL, "http") }

// awaitConns waits until so many connections are left.
func (s *server) awaitConns(t *testing.T, n int) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until) && len(s.others()) != n; {
		time.Sleep(time.Millisecond)
	}
	if left := len(s.others()); left != n {
		t.Errorf("the server has %d connections, want %d", left, n)
	}
}

// opened is a target whose own call sends a text.
func opened(t testing.TB, url, text string, change func(*Settings)) *Target {
	t.Helper()
	s := &Settings{URL: url, Headers: nethttp.Header{}}
	own, err := dialog.Say(text, dialog.Receive{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Own = own; change != nil {
		change(s)
	}
	to := &Target{Settings: s, url: url, args: func(r *target.Request) []value.Value {
		return []value.Value{value.Of(fmt.Sprintf("%05d;", r.Number))}
	}}
	if err := to.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(to.close)
	return to
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
		id, now := target.NewID(uint32(slot), uint64(sent)), clock.Now()
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

// once makes one call.
func once(t *testing.T, to *Target) target.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return to.Call(ctx, &target.Request{})
}

// raw is a server that does that with each connection, whatever it speaks.
func raw(t *testing.T, does func(c net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
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
			at.Go(func() { defer c.Close(); does(c) })
		}
	})
	return "ws://" + listener.Addr().String()
}
