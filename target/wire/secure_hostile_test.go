package wire

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
)

// scribe writes records of TLS 1.3 as a server may that package tls does not make.
type scribe struct {
	secret []byte
	seal   cipher.AEAD
	iv     []byte
	seq    uint64

	heard chan []byte // by the server, up to its caller's leave
}

// newScribe goes on where the handshake of a server without tickets has ended,
// given the secrets that it has logged.
func newScribe(t testing.TB, logged string) *scribe {
	_, after, _ := strings.Cut(logged, "SERVER_TRAFFIC_SECRET_0 ")
	fields := strings.Fields(after)
	if len(fields) < 2 || len(fields[1]) != 2*sha256.Size {
		t.Skip("another suite has been agreed upon than AES-128-GCM with SHA-256")
	}
	s := new(scribe)
	s.secret, _ = hex.DecodeString(fields[1])
	s.rekey()
	return s
}

func (s *scribe) expand(label string, size int) []byte {
	info := append([]byte{0, byte(size), byte(len("tls13 " + label))}, "tls13 "+label+"\x00"...)
	b, err := hkdf.Expand(sha256.New, s.secret, string(info), size)
	if err != nil {
		panic(err)
	}
	return b
}

func (s *scribe) rekey() {
	block, _ := aes.NewCipher(s.expand("key", 16))
	s.seal, _ = cipher.NewGCM(block)
	s.iv, s.seq = s.expand("iv", 12), 0
}

// record is one of that type.
func (s *scribe) record(kind byte, text []byte) []byte {
	nonce := bytes.Clone(s.iv)
	for i := range 8 {
		nonce[11-i] ^= byte(s.seq >> (8 * i))
	}
	s.seq++
	size := len(text) + 1 + s.seal.Overhead()
	head := []byte{23, 3, 3, byte(size >> 8), byte(size)}
	return s.seal.Seal(head, nonce, append(bytes.Clone(text), kind), head)
}

// Types of records.
const (
	ofAlert     = 21
	ofHandshake = 22
	ofData      = 23
)

// renew is a record that has keys be renewed, the other side's too where that is
// asked for.
func (s *scribe) renew(both bool) []byte {
	asked := byte(0)
	if both {
		asked = 1
	}
	b := s.record(ofHandshake, []byte{24, 0, 0, 1, asked})
	s.secret = s.expand("traffic upd", sha256.Size)
	s.rekey()
	return b
}

// written is a connection whose handshake is over, and a scribe for what comes
// then; the server reads what it is told, and nothing else.
func written(t testing.TB) (*carried, *scribe) {
	t.Helper()
	var log bytes.Buffer
	server := serving()
	server.KeyLogWriter, server.SessionTicketsDisabled = &log, true
	ready, heard := make(chan struct{}), make(chan []byte, 1)
	l := greeted(t, newTestSecrecy(t, calling()), server, func(conn *tls.Conn, _ net.Conn) {
		_ = conn.Handshake()
		close(ready)
		b, _ := io.ReadAll(conn)
		heard <- b
	})
	<-ready
	if l.conn.ConnectionState().CipherSuite != tls.TLS_AES_128_GCM_SHA256 {
		t.Skip("another suite has been agreed upon than AES-128-GCM with SHA-256")
	}
	s := newScribe(t, log.String())
	s.heard = heard
	return l, s
}

// New keys come between, and calls go on with them: a server hears what is said.
func TestSecureRenewsKeys(t *testing.T) {
	l, s := written(t)
	var said []byte
	for n := range 100 {
		text := []byte{'a' + byte(n%26)}
		b := append(s.renew(n%2 == 0), s.record(ofData, text)...)
		l.chop = func() int { return 1 + n }
		if err := l.pour(b, true); err != nil || !bytes.Equal(l.heard, text) {
			t.Fatalf("after %d: %q, %v", n, l.heard, err)
		}
		l.heard = nil
		l.say(text)
		said = append(said, text...)
	}
	l.bye()
	l.send()
	if heard := <-s.heard; !bytes.Equal(heard, said) {
		t.Errorf("the server has heard %q", heard)
	}
}

