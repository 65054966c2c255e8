package websocket

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"net"
	nethttp "net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/look"
	"plimsoll/target/real"
)

// What the server saw is what is reported.
func TestWhatTheServerSawIsReported(t *testing.T) {
	for _, c := range []struct {
		name             string
		inFlight, opened int
		change           func(*Settings)
	}{
		{"one at a time", 1, 1, nil},
		{"three", 3, 3, nil},
		{"capped", 16, 5, func(s *Settings) { s.Connections = 5 }},
		{"never again", 3, 90, func(s *Settings) { s.Reuse = client.Never }},
		{"of users", 4, 4, func(s *Settings) { s.Reuse = client.ByUser }},
	} {
		for _, secured := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				s := serve(t, secured, say)
				to := opened(t, s.address(), "ping ${n}", func(s *Settings) {
					s.TLS.Insecure = true
					if c.change != nil {
						c.change(s)
					}
				})
				classes, all := load(t, to, c.inFlight, 90, 20*time.Second)
				fresh := 0
				for _, d := range all {
					if p := d.Parts.Phases; p[connect] >= 0 {
						if fresh++; (p[secure] >= 0) != secured || p[upgrade] <= 0 {
							t.Fatalf("phases %v", p)
						}
					}
				}
				s.settle()
				// Calls that end early leave their connections to those that begin late.
				shared := c.name == "three" || c.name == "capped"
				opened := s.accepted == c.opened || shared && s.accepted < c.opened
				if classes[""] != 90 || s.asked != 90 || !opened || fresh != s.accepted || s.mostServed > c.opened {
					t.Errorf("%v; %d asked over %d connections (%d told), %d at once", classes, s.asked, s.accepted, fresh, s.mostServed)
				}
				if c.name == "capped" && s.most > 5 {
					t.Errorf("%d connections at once", s.most)
				}
				to.close()
				s.awaitConns(t, 0)
			})
		}
	}
}

// The request that opens a connection says what the settings say.
func TestUpgrade(t *testing.T) {
	s := serve(t, false, say)
	to := opened(t, s.address()+"/chat?room=1", "hi", func(s *Settings) {
		s.Headers.Add("X-Own", "1")
		s.Headers.Add("X-Own", "2")
		s.Subprotocols = []string{"a", "b"}
	})
	if out := once(t, to); !out.OK() {
		t.Error(out.Class, out.Example)
	}
	s.settle()
	if h := s.heads[0]; !slices.Equal(h["X-Own"], []string{"1", "2"}) || h.Get("Sec-Websocket-Protocol") != "a,b" {
		t.Errorf("sent %v", h)
	}
}

// A password of the URL is sent, and told to nobody.
func TestPasswords(t *testing.T) {
	s := serve(t, false, func(*server, *websocket.Conn, []byte) bool { return false })
	to := opened(t, strings.Replace(s.address(), "ws://", "ws://me:hush@", 1), "hi", nil)
	out := once(t, to)
	s.mu.Lock()
	defer s.mu.Unlock()
	if out.OK() || strings.Contains(out.Example, "hush") || s.heads[0].Get("Authorization") != "Basic bWU6aHVzaA==" {
		t.Errorf("%s; sent %v", out.Example, s.heads[0])
	}
}

// shake answers the handshake of a WebSocket by hand.
func shake(c net.Conn) *bufio.Reader {
	in := bufio.NewReader(c)
	r, err := nethttp.ReadRequest(in)
	if err != nil {
		return in
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	_, _ = c.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"))
	return in
}

// Each way in which a server fails has its class.
func TestFaults(t *testing.T) {
	closes := func(code websocket.StatusCode) func(*server, *websocket.Conn, []byte) bool {
		return func(_ *server, c *websocket.Conn, _ []byte) bool { _ = c.Close(code, "why"); return false }
	}
	cut := raw(t, func(c net.Conn) { in := shake(c); _, _ = in.Read(make([]byte, 100)) })
	for _, c := range []struct{ name, url, class, says string }{
		{"going away", serve(t, false, closes(1001)).address(), "close-1001", "1001, why"},
		{"of its own", serve(t, false, closes(4001)).address(), "close-4001", "4001, why"},
		{"without a word", cut, "close-1006", "without a word"},
		{"reset", raw(t, func(c net.Conn) {
			in := shake(c)
			_, _ = in.ReadByte()
			_ = c.(*net.TCPConn).SetLinger(0)
		}), target.Reset, "reset"},
		{"no frame", raw(t, func(c net.Conn) {
			in := shake(c)
			_, _ = in.ReadByte()
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
			_, _ = in.ReadByte()
		}), target.Body, "received header"},
		{"refused", serve(t, false, say).address() + "/no", "status-403", "403 Forbidden"},
		{"no HTTP", raw(t, func(c net.Conn) { _, _ = c.Write([]byte("220 mail\r\n")) }), target.Body, "no HTTP"},
		{"no WebSocket", raw(t, func(c net.Conn) {
			_, _ = nethttp.ReadRequest(bufio.NewReader(c))
			_, _ = c.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
		}), target.Body, "Sec-WebSocket-Accept"},
		{"closed before", raw(t, func(c net.Conn) { _, _ = nethttp.ReadRequest(bufio.NewReader(c)) }), target.Reset, "before it was a WebSocket"},
		{"another's certificate", serve(t, true, say).address(), target.TLS, "certificate"},
		{"nobody", "ws://" + real.Nowhere, target.Connect, "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := opened(t, c.url, "ping", nil)
			classes, all := load(t, to, 2, 4, 20*time.Second)
			if classes[c.class] != 4 || !strings.Contains(all[0].Example, c.says) {
				t.Errorf("%v, %q; want %s, … %s …", classes, all[0].Example, c.class, c.says)
			}
		})
	}
}

