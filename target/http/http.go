// Package http loads an HTTP server through net/http.
//
// Connections are net/http's, the pool of them is ours (see pool): so every
// request that goes out is counted, and the time a call waits for one of the
// `connections` is known apart. Redirects are not followed, cookies are not
// kept, answers are not unpacked, and proxies that the environment names are
// not used: what is measured is the server at the URL, and nothing else.
//
// A connection that the server closed after its last answer is noticed before
// the next request is sent, and replaced. If it breaks in the very moment of
// sending, before any answer, a request that does no harm twice (RFC 9110:
// GET, HEAD, OPTIONS, TRACE, PUT, DELETE) is sent again on another connection,
// as browsers do; this counts in Outcome.Attempts, but not towards `retry`. Any
// other request fails with class reset.
//
// Outcome.BytesIn and BytesOut are bodies, as they come and go, and heads at
// the size they have as HTTP/1.1 text; TLS and the framing of chunks and of
// HTTP/2 are left out. A request counts once it is handed to a connection.
package http

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"plimsoll/target"
	"plimsoll/target/random"
)

// Target is an HTTP server under load. Its calls may come from any number of
// goroutines.
type Target struct {
	settings Settings
	contains []byte
	requests []*request
	pools    map[string]*pool // by scheme and host
	retry    retrier
	buffers  sync.Pool // of *[]byte, to drain bodies into
	examples sync.Map  // class → the example message made for it
}

// Open prepares the target; nothing is sent yet. Relative URLs are resolved
// against base, which is empty when there are none. The cap on connections is
// per host. The streams' "retry" draws the jitter of the back-offs.
func Open(s Settings, base string, streams random.Source) (*Target, error) {
	transport, err := newTransport(s)
	if err != nil {
		return nil, err
	}
	t := &Target{settings: s, contains: []byte(s.Success.Contains), retry: newRetrier(s.Retry, streams), pools: map[string]*pool{}}
	t.buffers.New = func() any {
		buffer := make([]byte, max(32<<10, 2*len(t.contains)))
		return &buffer
	}
	var root *url.URL
	if base != "" {
		if root, err = url.Parse(base); err != nil {
			return nil, err
		}
	}
	for i, call := range s.Calls {
		r, err := prepare(call, root, s)
		if err != nil {
			return nil, fmt.Errorf("request %d: %w", i+1, err)
		}
		r.pool = t.poolFor(r.template.URL, transport)
		t.requests = append(t.requests, r)
	}
	if len(t.requests) == 0 {
		return nil, errors.New("an HTTP target needs at least one request")
	}
	return t, nil
}

// poolFor is the pool of connections to the host of u.
func (t *Target) poolFor(u *url.URL, transport *nethttp.Transport) *pool {
	s, scheme, address := t.settings, u.Scheme, address(u)
	key := scheme + "://" + address
	if t.pools[key] == nil {
		t.pools[key] = &pool{
			dial: func(ctx context.Context) (*nethttp.ClientConn, error) {
				return transport.NewClientConn(ctx, scheme, address)
			},
			limit:   s.Connections,
			keep:    s.KeepAlive,
			http2:   s.Protocol == "2",
			shared:  s.KeepAlive && (s.Protocol == "2" || s.Protocol == "auto" && scheme == "https"),
			streams: manyStreams,
		}
	}
	return t.pools[key]
}

// Close closes the connections; those of calls under way close when these end.
func (t *Target) Close() {
	for _, p := range t.pools {
		p.close()
	}
}

// Call sends the n-th request, again where Settings.Retry asks for it.
func (t *Target) Call(ctx context.Context, n uint64) target.Outcome {
	var out target.Outcome
	r := t.requests[n%uint64(len(t.requests))]
	for k := 1; ; k++ {
		f := t.attempt(ctx, r, &out)
		if f == nil {
			return out
		}
		if !t.retry.again(f.class, k) {
			out.Class, out.Example = f.class, t.example(r, f)
			return out
		}
		if !pause(ctx, t.retry.backoff(n, k)) {
			out.Class, out.Ended = target.Cancelled, time.Now()
			return out
		}
	}
}

// mostRepeats bounds how often a request is sent again because it met a
// connection of old, or more calls on one than the server allows: as many
// connections may have to go.
const mostRepeats = 100

// attempt is one try, as `retry` counts them: it waits for a place on a
// connection, then has Settings.Timeout from connecting to the body's end.
func (t *Target) attempt(ctx context.Context, r *request, out *target.Outcome) *failure {
	at, held, err := r.pool.take(ctx)
	out.Held += held
	if err != nil {
		out.Ended = time.Now()
		return &failure{class: target.Cancelled}
	}
	timed, cancel := ctx, context.CancelFunc(func() {})
	if t.settings.Timeout > 0 {
		timed, cancel = context.WithTimeout(ctx, t.settings.Timeout)
	}
	defer cancel()
	for k := 0; ; k++ {
		f := t.send(timed, at, r, out)
		if f == nil {
			return nil
		}
		f.classify(ctx, timed)
		stale := at.reused && f.class == target.Reset && f.stage == awaiting && r.idempotent()
		if !stale && !untouched(f.err) || k == mostRepeats {
			return f
		}
		at, held, err = r.pool.take(timed)
		out.Held += held
		if err != nil {
			f = &failure{stage: connecting, err: err}
			f.classify(ctx, timed)
			return f
		}
	}
}

