package grpc

import (
	"fmt"
	nethttp "net/http"
	"strconv"

	"plimsoll/target"
)

// code is a status of gRPC (statuscodes.md of its documentation); unsaid: there is
// none.
type code int

const (
	unsaid code = iota - 1
	ok
	cancelled
	unknown
	permissionDenied  code = 7
	resourceExhausted code = 8
	unimplemented     code = 12
	internal          code = 13
	unavailable       code = 14
	unauthenticated   code = 16
)

// classes are those of failures, by codes.
var classes = func() (names []string) {
	for _, name := range target.Statuses() {
		names = append(names, "grpc-"+name)
	}
	names[ok] = ""
	return names
}()

// class is what a call fails with whose status is this; "": it does not. Codes that
// nobody knows are UNKNOWN.
func (c code) class() string {
	if c < 0 || int(c) >= len(classes) {
		c = unknown
	}
	return classes[c]
}

// readCode reads a grpc-status.
func readCode(value []byte) code {
	n, err := strconv.ParseUint(string(value), 10, 31)
	if err != nil {
		return unknown
	}
	return code(n)
}

// ofHTTP is the status of an answer that has none of gRPC's, by that of HTTP
// (http-grpc-status-mapping.md).
func ofHTTP(status int) code {
	switch status {
	case nethttp.StatusBadRequest:
		return internal
	case nethttp.StatusUnauthorized:
		return unauthenticated
	case nethttp.StatusForbidden:
		return permissionDenied
	case nethttp.StatusNotFound:
		return unimplemented
	case nethttp.StatusTooManyRequests, nethttp.StatusBadGateway, nethttp.StatusServiceUnavailable, nethttp.StatusGatewayTimeout:
		return unavailable
	}
	return unknown
}

// ofReset is the status of a stream that the server has reset with a code of
// HTTP/2's (PROTOCOL-HTTP2.md, Errors).
func ofReset(why uint32) code {
	switch why {
	case 5, 13: // STREAM_CLOSED, HTTP_1_1_REQUIRED
		return unknown
	case 7: // REFUSED_STREAM
		return unavailable
	case 8: // CANCEL
		return cancelled
	case 11: // ENHANCE_YOUR_CALM
		return resourceExhausted
	case 12: // INADEQUATE_SECURITY
		return permissionDenied
	}
	return internal
}

// fault is why an answer is none, and its class.
type fault struct{ text, class string }

func (f *fault) Error() string { return f.text }
func (f *fault) Class() string { return f.class }

// malformed is that of an answer which is no gRPC.
func malformed(format string, args ...any) *fault {
	return &fault{fmt.Sprintf(format, args...), target.Body}
}

// wasReset is that of a stream which the server has reset.
func wasReset(why uint32, name string) *fault {
	return &fault{"the server reset the stream (" + name + ")", ofReset(why).class()}
}

// unescape undoes what grpc-message does to a text: %XX is a byte, and what is none
// stays as it is.
func unescape(text []byte) string {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if b, err := strconv.ParseUint(string(text[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(b))
				i += 2
				continue
			}
		}
		out = append(out, text[i])
	}
	return string(out)
}
