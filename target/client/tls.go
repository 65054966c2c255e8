package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"plimsoll/target/setting"
)

// TLS says whom to trust and who we are; the paths are of PEM files, already
// resolved against the scenario file's folder.
type TLS struct {
	// Given tells that `tls` was written: a kind whose address does not say whether
	// it is spoken goes by that.
	Given bool

	Insecure      bool
	CA, Cert, Key string
	ServerName    string

	// Resume has a new connection go on with the session of one before, as browsers
	// do: its handshake is shorter then.
	Resume bool

	// Shook hears of each handshake that was accepted, and whether it went on with a
	// session; nil: nobody counts them. It is called from anywhere.
	Shook func(resumed bool) `json:"-"`
}

// Config is that of package tls, which offers the protocols. Connections that are
// to go on with each other's sessions share one.
func (t TLS) Config(protocols ...string) (*tls.Config, error) {
	config := &tls.Config{ServerName: t.ServerName, InsecureSkipVerify: t.Insecure, NextProtos: protocols}
	if t.Resume {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(names)
	}
	if t.Shook != nil {
		config.VerifyConnection = func(state tls.ConnectionState) error { t.Shook(state.DidResume); return nil }
	}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("tls: the authority's certificate (ca) cannot be read: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls: %s (ca) holds no certificate in PEM form", t.CA)
		}
	}
	if (t.Cert == "") != (t.Key == "") {
		return nil, errors.New("tls: cert and key belong together: give both or neither")
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("tls: the client certificate (cert, key) cannot be read: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// names is of how many servers sessions are kept: the last one of each, by its name,
// which any number of connections go on with.
const names = 64

// Handshake makes a connection to HOST:PORT one of TLS, or closes it. Where the
// configuration names no server, its certificate must have the host's name.
func Handshake(ctx context.Context, plain net.Conn, config *tls.Config, address string) (*tls.Conn, error) {
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName, _, _ = net.SplitHostPort(address)
	}
	conn := tls.Client(plain, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, &HandshakeError{err}
	}
	return conn, nil
}

// HandshakeError is a failure of TLS, after the connection was there.
type HandshakeError struct{ Cause error }

func (e *HandshakeError) Error() string { return e.Cause.Error() }
func (e *HandshakeError) Unwrap() error { return e.Cause }

// NotOffered is the error of a server that speaks TLS, and over it not the protocol of
// that name.
type NotOffered string

func (name NotOffered) Error() string { return "the server does not offer " + string(name) }

func trust() setting.Shape[TLS] {
	type places struct{ ca, cert, key setting.At[string] }
	type written struct {
		TLS
		places
	}
	path := setting.Located(setting.Text("the name of a PEM file"))
	read := setting.Object("tls",
		setting.Key("insecure", "Trust any certificate. Default false.", setting.Bool(), func(t *written) *bool { return &t.Insecure }),
		setting.Key("ca", "The PEM file of the authorities to trust instead of the system's.", path, func(t *written) *setting.At[string] { return &t.ca }),
		setting.Key("cert", "The PEM file of our own certificate.", path, func(t *written) *setting.At[string] { return &t.cert }),
		setting.Key("key", "The PEM file of its private key.", path, func(t *written) *setting.At[string] { return &t.key }),
		setting.Key("server_name", "The name that the server's certificate must have. Default: the host that is called.", setting.Text("a host name"), func(t *written) *string { return &t.ServerName }),
		setting.Key("resume", "Have new connections go on with the TLS sessions of those before in the trial, whoever's they were, as browsers do. Default false: each pays for a whole handshake.", setting.Bool(), func(t *written) *bool { return &t.Resume }),
	)
	return setting.Complete(read, func(r *setting.Reader, at setting.Pos, t written) (TLS, bool) {
		ok := true
		t.Given = true
		if t.ca.Valid {
			t.CA = r.Path(t.ca.Value)
			ok = checkAuthorities(r, t.ca, t.Insecure)
		}
		if t.cert.Given != t.key.Given {
			r.Problem(at, "cert and key belong together: give both or none")
			return t.TLS, false
		}
		if t.cert.Valid && t.key.Valid {
			t.Cert, t.Key = r.Path(t.cert.Value), r.Path(t.key.Value)
			ok = checkPair(r, t.cert, t.key) && ok
		}
		return t.TLS, ok
	})
}

func checkAuthorities(r *setting.Reader, ca setting.At[string], insecure bool) bool {
	if insecure {
		r.Problem(ca.Pos, "with `insecure: true` any certificate is trusted: leave ca or insecure out")
		return false
	}
	text, ok := r.File(ca.Pos, ca.Value)
	if ok && !x509.NewCertPool().AppendCertsFromPEM(text) {
		r.Problem(ca.Pos, "the file %q holds no PEM certificate (-----BEGIN CERTIFICATE-----)", ca.Value)
		return false
	}
	return ok
}

func checkPair(r *setting.Reader, cert, key setting.At[string]) bool {
	certText, ok1 := r.File(cert.Pos, cert.Value)
	keyText, ok2 := r.File(key.Pos, key.Value)
	if !ok1 || !ok2 {
		return false
	}
	if _, err := tls.X509KeyPair(certText, keyText); err != nil {
		r.Problem(cert.Pos, "the certificate %q and the key %q cannot be used: %s", cert.Value, key.Value, strings.TrimPrefix(err.Error(), "tls: "))
		return false
	}
	return true
}
