package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"plimsoll/target"
)

// exchangeStream sends the request over HTTP/2, reads the answer to its end and
// judges it, by the rules that package wire's parser has for HTTP/1.1.
func (t *Target) exchangeStream(client *nethttp.ClientConn, r *request, ctx context.Context, out *target.Outcome) *failure {
	var early interim
	times := moments{zero: time.Now()}
	request := r.with(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		Got1xxResponse: early.add, WroteRequest: times.wrote, GotFirstResponseByte: times.began,
	}))
	up := upload{ReadCloser: request.Body}
	if request.Body != nil {
		request.Body = &up
	}
	f, in := t.whole(client, request, r.step)
	if out.BytesIn += in; in > 0 { // a head counts when it is whole, with those before it
		out.BytesIn += early.size.Load()
	}
	if f != nil && f.err != nil && unsent(f.err) {
		f.unsent = true
		return f
	}
	out.BytesOut += int64(len(r.head)) + up.taken.Load()
	if first := times.first.Load(); first > 0 {
		phasesOf(out).Answer(time.Duration(first - times.sent.Load()))
	}
	if r.step != nil {
		return t.conclude(r.step, 0, f, out)
	}
	return f
}

// whole is an exchange of which the size of the final answer is known.
func (t *Target) whole(client *nethttp.ClientConn, r *nethttp.Request, s *step) (f *failure, in int64) {
	answer, err := client.RoundTrip(r)
	if err != nil {
		return &failure{stage: awaiting, err: err}, 0
	}
	length, err := announced(answer.Header["Content-Length"])
	if err != nil {
		_ = answer.Body.Close()
		return &failure{class: target.Body, stage: awaiting, err: err}, 0
	}
	in = headSize(answer)
	if s != nil {
		s.tapped = false
		s.Expect()
		s.Hear(lines(answer), 0)
	}
	read, err := t.drain(answer, s)
	if answer.ContentLength = length; err == nil && read.size < length && r.Method != nethttp.MethodHead && answer.StatusCode != nethttp.StatusNotModified {
		err = io.ErrUnexpectedEOF
	}
	return t.judge(answer, read, err), in + read.size
}

// announced is the body's length that an answer names, -1 if it names none.
// HTTP/2 does not need it, and net/http passes over what makes no sense.
func announced(values []string) (length int64, err error) {
	if len(values) == 0 {
		return -1, nil
	}
	length, err = strconv.ParseInt(values[0], 10, 64)
	plain := !slices.ContainsFunc([]rune(values[0]), func(r rune) bool { return r < '0' || r > '9' })
	if err != nil || !plain || slices.ContainsFunc(values, func(v string) bool { return v != values[0] }) {
		return -1, fmt.Errorf("malformed Content-Length (want one whole number): %.80q", values)
	}
	return length, nil
}

// interim is what has come of interim answers (status 1xx).
type interim struct{ count, size atomic.Int64 }

// mostInterim is how many a server may send, as package wire has it.
const mostInterim = 100

func (i *interim) add(status int, header textproto.MIMEHeader) error {
	if i.count.Add(1) > mostInterim {
		return errors.New("too many interim answers (status 1xx) before the final one")
	}
	i.size.Add(headSize(&nethttp.Response{Status: strconv.Itoa(status) + " " + nethttp.StatusText(status), Header: nethttp.Header(header)}))
	return nil
}

// headSize is the size of an answer's head as HTTP/1.1 would write it.
func headSize(r *nethttp.Response) int64 {
	size := len("HTTP/1.1 \r\n") + len(r.Status) + len("\r\n")
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(": ") + len(v) + len("\r\n")
		}
	}
	for name := range r.Trailer { // which net/http takes out
		size += len(", ") + len(name)
	}
	if len(r.Trailer) > 0 {
		size += len("Trailer: \r\n") - len(", ")
	}
	return int64(size)
}

// moments are when a request was sent, and its answer began, after zero.
type moments struct {
	zero        time.Time
	sent, first atomic.Int64
}

func (m *moments) wrote(httptrace.WroteRequestInfo) { m.sent.Store(int64(time.Since(m.zero))) }
func (m *moments) began()                           { m.first.CompareAndSwap(0, int64(time.Since(m.zero))) }

// upload counts what of a request's body has been taken: all pieces before the
// one that is being sent.
type upload struct {
	io.ReadCloser
	last  int64
	taken atomic.Int64
}

func (u *upload) Read(b []byte) (int, error) {
	u.taken.Add(u.last)
	n, err := u.ReadCloser.Read(b)
	u.last = int64(n)
	return n, err
}
