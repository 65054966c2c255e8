// Package http loads an HTTP server through net/http.
//
// Connections are net/http's, the pool of them is ours (see pool): so every
// request that goes out is counted, and the time a call waits for one of the
// `connections` is known apart. Redirects are not followed, cookies are not
// kept, answers are not unpacked, and proxies that the environment names are
// not used: what is measured is the server at the URL, and nothing else.
//
// Nothing is sent twice that `retry` did not ask for, whatever the method. A
// connection whose end has come is noticed before anything is sent on it, and
// replaced: that is no second sending. If it breaks later the call has failed,
// with class reset. What is left is what HTTP/2 itself declares unprocessed: a
// stream that the server refused (REFUSED_STREAM), or one above the last that
// its GOAWAY names. That is sent once more, on another connection where there
// may be one, and counts in Outcome.Attempts and Outcome.Resent, but not
// towards `retry`.
//
// Over HTTP/1.1 package wire's parser reads along (see tap), so that an
// answer is the same to all engines: well, malformed or cut short, and of the
// same size. Outcome.BytesIn and BytesOut are bodies, as they come and go, and
// heads at the size they have as HTTP/1.1 text, interim ones too; TLS and the
// framing of chunks and of HTTP/2 are left out. Of a request counts what the
// system has taken.
package http

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	nethttp "net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/client"
	"plimsoll/target/cookie"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/random"
	"plimsoll/target/wire"
)

// Target is an HTTP server under load. Its calls may come from any number of
// goroutines.
type Target struct {
	settings  Settings
	contains  []byte
	requests  []*request
	dial      *nethttp.Transport
	beyond    *nethttp.Transport // to hosts that are not at home, where those have a socket of their own; nil: dial
	home      map[string]bool    // HOST:PORT of the target's own calls
	mu        sync.Mutex
	pools     map[uint32]map[string]*pool // by user, if each has its own, and else 0; by scheme and host
	buffers   sync.Pool                   // of *[]byte, to drain bodies into
	steps     sync.Pool                   // of *step
	traces    random.Key                  // what those of calls derive from
	jars      *cookie.Jars                // of users
	examples  sync.Map                    // which → the example message made for it
	observer  target.Observer             // nil: nobody watches
	connected func(protocol string)       // nil: nobody counts connections
	streams   bool                        // one of its own calls is one
	zero      time.Time                   // what events of streams are stamped from
}

// Open prepares the target; nothing is sent yet. Relative URLs are resolved
// against base, which is empty when there are none. The cap on connections is
// per host.
func Open(s Settings, base string) (*Target, error) {
	if err := s.Route.Check(); err != nil {
		return nil, err
	}
	transport, err := newTransport(s)
	if err != nil {
		return nil, err
	}
	t := &Target{zero: time.Now(), home: map[string]bool{}, settings: s, contains: []byte(s.Success.Contains), pools: map[uint32]map[string]*pool{}, dial: transport, jars: cookie.NewJars(time.Now), traces: newTraces()}
	if s.Route.Unix != "" {
		s.Route.Unix = ""
		if t.beyond, err = newTransport(s); err != nil {
			return nil, err
		}
	}
	t.steps.New = t.newStep
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
		t.home[address(r.template.URL)] = true
		r.pool = t.poolFor(0, r.template.URL.Scheme, address(r.template.URL))
		t.requests = append(t.requests, r)
		t.streams = t.streams || r.stream != nil
	}
	if len(t.requests) == 0 {
		return nil, errors.New("an HTTP target needs at least one request")
	}
	return t, nil
}

// poolFor is a user's pool of connections to a host.
func (t *Target) poolFor(user uint32, scheme, address string) *pool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, key := &t.settings, scheme+"://"+address
	if s.Reuse != client.ByUser {
		user = 0
	}
	pools := t.pools[user]
	if pools == nil {
		pools = map[string]*pool{}
		t.pools[user] = pools
	}
	transport := t.dial
	if t.beyond != nil && !t.home[address] {
		transport = t.beyond
	}
	if pools[key] == nil {
		pools[key] = &pool{
			dial: func(ctx context.Context) (client *nethttp.ClientConn, l link, err error) {
				client, err = transport.NewClientConn(context.WithValue(ctx, linkKey{}, &l), scheme, address)
				if err == nil && t.connected != nil {
					t.connected(l.protocol())
				}
				return client, l, err
			},
			limit:   s.Connections,
			keep:    s.Reuse != client.Never,
			http2:   s.Protocol == "2",
			shared:  s.Reuse != client.Never && (s.Protocol == "2" || s.Protocol == "auto" && scheme == "https"),
			streams: cmp.Or(min(s.Streams, manyStreams), manyStreams),
			most:    s.Streams,
		}
	}
	return pools[key]
}

