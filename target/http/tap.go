package http

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	nethttp "net/http"
	"slices"
	"sync"
	"time"

	"plimsoll/target/client"
	"plimsoll/target/host"
	"plimsoll/target/http1"
	"plimsoll/target/http2"
	"plimsoll/target/wire"
)

// tap is a connection of HTTP/1.1 under net/http. It reads along, with the
// parser of package wire: what an answer is, how large it is and how it broke
// off is the same then for every engine, and net/http does not read on where
// there is nothing more to be read. It counts what the system has taken of a
// request, and keeps to itself that something could not be sent: there may be
// an answer all the same.
type tap struct {
	net.Conn

	mu     sync.Mutex
	parser http1.Parser
	asked  bool      // a request is under way
	over   bool      // its answer is: whole, faulty or cut off
	spoilt bool      // the connection is of no more use
	end    error     // of reading
	sent   int64     // bytes of the request
	wrote  time.Time // the last of them
	first  time.Time // the answer began
	hears  *step     // the head; nil: nobody does
	broken bool      // nothing can be sent any more
	closed bool      // by us

	writing bool
	idle    sync.Cond // of the writer; on mu
}

func newTap(conn net.Conn, mostHead int) *tap {
	t := &tap{Conn: conn, parser: http1.New(http1.Limits{Head: mostHead})}
	t.parser.Body, t.parser.Chunk = t.body, t.chunk
	t.idle.L = &t.mu
	return t
}

// expect prepares for the answer to a request.
func (t *tap) expect(head bool, s *step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hears = s; s != nil {
		s.tapped = true
		s.Expect()
	}
	t.parser.Reset(head)
	t.asked, t.over, t.sent = true, false, 0
	t.wrote, t.first = time.Time{}, time.Time{}
}

func (t *tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed { // what comes then is said to that
		return 0, net.ErrClosed
	}
	if n > 0 {
		taken, fault := t.take(b[:n])
		if fault != nil || taken < n {
			return taken, fault
		}
	}
	if err != nil {
		t.end, t.spoilt = err, true
		if t.asked && !t.over && ended(err) {
			t.over = true
			_, _ = t.parser.EOF()
		}
	}
	return n, err
}

func (t *tap) Close() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	return t.Conn.Close()
}

// take takes in what was read, up to the answer's end: net/http must not take
// more for the next answer.
func (t *tap) take(b []byte) (n int, err error) {
	if !t.asked || t.over {
		t.spoilt = true
		return 0, errUnasked
	}
	if t.first.IsZero() {
		t.first = time.Now()
	}
	n, done, err := t.parser.Feed(b)
	if t.hears != nil {
		t.hears.Hear(b, t.parser.HeadBytes)
	}
	t.over = done || err != nil
	if t.spoilt = t.spoilt || err != nil || n < len(b); err != nil {
		n = len(b)
	}
	return n, err
}

// body hears a piece of an answer's body, and chunk that one of its chunks is whole:
// here, where it comes, and not where net/http hands it on.
func (t *tap) body(piece []byte) {
	if t.hears != nil && t.hears.Streams() {
		t.hears.heard(t.hears.Event(piece, t.parser.Chunked()))
	}
}

func (t *tap) chunk() {
	if t.hears != nil && t.hears.Streams() {
		t.hears.heard(t.hears.Chunk())
	}
}

var errUnasked = errors.New("the server said something unasked")

// ended tells whether a connection was closed in an orderly way, as far as its
// end shows.
func ended(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF } // what TLS says of an end without a word

func (t *tap) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken {
		return len(b), nil
	}
	t.writing = true
	t.mu.Unlock()
	n, err := t.Conn.Write(b)
	t.mu.Lock()
	t.wrote = time.Now()
	t.writing = false
	t.idle.Broadcast()
	if t.sent += int64(n); err == nil || errors.Is(err, net.ErrClosed) || host.LimitOf(err) != 0 {
		return n, err
	}
	t.broken, t.spoilt = true, true
	return len(b), nil
}

var longAgo = time.Unix(1, 0)

// sight is what a tap has seen of an exchange.
type sight struct {
	in, out int64
	interim int           // bytes of in, of interim answers
	silent  bool          // nothing of it has come
	took    time.Duration // from sending until it began
	fault   error         // what is wrong with it, or why it broke off
}

