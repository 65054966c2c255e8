package http1

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
)

// rule is one rule of framing, shown by what one connection sends before it
// ends, and what there is to find in it.
type rule struct {
	rfc, name string
	head      bool // the request was HEAD
	bytes     string

	status int
	body   string
	rest   string // what belongs to the next answer
	keep   bool
	err    error
}

const ok = "HTTP/1.1 200 OK\r\n"
const chunks = ok + "Transfer-Encoding: chunked\r\n\r\n"

// The sections are those of RFC 9112, where no other is named.
var rules = []rule{
	{rfc: "2.1", name: "a typical answer", bytes: typical + strings.Repeat("x", 128), status: 200, body: strings.Repeat("x", 128), keep: true},
	{rfc: "2.2", name: "LF alone ends a line of the head", bytes: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", status: 200, body: "ok", keep: true},
	{rfc: "2.2", name: "CR alone ends no line", bytes: "HTTP/1.1 200 OK\rContent-Length: 2\r\r\n\r\nok", status: 200, body: "ok"},
	{rfc: "2.2", name: "CR inside a field", bytes: ok + "A: b\rc\r\n\r\n", err: BadField},
	{rfc: "2.2", name: "a blank before the first field", bytes: ok + " Content-Length: 2\r\n\r\nok", err: BadField},
	{rfc: "2.2", name: "an empty line before the status line", bytes: "\r\n" + ok + "\r\n", err: BadStatusLine},

	{rfc: "9113, 3.4", name: "HTTP/2 begins with settings", bytes: "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80", err: SpeaksHTTP2},
	{rfc: "9113, 3.4", name: "and nothing else does", bytes: "\x00\x00\x06\x04\x00\x00\x00\x00\x01\x00\x03\x00\x00\x00\x80\n", err: BadStatusLine},
	{rfc: "8446, 5.1", name: "an alert of TLS", bytes: "\x15\x03\x01\x00\x02\x02\x46", err: SpeaksTLS},
	{rfc: "8446, 5.1", name: "a byte of what may be TLS", bytes: "\x15\n", err: BadStatusLine},

	{rfc: "2.3", name: "HTTP/1.0 closes", bytes: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok"},
	{rfc: "2.3", name: "a later minor version is like 1.1", bytes: "HTTP/1.7 200 OK\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "2.3", name: "HTTP/0.9 closes, whatever it says", bytes: "HTTP/0.9 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok"},
	{rfc: "2.3", name: "the version is in capitals", bytes: "http/1.1 200 OK\r\n\r\n", err: BadStatusLine},
	{rfc: "2.3", name: "the version has one digit each", bytes: "HTTP/1.10 200 OK\r\n\r\n", err: BadStatusLine},
	{rfc: "2.3", name: "the version is of digits", bytes: "HTTP/1.x 200 OK\r\n\r\n", err: BadStatusLine},
	{rfc: "2.3", name: "the version has two parts", bytes: "HTTP/1 200 OK\r\n\r\n", err: BadStatusLine},

	{rfc: "4", name: "no reason", bytes: "HTTP/1.1 204\r\n\r\n", status: 204, keep: true},
	{rfc: "4", name: "an empty reason", bytes: "HTTP/1.1 204 \r\n\r\n", status: 204, keep: true},
	{rfc: "4", name: "more blanks before the code", bytes: "HTTP/1.1   204 No Content\r\n\r\n", status: 204, keep: true},
	{rfc: "4", name: "a code of two digits", bytes: "HTTP/1.1 20 OK\r\n\r\n", err: BadStatusLine},
	{rfc: "4", name: "a code of four digits", bytes: "HTTP/1.1 2000 OK\r\n\r\n", err: BadStatusLine},
	{rfc: "4", name: "a code that is no number", bytes: "HTTP/1.1 2x0 OK\r\n\r\n", err: BadStatusLine},
	{rfc: "4", name: "no code", bytes: "HTTP/1.1\r\n\r\n", err: BadStatusLine},
	{rfc: "9110, 15", name: "a code out of range is a code", bytes: "HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", status: 999, keep: true},

	{rfc: "5", name: "names in any case", bytes: ok + "cOnTeNt-LeNgTh: 2\r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "5", name: "names of the same size", bytes: ok + "Content-Lengty: 3\r\nContent_Length: 4\r\nConnectioN-: close\r\nSet-Cookie: close\r\nX-Transfer-Encode: x\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "5", name: "no colon", bytes: ok + "Content-Length 2\r\n\r\nok", err: BadField},
	{rfc: "5", name: "no name", bytes: ok + ": 2\r\n\r\nok", err: BadField},
	{rfc: "5", name: "a name that is none", bytes: ok + "Content[Length]: 2\r\n\r\nok", err: BadField},
	{rfc: "5.1", name: "no blank after the colon", bytes: ok + "Content-Length:2\r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "5.1", name: "blanks around a value", bytes: ok + "Content-Length: \t 2 \t \r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "5.1", name: "a blank before the colon makes another name", bytes: ok + "Content-Length : 2\r\n\r\nok!", status: 200, body: "ok!"},
	{rfc: "5.2", name: "a folded value", bytes: ok + "Content-Length:\r\n\t 2\r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "5.2", name: "folding joins with a blank", bytes: ok + "Content-Length: 1\r\n 2\r\n\r\nok", err: BadContentLength},
	{rfc: "5.2", name: "a folded list", bytes: ok + "Connection: x,\r\n close\r\n , y\r\nContent-Length: 0\r\n\r\n", status: 200},
	{rfc: "5.2", name: "a name cannot be folded", bytes: ok + "A\r\n : b\r\n\r\n", err: BadField},
	{rfc: "5.2", name: "a blank line goes on", bytes: ok + "A: b\r\n \r\nContent-Length: 0\r\n\r\n", status: 200, keep: true},
	{rfc: "9110, 5.5", name: "bytes beyond ASCII in a value", bytes: ok + "Server: caf\xc3\xa9 \xff\r\nContent-Length: 0\r\n\r\n", status: 200, keep: true},
	{rfc: "9110, 5.5", name: "NUL in a value", bytes: ok + "A: 12345678\x00\r\n\r\n", err: BadField},
	{rfc: "9110, 5.5", name: "DEL in a value", bytes: ok + "A: 123\x7f45678\r\n\r\n", err: BadField},
	{rfc: "9110, 5.5", name: "a tab in a value", bytes: ok + "A: 123\t45678\r\nContent-Length: 0\r\n\r\n", status: 200, keep: true},

	{rfc: "6.1", name: "chunked in any case", bytes: ok + "Transfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", status: 200, body: "ok", keep: true},
	{rfc: "6.1", name: "another coding", bytes: ok + "Transfer-Encoding: gzip\r\n\r\nok", err: BadTransferEncoding},
	{rfc: "6.1", name: "a coding of the same size", bytes: ok + "Transfer-Encoding: deflate\r\n\r\n0\r\n\r\n", err: BadTransferEncoding},
	{rfc: "6.1", name: "more codings", bytes: ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", err: BadTransferEncoding},
	{rfc: "6.1", name: "chunked twice", bytes: ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", err: BadTransferEncoding},
	{rfc: "6.1", name: "no coding", bytes: ok + "Transfer-Encoding:\r\n\r\n", err: BadTransferEncoding},
	{rfc: "6.1", name: "the Kelvin sign is no k", bytes: ok + "Transfer-Encoding: chun\u212aed\r\n\r\n0\r\n\r\n", err: BadTransferEncoding},
	{rfc: "6.1", name: "HTTP/1.0 has no codings", bytes: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r", status: 200, body: "0\r"},

	{rfc: "6.3, 1", name: "no body after HEAD", head: true, bytes: ok + "Content-Length: 5\r\n\r\n" + ok, status: 200, rest: ok, keep: true},
	{rfc: "6.3, 1", name: "no chunks after HEAD", head: true, bytes: chunks + ok, status: 200, rest: ok, keep: true},
	{rfc: "6.3, 1", name: "no end to wait for after HEAD", head: true, bytes: ok + "\r\n" + ok, status: 200, rest: ok, keep: true},
	{rfc: "6.3, 1", name: "no body with 204", bytes: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n" + ok, status: 204, rest: ok, keep: true},
	{rfc: "6.3, 1", name: "no body with 304", bytes: "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n" + ok, status: 304, rest: ok, keep: true},
	{rfc: "6.3, 3", name: "chunked overrides the length", bytes: ok + "Content-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", status: 200, body: "ok", keep: true},
	{rfc: "6.3, 5", name: "the same length twice", bytes: ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "6.3, 5", name: "two lengths", bytes: ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok", err: BadContentLength},
	{rfc: "6.3, 5", name: "two spellings of a length", bytes: ok + "Content-Length: 2\r\nContent-Length: 02\r\n\r\nok", err: BadContentLength},
	{rfc: "6.3, 5", name: "a list of lengths", bytes: ok + "Content-Length: 2, 2\r\n\r\nok", err: BadContentLength},
	{rfc: "6.3, 5", name: "an empty length", bytes: ok + "Content-Length: \r\n\r\nok", err: BadContentLength},
	{rfc: "6.3, 5", name: "a negative length", bytes: ok + "Content-Length: -2\r\n\r\nok", err: BadContentLength},
	{rfc: "6.3, 5", name: "a signed length", bytes: ok + "Content-Length: +2\r\n\r\nok", err: BadContentLength},
	{rfc: "6.3, 5", name: "a hexadecimal length", bytes: ok + "Content-Length: 0x2\r\n\r\nok", err: BadContentLength},
	{rfc: "6.3, 5", name: "zeros before a length", bytes: ok + "Content-Length: 00000000000000000000000000002\r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "6.3, 5", name: "a bad length where there is no body", bytes: "HTTP/1.1 204 No Content\r\nContent-Length: x\r\n\r\n", err: BadContentLength},
	{rfc: "6.3, 6", name: "a length of 0", bytes: ok + "Content-Length: 0\r\n\r\n" + ok, status: 200, rest: ok, keep: true},
	{rfc: "6.3, 6", name: "the next answer's bytes", bytes: ok + "Content-Length: 2\r\n\r\nok" + ok, status: 200, body: "ok", rest: ok, keep: true},
	{rfc: "6.3, 8", name: "the body ends with the connection", bytes: ok + "\r\nok" + ok, status: 200, body: "ok" + ok},
	{rfc: "6.3, 8", name: "even if it shall be kept alive", bytes: ok + "Connection: keep-alive\r\n\r\nok", status: 200, body: "ok"},

	{rfc: "7.1", name: "chunks", bytes: chunks + "2\r\nok\r\nA\r\n0123456789\r\na\r\n9876543210\r\n0\r\n\r\n" + ok, status: 200, body: "ok01234567899876543210", rest: ok, keep: true},
	{rfc: "7.1", name: "zeros before a size", bytes: chunks + "000000000000000a\r\n0123456789\r\n000\r\n\r\n", status: 200, body: "0123456789", keep: true},
	{rfc: "7.1", name: "blanks after a size", bytes: chunks + "2 \t\r\nok\r\n0\r\n\r\n", status: 200, body: "ok", keep: true},
	{rfc: "7.1", name: "a blank before a size", bytes: chunks + " 2\r\nok\r\n0\r\n\r\n", err: BadChunk, status: 200},
	{rfc: "7.1", name: "no size", bytes: chunks + "\r\nok\r\n0\r\n\r\n", err: BadChunk, status: 200},
	{rfc: "7.1", name: "a size that is none", bytes: chunks + "zz\r\nok\r\n0\r\n\r\n", err: BadChunk, status: 200},
	{rfc: "7.1", name: "a negative size", bytes: chunks + "-2\r\nok\r\n0\r\n\r\n", err: BadChunk, status: 200},
	{rfc: "7.1", name: "a size with a prefix", bytes: chunks + "0x2\r\nok\r\n0\r\n\r\n", err: BadChunk, status: 200},
	{rfc: "7.1", name: "a size of 17 digits", bytes: chunks + "00000000000000002\r\nok\r\n0\r\n\r\n", err: BadChunk, status: 200},
	{rfc: "7.1", name: "LF alone after a size", bytes: chunks + "2\nok\r\n0\r\n\r\n", err: BadChunk, status: 200},
	{rfc: "7.1", name: "LF alone after an extension", bytes: chunks + "2;a\nok\r\n0\r\n\r\n", err: BadChunk, status: 200},
	{rfc: "7.1", name: "CR inside a size's line", bytes: chunks + "2;\r\r\nok\r\n0\r\n\r\n", err: BadChunk, status: 200},
	{rfc: "7.1", name: "LF alone after data", bytes: chunks + "2\r\nok\n0\r\n\r\n", err: BadChunk, status: 200, body: "ok"},
	{rfc: "7.1", name: "CR alone after data", bytes: chunks + "2\r\nok\r0\r\n\r\n", err: BadChunk, status: 200, body: "ok"},
	{rfc: "7.1", name: "another byte for the CR after data", bytes: chunks + "2\r\nok.\n0\r\n\r\n", err: BadChunk, status: 200, body: "ok"},
	{rfc: "7.1", name: "another byte for the LF after data", bytes: chunks + "2\r\nok\r.0\r\n\r\n", err: BadChunk, status: 200, body: "ok"},
	{rfc: "7.1", name: "more data than its size", bytes: chunks + "2\r\nokay\r\n0\r\n\r\n", err: BadChunk, status: 200, body: "ok"},
	{rfc: "7.1.1", name: "extensions", bytes: chunks + "2;a=b;c=\"d;e\"\r\nok\r\n0;z\r\n\r\n", status: 200, body: "ok", keep: true},
	{rfc: "7.1.1", name: "a blank before an extension", bytes: chunks + "2 ;a\r\nok\r\n0\r\n\r\n", err: BadChunk, status: 200},
	{rfc: "7.1.2", name: "trailers", bytes: chunks + "2\r\nok\r\n0\r\nExpires: never\r\nX:\r\n folded\r\n\r\n" + ok, status: 200, body: "ok", rest: ok, keep: true},
	{rfc: "7.1.2", name: "a trailer frames nothing", bytes: chunks + "2\r\nok\r\n0\r\nContent-Length: x\r\nConnection: close\r\n\r\n", status: 200, body: "ok", keep: true},
	{rfc: "7.1.2", name: "a trailer that is none", bytes: chunks + "2\r\nok\r\n0\r\nnothing\r\n\r\n", err: BadField, status: 200, body: "ok"},
	{rfc: "7.1.2", name: "LF alone in a trailer", bytes: chunks + "2\r\nok\r\n0\r\nA: b\n\n", err: BadField, status: 200, body: "ok"},

	{rfc: "8", name: "nothing", bytes: "", err: Closed},
	{rfc: "8", name: "half a status line", bytes: "HTTP/1.1 200", err: Closed},
	{rfc: "8", name: "half a head", bytes: ok + "Server: x\r\n", err: Closed},
	{rfc: "8", name: "half a field", bytes: ok + "Server: x", err: Closed},
	{rfc: "8", name: "half of what is no HTTP", bytes: "go away", err: BadStatusLine},
	{rfc: "8", name: "half of what is no field", bytes: ok + "Serv", err: BadField},
	{rfc: "8", name: "half a body", bytes: ok + "Content-Length: 100\r\n\r\nhello", err: CutShort, status: 200, body: "hello"},
	{rfc: "8", name: "half a chunk", bytes: chunks + "64\r\nhello", err: CutShort, status: 200, body: "hello"},
	{rfc: "8", name: "half a line end", bytes: chunks + "5\r\nhello\r", err: CutShort, status: 200, body: "hello"},
	{rfc: "8", name: "half a size", bytes: chunks + "5", err: CutShort, status: 200},
	{rfc: "8", name: "no last chunk", bytes: chunks + "5\r\nhello\r\n", err: CutShort, status: 200, body: "hello"},
	{rfc: "8", name: "no end of the trailer", bytes: chunks + "0\r\nA: b\r\n", err: CutShort, status: 200},

	{rfc: "9.3", name: "close", bytes: ok + "Connection: close\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok"},
	{rfc: "9.3", name: "close in a list and in any case", bytes: ok + "Connection: Upgrade , ClosE\t,x\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok"},
	{rfc: "9.3", name: "close in a second field", bytes: ok + "Connection: keep-alive\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok"},
	{rfc: "9.3", name: "closed is not close", bytes: ok + "Connection: closed, clos\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "9.3", name: "close without a body", bytes: "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", status: 204},
	{rfc: "9.3", name: "HTTP/1.0 may keep alive", bytes: "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "9.3", name: "whatever else it says", bytes: "HTTP/1.0 200 OK\r\nConnection: keep-alive, x\r\nConnection: y\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "9.3", name: "but close is stronger", bytes: "HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok"},

	{rfc: "9110, 15.2", name: "interim answers", bytes: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\nContent-Length: 7\r\nConnection: close\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok", status: 200, body: "ok", keep: true},
	{rfc: "9110, 15.2", name: "an interim answer alone", bytes: "HTTP/1.1 100 Continue\r\n\r\n", err: Closed},
	{rfc: "9110, 15.2", name: "a bad interim answer", bytes: "HTTP/1.1 100 Continue\r\nTransfer-Encoding: x\r\n\r\n" + ok, err: BadTransferEncoding},
	{rfc: "9110, 15.2.2", name: "another protocol", bytes: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello", status: 101, rest: "hello"},
}

// Every rule holds, and net/http keeps it too.
func TestRules(t *testing.T) {
	for _, r := range rules {
		t.Run(r.rfc+" "+r.name, func(t *testing.T) {
			want := verdict{err: r.err, status: r.status, body: r.body, keepAlive: r.keep, consumed: len(r.bytes) - len(r.rest)}
			if want.stage = "head"; r.status > 0 {
				want.stage = "body"
			}
			if r.err != nil {
				want.class, want.consumed = r.err.(Fault).Class(), 0
			}
			got := parsed([]byte(r.bytes), r.head, Limits{}, whole)
			if want.message = got.message; got != want {
				t.Errorf("%q:\n got %+v\nwant %+v", r.bytes, got, want)
			}
			compare(t, []byte(r.bytes), r.head)
		})
	}
}

// extremes are numbers at the edges of what fits.
var extremes = []struct {
	bytes string
	err   error
}{
	{ok + fmt.Sprintf("Content-Length: %d\r\n\r\nx", math.MaxInt64), CutShort},
	{ok + "Content-Length: 9223372036854775808\r\n\r\nx", BadContentLength},
	{ok + "Content-Length: 18446744073709551617\r\n\r\nx", BadContentLength},
	{ok + "Content-Length: " + strings.Repeat("9", 1000) + "\r\n\r\nx", BadContentLength},
	{chunks + "4000000000000000\r\nx", CutShort},
	{chunks + "7000000000000000\r\nx", CutShort},
	{chunks + "7fffffffffffffff\r\nx", CutShort},
	{chunks + "8000000000000000\r\nx", BadChunk},
	{chunks + "ffffffffffffffff\r\nx", BadChunk},
	{chunks + "1\r\nx\r\n7ffffffffffffffe\r\nx", CutShort},
	{chunks + "1\r\nx\r\n7fffffffffffffff\r\nx", BadChunk},
}

// No number is so large that it would wrap around: all of these bodies are far
// from whole.
func TestExtremes(t *testing.T) {
	for _, e := range extremes {
		if v := parsed([]byte(e.bytes), false, Limits{}, whole); v.err != e.err {
			t.Errorf("%.60q: %v; want %v", e.bytes, v.err, e.err)
		}
		compare(t, []byte(e.bytes), false)
	}
}

// Control characters are found wherever they are.
func TestPrintable(t *testing.T) {
	for c := range 256 {
		want := c == '\t' || c >= ' ' && c != 0x7f
		for size := range 20 {
			for at := range size {
				for _, fill := range []byte{'a', '\t', 0x80, 0xff} {
					b := bytes.Repeat([]byte{fill}, size)
					if b[at] = byte(c); printable(b) != want {
						t.Fatalf("%q: want %t", b, want)
					}
				}
			}
		}
	}
}
