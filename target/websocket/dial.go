package websocket

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	nethttp "net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"plimsoll/target/client"
	"plimsoll/target/dialog"
)

// conn is a connection, of which everything is read that comes: an answer, or the
// word that it is closed.
type conn struct {
	ws      *websocket.Conn
	socket  net.Conn // under it
	crowd   *dialog.Crowd
	shout   *dialog.Shout
	heard   chan struct{} // closed when nothing more is read
	spoilt  bool          // it is of no more use
	calls   int           // that it has carried
	message []byte
	phases  [firstReceiver]time.Duration
}

// mostMessage is how many bytes a message may have.
const mostMessage = 16_000_000

// dial opens a connection, and has what comes taken in by the ear.
func (t *Target) dial(ctx context.Context, to *dialog.Ear) (*conn, error) {
	w := &way{Target: t, phases: [firstReceiver]time.Duration{-1, -1, -1}}
	ws, answer, err := websocket.Dial(ctx, t.url, &websocket.DialOptions{
		HTTPClient: &nethttp.Client{Transport: w, CheckRedirect: func(*nethttp.Request, []*nethttp.Request) error { return nethttp.ErrUseLastResponse }},
		HTTPHeader: t.Headers, Host: t.Headers.Get("Host"), Subprotocols: t.Subprotocols,
	})
	if err != nil {
		w.close()
		if answer != nil {
			return nil, refused(answer, err)
		}
		return nil, err
	}
	ws.SetReadLimit(mostMessage)
	c := &conn{ws: ws, socket: w.socket, phases: w.phases, heard: make(chan struct{})}
	go c.listen(to)
	return c, nil
}

// refusal is an answer that opens no WebSocket.
type refusal struct {
	status int // 101: it is none that one could open
	text   string
}

func (r *refusal) Error() string { return r.text }

func refused(answer *nethttp.Response, err error) error {
	if answer.StatusCode == nethttp.StatusSwitchingProtocols {
		return &refusal{answer.StatusCode, strings.TrimPrefix(err.Error(), "failed to WebSocket dial: ")}
	}
	text := strconv.Itoa(answer.StatusCode) + " " + nethttp.StatusText(answer.StatusCode) + ", and no WebSocket"
	if location := answer.Header.Get("Location"); location != "" {
		text += ": Location: " + location + " (redirects are not followed)"
	}
	return &refusal{answer.StatusCode, text}
}

// listen reads messages until the connection has ended.
func (c *conn) listen(to *dialog.Ear) {
	defer close(c.heard)
	var message []byte
	for {
		_, r, err := c.ws.Reader(context.Background())
		if err == nil {
			message, err = readAll(r, message[:0])
		}
		if err != nil {
			to.End(err)
			_ = c.ws.CloseNow()
			return
		}
		to.HearMessage(message, time.Now())
	}
}

// readAll reads to the end, into memory that there may be already.
func readAll(r io.Reader, b []byte) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}

// patience is how long the other side has to take leave.
const patience = time.Second

// close takes leave, or hangs up where the connection is broken.
func (c *conn) close() {
	if c.spoilt || c.crowd != nil && c.crowd.Err() != nil {
		_ = c.socket.Close()
		_ = c.ws.CloseNow()
	} else {
		late := time.AfterFunc(patience, func() { _ = c.socket.Close() })
		_ = c.ws.Close(websocket.StatusNormalClosure, "")
		late.Stop()
	}
	<-c.heard
}

// way opens one connection, and keeps how long its parts took.
type way struct {
	*Target
	socket net.Conn
	phases [firstReceiver]time.Duration
}

func (w *way) close() {
	if w.socket != nil {
		_ = w.socket.Close()
	}
}

// longestHead is the largest head of an answer, in bytes.
const longestHead = 1 << 20

// RoundTrip connects, and asks for a WebSocket.
func (w *way) RoundTrip(r *nethttp.Request) (*nethttp.Response, error) {
	conn, err := w.connect(r.Context(), address(r))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(r.Context(), func() { _ = w.socket.SetDeadline(time.Unix(1, 0)) })
	began := time.Now()
	err = r.Write(conn)
	head := bufio.NewReader(&io.LimitedReader{R: conn, N: longestHead})
	var answer *nethttp.Response
	if err == nil {
		answer, err = nethttp.ReadResponse(head, r)
	}
	if !stop() && err == nil {
		err = r.Context().Err()
	}
	if err != nil {
		return nil, &upgradeError{err}
	}
	w.phases[upgrade] = time.Since(began)
	answer.Body = nethttp.NoBody
	if answer.StatusCode == nethttp.StatusSwitchingProtocols {
		answer.Body = &duplex{conn, head}
	}
	return answer, nil
}

// upgradeError is a failure after the connection was there, and before the
// WebSocket.
type upgradeError struct{ cause error }

func (e *upgradeError) Error() string { return e.cause.Error() }
func (e *upgradeError) Unwrap() error { return e.cause }

// address is HOST:PORT.
func address(r *nethttp.Request) string {
	port := r.URL.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[r.URL.Scheme]
	}
	return net.JoinHostPort(r.URL.Hostname(), port)
}

// connect dials, and speaks TLS where the URL asks for it.
func (w *way) connect(ctx context.Context, address string) (net.Conn, error) {
	began := time.Now()
	dialer := net.Dialer{KeepAlive: -1, Control: w.Permit.Control}
	socket, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	w.socket, w.phases[connect] = socket, time.Since(began)
	if w.tls == nil {
		return socket, nil
	}
	began = time.Now()
	conn, err := client.Handshake(ctx, socket, w.tls, address)
	if err != nil {
		return nil, err
	}
	w.phases[secure] = time.Since(began)
	return conn, nil
}

// duplex is a connection of which the beginning has been read already.
type duplex struct {
	net.Conn
	head *bufio.Reader
}

func (d *duplex) Read(b []byte) (int, error) {
	if d.head != nil && d.head.Buffered() > 0 {
		return d.head.Read(b)
	}
	d.head = nil
	return d.Conn.Read(b)
}

// overTLS is how TLS is spoken; nil where it is not.
func (t *Target) overTLS() (config *tls.Config, err error) {
	if strings.HasPrefix(t.url, "wss:") {
		return t.TLS.Config()
	}
	return nil, nil
}
