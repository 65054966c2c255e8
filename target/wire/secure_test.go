package wire

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/client"
)

var eof = io.EOF

// echo gives back what it hears, and takes leave when its caller does.
func echo(conn *tls.Conn, _ net.Conn) {
	_, _ = io.Copy(conn, conn)
	_ = conn.Close()
}

var versions = map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13}

// However the bytes are cut, the same is heard; and the server's leave is.
func TestSecureHearsTheSameHoweverItIsCut(t *testing.T) {
	for name, version := range versions {
		t.Run(name, rapid.MakeCheck(func(r *rapid.T) {
			server := serving()
			server.MaxVersion = version
			l := dialed(t, newTestSecrecy(t, calling()), server, echo)
			pieces := rapid.SampledFrom([]int{1, 2, 5, 6, 23, 300, 5000, 1 << 20}).Draw(r, "piece")
			uneven := rapid.SliceOfN(rapid.IntRange(1, pieces), 1, 9).Draw(r, "uneven")
			turn := 0
			l.chop = func() int { turn++; return uneven[turn%len(uneven)] }
			if _, err := l.shakeHands(); err != nil {
				r.Fatal(err)
			}
			for _, size := range rapid.SliceOfN(rapid.SampledFrom([]int{1, 200, 4096, 16384, 16385, 33_000}), 1, 4).Draw(r, "sizes") {
				message := bytes.Repeat([]byte("0123456789abcde"), size/15+1)[:size]
				l.say(message)
				if heard, err := l.listen(size); err != nil || !bytes.Equal(heard, message) {
					r.Fatalf("%d bytes came of %d, %v", len(heard), size, err)
				}
				if l.toSend != nil || l.in != nil {
					r.Fatal("a connection at rest keeps memory")
				}
			}
			l.bye()
			l.send()
			if _, err := l.listen(1); err != io.EOF {
				r.Fatalf("%v, after leave has been taken", err)
			}
		}))
	}
}

// Records are handed on one by one, whatever they are cut into and however little
// is asked for.
func TestFramesAreOfOneRecord(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var stream []byte
		ends := map[int]bool{}
		for _, size := range rapid.SliceOfN(rapid.IntRange(0, 700), 1, 20).Draw(r, "records") {
			stream = append(stream, 23, 3, 3, byte(size>>8), byte(size))
			stream = append(stream, bytes.Repeat([]byte{byte(len(ends))}, size)...)
			ends[len(stream)] = true
		}
		var f frame
		var got []byte
		for fed := 0; fed < len(stream); {
			piece := stream[fed:min(len(stream), fed+rapid.IntRange(1, 900).Draw(r, "piece"))]
			fed += len(piece)
			for len(piece) > 0 {
				b := make([]byte, rapid.IntRange(1, 900).Draw(r, "asked"))
				n := f.of(b, piece)
				if n == 0 {
					r.Fatal("nothing of something")
				}
				for at := len(got) + 1; at < len(got)+n; at++ {
					if ends[at] {
						r.Fatalf("[%d, %d) is of two records", len(got), len(got)+n)
					}
				}
				got, piece = append(got, b[:n]...), piece[n:]
			}
		}
		if !bytes.Equal(got, stream) {
			r.Fatal("not the same bytes")
		}
	})
}

// What is agreed upon is told, and when; sessions go on where they may.
func TestSecureTellsWhatWasAgreed(t *testing.T) {
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			server, config := serving(), calling()
			server.MaxVersion, server.NextProtos = version, []string{"h2", "http/1.1"}
			config.NextProtos, config.ClientSessionCache = []string{"http/1.1"}, tls.NewLRUClientSessionCache(0)
			c := newTestSecrecy(t, config)
			for n := range 3 {
				began := c.clock.At(time.Now())
				l := dialed(t, c, server, echo)
				at, err := l.shakeHands()
				if err != nil || l.protocol != "http/1.1" || l.resumed != (n > 0) {
					t.Fatalf("connection %d: %v, %q, resumed: %v", n, err, l.protocol, l.resumed)
				}
				if at < began || at > c.clock.At(time.Now()) {
					t.Errorf("over at %v, begun at %v", at, began)
				}
				l.say([]byte("hello"))
				if _, err := l.listen(5); err != nil { // and with it the ticket
					t.Fatal(err)
				}
			}
		})
	}
}

