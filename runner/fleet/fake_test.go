package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/target/real"
)

func TestMain(m *testing.M) {
	crowd()
	goleak.VerifyTestMain(m)
}

// server is a nats-server as a process of its own, at an address that it keeps.
type server struct {
	t       testing.TB
	path    string
	address string
	process *exec.Cmd
}

func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{t: t, path: real.Program(t, "nats-server"), address: real.Address(t)}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *server) start() {
	s.t.Helper()
	host, port, _ := net.SplitHostPort(s.address)
	s.process = exec.Command(s.path, "-a", host, "-p", port)
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	for until := time.Now().Add(15 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", s.address); err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(until) {
			s.t.Fatal("nats-server does not listen")
		}
	}
}

func (s *server) kill() { _ = s.process.Process.Kill(); _ = s.process.Wait() }

// talk is over that server, with a token.
func (s *server) talk(token string) Talk {
	return Talk{URL: "nats://" + s.address, Token: Token{token}, Program: "test"}
}

// work is a fake: each share counts to how far its order says, an interval at a time,
// and says what it has begun with.
type work struct {
	refuses string
	takes   time.Duration // between intervals
	under   atomic.Int64  // shares under way
	counted atomic.Int64  // intervals that were made
	mu      sync.Mutex
	began   []time.Time
	given   []string
}

func (w *work) Take(p Plan) (Job, error) {
	if w.refuses != "" {
		return nil, errors.New(w.refuses)
	}
	return w, nil
}

func (w *work) Close() {}

type fakeOrder struct {
	Intervals int
	Fails     string // before it begins
	Breaks    string // after it began
}

func (w *work) Carry(ctx, atOnce context.Context, c Command, d Desk) (end []byte, err error) {
	w.under.Add(1)
	defer w.under.Add(-1)
	var o fakeOrder
	if err := json.Unmarshal(c.Order, &o); err != nil {
		return nil, err
	}
	if o.Fails != "" && c.Share == 0 {
		return nil, errors.New(o.Fails)
	}
	var left []byte
	if c.Share == 0 {
		left = []byte("left by 0")
	}
	at, given, err := d.Ready(ctx, left)
	if errors.Is(err, context.Canceled) {
		return []byte("interrupted"), nil
	}
	if err != nil {
		return nil, err
	}
	time.Sleep(time.Until(at))
	w.mu.Lock()
	w.began, w.given = append(w.began, time.Now()), append(w.given, fmt.Sprint(c.Share, string(given)))
	w.mu.Unlock()
	for i := range o.Intervals {
		select {
		case <-ctx.Done():
			return []byte("interrupted"), nil
		case <-atOnce.Done():
			return []byte("interrupted"), nil
		case <-time.After(w.takes):
		}
		w.counted.Add(1)
		d.Send([]byte(strconv.Itoa(i)))
	}
	if o.Breaks != "" && c.Share == 0 {
		return nil, errors.New(o.Breaks)
	}
	if c.Share == 0 {
		return []byte("over"), d.Alone(atOnce)
	}
	return []byte("over"), nil
}

// hired are agents that a test has started.
type hired struct {
	work
	stop  context.CancelFunc
	ended chan error
	mu    sync.Mutex
	notes []string
}

func (h *hired) note(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes = append(h.notes, text)
}

func (h *hired) noted() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.notes, "\n")
}

// hire starts an agent, which is gone with the test.
func hire(t testing.TB, talk Talk, name string, change func(*Agent, *hired)) *hired {
	ctx, stop := context.WithCancel(context.Background())
	h := &hired{stop: stop, ended: make(chan error, 1)}
	h.takes = 20 * time.Millisecond
	a := Agent{Talk: talk, Work: &h.work, Name: name, Index: -1}
	a.Note = h.note
	if change != nil {
		change(&a, h)
	}
	gone := make(chan struct{})
	go func() { defer close(gone); h.ended <- a.Run(ctx) }()
	t.Cleanup(func() { stop(); <-gone })
	return h
}

// gather has a coordinator find so many agents.
func gather(t testing.TB, talk Talk, agents int, change func(*Options)) (*Coordinator, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	o := Options{Talk: talk, Agents: agents, Lost: Stop, Plan: Plan{Name: "p.yaml", Text: []byte("text")}}
	if change != nil {
		change(&o)
	}
	c, err := Gather(ctx, o)
	if err == nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

// carried is an order carried out: what each share has sent, and the outcome.
func carried(c *Coordinator, o fakeOrder, real bool, took func(share int)) (sums map[int]int, out outcome) {
	return carriedUntil(context.Background(), c, o, real, took)
}

func carriedUntil(ctx context.Context, c *Coordinator, o fakeOrder, real bool, took func(share int)) (sums map[int]int, out outcome) {
	heard := &sum{of: map[int]int{}, took: took}
	order, _ := json.Marshal(o)
	out = c.carry(ctx, context.Background(), order, real, false, heard)
	return heard.of, out
}

// sum takes what shares record, each its intervals in order.
type sum struct {
	began time.Time
	of    map[int]int
	took  func(share int)
}

func (s *sum) Begins(at time.Time) { s.began = at }

func (s *sum) Take(share int, recorded []byte) error {
	if n, err := strconv.Atoi(string(recorded)); err != nil || n != s.of[share] || s.began.IsZero() {
		return fmt.Errorf("share %d sent %q after %d intervals", share, recorded, s.of[share])
	}
	s.of[share]++
	if s.took != nil {
		s.took(share)
	}
	return nil
}