// send carries the request out on its connection.
func (t *Target) send(ctx context.Context, at place, r *request, out *target.Outcome) *failure {
	if err := at.connect(ctx); err != nil {
		out.Ended = time.Now()
		if err != errMoved {
			out.Attempts++
		}
		return &failure{stage: connecting, err: err}
	}
	out.Attempts++
	out.BytesOut += r.size
	f := t.exchange(at.client, r.with(ctx), out)
	out.Ended = time.Now()
	if f != nil && unusable(f.err) {
		at.pool.retire(at.conn)
	}
	at.pool.put(at.conn)
	return f
}

// exchange sends the request, reads the answer to its end and judges it.
func (t *Target) exchange(client *nethttp.ClientConn, r *nethttp.Request, out *target.Outcome) *failure {
	answer, err := client.RoundTrip(r)
	if err != nil {
		return &failure{stage: awaiting, err: err}
	}
	out.BytesIn += headSize(answer)
	if answer.StatusCode == nethttp.StatusSwitchingProtocols {
		_ = answer.Body.Close() // no body follows, but another protocol
		return &failure{class: statusClass(answer.StatusCode), status: answer.StatusCode}
	}
	accepted := t.settings.Success.accepts(answer.StatusCode)
	read, err := t.drain(answer.Body, !accepted)
	out.BytesIn += read.size
	switch {
	case err != nil:
		return &failure{stage: reading, err: err, read: read, announced: answer.ContentLength}
	case !accepted:
		return &failure{class: statusClass(answer.StatusCode), status: answer.StatusCode, read: read}
	case !read.found:
		return &failure{class: target.Body, read: read}
	}
	return nil
}

// content is what is kept of an answer's body.
type content struct {
	size  int64
	found bool   // the text that Success asks for
	start string // of the first piece, for an example
}

// beginning is as much of a body as an example may need. Where it was cut off,
// it says so: a secret may have been cut in two.
func beginning(body []byte) string {
	const enough = 1000
	if len(body) <= enough {
		return string(body)
	}
	return string(body[:enough]) + "…"
}

// drain reads a body to its end, and keeps its start if it is asked to.
func (t *Target) drain(from io.ReadCloser, keepStart bool) (content, error) {
	defer from.Close()
	buffer := t.buffers.Get().(*[]byte)
	defer t.buffers.Put(buffer)
	c, kept := content{found: len(t.contains) == 0}, 0
	for {
		n, err := from.Read((*buffer)[kept:])
		piece := (*buffer)[:kept+n]
		if keepStart && c.size == 0 {
			c.start = beginning(piece)
		}
		c.size += int64(n)
		if !c.found {
			c.found = bytes.Contains(piece, t.contains)
			// The text may straddle two pieces.
			kept = copy(piece, piece[max(0, len(piece)-len(t.contains)+1):])
		}
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return c, err
		}
	}
}

// accepts tells whether a status counts as success.
func (s Success) accepts(status int) bool {
	if len(s.Status) == 0 {
		return status/100 == 2
	}
	for _, r := range s.Status {
		if r.From <= status && status <= r.To {
			return true
		}
	}
	return false
}

// headSize is the size of the answer's head as HTTP/1.1 writes it. Three of its
// lines net/http takes out.
func headSize(r *nethttp.Response) int64 {
	size := len("HTTP/1.1 \r\n") + len(r.Status) + len("\r\n")
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(": ") + len(v) + len("\r\n")
		}
	}
	chunked := len(r.TransferEncoding) > 0
	if chunked {
		size += len("Transfer-Encoding: chunked\r\n")
	}
	for name := range r.Trailer {
		size += len(", ") + len(name)
	}
	if len(r.Trailer) > 0 {
		size += len("Trailer: \r\n") - len(", ")
	}
	// Otherwise it closes because its version does, or to end the body.
	if r.Close && r.ProtoAtLeast(1, 1) && (chunked || r.ContentLength >= 0) {
		size += len("Connection: close\r\n")
	}
	return int64(size)
}

func (s Settings) scrub(text string) string {
	if s.Scrub == nil {
		return text
	}
	for _, call := range s.Calls { // a server may echo what authorize sent
		if u, err := url.Parse(call.URL); err == nil && u.User != nil {
			password, _ := u.User.Password()
			sent := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
			text = strings.ReplaceAll(text, sent, "xxxxx")
		}
	}
	return s.Scrub(text)
}