// A call that is given up frees the other side, and its answer meets nobody; so
// does what comes unasked.
func TestLateAnswersMeetNobody(t *testing.T) {
	var silent atomic.Bool
	silent.Store(true)
	s := serve(t, false, func(s *server, c *websocket.Conn, message []byte) bool {
		if silent.Load() {
			return true
		}
		return say(s, c, []byte("right")) && say(s, c, []byte("unasked"))
	})
	to := opened(t, s.address(), "ping", nil)
	if classes, _ := load(t, to, 3, 3, 150*time.Millisecond); classes[target.Timeout] != 3 {
		t.Errorf("%v", classes)
	}
	s.awaitConns(t, 0)
	silent.Store(false)
	for range 5 {
		if got := heard(t, to); got != "right" {
			t.Errorf("a call gets %q", got)
		}
		time.Sleep(20 * time.Millisecond) // for what is unasked to come, and to be dropped
	}
	s.settle()
	if s.accepted != 4 {
		t.Errorf("%d connections", s.accepted)
	}
}

// heard is the answer to a call.
func heard(t *testing.T, to *Target) string {
	t.Helper()
	message, err := look.Parse("message")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out := to.Call(ctx, &target.Request{Want: []look.Operand{message}})
	if !out.OK() {
		t.Fatal(out.Class, out.Example)
	}
	return out.Found[0].Text
}

// The answer is the first message that receive matches.
func TestTheMessageThatMatches(t *testing.T) {
	s := serve(t, false, func(s *server, c *websocket.Conn, message []byte) bool {
		return say(s, c, []byte("news")) && say(s, c, []byte("answer: 7")) && say(s, c, []byte("answer: 8"))
	})
	to := opened(t, s.address(), "ask", func(s *Settings) {
		s.Own.Receive = dialog.Receive{How: dialog.Matches, RE: regexp.MustCompile("^answer")}
	})
	if got := heard(t, to); got != "answer: 7" {
		t.Errorf("got %q", got)
	}
}

// A connection that the server closes while it is idle is noticed, and so is a
// server that asks whether we are there.
func TestIdleConnectionsAreHeard(t *testing.T) {
	s := serve(t, false, say)
	to := opened(t, s.address(), "ping", nil)
	if out := once(t, to); !out.OK() {
		t.Fatal(out.Class, out.Example)
	}
	c := s.others()[0]
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.Ping(ctx); err != nil {
		t.Errorf("an idle connection answers no ping: %v", err)
	}
	_ = c.Close(websocket.StatusGoingAway, "")
	s.awaitConns(t, 0)
	time.Sleep(20 * time.Millisecond)
	out := once(t, to)
	s.settle()
	if !out.OK() || s.accepted != 2 {
		t.Errorf("the next call: %s %s, %d connections", out.Class, out.Example, s.accepted)
	}
}

// A thousand receivers each get every message; last_receiver is the slowest one's
// own clock.
func TestBroadcast(t *testing.T) {
	const receivers, calls = 1000, 5
	var mu sync.Mutex
	var written []time.Time // when the slowest one's message was on its way
	s := serve(t, false, func(s *server, c *websocket.Conn, message []byte) bool {
		others := s.others()
		last := slices.IndexFunc(others, func(o *websocket.Conn) bool { return o != c })
		for i, other := range others {
			if i != last {
				_ = other.Write(context.Background(), websocket.MessageText, message)
			}
		}
		time.Sleep(30 * time.Millisecond)
		mu.Lock()
		written = append(written, time.Now())
		mu.Unlock()
		return others[last].Write(context.Background(), websocket.MessageText, message) == nil
	})
	to := opened(t, s.address(), "to all ${n}", func(s *Settings) { s.Receivers = receivers })
	for k := range calls {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		out := to.Call(ctx, &target.Request{Number: uint64(k)})
		cancel()
		if !out.OK() {
			t.Fatal(out.Class, out.Example)
		}
		first, last := out.Parts.Phases[firstReceiver], out.Parts.Phases[lastReceiver]
		mu.Lock()
		at := written[k]
		mu.Unlock()
		if late := out.Ended.Sub(at); late < 0 || last < 30*time.Millisecond || first > last {
			t.Errorf("first %v, last %v; the call ended %v after the slowest one's message was sent", first, last, late)
		}
	}
	s.settle()
	if s.accepted != receivers+1 || s.asked != calls {
		t.Errorf("%d connections, %d messages", s.accepted, s.asked)
	}
	to.close()
	s.awaitConns(t, 0)
}
