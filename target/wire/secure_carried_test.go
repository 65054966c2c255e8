package wire

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"plimsoll/target/wait"
)

// authority is whom the tests trust, and what it has signed: for example.com, both
// as a server and as a client.
var authority = sync.OnceValue(func() (a struct {
	pool *x509.CertPool
	pair tls.Certificate
}) {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a test"}, DNSNames: []string{"example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, _ := x509.ParseCertificate(der)
	a.pool = x509.NewCertPool()
	a.pool.AddCert(cert)
	a.pair = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return a
})

func serving() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{authority().pair}, ClientCAs: authority().pool}
}

func calling() *tls.Config {
	return &tls.Config{ServerName: "example.com", RootCAs: authority().pool}
}

// newTestSecrecy is that of a loop whose clock nobody waits for.
func newTestSecrecy(t testing.TB, config *tls.Config) *secrecy {
	clock := wait.NewDoze(0)
	t.Cleanup(clock.Close)
	return newSecrecy(config, clock)
}

// carried is a connection whose bytes the test carries, as a loop does.
type carried struct {
	t testing.TB
	*secure
	socket net.Conn
	news   chan struct{} // wake was called
	came   chan []byte   // closed at the socket's end
	chop   func() int    // how many bytes are fed at once; nil: all
	mangle func([]byte)  // what is sent
	heard  []byte        // plain bytes

	over bool // the handshake, then, for that reason
	at   time.Duration
	why  error
}

// look sees whether the handshake is over, and sends what there is.
func (l *carried) look() {
	if over, at, err := l.shaken(); over {
		l.over, l.at, l.why = true, at, err
	}
	l.send()
}

// dialed is one to a server that follows a script, which has the connection raw
// too. Both are gone when the test is.
func dialed(t testing.TB, c *secrecy, server *tls.Config, script func(conn *tls.Conn, raw net.Conn)) *carried {
	ours, theirs := net.Pipe()
	var all sync.WaitGroup
	all.Go(func() {
		defer theirs.Close()
		script(tls.Server(theirs, server), theirs)
	})
	l := &carried{t: t, socket: ours, news: make(chan struct{}, 1), came: make(chan []byte, 1<<14)}
	all.Go(func() {
		defer close(l.came)
		b := make([]byte, 64<<10)
		for {
			n, err := ours.Read(b)
			if n > 0 {
				l.came <- bytes.Clone(b[:n])
			}
			if err != nil {
				return
			}
		}
	})
	l.secure = c.begin(func() {
		select {
		case l.news <- struct{}{}:
		default:
		}
	})
	t.Cleanup(func() {
		l.leave()
		_ = ours.Close()
		all.Wait()
		c.close()
	})
	return l
}

// send sends what there is.
func (l *carried) send() {
	if b := l.out(); len(b) > 0 {
		if l.mangle != nil {
			l.mangle(b)
		}
		_, _ = l.socket.Write(b) // a server that has left is heard of by reading
		l.sent(len(b))
	}
}

// shakeHands carries the handshake to its end.
func (l *carried) shakeHands() (at time.Duration, err error) {
	l.t.Helper()
	for {
		if l.look(); l.over {
			return l.at, l.why
		}
		select {
		case <-l.news:
		case b, is := <-l.came:
			l.pour(b, is)
		case <-time.After(time.Minute):
			l.t.Fatal("the handshake does not come to its end")
		}
	}
}

// pour feeds what the socket gave, piece by piece.
func (l *carried) pour(b []byte, is bool) (err error) {
	if !is {
		l.came = nil
		l.end(eof)
		return l.drain()
	}
	for len(b) > 0 && err == nil {
		n := len(b)
		if l.chop != nil {
			n = min(n, l.chop())
		}
		lent := append([]byte(nil), b[:n]...)
		b = b[n:]
		l.feed(lent)
		l.look()
		err = l.drain()
		clear(lent) // it was lent
	}
	return err
}

// drain hears all that can be heard now.
func (l *carried) drain() error {
	if l.shake != nil {
		return nil
	}
	for {
		b := make([]byte, 4<<10)
		n, err := l.read(b)
		l.heard = append(l.heard, b[:n]...)
		if errors.Is(err, errDry) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// listen hears what comes until so many bytes are there, or the end is.
func (l *carried) listen(size int) (heard []byte, err error) {
	l.t.Helper()
	for err = l.drain(); err == nil && len(l.heard) < size; {
		select {
		case b, is := <-l.came:
			err = l.pour(b, is)
			l.send()
		case <-time.After(time.Minute):
			l.t.Fatalf("%d bytes have come, and not %d", len(l.heard), size)
		}
	}
	heard, l.heard = l.heard, nil
	return heard, err
}

// say has all of it sent.
func (l *carried) say(b []byte) {
	l.t.Helper()
	for len(b) > 0 {
		n, err := l.write(b)
		if err != nil {
			l.t.Fatal(err)
		}
		b = b[n:]
		l.send()
	}
}

// greeted is one with its handshake behind it.
func greeted(t testing.TB, c *secrecy, server *tls.Config, script func(conn *tls.Conn, raw net.Conn)) *carried {
	t.Helper()
	l := dialed(t, c, server, script)
	if _, err := l.shakeHands(); err != nil {
		t.Fatal(err)
	}
	return l
}