// finish tells what has become of an exchange whose request had that size, and
// sees to it that no more of that is sent.
func (t *tap) finish(size int64) sight {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.writing { // or it just does not know yet that it has done so
		_ = t.Conn.SetWriteDeadline(longAgo)
		for t.writing {
			t.idle.Wait()
		}
		_ = t.Conn.SetWriteDeadline(time.Time{})
	}
	t.hears = nil
	if t.sent < size {
		t.broken, t.spoilt = true, true
	}
	r := sight{in: t.parser.HeadBytes + t.parser.BodyBytes, out: t.sent, interim: t.parser.Interim(), silent: !t.parser.Begun(), took: t.first.Sub(t.wrote)}
	if text := t.parser.Explain(); text != "" {
		r.fault = &flaw{text, t.parser.Fault().Class()}
	} else if !t.over && t.end != nil {
		r.fault = t.end
	}
	return r
}

// reusable tells whether the connection may carry another request.
func (t *tap) reusable() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.spoilt && t.over
}

// flaw is what the parser holds against an answer, and the class of that.
type flaw struct{ text, class string }

func (f *flaw) Error() string { return f.text }

// opening is a connection of HTTP/2 without TLS, of which nobody has asked the
// server before whether it speaks that. It keeps what it begins with.
type opening struct {
	net.Conn
	mu    sync.Mutex
	start []byte
}

// startShown is how much of that, in bytes.
const startShown = 16

func (o *opening) Read(b []byte) (int, error) {
	n, err := o.Conn.Read(b)
	o.mu.Lock()
	defer o.mu.Unlock()
	if room := startShown - len(o.start); room > 0 {
		o.start = append(o.start, b[:min(n, room)]...)
	}
	return n, err
}

// foreign says what the server speaks if it is not HTTP/2, which begins with
// SETTINGS, a frame of type 4 (RFC 9113, 3.4).
func (o *opening) foreign() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.start) < 4 || o.start[3] == 4 {
		return nil
	}
	return &http2.Foreign{Start: slices.Clone(o.start), Cut: len(o.start) == startShown}
}

// link is what lies under a connection of net/http's: the socket and, where it
// speaks HTTP/1.1, a tap and above it our words, or over HTTP/2 without TLS its
// opening.
type link struct {
	socket  net.Conn
	tap     *tap
	words   *wording
	opening *opening
	setup   wire.Measured // what it took to set it up
}

// protocol is what is spoken on it.
func (l *link) protocol() string {
	if l.tap != nil {
		return "HTTP/1.1"
	}
	return "HTTP/2"
}

type linkKey struct{}

// noted is the link that a context carries.
func noted(ctx context.Context) *link { return ctx.Value(linkKey{}).(*link) }

// linked makes the transport note what it dials in the link that the context
// carries. Without TLS it speaks HTTP/2 if http2 says so, and with it as was
// agreed in the handshake.
func linked(t *nethttp.Transport, http2 bool, mostHead int) {
	plain, secure := t.DialContext, t.DialTLSContext
	note := func(ctx context.Context, conn net.Conn, http2 bool) net.Conn {
		l := noted(ctx)
		if l.socket = conn; http2 {
			return conn
		}
		l.tap = newTap(conn, mostHead)
		l.words = word(l.tap, mostHead)
		return l.words
	}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := plain(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if http2 {
			l := noted(ctx)
			l.socket, l.opening = conn, &opening{Conn: conn}
			return l.opening, nil
		}
		return note(ctx, conn, false), nil
	}
	t.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := secure(ctx, network, address)
		if err != nil {
			return nil, err
		}
		over, isTLS := conn.(*tls.Conn)
		return note(ctx, conn, isTLS && over.ConnectionState().NegotiatedProtocol == "h2"), nil
	}
}

// spent tells whether the connection may carry no more requests.
func (l link) spent() bool { return l.tap != nil && (!l.tap.reusable() || l.words.spent()) }

// finished tells whether the end has come of a connection without a call.
func (l link) finished() bool {
	socket, plain := l.socket, l.tap != nil
	if over, isTLS := socket.(*tls.Conn); isTLS {
		socket, plain = over.NetConn(), false
	}
	return client.Finished(socket, plain) || l.tap != nil && !l.tap.reusable()
}
