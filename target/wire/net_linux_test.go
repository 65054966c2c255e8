package wire

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target"
)

// pair is a connection and its other end.
func pair(t testing.TB) (near, far *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	a, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a.(*net.TCPConn), b.(*net.TCPConn)
}

// Small writes to somebody who does not read return at once; when he does, all
// comes in order.
func TestFlowDoesNotBlock(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		near, far := pair(t)
		_ = near.SetWriteBuffer(4096)
		f, err := newFlow(near, true, new(atomic.Int64))
		if err != nil {
			r.Fatal(err)
		}
		var sent bytes.Buffer
		fill := func(size int) {
			text := bytes.Repeat([]byte{byte('a' + sent.Len()%26)}, size)
			if n, err := f.Write(text); n != size || err != nil {
				r.Fatalf("%d, %v", n, err)
			}
			sent.Write(text)
		}
		for f.rest == nil { // it has not blocked so far
			fill(rapid.IntRange(1, atOnce).Draw(r, "size"))
		}
		got := make(chan []byte)
		go func() {
			all, _ := io.ReadAll(far)
			got <- all
		}()
		for range rapid.IntRange(0, 5).Draw(r, "more") {
			fill(rapid.IntRange(1, 3*atOnce).Draw(r, "size"))
		}
		f.mu.Lock()
		err = f.wait()
		f.mu.Unlock()
		_ = near.Close()
		if all := <-got; err != nil || !bytes.Equal(all, sent.Bytes()) {
			r.Fatalf("%v; %d bytes have come of %d", err, len(all), sent.Len())
		}
	})
}

// What has not left is given up, and known not to have left.
func TestFlowLeavesOff(t *testing.T) {
	near, far := pair(t)
	_, _ = near.SetWriteBuffer(4096), far.SetReadBuffer(4096)
	f, err := newFlow(near, true, new(atomic.Int64))
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, direct)
	if _, err := f.Write(text); err != nil || !f.settle() {
		t.Fatal("nothing was in the way")
	}
	for f.rest == nil {
		_, _ = f.Write(text)
	}
	if f.settle() {
		t.Error("nobody has read it")
	}
}

// A call may be over its time in the very moment that its answer has come: it
// has succeeded then, and the next call has nothing to do with it.
func TestAnswerMeetsItsDeadline(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // connections act when the loop waits
	e := kind(Sockets).open(t, serve(t, well), nil)
	expectOK(t, call(t, e, 1))
	e.Send(1, 1, e.now())
	on := e.carrier.(*Net)
	for arrived := false; !arrived; time.Sleep(time.Millisecond) {
		arrived = on.inbox.any.Load()
	}
	on.conns[0].interrupt(target.Timeout) // as expire has it
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
func TestCallsOverTLS(t *testing.T) {
	large := ask("PUT", strings.Repeat("x", 3<<20))
	answer := ok + "Content-Length: 3000000\r\n\r\n" + strings.Repeat("x", 2_999_998) + "OK"
	address, config := secure(t, func(p *peer) {
		if p.number > 0 {
			return
		}
		for p.request() && p.say(answer) {
		}
	})
	e := kind(Sockets).open(t, address, func(o *Options) {
		o.TLS, o.Contains, o.Requests = config, []byte("OK"), []Request{ask("GET", ""), large}
	})
	ended := call(t, e, 10)
	expectOK(t, ended)
	for i, done := range ended {
		if want := int64(len(e.atDesk().o.Requests[i%2].Bytes)); done.BytesIn != int64(len(answer)) || done.BytesOut != want || done.Attempts != 1 {
			t.Errorf("%+v", done)
		}
	}
}

// Whoever is not who he should be, or speaks something else, is not asked.
func TestHandshakeFails(t *testing.T) {
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
		e := kind(Sockets).open(t, c.address, func(o *Options) { o.TLS, o.Timeout = c.config, 100*time.Millisecond })
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
		e := kind(Sockets).open(t, silent, func(o *Options) { o.TLS, o.Timeout = &tls.Config{ServerName: "x"}, timeout })
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
