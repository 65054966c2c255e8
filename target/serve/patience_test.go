package serve

import (
	"context"
	"errors"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"plimsoll/target/quantity"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

// impatient serves with little patience until the test ends.
func impatient(t *testing.T, p patience, s sim.Settings) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	pacer := newPacer(wait.DefaultSpin)
	calls, giveUp := context.WithCancel(context.Background())
	server := newServer(&handler{
		settings: s, pacer: pacer, stopping: calls.Done(), began: time.Now(), patience: p,
		model: sim.New(s, random.New(1)),
	}, calls)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		giveUp()
		_ = server.Close()
		<-ended
		pacer.stop()
	})
	return listener.Addr().String()
}

func dial(t *testing.T, address, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// isClosed waits until the server has closed a connection, and returns what it
// said before.
func isClosed(t *testing.T, what string, conn net.Conn) string {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	said, err := io.ReadAll(conn)
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatalf("%s: still open after a minute", what)
	}
	return string(said)
}

// Clients that only hold connections open are not held for ever: without a
// byte, with half a head, with half a body, idle after a call, or without
// reading what they asked for.
func TestConnectionsThatDoNotGetOnAreClosed(t *testing.T) {
	soon := 200 * time.Millisecond
	address := impatient(t, patience{head: soon, idle: soon, body: soon}, sim.Settings{})
	for what, text := range map[string]string{
		"nothing":       "",
		"half a head":   "GET / HTTP/1.1\r\nHost: x\r\nX-Half",
		"half a body":   "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf",
		"half an echo":  "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf",
		"idle":          "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"half an HTTP2": "PRI * HTTP/2.0\r\n\r\nSM\r\n",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			isClosed(t, what, dial(t, address, text))
		})
	}
	t.Run("not reading", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, address, "GET /bytes/100M HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(3 * soon)
		if got := len(isClosed(t, "not reading", conn)); got >= mostBytes {
			t.Errorf("got all %d bytes", got)
		}
	})
}

// What the model takes long over has nothing to do with patience.
func TestPatienceDoesNotEndCalls(t *testing.T) {
	soon := 20 * time.Millisecond
	address := impatient(t, patience{head: soon, idle: time.Minute, body: 10 * soon}, sim.Settings{})
	answer, err := nethttp.Post("http://"+address+"/delay/500ms", "text/plain", strings.NewReader("a body"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != nethttp.StatusOK {
		t.Errorf("status %d", answer.StatusCode)
	}
}

// A head takes no more memory than it may be long.
func TestHeadsAreBounded(t *testing.T) {
	address := strings.TrimPrefix(start(t, Options{}), "http://")
	for length, want := range map[int]string{
		longestHead / 2: "HTTP/1.1 200 ",
		longestHead * 2: "HTTP/1.1 431 ",
	} {
		conn := dial(t, address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: "+strings.Repeat("x", length)+"\r\n\r\n")
		if said := isClosed(t, "a long head", conn); !strings.HasPrefix(said, want) {
			t.Errorf("%d bytes: %.40q, want %q", length, said, want)
		}
	}
}

// Retry-After is in whole seconds, and whoever waits so long is let in: parts
// of a second are rounded up.
func TestRetryAfterIsRoundedUp(t *testing.T) {
	for per, want := range map[time.Duration]string{time.Second: "1", 1500 * time.Millisecond: "2", 2 * time.Minute: "120", 100 * time.Millisecond: "1"} {
		// Two at the same moment: only one is within the quota.
		address := impatient(t, usual, sim.Settings{Quota: quantity.Rate{N: 1, Per: per}})
		got := ""
		for range 50 { // a busy machine may take longer than the quota's time between two calls
			answer, err := nethttp.Get("http://" + address)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode == nethttp.StatusTooManyRequests {
				got = answer.Header.Get("Retry-After")
				break
			}
		}
		if got != want {
			t.Errorf("quota of 1/%v: Retry-After is %q, want %q", per, got, want)
		}
	}
}
