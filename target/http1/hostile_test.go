package http1

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// endless are servers that never come to an end.
var endless = []struct {
	name         string
	start, again string
	most         int // bytes that are taken before it is enough
	fault        error
}{
	{"status line", "HTTP/1.1 200 O", "O", UsualHead, LargeHead},
	{"no line", "", "x", UsualHead, LargeHead},
	{"blanks", "HTTP/1.1", " ", UsualHead, LargeHead},
	{"field", ok + "A: ", "b", UsualHead, LargeHead},
	{"length", ok + "Content-Length: ", "0", UsualHead, LargeHead},
	{"folds", ok + "A: b", "\r\n c", UsualHead, LargeHead},
	{"empty folds", ok + "A: b", "\r\n ", UsualHead, LargeHead},
	{"fields", ok, "A: b\r\n", UsualHead, LargeHead},
	{"fields that count", ok, "Content-Length: 5\r\n", UsualHead, LargeHead},
	{"empty fields", ok, "A:\n", UsualHead, LargeHead},
	{"interim answers", "", "HTTP/1.1 100 Continue\r\n\r\n", 101 * 25, ManyInterim},
	{"large interim answers", "", "HTTP/1.1 103\r\n" + strings.Repeat("Link: x\r\n", 3000) + "\r\n", UsualHead, LargeHead},
	{"chunk size", chunks, "0", 4<<10 + 50, LongChunkLine},
	{"extension", chunks + "1;", "e", 4<<10 + 50, LongChunkLine},
	{"extensions", chunks, "1;" + strings.Repeat("e", 500) + "\r\nx\r\n", 20 << 10, PaddedChunks},
	{"trailer", chunks + "0\r\nA: ", "b", 4<<10 + 100, LargeTrailer},
	{"trailers", chunks + "0\r\n", "A: b\r\n", 4<<10 + 100, LargeTrailer},
}

// Whoever never ends is stopped at a limit, and has not made the parser keep
// more than a line.
func TestEndless(t *testing.T) {
	for _, e := range endless {
		again := []byte(strings.Repeat(e.again, 1+16<<10/len(e.again)))
		for _, size := range []int{1, 1 << 10, len(again)} {
			p := New(Limits{})
			_, _, err := p.Feed([]byte(e.start))
			fed := len(e.start)
			for rest := again; err == nil && fed < 2*e.most; {
				n := min(size, len(rest))
				_, _, err = p.Feed(rest[:n])
				fed += n
				if rest = rest[n:]; len(rest) == 0 {
					rest = again
				}
			}
			if err != e.fault || fed > e.most+size {
				t.Errorf("%s by %d bytes: %v after %d bytes; want %v within %d", e.name, size, err, fed, e.fault, e.most)
			}
			if cap(p.carry) > 2*p.limits.Head {
				t.Errorf("%s by %d bytes: keeps %d bytes", e.name, size, cap(p.carry))
			}
			likeNew(t, p)
		}
	}
}

// What is slow or large without harm is let through, and nothing of it is kept.
func TestLargeBodies(t *testing.T) {
	for name, c := range map[string]struct {
		start, again string
		each         int64
	}{
		"one byte a chunk":  {chunks, "1\r\nx\r\n", 1},
		"decent extensions": {chunks, "1;abcdefghij\r\nx\r\n", 1},
		"until it closes":   {ok + "\r\n", strings.Repeat("x", 1000), 1000},
		"of known size":     {ok + "Content-Length: 99999999999\r\n\r\n", strings.Repeat("x", 1000), 1000},
	} {
		p := New(Limits{})
		again := []byte(strings.Repeat(c.again, 1000))
		_, done, err := p.Feed([]byte(c.start))
		for range 100 {
			if done || err != nil {
				break
			}
			_, done, err = p.Feed(again)
		}
		if done || err != nil || p.BodyBytes != 100_000*c.each || cap(p.carry) > 0 {
			t.Errorf("%s: %t, %v, %d bytes, keeps %d", name, done, err, p.BodyBytes, cap(p.carry))
		}
	}
}

