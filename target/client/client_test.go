package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/setting"
)

// read reads settings as a kind does.
func read(text string, served bool) (Settings, []setting.Problem) {
	r := setting.NewReader(os.LookupEnv, ".")
	shape := setting.Object("a target", Fields(func(s *Settings) *Settings { return s })...)
	s, _ := shape.Read(r, r.Load([]byte(text)))
	s.Complete(r, served)
	return s, r.Problems()
}

func TestSettings(t *testing.T) {
	usual := Settings{Timeout: UsualTimeout}
	with := func(change func(*Settings)) Settings {
		s := usual
		change(&s)
		return s
	}
	for text, want := range map[string]Settings{
		`{}`:                                usual,
		`{timeout: 2s, connections: 3}`:     with(func(s *Settings) { s.Timeout, s.Connections = 2*time.Second, 3 }),
		`{keepalive: True, connections: 3}`: with(func(s *Settings) { s.Connections = 3 }),
		`{keepalive: false}`:                with(func(s *Settings) { s.Reuse = Never }),
		`{keepalive: user}`:                 with(func(s *Settings) { s.Reuse = ByUser }),
		`{tls: {}}`:                         with(func(s *Settings) { s.TLS.Given = true }),
		`{tls: {resume: true}}`:             with(func(s *Settings) { s.TLS = TLS{Given: true, Resume: true} }),
		`{tls: {insecure: true, server_name: a}}`: with(func(s *Settings) {
			s.TLS = TLS{Given: true, Insecure: true, ServerName: "a"}
		}),
	} {
		got, problems := read(text, false)
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) || problems != nil {
			t.Errorf("%s is read as\n%+v, %v\nwant\n%+v", text, got, problems, want)
		}
	}
}

func TestWhatDoesNotGoTogether(t *testing.T) {
	for _, c := range []struct {
		text   string
		served bool
		at     setting.Pos
		says   string
	}{
		{`{connections: 3, keepalive: user}`, false, setting.Pos{Line: 1, Column: 29}, "leave one of them out"},
		{`{keepalive: perhaps}`, false, setting.Pos{Line: 1, Column: 13}, "none of true, false and user"},
		{`{tls: {}}`, true, setting.Pos{Line: 1, Column: 7}, "speaks no TLS"},
		{`{tls: {cert: a.pem}}`, false, setting.Pos{Line: 1, Column: 7}, "cert and key belong together"},
		{`{tls: {ca: no.pem, insecure: true}}`, false, setting.Pos{Line: 1, Column: 12}, "any certificate is trusted"},
		{`{tls: {ca: no.pem}}`, false, setting.Pos{Line: 1, Column: 12}, "does not exist"},
	} {
		_, problems := read(c.text, c.served)
		if len(problems) != 1 || problems[0].Pos != c.at || !strings.Contains(problems[0].Text, c.says) {
			t.Errorf("%s: %v, want %v: … %s …", c.text, problems, c.at, c.says)
		}
	}
}

// Every error of a connection has its class and its words, in whatever it is
// wrapped.
func TestClasses(t *testing.T) {
	dialled := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
	}
	for _, c := range []struct {
		err        error
		connecting bool
		class      string
		says       string
	}{
		{dialled(syscall.ECONNREFUSED), true, target.Connect, "connection refused"},
		{fmt.Errorf("opening: %w", dialled(syscall.EHOSTUNREACH)), false, target.Connect, "no route to host"},
		{dialled(syscall.EMFILE), true, target.Generator, "ulimit -n"},
		{&net.DNSError{Err: "no such host", Name: "a.invalid", IsNotFound: true}, true, target.DNS, "a.invalid: no such host"},
		{&net.DNSError{Err: "i/o timeout", Name: "a.invalid", IsTimeout: true}, true, target.DNS, "a.invalid: i/o timeout"},
		{context.DeadlineExceeded, true, target.Timeout, "deadline"},
		{&net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}, false, target.Timeout, "timeout"},
		{&HandshakeError{io.EOF}, true, target.TLS, "in the TLS handshake"},
		{&HandshakeError{errors.New("x509: unknown")}, true, target.TLS, "x509: unknown"},
		{&HandshakeError{dialled(syscall.ECONNRESET)}, true, target.TLS, "connection reset by peer"},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, false, target.TLS, "bad certificate"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake", RecordHeader: [5]byte([]byte("HTTP/"))}, false, target.TLS, `does not speak TLS here: it begins with "HTTP/"`},
		{tls.RecordHeaderError{Msg: "received record with version 303"}, false, target.TLS, "received record with version 303"},
		{&HandshakeError{x509.UnknownAuthorityError{}}, true, target.TLS, "`tls: {ca: FILE}` trusts an authority"},
		{&HandshakeError{x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a.example"}}, Host: "b.example"}}, true, target.TLS, "certificate is valid for a.example, not b.example: `tls: {server_name: NAME}`"},
		{&HandshakeError{x509.CertificateInvalidError{Reason: x509.Expired}}, true, target.TLS, "certificate has expired"},
		{errors.New("bad greeting"), true, target.Connect, "bad greeting"},
		{&net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, false, target.Reset, "connection reset by peer"},
		{io.EOF, false, target.Reset, "before its answer was whole"},
		{io.ErrUnexpectedEOF, false, target.Reset, "before its answer was whole"},
	} {
		if class, text := Class(c.err, c.connecting), Reason(c.err); class != c.class || !strings.Contains(text, c.says) {
			t.Errorf("%v: %s, %q; want %s, … %s …", c.err, class, text, c.class, c.says)
		}
	}
}

// An idle connection that the server has closed, or on which it says something
// unasked, is seen to be so (on Linux).
func TestFinished(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	sees := func(plain bool) bool {
		for until := time.Now().Add(20 * time.Second); time.Now().Before(until) && !Finished(conn, plain); {
			time.Sleep(time.Millisecond)
		}
		return Finished(conn, plain)
	}
	if Finished(conn, true) || Finished(conn, false) {
		t.Error("a good connection is finished")
	}
	if !Ended(-1, true) && Finished(conn, true) {
		t.Skip("here only whoever reads from a connection knows")
	}
	if _, err := server.Write([]byte("!")); err != nil {
		t.Fatal(err)
	}
	if !sees(true) || Finished(conn, false) {
		t.Error("something unasked ends a connection where nothing may come, and only there")
	}
	if server.Close(); !sees(false) {
		t.Error("a closed connection is not finished")
	}
}
