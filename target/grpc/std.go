package grpc

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	nethttp "net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/template"
	"plimsoll/target/wire"
)

// Std is the engine over net/http, where there is no other: on systems
// without epoll. Schemas are asked for over it, too.
const Std = "std"

// std carries calls over net/http.
type std struct {
	settings *Settings
	address  string
	o        wire.Options
	secure   *tls.Config
	all      []*nethttp.Transport // one for each connection where they are counted
	next     atomic.Uint32        // of those

	mu    sync.Mutex
	users map[uint32]*nethttp.Transport // with connections of their own
	conns map[*conn]bool                // all that are open
}

// conn is a connection that is among all.
type conn struct {
	net.Conn
	of *std
}

// Close takes it out.
func (c *conn) Close() error {
	c.of.mu.Lock()
	delete(c.of.conns, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// dial connects to the server.
func (t *std) dial(ctx context.Context, network, address string) (net.Conn, error) {
	plain, err := (&net.Dialer{Control: t.settings.Permit.Control}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &conn{plain, t}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns[c] = true
	if t.secure == nil {
		t.met()
	}
	return c, nil
}

func newStd(s *Settings, address string, o wire.Options) (*std, error) {
	t := &std{settings: s, address: address, o: o, users: map[uint32]*nethttp.Transport{}, conns: map[*conn]bool{}}
	if s.TLS.Given {
		var err error
		if t.secure, err = s.TLS.Config("h2"); err != nil {
			return nil, err
		}
	}
	for range max(1, o.Connections) {
		t.all = append(t.all, t.transport())
	}
	return t, nil
}

// transport makes what holds connections.
func (t *std) transport() *nethttp.Transport {
	protocols := new(nethttp.Protocols)
	protocols.SetHTTP2(t.secure != nil)
	protocols.SetUnencryptedHTTP2(t.secure == nil)
	return &nethttp.Transport{
		DialContext: t.dial, DialTLSContext: t.dialTLS, Protocols: protocols, DisableCompression: true,
		DisableKeepAlives: !t.o.KeepAlive, MaxResponseHeaderBytes: mostHead,
		HTTP2: &nethttp.HTTP2Config{StrictMaxConcurrentRequests: t.o.Connections > 0},
	}
}

// dialTLS connects, and shakes hands.
func (t *std) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	plain, err := t.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	secure, err := client.Handshake(ctx, plain, t.secure, address)
	if err != nil { // which is none of the interface's
		return nil, err
	}
	t.met()
	return secure, nil
}

// met tells of a connection that is set up.
func (t *std) met() {
	if t.o.Connected != nil {
		t.o.Connected()
	}
}

// by is the transport of a user's next call.
func (t *std) by(user uint32) *nethttp.Transport {
	if !t.o.PerUser {
		return t.all[int(t.next.Add(1)-1)%len(t.all)]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.users[user]
	if own == nil {
		own = t.transport()
		t.users[user] = own
	}
	return own
}

// leave forgets a user.
func (t *std) leave(user uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if own := t.users[user]; own != nil {
		own.CloseIdleConnections()
		delete(t.users, user)
	}
}

// close closes all connections, whatever goes on over them.
func (t *std) close() {
	t.mu.Lock()
	left := slices.Collect(maps.Keys(t.conns))
	t.mu.Unlock()
	for _, c := range left {
		_ = c.Close()
	}
	t.rest()
}

// rest closes the connections that have nothing to do.
func (t *std) rest() {
	for _, each := range t.all {
		each.CloseIdleConnections()
	}
}

// carrier makes one for a loop.
func (t *std) carrier(a *asking) func(target.Clock) (target.Carrier, error) {
	return func(c target.Clock) (target.Carrier, error) {
		caller := &caller{std: t, asking: a, now: func() time.Duration { return c.At(time.Now()) }}
		return client.Carry(caller, c, t.leave), nil
	}
}

// post sends a message, prefix and all, and has the answer take in what comes; came
// hears of each event.
func (t *std) post(ctx context.Context, over nethttp.RoundTripper, a *answer, header nethttp.Header, body []byte, came func()) error {
	scheme := "http"
	if t.secure != nil {
		scheme = "https"
	}
	r, err := nethttp.NewRequestWithContext(ctx, nethttp.MethodPost, scheme+"://"+t.address+a.call.path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = header
	answer, err := over.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	a.status = answer.StatusCode
	fields(a, answer.Header, false)
	buffer := make([]byte, 16<<10)
	for {
		n, err := answer.Body.Read(buffer)
		counted, wrong := a.feed(buffer[:n])
		if counted {
			came()
		}
		switch {
		case wrong != nil:
			return wrong
		case err == io.EOF:
			fields(a, answer.Trailer, true)
			return nil
		case err != nil:
			return err
		}
	}
}

// fields has the answer take in a head or a trailer.
func fields(a *answer, header nethttp.Header, trailer bool) {
	for name, values := range header {
		for _, value := range values {
			a.field([]byte(strings.ToLower(name)), []byte(value), trailer)
		}
	}
}

// usual are the fields of all requests.
func usual() nethttp.Header {
	return nethttp.Header{"Te": {"trailers"}, "Content-Type": {contentType}, "User-Agent": {agent}}
}

// ask sends a message of which it is known what it is.
func (t *std) ask(ctx context.Context, path string, message []byte) ([]byte, code, error) {
	a, header := new(answer), usual()
	if err := t.put(header, t.settings.Metadata, nil); err != nil {
		return nil, unsaid, err
	}
	a.begin(&prepared{method: &method{path: path}}, true, nil, nil)
	body := frame(append(make([]byte, prefix, prefix+len(message)), message...))
	if err := t.post(ctx, t.all[0], a, header, body, func() {}); err != nil {
		return nil, unsaid, t.unheard(ctx, err)
	}
	class, why := a.judge()
	switch {
	case class == unimplemented.class():
		return nil, unimplemented, nil
	case class != "" && why == nil:
		return nil, unsaid, fmt.Errorf("%s (%s)", a.told(), class)
	case class != "":
		return nil, unsaid, fmt.Errorf("%w (%s)", why, class)
	case a.over:
		return nil, unsaid, errors.New("its answer is too large")
	}
	return a.text, ok, nil
}

// put adds metadata to a header.
func (t *std) put(header nethttp.Header, all []Field, render func(template.Template) []byte) error {
	for _, f := range all {
		var text []byte
		if render == nil {
			text = f.Value.Append(nil, nil, template.AsIs)
		} else {
			text = render(f.Value)
		}
		spelled, err := spell(f.Name, text)
		if err != nil {
			return err
		}
		header[nethttp.CanonicalHeaderKey(f.Name)] = append(header[nethttp.CanonicalHeaderKey(f.Name)], string(spelled))
	}
	return nil
}

// caller is a loop's, whose calls block.
type caller struct {
	*std
	*asking
	now func() time.Duration
}

// Call makes one call.
func (c *caller) Call(ctx context.Context, r *target.Request) (out target.Outcome) {
	p, args := c.of(r)
	header, body, err := c.request(p, r)
	if err != nil {
		out.Class, out.Example = target.Variable, c.asking.settings.scrub(c.url(p)+": "+err.Error())
		return out
	}
	if c.observer != nil {
		c.sent(r.Number, p, args)
	}
	ctx, patience := impatient(ctx, c.o.Timeout, p)
	defer patience.stop()
	var connecting connecting
	a := new(answer)
	a.begin(p, len(r.Want) > 0 || c.observer != nil, &c.reading, c.now)
	err = c.post(httptrace.WithClientTrace(ctx, connecting.trace()), c.by(r.User), a, header, body, patience.renew)
	out.Ended, out.Attempts = time.Now(), 1
	out.BytesIn, out.BytesOut = a.size, int64(len(body))
	out.Parts = &target.Parts{Phases: []time.Duration{connecting.took()}}
	c.settle(&out, a, r, err, patience, &connecting)
	return out
}

// settle says what became of a call that ended with err, or with an answer.
func (c *caller) settle(out *target.Outcome, a *answer, r *target.Request, err error, patience *patience, connecting *connecting) {
	if c.observer != nil && err == nil {
		c.answered(r.Number, a)
	}
	f := wire.Failure{Connected: connecting.took() >= 0 || connecting.kept.Load()}
	switch {
	case err != nil && patience.over.Load():
		f.Class = target.Timeout
	case err != nil && patience.outer.Err() != nil:
		f.Class = target.Cancelled
	case err != nil:
		f.Class, f.Err = classOf(err)
	default:
		ended := c.now()
		f.Class, f.Err = a.conclude(out, ended, r.Want, c.asking.settings.scrub)
		if f.Class == "" && a.meter.On() {
			out.Parts.Stream = a.meter.Told(ended)
		}
	}
	if out.Class = f.Class; f.Class != "" {
		out.Example = c.explained(a.call, a, f)
	}
}

// request is the head and the body of one.
func (c *caller) request(p *prepared, r *target.Request) (header nethttp.Header, body []byte, err error) {
	_, args := c.of(r)
	header = usual()
	if !p.stream && c.o.Timeout > 0 {
		header["Grpc-Timeout"] = []string{spellTimeout(c.o.Timeout)}
	}
	if body = p.fixed; body == nil {
		if body, err = p.encode(nil, p.json(nil, args)); err != nil {
			return nil, nil, err
		}
	}
	if err = c.put(header, c.asking.settings.Metadata, nil); err == nil {
		err = c.put(header, p.metadata, func(t template.Template) []byte { return t.Append(nil, args, template.AsIs) })
	}
	return header, body, err
}

// classOf is the class of what has kept an answer from coming, and why it did.
func classOf(err error) (string, error) {
	var wrong *fault
	var reset resetStream
	switch {
	case errors.As(err, &wrong):
		return wrong.class, wrong
	case errors.As(err, &reset):
		f := wasReset(reset.Code, reset.name())
		return f.class, f
	}
	class := client.Class(err, false)
	return class, errors.New(client.Reason(err))
}