// Each limit is met to the byte.
func TestLimits(t *testing.T) {
	small := Limits{Head: 200, Interim: 3, ChunkLine: 40, Padding: 60, Trailer: 80}
	field := func(size int) string { return "A: " + strings.Repeat("b", size-5) + "\r\n" }
	interim := "HTTP/1.1 100\r\n\r\n"
	for name, c := range map[string]struct {
		answer func(size int) string
		limit  int
		fault  error
	}{
		"line": {func(n int) string { return ok + field(n-17-21) + "Content-Length: 0\r\n\r\n" }, small.Head, LargeHead},
		"fold": {func(n int) string { return ok + field(52) + " " + field(n-17-53-21) + "Content-Length: 0\r\n\r\n" }, small.Head, LargeHead},
		"head": {func(n int) string { return ok + field(90) + field(n-17-90-21) + "Content-Length: 0\r\n\r\n" }, small.Head, LargeHead},
		"heads": {func(n int) string {
			return interim + ok + field(80) + field(n-16-17-80-21) + "Content-Length: 0\r\n\r\n"
		}, small.Head, LargeHead},
		"interim": {func(n int) string { return strings.Repeat(interim, n) + ok + "Content-Length: 0\r\n\r\n" }, small.Interim, ManyInterim},
		"chunk line": {func(n int) string {
			return chunks + "f;" + strings.Repeat("e", n-4) + "\r\n0123456789abcde\r\n0\r\n\r\n"
		}, small.ChunkLine, LongChunkLine},
		"padding": {func(n int) string {
			return chunks + strings.Repeat("1;abcdefghijklmnopqrst\r\nx\r\n", (n-12)/6) + "1;" + strings.Repeat("e", 14+12) + "\r\nx\r\n0\r\n\r\n"
		}, small.Padding, PaddedChunks},
		"trailer": {func(n int) string { return chunks + "0\r\n" + field(n-2) + "\r\n" }, small.Trailer, LargeTrailer},
	} {
		step := 1
		if name == "padding" {
			step = 6
		}
		for _, size := range []int{c.limit, c.limit + step} {
			want := c.fault
			if size == c.limit {
				want = nil
			}
			for _, cut := range []func(int) int{whole, every(1)} {
				if v := parsed([]byte(c.answer(size)), false, small, cut); v.err != want {
					t.Errorf("%s of %d: %v; want %v", name, size, v.err, want)
				}
			}
		}
	}
}

// Garbage is refused with its first line, or with its first 32 KiB.
func TestGarbage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		garbage := make([]byte, 64<<10)
		for i := range garbage {
			garbage[i] = byte(random.Uint32())
		}
		p := New(Limits{})
		if _, _, err := p.Feed(garbage); err != BadStatusLine {
			t.Fatalf("%.40q: %v", garbage, err)
		}
		p = New(Limits{Head: 32 << 10})
		if _, _, err := p.Feed(bytes.ReplaceAll(garbage, []byte("\n"), nil)); err != LargeHead {
			t.Fatalf("without lines: %v", err)
		}
	}
}

// In the steady state nothing is allocated, whatever comes.
func TestAllocatesNothing(t *testing.T) {
	for name, answer := range map[string][]byte{
		"sized": sizedAnswer, "chunked": chunkedAnswer, "until it closes": []byte(ok + "\r\nhello"),
		"interim": []byte("HTTP/1.1 100 x\r\n\r\n" + string(sizedAnswer)), "folded": []byte(ok + "A: b\r\n c\r\nContent-Length: 0\r\n\r\n"),
		"no HTTP": []byte("SSH-2.0-OpenSSH_9.9\r\n"), "cut short": sizedAnswer[:100],
	} {
		for _, size := range []int{1, 7, len(answer)} {
			seen := 0
			p := New(Limits{})
			p.Body = func(b []byte) { seen += len(b) }
			allocations := testing.AllocsPerRun(100, func() {
				p.Reset(false)
				for rest := answer; len(rest) > 0; {
					n, _, err := p.Feed(rest[:min(size, len(rest))])
					if rest = rest[n:]; err != nil {
						return
					}
				}
				_, _ = p.EOF()
			})
			if allocations > 0 {
				t.Errorf("%s by %d bytes: %v allocations", name, size, allocations)
			}
		}
	}
}

// Faults say what was wrong and show it.
func TestExplain(t *testing.T) {
	for data, want := range map[string]string{
		"SSH-2.0-OpenSSH_9.9\r\n\r\n":                                  `malformed status line (want "HTTP/1.1 200 OK"): "SSH-2.0-OpenSSH_9.9"`,
		ok + "no colon here\r\n\r\n":                                   `malformed header line (want "Name: value"): "no colon here"`,
		ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n":          `malformed Content-Length (want one whole number): "Content-Length: 2"`,
		ok + "Content-Length: 100\r\n\r\nhello":                        "the body ended after 5 of 100 bytes",
		chunks + "5\r\nhello\r\n":                                      "the body broke off after 5 bytes",
		chunks[:len(chunks)-2] + "Content-Length: 9\r\n\r\n5\r\nhello": "the body broke off after 5 bytes",
		ok:                                "the server closed the connection before its answer was whole",
		ok + "Content-Length: 0\r\n\r\n":  "",
		chunks + "2\r\nokay":              BadChunk.Error(),
		strings.Repeat("x", 100) + "\r\n": fmt.Sprintf("%s: %q", BadStatusLine.Error(), strings.Repeat("x", 80)+"…"),
		ok + "A: " + strings.Repeat("x", UsualHead) + "\r\n\r\n":    "the head is too large",
		ok + "Transfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\n": `unsupported Transfer-Encoding (want "chunked" alone): "Transfer-Encoding: gzip"`,
	} {
		p := New(Limits{})
		if _, done, err := p.Feed([]byte(data)); !done && err == nil {
			_, _ = p.EOF()
		}
		if got := p.Explain(); got != want {
			t.Errorf("%.60q: %s; want %s", data, got, want)
		}
	}
	for f := range CutShort + 1 {
		if f > 0 && (f.Error() == Fault(0).Error() || f.Class() == "") {
			t.Errorf("fault %d: %q, %q", f, f.Error(), f.Class())
		}
	}
}
