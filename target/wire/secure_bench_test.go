package wire

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/tls"
	"io"
	"math"
	"net"
	"testing"
)

// The call of these measurements: so many bytes there, and so many back.
const (
	there = 200
	back  = 300
)

// prepared is a connection and the records of so many answers on it.
func prepared(t testing.TB, version uint16, answers int) (l *carried, records [][]byte) {
	server := serving()
	server.MaxVersion, server.SessionTicketsDisabled = version, true
	l = greeted(t, newTestSecrecy(t, calling()), server, func(conn *tls.Conn, _ net.Conn) {
		b := make([]byte, back)
		_, _ = conn.Read(b[:1])
		for range answers {
			if _, err := conn.Write(b); err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, conn)
	})
	l.say([]byte("go on"))
	for range answers {
		records = append(records, <-l.came)
	}
	return l, records
}

// call does what a loop does for one.
func (l *carried) call(request, record, plain []byte) {
	if n, err := l.write(request); n != len(request) || err != nil {
		l.t.Fatal(n, err)
	}
	l.sent(len(l.out()))
	l.feed(record)
	if n, err := l.read(plain); n != back || err != nil {
		l.t.Fatal(n, err)
	}
	if _, err := l.read(plain); err != errDry {
		l.t.Fatal(err)
	}
}

// A call takes the one allocation that package tls needs for reading a record (its
// atLeastReader). Its pool of buffers may lose some at any time, so the least of
// several runs is what counts.
func TestSecureCallsHardlyAllocate(t *testing.T) {
	for name, version := range versions {
		const runs, calls = 100, 5
		l, records := prepared(t, version, runs*(calls+1))
		request, plain, n := make([]byte, there), make([]byte, 4<<10), 0
		least := math.Inf(1)
		for range runs {
			least = min(least, testing.AllocsPerRun(calls, func() {
				l.call(request, records[n], plain)
				n++
			}))
		}
		if least > 1 {
			t.Errorf("%s: %v allocations a call", name, least)
		}
	}
}

func BenchmarkSecureCall(b *testing.B) {
	l, records := prepared(b, tls.VersionTLS13, b.N)
	request, plain := make([]byte, there), make([]byte, 4<<10)
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		l.call(request, records[n], plain)
	}
}

// The same over net.Pipe with a server in a goroutine, as package tls alone does.
func BenchmarkSecureCallOverPipe(b *testing.B) {
	ours, theirs := net.Pipe()
	server := serving()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn := tls.Server(theirs, server)
		in, out := make([]byte, there), make([]byte, back)
		for {
			if _, err := io.ReadFull(conn, in); err != nil {
				return
			}
			_, _ = conn.Write(out)
		}
	}()
	conn := tls.Client(ours, calling())
	request, plain := make([]byte, there), make([]byte, back)
	call := func() {
		_, _ = conn.Write(request)
		if _, err := io.ReadFull(conn, plain); err != nil {
			b.Fatal(err)
		}
	}
	call()
	b.ReportAllocs()
	for b.Loop() {
		call()
	}
	_ = ours.Close()
	<-ended
}

// The same with the ciphers alone.
func BenchmarkSecureCallCiphers(b *testing.B) {
	block, _ := aes.NewCipher(make([]byte, 16))
	seal, _ := cipher.NewGCM(block)
	nonce, head, out := make([]byte, 12), make([]byte, 5), make([]byte, 0, 4<<10)
	request := make([]byte, there+1)
	answer := seal.Seal(nil, nonce, make([]byte, back+1), head)
	b.ReportAllocs()
	for b.Loop() {
		out = seal.Seal(out[:0], nonce, request, head)
		if _, err := seal.Open(out[:0], nonce, answer, head); err != nil {
			b.Fatal(err)
		}
	}
}
