package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"plimsoll/target/sim"
)

// echoes answer messages over TCP with themselves, each when the model says so. A
// line is a message, and what comes together without a line's end is one, too. Of
// a connection they are answered in their order. What the model has fail gets no
// answer: reset breaks the connection off, timeout keeps silent, and all else
// closes the connection.
type echoes struct {
	*handler
	calls     context.Context // done: nobody waits for answers any more
	broadcast bool            // each answer goes to everybody

	mu    sync.Mutex
	all   map[*talker]bool
	alive sync.WaitGroup
}

// talker is a client's connection.
type talker struct {
	conn net.Conn
	mu   sync.Mutex // held while something is written
}

// piece is what is read at once, and the longest message.
const piece = 64 << 10

// talk serves a protocol without requests until ctx is done.
func (h *handler) talk(ctx context.Context, o Options, ready func(addr string)) error {
	if o.Protocol == "udp" {
		return h.talkDatagrams(ctx, o.Addr, ready)
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return fmt.Errorf("the simulated server cannot listen at %s: %w", o.Addr, cause(err))
	}
	e := &echoes{handler: h, calls: ctx, broadcast: o.Broadcast, all: map[*talker]bool{}}
	defer e.alive.Wait()
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	ready(listener.Addr().String())
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			e.hangUp()
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("the simulated server broke down: %w", err)
		case err != nil:
			time.Sleep(10 * time.Millisecond) // no descriptors, for example
			continue
		}
		t := e.enter(conn)
		e.alive.Go(func() { e.serve(t) })
	}
}

// enter has a connection be among all before anything is read from a later one:
// what that one shouts goes to it, too.
func (e *echoes) enter(conn net.Conn) *talker {
	t := &talker{conn: conn}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all[t] = true
	return t
}

// hangUp closes all connections.
func (e *echoes) hangUp() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for t := range e.all {
		_ = t.conn.Close()
	}
}

func (e *echoes) serve(t *talker) {
	defer func() {
		e.mu.Lock()
		delete(e.all, t)
		e.mu.Unlock()
		_ = t.conn.Close()
	}()
	buffer := make([]byte, 4<<10)
	for {
		n, err := t.conn.Read(buffer)
		if err != nil || !e.answer(t, buffer[:n], time.Now()) {
			return
		}
		if n == len(buffer) && n < piece {
			buffer = make([]byte, piece)
		}
	}
}

// answer answers the messages that came at a time, and tells whether there may be
// more.
func (e *echoes) answer(t *talker, b []byte, arrived time.Time) bool {
	way := e.model.Way("/")
	var asked []sim.Asked
	for range messages(b) {
		asked = append(asked, e.arrive(arrived, way))
	}
	for i, message := range messages(b) {
		if !e.pacer.sleep(e.calls, e.began.Add(asked[i].At)) {
			return false
		}
		switch asked[i].Class {
		case "":
			if !e.tell(t, message) {
				return false
			}
		case string(sim.Timeout):
		case string(sim.Reset):
			if tcp, is := t.conn.(*net.TCPConn); is {
				_ = tcp.SetLinger(0)
			}
			return false
		default:
			return false
		}
	}
	return true
}

// messages takes apart what came together.
func messages(b []byte) func(yield func(int, []byte) bool) {
	return func(yield func(int, []byte) bool) {
		for i := 0; len(b) > 0; i++ {
			end := bytes.IndexByte(b, '\n') + 1
			if end == 0 {
				end = len(b)
			}
			if !yield(i, b[:end]) {
				return
			}
			b = b[end:]
		}
	}
}

// tell sends an answer to whoever it is for, and tells whether the client that
// asked is still there.
func (e *echoes) tell(t *talker, message []byte) bool {
	if !e.broadcast {
		_, err := t.conn.Write(message)
		return err == nil
	}
	e.mu.Lock()
	all := make([]*talker, 0, len(e.all))
	for other := range e.all {
		all = append(all, other)
	}
	e.mu.Unlock()
	for _, other := range all {
		other.mu.Lock()
		_ = other.conn.SetWriteDeadline(time.Now().Add(e.patience.body))
		if _, err := other.conn.Write(message); err != nil {
			_ = other.conn.Close() // whoever does not read must not keep the others waiting
		}
		other.mu.Unlock()
	}
	return true
}

// mostDatagrams bounds how many answers wait for their time.
const mostDatagrams = 100_000

// talkDatagrams answers datagrams with themselves; what the model has fail gets no
// answer.
func (h *handler) talkDatagrams(ctx context.Context, address string, ready func(addr string)) error {
	packets, err := net.ListenPacket("udp", address)
	if err != nil {
		return fmt.Errorf("the simulated server cannot listen at %s: %w", address, cause(err))
	}
	conn := packets.(*net.UDPConn)
	_ = conn.SetReadBuffer(4 << 20) // as much of it as the system allows
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	ready(conn.LocalAddr().String())
	var alive sync.WaitGroup
	defer alive.Wait()
	room := make(chan struct{}, mostDatagrams)
	way := h.model.Way("/")
	for buffer := make([]byte, piece); ; {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF):
			return fmt.Errorf("the simulated server broke down: %w", err)
		case err != nil:
			continue // a client that is gone, for example
		}
		arrived := time.Now()
		asked := h.arrive(arrived, way)
		switch due := h.began.Add(asked.At); {
		case asked.Class != "":
		case !due.After(arrived):
			_, _ = conn.WriteToUDPAddrPort(buffer[:n], from)
		default:
			message := bytes.Clone(buffer[:n])
			select {
			case room <- struct{}{}:
			default:
				continue
			}
			alive.Go(func() {
				if h.pacer.sleep(ctx, due) {
					_, _ = conn.WriteToUDPAddrPort(message, from)
				}
				<-room
			})
		}
	}
}
