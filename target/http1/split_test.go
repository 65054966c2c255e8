package http1

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pieces of answers, good and bad, of which any sequence may come.
var (
	startLines = []string{ok, "HTTP/1.1 200 OK\n", "HTTP/1.0 200 OK\r\n", "HTTP/1.1 204\r\n", "HTTP/1.1 304 \r\n", "HTTP/1.1 100 Continue\r\n\r\n" + ok, "HTTP/1.1 101 x\r\n", "HTTP/0.9 500 x\r\n", "HTTP/1.1 -99\r\n", "HTTP/1.1"}
	fieldLines = []string{
		"Content-Length: 7\r\n", "content-length:7 \n", "Content-Length: 07\r\n", "Content-Length: x\r\n", "Content-Length:\r\n 7\r\n",
		"Transfer-Encoding: chunked\r\n", "TRANSFER-ENCODING:\tCHUNKED\n", "Transfer-Encoding:\n chunked\r\n", "Transfer-Encoding: x\r\n",
		"Connection: close\r\n", "Connection: keep-alive\r\n", "Connection: a,\r\n\tclose\r\n", "Trailer: A\r\n",
		"Server: x\r\n", "A:\r\n", "B: " + strings.Repeat("b", 100) + "\r\n", "C: \x01\r\n", " folded\r\n", "\t\n", "D : d\r\n", "E\r\n", "\r",
	}
	bodies = []string{"7 bytes", "7 bytes" + ok, "2\r\nok\r\n", "A;ext=1\r\n0123456789\r\n", "a \r\n0123456789\r\n", "2\nok\r\n", "2\r\nokay", "1;" + strings.Repeat("e", 100) + "\r\nx\r\n", "0\r\n", "0;x\r\n", "A: b\r\n", "A: b\n", " c\r\n", "\r\n", "\n"}
)

// answers draws the bytes of a connection: well formed, half formed, or nearly.
func answers(t *rapid.T) []byte {
	some := func(of []string, most int, name string) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(of), 0, most).Draw(t, name), "")
	}
	data := rapid.SampledFrom(startLines).Draw(t, "start") + some(fieldLines, 4, "fields") +
		rapid.SampledFrom([]string{"\r\n", "\n", ""}).Draw(t, "empty line") + some(bodies, 5, "body")
	return []byte(data[:len(data)-min(len(data), rapid.SampledFrom([]int{0, 0, 0, 1, 3, 9}).Draw(t, "cut off"))])
}

// limitsNear draws limits that short answers can exceed.
func limitsNear(t *rapid.T) (l Limits) {
	for _, limit := range []*int{&l.Head, &l.Interim, &l.ChunkLine, &l.Padding, &l.Trailer} {
		*limit = rapid.SampledFrom([]int{0, 0, 0, 1, 2, 5, 10, 20, 50}).Draw(t, "limit")
	}
	return l
}

// Bytes mean the same in whatever pieces they come, whatever the limits.
func TestAnySplitGivesTheSameAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			checkSplits(t)
		}
	})
}

func checkSplits(t *rapid.T) {
	data, head, limits := answers(t), rapid.Bool().Draw(t, "HEAD"), limitsNear(t)
	want := parsed(data, head, limits, whole)
	cut := func(left int) int { return rapid.IntRange(0, min(left, 40)).Draw(t, "piece") }
	if got := parsed(data, head, limits, cut); got != want {
		t.Errorf("%q:\nin pieces %+v\n    whole %+v", data, got, want)
	}
	if got := parsed(data, head, limits, every(1)); got != want {
		t.Errorf("%q:\nbyte by byte %+v\n       whole %+v", data, got, want)
	}
}

// Sequences of typical pieces get the verdict that net/http gives them. The
// fuzz test asks the same of any bytes, but needs longer to find such ones.
func TestLikeNetHTTP(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			compare(t, answers(t), rapid.Bool().Draw(t, "HEAD"))
		}
	})
}

// An answer that is over stays over, and a parser that has been through
// anything is like a new one.
func TestReset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			checkReset(t)
		}
	})
}

func checkReset(t *rapid.T) {
	p := New(rapid.SampledFrom([]Limits{{}, limitsNear(t)}).Draw(t, "limits"))
	p.Reset(rapid.Bool().Draw(t, "HEAD"))
	n, done, err := p.Feed(answers(t))
	if rapid.Bool().Draw(t, "ended") && !done && err == nil {
		done, err = p.EOF()
	}
	if done || err != nil {
		if n2, done2, err2 := p.Feed([]byte("more")); n2 != 0 || done2 != done || err2 != err {
			t.Errorf("after %d, %t, %v more: %d, %t, %v", n, done, err, n2, done2, err2)
		}
		if done2, err2 := p.EOF(); done2 != done || err2 != err {
			t.Errorf("after %d, %t, %v the end: %t, %v", n, done, err, done2, err2)
		}
	}
	likeNew(t, p)
}

// likeNew checks that Reset leaves nothing of the answers before.
func likeNew(t tester, p Parser) {
	if p.Reset(false); len(p.carry) > 0 {
		t.Errorf("keeps %q", p.carry)
	}
	p.carry, p.last = nil, new(memory)
	if fresh := New(p.limits); !reflect.DeepEqual(p, fresh) {
		t.Errorf("%+v\n new %+v", p, fresh)
	}
}

// What a parser has read before changes nothing of what it says now, though it
// need not read the same head again.
func TestARememberedHeadSaysTheSame(t *testing.T) {
	recalled := 0
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			data, other, limits := answers(t), answers(t), limitsNear(t)
			p := New(limits)
			for _, before := range [][]byte{data, other}[:rapid.IntRange(1, 2).Draw(t, "before")] {
				p.Reset(rapid.Bool().Draw(t, "HEAD before"))
				_, _, _ = p.Feed(before)
			}
			if len(p.last.text) > 0 && bytes.HasPrefix(data, p.last.text) {
				recalled++
			}
			head := rapid.Bool().Draw(t, "HEAD")
			want, got := parsed(data, head, limits, whole), parsedBy(&p, data, head, whole)
			if got != want {
				t.Errorf("%q after %q:\n got %+v\nwant %+v", data, other, got, want)
			}
		}
	})
	if recalled == 0 {
		t.Error("no head came again")
	}
}

// A connection's answers come one behind the other, and heads and bodies and
// what holds them together are all its bytes.
func TestPipelined(t *testing.T) {
	p := New(Limits{})
	stream := []byte(strings.Repeat(string(sizedAnswer)+string(chunkedAnswer)+string(bareAnswer), 5))
	for i := range 15 {
		want := [...]struct{ head, body, framing int }{
			{len(typical), 128, 0}, {len("HTTP/1.1 200 OK\r\nServer: x\r\nTransfer-Encoding: chunked\r\n\r\n"), 8000, 8*7 + 5}, {len(bareAnswer) - 2, 2, 0},
		}[i%3]
		p.Reset(false)
		n, done, err := p.Feed(stream)
		if !done || err != nil || !p.KeepAlive() || p.HeadBytes != int64(want.head) || p.BodyBytes != int64(want.body) || n != want.head+want.body+want.framing {
			t.Fatalf("answer %d: %d bytes (%d, %d), %t, %v; want %+v", i, n, p.HeadBytes, p.BodyBytes, done, err, want)
		}
		stream = stream[n:]
	}
	if len(stream) > 0 {
		t.Errorf("%d bytes left", len(stream))
	}
}
