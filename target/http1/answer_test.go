package http1

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plimsoll/target/wire"
)

// A text is found wherever the pieces of a body are cut, and little is kept.
func TestContainsFindsTextAcrossPieces(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringMatching(`[ab]{1,6}`).Draw(r, "text")
		pieces := rapid.SliceOf(rapid.StringMatching(`[abc]{1,9}`)).Draw(r, "pieces")
		var c answer
		for i, piece := range pieces {
			if !c.found {
				c.search([]byte(piece), []byte(text))
			}
			if want := strings.Contains(strings.Join(pieces[:i+1], ""), text); c.found != want || len(c.tail) >= len(text) {
				r.Fatalf("%q in %q: %v, want %v; keeps %q", text, pieces[:i+1], c.found, want, c.tail)
			}
		}
	})
}

// What hostile servers have a connection keep is little, once it is closed: of
// lines without an end, of bodies that are refused, and of texts looked for.
func TestAnswersKeepLittle(t *testing.T) {
	for _, start := range []string{"H", ok + "A: ", "HTTP/1.1 503 x\r\n\r\n", ok + "\r\n", ok + "Content-Length: 2\r\n\r\n"} {
		codec := NewCodec(Options{
			Requests: make([]Request, 1), MaxHead: 64 << 10, Contains: []byte("OK"),
			Accepts: func(status int) bool { return status == 200 },
		}, false)
		a := codec.Reader().(*answer)
		a.Expect(&wire.Exchange{Own: &codec.o.Requests[0]})
		_, end, fault := a.Feed([]byte(start))
		for range 60 { // and then it times out
			if end == wire.More && fault == nil {
				_, end, fault = a.Feed(bytes.Repeat([]byte("x"), 1<<10))
			}
		}
		if a.Rest(); cap(a.parser.carry)+cap(a.tail)+cap(a.start) > 20<<10 {
			t.Errorf("%q: %d, %d and %d bytes are kept", start, cap(a.parser.carry), cap(a.tail), cap(a.start))
		}
	}
}