// Close closes the connections; those of calls under way close when these end.
func (t *Target) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, pools := range t.pools {
		closeAll(pools)
	}
}

func closeAll(pools map[string]*pool) {
	for _, p := range pools {
		p.close()
	}
}

// Call sends the request whose turn it is, once, or what a journey's step asks.
func (t *Target) Call(ctx context.Context, q *target.Request) (out target.Outcome) {
	if led, is := q.Call.(*http1.Led); is {
		return t.callLed(ctx, led)
	}
	if q.Call != nil || len(q.Want) > 0 || t.settings.Reuse == client.ByUser || t.observer != nil || t.streams {
		return t.callStep(ctx, q)
	}
	out.Parts = wire.NewParts(nil)
	r := t.requests[q.Number%uint64(len(t.requests))]
	t.tell(&out, nil, r.label, t.attempt(ctx, r, &out, nil))
	return out
}

// Leave forgets a user, and closes the connections that were its own.
func (t *Target) Leave(user uint32) {
	t.jars.Leave(user)
	if t.settings.Reuse == client.ByUser {
		t.mu.Lock()
		pools := t.pools[user]
		delete(t.pools, user)
		t.mu.Unlock()
		closeAll(pools)
	}
}

// Trace is the identifier of the trace that the call of that number has begun.
func (t *Target) Trace(number uint64) string { return httpcall.TraceID(t.traces.Sub(number)) }

// newTraces is new each time: tracing systems keep what was there before.
func newTraces() random.Key { return random.Key(rand.Uint64()) }

// mostMoves bounds how often a call takes another connection because nothing
// could be sent on the one before: as many idle ones may have to go.
const mostMoves = 100

// attempt is a try, as `retry` counts them: it waits for a place on a
// connection, then has Settings.Timeout from connecting to the body's end, a
// second sending that the protocol calls for included. What comes after, if
// anything, belongs to it, too.
func (t *Target) attempt(ctx context.Context, r *request, out *target.Outcome, after func(timed context.Context, f *failure) *failure) *failure {
	at, held, err := r.pool.take(ctx, wish{once: r.once})
	out.Held += held
	if err != nil {
		out.Ended = time.Now()
		return &failure{class: target.Cancelled}
	}
	timed, cancel := t.within(ctx, cmp.Or(r.step.bound(), t.settings.Timeout, agenda.Never), r.step)
	defer cancel()
	f := t.exchanges(ctx, timed, at, r, out)
	if after != nil {
		return after(timed, f)
	}
	return f
}

// judge names what is wrong with an answer; nil if nothing is.
func (t *Target) judge(answer *nethttp.Response, read content, err error) *failure {
	accepted := t.settings.Success.accepts(answer.StatusCode)
	switch {
	case err != nil:
		return &failure{stage: reading, err: err, read: read, announced: answer.ContentLength}
	case !accepted:
		return &failure{class: statusClass(answer.StatusCode), status: answer.StatusCode, location: answer.Header.Get("Location"), read: read, whole: true}
	case !read.found:
		return &failure{class: target.Body, read: read, whole: true}
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

// drain reads a body to its end, and keeps its start where the status is not
// accepted.
func (t *Target) drain(answer *nethttp.Response, s *step) (c content, err error) {
	from, keepStart := answer.Body, !t.settings.Success.accepts(answer.StatusCode)
	defer from.Close()
	defer func() { s.sees(answer, c.found) }()
	buffer := t.buffers.Get().(*[]byte)
	defer t.buffers.Put(buffer)
	c.found = len(t.contains) == 0
	kept := 0
	for {
		n, err := from.Read((*buffer)[kept:])
		s.takes(answer, (*buffer)[kept:kept+n])
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