// What says nothing is not listened to without an end.
func TestSecureBoundsStorms(t *testing.T) {
	storms := map[string]func(s *scribe) []byte{
		"keys":          func(s *scribe) []byte { return s.renew(true) },
		"empty records": func(s *scribe) []byte { return s.record(ofData, nil) },
		"user canceled": func(s *scribe) []byte { return s.record(ofAlert, []byte{1, 90}) },
		"keys between data, to whom nobody can answer": func(s *scribe) []byte {
			return append(s.renew(true), s.record(ofData, []byte("x"))...)
		},
		"tickets": func(s *scribe) []byte {
			return s.record(ofHandshake, append([]byte{4, 0, 0, 17, 0, 0, 1, 0, 0, 0, 0, 0, 0}, 0, 4, 't', 'e', 'x', 't', 0, 0))
		},
	}
	for name, storm := range storms {
		l, s := written(t)
		var err error
		n := 0
		for ; err == nil && n < 20_000; n++ {
			l.feed(storm(s))
			err = l.drain()
			l.heard = nil
		}
		if err == nil || client.Class(err, false) != target.TLS && !strings.Contains(err.Error(), "too many") {
			t.Errorf("%s: %v", name, err)
		}
		if waits := len(l.out()); waits > flood+1<<10 {
			t.Errorf("%s: %d bytes wait", name, waits)
		}
	}
}

// A message that is cut into several records, and these anywhere, is put together.
func TestSecurePutsMessagesTogether(t *testing.T) {
	l, s := written(t)
	message := append([]byte{4, 0, 0, 17, 0, 0, 1, 0, 0, 0, 0, 0, 0}, 0, 4, 't', 'e', 'x', 't', 0, 0)
	var b []byte
	for _, part := range message {
		b = append(b, s.record(ofHandshake, []byte{part})...)
	}
	b = append(b, s.record(ofData, []byte("hello"))...)
	l.chop = func() int { return 3 }
	if err := l.pour(b, true); err != nil || string(l.heard) != "hello" {
		t.Errorf("%q, %v", l.heard, err)
	}
}

// Whatever a server says, it is heard to an end, and nothing is left behind.
func FuzzSecureHandshake(f *testing.F) {
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), uint8(3))
	f.Add([]byte("\x16\x03\x03\x00\x7a\x02"), uint8(1))
	f.Add([]byte("\x15\x03\x03\x00\x02\x02\x28"), uint8(2))
	f.Add(bytes.Repeat([]byte{20, 3, 3, 0, 1, 1}, 50), uint8(7))
	f.Fuzz(func(t *testing.T, b []byte, piece uint8) {
		c := newTestSecrecy(t, calling())
		news := make(chan struct{}, 1)
		s := c.begin(func() {
			select {
			case news <- struct{}{}:
			default:
			}
		})
		for len(b) > 0 {
			n := min(len(b), 1+int(piece))
			s.feed(b[:n])
			b = b[n:]
			s.sent(len(s.out()))
		}
		s.end(io.EOF)
		for {
			if over, _, err := s.shaken(); over {
				if err == nil {
					t.Error("a handshake with nobody")
				}
				break
			}
			select {
			case <-news:
			case <-time.After(time.Minute):
				t.Fatal("no end")
			}
		}
		s.bye()
		s.leave()
		c.close()
	})
}

// Whatever comes after the handshake, as records that are sealed or as they are,
// has an end.
func FuzzSecureFeed(f *testing.F) {
	f.Add(uint8(ofData), []byte("hello"), true, uint8(1))
	f.Add(uint8(ofHandshake), []byte{24, 0, 0, 1, 1}, true, uint8(9))
	f.Add(uint8(ofHandshake), []byte{4, 0, 0, 0}, true, uint8(2))
	f.Add(uint8(ofAlert), []byte{1, 0}, true, uint8(4))
	f.Add(uint8(ofData), []byte{23, 3, 3, 0, 0, 23, 3, 3, 255, 255}, false, uint8(5))
	f.Fuzz(func(t *testing.T, kind uint8, text []byte, sealed bool, piece uint8) {
		if len(text) > 1<<16-100 {
			return
		}
		l, s := written(t)
		b := text
		if sealed {
			b = append(s.record(kind, text), s.record(ofData, []byte("!"))...)
		}
		l.chop = func() int { return 1 + int(piece) }
		err := l.pour(b, true)
		if sealed && kind == ofData && err == nil && !bytes.Equal(l.heard, append(bytes.Clone(text), '!')) {
			t.Errorf("%d bytes heard of %d", len(l.heard), len(text)+1)
		}
		l.end(io.EOF)
		if again := l.drain(); again == nil || err != nil && !errors.Is(again, err) {
			t.Errorf("%v, then %v", err, again)
		}
	})
}