// Who may not call is told so: in the handshake or, with TLS 1.3, after it.
func TestSecureShowsItsCertificate(t *testing.T) {
	for name, version := range versions {
		for _, shows := range []bool{true, false} {
			server, config := serving(), calling()
			server.MaxVersion, server.ClientAuth = version, tls.RequireAndVerifyClientCert
			if shows {
				config.Certificates = []tls.Certificate{authority().pair}
			}
			l := dialed(t, newTestSecrecy(t, config), server, echo)
			_, err := l.shakeHands()
			if err == nil {
				l.say([]byte("hello"))
				_, err = l.listen(5)
			}
			if shows != (err == nil) || !shows && client.Class(err, false) != target.TLS {
				t.Errorf("%s, shown %v: %v, %s", name, shows, err, client.Class(err, false))
			}
		}
	}
}

// A server that cannot be trusted hears why.
func TestSecureRefusesCertificates(t *testing.T) {
	config := calling()
	config.ServerName = "else.example"
	said := make(chan error, 1)
	l := dialed(t, newTestSecrecy(t, config), serving(), func(conn *tls.Conn, _ net.Conn) { said <- conn.Handshake() })
	_, err := l.shakeHands()
	var failed *client.HandshakeError
	if !errors.As(err, &failed) {
		t.Error(err)
	}
	if err := <-said; err == nil || err.Error() != "remote error: tls: bad certificate" {
		t.Errorf("the server heard: %v", err)
	}
	if _, again := l.read(make([]byte, 1)); again != err {
		t.Errorf("then: %v", again)
	}
}

// An alert is told as such, wherever it comes.
func TestSecureHearsAlerts(t *testing.T) {
	l := greeted(t, newTestSecrecy(t, calling()), serving(), echo)
	l.mangle = func(b []byte) { b[len(b)-1] ^= 1 }
	l.say([]byte("hello"))
	_, err := l.listen(1)
	if !client.Alert(err) || err.Error() != "remote error: tls: bad record MAC" {
		t.Errorf("%v", err)
	}
	if l.bye(); len(l.out()) > 0 {
		t.Error("leave is taken of who has broken off")
	}
}

// What the server does at its end, and what is heard of it.
var farewells = map[string]struct {
	script func(conn *tls.Conn, raw net.Conn)
	heard  string
	err    error
}{
	"an orderly end":        {func(conn *tls.Conn, _ net.Conn) { say(conn, "hello"); _ = conn.Close() }, "hello", io.EOF},
	"an end without a word": {func(conn *tls.Conn, _ net.Conn) { say(conn, "hello") }, "hello", io.ErrUnexpectedEOF},
	"an end in a record's head": {func(conn *tls.Conn, raw net.Conn) {
		say(conn, "hello")
		_, _ = raw.Write([]byte{23, 3})
	}, "hello", io.ErrUnexpectedEOF},
	"an end in a record": {func(conn *tls.Conn, raw net.Conn) {
		say(conn, "hello")
		_, _ = raw.Write([]byte{23, 3, 3, 0, 40, 1, 2, 3})
	}, "hello", io.ErrUnexpectedEOF},
}

func say(conn *tls.Conn, text string) { _, _ = io.WriteString(conn, text) }

func TestSecureTellsEndsApart(t *testing.T) {
	for name, f := range farewells {
		for _, piece := range []int{1, 7, 1 << 20} {
			l := dialed(t, newTestSecrecy(t, calling()), serving(), f.script)
			l.chop = func() int { return piece }
			if _, err := l.shakeHands(); err != nil {
				t.Fatal(err)
			}
			heard, err := l.listen(1 << 20)
			if string(heard) != f.heard || err != f.err {
				t.Errorf("%s: %q, %v", name, heard, err)
			}
		}
	}
}

// What ends a socket in the handshake ends that, as what it is.
func TestSecureEndsInTheHandshake(t *testing.T) {
	broken := os.NewSyscallError("read", net.ErrClosed)
	for _, why := range []error{io.EOF, broken} {
		l := dialed(t, newTestSecrecy(t, calling()), serving(), func(_ *tls.Conn, raw net.Conn) { _, _ = io.Copy(io.Discard, raw) })
		l.end(why)
		if _, err := l.shakeHands(); !errors.Is(err, why) || client.Class(err, false) != target.TLS {
			t.Errorf("%v instead of %v", err, why)
		}
	}
}

