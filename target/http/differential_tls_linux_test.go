package http

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"plimsoll/target"
	"plimsoll/target/wire"
)

var notTLS = []string{target.TLS}

// handshakes are conducts of servers that meet their callers over TLS.
var handshakes = []conduct{
	{"an authority that nobody knows", told(wellDone), func(s *Settings) { s.TLS.Insecure = false }, notTLS, conductMore{
		unread: "the caller leaves", open: shakeHands}},
	{"somebody else's certificate", told(wellDone), func(s *Settings) { s.TLS.Insecure, s.TLS.ServerName = false, "else.example" }, notTLS, conductMore{
		unread: "the caller leaves", open: shakeHands}},
	{"closed instead of a word", nil, nil, notTLS, conductMore{unread: "no handshake", open: func(*visit) {}}},
	{"closed in the midst of a record", nil, nil, notTLS, conductMore{unread: "no handshake", open: func(v *visit) {
		_, _ = v.raw.Read(make([]byte, 4096))
		_, _ = v.raw.Write([]byte("\x16\x03\x03\x00\x7a\x02"))
	}}},
	{"no TLS", nil, nil, notTLS, conductMore{unread: "no handshake", open: func(v *visit) {
		_, _ = v.raw.Read(make([]byte, 4096))
		_, _ = v.raw.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	}}},
	{"an alert", nil, nil, notTLS, conductMore{unread: "no handshake", open: func(v *visit) {
		_, _ = v.raw.Read(make([]byte, 4096))
		_, _ = v.raw.Write([]byte("\x15\x03\x03\x00\x02\x02\x28"))
	}}},
	{"too old", nil, nil, notTLS, conductMore{unread: "no handshake", open: shakeHands, secure: func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }}},
	{"silent in the handshake", nil, nil, late, conductMore{long: true, unread: "no handshake", open: func(v *visit) {
		buffer := make([]byte, 4096)
		for {
			if _, err := v.raw.Read(buffer); err != nil {
				return
			}
		}
	}}},
	{"a certificate wanted, before TLS 1.3", nil, nil, notTLS, conductMore{unread: "the caller shows none", open: shakeHands, secure: func(c *tls.Config) {
		c.MaxVersion, c.ClientAuth, c.ClientCAs = tls.VersionTLS12, tls.RequireAndVerifyClientCert, x509.NewCertPool()
	}}},
	{"TLS 1.2", told(wellDone), nil, good, conductMore{secure: func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }}},
	{"no tickets", told(wellDone), nil, good, conductMore{secure: func(c *tls.Config) { c.SessionTicketsDisabled = true }}},
	{"an end without a word behind the answer", func(v *visit) bool { v.say(okHead + "\r\nOK"); _ = v.raw.CloseWrite(); v.silence(); return false }, nil, good, conductMore{}},
	{"an end without a word in the answer", func(v *visit) bool {
		v.say(okHead + "Content-Length: 9\r\n\r\nhello")
		_ = v.raw.CloseWrite()
		v.silence()
		return false
	}, nil, body, conductMore{}},
	{"an end in the midst of a record", func(v *visit) bool {
		v.say("HTTP/1.1 200 OK\r\n\r\nhello") // its end is the connection's
		_, _ = v.raw.Write([]byte("\x17\x03\x03\x00\x40abc"))
		_ = v.raw.CloseWrite()
		v.silence()
		return false
	}, nil, body, conductMore{}},
	{"a record that is none", func(v *visit) bool { _, _ = v.raw.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); v.silence(); return false }, nil, notTLS, conductMore{}},
}

func shakeHands(v *visit) { _, _ = v.in.ReadByte() }

// However a server speaks TLS, or does not, all engines tell the same.
func TestHandshakesTellTheSame(t *testing.T) {
	for _, c := range handshakes {
		t.Run(c.name, func(t *testing.T) {
			expectAlike(t, c, []carrier{{wire.Sockets, "1.1", true}, {Std, "1.1", true}, {wire.Epoll, "1.1", true}, {wire.Uring, "1.1", true}})
		})
	}
}
