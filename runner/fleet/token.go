package fleet

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"strings"
	"time"

	"plimsoll/target/broker"
)

// Token is what a fleet has in common, and nobody else knows: who has it may give
// agents work, or take it. Everything else follows from it: by which name the fleet
// is known, what signs its messages, and the certificate of the coordinator's own
// server. So one text makes a machine ready.
type Token struct {
	text string
}

// leastToken is how many characters a token has at least: 128 bits in hexadecimal.
const leastToken = 32

// NoToken is that of fleets whose messages never leave the machine.
func NoToken() Token { return Token{} }

// Given tells whether there is one.
func (t Token) Given() bool { return t.text != "" }

// ReadToken reads a token's file: one line.
func ReadToken(path string) (Token, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > 4096 {
		return Token{}, fmt.Errorf("%s is too large for a token: it is one line", path)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Token{}, fmt.Errorf("there is no token in %s: `plimsoll run --agents N --listen ADDR --token-file %[1]s` writes one; copy it to this machine", path)
	}
	if err != nil {
		return Token{}, fmt.Errorf("the token cannot be read: %w", err)
	}
	t := Token{strings.TrimSpace(string(text))}
	if len(t.text) < leastToken || strings.ContainsAny(t.text, " \t\r\n") {
		return Token{}, fmt.Errorf("%s holds no token: one is a line of at least %d characters, such as `openssl rand -hex 32` prints", path, leastToken)
	}
	return t, nil
}

// MakeToken is the token of a file, which is written where it is not there: for its
// owner alone. made tells that it was.
func MakeToken(path string) (t Token, made bool, err error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		t, err = ReadToken(path)
		return t, false, err
	}
	if err != nil {
		return t, false, fmt.Errorf("the token cannot be written: %w", err)
	}
	t.text = hex.EncodeToString(secret)
	_, err = fmt.Fprintln(file, t.text)
	return t, true, errors.Join(err, file.Close())
}

// derive is a key for one purpose, from which nobody finds the token, nor another key.
func (t Token) derive(purpose string, bytes int) []byte {
	key, err := hkdf.Key(sha256.New, []byte(t.text), nil, "plimsoll fleet: "+purpose, bytes)
	if err != nil {
		panic(err) // of lengths that are constants
	}
	return key
}

// fleet is the name by which the fleet's subjects are known: 16 hexadecimal digits.
func (t Token) fleet() string { return hex.EncodeToString(t.derive("name", 8)) }

// key signs messages.
func (t Token) key() []byte { return t.derive("messages", 32) }

// password is what a coordinator's own server asks for.
func (t Token) password() string { return hex.EncodeToString(t.derive("password", 32)) }

// identity is what a coordinator's own server shows that it is.
func (t Token) identity() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(t.derive("server", ed25519.SeedSize))
}

// serves is the configuration of a coordinator's own server, with a certificate that
// it signs by itself: what counts is its key.
func (t Token) serves() (*tls.Config, error) {
	key := t.identity()
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "plimsoll"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), // machines' clocks may be wrong
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("the fleet's certificate cannot be made: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}}, nil
}

// Access is who may talk over a coordinator's own server: where there is a token, who
// has it, and nobody listens on the way.
func (t Token) Access() (a broker.Access, err error) {
	if t.Given() {
		a.User, a.Password = user, t.password()
		a.TLS, err = t.serves()
	}
	return a, err
}

// user is the name that goes with the password.
const user = "plimsoll"

// trusts is the configuration of who connects to a server: it is a coordinator's own,
// with this very token, or one that the system trusts by its name.
func (t Token) trusts(host string) *tls.Config {
	own := t.identity().Public().(ed25519.PublicKey)
	return &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: host,
		InsecureSkipVerify: true, // VerifyConnection does it
		VerifyConnection: func(state tls.ConnectionState) error {
			shown := state.PeerCertificates[0]
			if key, ok := shown.PublicKey.(ed25519.PublicKey); ok && t.Given() && key.Equal(own) {
				return nil
			}
			if shown.Subject.CommonName == "plimsoll" {
				return errors.New("the coordinator's server has another token: copy its token file to this machine")
			}
			between := x509.NewCertPool()
			for _, c := range state.PeerCertificates[1:] {
				between.AddCert(c)
			}
			_, err := shown.Verify(x509.VerifyOptions{DNSName: host, Intermediates: between})
			return err
		},
	}
}
