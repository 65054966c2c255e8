package http

import (
	"bufio"
	"context"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/serve"
)

// TestMain lets the test's own program act as a server to be killed.
func TestMain(m *testing.M) {
	if os.Getenv(role) == "" {
		log.SetOutput(io.Discard)           // net/http tells what its peers do wrong
		_ = flag.Set("test.parallel", "16") // they wait more than they work
		goleak.VerifyTestMain(m)
		return
	}
	if err := serve.RunChild(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const role = "PLIMSOLL_TEST_ROLE"

// open opens a target until the test ends: GET url, 2xx, kept alive, 5 s,
// unless change says otherwise.
func open(t testing.TB, url string, change func(*Settings)) *Target {
	t.Helper()
	s := Settings{Calls: []Request{{Method: "GET", URL: url}}, Settings: client.Settings{Timeout: 20 * time.Second}, Protocol: "1.1"}
	if change != nil {
		change(&s)
	}
	to, err := Open(s, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(to.Close)
	return to
}

// nth asks for the n-th call.
func nth(n uint64) *target.Request { return &target.Request{Number: n} }

// scripted is a server that hands every request to script, with its number
// on its connection, from 0; the connection is closed when script says so.
func scripted(t testing.TB, script func(c *net.TCPConn, n int) (goOn bool)) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go follow(conn.(*net.TCPConn), script)
		}
	}()
	return "http://" + listener.Addr().String() + "/"
}

func follow(conn *net.TCPConn, script func(*net.TCPConn, int) bool) {
	defer conn.Close()
	requests := bufio.NewReader(conn)
	for n := 0; ; n++ {
		r, err := nethttp.ReadRequest(requests)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		if !script(conn, n) {
			return
		}
	}
}

// says is a script that answers with text, and closes the connection.
func says(text string) func(*net.TCPConn, int) bool {
	return func(c *net.TCPConn, _ int) bool {
		_, _ = io.WriteString(c, text)
		return false
	}
}

// breaksOff is a script that answers with text, and resets the connection.
func breaksOff(text string) func(*net.TCPConn, int) bool {
	return func(c *net.TCPConn, _ int) bool {
		_, _ = io.WriteString(c, text)
		time.Sleep(20 * time.Millisecond) // let the client read it: a reset takes back what it has not
		_ = c.SetLinger(0)
		return false
	}
}

// answers is a script that answers well, for ever.
func answers(c *net.TCPConn, _ int) bool {
	_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
	return err == nil
}

// server counts what it sees.
type server struct {
	*httptest.Server
	connections, closed, requests atomic.Int64
	atOnce, most                  atomic.Int64 // requests in progress
}

// newServer starts a server, over TLS and HTTP/2 too if asked; setUp may
// change it before.
func newServer(t testing.TB, secure bool, setUp func(*httptest.Server), handle nethttp.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewUnstartedServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		s.requests.Add(1)
		for now, most := s.atOnce.Add(1), s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
		}
		defer s.atOnce.Add(-1)
		if handle != nil {
			handle(w, r)
		}
	}))
	s.Config.ConnState = func(_ net.Conn, state nethttp.ConnState) {
		switch state {
		case nethttp.StateNew:
			s.connections.Add(1)
		case nethttp.StateClosed:
			s.closed.Add(1)
		}
	}
	s.Config.Protocols = new(nethttp.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Config.ErrorLog = quiet
	if setUp != nil {
		setUp(s.Server)
	}
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// authority writes the server's certificate to a file, to be trusted.
func (s *server) authority(t testing.TB) (path string) {
	return writePEM(t, "ca.pem", "CERTIFICATE", s.Certificate().Raw)
}

func writePEM(t testing.TB, name, kind string, der []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// refusing is an address where nobody listens.
func refusing(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// quiet swallows what servers say about clients that misbehave on purpose.
var quiet = log.New(io.Discard, "", 0)

// onSocket has a server listen on a Unix socket.
func onSocket(t testing.TB, path string) func(*httptest.Server) {
	return func(s *httptest.Server) {
		listener, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Listener.Close()
		s.Listener = listener
		s.EnableHTTP2 = true
	}
}

// reuse is whether connections are used again.
func reuse(keep bool) client.Reuse {
	if keep {
		return client.ByAll
	}
	return client.Never
}
