package http

import (
	"crypto/tls"
	"errors"
	nethttp "net/http"
	"slices"
	"strings"

	"plimsoll/target/client"
	"plimsoll/target/http2"
)

// remedied is what went wrong, with what to write instead where it shows that the
// server speaks something else than it was asked in. (What HTTP/1.1 was answered with
// that is none, its parser says by itself.)
func (f *failure) remedied(s Settings) string {
	text := f.cause(s)
	if remedy := f.remedy(s); remedy != "" {
		text += ": try " + remedy
	}
	return text
}

func (f *failure) remedy(s Settings) string {
	const secured, plain, older = "`url: https://…`", "`url: http://…`", "`http: 1.1`"
	var (
		foreign *http2.Foreign
		offered client.NotOffered
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(f.err, &foreign) && foreign.TLS():
		return secured
	case errors.As(f.err, &foreign) && s.secure():
		return older
	case errors.As(f.err, &foreign):
		return older + ", or, if it speaks that over TLS alone, " + secured
	case errors.As(f.err, &offered):
		return older
	case errors.As(f.err, &record):
		return plain
	}
	return ""
}

// plainToTLS tells whether an answer is how servers refuse HTTP where they want TLS:
// nginx, Go's, Apache.
func plainToTLS(status int, body string) bool {
	return status == nethttp.StatusBadRequest && slices.ContainsFunc([]string{
		"plain HTTP request was sent to HTTPS port",
		"Client sent an HTTP request to an HTTPS server",
		"speaking plain HTTP to an SSL-enabled server port",
	}, func(words string) bool { return strings.Contains(body, words) })
}
