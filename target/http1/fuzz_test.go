package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	nethttp "net/http"
	"regexp"
	"strings"
	"testing"

	"plimsoll/target"
)

// verdict is what a reader makes of the bytes of one connection.
type verdict struct {
	class     string // of the error; empty: a whole answer
	err       error
	message   string
	stage     string // of the error: head or body
	status    int
	body      string
	consumed  int // of the bytes, where the answer is whole
	keepAlive bool
}

// parsed is our verdict on data that comes in pieces, with the connection's
// end behind it. cut says how long the next piece is, of so many bytes.
func parsed(data []byte, head bool, limits Limits, cut func(left int) int) (v verdict) {
	p := New(limits)
	return parsedBy(&p, data, head, cut)
}

func parsedBy(p *Parser, data []byte, head bool, cut func(left int) int) (v verdict) {
	p.Reset(head)
	p.Body = func(b []byte) { v.body += string(b) }
	done := false
	for rest := data; !done && v.err == nil && len(rest) > 0; {
		var n int
		n, done, v.err = p.Feed(rest[:cut(len(rest))])
		v.consumed += n
		rest = rest[n:]
	}
	if !done && v.err == nil {
		done, v.err = p.EOF()
	}
	v.keepAlive, v.message = p.KeepAlive(), p.Explain()
	if v.stage = "head"; p.HeadDone() {
		v.status, v.stage = p.Status, "body"
	}
	if v.err != nil {
		v.class, v.consumed = v.err.(Fault).Class(), 0
	}
	if done == (v.err != nil) || p.BodyBytes != int64(len(v.body)) {
		panic("done, err and BodyBytes contradict each other")
	}
	return v
}

func whole(left int) int { return left }

func every(size int) func(int) int {
	return func(left int) int { return min(size, left) }
}

// standard is net/http's verdict on the same, which skips interim answers and
// keeps a connection alive as its Transport does.
func standard(data []byte, head bool) (v verdict) {
	from := bytes.NewReader(data)
	buffer := bufio.NewReader(from)
	method := nethttp.MethodGet
	if head {
		method = nethttp.MethodHead
	}
	var answer *nethttp.Response
	v.stage = "head"
	for answer == nil || answer.StatusCode/100 == 1 && answer.StatusCode != 101 {
		if answer, v.err = nethttp.ReadResponse(buffer, &nethttp.Request{Method: method}); v.err != nil {
			if v.class = target.Body; errors.Is(v.err, io.ErrUnexpectedEOF) {
				v.class = target.Reset
			}
			return v
		}
	}
	v.stage, v.status = "body", answer.StatusCode
	body, err := io.ReadAll(answer.Body)
	if v.body = string(body); err != nil {
		v.class, v.err = target.Body, err
		return v
	}
	v.consumed = len(data) - from.Len() - buffer.Buffered()
	v.keepAlive = !answer.Close && answer.StatusCode >= 200
	return v
}

// differences are all the cases where our verdict differs from net/http's, on
// purpose.
var differences = []struct {
	reason  string
	applies func(data []byte, ours, theirs verdict) bool
}{
	{"a status code has three digits (RFC 9112, 4); net/http takes a sign for one", func(data []byte, ours, _ verdict) bool {
		return ours.err == BadStatusLine && signedStatus.Match(data)
	}},
	{"HTTP/0.0 knows no chunks, like any version before 1.1; net/http takes it for 1.1 there, but not where it is about closing", func(data []byte, _, _ verdict) bool {
		return bytes.Contains(data, []byte("HTTP/0.0 ")) && bytes.Contains(bytes.ToLower(data), []byte("transfer-encoding"))
	}},
	{"nothing hangs on a Trailer field; net/http refuses one that announces a Content-Length", func(_ []byte, _, theirs verdict) bool {
		return theirs.err != nil && strings.Contains(theirs.err.Error(), "bad trailer key")
	}},
	{"blanks at a value's end are no part of it (RFC 9110, 5.5); net/http keeps those of a folded Transfer-Encoding, and then does not know it", func(data []byte, _, theirs verdict) bool {
		return theirs.err != nil && strings.Contains(theirs.err.Error(), "unsupported transfer encoding") && foldedCoding.Match(data)
	}},
	{"lines of a trailer end in CR LF; net/http may accept LF, depending on what comes after the trailer", func(_ []byte, ours, theirs verdict) bool {
		return ours.err == BadField && ours.stage == "body" && theirs.err == nil
	}},
	{"a field that makes framing impossible is refused at once (body); net/http waits for the head's end, and if it never comes that is the error (reset)", func(_ []byte, ours, theirs verdict) bool {
		return (ours.err == BadContentLength || ours.err == BadTransferEncoding) && theirs.class == target.Reset
	}},
	{"of a chunk of 2⁶² bytes and more there is never all; we refuse it if the body would pass 2⁶³−1 bytes, net/http if its own count overflows", func(data []byte, ours, theirs verdict) bool {
		return ours.class == target.Body && theirs.class == target.Body && hugeChunk.Match(data)
	}},
	{"a line that the connection's end cuts off is judged like a whole one; net/http forgets it if it just fills its buffers of 4,096 bytes", func(data []byte, ours, theirs verdict) bool {
		rest := len(data) - 1 - bytes.LastIndexByte(data, '\n')
		return ours.stage == "head" && ours.class == target.Body && theirs.class == target.Reset && rest > 0 && rest%4096 == 0
	}},
}

