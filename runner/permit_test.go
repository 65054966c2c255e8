package runner_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"plimsoll/runner"
)

// Where nothing is permitted no kind connects, by whatever way and engine: a counting
// server hears nobody, and what was about to be connected to was judged.
func TestNobodyConnectsWhereNobodyMay(t *testing.T) {
	var came atomic.Int64
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []net.Listener{listener, socket} {
		defer l.Close()
		go func() {
			for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
				came.Add(1)
				_ = conn.Close()
			}
		}()
	}
	datagrams, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer datagrams.Close()
	go func() {
		for _, _, err := datagrams.ReadFrom(make([]byte, 100)); err == nil; _, _, err = datagrams.ReadFrom(make([]byte, 100)) {
			came.Add(1)
		}
	}()
	at := listener.Addr().String()
	targets := []string{
		`http: {url: "http://AT/", engine: wire-net}`, `http: {url: "http://AT/", engine: std}`, `http: {url: "https://AT/"}`,
		`http: {url: "http://AT/", http: "2"}`, `http: {url: "http://AT/", http: "2", engine: std}`, `http: {url: "http://x/", resolve: {x: 127.0.0.1}}`,
		`http: {url: "http://x/", unix: UNIX}`, `http: {url: "http://x/", unix: UNIX, engine: std}`,
		`tcp: {address: AT, send: x, receive: {until: "\n"}}`, `tcp: {address: AT, send: x, receive: {until: "\n"}, receivers: 2}`, `udp: {address: UDP, send: x}`,
		`websocket: {url: "ws://AT/", send: x}`, `redis: {address: AT, redis: [PING]}`, `nats: {url: "nats://AT", publish: y, subject: x}`,
		`grpc: {address: AT, rpc: a.B/C, message: {}}`, `sql: {driver: postgres, dsn: "postgres://a:b@AT/x", sql: select 1}`, `sql: {driver: mysql, dsn: "a:b@tcp(AT)/x", sql: select 1}`,
	}
	if runtime.GOOS == "linux" {
		targets = append(targets, `http: {url: "http://AT/", engine: wire-epoll}`)
	}
	for _, target := range targets {
		t.Run(target, func(t *testing.T) {
			var mu sync.Mutex
			var judged []string
			text := strings.NewReplacer("AT", at, "UDP", datagrams.LocalAddr().String(), "UNIX", socket.Addr().String()).Replace(target)
			trial := carryOut(t, fmt.Sprintf("targets:\n  t: {%s}\nscenarios:\n  - {name: s, target: t, requests: 3, modes: [sequential]}\n", text), func(o *runner.Options) {
				o.Permit = func(network, address string) error {
					mu.Lock()
					defer mu.Unlock()
					judged = append(judged, network+" "+address)
					return errors.New("it is not permitted")
				}
			}).Trials[0]
			if trial.OK > 0 || came.Load() > 0 || len(judged) == 0 {
				t.Errorf("%d calls succeeded, %d came, judged were %v: %s", trial.OK, came.Load(), judged, trial.Reason)
			}
			told := trial.Reason
			for _, e := range trial.Errors {
				told += e.Example
			}
			if !strings.Contains(told, "it is not permitted") {
				t.Errorf("what is told is %q", told)
			}
		})
	}
}

// Who is led elsewhere is judged there, too.
func TestRedirectsAreJudged(t *testing.T) {
	var came atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came.Add(1) }))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer first.Close()
	var mu sync.Mutex
	var judged []string
	carryOut(t, fmt.Sprintf(`
targets:
  t: {http: {url: %q}}
scenarios:
  - {name: s, target: t, requests: 2, modes: [sequential], steps: [{get: /, redirects: 3}, {get: %q}]}
`, first.URL, other.URL), func(o *runner.Options) {
		o.Permit = func(network, address string) error {
			mu.Lock()
			defer mu.Unlock()
			if judged = append(judged, address); "http://"+address == other.URL {
				return errors.New("not there")
			}
			return nil
		}
	})
	if came.Load() > 0 || !slices.Contains(judged, strings.TrimPrefix(other.URL, "http://")) {
		t.Errorf("%d came; judged were %v", came.Load(), judged)
	}
}
