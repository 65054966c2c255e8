package http2

import (
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"testing"
)

// serving is an HTTP/2 server of Go's, and a session's connection to it.
func serving(t *testing.T, handler nethttp.HandlerFunc) net.Conn {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nethttp.Server{Handler: handler, Protocols: new(nethttp.Protocols)}
	s.Protocols.SetUnencryptedHTTP2(true)
	over := make(chan error)
	go func() { over <- s.Serve(listener) }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = conn.Close(), s.Close()
		<-over
	})
	return conn
}

// A real server answers 300 calls, 20 at a time: large bodies both ways, trailers,
// early hints.
func TestRealServer(t *testing.T) {
	const size = 300_000
	conn := serving(t, func(w nethttp.ResponseWriter, q *nethttp.Request) {
		n, _ := io.Copy(io.Discard, q.Body)
		w.Header().Set("Trailer", "X-Sum")
		w.WriteHeader(nethttp.StatusEarlyHints)
		_, _ = w.Write(make([]byte, n))
		w.Header().Set("X-Sum", fmt.Sprint(n))
	})
	r := newRig(t, get, post(size), post(10))
	says := func() {
		for len(r.Out()) > 0 {
			n, err := conn.Write(r.Out())
			if r.Sent(n); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 20 {
		r.call(uint64(i))
	}
	buffer, done := make([]byte, 10_000), 0
	for done < 300 {
		says()
		n, err := conn.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		if r.hears(buffer[:n]); r.fault != nil {
			t.Fatal(r.fault)
		}
		for _, p := range r.places {
			if p.end == "" {
				continue
			}
			body := p.stream.Memory.(*call).body
			if want := []int64{0, size, 10}[p.x.Number%3]; p.end != "well" || body != want {
				t.Fatalf("call %d: %q, %d bytes", p.x.Number, p.end, body)
			}
			if done++; r.Room() > 0 && !r.Closing() {
				p.again(p.x.Number + 20)
			}
		}
	}
}
