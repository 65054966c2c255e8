package sql

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"

	"plimsoll/target"
	"plimsoll/target/real"
)

// fake is a server that does the same with every connection.
func fake(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); serve(conn) }()
		}
	}()
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

// says answers whatever comes first, or speaks first, and hangs up.
func says(first bool, text string) func(net.Conn) {
	return func(c net.Conn) {
		if !first {
			_, _ = c.Read(make([]byte, 1024))
		}
		_, _ = c.Write([]byte(text))
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = c.Read(make([]byte, 1024))
	}
}

// targetsAt are targets of both protocols at an address.
func targetsAt(t *testing.T, address string) map[string]*Target {
	return map[string]*Target{
		"postgres": open(t, `{driver: postgres, dsn: "postgres://app:pass@%s/d?sslmode=disable", sql: "select 1"}`, address),
		"mysql":    open(t, `{driver: mysql, dsn: "app:pass@tcp(%s)/d", sql: "select 1"}`, address),
	}
}

// What cannot be made sense of has a class, and nothing hangs or is left.
func TestWhatIsNoServer(t *testing.T) {
	greeting := "\x0a10.11\x00\x01\x00\x00\x00abcdefgh\x00\xff\xff"
	for _, c := range []struct{ name, address, postgres, mysql string }{
		{"absent", real.Nowhere, target.Connect, target.Connect},
		{"speaks HTTP", fake(t, says(false, "HTTP/1.1 400 Bad Request\r\n\r\n")), target.Body, ""}, // who waits for a greeting waits
		{"greets with HTTP", fake(t, says(true, "HTTP/1.1 400 Bad Request\r\n\r\n")), target.Body, target.Body},
		{"hangs up", fake(t, func(net.Conn) {}), target.Connect, target.Connect},
		{"says nonsense", fake(t, says(true, strings.Repeat("\x01\x00\x00\x00\x04", 100))), target.Body, target.Body},
		{"greets in short", fake(t, says(true, fmt.Sprintf("%c\x00\x00\x00%s", len(greeting), greeting))), target.Body, target.Body},
		{"greets with a hole", fake(t, says(true, "\x08\x00\x00\x00\x0a10.11\x00\x01")), target.Body, target.Body},
	} {
		for driver, o := range targetsAt(t, c.address) {
			want := map[string]string{"postgres": c.postgres, "mysql": c.mysql}[driver]
			if want == "" {
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			out := o.Call(ctx, &target.Request{})
			if cancel(); out.Class != want || out.Example == "" {
				t.Errorf("%s, %s: %q (%s), want %s", c.name, driver, out.Class, out.Example, want)
			}
		}
	}
}

// answersOnce lets a client in by the server's first words, and answers what it
// asks then. It may ask on as many connections as it likes.
func answersOnce(hello []string, answer string) func(net.Conn) {
	return func(c net.Conn) {
		buffer := make([]byte, 4096)
		for i, text := range append(hello, answer) {
			if i > 0 {
				if _, err := c.Read(buffer); err != nil {
					return
				}
			}
			_, _ = c.Write([]byte(text))
		}
		_ = c.(*net.TCPConn).CloseWrite()
		for {
			if _, err := c.Read(buffer); err != nil {
				return
			}
		}
	}
}

// An answer that is none is the server's fault, and the next call has another
// connection; the driver may even have panicked.
func TestMalformedAnswers(t *testing.T) {
	postgres := []string{"R\x00\x00\x00\x08\x00\x00\x00\x00K\x00\x00\x00\x0c\x00\x00\x00\x01\x00\x00\x00\x02Z\x00\x00\x00\x05I"}
	greeting := "\x0a10.11\x00\x01\x00\x00\x00abcdefgh\x00\xff\xf7\x08\x02\x00\xff\x81\x15\x00\x00\x00\x00\x00\x00\x1d\x00\x00\x00abcdefghijkl\x00mysql_native_password\x00"
	mysql := []string{fmt.Sprintf("%c\x00\x00\x00%s", len(greeting), greeting), "\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00"}
	for _, c := range []struct {
		driver string
		hello  []string
		answer string
		class  string
	}{
		{"postgres", postgres, "\x01\x00\x00\x00\x04", target.Body},
		{"postgres", postgres, "T\x00\x00\x00\x06\x00\x01", target.Body},
		{"postgres", postgres, "T\x00\x00\x00", target.Reset},
		{"mysql", mysql, "\x01\x00\x00\x05\x01", target.Body},
		{"mysql", mysql, "\x01\x00\x00\x01\xfc", target.Body},
		{"mysql", mysql, "\x02\x00", target.Reset},
	} {
		first := c.driver == "mysql"
		hello := c.hello
		if !first {
			hello = append([]string{""}, hello...)
		}
		address := fake(t, answersOnce(hello, c.answer))
		o := targetsAt(t, address)[c.driver]
		for range 2 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			out := o.Call(ctx, &target.Request{})
			if cancel(); out.Class != c.class {
				t.Errorf("%s, %q: %q (%s), want %s", c.driver, c.answer, out.Class, out.Example, c.class)
			}
		}
	}
}

// A server that accepts, and says no word, does not keep a call that is given up.
func TestSilence(t *testing.T) {
	address := fake(t, func(c net.Conn) {
		for buffer := make([]byte, 1024); ; {
			if _, err := c.Read(buffer); err != nil {
				return
			}
		}
	})
	for driver, o := range targetsAt(t, address) {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		out := o.Call(ctx, &target.Request{})
		if cancel(); out.Class != target.Cancelled {
			t.Errorf("%s: %q, %s", driver, out.Class, out.Example)
		}
	}
}

// FuzzGreeting: whatever a server greets with, the driver gets only what it can
// read.
func FuzzGreeting(f *testing.F) {
	f.Add([]byte("\x0a10.11\x00\x01\x00\x00\x00abcdefgh\x00\xff\xff"))
	f.Add([]byte("\xff\x15\x04#28000no"))
	f.Add([]byte("\x0a\x00"))
	f.Fuzz(func(t *testing.T, packet []byte) {
		if len(packet) == 0 || len(packet) > 4000 {
			return
		}
		server, ours := net.Pipe()
		go func() {
			head := []byte{byte(len(packet)), byte(len(packet) >> 8), 0, 0}
			_, _ = server.Write(append(head, packet...))
			_, _ = server.Read(make([]byte, 1024))
			_ = server.Close()
		}()
		config, _ := mysqldriver.ParseDSN("app:pass@tcp(x:1)/d")
		config.Logger = &mysqldriver.NopLogger{}
		config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return &greeting{Conn: ours}, nil }
		connector, err := mysqldriver.NewConnector(config)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := connector.Connect(context.Background()); err == nil { // a panic is what must not be
			_ = c.Close()
		}
	})
}