var (
	signedStatus = regexp.MustCompile(`HTTP/\d\.\d +[+-]\d\d`)
	hugeChunk    = regexp.MustCompile(`\n[3-9A-Fa-f][0-9A-Fa-f]{15}[\r; \t]`)
	foldedCoding = regexp.MustCompile(`(?i)transfer-encoding:[^\n]*(\n[ \t][^\n]*)+`)
)

// unlimited leaves out the limits that ReadResponse has not.
var unlimited = Limits{Head: 1 << 30, Interim: 1 << 30}

// tester is a test of package testing or rapid.
type tester interface{ Errorf(string, ...any) }

// compare reports where our verdict on data is not net/http's.
func compare(t tester, data []byte, head bool) {
	ours, theirs := parsed(data, head, unlimited, whole), standard(data, head)
	same := ours
	same.err, same.message = theirs.err, "" // each has words of its own
	if same == theirs {
		return
	}
	for _, d := range differences {
		if d.applies(data, ours, theirs) {
			return
		}
	}
	t.Errorf("%q, HEAD %t:\n    ours %+v\nnet/http %+v", data, head, ours, theirs)
}

// Any bytes get the verdict that net/http gives them, in whatever pieces they
// come, and also when a parser hears them again.
func FuzzParser(f *testing.F) {
	for _, rule := range rules {
		f.Add([]byte(rule.bytes), rule.head, uint8(3))
	}
	for _, e := range extremes {
		f.Add([]byte(e.bytes), false, uint8(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, head bool, piece uint8) {
		compare(t, data, head)
		want := parsed(data, head, Limits{}, whole)
		if got := parsed(data, head, Limits{}, every(1+int(piece))); got != want {
			t.Errorf("%q in pieces of %d: %+v, whole %+v", data, 1+int(piece), got, want)
		}
		p := New(Limits{})
		parsedBy(&p, data, !head, whole)
		if got := parsedBy(&p, data, head, whole); got != want {
			t.Errorf("%q again: %+v, the first time %+v", data, got, want)
		}
	})
}

// Every known difference is one still, and each is shown by an example.
func TestDifferences(t *testing.T) {
	examples := []string{
		"HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/0.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTrailer: Content-Length\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n \r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: x\r\n",
		chunks + "8000000000000000\r\nx",
		"HTTP/1.1 200 OK\r\nA: \x02" + strings.Repeat("a", 4096-len("A: \x02")),
	}
	for i, d := range differences {
		data := []byte(examples[i])
		ours, theirs := parsed(data, false, unlimited, whole), standard(data, false)
		if (ours.err == nil) == (theirs.err == nil) && ours.class == theirs.class && ours.body == theirs.body {
			t.Errorf("no difference any more: %s", d.reason)
		}
		for j, other := range differences {
			if other.applies(data, ours, theirs) != (i == j) {
				t.Errorf("%q: excused by %q: %t", data, other.reason, i != j)
			}
		}
	}
}
