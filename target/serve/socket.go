package serve

import (
	"context"
	"net"
	nethttp "net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"plimsoll/target/sim"
)

// sockets answer messages over WebSockets, on every path, with themselves, each
// when the model says so; those of a connection in their order. What the model has
// fail: reset breaks the connection off, timeout keeps silent, rejected and
// throttled close it with 1013 (try again later), and all else with 1011.
type sockets struct {
	*handler
	broadcast bool // each answer goes to everybody

	// entering is held by connections from before their clients hear that they are
	// open until they are among all: who shouts then waits until they are in.
	entering sync.RWMutex
	mu       sync.Mutex
	all      map[*websocket.Conn]bool
}

// mostMessage is how many bytes a message may have.
const mostMessage = 16_000_000

// under is the key of the connection under a request.
type under struct{}

// ServeHTTP opens a WebSocket, and serves it to its end.
func (s *sockets) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(nethttp.StatusUpgradeRequired)
		return
	}
	offered := strings.FieldsFunc(r.Header.Get("Sec-WebSocket-Protocol"), func(c rune) bool { return c == ',' || c == ' ' })
	c := s.enter(w, r, offered)
	if c == nil {
		return // it has been told
	}
	defer c.CloseNow()
	c.SetReadLimit(mostMessage)
	defer func() {
		s.mu.Lock()
		delete(s.all, c)
		s.mu.Unlock()
	}()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	defer context.AfterFunc(s.stopped, cancel)()
	for {
		form, message, err := c.Read(ctx)
		if err != nil || !s.answer(ctx, c, form, message) {
			return
		}
	}
}

// enter opens a connection, which is among all when its client hears of it, to
// whoever shouts; nil: it is none.
func (s *sockets) enter(w nethttp.ResponseWriter, r *nethttp.Request, offered []string) *websocket.Conn {
	s.entering.RLock()
	defer s.entering.RUnlock()
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, Subprotocols: offered})
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[c] = true
	return c
}

// answer answers a message, and tells whether there may be more.
func (s *sockets) answer(ctx context.Context, c *websocket.Conn, form websocket.MessageType, message []byte) bool {
	asked := s.arrive(time.Now(), s.model.Way("/"))
	if !s.pacer.sleep(ctx, s.began.Add(asked.At)) {
		return false
	}
	switch asked.Class {
	case "":
		return s.tell(ctx, c, form, message)
	case string(sim.Timeout):
		return true
	case string(sim.Reset):
		if tcp, is := ctx.Value(under{}).(*net.TCPConn); is {
			_ = tcp.SetLinger(0)
		}
	case "rejected", "throttled":
		_ = c.Close(websocket.StatusTryAgainLater, asked.Class)
	default:
		_ = c.Close(websocket.StatusInternalError, asked.Class)
	}
	return false
}

// tell sends an answer to whoever it is for.
func (s *sockets) tell(ctx context.Context, c *websocket.Conn, form websocket.MessageType, message []byte) bool {
	if !s.broadcast {
		return c.Write(ctx, form, message) == nil
	}
	s.entering.Lock()
	s.entering.Unlock() // only to have waited
	s.mu.Lock()
	all := make([]*websocket.Conn, 0, len(s.all))
	for other := range s.all {
		all = append(all, other)
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.patience.body)
	defer cancel()
	for _, other := range all {
		_ = other.Write(ctx, form, message) // one that cannot be written to is closed by that
	}
	return true
}
