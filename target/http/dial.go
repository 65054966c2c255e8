package http

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	nethttp "net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// newTransport sets net/http up to make connections as the settings ask. Its
// own pool, and with it its retries, its proxies and its redirects, stay
// unused.
func newTransport(s Settings) (*nethttp.Transport, error) {
	config, err := tlsConfig(s)
	if err != nil {
		return nil, err
	}
	d := &dialer{plain: wire.NewDialer(s.Route, net.Dialer{}), tls: config, http2: s.Protocol == "2"}
	t := &nethttp.Transport{
		DialContext:           d.open,
		DialTLSContext:        d.secure,
		Protocols:             protocols(s.Protocol),
		DisableCompression:    true,
		DisableKeepAlives:     !s.KeepAlive,
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
	return d.plain.Dial(ctx, address)
}

// secure dials and shakes hands, and marks an error of the handshake as such.
func (d *dialer) secure(ctx context.Context, _, address string) (net.Conn, error) {
	plain, err := d.plain.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	config := d.tls
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName, _, _ = net.SplitHostPort(address)
	}
	conn := tls.Client(plain, config)
	err = conn.HandshakeContext(ctx)
	if d.http2 && declined(conn, err) {
		err = errors.New("the server does not offer HTTP/2")
	}
	if err != nil {
		_ = plain.Close()
		return nil, &handshakeError{err}
	}
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

// handshakeError is a failure of TLS, after the connection was there.
type handshakeError struct{ cause error }

func (e *handshakeError) Error() string { return e.cause.Error() }
func (e *handshakeError) Unwrap() error { return e.cause }

func tlsConfig(s Settings) (*tls.Config, error) {
	config := &tls.Config{
		ServerName:         s.TLS.ServerName,
		InsecureSkipVerify: s.TLS.Insecure,
		NextProtos:         map[string][]string{"2": {"h2"}, "auto": {"h2", "http/1.1"}}[s.Protocol],
	}
	if s.TLS.CA != "" {
		pem, err := os.ReadFile(s.TLS.CA)
		if err != nil {
			return nil, fmt.Errorf("tls: the authority's certificate (ca) cannot be read: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls: %s (ca) holds no certificate in PEM form", s.TLS.CA)
		}
	}
	if (s.TLS.Cert == "") != (s.TLS.Key == "") {
		return nil, errors.New("tls: cert and key belong together: give both or neither")
	}
	if s.TLS.Cert != "" {
		pair, err := tls.LoadX509KeyPair(s.TLS.Cert, s.TLS.Key)
		if err != nil {
			return nil, fmt.Errorf("tls: the client certificate (cert, key) cannot be read: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
