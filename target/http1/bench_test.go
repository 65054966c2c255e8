package http1

import (
	"fmt"
	"strings"
	"testing"
)

// typical is what nginx answers.
const typical = "HTTP/1.1 200 OK\r\n" +
	"Server: nginx/1.24.0\r\n" +
	"Date: Tue, 14 Oct 2025 09:12:44 GMT\r\n" +
	"Content-Type: application/json; charset=utf-8\r\n" +
	"Content-Length: 128\r\n" +
	"Last-Modified: Mon, 13 Oct 2025 17:00:00 GMT\r\n" +
	"Connection: keep-alive\r\n" +
	"ETag: \"68ed2fc0-80\"\r\n" +
	"Accept-Ranges: bytes\r\n\r\n"

var (
	sizedAnswer   = []byte(typical + strings.Repeat("x", 128))
	bareAnswer    = []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	chunkedAnswer = []byte("HTTP/1.1 200 OK\r\nServer: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
		strings.Repeat(fmt.Sprintf("%x\r\n%s\r\n", 1000, strings.Repeat("y", 1000)), 8) + "0\r\n\r\n")
)

func BenchmarkParser(b *testing.B) {
	for _, bench := range []struct {
		name   string
		answer []byte
		piece  int
	}{
		{"typical", sizedAnswer, len(sizedAnswer)},
		{"bare", bareAnswer, len(bareAnswer)},
		{"chunked", chunkedAnswer, len(chunkedAnswer)},
		{"in two reads", sizedAnswer, 200},
		{"byte by byte", sizedAnswer, 1},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.answer)))
			p := New(Limits{})
			for b.Loop() {
				p.Reset(false)
				for rest := bench.answer; len(rest) > 0; {
					piece := rest[:min(bench.piece, len(rest))]
					if _, _, err := p.Feed(piece); err != nil {
						b.Fatal(err)
					}
					rest = rest[len(piece):]
				}
				if !p.KeepAlive() {
					b.Fatal("not done")
				}
			}
		})
	}
}
