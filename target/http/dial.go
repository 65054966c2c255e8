package http

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	nethttp "net/http"
	"net/url"
	"strings"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// newTransport sets net/http up to make connections as the settings ask. Its
// own pool, and with it its retries, its proxies and its redirects, stay
// unused.
func newTransport(s Settings) (*nethttp.Transport, error) {
	config, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	d := &dialer{plain: wire.NewDialer(s.Route, net.Dialer{Control: s.Permit.Control}), tls: config, http2: s.Protocol == "2"}
	t := &nethttp.Transport{
		DialContext:           d.open,
		DialTLSContext:        d.secure,
		Protocols:             protocols(s.Protocol),
		DisableCompression:    true,
		DisableKeepAlives:     s.Reuse == client.Never,
		ExpectContinueTimeout: time.Second,

		MaxResponseHeaderBytes: int64(cmp.Or(s.MaxHead, http1.UsualHead)),
	}
	linked(t, d.http2, s.MaxHead)
	return t, nil
}

func protocols(protocol string) *nethttp.Protocols {
	p := new(nethttp.Protocols)
	p.SetHTTP1(protocol != "2")
	p.SetHTTP2(protocol == "2" || protocol == "auto")
	p.SetUnencryptedHTTP2(protocol == "2")
	return p
}

// address is the HOST:PORT of a URL.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

type dialer struct {
	plain *wire.Dialer
	tls   *tls.Config
	http2 bool
}

// open dials.
func (d *dialer) open(ctx context.Context, _, address string) (net.Conn, error) {
	conn, _, err := d.dial(ctx, address)
	return conn, err
}

// dial connects, and notes how long that took in the link, where it ends.
func (d *dialer) dial(ctx context.Context, address string) (conn net.Conn, ended time.Time, err error) {
	began := time.Now()
	conn, dns, err := d.plain.Dial(ctx, address)
	ended = time.Now()
	noted(ctx).setup = wire.Setup(dns, ended.Sub(began)-max(0, dns), target.None)
	return conn, ended, err
}

// secure dials and shakes hands, and marks an error of the handshake as such.
func (d *dialer) secure(ctx context.Context, _, address string) (net.Conn, error) {
	plain, connected, err := d.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	conn, err := client.Handshake(ctx, plain, d.tls, address)
	if d.http2 && declined(conn, err) {
		_ = plain.Close()
		err = &client.HandshakeError{Cause: client.NotOffered("HTTP/2")}
	}
	if err != nil {
		return nil, err
	}
	noted(ctx).setup[wire.PhaseTLS] = time.Since(connected)
	return conn, nil
}

// declined tells whether a handshake for HTTP/2 only showed that the server
// does not speak it. The alert has no type that we could ask for.
func declined(conn *tls.Conn, err error) bool {
	if err != nil {
		return strings.Contains(err.Error(), "no application protocol")
	}
	return conn.ConnectionState().NegotiatedProtocol != "h2"
}

// tlsConfig offers the protocols that the settings ask for.
func (s Settings) tlsConfig() (*tls.Config, error) {
	return s.TLS.Config(map[string][]string{"2": {"h2"}, "auto": {"h2", "http/1.1"}}[s.Protocol]...)
}
