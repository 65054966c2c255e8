package redis

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/random"
	"plimsoll/target/template"
	"plimsoll/target/wait"
	"plimsoll/target/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is a server in memory that speaks enough of RESP, and counts by itself.
type store struct {
	listener net.Listener
	password string
	hook     func(p *peer, words []string) (reply string, is bool) // what comes before its own answers

	mu          sync.Mutex
	values      map[string]string
	lists       map[string]bool // keys that are no strings
	connections map[net.Conn]bool
	scripts     sync.WaitGroup
	tally
}

// tally is what a server has seen.
type tally struct {
	commands  map[string]int
	databases map[int]int // commands by database
	reads     int         // pieces that came
	open      int         // connections
	most      int
	accepted  int
	busy      int // commands being carried out
	mostBusy  int
	broken    int // connections that ended while a command was under way
}

// seen is what the server has seen so far.
func (s *store) seen() tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.tally
	seen.commands, seen.databases = maps.Clone(s.commands), maps.Clone(s.databases)
	return seen
}

// peer is the server's end of a connection.
type peer struct {
	*store
	net.Conn
	in      *bufio.Reader
	allowed bool
	db      int
}

func newStore(t testing.TB, change func(*store)) *store {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &store{listener: listener, values: map[string]string{}, lists: map[string]bool{}, connections: map[net.Conn]bool{}}
	s.commands, s.databases = map[string]int{}, map[int]int{}
	if change != nil {
		change(s)
	}
	s.scripts.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.connections[conn] = true
			s.accepted++
			s.open++
			s.most = max(s.most, s.open)
			s.mu.Unlock()
			s.scripts.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.hangUp()
		s.scripts.Wait()
	})
	return s
}

// hangUp ends all connections.
func (s *store) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.connections {
		_ = conn.Close()
	}
}

func (s *store) address() string { return s.listener.Addr().String() }

// Read counts the pieces that come.
func (p *peer) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	p.mu.Lock()
	p.reads++
	p.mu.Unlock()
	return n, err
}

func (s *store) serve(conn net.Conn) {
	p := &peer{store: s, Conn: conn, allowed: s.password == ""}
	p.in = bufio.NewReaderSize(p, 64<<10)
	defer func() {
		_ = conn.Close()
		s.mu.Lock()
		delete(s.connections, conn)
		s.open--
		s.mu.Unlock()
	}()
	for {
		words, err := p.command()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.busy++
		s.mostBusy = max(s.mostBusy, s.busy)
		s.commands[strings.ToUpper(words[0])]++
		s.databases[p.db]++
		s.mu.Unlock()
		reply := p.answer(words)
		s.mu.Lock()
		s.busy--
		s.mu.Unlock()
		if _, err := conn.Write([]byte(reply)); err != nil || reply == "" {
			return
		}
	}
}

// command reads one.
func (p *peer) command() (words []string, err error) {
	line, err := p.in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "*")))
	if err != nil || n < 1 {
		return nil, errors.New("no command")
	}
	for range n {
		if line, err = p.in.ReadString('\n'); err != nil {
			return nil, err
		}
		size, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "$")))
		if err != nil {
			return nil, err
		}
		word := make([]byte, size+2)
		for at := 0; at < len(word); {
			k, err := p.in.Read(word[at:])
			if err != nil {
				return nil, err
			}
			at += k
		}
		words = append(words, string(word[:size]))
	}
	return words, nil
}

