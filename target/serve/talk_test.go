package serve

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"plimsoll/target/delay"
	"plimsoll/target/kind"
	"plimsoll/target/sim"
)

// talking starts a server of a protocol in this process.
func talking(t *testing.T, protocol string, broadcast bool, model sim.Settings) (address string) {
	t.Helper()
	var options Options
	if err := options.Take(kind.Service{Protocol: protocol, Model: &model, Broadcast: broadcast}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- run(ctx, options, 0, func(a string) { ready <- a }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case address = <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	return address
}

func dialled(t *testing.T, network, address string) net.Conn {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// Lines are answered with themselves, one after another, no sooner than the model
// says; what has no line's end too.
func TestEchoOverTCP(t *testing.T) {
	address := talking(t, "tcp", false, sim.Settings{Delay: delay.Of(20 * time.Millisecond)})
	c := dialled(t, "tcp", address)
	began := time.Now()
	if _, err := io.WriteString(c, "one\ntwo\nthree"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len("one\ntwo\nthree"))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "one\ntwo\nthree" || time.Since(began) < 20*time.Millisecond {
		t.Errorf("%q after %v, %v", got, time.Since(began), err)
	}
}

// What the model has fail is met as a client would meet it.
func TestFailingOverTCP(t *testing.T) {
	for kind, want := range map[sim.ErrorKind]string{sim.Reset: "reset", sim.Status500: "EOF", sim.Timeout: "i/o timeout"} {
		c := dialled(t, "tcp", talking(t, "tcp", false, sim.Settings{Errors: sim.Errors{Rate: 1, Kind: kind}}))
		if kind == sim.Timeout {
			_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond)) // it is not waited for as long as for the others
		}
		_, _ = io.WriteString(c, "ping\n")
		if n, err := c.Read(make([]byte, 10)); n > 0 || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d bytes, %v", kind, n, err)
		}
	}
}

// Over a broadcast everybody hears what one says.
func TestBroadcast(t *testing.T) {
	address := talking(t, "tcp", true, sim.Settings{})
	var all []*bufio.Reader
	var first net.Conn
	for i := range 5 {
		c := dialled(t, "tcp", address)
		if i == 0 {
			first = c
		}
		all = append(all, bufio.NewReader(c))
		_, _ = io.WriteString(c, "here\n") // so that the server knows it
		if line, err := all[i].ReadString('\n'); err != nil || line != "here\n" {
			t.Fatal(line, err)
		}
	}
	_, _ = io.WriteString(first, "to all\n")
	for i, c := range all {
		line := ""
		for line != "to all\n" {
			var err error
			if line, err = c.ReadString('\n'); err != nil {
				t.Fatalf("client %d: %v", i, err)
			}
		}
	}
}

func TestEchoOverUDP(t *testing.T) {
	c := dialled(t, "udp", talking(t, "udp", false, sim.Settings{Delay: delay.Of(10 * time.Millisecond)}))
	for _, text := range []string{"one", "", "three"} {
		began := time.Now()
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 100)
		if n, err := c.Read(got); err != nil || string(got[:n]) != text || time.Since(began) < 10*time.Millisecond {
			t.Errorf("%q: %q, %v", text, got[:n], err)
		}
	}
}

func TestEchoOverWebSockets(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	dial := func(model sim.Settings, broadcast bool) *websocket.Conn {
		c, _, err := websocket.Dial(ctx, "ws://"+talking(t, "websocket", broadcast, model)+"/any", &websocket.DialOptions{Subprotocols: []string{"mine"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.CloseNow() })
		return c
	}
	for _, broadcast := range []bool{false, true} {
		c := dial(sim.Settings{Delay: delay.Of(10 * time.Millisecond)}, broadcast)
		began := time.Now()
		if err := c.Write(ctx, websocket.MessageBinary, []byte("ping")); err != nil {
			t.Fatal(err)
		}
		if form, got, err := c.Read(ctx); err != nil || form != websocket.MessageBinary || string(got) != "ping" || time.Since(began) < 10*time.Millisecond || c.Subprotocol() != "mine" {
			t.Errorf("%v %q, %v", form, got, err)
		}
	}
	for kind, want := range map[sim.ErrorKind]websocket.StatusCode{sim.Status500: websocket.StatusInternalError, sim.Reset: -1} {
		c := dial(sim.Settings{Errors: sim.Errors{Rate: 1, Kind: kind}}, false)
		_ = c.Write(ctx, websocket.MessageText, []byte("ping"))
		if _, _, err := c.Read(ctx); err == nil || websocket.CloseStatus(err) != want {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
