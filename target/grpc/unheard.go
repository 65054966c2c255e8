package grpc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"

	"plimsoll/target"
	"plimsoll/target/client"
)

// unheard says in plain words why a server was not heard that was asked for its
// schema, and what would be right where it speaks something else.
func (t *std) unheard(ctx context.Context, err error) error {
	var record tls.RecordHeaderError
	class, why := classOf(err)
	switch {
	case errors.As(err, &record), t.secure != nil && (class == target.TLS || class == target.Reset) && t.speaksPlainly(ctx):
		return fmt.Errorf("it speaks no TLS: leave tls out (bench: grpc://%s)", t.address)
	case t.secure != nil && (strings.Contains(err.Error(), "ALPN") || strings.Contains(err.Error(), "no application protocol")):
		return errors.New("it speaks TLS, and behind that no HTTP/2, over which gRPC goes (ALPN)")
	case t.secure == nil && class == target.Reset && t.speaksTLS(ctx):
		return fmt.Errorf("it speaks TLS: write tls: {} (bench: grpcs://%s)", t.address)
	case strings.Contains(err.Error(), "http2: frame too large"), strings.Contains(err.Error(), "http2: client conn could not be established"),
		t.secure == nil && class == target.Reset && !t.speaksPlainly(ctx): // it ends what begins so, before or behind its answer
		return errors.New("what it answers is no HTTP/2, over which gRPC goes: is it of HTTP/1.1, or the port another one?")
	}
	return why
}

// speaksTLS tries whether the server does, whomever it may be.
func (t *std) speaksTLS(ctx context.Context) bool {
	plain, err := t.dial(ctx, "tcp", t.address)
	if err != nil {
		return false
	}
	secure, err := client.Handshake(ctx, plain, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}, t.address)
	if err == nil {
		_ = secure.Close()
	}
	var record tls.RecordHeaderError
	return err == nil || client.Alert(err) && !errors.As(err, &record) // it may want to know who we are
}

// speaksPlainly tries whether the server answers HTTP/2 without TLS, with the settings
// that come first.
func (t *std) speaksPlainly(ctx context.Context) bool {
	plain, err := t.dial(ctx, "tcp", t.address)
	if err != nil {
		return false
	}
	defer plain.Close()
	if deadline, has := ctx.Deadline(); has {
		_ = plain.SetDeadline(deadline)
	}
	const preface, settings = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	var head [len(settings)]byte
	if _, err = io.WriteString(plain, preface+settings); err == nil {
		_, err = io.ReadFull(plain, head[:])
	}
	return err == nil && head[3] == settings[3]
}