// A handshake that is never answered ends when nobody waits for it, and nobody is
// woken for it any more.
func TestSecureLeavesHandshakes(t *testing.T) {
	c := newTestSecrecy(t, calling())
	l := dialed(t, c, serving(), func(_ *tls.Conn, raw net.Conn) { _, _ = io.Copy(io.Discard, raw) })
	for len(l.out()) == 0 {
		<-l.news
	}
	l.send()
	select {
	case <-l.news: // of what has been sent
	default:
	}
	l.leave()
	c.close()
	select {
	case <-l.news:
		t.Error("woken")
	default:
	}
}

// A server that says much while a handshake thinks is not listened to meanwhile.
func TestSecureTakesOnlySoMuchInAHandshake(t *testing.T) {
	h := newHandshake(func() {})
	news := 0
	h.wake = func() { news++ }
	for size := 0; h.hungry(); size += 1000 {
		if size > 2*ample {
			t.Fatal("it takes all there is")
		}
		h.feed(bytes.Repeat([]byte{23, 3, 3, 0, 1, 0}, 1000/6))
	}
	var f frame
	for range 1000 / 6 {
		if n, err := h.read(make([]byte, 100), &f); n != 6 || err != nil {
			t.Fatal(n, err)
		}
	}
	if news != 1 || !h.hungry() {
		t.Errorf("woken %d times, hungry: %v", news, h.hungry())
	}
}

// However much is said to a server that does not listen, only so much waits; in the
// end all of it has come.
func TestSecureBoundsWhatWaits(t *testing.T) {
	const size = 3 << 20
	heard := make(chan []byte, 1)
	l := greeted(t, newTestSecrecy(t, calling()), serving(), func(conn *tls.Conn, _ net.Conn) {
		b := make([]byte, size)
		n, _ := io.ReadFull(conn, b)
		heard <- b[:n]
	})
	message := slices.Repeat([]byte("not the same "), size/13+1)[:size]
	for left := message; len(left) > 0; {
		n, err := l.write(left)
		if err != nil || n == 0 && len(l.out()) == 0 {
			t.Fatal(n, err)
		}
		if left = left[n:]; len(left) > 0 && n > 0 {
			if more, _ := l.write(left[:1]); more > 0 && len(l.out()) > brim+1<<10 {
				t.Fatalf("there is room for more than %d bytes", len(l.out()))
			} else {
				left = left[more:]
			}
		}
		if waits := len(l.out()); waits > brim+8<<10 {
			t.Fatalf("%d bytes wait", waits)
		}
		some := min(len(l.out()), 1000)
		_, _ = l.socket.Write(l.out()[:some])
		l.sent(some)
	}
	for len(l.out()) > 0 {
		l.send()
	}
	if !bytes.Equal(<-heard, message) {
		t.Error("something else has come")
	}
	if l.toSend != nil || len(l.spare) != 1 {
		t.Errorf("%d buffers are spare, and %d bytes not given back", len(l.spare), cap(l.toSend))
	}
}

// What comes while a handshake still thinks is heard after it, the end too.
func TestSecureKeepsWhatComesInTheHandshake(t *testing.T) {
	for _, late := range []bool{false, true} {
		keepsWhatComes(t, late)
	}
}

// keepsWhatComes has the last bytes come in the handshake, too, or right after it.
func keepsWhatComes(t *testing.T, late bool) {
	t.Helper()
	server := serving()
	server.MaxVersion = tls.VersionTLS12 // whose servers have the last word
	l := dialed(t, newTestSecrecy(t, calling()), server, func(conn *tls.Conn, _ net.Conn) { say(conn, "hello") })
	for sent := 0; sent < 2; { // all that it takes of ours
		select {
		case <-l.news:
			if len(l.out()) > 0 {
				l.send()
				sent++
			}
		case b := <-l.came:
			l.feed(b)
		}
	}
	var rest []byte
	for b := range l.came {
		rest = append(rest, b...)
	}
	some := len(rest) - 10 // of the hello
	l.feed(rest[:some])
	if !late {
		l.feed(rest[some:])
		l.end(io.EOF)
	}
	if _, err := l.shakeHands(); err != nil {
		t.Fatal(err)
	}
	if late {
		l.feed(rest[some:])
		l.end(io.EOF)
	}
	if err := l.drain(); string(l.heard) != "hello" || err != io.ErrUnexpectedEOF {
		t.Errorf("%q, %v", l.heard, err)
	}
}
