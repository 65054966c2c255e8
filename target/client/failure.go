package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"plimsoll/target"
	"plimsoll/target/host"
)

// Class names the class of what went wrong on the way to a server or back.
// Name servers that do not answer in time are class dns; whatever else keeps a
// connection from being set up is connect, and what ends one is reset.
func Class(err error, connecting bool) string {
	var (
		dns       *net.DNSError
		handshake *HandshakeError
		network   *net.OpError
	)
	switch {
	case host.LimitOf(err) != 0:
		return target.Generator
	case errors.As(err, &dns):
		return target.DNS
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return target.Timeout
	case errors.As(err, &handshake), Alert(err):
		return target.TLS
	case errors.As(err, &network) && network.Op == "dial", connecting:
		return target.Connect
	}
	return target.Reset
}

// Alert tells whether an error is TLS's word for no, which version 1.3 may say
// after the handshake (it refuses certificates so late), or that what came was no
// TLS.
func Alert(err error) bool {
	var (
		network *net.OpError
		record  tls.RecordHeaderError
	)
	return errors.As(err, &network) && (network.Op == "remote error" || network.Op == "local error") || errors.As(err, &record)
}

// Reason is an error's message in plain words.
func Reason(err error) string {
	var (
		dns       *net.DNSError
		handshake *HandshakeError
		network   *net.OpError
		call      *os.SyscallError
		record    tls.RecordHeaderError
	)
	if limit := host.LimitOf(err); limit != 0 {
		return limit.String()
	}
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("%s: %s", dns.Name, dns.Err)
	case errors.As(err, &record) && strings.HasPrefix(record.Msg, "first record"):
		return fmt.Sprintf("the server does not speak TLS here: it begins with %q", record.RecordHeader[:])
	case mistrust(err) != "":
		return mistrust(err)
	case errors.As(err, &call):
		return call.Err.Error()
	case errors.As(err, &network):
		return network.Err.Error()
	case ended && errors.As(err, &handshake):
		return "the server closed the connection in the TLS handshake"
	case ended:
		return "the server closed the connection before its answer was whole"
	}
	return err.Error()
}

// mistrust says why a server's certificate was refused, and what would have it
// accepted; "" where it was not.
func mistrust(err error) string {
	var (
		unknown x509.UnknownAuthorityError
		named   x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &unknown):
		return "nobody who is trusted has signed the server's certificate: `tls: {ca: FILE}` trusts an authority, `tls: {insecure: true}` anybody"
	case errors.As(err, &named):
		return strings.TrimPrefix(named.Error(), "x509: ") + ": `tls: {server_name: NAME}` says whose it is to be"
	case errors.As(err, &invalid):
		return "the server's certificate: " + strings.TrimPrefix(invalid.Error(), "x509: ") + ": `tls: {insecure: true}` trusts any"
	}
	return ""
}
