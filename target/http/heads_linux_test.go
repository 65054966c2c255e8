package http

import (
	"bytes"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"plimsoll/target"
)

// answer is one of so many bytes of head, in lines like the one given.
func answer(size int, line string) string {
	const start, end = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", "\r\n"
	filling := strings.Repeat(line, max(0, size-len(start)-len(end)-10)/len(line))
	last := size - len(start) - len(end) - len(filling)
	return start + filling + "Z: " + strings.Repeat("z", last-5) + "\r\n" + end + "OK"
}

// One limit holds for heads on every engine, to the byte over HTTP/1.1, and
// its message says how to raise it.
func TestLargeHeads(t *testing.T) {
	for name, c := range map[string]struct {
		answer, class, told string
		most                int
	}{
		"one line":        {answer(1_000_000, strings.Repeat("x", 2_000_000)), "", "", 0},
		"a line too long": {answer(1_000_001, strings.Repeat("x", 2_000_000)), target.Body, "the answer's head is larger than 1MB: a higher max_head of the target lets it pass", 0},
		"many lines":      {answer(64_000, "A: b\r\n"), "", "", 64_000},
		"too many lines":  {answer(64_001, "A: b\r\n"), target.Body, "the answer's head is larger than 64KB", 64_000},
		"more than usual": {answer(3_000_000, "Set-Cookie: "+strings.Repeat("c", 4000)+"\r\n"), "", "", 3_000_000},
		"interim answers": {strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: "+strings.Repeat("x", 500)+"\r\n\r\n", 5) + wellDone, target.Body, "the answer's head is larger than 2KB", 2000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := func(to net.Conn, _ string) bool { _, err := io.WriteString(to, c.answer); return err == nil }
			byEach(t, script, func(t *testing.T, s *recorder, call func(func(*Settings), int) []target.Outcome) {
				for _, out := range call(func(set *Settings) { set.MaxHead = c.most }, 2) {
					if out.Class != c.class || !strings.Contains(out.Example, c.told) {
						t.Errorf("%+v, want class %q, %q", out, c.class, c.told)
					}
				}
			})
		})
	}
}

// The same over HTTP/2, where each line counts for 32 bytes more.
func TestLargeHeadsOverHTTP2(t *testing.T) { bySharers(t, testLargeHeadsOverHTTP2) }

func testLargeHeadsOverHTTP2(t *testing.T, by carrier) {
	for name, c := range map[string]struct {
		lines, each, most int
		class             string
	}{
		"within":      {60, 1000, 64_000, ""},
		"beyond":      {70, 1000, 64_000, target.Body},
		"far beyond":  {900, 1000, 64_000, target.Body},
		"a long line": {1, 100_000, 64_000, target.Body},
		"within 1 MB": {200, 4000, 0, ""},
		"beyond 1 MB": {300, 4000, 0, target.Body},
	} {
		s := newServer(t, false, nil, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
			for range c.lines {
				w.Header().Add("X-Filling", strings.Repeat("x", c.each))
			}
		})
		for _, out := range by.calls(t, s.URL, func(set *Settings) { set.MaxHead = c.most }, 2) {
			if out.Class != c.class || c.class != "" && !strings.Contains(out.Example, "max_head") {
				t.Errorf("%s: %+v, want class %q", name, out, c.class)
			}
		}
	}
}

// A head that comes without an end, frame by frame, is too large as well.
func TestEndlessHeadOverHTTP2(t *testing.T) { bySharers(t, testEndlessHeadOverHTTP2) }

func testEndlessHeadOverHTTP2(t *testing.T, by carrier) {
	field := append([]byte{0, 1, 'a', 100}, bytes.Repeat([]byte("b"), 100)...) // a line, written out
	script := func(c net.Conn, _ string) bool {
		frame := func(kind byte, stream byte, payload []byte) error {
			size := len(payload)
			_, err := c.Write(append([]byte{byte(size >> 16), byte(size >> 8), byte(size), kind, 0, 0, 0, 0, stream}, payload...))
			return err
		}
		err := frame(settingsFrame, 0, nil)
		if err == nil {
			err = frame(headersFrame, 1, append([]byte{0x88}, field...)) // 200, and no end
		}
		for err == nil {
			err = frame(continuationFrame, 1, bytes.Repeat(field, 100))
		}
		return false
	}
	s := record(t, loopback(t), script) // the client's first words end like a head
	for _, out := range by.calls(t, s.url, func(set *Settings) { set.Timeout = 20 * time.Second }, 2) {
		if out.Class != target.Body || !strings.Contains(out.Example, "max_head") {
			t.Errorf("%+v", out)
		}
	}
}

// Frames of HTTP/2 (RFC 9113, 6).
const (
	headersFrame      = 1
	settingsFrame     = 4
	continuationFrame = 9
)
