package wire_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"runtime"
	"strings"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// A call may be over its time in the very moment that its answer has come: it
// has succeeded then, and the next call has nothing to do with it.
func TestAnswerMeetsItsDeadline(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // connections act when the loop waits
	e := kind(wire.Sockets).open(t, serve(t, well), nil)
	expectOK(t, call(t, e, 1))
	e.Send(1, 1, e.now())
	on := e.carrier.(*wire.Net)
	for arrived := false; !arrived; time.Sleep(time.Millisecond) {
		arrived = on.Heard()
	}
	on.Interrupt(target.Timeout) // as expire has it
	done, any, _ := e.Wait(e.now() + time.Second)
	e.Send(2, 2, e.now())
	if !any || !done.OK() {
		t.Fatalf("%+v", done)
	}
	expectOK(t, collect(t, e, 1))
}

// secure is a server over TLS, and what its clients need.
func secure(t testing.TB, script func(*peer)) (address string, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"shop.example"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	trusted := x509.NewCertPool()
	trusted.AddCert(leaf)
	address = serve(t, func(p *peer) {
		stream := tls.Server(p.TCPConn, config)
		p.in.Reset(stream)
		p.out = stream
		script(p)
		_ = stream.Close()
	})
	return address, &tls.Config{ServerName: "shop.example", RootCAs: trusted}
}

// Over TLS calls share connections, large bodies go both ways, and nothing is
// left behind.
func TestCallsOverTLS(t *testing.T) { byAll(t, testCallsOverTLS) }

func testCallsOverTLS(t *testing.T, by kind) {
	large := ask("PUT", strings.Repeat("x", 3<<20))
	answer := ok + "Content-Length: 3000000\r\n\r\n" + strings.Repeat("x", 2_999_998) + "OK"
	address, config := secure(t, func(p *peer) {
		if p.number > 0 {
			return
		}
		for p.request() && p.say(answer) {
		}
	})
	e := by.open(t, address, func(o *Options) {
		o.TLS, o.Contains, o.Requests = config, []byte("OK"), []http1.Request{ask("GET", ""), large}
	})
	ended := call(t, e, 10)
	expectOK(t, ended)
	for i, done := range ended {
		if want := int64(len([]http1.Request{ask("GET", ""), large}[i%2].Bytes)); done.BytesIn != int64(len(answer)) || done.BytesOut != want || done.Attempts != 1 {
			t.Errorf("%+v", done)
		}
	}
}

// Whoever is not who he should be, or speaks something else, is not asked.
func TestHandshakeFails(t *testing.T) { byAll(t, testHandshakeFails) }

func testHandshakeFails(t *testing.T, by kind) {
	address, config := secure(t, well)
	stranger := config.Clone()
	stranger.ServerName = "else.example"
	for name, c := range map[string]struct {
		address string
		config  *tls.Config
		class   string
	}{
		"another's certificate": {address, stranger, target.TLS},
		"unknown authority":     {address, &tls.Config{ServerName: "shop.example"}, target.TLS},
		"no TLS":                {serve(t, func(p *peer) { p.say("220 mail\r\n"); p.request() }), config, target.TLS},
		"closed":                {serve(t, func(*peer) {}), config, target.TLS},
		"silent":                {serve(t, func(p *peer) { time.Sleep(300 * time.Millisecond) }), config, target.Timeout},
		"refused":               {refusing(t), config, target.Connect},
	} {
		e := by.open(t, c.address, func(o *Options) { o.TLS, o.Timeout = c.config, 100*time.Millisecond })
		ended := call(t, e, 2)
		if name != "silent" && ended[0].Class == target.Timeout {
			continue // a busy machine
		}
		for _, done := range ended {
			if done.Class != c.class || done.Attempts != 1 || done.BytesOut != 0 {
				t.Errorf("%s: %+v", name, done)
			}
		}
	}
}

// A call that is cancelled while its connection is being set up ends at once.
func TestCancelWhileConnecting(t *testing.T) {
	silent := serve(t, func(p *peer) { _, _ = io.Copy(io.Discard, p) })
	for _, timeout := range []time.Duration{0, time.Minute} {
		e := kind(wire.Sockets).open(t, silent, func(o *Options) { o.TLS, o.Timeout = &tls.Config{ServerName: "x"}, timeout })
		for n := range uint32(2) {
			e.Send(n, uint64(n), e.now())
		}
		if done, any, _ := e.Wait(e.now() + 20*time.Millisecond); any {
			t.Fatalf("%+v", done)
		}
		e.CancelOne(1, 1)
		done, _, _ := e.Wait(e.now() + 20*time.Second)
		if expectClass(t, []target.Done{done}, target.Cancelled); done.ID.Slot() != 1 {
			t.Errorf("%+v", done)
		}
		e.CancelAll()
		expectClass(t, collect(t, e, 1), target.Cancelled)
	}
}
