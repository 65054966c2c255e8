package http

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wire"
)

// reluctant has connections that read nothing before a delay is over.
type reluctant struct {
	net.Listener
	delay time.Duration
}

func (r reluctant) Accept() (net.Conn, error) {
	conn, err := r.Listener.Accept()
	return &slowToRead{Conn: conn, delay: r.delay}, err
}

type slowToRead struct {
	net.Conn
	delay time.Duration
	once  sync.Once
}

func (s *slowToRead) Read(b []byte) (int, error) {
	s.once.Do(func() { time.Sleep(s.delay) })
	return s.Conn.Read(b)
}

// Delays of a server that has some of every kind.
const (
	toBegin  = 20 * time.Millisecond
	toAnswer = 30 * time.Millisecond
	toFinish = 25 * time.Millisecond
)

// slowServer begins with a connection after toBegin, an answer after toAnswer,
// and its body after toFinish.
func slowServer(t *testing.T, secure bool) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		time.Sleep(toAnswer)
		w.WriteHeader(nethttp.StatusOK)
		w.(nethttp.Flusher).Flush()
		time.Sleep(toFinish)
		fmt.Fprint(w, "done")
	}))
	server.Listener = reluctant{server.Listener, toBegin}
	server.EnableHTTP2 = true
	server.Config.Protocols = new(nethttp.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetHTTP2(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	if secure {
		der, key := selfSigned(t)
		private, err := x509.ParsePKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}}
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// phased is a call, and what its phases should be.
type phased struct {
	service time.Duration
	wire.Measured
}

func (x *stepper) phased() phased {
	x.t.Helper()
	began := x.clock.Now()
	d := x.call(target.Request{})
	if !d.OK() {
		x.t.Fatalf("%+v", d)
	}
	return phased{d.Ended - began, wire.Measured(d.Parts.Phases)}
}

// Every engine tells how long it took to find the server, to connect, to shake
// hands and until the answer began; none of the four holds a part of another.
func TestPhasesAreToldApart(t *testing.T) {
	for _, by := range []carrier{
		{wire.Epoll, "1.1", false}, {wire.Uring, "1.1", false}, {wire.Sockets, "1.1", false}, {wire.Sockets, "1.1", true},
		{Std, "1.1", false}, {Std, "1.1", true}, {Std, "2", false}, {Std, "2", true}, {wire.Epoll, "2", false}, {wire.Uring, "2", false}, {wire.Epoll, "1.1", true}, {wire.Uring, "1.1", true}, {wire.Epoll, "2", true}, {wire.Uring, "2", true},
	} {
		t.Run(fmt.Sprintf("%s %s, secure %v", by.engine, by.protocol, by.secure), func(t *testing.T) {
			t.Parallel()
			wrong := ""
			for range 8 { // a busy machine blurs them
				s := Settings{Calls: []Request{{Method: "GET", URL: slowServer(t, by.secure)}}, Settings: client.Settings{TLS: client.TLS{Insecure: true}}}
				x := newStepper(t, by, s)
				fresh, kept := x.phased(), x.phased()
				if wrong = fresh.fresh(by) + kept.kept(); wrong == "" {
					return
				}
			}
			t.Error(wrong)
		})
	}
}

// fresh tells what is wrong with the phases of a call that had to connect.
func (p phased) fresh(by carrier) string {
	waits := toAnswer
	if !by.secure {
		waits += toBegin
	}
	dns, handshake := p.Measured[wire.PhaseDNS], p.Measured[wire.PhaseTLS]
	switch {
	case (dns == target.None) != wire.Polls(by.engine), p.Measured[wire.PhaseConnect] <= 0:
	case (handshake == target.None) == by.secure, by.secure && handshake < toBegin*9/10:
	case p.takes(waits):
		return ""
	}
	return fmt.Sprintf("a fresh connection: %+v; ", p)
}

// kept tells what is wrong with those of a call that need not.
func (p phased) kept() string {
	m := p.Measured
	if m[wire.PhaseDNS] == target.None && m[wire.PhaseConnect] == target.None && m[wire.PhaseTLS] == target.None && p.takes(toAnswer) {
		return ""
	}
	return fmt.Sprintf("a kept connection: %+v", p)
}

// takes tells whether the answer began after that time, the body came later, and
// the phases make up no more than the whole.
func (p phased) takes(waits time.Duration) bool {
	sum, first := time.Duration(0), p.Measured[wire.PhaseFirstByte]
	for _, d := range p.Measured {
		sum += max(0, d)
	}
	return first >= waits*9/10 && first < waits+toFinish && sum <= p.service && p.service >= sum+toFinish*9/10
}

// Where redirects lead on, connecting counts each time, and the answer that is
// waited for is the last one, at this server or another.
func TestPhasesOfRedirects(t *testing.T) {
	for _, by := range everyStepper {
		there := serveAll(t, by.secure, nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) { fmt.Fprint(w, "here") }))
		here := serveAll(t, by.secure, nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			switch r.URL.Path {
			case "/home":
				time.Sleep(toAnswer)
				nethttp.Redirect(w, r, "/", nethttp.StatusFound)
			case "/abroad":
				time.Sleep(toAnswer)
				nethttp.Redirect(w, r, there.URL, nethttp.StatusFound)
			default:
				fmt.Fprint(w, "here")
			}
		}))
		for _, path := range []string{"/home", "/abroad"} {
			wrong := ""
			for range 8 { // a busy machine blurs them
				x := newStepper(t, by, Settings{Calls: []Request{{Method: "GET", URL: here.URL}}})
				p := x.prepare(asks(t, "GET", path, nil))
				began := x.clock.Now()
				d := x.call(target.Request{Call: p})
				if !d.OK() || d.Hops != 1 {
					t.Fatalf("%+v", d)
				}
				service, m := d.Ended-began, wire.Measured(d.Parts.Phases)
				first, connect := m[wire.PhaseFirstByte], m[wire.PhaseConnect]
				wrong = ""
				shaken := max(0, m[wire.PhaseTLS])
				if first < 0 || first >= toAnswer || connect <= 0 || (shaken > 0) != by.secure || first+connect+shaken > service-toAnswer*9/10 {
					wrong = fmt.Sprintf("%s by %s: %v of %v", path, by.name(), m, service)
				} else {
					break
				}
			}
			if wrong != "" {
				t.Error(wrong)
			}
		}
	}
}