// answer carries a command out; "" closes the connection.
func (p *peer) answer(words []string) string {
	if p.hook != nil {
		if reply, is := p.hook(p, words); is {
			return reply
		}
	}
	name := strings.ToUpper(words[0])
	if name == "AUTH" {
		if words[len(words)-1] != p.password {
			return "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
		}
		p.allowed = true
		return "+OK\r\n"
	}
	if !p.allowed {
		return "-NOAUTH Authentication required.\r\n"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch name {
	case "SELECT":
		if n, err := strconv.Atoi(words[1]); err == nil && n < 16 {
			p.db = n
			return "+OK\r\n"
		}
		return "-ERR DB index is out of range\r\n"
	case "SET":
		p.values[words[1]] = words[2]
		return "+OK\r\n"
	case "GET":
		if p.lists[words[1]] {
			return "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
		}
		if v, is := p.values[words[1]]; is {
			return fmt.Sprintf("$%d\r\n%s\r\n", len(v), v)
		}
		return "$-1\r\n"
	case "INCR":
		n, _ := strconv.Atoi(p.values[words[1]])
		p.values[words[1]] = strconv.Itoa(n + 1)
		return fmt.Sprintf(":%d\r\n", n+1)
	case "LPUSH":
		p.lists[words[1]] = true
		return ":1\r\n"
	case "MGET":
		out := fmt.Sprintf("*%d\r\n", len(words)-1)
		for _, key := range words[1:] {
			if v, is := p.values[key]; is {
				out += fmt.Sprintf("$%d\r\n%s\r\n", len(v), v)
			} else {
				out += "$-1\r\n"
			}
		}
		return out
	}
	return "-ERR unknown command\r\n"
}

// blocks has a command wait until its connection ends.
func blocks(p *peer, words []string) (string, bool) {
	if strings.ToUpper(words[0]) != "BLPOP" {
		return "", false
	}
	_, _ = p.in.Peek(1)
	p.mu.Lock()
	p.broken++
	p.mu.Unlock()
	return "", true
}

// caller makes calls as a loop does.
type caller struct {
	t       testing.TB
	opened  *kind.Opened
	clock   target.Clock
	carrier target.Carrier
	due     time.Duration
}

// engines are those that carry calls, the one that is taken first.
func engines() []string {
	if wire.HasEpoll {
		return []string{wire.Epoll, wire.Uring, wire.Sockets}
	}
	return []string{wire.Sockets}
}

func byEach(t *testing.T, test func(t *testing.T, engine string)) {
	for _, engine := range engines() {
		t.Run(engine, func(t *testing.T) { test(t, engine) })
	}
}

func openAt(t testing.TB, engine, address string, own *Call, change func(*Settings)) *caller {
	t.Helper()
	s := &Settings{Address: address, Settings: client.Settings{Timeout: 5 * time.Second}, Own: own, engine: engine}
	if change != nil {
		change(s)
	}
	opened, err := s.Open(context.Background(), kind.Site{Streams: random.New(1)})
	if err != nil {
		t.Fatal(err)
	}
	x := &caller{t: t, opened: opened}
	if opened.Polls {
		x.clock, err = wire.Clock(opened.Engine, wait.DefaultSpin)
	} else {
		x.clock = wait.NewDoze(wait.DefaultSpin)
	}
	if err == nil {
		x.carrier, err = opened.Carrier(x.clock)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.carrier.Close(); x.clock.Close(); opened.Close() })
	return x
}

func (x *caller) send(slot uint32, r target.Request) {
	x.due = min(x.due, x.carrier.Send(target.NewID(slot, r.Number), &r, x.clock.Now()))
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

func (x *caller) call(r target.Request) target.Done {
	x.t.Helper()
	x.send(0, r)
	d, is := x.end(20 * time.Second)
	if !is {
		x.t.Fatal("no end")
	}
	return d
}

// ask is a call of these commands, words separated by blanks.
func ask(t testing.TB, lines ...string) *Call {
	t.Helper()
	c := &Call{}
	for _, line := range lines {
		var words []template.Template
		for _, text := range strings.Fields(line) {
			w, err := c.holes.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, w)
		}
		c.commands = append(c.commands, words)
	}
	c.spell()
	return c
}

func wants(t testing.TB, texts ...string) (all []look.Operand) {
	t.Helper()
	for _, text := range texts {
		o, err := look.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// certificate is a server's for 127.0.0.1.
func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
