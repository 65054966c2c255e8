package socket

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"testing"

	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/dialog"
	"plimsoll/target/value"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opened is a target whose own call sends a text.
func opened(t testing.TB, s *Settings, text string) *Target {
	t.Helper()
	s.Own = call(t, text, s.Own.Receive)
	to := &Target{Settings: s, address: s.Address, args: func(*target.Request) []value.Value { return nil }}
	if err := to.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(to.close)
	return to
}

// call is one that sends a text.
func call(t testing.TB, text string, receive dialog.Receive) *dialog.Call {
	t.Helper()
	c, err := dialog.Say(text, receive)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustMatch(text string) *regexp.Regexp { return regexp.MustCompile(text) }

// gone is an address where nobody is.
func gone(t *testing.T, network string) string {
	t.Helper()
	if network == "udp" {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.LocalAddr().String()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// echo serves TCP or UDP: what comes goes back.
func echo(t testing.TB, network string) (address string) {
	t.Helper()
	if network == "udp" {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		go func() {
			buffer := make([]byte, largest)
			for {
				n, from, err := conn.(*net.UDPConn).ReadFromUDPAddrPort(buffer)
				if err != nil {
					return
				}
				_, _ = conn.(*net.UDPConn).WriteToUDPAddrPort(buffer[:n], from)
			}
		}()
		return conn.LocalAddr().String()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(onlyWriter{conn}, conn) // without splice
			}()
		}
	}()
	return listener.Addr().String()
}

type onlyWriter struct{ io.Writer }

// numbered has the only hole of the target's own call filled with its number.
func numbered(to *Target) {
	to.args = func(r *target.Request) []value.Value {
		return []value.Value{value.Of(fmt.Sprintf("%04d;", r.Number))}
	}
}
